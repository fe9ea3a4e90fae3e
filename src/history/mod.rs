//! The recent past as series of points, for charts: what a view asks for by subject, measure and time.
//!
//! Points fall on multiples of their step since the epoch, so that a point never changes once its time is over. An
//! unwatched or unknown point is `None` and is drawn as a gap.
//!
//! The collector records each snapshot that it publishes, at most one in five seconds; revenue and cost come from the
//! ledger's postings, which `statement` turns into money. All rings are bounded.

mod answers;
mod bridge;
mod event;
mod events;
mod frames;
mod gather;
mod latencies;
mod lines;
mod means;
mod money;
mod packed;
mod past_rates;
mod places;
mod query;
mod read;
mod record;
mod recorded;
mod rings;
mod waiting;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ledger::{Ledger, Past};
use crate::reading::Histogram;
use crate::snapshot::Snapshot;
use crate::units::{Span, Timestamp};

pub use bridge::QuarterBridge;
pub use event::{EventKind, HistoryEvent};
pub use events::KEPT as EVENTS_KEPT;
pub use latencies::{LatencyKind, RequestCounts};
use past_rates::rates_of;
pub use query::{Measure, Query, Series, Subject};
use record::minutes_of;
use recorded::Recorded;

/// The recent past. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct History(Arc<Mutex<Recorded>>);

impl History {
    /// Forgets everything: a recording is shown again from its beginning.
    pub fn clear(&self) {
        *self.recorded() = Recorded::default();
    }

    /// The points that are known; it does not wait for anything.
    pub fn series(&self, query: &Query) -> Series {
        let mut recorded = self.recorded();
        if let Some(series) = recorded.answers.get(query) {
            return series.clone();
        }
        let series = recorded.series(query);
        recorded.answers.remember(query, &series);
        series
    }

    /// The profit bridge over the last quarter hour, made anew once a minute; `None` until both quarters are known.
    pub fn bridge(&self) -> Option<Arc<QuarterBridge>> {
        self.recorded().bridge.clone()
    }

    /// The samples of a latency over a span up to an instant, of all engines of a subject together: of the fleet, models,
    /// units, and engines in no unit. `None` where there are none.
    pub fn latency(&self, subject: &Subject, kind: LatencyKind, until: Timestamp, span: Span) -> Option<Histogram> {
        self.recorded().samples.delay(subject, kind, until - span, span)
    }

    /// What became of a subject's requests over a span up to an instant.
    pub fn requests(&self, subject: &Subject, until: Timestamp, span: Span) -> RequestCounts {
        self.recorded().samples.requests(subject, until - span, span)
    }

    /// What ranks that wait for the slowest of their unit cost, and since when that is summed up: since the ledger's day began,
    /// or since recording did. An estimate, in the ledger's currency; `None` where no such cost is known.
    pub fn waiting(&self) -> Option<(Timestamp, f64)> {
        self.recorded().waiting.sum()
    }

    /// What happened in `[since, until)`, oldest first: all of it, or what is about `subject`. What began before and lasts
    /// is in it.
    pub fn events(&self, since: Timestamp, until: Timestamp, subject: Option<&Subject>) -> Vec<HistoryEvent> {
        self.recorded().events.between(since, until, subject)
    }

    /// Takes events of an earlier watch, which ended; an alert that still lasts goes on.
    pub fn restore_events(&self, events: Vec<HistoryEvent>) {
        self.recorded().events.restore(events);
    }

    /// The events that are new or have ended since the last call, for the store: alerts, and what came and went. The rest
    /// are markers of the ledger.
    pub fn take_changed_events(&self) -> Vec<HistoryEvent> {
        self.recorded().events.take_changed()
    }

    /// Records a snapshot as the state of the last `covers`, in steps of five seconds. At most one is recorded for a step;
    /// whether this one was.
    pub fn record(&self, snapshot: &Snapshot, covers: Span) -> bool {
        let mut recorded = self.recorded();
        let is_new = recorded.record(snapshot, covers);
        if is_new {
            recorded.answers.forget();
        }
        is_new
    }

    /// Reads the money of the minutes that a ledger keeps apart, from `since` on: the present one and those that were
    /// written to lately, and once a minute all of them. `now` is the present.
    pub fn read_ledger(&self, ledger: &Ledger, since: Timestamp, now: Timestamp) {
        self.changed().read_ledger(ledger, since, now);
    }

    /// Takes minutes and markers of a past: minutes that are over before its end, and all hours that lie in it.
    pub fn read_past(&self, past: &Past) {
        let minutes = minutes_of(past);
        let rates = rates_of(past);
        self.changed().read_past(past, &minutes, &rates);
    }

    /// Takes the bridge from one span to the next, and the markers of both.
    pub fn read_quarters(&self, at: Timestamp, before: &Past, after: &Past) {
        let bridge = QuarterBridge::between(at, before, after).map(Arc::new);
        let mut recorded = self.recorded();
        recorded.bridge = bridge;
        before.markers.iter().chain(&after.markers).for_each(|marker| recorded.events.mark(marker));
    }

    /// The bytes that it holds.
    pub fn bytes(&self) -> usize {
        let Recorded { lines, rings, money, events, samples, answers, .. } = &*self.recorded();
        answers.bytes()
            + samples.bytes()
            + lines.fine.bytes()
            + lines.minutes.bytes()
            + rings.bytes()
            + money.bytes()
            + events.bytes()
    }

    /// How many units, nodes, models, engines and ranks have rings.
    pub fn subjects(&self) -> usize {
        self.recorded().rings.subjects()
    }

    /// What was recorded, to change it: what was asked before may have other answers then.
    fn changed(&self) -> MutexGuard<'_, Recorded> {
        let mut recorded = self.recorded();
        recorded.answers.forget();
        recorded
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
