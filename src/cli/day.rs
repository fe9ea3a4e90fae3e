//! `margintop demo --deepseek-day`: the published inference day, turned as fast as one likes.
//!
//! The simulated clock moves only between looks, at most a minute a look, so that the day's figures are the same at any
//! speed: a machine that is too slow makes the day longer, never coarser.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::{Offset, TimeZone};
use tokio::sync::{oneshot, watch};

use super::demo::{DemoArgs, plan, runtime, speed};
use super::global::Global;
use super::once::print;
use super::sources::Plan;
use super::{Failure, dashboard, ledger};
use crate::clock::{Clock, ScriptedClock};
use crate::collector::{Collector, Message};
use crate::fleet::{Fleet, FleetConfig};
use crate::history::History;
use crate::pricing::{Lease, Leased, Pinned};
use crate::reading::{Event, Label};
use crate::snapshot::Snapshot;
use crate::source::cadence::round;
use crate::source::scrape::{Scraper, Settings};
use crate::source::simulate::{self, DAY_BEGIN, DAY_END, Holding};
use crate::store::{self, Store};
use crate::tui;
use crate::tui::app::{Action, App, Reach, WatchedFleet};
use crate::units::Span;

/// The most simulated time between two looks.
const STEP: Span = Span::from_secs(60);
/// A day in a minute.
const SPEED: f64 = 1440.0;
/// The zone of the published hours.
const ZONE: Offset = Offset::constant(8);
/// What the screen calls it.
const TITLE: &str = "DeepSeek's day";
/// Columns and rows of its picture.
const PICTURE: (u16, u16) = (120, 36);
/// What the overview priced the day by.
const LIST: &str = "deepseek-r1-standard";
/// What the overview paid for a GPU-hour, in dollars.
const RATE: &str = "2.00";

pub(super) fn run(global: &Global, args: &DemoArgs) -> Result<(), Failure> {
    let speed = speed(args, SPEED)?;
    let runtime = runtime()?;
    let clock = ScriptedClock::at(DAY_BEGIN);
    let fleet = runtime.block_on(simulate::open(simulate::Plan::deepseek_day(Clock::Scripted(clock.clone()))))?;
    let mut plan = plan(global, &fleet)?;
    // Its hours are those of the place where it was.
    plan.settings.zone = TimeZone::fixed(ZONE);
    plan.settings.leases = leases(fleet.holdings())?;
    let pin = Pinned::list("*", LIST);
    plan.settings.book.pin(vec![pin]).map_err(|error| Failure::Run(error.to_string()))?;

    let history = History::default();
    let day = TurnedDay::new(&plan, clock.clone(), speed).recording(&history);
    let path = ledger::choice(global, &plan.settings).only_named();
    let (mut day, store) = day.keeping(&plan, path, &Clock::Scripted(clock))?;
    let (publish, pictures) = watch::channel(Arc::new(day.collector_picture(&plan)));
    if args.look.any() || args.picture.is_some() {
        // Charts are of what was published.
        let pictures = args.picture.is_some().then_some(pictures);
        let last = runtime.block_on(day.turn(&publish));
        drop(pictures);
        if let Some(path) = &args.picture {
            let past = ledger::past(&store, &plan, plan.settings.zone.clone());
            picture(path, last.clone(), history, &past, &plan)?;
        }
        day.collector.close();
        return if args.look.any() { print(&last, args.look.form(false), &plan.settings.zone) } else { Ok(()) };
    }
    let mut options = dashboard::options(&plan)?;
    options.history = history;
    options.title = Some(Label::new(TITLE));
    options.fleet = WatchedFleet::PublishedDay { speed: Some(speed.round() as u32) };
    options.past = Some(ledger::past(&store, &plan, plan.settings.zone.clone()));
    let (leave, left) = oneshot::channel();
    let turning = runtime.spawn(async move {
        tokio::select! {
            () = day.show(publish) => {}
            _ = left => {}
        }
        day.collector.close();
    });
    let shown = dashboard::show(options, pictures);
    // An error here means that the task has ended already.
    let _ = leave.send(());
    let _ = runtime.block_on(turning);
    shown
}

/// Writes the overview of the last instant as a picture.
fn picture(
    path: &Path,
    last: Arc<Snapshot>,
    history: History,
    past: &tui::LedgerQueries,
    plan: &Plan,
) -> Result<(), Failure> {
    let mut app = App::new(last.clone(), plan.settings.zone.clone(), Span::from_secs(1), 1);
    app.title = Some(Label::new(TITLE));
    (app.history, app.fleet) = (history, WatchedFleet::PublishedDay { speed: None });
    (app.charts.reach, app.has_past) = (Reach::Day, true);
    app.update(Action::Fresh(last));
    while let Some(question) = app.question() {
        app.update(past.answer_of(question).map_or(Action::Unanswered, Action::Answered));
    }
    let svg = tui::picture_of(&app, PICTURE).map_err(|error| Failure::Run(error.to_string()))?;
    std::fs::write(path, svg).map_err(|error| Failure::Run(format!("{}: {error}", path.display())))
}

