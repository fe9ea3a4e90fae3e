//! Messages for wrong calls: mistyped subcommands, and flags that cannot be combined.

use std::path::Path;

use clap::ArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;

use super::args::CliCommand;
use super::help;
use crate::suggestion::{meant, nearest};

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

/// The message for a word among the targets of a call that is a subcommand, or nearly one.
pub(super) fn in_targets(command: Option<&CliCommand>, targets: &[String]) -> Option<String> {
    match command {
        None => behind_target(None, targets).or_else(|| inner(targets.first()?)).or_else(|| mistyped(targets)),
        Some(CliCommand::Once { targets, .. }) => behind_target(Some("once"), targets),
        Some(CliCommand::Serve(args)) => behind_target(Some("serve"), &args.targets),
        Some(CliCommand::Record(args)) => behind_target(Some("record"), &args.targets),
        Some(_) => None,
    }
}

/// The message for a subcommand of a subcommand that is written alone: `import-prices`.
fn inner(word: &str) -> Option<String> {
    let command = help::command();
    let outer = command.get_subcommands().find(|outer| outer.get_subcommands().any(|sub| sub.get_name() == word))?;
    Some(format!(
        "\"{word}\" is a subcommand of {outer}: write `margintop {outer} {word}`. A host of this name is written with its \
         port: {word}:8000",
        outer = outer.get_name()
    ))
}

/// The message for a subcommand that stands behind a target. `before` is the called subcommand, if there is one.
fn behind_target(before: Option<&str>, targets: &[String]) -> Option<String> {
    let command = help::command();
    let is_command = |word: &&String| command.find_subcommand(word.as_str()).is_some();
    let word = targets.iter().find(is_command)?;
    let others: Vec<&str> = targets.iter().filter(|target| *target != word).map(String::as_str).collect();
    let takes_targets = command.find_subcommand(word).is_some_and(|command| {
        command.get_positionals().any(|positional| positional.get_id() == "targets" && word != "record")
    });
    let write = match before {
        Some(before) => format!("leave it out of the targets of `margintop {before}`"),
        None if takes_targets => format!("write `margintop {word} {}`", others.join(" ")),
        None => format!("write `margintop {word} …`, `margintop {word} --help` says what it takes"),
    };
    Some(format!(
        "\"{word}\" is a subcommand, which comes first: {write}. A host of this name is written with its \
         port: {word}:8000"
    ))
}

/// The words of a call with each negative number joined to the flag before it, `--for=-1s`, so that the flag refuses it and
/// it is not taken for a flag of its own.
pub(super) fn with_negative_values(words: impl Iterator<Item = std::ffi::OsString>) -> Vec<std::ffi::OsString> {
    let is_negative = |word: &str| {
        word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
    };
    let valued = valued_flags(&help::command());
    let takes_value = |flag: &str| flag.strip_prefix("--").is_some_and(|flag| valued.iter().any(|name| name == flag));
    let mut joined: Vec<std::ffi::OsString> = Vec::new();
    for word in words {
        let is_value = word.to_str().is_some_and(is_negative);
        match joined.last_mut().filter(|last| is_value && last.to_str().is_some_and(takes_value)) {
            Some(flag) => {
                flag.push("=");
                flag.push(word);
            }
            None => joined.push(word),
        }
    }
    joined
}

/// The names of all flags with a value, of a command and its subcommands.
fn valued_flags(command: &clap::Command) -> Vec<String> {
    let own = command.get_arguments().filter(|flag| flag.get_action().takes_values());
    let own = own.filter_map(clap::Arg::get_long).map(str::to_owned);
    own.chain(command.get_subcommands().flat_map(valued_flags)).collect()
}

/// The message for an error of the argument parser: flags that cannot be combined, invalid values, unknown and missing
/// arguments. `words` are the arguments of the call.
pub(super) fn message(error: &clap::Error, words: &[String]) -> Option<String> {
    contradiction(error)
        .or_else(|| no_value(error))
        .or_else(|| value_missing(error, words))
        .or_else(|| no_word(error))
        .or_else(|| no_subcommand(error, words))
        .or_else(|| unknown(error, words))
        .or_else(|| missing(error, words))
}

