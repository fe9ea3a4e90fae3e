//! What headlines, alerts, the help and empty views tell to run exists.

use crate::program;

use std::collections::HashMap;
use std::path::Path;

use program::Program;

/// The commands and flags that a help text names.
#[derive(Clone, Default)]
struct Named {
    commands: Vec<String>,
    flags: Vec<String>,
}

/// Reads the helps of commands, each once.
#[derive(Default)]
struct Helps(HashMap<Vec<String>, Named>);

impl Helps {
    fn of(&mut self, path: &[String]) -> Named {
        if let Some(known) = self.0.get(path) {
            return known.clone();
        }
        let ran = Program::new(path.iter().map(String::as_str).chain(["--help"])).run();
        assert_eq!(ran.code, Some(0), "margintop {path:?} --help: {}", ran.err);
        let rows = ran.out.lines().skip_while(|line| line.trim() != "Commands:").skip(1);
        let commands = rows.take_while(|line| line.starts_with("  ")).filter_map(|line| line.split_whitespace().next());
        let is_flag = |word: &&str| word.starts_with("--");
        let name = |word: &str| word.split(['=', ',', '.', '[', '<']).next().unwrap_or_default().to_owned();
        let named = Named {
            commands: commands.map(str::to_owned).collect(),
            flags: ran.out.split_whitespace().filter(is_flag).map(name).collect(),
        };
        self.0.insert(path.to_vec(), named.clone());
        named
    }
}

/// The calls in backquotes of a file's code, without its comments.
fn calls(text: &str) -> Vec<String> {
    // A string that goes on in the next line has a backslash there.
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let code: String = code.split("\\\n").map(str::trim_start).collect();
    let quoted = code.split('`').skip(1).step_by(1).filter_map(|part| part.strip_prefix("margintop "));
    quoted.filter(|call| !call.contains('\n')).map(str::to_owned).collect()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn every_command_that_is_named_exists() {
    let mut helps = Helps::default();
    let mut seen = 0;
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in files(&src).iter().filter(|path| path.extension().is_some_and(|end| end == "rs")) {
        for call in calls(&std::fs::read_to_string(path).unwrap()) {
            seen += 1;
            let mut command: Vec<String> = Vec::new();
            for word in call.split(' ').map(|word| word.trim_end_matches([',', '.', ';', ')'])) {
                let named = helps.of(&command);
                if word.starts_with("--") {
                    let flag = word.split('=').next().unwrap_or_default().to_owned();
                    assert!(named.flags.contains(&flag), "{}: `margintop {call}`: no {flag}", path.display());
                } else if named.commands.iter().any(|known| known == word) {
                    command.push(word.to_owned());
                } else {
                    // A target, a file, or a value: no command looks like this.
                    let is_value = !command.is_empty() || word.contains([':', '{', '.', '[', '…']) || word.is_empty();
                    let is_value = is_value || word.chars().all(char::is_uppercase) || word.starts_with("http");
                    assert!(is_value, "{}: `margintop {call}`: no command {word}", path.display());
                    // Flags may follow it.
                }
            }
        }
    }
    assert!(seen > 50, "{seen}");
}
