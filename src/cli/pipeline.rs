//! The way of every sample while a dashboard is up: sources, channel, collector, picture.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};

use super::catch_up::catch_up;
use super::ledger;
use super::sources::{Plan, driver_settings, member, pids, span};
use crate::clock::Clock;
use crate::collector::{self, Collector, Message};
use crate::fleet::Fleet;
use crate::history::History;
use crate::reading::Event;
use crate::record::Recording;
use crate::snapshot::Snapshot;
use crate::source::cadence;
use crate::source::discover::{Discovery, no_engine_at, nothing_answers};
use crate::source::nvml::{Driver, Pace};
use crate::source::scrape::{Scraper, Settings, Target};
use crate::store::{self, Store};
use crate::tui::SetInterval;
use crate::units::Span;

/// Batches that may wait for the collector.
const BACKLOG: usize = 256;
/// What rates are taken over while a dashboard is up.
const WINDOW: Span = Span::from_secs(10);
/// How long sources that are polled at once may take to answer.
const ANSWERS: Duration = Duration::from_secs(1);
/// How often this box is searched again for engines that came up later.
const SEARCH_AGAIN: Duration = Duration::from_secs(15);

/// A running pipeline. The driver's source ends when this is dropped.
pub(super) struct Pipeline {
    /// The present, as it is published.
    pub(super) pictures: watch::Receiver<Arc<Snapshot>>,
    /// The ledger, to ask it for the past.
    pub(super) store: Store,
    /// How often sources are polled: set it, and they are.
    interval: watch::Sender<Duration>,
    _driver: Option<Arc<Driver>>,
    clock: Clock,
    events: mpsc::Sender<Message>,
    last: watch::Sender<bool>,
    at_work: mpsc::Receiver<AtWork>,
}

impl Pipeline {
    /// What the dashboard calls to poll more or less often.
    pub(super) fn set_interval(&self) -> SetInterval {
        let interval = self.interval.clone();
        SetInterval::new(move |every| {
            interval.send_replace(Duration::from_millis(every.millis().max(0).unsigned_abs()));
        })
    }