/// The message for a flag without its value, if the value is not one of a few words.
fn value_missing(error: &clap::Error, words: &[String]) -> Option<String> {
    let (Some(ContextValue::String(usage)), Some(ContextValue::String(written))) =
        (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidValue))
    else {
        return None;
    };
    let has_words =
        matches!(error.get(ContextKind::ValidValue), Some(ContextValue::Strings(known)) if !known.is_empty());
    if error.kind() != ErrorKind::InvalidValue || !written.is_empty() || has_words {
        return None;
    }
    let name = flag(usage);
    let (_, command) = called(words);
    let root = help::command();
    let mut arguments = command.get_arguments().chain(root.get_arguments());
    let what = arguments.find(|arg| arg.get_long().is_some_and(|long| name == format!("--{long}")));
    let what = what.and_then(clap::Arg::get_help).map_or_else(String::new, |what| format!(": {what}"));
    let word = name.trim_start_matches("--");
    let others = command.get_arguments().filter(|arg| !arg.get_action().takes_values() && !arg.is_hide_set());
    let near = nearest(word, others.filter_map(clap::Arg::get_long)).map(|near| format!("; is it --{near}?"));
    Some(format!("{name} needs a value: write {usage}{what}{}", near.unwrap_or_default()))
}

/// The message for a word that is not a subcommand: `ledger verfy`, `help onc`.
fn no_subcommand(error: &clap::Error, words: &[String]) -> Option<String> {
    let Some(ContextValue::String(written)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let words: Vec<String> = words.iter().filter(|word| *word != "help").cloned().collect();
    let (path, command) = called(&words);
    let known = command.get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help");
    let known: Vec<&str> = known.collect();
    let or = match meant(written, known.iter().copied()) {
        near if near.is_empty() => format!(": write one of {}", known.join(", ")),
        near => near,
    };
    Some(format!("`{path}` has no subcommand \"{written}\"{or}"))
}

/// The message for a value that is not one of a flag's words.
fn no_word(error: &clap::Error) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    };
    let (name, written) = (text(ContextKind::InvalidArg)?, text(ContextKind::InvalidValue)?);
    let Some(ContextValue::Strings(known)) = error.get(ContextKind::ValidValue) else { return None };
    if error.kind() != ErrorKind::InvalidValue {
        return None;
    }
    let words = format!("write one of {}", known.join(", "));
    let near = nearest(written, known.iter().map(String::as_str));
    Some(match near {
        _ if written.is_empty() => format!("{}: {words}", flag(name)),
        Some(near) => format!("{}: \"{written}\" is not known here; is it \"{near}\"? If not, {words}", flag(name)),
        None => format!("{}: \"{written}\" is not known here: {words}", flag(name)),
    })
}

/// The subcommand that words call, and its name: `margintop config check`.
fn called(words: &[String]) -> (String, clap::Command) {
    let mut command = help::command();
    let mut path = command.get_name().to_owned();
    for word in words {
        if let Some(inner) = command.find_subcommand(word).cloned() {
            path = format!("{path} {word}");
            command = inner;
        }
    }
    (path, command)
}

/// The message for an argument that a subcommand does not take.
fn unknown(error: &clap::Error, words: &[String]) -> Option<String> {
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidArg) else { return None };
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let (path, command) = called(words);
    let flags: Vec<&str> =
        command.get_arguments().filter(|arg| !arg.is_hide_set()).filter_map(clap::Arg::get_long).collect();
    let has_config = command.get_arguments().any(|arg| arg.get_long() == Some("config"));
    Some(match flag(name).strip_prefix("--") {
        Some(word) => match nearest(word, flags.iter().copied()).or_else(|| same_meaning(word, &flags)) {
            Some(near) => format!("`{path}` has no flag --{word}; is it --{near}?"),
            None => format!("`{path}` has no flag --{word}: `{path} --help` lists those that it has"),
        },
        None if has_config && Path::new(name).extension().is_some_and(|end| end == "toml") => {
            format!("`{path}` takes no \"{name}\": name a configuration with --config {name}")
        }
        None => format!("`{path}` takes no \"{name}\": `{path} --help` says what it takes"),
    })
}

