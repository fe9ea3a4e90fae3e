//! `margintop replay FILE`: a recording, turned at the pace it was made or faster.
//!
//! Nothing in it reads a clock but the pauses: the figures are those of the recording, the same each time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};

use super::global::Global;
use super::look_args::LookArgs;
use super::once::print;
use super::sources::{Plan, settings};
use super::when::When;
use super::{Failure, dashboard, ledger};
use crate::clock::{Clock, ScriptedClock};
use crate::collector::{Collector, Message};
use crate::fleet::{Fleet, FleetConfig};
use crate::history::History;
use crate::reading::Label;
use crate::record::{Entry, Header, Reader};
use crate::snapshot::Snapshot;
use crate::store::Store;
use crate::units::{Span, Timestamp};

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

    #[command(flatten)]
    look: LookArgs,
}

pub(super) fn run(global: &Global, args: &ReplayArgs) -> Result<(), Failure> {
    if args.look.span.is_some() || args.look.every.is_some() {
        let why = "a replay is printed once, at its end or at --at: leave --for and --every away";
        return Err(Failure::Usage(why.to_owned()));
    }
    let reader = Reader::open(&args.file).map_err(|error| Failure::Run(error.to_string()))?;
    let plan = plan(global, reader.header())?;
    let prints = args.look.any();
    let mut options = if prints { None } else { Some(dashboard::options(&plan)?) };
    let history = options.as_ref().map(|options| options.history.clone());
    let path = ledger::choice(global, &plan.settings).only_named();
    let at = args.at.map(|at| at.resolve(&plan.settings.zone, reader.header().began.wall));
    let (mut replay, store) = Replay::new(reader, &plan, path, history)?;
    if prints {
        replay.run_to(at)?;
        let last = replay.collector.picture();
        replay.end();
        return print(&last, args.look.form(false), &plan.settings.zone);
    }
    let Some(mut options) = options.take() else { return Ok(()) };
    options.title = Some(Label::new(&format!("replay of {}", args.file.display())));
    options.past = Some(ledger::past(&store, &plan, plan.settings.zone.clone()));
    if let Some(at) = at {
        replay.run_to(Some(at))?;
    }
    let (publish, pictures) = watch::channel(replay.collector.picture());
    let runtime = Runtime::new()?;
    let (leave, left) = oneshot::channel();
    let speed = args.speed;
    let turning = runtime.spawn(async move {
        tokio::select! {
            ended = replay.show(speed, &publish) => drop(ended),
            _ = left => {}
        }
        replay.end();
    });
    let shown = dashboard::show(options, pictures);
    // An error here means that the task has ended already.
    let _ = leave.send(());
    let _ = runtime.block_on(turning);
    shown
}

/// The configuration's prices, leases and units for the targets of a recording.
fn plan(global: &Global, header: &Header) -> Result<Plan, Failure> {
    Ok(Plan {
        settings: settings(global)?,
        file: None,
        targets: Vec::new(),
        driver: false,
        driver_named: false,
        search: false,
        doubles: Vec::new(),
        node: header.local.clone(),
    })
}

/// A recording being turned.
struct Replay {
    reader: Reader,
    collector: Collector,
    clock: ScriptedClock,
    /// An entry that was read and is later than what was asked for.
    next: Option<Entry<'static>>,
}

impl Replay {
    fn new(
        reader: Reader,
        plan: &Plan,
        path: Option<PathBuf>,
        history: Option<History>,
    ) -> Result<(Self, Store), Failure> {
        if let Some(path) = path.as_ref().filter(|path| path.exists()) {
            let why = format!("{}: exists; a replay wants a ledger of its own, so name a new file", path.display());
            return Err(Failure::Run(why));
        }
        let header = reader.header();
        let Header { recording: _, began, local: _, interval, window, targets, redacted: _ } = header;
        let config = FleetConfig { interval: *interval, targets: targets.clone(), ..plan.site(*window) };
        let clock = ScriptedClock::at(began.wall);
        let collector = Collector::new(Fleet::new(config, plan.settings.book.clone(), *began));
        let collector = match history {
            Some(history) => collector.recording(history),
            None => collector,
        };
        let keeping = ledger::settings(plan, path, &Clock::Scripted(clock.clone()));
        let ledger::KeptLedger { collector, store, basis, news: _ } =
            ledger::keep(collector, keeping, ledger::absence(plan));
        if let Some(why) = ledger::unkept(&basis) {
            return Err(Failure::Run(why));
        }
        Ok((Self { reader, collector, clock, next: None }, store))
    }

    /// The next entry, unless it is after `until`.
    fn next(&mut self, until: Option<Timestamp>) -> Result<Option<Entry<'static>>, Failure> {
        let next = match self.next.take() {
            Some(next) => Some(next),
            None => self.reader.next_entry().map_err(|error| Failure::Run(error.to_string()))?,
        };
        let is_later = |entry: &Entry<'_>| entry.at().zip(until).is_some_and(|(at, until)| at.wall > until);
        if next.as_ref().is_some_and(is_later) {
            self.next = next;
            return Ok(None);
        }
        Ok(next)
    }

    /// Takes an entry in; whether a picture is due.
    fn take(&mut self, entry: Entry<'static>) -> bool {
        if let Some(at) = entry.at() {
            self.clock.advance(at.wall - self.clock.now().wall);
        }
        Message::recorded(entry).is_some_and(|message| self.collector.take(message))
    }

    /// Turns it to an instant, or to its end, without a pause.
    fn run_to(&mut self, until: Option<Timestamp>) -> Result<(), Failure> {
        while let Some(entry) = self.next(until)? {
            if self.take(entry) {
                // Alerts begin with the picture that shows them.
                self.collector.picture();
            }
        }
        Ok(())
    }

    /// Turns it to its end, `speed` times as fast as it was, and goes on showing the end.
    async fn show(&mut self, speed: f64, publish: &watch::Sender<Arc<Snapshot>>) -> Result<(), Failure> {
        let (began, start) = (tokio::time::Instant::now(), self.clock.now().wall);
        while let Some(entry) = self.next(None)? {
            if let Some(at) = entry.at() {
                let after = (at.wall - start).max(Span::ZERO).as_secs_f64() / speed;
                tokio::time::sleep_until(began + Duration::from_secs_f64(after)).await;
            }
            if self.take(entry) {
                publish.send_replace(self.collector.picture());
            }
        }
        let last = self.collector.picture();
        let mut again = tokio::time::interval(Duration::from_secs(1));
        loop {
            again.tick().await;
            publish.send_replace(last.clone());
        }
    }

    /// Writes the ledger, and says if the recording had no end.
    fn end(&mut self) {
        self.collector.close();
        if self.reader.is_cut() {
            eprintln!(
                "margintop: the end of the recording is missing: its {} whole entries were replayed",
                self.reader.entries()
            );
        }
    }
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| format!("\"{text}\" is no number: write 10 or 0.5"))?;
    if (0.01..=1e6).contains(&speed) { Ok(speed) } else { Err("write a number from 0.01 to 1000000".to_owned()) }
}