/// The dated schedule that the rent runs by: 5,442 node-hours at any speed.
fn leases(holdings: &[Holding]) -> Result<Vec<Lease>, Failure> {
    let rate = RATE.parse().map_err(|error: crate::units::DecimalError| Failure::Run(error.to_string()))?;
    let lease = |holding: &Holding| Lease {
        gpus: Some(holding.gpus),
        from: Some(holding.from),
        until: Some(holding.until),
        ..Lease::of(Leased::Node(holding.node.clone()), rate)
    };
    Ok(holdings.iter().map(lease).collect())
}

/// The day being turned.
struct TurnedDay {
    clock: ScriptedClock,
    collector: Collector,
    scrapers: Vec<Scraper>,
    step: Span,
    pause: Duration,
}

impl TurnedDay {
    fn new(plan: &Plan, clock: ScriptedClock, speed: f64) -> Self {
        let second = Span::from_millis((speed * plan.interval().as_secs_f64() * 1000.0) as i64);
        let step = second.min(STEP).max(Span::from_millis(1));
        let settings = Settings::default();
        let scraper = |target: &_| Scraper::new(Clone::clone(target), settings.clone(), Clock::Scripted(clock.clone()));
        let scrapers = plan.targets.iter().map(scraper).collect();
        let fleet = Fleet::new(Self::site(plan, step), plan.settings.book.clone(), clock.now());
        let pause = Duration::from_secs_f64(step.as_secs_f64() / speed);
        Self { clock, collector: Collector::new(fleet), scrapers, step, pause }
    }

    /// Records the day.
    fn recording(self, history: &History) -> Self {
        Self { collector: self.collector.recording(history.clone()), ..self }
    }

    /// Keeps the day in a ledger of its own, in a new file or in memory.
    fn keeping(self, plan: &Plan, path: Option<PathBuf>, clock: &Clock) -> Result<(Self, Store), Failure> {
        if let Some(path) = path.as_ref().filter(|path| path.exists()) {
            let why =
                format!("{}: exists; a simulated day wants a ledger of its own, so name a new file", path.display());
            return Err(Failure::Run(why));
        }
        let settings = store::Settings { one_day: true, ..ledger::settings(plan, path, clock) };
        let ledger::KeptLedger { collector, store, basis, news: _ } =
            ledger::keep(self.collector, settings, ledger::absence(plan));
        if let Some(why) = ledger::unkept(&basis) {
            return Err(Failure::Run(why));
        }
        Ok((Self { collector, ..self }, store))
    }

    fn site(plan: &Plan, step: Span) -> FleetConfig {
        let window = Span::from_millis(step.millis() * 5);
        // 180 points of eight minutes are the day.
        let sparkline_step = Span::from_secs(480);
        FleetConfig {
            interval: step,
            zone: None,
            sparkline_step,
            pace: Some(window.max(Span::from_secs(60))),
            ..plan.site(window)
        }
    }

    fn collector_picture(&self, plan: &Plan) -> Snapshot {
        Fleet::new(Self::site(plan, self.step), plan.settings.book.clone(), self.clock.now()).snapshot()
    }

    /// Turns the day, and goes on saying how it ended: its ledger can be asked as long as someone looks.
    async fn show(&mut self, publish: watch::Sender<Arc<Snapshot>>) {
        let last = self.turn(&publish).await;
        let mut again = tokio::time::interval(Duration::from_secs(1));
        loop {
            again.tick().await;
            publish.send_replace(last.clone());
        }
    }

    /// Turns the day to its end, look by look; the last picture stands exactly there.
    async fn turn(&mut self, publish: &watch::Sender<Arc<Snapshot>>) -> Arc<Snapshot> {
        let mut next = tokio::time::Instant::now();
        loop {
            let events = round(&mut self.scrapers).await;
            self.collector.take(Message::Events(events));
            let now = self.clock.now();
            self.collector.take(Message::Events(vec![Event::Tick(now)]));
            let left = DAY_END - now.wall;
            if publish.receiver_count() > 0 || left <= Span::ZERO {
                publish.send_replace(self.collector.picture());
            }
            if left <= Span::ZERO {
                self.collector.commit();
                return publish.borrow().clone();
            }
            next += self.pause;
            tokio::time::sleep_until(next).await;
            next = next.max(tokio::time::Instant::now() - self.pause);
            self.clock.advance(self.step.min(left));
        }
    }
}
