//! `margintop replay FILE`: a recording, turned at the pace it was made or faster.
//!
//! Nothing in it reads a clock but the pauses: the figures are those of the recording, the same each time.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::global::Global;
use super::look_args::LookArgs;
use super::once::print;
use super::sources::{SourcePlan, settings};
use super::when::When;
use super::{Failure, dashboard, ledger, scripted};
use crate::clock::{Clock, ScriptedClock};
use crate::fleet::{Fleet, FleetConfig};
use crate::history::History;
use crate::reading::Label;
use crate::record::{RecordingHeader, RecordingReader, Replay};
use crate::session::{Collector, Scripted};
use crate::store::Store;
use crate::tui::LedgerQueries;

/// What is replayed, and how fast.
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
    look: LookArgs,
}

pub(super) fn run(global: &Global, args: &ReplayArgs) -> Result<(), Failure> {
    if args.look.span.is_some() || args.look.every.is_some() {
        let why = "a replay is printed once, at its end or at --at: leave --for and --every away";
        return Err(Failure::Usage(why.to_owned()));
    }
    let reader = RecordingReader::open(&args.file).map_err(|error| Failure::Run(error.to_string()))?;
    let plan = SourcePlan::bare(settings(global)?, reader.header().local.clone());
    let began = reader.header().began.wall;
    let prints = args.look.any();
    let mut options = if prints { None } else { Some(dashboard::options(&plan)?) };
    let history = options.as_ref().map(|options| options.history.clone());
    let path = ledger::choice(global, &plan.settings).only_named();
    if args.again && path.is_some() {
        let why = "a replay that is shown again and again has no ledger to keep: leave --loop or --ledger away";
        return Err(Failure::Usage(why.to_owned()));
    }
    let at = args.at.map(|at| at.resolve(&plan.settings.zone, began));
    let (mut replay, store) = open(reader, &plan, path, history)?;
    let (publish, snapshots) = watch::channel(Arc::new(replay.collector.unjudged()));
    let runtime = Runtime::new()?;
    if prints || at.is_some() {
        let last = runtime.block_on(replay.turn(at, None, &publish));
        refuse(&replay)?;
        if prints {
            end(replay);
            return print(&last, args.look.form(false), &plan.settings.zone);
        }
    }
    let Some(mut options) = options.take() else { return Ok(()) };
    options.title = Some(Label::new(&format!("replay of {}", args.file.display())));
    let (laps, asked) = watch::channel(past(&store, &plan));
    options.past = Some(LedgerQueries::new(move |question, reply| asked.borrow().clone().ask(question, reply)));
    let (file, history) = (args.file.clone(), options.history.clone());
    // Another lap has another past: its ledger and charts begin with it.
    let lap = move || {
        let (replay, store) = open(RecordingReader::open(&file).ok()?, &plan, None, Some(history.clone())).ok()?;
        history.clear();
        laps.send_replace(past(&store, &plan));
        Some(replay)
    };
    let again = args.again.then_some(lap);
    let again = move || again.as_ref().and_then(|lap| lap());
    scripted::show(options, replay, args.speed, (publish, snapshots), &runtime, again, end)
}

fn past(store: &Store, plan: &SourcePlan) -> LedgerQueries {
    ledger::past(store, plan, plan.settings.zone.clone())
}

/// A recording at its beginning, with a ledger of its own and the configuration's prices, leases and units.
fn open(
    reader: RecordingReader,
    plan: &SourcePlan,
    path: Option<PathBuf>,
    history: Option<History>,
) -> Result<(Scripted<Replay>, Store), Failure> {
    let RecordingHeader { recording: _, began, local: _, interval, window, targets, redacted: _ } = reader.header();
    let config = FleetConfig { interval: *interval, targets: targets.clone(), ..plan.site(*window) };
    let clock = ScriptedClock::at(began.wall);
    let fleet = Fleet::new(config, plan.settings.book.clone(), *began);
    let keeping = ledger::settings(plan, path, &Clock::Scripted(clock.clone()));
    let (collector, store) = ledger::keep_own(Collector::new(fleet).recording(history), plan, keeping, "replay")?;
    Ok((Scripted::new(collector, Replay::new(reader, &clock), &clock), store))
}

/// Refuses a recording that could not be read to where it was turned to.
fn refuse(replay: &Scripted<Replay>) -> Result<(), Failure> {
    replay.source().error().map_or(Ok(()), |error| Err(Failure::Run(error.to_string())))
}

/// Writes the ledger, and says if the recording had no end.
fn end(mut replay: Scripted<Replay>) {
    replay.collector.close();
    let source = replay.source();
    if source.is_cut() {
        eprintln!(
            "margintop: the end of the recording is missing: its {} whole entries were replayed",
            source.entries()
        );
    }
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| format!("\"{text}\" is no number: write 10 or 0.5"))?;
    if (0.01..=1e6).contains(&speed) { Ok(speed) } else { Err("write a number from 0.01 to 1000000".to_owned()) }
}
