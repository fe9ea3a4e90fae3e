//! The table of laws in `docs/TESTS.md`: every test that it names is in the file named before it.

use std::fs;
use std::path::Path;

/// The header of the table.
const TABLE: &str = "| law or rule | tests that fail when it is broken |";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rows of the table in a text: the law, and the cell with its tests.
fn rows(text: &str) -> Vec<(&str, &str)> {
    let table = text.lines().skip_while(|line| *line != TABLE).skip(2);
    table
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split_once('|').unwrap_or_else(|| panic!("one cell only: {line}")))
        .map(|(law, tests)| (law.trim(), tests.trim()))
        .collect()
}

/// What a cell names: each file, and the tests in it that follow until the next file.
fn named(cell: &str) -> Vec<(&str, Vec<&str>)> {
    let mut files: Vec<(&str, Vec<&str>)> = Vec::new();
    for name in cell.split('`').skip(1).step_by(2) {
        match files.last_mut() {
            _ if Path::new(name).extension().is_some_and(|end| end == "rs") => files.push((name, Vec::new())),
            Some((_, tests)) => tests.push(name),
            None => panic!("{name} stands before any file"),
        }
    }
    files
}

/// The text of a file that the table names: in `tests` or one of its folders, unless its path begins with `src`.
fn text_of(file: &str) -> Option<String> {
    if file.starts_with("src/") {
        return fs::read_to_string(root().join(file)).ok();
    }
    let tests = root().join("tests");
    let folders = fs::read_dir(&tests).ok()?.filter_map(|entry| Some(entry.ok()?.path()).filter(|path| path.is_dir()));
    std::iter::once(tests.clone()).chain(folders).find_map(|folder| fs::read_to_string(folder.join(file)).ok())
}

/// What a table's rows say that is not so.
fn wrong(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (law, cell) in rows(text) {
        let files = named(cell);
        if files.is_empty() {
            wrong.push(format!("{law}: no test is named"));
        }
        for (file, tests) in files {
            let Some(code) = text_of(file) else {
                wrong.push(format!("{law}: {file} does not exist"));
                continue;
            };
            if !code.contains("#[test]") {
                wrong.push(format!("{law}: {file} has no test"));
            }
            let missing = tests.iter().filter(|test| !code.contains(&format!("fn {test}(")));
            wrong.extend(missing.map(|test| format!("{law}: {test} is not in {file}")));
        }
    }
    wrong
}

#[test]
fn every_test_that_the_table_of_laws_names_is_where_it_says() {
    let text = fs::read_to_string(root().join("docs/TESTS.md")).unwrap();
    assert!(rows(&text).len() > 30, "the table is where it is looked for");
    let wrong = wrong(&text);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_reader_of_the_table_finds_what_is_not_so() {
    let table = |row: &str| format!("{TABLE}\n|---|---|\n{row}\n\nother text\n");
    let found = |row: &str| wrong(&table(row)).len();
    assert_eq!(found("| a | `laws.rs`: `the_reader_of_the_table_finds_what_is_not_so`; `src/counters/hits.rs` |"), 0);
    assert_eq!(found("| a | `laws.rs`: `moved_elsewhere`, `gone` |"), 2);
    assert_eq!(found("| a | `nowhere.rs`: `gone` |"), 1);
    assert_eq!(found("| a | none |"), 1);
    assert_eq!(found("| a | `support/mod.rs` |"), 1);
}
