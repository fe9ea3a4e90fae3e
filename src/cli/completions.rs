//! `margintop completions`: a shell's completions of subcommands, flags, and the values that are known beforehand.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, ValueHint};
use clap_complete::Shell;

use super::{help, out};
use crate::config::COLORS;
use crate::pricing::Book;
use crate::tui::theme::BUILT_IN;

/// The values of flags that are read as text, because files may add others to them.
struct CompletionValues {
    themes: Vec<&'static str>,
    lists: Vec<&'static str>,
}

/// Prints the completions of a shell.
pub(super) fn run(shell: Shell) {
    clap_complete::generate(shell, &mut with_values(help::command()), "margintop", &mut out::Stdout::default());
}

fn with_values(mut command: Command) -> Command {
    let themes = BUILT_IN.iter().map(|(name, _)| *name).collect();
    let book = Book::built_in().unwrap_or_default();
    // The parser wants names that live as long as the process, which ends when they are printed.
    let lists = book.lists().map(|list| &*list.name.clone().leak()).collect();
    complete(&mut command, &CompletionValues { themes, lists });
    command
}

fn complete(command: &mut Command, known: &CompletionValues) {
    let is_themes = command.get_name() == "themes";
    let of = |arg: Arg| {
        let values: Vec<&'static str> = match arg.get_id().as_str() {
            "theme" => known.themes.clone(),
            "name" if is_themes => known.themes.clone(),
            "list" => known.lists.clone(),
            "color" => COLORS.to_vec(),
            "log_level" => vec!["error", "warn", "info", "debug", "trace"],
            "log_format" => vec!["text", "json"],
            "ledger" => return arg.value_hint(ValueHint::FilePath),
            _ => return arg,
        };
        arg.value_parser(PossibleValuesParser::new(values))
    };
    *command = std::mem::take(command).mut_args(of);
    command.get_subcommands_mut().for_each(|sub| complete(sub, known));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_known_beforehand_are_completed() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut with_values(help::command()), "margintop", &mut text);
            let text = String::from_utf8_lossy(&text);
            for value in ["gruvbox-dark", "deepseek-v3.2", "always", "debug", "model"] {
                assert!(text.contains(value), "{shell}: {value}");
            }
            // clap_complete writes no values of positional arguments for fish.
            assert!(shell == Shell::Fish || text.contains("powershell"), "{shell}");
        }
    }
}
