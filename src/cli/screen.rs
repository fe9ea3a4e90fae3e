//! The screen of the dashboard, a replay and the published day: its options, and how the process ends with it.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::sources::SourcePlan;
use super::{Failure, help, ledger, target_states, themes, to_stderr};
use crate::history::History;
use crate::platform::replace_with;
use crate::reading::Label;
use crate::snapshot::Snapshot;
use crate::store;
use crate::tui;
use crate::tui::app::{FormScenario, WatchedFleet};
use crate::tui::{Instead, Start};
use crate::units::Span;

/// The options of the screen, with the zone of this ledger; fails without a usable terminal. `once` is the call that prints
/// the same in words.
pub(super) fn options(plan: &SourcePlan, ledger: Option<&Path>, once: &str) -> Result<tui::Options, Failure> {
    if !std::io::stdout().is_terminal() {
        return Err(Failure::Usage(format!(
            "no terminal here: `{once}` prints the same in words, with --json for programs"
        )));
    }
    if std::env::var("TERM").is_ok_and(|term| term == "dumb") {
        return Err(Failure::Usage(format!(
            "TERM is dumb: a terminal without cursor movement cannot show the dashboard. `{once}` prints the same in words, \
             with --every 10s again and again; if the terminal can do more, set TERM, such as TERM=xterm-256color"
        )));
    }
    Ok(tui::Options {
        theme: plan.settings.theme.clone(),
        themes: themes::folder(),
        settings: store::default_path(|name| std::env::var(name).ok())
            .map(|ledger| ledger.with_file_name("screen.toml")),
        color: themes::color(&plan.settings)?,
        title: None,
        config: plan.settings.file.as_ref().map(|file| Label::new(&file.to_string_lossy())),
        interval: Span::from(plan.interval()),
        zone: ledger::zone(ledger, &plan.settings),
        past: None,
        fleet: WatchedFleet::default(),
        set_interval: None,
        history: History::default(),
        scenarios: plan.settings.scenarios.iter().map(scenario).collect(),
    })
}

/// A configured scenario as the what-if form shows it.
fn scenario(of: &crate::config::Scenario) -> FormScenario {
    let change = of.change();
    let list = change.list.as_deref().map(Label::new);
    FormScenario::of(&of.name, &change.with_list(list))
}

/// How the screen was left.
#[must_use]
pub(super) struct ScreenExit(tui::Exit);

/// Shows snapshots on the main thread until the screen is closed.
pub(super) fn show(options: tui::Options, snapshots: watch::Receiver<Arc<Snapshot>>) -> Result<ScreenExit, Failure> {
    let (last, began) = (snapshots.clone(), Instant::now());
    let exit = tui::run(snapshots, options).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidInput => Failure::Usage(error.to_string()),
        _ => Failure::Run(error.to_string()),
    })?;
    if matches!(exit, tui::Exit::Quit)
        && let Some(why) = target_states::at_the_end(&last.borrow(), began.elapsed())
    {
        to_stderr(&why);
    }
    Ok(ScreenExit(exit))
}

impl ScreenExit {
    /// Ends the process, without waiting for a driver or a socket, or replaces it. Returns only if that fails.
    pub(super) fn exit(self) -> Result<(), Failure> {
        std::process::exit(match self.0 {
            tui::Exit::Quit | tui::Exit::Closed => 0,
            tui::Exit::Signal(signal) => 128 + signal,
            tui::Exit::Instead(instead) => return Err(begin(&instead)),
        })
    }
}

/// Replaces this process by a new one, so that no lock of a ledger is left behind. Returns only if that
/// fails.
fn begin(instead: &Instead) -> Failure {
    let arguments = arguments(instead, std::env::args_os().skip(1).collect());
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return Failure::Run(format!("this program's file is not known: {error}")),
    };
    let error = replace_with(std::process::Command::new(&program).args(arguments));
    Failure::Run(format!("{} did not start: {error}", program.display()))
}

/// The arguments of the new process; `own` are those of this one.
fn arguments(instead: &Instead, own: Vec<OsString>) -> Vec<OsString> {
    match instead {
        Instead::Start(Start::Demo) => vec!["demo".into()],
        Instead::Start(Start::Day) => vec!["demo".into(), "--deepseek-day".into()],
        Instead::Start(Start::Again) => own,
        // A simulated or recorded fleet has no targets: only the new one is watched.
        Instead::Watch(target) if has_subcommand(&own) => vec![target.into()],
        Instead::Watch(target) => own.into_iter().chain(["--also".into(), target.into()]).collect(),
    }
}

fn has_subcommand(own: &[OsString]) -> bool {
    let program = std::iter::once(OsString::from("margintop"));
    let matches = help::command().try_get_matches_from(program.chain(own.iter().cloned()));
    matches.is_ok_and(|matches| matches.subcommand_name().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Class: a target that was named on the screen replaced the configured ones, since it was the only one of the call.
    #[test]
    fn one_more_target_leaves_the_others() {
        let begun = |own: &[&str]| {
            let own = own.iter().map(OsString::from).collect();
            let begun = arguments(&Instead::Watch("http://gpu-9:8000".to_owned()), own);
            begun.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(begun(&[]), ["--also", "http://gpu-9:8000"]);
        assert_eq!(begun(&["--theme", "demo", "a:1"]), ["--theme", "demo", "a:1", "--also", "http://gpu-9:8000"]);
        assert_eq!(begun(&["demo", "--nodes", "3"]), ["http://gpu-9:8000"], "a demo takes no target");
    }
}
