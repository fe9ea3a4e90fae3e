//! Messages for wrong calls: mistyped subcommands, and flags that exclude each other.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::help;
use crate::words::nearest;

/// The message for a target that is nearly a subcommand: `dmeo`. A name with a digit, a dot, a
/// port or a path is a host. `None` if a subcommand is named.
pub(super) fn mistyped(words: &[String]) -> Option<String> {
    let command = help::command();
    let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    if words.iter().any(|word| known.contains(&word.as_str())) {
        return None;
    }
    let is_word = |word: &&String| word.len() > 2 && word.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    words.iter().filter(is_word).filter(|word| !word.starts_with('-')).find_map(|word| {
        let near = nearest(word, known.iter().copied())?;
        Some(format!(
            "no subcommand \"{word}\"; is it \"{near}\"? A host of this name is written with its port: {word}:8000"
        ))
    })
}

/// The message for an error of the argument parser: flags that exclude each other, and invalid values.
pub(super) fn told(error: &clap::Error) -> Option<String> {
    contradiction(error).or_else(|| no_value(error))
}

/// The message of a flag's own parser about an invalid value.
fn no_value(error: &clap::Error) -> Option<String> {
    let why = std::error::Error::source(error).filter(|_| error.kind() == ErrorKind::ValueValidation)?;
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidArg) else { return None };
    Some(format!("{}: {why}", flag(name)))
}

/// The message for two flags that exclude each other.
fn contradiction(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::ArgumentConflict {
        return None;
    }
    let names = |kind| match error.get(kind) {
        Some(ContextValue::String(name)) => vec![flag(name)],
        Some(ContextValue::Strings(names)) => names.iter().map(|name| flag(name)).collect(),
        _ => Vec::new(),
    };
    let (own, others) = (names(ContextKind::InvalidArg), names(ContextKind::PriorArg));
    let own = own.first()?;
    let others: Vec<_> = others.into_iter().filter(|other| other != own).collect();
    if others.is_empty() {
        return Some(format!("{own} is given twice: write it once"));
    }
    Some(format!("{own} and {} exclude each other: write {own} alone, or leave it out", others.join(", ")))
}

/// A flag without its value's name: `--for` of `--for <DURATION>`.
fn flag(usage: &str) -> String {
    usage.split([' ', '=', '[']).next().unwrap_or(usage).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(word: &str) -> Option<String> {
        mistyped(&[word.to_owned()])
    }

    #[test]
    fn a_mistyped_subcommand_is_one_before_it_is_a_host() {
        for (word, meant) in
            [("dmeo", "demo"), ("repot", "report"), ("onec", "once"), ("sevre", "serve"), ("conf", "config")]
        {
            assert!(told(word).is_some_and(|why| why.contains(&format!("is it \"{meant}\"?"))), "{word}");
        }
        for host in ["gpu-01", "demo1", "dmeo:8000", "dmeo.internal", "http://dmeo", "localhost", "trainer", "nvml:"] {
            assert_eq!(told(host), None, "{host}");
        }
        assert_eq!(mistyped(&["themes".to_owned(), "dmeo".to_owned()]), None);
    }

    #[test]
    fn flags_that_exclude_each_other_say_what_to_write() {
        let told = |arguments: &str| {
            let parsed = help::command().try_get_matches_from(arguments.split(' '));
            parsed.err().and_then(|error| contradiction(&error))
        };
        let text = "--json and --text exclude each other: write --json alone, or leave it out";
        assert_eq!(told("margintop once --json --text").as_deref(), Some(text));
        let text = "--interval is given twice: write it once";
        assert_eq!(told("margintop once --interval 1s --interval 2s").as_deref(), Some(text));
        assert_eq!(told("margintop once --json"), None);
    }
}
