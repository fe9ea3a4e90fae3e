//! A session in real time: sources, their channel, the collector and its snapshots.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::catch_up::catch_up;
use super::collector::{self, Collector, Message};
use super::ledger;
use super::opened::Opened;
use super::poll_group::PollGroup;
use super::schedule::{Schedule, ScheduleControl, WorkGuard};
use super::search::search;
use crate::clock::Clock;
use crate::fleet::{Fleet, FleetConfig};
use crate::history::History;
use crate::pricing::Book;
use crate::reading::Event;
use crate::record::{FORMAT, Recording, RecordingHeader};
use crate::snapshot::Snapshot;
use crate::source::Source;
use crate::source::discover::Discovery;
use crate::store::{self, Store};
use crate::units::{Span, zone_text};

/// The capacity of the channel to the collector, in batches.
const BACKLOG: usize = 256;
/// The shortest window of rates.
const WINDOW: Span = Span::from_secs(10);
/// The longest time of the last poll.
const LAST_POLL: Duration = Duration::from_millis(500);

/// The configuration of a session.
#[derive(Debug)]
pub struct SessionConfig {
    /// The fleet.
    pub fleet: FleetConfig,
    /// Its prices.
    pub book: Book,
    /// The sources.
    pub sources: Vec<Box<dyn Source>>,
    /// The search of this machine for engines, if any.
    pub discovery: Option<Discovery>,
    /// The time between two polls of a source.
    pub interval: Duration,
    /// The clock.
    pub clock: Clock,
    /// The ledger.
    pub ledger: store::Settings,
    /// The longest absence that is bridged.
    pub absence: Span,
    /// The history that published snapshots are recorded in, for charts.
    pub history: Option<History>,
    /// The recording that messages of sources are written to.
    pub recording: Option<Recording>,
}

impl SessionConfig {
    /// The first line of a recording of this session, whose days begin in `zone`.
    pub fn recording_header(&self, zone: &TimeZone) -> RecordingHeader {
        RecordingHeader {
            recording: FORMAT.to_owned(),
            began: self.clock.now(),
            local: self.fleet.local.clone(),
            interval: Span::from(self.interval),
            window: self.fleet.window,
            targets: self.fleet.targets.clone(),
            redacted: false,
            zone: zone_text(zone),
        }
    }
}

/// A running session. Sources that time their own polls end when it is dropped.
#[derive(Debug)]
pub struct Session {
    /// The latest snapshot.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// The ledger, for queries of the past.
    pub store: Store,
    /// The time between two polls; may be set at any time.
    pub interval: watch::Sender<Duration>,
    clock: Clock,
    events: mpsc::Sender<Message>,
    last: watch::Sender<bool>,
    at_work: mpsc::Receiver<WorkGuard>,
    _own: JoinSet<()>,
}

/// The window of rates for an interval between polls.
pub fn window(interval: Duration) -> Span {
    WINDOW.max(Span::from(interval * 2))
}

impl Session {
    /// Starts the sources, the schedule and the collector, and returns at once with an empty snapshot.
    pub fn start(config: SessionConfig, runtime: &Handle) -> Self {
        let SessionConfig { mut fleet, book, sources, discovery, interval, clock, .. } = config;
        let (events, inbox) = mpsc::channel(BACKLOG);
        let Opened { mut scheduled, once, own, targets } = Opened::new(sources, &clock);
        scheduled.extend(once);
        fleet.targets.extend(targets);

        let fleet = Fleet::new(fleet, book, clock.now());
        let (publish, snapshots) = watch::channel(Arc::new(fleet.snapshot()));
        let (store, opening) = ledger::open(config.ledger, events.clone());
        let collector = Collector::new(fleet).with_ledger(store.clone(), config.absence);
        let collector = collector.with_recording(config.recording).with_history(config.history);
        runtime.spawn(collector::run(collector, Some(opening), inbox, publish));

        let (schedule, control) = Schedule::new(clock.clone(), interval, events.clone());
        let ScheduleControl { interval, last, at_work, working, pids } = control;
        runtime.spawn(begin(schedule.clone(), scheduled, working.clone()));
        runtime.spawn(schedule.clone().follow_interval());
        let mut following = JoinSet::new();
        for source in own {
            following.spawn_on(schedule.clone().follow(source), runtime);
        }
        if let Some(discovery) = discovery {
            runtime.spawn(search(discovery, schedule, pids, working));
        }
        Self { snapshots, store, interval, clock, events, last, at_work, _own: following }
    }

    /// Polls once more, for at most half a second, writes the last checkpoint and closes the ledger.
    pub async fn finish(mut self) {
        self.last.send_replace(true);
        // A target that has not answered by then is counted from its next page on, by the next run.
        let _ = tokio::time::timeout(LAST_POLL, self.at_work.recv()).await;
        let tick = Message::Events(vec![Event::Tick(self.clock.now())]);
        let (done, closed) = oneshot::channel();
        if self.events.send(tick).await.is_ok() && self.events.send(Message::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }
}

/// Polls the simulated past if the clock is late, then starts the ticks and the schedule.
async fn begin(schedule: Schedule, mut sources: Vec<Box<dyn Source>>, working: mpsc::Sender<WorkGuard>) {
    if let Clock::Late(late) = &schedule.clock {
        let interval = Span::from(*schedule.interval.borrow());
        let mut group = PollGroup::new(sources, &schedule.clock);
        catch_up(late, &mut group, &schedule.events, interval).await;
        sources = group.into_sources();
    }
    tokio::spawn(schedule.clone().tick());
    schedule.watch(sources).await;
    drop(working);
}
