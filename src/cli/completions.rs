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
    gpus: Vec<&'static str>,
}

/// Some of the forms of a time.
const TIMES: [&str; 6] = ["now", "today", "yesterday", "1h", "24h", "7d"];

/// Prints the completions of a shell.
pub(super) fn run(shell: Shell) {
    clap_complete::generate(shell, &mut with_values(help::of_completions()), "margintop", &mut out::Stdout::default());
}

fn with_values(mut command: Command) -> Command {
    let themes = BUILT_IN.iter().map(|(name, _)| *name).collect();
    let book = Book::built_in().unwrap_or_default();
    // The parser wants names that live as long as the process, which ends when they are printed.
    let lists = book.lists().map(|list| &*list.name.clone().leak()).collect();
    // A shell would take a name of several words for as many values.
    let gpus = book.gpu_rates().rates().iter().map(|rate| &*rate.gpu.clone().leak()).filter(|gpu| !gpu.contains(' '));
    let mut gpus: Vec<&'static str> = gpus.collect();
    gpus.sort_unstable();
    gpus.dedup();
    complete(&mut command, &CompletionValues { themes, lists, gpus });
    command
}

fn complete(command: &mut Command, known: &CompletionValues) {
    let is_themes = command.get_name() == "themes";
    let of = |arg: Arg| {
        let values: Vec<&'static str> = match arg.get_id().as_str() {
            "theme" => known.themes.clone(),
            "name" if is_themes => known.themes.clone(),
            "list" => known.lists.clone(),
            "gpu" => known.gpus.clone(),
            "at" | "since" | "until" => TIMES.to_vec(),
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
            clap_complete::generate(shell, &mut with_values(help::of_completions()), "margintop", &mut text);
            let text = String::from_utf8_lossy(&text);
            for value in ["gruvbox-dark", "deepseek-v3.2", "always", "debug", "model", "MI300X", "yesterday"] {
                assert!(text.contains(value), "{shell}: {value}");
            }
            // clap_complete writes no values of positional arguments for fish.
            assert!(shell == Shell::Fish || text.contains("powershell"), "{shell}");
        }
    }
}
