//! Playback of a recording or the published day in scripted time: its start, ledger and snapshots.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::collector::Collector;
use super::ledger::{OpenLedger, keep};
use super::scripted::Scripted;
use super::stepped_fleet::SteppedFleet;
use crate::clock::{Clock, ScriptedClock};
use crate::fleet::{Fleet, FleetConfig};
use crate::history::History;
use crate::pricing::Book;
use crate::record::{OutsideRecording, RecordError, RecordingReader, Replay};
use crate::snapshot::{LedgerBasis, Snapshot};
use crate::source::Source;
use crate::source::simulate::{self, DAY_BEGIN, DAY_END, Plan};
use crate::store::{self, Store};
use crate::units::{Moment, Span, Timestamp};

/// The longest simulated time between two polls of the day.
const DAY_STEP: Span = Span::from_secs(60);
/// The time between two points of the day's sparklines: 180 points of eight minutes are a day.
const DAY_SPARKLINE_STEP: Span = Span::from_secs(480);

/// The configuration of a playback, apart from its source.
#[derive(Debug, Clone)]
pub struct PlaybackConfig {
    /// The fleet. A recording has its own interval, window and targets.
    pub fleet: FleetConfig,
    /// Its prices.
    pub book: Book,
    /// The ledger. Its clock is replaced by that of the playback.
    pub ledger: store::Settings,
    /// The longest absence that is bridged.
    pub absence: Span,
    /// Where published snapshots are recorded for charts.
    pub history: Option<History>,
}

/// A scripted session with its ledger and the snapshots that it publishes.
#[derive(Debug)]
pub struct Playback<S> {
    /// The session.
    pub scripted: Scripted<S>,
    /// The ledger, for queries of the past.
    pub store: Store,
    /// Which process writes the ledger, or why it is not written.
    pub basis: LedgerBasis,
    /// Where snapshots are published.
    pub publish: watch::Sender<Arc<Snapshot>>,
}

impl Playback<Replay> {
    /// A playback of a recording, at its start.
    pub fn of_recording(reader: RecordingReader, config: PlaybackConfig) -> Self {
        let header = reader.header();
        let (began, clock) = (header.began, ScriptedClock::at(header.began.wall));
        let (interval, window, targets) = (header.interval, header.window, header.targets.clone());
        let fleet = FleetConfig { interval, window, targets, ..config.fleet };
        Self::new(PlaybackConfig { fleet, ..config }, began, Replay::new(reader, &clock), &clock)
    }

    /// Plays to an instant or to the end without pauses, and returns the last snapshot, and the recording's beginning and
    /// end if the instant is outside of them. All snapshots are published, for charts and for alerts, which begin with the
    /// snapshot that shows them.
    ///
    /// # Errors
    /// The error of the recording, if it cannot be read up to there.
    pub async fn play_to(
        &mut self,
        until: Option<Timestamp>,
    ) -> Result<(Arc<Snapshot>, Option<OutsideRecording>), &RecordError> {
        let _subscriber = self.publish.subscribe();
        let last = self.scripted.play(until, None, &self.publish).await;
        let source = self.scripted.source();
        let outside = until.and_then(|until| source.outside(until));
        source.error().map_or(Ok((last, outside)), Err)
    }
}

impl Playback<SteppedFleet> {
    /// Plays the day to its end at `speed`, commits its ledger and returns the last snapshot. All snapshots are published
    /// if `with_charts`, as charts show published snapshots only.
    pub async fn play_day(&mut self, speed: f64, with_charts: bool) -> Arc<Snapshot> {
        let _subscriber = with_charts.then(|| self.publish.subscribe());
        let last = self.scripted.play(None, Some(speed), &self.publish).await;
        self.scripted.collector.commit();
        last
    }

    /// A playback of the published day with its own leases, at its start. Polls are far enough apart for at most one per
    /// `interval` of real time at `speed` simulated seconds per second.
    ///
    /// # Errors
    /// The simulated fleet cannot open its ports.
    pub async fn of_day(speed: f64, interval: Duration, config: PlaybackConfig) -> io::Result<Self> {
        let clock = ScriptedClock::at(DAY_BEGIN);
        let fleet = simulate::open(Plan::deepseek_day(Clock::Scripted(clock.clone()))).await?;
        let (leases, step) = (fleet.leases(), day_step(speed, interval));
        let window = Span::from_millis(step.millis() * 5);
        let (zone, pace) = (None, Some(window.max(Span::from_secs(60))));
        let sparkline_step = DAY_SPARKLINE_STEP;
        let config = PlaybackConfig {
            fleet: FleetConfig { interval: step, window, zone, pace, sparkline_step, leases, ..config.fleet },
            ledger: store::Settings { one_day: true, ..config.ledger },
            ..config
        };
        Ok(Self::new(config, clock.now(), SteppedFleet::new(Box::new(fleet), &clock, step, DAY_END), &clock))
    }
}

impl<S: Source> Playback<S> {
    /// A playback of a source that advances `clock` itself, from the clock's time on. Scenario tests write such sources.
    pub fn of_source(source: S, clock: &ScriptedClock, config: PlaybackConfig) -> Self {
        Self::new(config, clock.now(), source, clock)
    }

    fn new(config: PlaybackConfig, began: Moment, source: S, clock: &ScriptedClock) -> Self {
        let PlaybackConfig { fleet, book, ledger, absence, history } = config;
        let ledger = store::Settings { clock: Clock::Scripted(clock.clone()), ..ledger };
        let collector = Collector::new(Fleet::new(fleet, book, began)).with_history(history);
        let OpenLedger { collector, store, basis, events: _ } = keep(collector, ledger, absence);
        let scripted = Scripted::new(collector, source, clock);
        let (publish, _) = watch::channel(Arc::new(scripted.collector.unjudged()));
        Self { scripted, store, basis, publish }
    }
}

/// Playbacks of a recording from its start, each with its own ledger; none if there is no `file`, or it cannot be read.
pub fn repeated(
    file: Option<PathBuf>,
    config: PlaybackConfig,
) -> impl FnMut() -> Option<Playback<Replay>> + Send + 'static {
    move || {
        let reader = RecordingReader::open(file.as_deref()?).ok()?;
        Some(Playback::of_recording(reader, config.clone()))
    }
}

/// The simulated time between two polls of the day.
fn day_step(speed: f64, interval: Duration) -> Span {
    let second = Span::from_millis((speed * interval.as_secs_f64() * 1000.0) as i64);
    second.min(DAY_STEP).max(Span::from_millis(1))
}
