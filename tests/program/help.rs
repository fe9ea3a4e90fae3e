//! Texts of the program: `--help` of every subcommand, the manual page, the configuration to start from, and the
//! README's help block and commands. `MARGINTOP_BLESS=1 cargo test --release --test program help::` writes the goldens again.

use crate::program;

use std::path::{Path, PathBuf};

use program::Program;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a text with its golden, or writes it.
fn golden(name: &str, got: &str) {
    let path = root().join("tests/golden/help").join(format!("{name}.txt"));
    if std::env::var_os("MARGINTOP_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, got).unwrap();
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(got == want, "{} differs; it is now:\n{got}\nMARGINTOP_BLESS=1 accepts it", path.display());
}

fn output(arguments: &[&str]) -> String {
    let ran = Program::new(arguments).run();
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{arguments:?}");
    ran.out
}

/// The subcommands that a help lists.
fn listed(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A line that goes on from the one before is further in.
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

/// The paths of all subcommands, including nested ones.
fn paths(outer: &[String]) -> Vec<Vec<String>> {
    let arguments: Vec<&str> = outer.iter().map(String::as_str).chain(["--help"]).collect();
    let below = listed(&output(&arguments)).into_iter().flat_map(|name| {
        let path: Vec<String> = outer.iter().cloned().chain([name]).collect();
        let mut all = paths(&path);
        all.insert(0, path);
        all
    });
    below.collect()
}

#[test]
fn every_help_matches_its_golden() {
    golden("margintop", &output(&["-h"]));
    golden("margintop-long", &output(&["--help"]));
    let all = paths(&[]);
    assert!(all.len() >= 20, "{all:?}");
    for path in &all {
        let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        golden(&path.join("-"), &output(&arguments));
    }
    if std::env::var_os("MARGINTOP_BLESS").is_some() {
        return;
    }
    let kept = std::fs::read_dir(root().join("tests/golden/help")).unwrap().count();
    assert_eq!(kept, all.len() + 4, "remove the goldens of subcommands that no longer exist");
}

#[test]
fn the_manual_page_and_the_first_configuration_match_their_goldens() {
    golden("man-page", &output(&["man"]));
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("margintop.toml");
    output(&["config", "init", "--config", file.to_str().unwrap()]);
    golden("config-init-file", &std::fs::read_to_string(file).unwrap());
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The blocks of code of the README in a language.
fn blocks(readme: &str, language: &str) -> Vec<String> {
    let parts = readme.split("```").skip(1).step_by(2);
    parts.filter_map(|part| part.strip_prefix(&format!("{language}\n"))).map(str::to_owned).collect()
}

#[test]
fn the_readme_shows_the_current_help() {
    let help = output(&["-h"]);
    let commands: String = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .take_while(|line| !line.is_empty())
        .fold(String::new(), |all, line| all + line + "\n");
    let path = root().join("README.md");
    let readme = readme();
    let begin = readme.find("```text\nCommands:").expect("a block with the commands") + "```text\n".len();
    let end = begin + readme[begin..].find("```").unwrap();
    if std::env::var_os("MARGINTOP_BLESS").is_some() {
        std::fs::write(&path, format!("{}{commands}{}", &readme[..begin], &readme[end..])).unwrap();
        return;
    }
    assert_eq!(&readme[begin..end], commands, "MARGINTOP_BLESS=1 writes it anew");
}

/// Splits a line of shell into words: quoted text is one word, a comment ends the line.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut any) = (Vec::new(), String::new(), false, false);
    for c in line.chars() {
        match c {
            '"' => (quoted, any) = (!quoted, true),
            '#' if !quoted && word.is_empty() => break,
            '|' | '>' if !quoted => break,
            c if c.is_whitespace() && !quoted => {
                if any {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            c => {
                word.push(c);
                any = true;
            }
        }
    }
    if any {
        words.push(word);
    }
    words
}

/// Every command in the README is valid: its subcommand and flags are known. Each is run with `--help` appended, which fails
/// if an argument before it is invalid, and has no other effect.
#[test]
fn every_command_of_the_readme_is_known() {
    let all: Vec<String> =
        blocks(&readme(), "sh").iter().flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let commands: Vec<Vec<String>> =
        all.iter().filter(|line| line.starts_with("margintop")).map(|line| words(line)[1..].to_vec()).collect();
    assert!(commands.len() > 20, "{all:?}");
    for command in commands {
        let helps: Vec<String> = command.iter().cloned().chain(["--help".to_owned()]).collect();
        let ran = Program::new(&helps).run();
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{command:?}");
        let path: Vec<&str> = command
            .iter()
            .map(String::as_str)
            .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
            .collect();
        let help = ran.out;
        for flag in command.iter().filter_map(|word| word.split('=').next()).filter(|word| word.starts_with("--")) {
            assert!(
                help.contains(&format!("{flag} ")) || help.contains(&format!("{flag}\n")),
                "{path:?} {flag}: {help}"
            );
        }
    }
}

#[test]
fn every_document_that_is_named_exists() {
    let golden = root().join("tests/golden/help");
    std::fs::create_dir_all(&golden).unwrap();
    let mut seen = 0;
    for file in std::fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path()) {
        let text = std::fs::read_to_string(&file).unwrap();
        let documents = text.lines().filter_map(|line| line.strip_prefix("Documentation: "));
        for named in documents.flat_map(|line| line.split(", ")).map(|named| named.trim_end_matches(" of the package"))
        {
            assert!(root().join(Path::new(named)).exists(), "{}: {named}", file.display());
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} documents are named");
}
