//! `margintop replay FILE`: a recording, played at the speed it was made or faster.
//!
//! Only the pauses read a clock: the figures are those of the recording, the same each time.

use std::path::PathBuf;

use clap::Args;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::global::Global;
use super::ledger::Choice;
use super::once_args::OnceArgs;
use super::sources::{SourcePlan, settings};
use super::speed::speed;
use super::when::When;
use super::{Failure, ledger, print, screen, scripted, tell};
use crate::reading::Label;
use crate::record::{RecordingReader, Replay};
use crate::session::{Playback, Scripted};
use crate::tui::{self, LedgerQueries};

/// The arguments of `replay`.
#[derive(Debug, Clone, Args)]
pub(super) struct ReplayArgs {
    /// The recording
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Recorded seconds a second
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed)]
    speed: f64,

    /// Begin at a time of the recording; with --json, --text or --card end there: 2026-11-24T15:00Z, "2026-11-24 15:00"
    #[arg(long, value_name = "T", value_parser = When::parse)]
    at: Option<When>,

    /// Show it again from its start when it ends, until you leave
    #[arg(long = "loop", conflicts_with_all = ["json", "text", "card"])]
    again: bool,

    #[command(flatten)]
    once: OnceArgs,
}

/// Plays a recording to its end or to `--at` and prints it, or shows it while it plays.
pub(super) fn run(global: &Global, args: &ReplayArgs) -> Result<(), Failure> {
    let reader = RecordingReader::open(&args.file)?;
    let plan = SourcePlan::bare(settings(global)?, reader.header().local.clone());
    let ledger = ledger::choice(global, &plan.settings);
    check(args, &ledger)?;
    let path = ledger.only_new("replay")?;
    let at = args.at.map(|at| at.resolve(&plan.settings.zone, reader.header().began.wall));
    let prints = args.once.any();
    let options = if prints { None } else { Some(screen::options(&plan)?) };
    let history = options.as_ref().map(|options| options.history.clone());
    let mut replay = Playback::of_recording(reader, plan.playback(path, history));
    ledger::kept(&replay.basis)?;
    let runtime = Runtime::new()?;
    if prints || at.is_some() {
        runtime.block_on(replay.turn(at));
        replay.scripted.source().error().map_or(Ok(()), |error| Err(Failure::Run(error.to_string())))?;
    }
    if let Some(options) = options {
        return show(options, replay, args, plan, &runtime);
    }
    let last = replay.publish.borrow().clone();
    end(replay.scripted);
    print::snapshot(&last, args.once.form(false), &plan.settings.zone)
}

/// Refuses flags that a replay does not support.
fn check(args: &ReplayArgs, ledger: &Choice) -> Result<(), Failure> {
    let why = if args.once.span.is_some() || args.once.every.is_some() {
        "a replay is printed once, at its end or at --at: leave --for and --every away"
    } else if args.again && matches!(ledger, Choice::File(_)) {
        "a replay that is shown again and again has no ledger to keep: leave --loop or --ledger away"
    } else {
        return Ok(());
    };
    Err(Failure::Usage(why.to_owned()))
}

/// Shows a replay, and with `--loop` the next one when it ends: each with its own ledger and charts.
fn show(
    mut options: tui::Options,
    replay: Playback<Replay>,
    args: &ReplayArgs,
    plan: SourcePlan,
    runtime: &Runtime,
) -> Result<(), Failure> {
    options.title = Some(Label::new(&format!("replay of {}", args.file.display())));
    let (set_past, current) = watch::channel(ledger::past(&replay.store, &plan.settings, plan.settings.zone.clone()));
    options.past = Some(LedgerQueries::new(move |question, reply| current.borrow().clone().ask(question, reply)));
    let (file, repeats, history) = (args.file.clone(), args.again, options.history.clone());
    let again = move || {
        let reader = RecordingReader::open(&file).ok().filter(|_| repeats)?;
        let next = Playback::of_recording(reader, plan.playback(None, Some(history.clone())));
        history.clear();
        set_past.send_replace(ledger::past(&next.store, &plan.settings, plan.settings.zone.clone()));
        Some(next.scripted)
    };
    scripted::show(options, replay, args.speed, runtime, again, end)
}

/// Writes the ledger, and reports a truncated recording.
fn end(mut replay: Scripted<Replay>) {
    replay.collector.close();
    let source = replay.source();
    if source.is_cut() {
        tell(&format!("the end of the recording is missing: its {} whole entries were replayed", source.entries()));
    }
}