/// The flag of a subcommand that does what another program's flag of this name does.
fn same_meaning<'a>(word: &str, flags: &[&'a str]) -> Option<&'a str> {
    const LISTEN: [&str; 5] = ["port", "bind", "addr", "address", "host"];
    const FROM: [&str; 4] = ["from", "start", "begin", "after"];
    const TO: [&str; 4] = ["to", "end", "before", "stop"];
    let meant = match word {
        word if LISTEN.contains(&word) => "listen",
        word if FROM.contains(&word) => "since",
        word if TO.contains(&word) => "until",
        "db" | "database" => "ledger",
        "rate" => "gpu-rate",
        _ => return None,
    };
    flags.iter().copied().find(|flag| *flag == meant)
}

/// The warning about a global flag that has no effect on the called subcommand. A variable without effect is meant for
/// other subcommands.
pub(super) fn without_effect(matches: &ArgMatches) -> Option<String> {
    let path = path_of(matches);
    let called = if path.is_empty() { "the dashboard".to_owned() } else { format!("`margintop {}`", path.join(" ")) };
    let warn = |flag: &str| {
        let takers = help::takers(flag).join(", ");
        format!("--{} has no effect on {called}: it applies to {takers}", flag.replace('_', "-"))
    };
    let warnings: Vec<_> = ignored(matches).into_iter().map(warn).collect();
    (!warnings.is_empty()).then(|| warnings.join("\n"))
}

/// The names of the called subcommand, from the outside in.
fn path_of(matches: &ArgMatches) -> Vec<String> {
    let (mut path, mut inner) = (Vec::new(), matches);
    while let Some((name, below)) = inner.subcommand() {
        path.push(name.to_owned());
        inner = below;
    }
    path
}

/// The global flags that are written in this call and have no effect on the called subcommand.
fn ignored(matches: &ArgMatches) -> Vec<&'static str> {
    let path = path_of(matches);
    let is_written = |flag: &&str| matches.value_source(flag) == Some(ValueSource::CommandLine);
    help::GLOBAL.into_iter().filter(is_written).filter(|flag| !help::takes(&path, flag)).collect()
}

/// The message for missing arguments.
fn missing(error: &clap::Error, words: &[String]) -> Option<String> {
    let Some(ContextValue::Strings(names)) = error.get(ContextKind::InvalidArg) else { return None };
    if error.kind() != ErrorKind::MissingRequiredArgument {
        return None;
    }
    let (path, _) = called(words);
    let flags: Vec<_> = words.iter().filter(|word| word.starts_with("--")).map(|word| flag(word)).collect();
    let with = if flags.is_empty() { String::new() } else { format!(" with {}", flags.join(" ")) };
    Some(format!("`{path}`{with} needs {}: `{path} --help` has examples", names.join(" ")))
}

/// The message of a flag's own parser about an invalid value.
fn no_value(error: &clap::Error) -> Option<String> {
    let why = std::error::Error::source(error).filter(|_| error.kind() == ErrorKind::ValueValidation)?;
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidArg) else { return None };
    Some(format!("{}: {why}", flag(name)))
}

/// The message for two flags that cannot be combined.
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
    Some(format!("{own} and {} cannot be combined: write one of them", others.join(", ")))
}

