//! The texts of `--help`: each subcommand shows the flags that it takes, in groups, with examples and a document.

use std::collections::BTreeSet;

use clap::{Arg, Command, CommandFactory};

use super::args::Cli;
pub(super) use super::help_pages::GLOBAL;
use super::help_pages::{DASHBOARD_TAKES, PAGES};

/// The flags that every subcommand accepts, so that a shell alias can contain them: the configuration file, and colour.
const EVERYWHERE: [&str; 2] = ["config", "color"];

/// The subcommands beside the dashboard that show a screen, and so use colour.
const SCREENS: [&str; 2] = ["demo", "replay"];

/// The subcommands that read no configuration.
const WITHOUT_CONFIG: [&str; 3] = ["themes", "completions", "man"];

/// The addition of `margintop --help` to `-h`. Each paragraph is one line, which clap wraps to the terminal; what stands in
/// columns fits in 80 cells.
const WHOLE: &str = "Targets:
  http(s)://HOST:PORT[/PATH]   an engine or an exporter; its path is searched
  HOST[:PORT]                  the same over http
  ssh://[USER@]HOST[:PORT]     a machine through ssh, with or without an agent
  prometheus+http(s)://HOST:PORT[/PATH]   what a Prometheus has
  FILE.prom                    a metrics page that was saved
  nvml:, nvml:off              this machine's GPUs; never ask its driver
Without a target: those of the configuration, else this box is searched. `nvml:off` alone keeps the \
configuration's targets. A target that is called like a subcommand is written with its port: report:8000.