    /// Looks once more, for no longer than `patience`, writes once more, and lets the ledger go.
    pub(super) async fn finish(mut self, patience: Duration) {
        self.last.send_replace(true);
        // What has not answered by then is bridged by the next watch.
        let _ = tokio::time::timeout(patience, self.at_work.recv()).await;
        let tick = Message::Events(vec![Event::Tick(self.clock.now())]);
        let (done, closed) = oneshot::channel();
        if self.events.send(tick).await.is_ok() && self.events.send(Message::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }
}

/// What rates are taken over.
pub(super) fn window(plan: &Plan) -> Span {
    WINDOW.max(span(plan.interval() * 2))
}

/// As [`start`], and writes everything that the sources say to a recording.
pub(super) fn start_recorded(
    plan: &Plan,
    clock: &Clock,
    runtime: &Handle,
    keeping: store::Settings,
    recording: Recording,
) -> Pipeline {
    begin(plan, clock, runtime, keeping, |collector| collector.recorded(recording))
}

/// Starts everything that the plan asks for, and returns at once with an empty picture. Where there is a history, what is
/// published is recorded in it.
pub(super) fn start(
    plan: &Plan,
    clock: &Clock,
    runtime: &Handle,
    keeping: store::Settings,
    history: Option<History>,
) -> Pipeline {
    begin(plan, clock, runtime, keeping, |collector| match history {
        Some(history) => collector.recording(history),
        None => collector,
    })
}

fn begin(
    plan: &Plan,
    clock: &Clock,
    runtime: &Handle,
    keeping: store::Settings,
    recorded: impl FnOnce(Collector) -> Collector,
) -> Pipeline {
    let interval = plan.interval();
    let fleet = Fleet::new(plan.site(window(plan)), plan.settings.book.clone(), clock.now());
    let (events, inbox) = mpsc::channel(BACKLOG);
    let (publish, pictures) = watch::channel(Arc::new(fleet.snapshot()));
    let (store, opening) = ledger::open(keeping, events.clone());
    let collector = recorded(Collector::new(fleet).keeping(store.clone(), ledger::absence(plan)));
    runtime.spawn(collector::run(collector, Some(opening), inbox, publish));

    let settings = Settings::default();
    let scraper = |target: &_| Scraper::new(Clone::clone(target), settings.clone(), clock.clone());
    let (last, ending) = watch::channel(false);
    let (working, at_work) = mpsc::channel(1);
    let (set_interval, every) = watch::channel(interval);
    let way = Way { interval: every.clone(), events: events.clone(), ending, working };
    let scrapers = plan.targets.iter().map(scraper).collect();
    runtime.spawn(way.clone().begin(scrapers, clock.clone(), span(interval)));

    let (tell_pids, seen_pids) = watch::channel(Vec::new());
    let driver = plan.driver.then(|| Arc::new(start_driver(plan, clock, events.clone(), tell_pids)));
    let followed = driver.as_ref().map_or_else(Weak::new, Arc::downgrade);
    runtime.spawn(follow_interval(every, events.clone(), followed));
    if plan.search {
        let discovery = Discovery::new(settings, clock.clone());
        runtime.spawn(search(discovery, way, seen_pids));
    }
    Pipeline { pictures, store, interval: set_interval, _driver: driver, clock: clock.clone(), events, last, at_work }
}

fn start_driver(
    plan: &Plan,
    clock: &Clock,
    events: mpsc::Sender<Message>,
    tell_pids: watch::Sender<Vec<u32>>,
) -> Driver {
    let settings = driver_settings(plan, Pace::Every(plan.interval()));
    Driver::start(settings, clock.clone(), move |event| {
        let now = pids(&event);
        tell_pids.send_if_modified(|known| {
            let changed = *known != now;
            *known = now;
            changed
        });
        // The collector is gone only when the program ends.
        let _ = events.blocking_send(Message::Events(vec![event]));
    })
}

/// Tells the driver and the collector of another interval.
async fn follow_interval(mut interval: watch::Receiver<Duration>, events: mpsc::Sender<Message>, driver: Weak<Driver>) {
    let mut before = *interval.borrow_and_update();
    while interval.changed().await.is_ok() {
        let every = *interval.borrow_and_update();
        if let Some(driver) = driver.upgrade() {
            driver.set_interval(every);
        }
        if every < before {
            // Sources are polled at once, but have not answered yet: by the new interval they would be stale.
            tokio::time::sleep(ANSWERS).await;
        }
        before = every;
        if events.send(Message::Interval(span(every))).await.is_err() {
            return;
        }
    }
}

/// Held by everyone who still looks: when all are dropped, the last look is over.
#[derive(Debug)]
enum AtWork {}

/// How targets are watched, from the first look to the last.
#[derive(Debug, Clone)]
struct Way {
    interval: watch::Receiver<Duration>,
    events: mpsc::Sender<Message>,
    ending: watch::Receiver<bool>,
    working: mpsc::Sender<AtWork>,
}

impl Way {
    /// Catches up with the present where the clock is late, then watches and ticks.
    async fn begin(self, mut scrapers: Vec<Scraper>, clock: Clock, interval: Span) {
        if let Clock::Late(late) = &clock {
            catch_up(late, &mut scrapers, &self.events, interval).await;
        }
        tokio::spawn(cadence::tick(clock, self.interval.clone(), self.events.clone()));
        self.watch(scrapers).await;
    }

    async fn watch(self, scrapers: Vec<Scraper>) {
        cadence::watch(scrapers, self.interval, self.events, self.ending).await;
        drop(self.working);
    }
}

/// Searches this box for engines, again and again; what was found is watched from then on.
async fn search(mut discovery: Discovery, mut way: Way, mut pids: watch::Receiver<Vec<u32>>) {
    let mut known: Vec<Target> = Vec::new();
    loop {
        let processes = pids.borrow_and_update().clone();
        let found = discovery.discover(&processes, &known).await;
        let (mut scrapers, mut first) = (Vec::new(), Vec::new());
        for engine in found {
            known.push(engine.scraper.target().clone());
            scrapers.push(engine.scraper);
            first.push(engine.first);
        }
        let members = scrapers.iter().map(|scraper| member(scraper.target())).collect();
        let none = || std::iter::once(nothing_answers()).chain(no_engine_at(&discovery.stranger_ports()));
        let troubles = if known.is_empty() { none().collect() } else { Vec::new() };
        for message in [Message::Enlist(members), Message::Events(first), Message::Troubles(troubles)] {
            if way.events.send(message).await.is_err() {
                return;
            }
        }
        if !scrapers.is_empty() {
            tokio::spawn(way.clone().watch(scrapers));
        }
        // Sooner when the driver names other processes; without a driver nothing will.
        let changed = async {
            if pids.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(SEARCH_AGAIN) => {}
            _ = way.ending.changed() => return,
        }
    }
}
