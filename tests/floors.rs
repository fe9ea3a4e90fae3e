//! The structure as data: which module may import which, where clocks are read, where no float may stand, how long a file is.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules from the ground up. A module imports from lower floors, and on its own floor only from a module named before it.
const FLOORS: [&[&str]; 8] = [
    &["words", "units", "reading"],
    &["exposition", "dialect", "pricing", "ledger"],
    &["counters", "statement"],
    &["inventory", "metering", "snapshot", "alert", "balance", "burn", "efficiency", "fleet", "history"],
    &["platform", "clock", "wire", "source"],
    &["store", "record", "collector"],
    &["tui", "http"],
    &["config", "cli"],
];

/// Modules that may measure how long they wait; nothing that they measure reaches a reading.
const MAY_WAIT: [&str; 5] = ["source", "wire", "record", "tui", "cli"];
/// What reads a clock.
const CLOCK_READERS: [&str; 5] = ["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now", "clock_gettime"];
/// Where money is made: integers only.
const NO_FLOATS: [&str; 9] = [
    "src/units/decimal.rs",
    "src/units/number.rs",
    "src/units/money.rs",
    "src/units/price.rs",
    "src/units/rate.rs",
    "src/units/power.rs",
    "src/ledger",
    "src/pricing",
    "src/statement",
];
/// The folders whose files are short and say their purpose.
const FOLDERS: [&str; 4] = ["src", "tests", "benches", "examples"];
/// The most lines of a file.
const LONGEST: usize = 500;

struct Source {
    path: PathBuf,
    /// The text without its tests.
    code: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let found = files_of("src");
    assert!(found.len() > 50, "the sources are here");
    found
}

/// The Rust files below a folder of the repository.
fn files_of(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    collect(&root.join(folder), root, &mut found);
    assert!(!found.is_empty(), "{folder} has no Rust files");
    found
}

fn collect(folder: &Path, root: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, root, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
            found.push(Source { path: path.strip_prefix(root).unwrap().to_owned(), code, text });
        }
    }
}

/// The module of a file: `src/fleet/saved.rs` and `src/clock.rs` are `fleet` and `clock`.
fn module(path: &Path) -> Option<String> {
    let inside = path.strip_prefix("src").unwrap();
    let first = inside.components().next()?.as_os_str().to_str()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (!matches!(name, "lib" | "main")).then(|| name.to_owned())
}

/// Where a module stands: its floor, and its place on it.
fn place(module: &str) -> (usize, usize) {
    let at = |(floor, modules): (usize, &&[&str])| {
        modules.iter().position(|name| *name == module).map(|place| (floor, place))
    };
    FLOORS
        .iter()
        .enumerate()
        .find_map(at)
        .unwrap_or_else(|| panic!("module {module} is on no floor: name it in tests/floors.rs"))
}

/// Modules that a file names by `crate::`, inside a list of imports too.
fn imports(code: &str) -> Vec<String> {
    let names = code.match_indices("crate::").flat_map(|(at, _)| {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => top_level(list),
            None => vec![identifier(rest)],
        }
    });
    names.filter(|name| !name.is_empty()).collect()
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first names of a brace list's elements.
fn top_level(list: &str) -> Vec<String> {
    let (mut depth, mut names, mut fresh) = (0, Vec::new(), true);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && !c.is_whitespace() => {
                names.push(identifier(&list[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn modules_import_downwards_only() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(module) = module(&source.path) else { continue };
        for name in imports(&source.code) {
            if name != module && place(&name) >= place(&module) {
                wrong.push(format!("{}: {module} may not import {name}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_module_on_a_floor_exists() {
    let existing: BTreeSet<String> = sources().iter().filter_map(|source| module(&source.path)).collect();
    let named: BTreeSet<String> = FLOORS.into_iter().flatten().map(|name| (*name).to_owned()).collect();
    assert_eq!(named, existing);
}

#[test]
fn only_the_clock_tells_the_time() {
    let told = |source: &Source| {
        let module = module(&source.path).unwrap_or_default();
        let reads: Vec<_> = CLOCK_READERS.into_iter().filter(|reader| source.code.contains(reader)).collect();
        let waits = reads.iter().all(|reader| *reader == "Instant::now") && MAY_WAIT.contains(&module.as_str());
        (!reads.is_empty() && module != "clock" && !waits).then(|| format!("{}: {reads:?}", source.path.display()))
    };
    let wrong: Vec<_> = sources().iter().filter_map(told).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_float_is_near_money() {
    let in_money = |source: &&Source| NO_FLOATS.iter().any(|place| source.path.starts_with(place));
    let floats = |source: &Source| source.code.contains("f64") || source.code.contains("f32");
    let wrong: Vec<_> = sources().iter().filter(in_money).filter(|s| floats(s)).map(|s| s.path.clone()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(sources().iter().filter(in_money).count() > 10, "the money is where it is looked for");
}

/// What is particular to an engine is in its dialect: elsewhere no engine is named, but where pages are fetched or made.
#[test]
fn engines_are_named_in_their_dialects() {
    const MAY_NAME: [&str; 4] = ["reading", "dialect", "source", "cli"];
    let named = |source: &Source| {
        let names =
            source.code.match_indices("EngineKind::").map(|(at, kind)| identifier(&source.code[at + kind.len()..]));
        let names: Vec<_> = names.filter(|name| name != "Unknown").collect();
        let free = module(&source.path).is_none_or(|module| MAY_NAME.contains(&module.as_str()));
        (!names.is_empty() && !free).then(|| format!("{}: {names:?}", source.path.display()))
    };
    let wrong: Vec<_> = sources().iter().filter_map(named).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_state_is_shared_behind_a_lock() {
    // A driver thread hands its outcomes over in a basket; above the sources nothing is locked.
    let locks = |source: &Source| source.code.contains("Arc<Mutex<") || source.code.contains("Arc<RwLock<");
    let above = |source: &&Source| module(&source.path).is_none_or(|module| place(&module) > place("source"));
    let wrong: Vec<_> = sources().iter().filter(above).filter(|s| locks(s)).map(|s| s.path.clone()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_says_its_purpose_and_is_short() {
    let mut wrong = Vec::new();
    for source in FOLDERS.into_iter().flat_map(files_of) {
        let lines = source.text.lines().count();
        if lines > LONGEST {
            wrong.push(format!("{}: {lines} lines, split it", source.path.display()));
        }
        if !source.text.starts_with("//!") {
            wrong.push(format!("{}: does not say what it is for", source.path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_reader_of_imports_reads_what_is_written() {
    assert_eq!(imports("use crate::units::Money; crate::fleet::Fleet::new()"), ["units", "fleet"]);
    assert_eq!(imports("use crate::{units::{Money, Ratio}, tui, fleet::Fleet};"), ["units", "tui", "fleet"]);
}