Times (--at, --since, --until):
  now, today, yesterday, 11:30 (of today), 15m, 24h, 7d (so long ago)
  2026-11, 2026-11-28, 2026-11-28T12:00 (in the ledger's zone)
  2026-11-28T12:00:00Z, 2026-11-28T12:00+08:00
In a replay, `now` is the end of the recording, and the others are counted back from it.

Files:
  $XDG_CONFIG_HOME/margintop/margintop.toml   the configuration
  /etc/margintop/margintop.toml               the same, for all users
  $XDG_CONFIG_HOME/margintop/themes/          own themes
  $XDG_STATE_HOME/margintop/ledger.db         the ledger

Every global flag has a variable MARGINTOP_* and a key in the configuration: the flag overrides the variable, and the \
variable the key. An empty variable counts as not set.

Exit codes:
  0   done
  1   the run failed, or a target, a recording, a ledger or another file did
  2   the call, a variable or the configuration was wrong";

const DASHBOARD: &str = "Examples:
  margintop                                   this box: its GPUs and engines
  margintop http://gpu-01:8000 gpu-02:8000    two engines
  margintop demo                              a simulated fleet, without any GPU";

/// The variables of all flags, in order.
pub(super) fn variables() -> Vec<String> {
    let command = Cli::command();
    let each = std::iter::once(&command).chain(command.get_subcommands());
    let named = each.flat_map(Command::get_arguments).filter_map(|flag| flag.get_env()?.to_str());
    named.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The whole command line, as it is parsed and as its help shows it.
pub(super) fn command() -> Command {
    let mut command =
        Cli::command().mut_args(settle).after_help(format!("{DASHBOARD}\n\n{}", documentation(&["README.md"])));
    command = command.after_long_help(format!("{DASHBOARD}\n\n{WHOLE}\n\n{}", documentation(&["README.md", "docs/"])));
    // From here on the subcommands have the global flags.
    command.build();
    command = command.mut_args(|arg| {
        let is_hidden = !takes(&[], arg.get_id().as_str());
        arg.hide_short_help(is_hidden)
    });
    for sub in command.get_subcommands_mut() {
        dress(sub, &mut Vec::new());
    }
    command
}

/// The command line for completions, in which a subcommand has only the flags that it takes.
pub(super) fn of_completions() -> Command {
    let mut whole = Cli::command();
    let known: Vec<Arg> =
        whole.get_arguments().filter(|arg| arg.is_global_set()).map(|arg| arg.clone().global(false)).collect();
    whole = whole.mut_args(|arg| arg.global(false));
    let subcommands: Vec<Command> = whole.get_subcommands().map(|sub| taking(sub, &known, &mut Vec::new())).collect();
    // A flag before the subcommand may be that of any subcommand.
    Command::new("margintop").args(whole.get_arguments()).subcommands(subcommands)
}

/// A subcommand with its own flags and the global ones that it takes, and its subcommands likewise.
fn taking(command: &Command, known: &[Arg], outer: &mut Vec<String>) -> Command {
    outer.push(command.get_name().to_owned());
    let own = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let below: Vec<Command> = command.get_subcommands().map(|sub| taking(sub, known, outer)).collect();
    let name = PAGES
        .iter()
        .find(|page| page.path == outer.as_slice())
        .and_then(|page| page.path.last().copied())
        .unwrap_or_default();
    let about = command.get_about().cloned().unwrap_or_default();
    let taken = known.iter().filter(|arg| shows(outer, arg.get_id().as_str()));
    let taking = Command::new(name).about(about).args(own).args(taken).subcommands(below);
    outer.pop();
    taking
}

/// Whether a subcommand takes a flag, if that is one of [`GLOBAL`]. The path of the dashboard is empty.
pub(super) fn takes(path: &[String], flag: &str) -> bool {
    let takes = match path {
        [] => &DASHBOARD_TAKES[..],
        path => PAGES.iter().find(|page| page.path == path).map_or(&[][..], |page| page.takes),
    };
    !GLOBAL.contains(&flag) || EVERYWHERE.contains(&flag) || takes.contains(&flag)
}

/// Whether the help of a subcommand shows a flag: it takes it, and uses it.
fn shows(path: &[String], flag: &str) -> bool {
    let outermost = path.first().map(String::as_str);
    let is_used = match flag {
        "color" => outermost.is_none_or(|name| SCREENS.contains(&name)) || path == ["config", "check"],
        "config" => outermost.is_none_or(|name| !WITHOUT_CONFIG.contains(&name)),
        _ => true,
    };
    is_used && takes(path, flag)
}

/// The outermost names of the subcommands that take a flag.
pub(super) fn takers(flag: &str) -> Vec<&'static str> {
    let dashboard = DASHBOARD_TAKES.contains(&flag).then_some("the dashboard");
    let subcommands = PAGES.iter().filter(|page| page.takes.contains(&flag)).map(|page| page.path[0]);
    let mut names: Vec<_> = dashboard.into_iter().chain(subcommands).collect();
    names.dedup();
    names
}

/// Treats an empty variable as not set, and never prints the value of a variable.
fn settle(arg: Arg) -> Arg {
    let is_empty = arg.get_env().is_some_and(|name| std::env::var_os(name).is_some_and(|value| value.is_empty()));
    let arg = arg.hide_env_values(true);
    if is_empty { arg.env(None::<&'static str>) } else { arg }
}

/// Adds its help to a subcommand and those below it, and hides what they do not take.
fn dress(command: &mut Command, outer: &mut Vec<String>) {
    outer.push(command.get_name().to_owned());
    let page = PAGES.iter().find(|page| page.path == outer.as_slice());
    let hide = |arg: Arg| {
        let is_hidden = arg.is_hide_set() || !shows(outer, arg.get_id().as_str());
        settle(arg).hide(is_hidden)
    };
    let mut dressed = std::mem::take(command).mut_args(hide);
    if let Some(page) = page {
        dressed = dressed.after_help(format!("Examples:\n{}\n\n{}", page.examples, documentation(&[page.read])));
    }
    *command = dressed;
    for sub in command.get_subcommands_mut() {
        dress(sub, outer);
    }
    outer.pop();
}

/// The last line of a help text: links to documents of this version.
fn documentation(documents: &[&str]) -> String {
    let links: Vec<_> = documents.iter().map(|document| link(env!("CARGO_PKG_REPOSITORY"), document)).collect();
    format!("Documentation: {}", links.join(", "))
}

/// The address of a document in a repository. A package without a public repository has no address that could be opened: its
/// documents are named by their paths, as they come with it.
fn link(repository: &str, document: &str) -> String {
    match repository.trim_end_matches('/') {
        "" => format!("{document} of the package"),
        repository => format!("{repository}/blob/v{}/{document}", env!("CARGO_PKG_VERSION")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_links_where_the_package_names_its_repository() {
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(link("https://a.b/c/", "docs/LEDGER.md"), format!("https://a.b/c/blob/v{version}/docs/LEDGER.md"));
        assert_eq!(link("", "README.md"), "README.md of the package");
    }

    fn paths(command: &Command, outer: &[String], found: &mut Vec<Vec<String>>) {
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let path: Vec<String> = outer.iter().cloned().chain([sub.get_name().to_owned()]).collect();
            paths(sub, &path, found);
            found.push(path);
        }
    }

    #[test]
    fn every_subcommand_has_a_page_and_every_page_a_subcommand() {
        let mut found = Vec::new();
        paths(&command(), &[], &mut found);
        for path in &found {
            let page = PAGES.iter().find(|page| page.path == path.as_slice());
            assert!(page.is_some_and(|page| (2..=3).contains(&page.examples.lines().count())), "{path:?}");
        }
        for page in PAGES {
            assert!(found.iter().any(|path| page.path == path.as_slice()), "{:?} is no subcommand", page.path);
            assert!(page.takes.iter().all(|flag| GLOBAL.contains(flag)), "{:?}", page.path);
            let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
            assert!(root.join(page.read).is_file(), "{} is not there", page.read);
        }
    }

    #[test]
    fn every_flag_that_is_known_everywhere_is_named_here() {
        let known: Vec<String> = Cli::command()
            .get_arguments()
            .filter(|arg| arg.is_global_set())
            .map(|arg| arg.get_id().to_string())
            .collect();
        assert_eq!(known, GLOBAL);
    }

    /// Class: a completion that is ignored with a warning, or refused.
    #[test]
    fn completions_have_only_the_flags_that_a_subcommand_takes() {
        fn check(command: &Command, outer: &[String]) {
            let has = |flag: &str| command.get_arguments().any(|arg| arg.get_id() == flag);
            let wrong: Vec<_> = GLOBAL.iter().filter(|flag| has(flag) != shows(outer, flag)).collect();
            assert!(outer.is_empty() || wrong.is_empty(), "{outer:?}: {wrong:?}");
            for sub in command.get_subcommands() {
                check(sub, &[outer, &[sub.get_name().to_owned()]].concat());
            }
        }
        let whole = of_completions();
        check(&whole, &[]);
        let replay = whole.find_subcommand("replay").into_iter().flat_map(Command::get_arguments);
        let ids: Vec<_> = replay.map(|arg| arg.get_id().as_str().to_owned()).collect();
        assert!(ids.contains(&"at".to_owned()) && !ids.contains(&"every".to_owned()), "{ids:?}");
        assert!(GLOBAL.iter().all(|flag| whole.get_arguments().any(|arg| arg.get_id() == flag)));
        whole.debug_assert();
    }

    /// Class: a flag that stands in no group.
    #[test]
    fn every_flag_of_a_subcommand_is_in_a_group() {
        fn check(command: &Command, wrong: &mut Vec<String>) {
            let own = command.get_arguments().filter(|arg| !arg.is_hide_set() && !arg.is_positional());
            let bare = own.filter(|arg| arg.get_help_heading().is_none());
            let bare = bare.filter(|arg| !["config", "help", "version"].contains(&arg.get_id().as_str()));
            wrong.extend(bare.map(|arg| format!("{} --{}", command.get_name(), arg.get_id())));
            command.get_subcommands().for_each(|sub| check(sub, wrong));
        }
        let mut wrong = Vec::new();
        check(&command(), &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    /// Class: text that was wrapped here and is wrapped again by clap, into ragged lines.
    #[test]
    fn columns_fit_in_eighty_cells_and_paragraphs_are_one_line() {
        let examples = PAGES.iter().map(|page| page.examples);
        for line in [WHOLE, DASHBOARD].into_iter().chain(examples).flat_map(str::lines) {
            // A command alone is as long as it is.
            let has_columns = line.trim_start().contains("   ");
            assert!(!has_columns || line.chars().count() <= 80, "{line}");
        }
        let in_columns = |line: &str| line.starts_with("  ") || line.ends_with(':') || line.is_empty();
        for pair in WHOLE.lines().collect::<Vec<_>>().windows(2) {
            assert!(in_columns(pair[0]) || in_columns(pair[1]), "one paragraph: {pair:?}");
        }
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let arg = settle(Arg::new("x").env("PATH"));
        assert!(arg.get_env().is_some());
    }
}