/// A flag without its value's name: `--for` of `--for <DURATION>`.
fn flag(usage: &str) -> String {
    usage.split([' ', '=', '[']).next().unwrap_or(usage).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(word: &str) -> Option<String> {
        mistyped(&[word.to_owned()])
    }

    /// What is said of a call that the parser refuses.
    fn refusal(call: &str) -> Option<String> {
        let words: Vec<String> = format!("margintop {call}").split(' ').map(str::to_owned).collect();
        let error = help::command().try_get_matches_from(&words).err()?;
        super::message(&error, &words[1..])
    }

    #[test]
    fn a_mistyped_subcommand_is_one_before_it_is_a_host() {
        for (word, meant) in
            [("dmeo", "demo"), ("repot", "report"), ("onec", "once"), ("sevre", "serve"), ("conf", "config")]
        {
            assert!(message(word).is_some_and(|why| why.contains(&format!("is it \"{meant}\"?"))), "{word}");
        }
        for host in ["gpu-01", "demo1", "dmeo:8000", "dmeo.internal", "http://dmeo", "localhost", "trainer", "nvml:"] {
            assert_eq!(message(host), None, "{host}");
        }
        assert_eq!(mistyped(&["themes".to_owned(), "dmeo".to_owned()]), None);
    }

    /// Class: a subcommand of a subcommand that is written alone is no host.
    #[test]
    fn an_inner_subcommand_names_its_outer_one() {
        let message = |words: &[&str]| in_targets(None, &words.iter().map(ToString::to_string).collect::<Vec<_>>());
        for (word, write) in
            [("import-prices", "config import-prices"), ("verify", "ledger verify"), ("end", "lease end")]
        {
            let message = message(&[word, "x.json"]).unwrap_or_default();
            assert!(message.contains(&format!("write `margintop {write}`")), "{word}: {message}");
        }
        assert_eq!(message(&["gpu-01:8000", "verify:8000"]), None);
    }

    #[test]
    fn flags_that_exclude_each_other_say_what_to_write() {
        let message = |arguments: &str| {
            let parsed = help::command().try_get_matches_from(arguments.split(' '));
            parsed.err().and_then(|error| contradiction(&error))
        };
        let text = "--json and --text cannot be combined: write one of them";
        assert_eq!(message("margintop once --json --text").as_deref(), Some(text));
        let text = "--interval is given twice: write it once";
        assert_eq!(message("margintop once --interval 1s --interval 2s").as_deref(), Some(text));
        assert_eq!(message("margintop once --json"), None);
    }

    /// Class: an error of the parser that shows in its own words, or with an empty list of what to write.
    #[test]
    fn flags_without_a_value_and_inner_subcommands_say_what_to_write() {
        for (call, message) in [
            ("once --theme", "--theme needs a value: write --theme <NAME>: A theme; `margintop themes` lists them"),
            (
                "once --for",
                "--for needs a value: write --for <DURATION>: Take the rates over this long, also of a FILE.prom; 0 polls once, without rates",
            ),
            (
                "price --list",
                "--list needs a value: write --list <LIST>: A list of the book, whatever the date; its service tiers are lists of their own; is it --lists?",
            ),
            ("report --format", "--format: write one of table, json, csv, hledger, beancount, focus"),
            ("ledger verfy", "`margintop ledger` has no subcommand \"verfy\"; is it \"verify\"?"),
            ("lease foo", "`margintop lease` has no subcommand \"foo\": write one of list, end"),
            ("ledger disputes acept 1", "`margintop ledger disputes` has no subcommand \"acept\"; is it \"accept\"?"),
            ("help onc", "`margintop` has no subcommand \"onc\"; is it \"once\"?"),
            ("help config chek", "`margintop config` has no subcommand \"chek\"; is it \"check\"?"),
        ] {
            assert_eq!(refusal(call).as_deref(), Some(message), "{call}");
        }
    }

    /// Class: a flag without a value is answered with an empty list.
    #[test]
    fn every_flag_without_its_value_says_what_to_write() -> Result<(), Box<dyn std::error::Error>> {
        for path in paths(&help::command(), &[]) {
            let mut command = help::command();
            for name in &path {
                command = command.find_subcommand(name).cloned().ok_or("it was listed")?;
            }
            let takes_value = |arg: &&clap::Arg| arg.get_action().takes_values() && arg.get_num_args().is_none();
            for long in command.get_arguments().filter(takes_value).filter_map(clap::Arg::get_long) {
                let words = [vec!["margintop".to_owned()], path.clone(), vec![format!("--{long}")]].concat();
                let error = help::command().try_get_matches_from(&words).err().ok_or("it has no value")?;
                let message = super::message(&error, &words[1..]).unwrap_or_default();
                assert!(
                    message.starts_with(&format!("--{long}")) && message.contains("write ") && !message.ends_with(' '),
                    "{words:?}: {message}"
                );
            }
        }
        Ok(())
    }

    /// The paths of a command and of all below it.
    fn paths(command: &clap::Command, outer: &[String]) -> Vec<Vec<String>> {
        let below = command.get_subcommands().filter(|sub| sub.get_name() != "help").flat_map(|sub| {
            let path: Vec<String> = outer.iter().cloned().chain([sub.get_name().to_owned()]).collect();
            paths(sub, &path)
        });
        [outer.to_vec()].into_iter().chain(below).collect()
    }

    /// Class: a flag that is ignored without a word. A subcommand warns of one that its help does not show, wherever it stands.
    #[test]
    fn a_flag_that_is_known_everywhere_is_warned_of_where_it_has_no_effect() -> Result<(), Box<dyn std::error::Error>> {
        let all = paths(&help::command(), &[]);
        assert!(all.len() > 20, "{all:?}");
        for path in &all {
            let words = |before: &[&str], after: &[&str]| {
                let of = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
                [of(&["margintop"]), of(before), path.clone(), of(after)].concat()
            };
            let mut command = help::command();
            for name in path {
                command = command.find_subcommand(name).cloned().ok_or("it was listed")?;
            }
            let needed = command.get_positionals().filter(|arg| arg.is_required_set());
            let needed: Vec<String> = needed
                .map(|arg| arg.get_possible_values().first().map_or("1", |value| value.get_name()).to_owned())
                .collect();
            let needed: Vec<&str> = needed.iter().map(String::as_str).collect();
            let helped = help::command().try_get_matches_from(words(&[], &["-h"]));
            let shown = helped.err().ok_or("-h is answered instead")?.to_string();
            for flag in help::GLOBAL {
                let long = format!("--{}", flag.replace('_', "-"));
                // A shell alias may have a colour or a configuration for all subcommands.
                let is_accepted = shown.contains(&format!("{long} <")) || ["color", "config"].contains(&flag);
                for call in [words(&[&long, "x"], &needed), words(&[], &[&[&long, "x"], &needed[..]].concat())] {
                    // Flags that are needed beside this one are not given.
                    let matches = help::command().ignore_errors(true).try_get_matches_from(&call);
                    let warning = without_effect(&matches?);
                    assert_eq!(warning.is_none(), is_accepted, "{call:?}: {warning:?}");
                    assert!(warning.is_none_or(|why| why.contains(&long) && why.contains("has no effect")), "{call:?}");
                }
            }
        }
        Ok(())
    }

    #[test]
    fn a_warning_says_who_takes_the_flag() -> Result<(), clap::Error> {
        let of = |arguments: &str| {
            help::command().try_get_matches_from(arguments.split(' ')).map(|call| without_effect(&call))
        };
        for (call, message) in [
            (
                "themes --theme x",
                "--theme has no effect on `margintop themes`: it applies to the dashboard, replay, demo, config",
            ),
            (
                "--interval 5s price --lists",
                "--interval has no effect on `margintop price`: it applies to the dashboard, once, record, demo, agent, serve, config",
            ),
            ("--log x gpu-01:8000", "--log has no effect on the dashboard: it applies to agent, serve, config"),
        ] {
            assert_eq!(of(&format!("margintop {call}"))?.as_deref(), Some(message), "{call}");
        }
        assert_eq!(of("margintop --config a.toml --color never man")?, None, "an alias may hold these");
        Ok(())
    }

    /// Class: the parser's own suggestion is a word that has nothing to do with the one that was written.
    #[test]
    fn unknown_and_missing_arguments_say_what_to_write() {
        for (call, message) in [
            (
                "report --at foo",
                "`margintop report` has no flag --at: `margintop report --help` lists those that it has",
            ),
            ("report --sinse 7d", "`margintop report` has no flag --sinse; is it --since?"),
            ("serve --port 9000", "`margintop serve` has no flag --port; is it --listen?"),
            ("agent --bind 0.0.0.0", "`margintop agent` has no flag --bind; is it --listen?"),
            ("report --start 7d", "`margintop report` has no flag --start; is it --since?"),
            (
                "report --port 9000",
                "`margintop report` has no flag --port: `margintop report --help` lists those that it has",
            ),
            (
                "completions bsh",
                "<SHELL>: \"bsh\" is not known here; is it \"bash\"? If not, write one of bash, elvish, fish, powershell, zsh",
            ),
            (
                "ledger disputes accept one",
                "<ID>: \"one\" is not a number: write one that `margintop ledger disputes` lists",
            ),
            (
                "config check a.toml",
                "`margintop config check` takes no \"a.toml\": name a configuration with --config a.toml",
            ),
            (
                "price --at now",
                "`margintop price` with --at needs --model <NAME>: `margintop price --help` has examples",
            ),
        ] {
            assert_eq!(refusal(call).as_deref(), Some(message), "{call}");
        }
    }
}
