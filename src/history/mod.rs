//! The recent past as series of points for charts, queried by subject, measure and time.
//!
//! Points are at multiples of their step since the epoch, so that a point never changes after its time is over. An
//! unwatched or unknown point is `None` and is drawn as a gap.
//!
//! The collector records each snapshot that it publishes, at most one in five seconds; revenue and cost come from the
//! ledger's postings, which `statement` turns into money. All rings are bounded.

mod answers;
mod bridge;
mod burnt;
mod ending;
mod event;
mod events;
mod fine_rings;
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

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::burn::Reason;
use crate::ledger::{Ledger, Past};
use crate::reading::Histogram;
use crate::snapshot::Snapshot;
use crate::units::{Span, Timestamp};

pub use bridge::QuarterBridge;
pub use burnt::BurntSum;
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
    /// Clears everything, as a recording is shown again from its beginning.
    pub fn clear(&self) {
        *self.recorded() = Recorded::default();
    }

    /// The known points; it does not block.
    pub fn series(&self, query: &Query) -> Series {
        let mut recorded = self.recorded();
        if let Some(series) = recorded.answers.get(query) {
            return series.clone();
        }
        let series = recorded.series(query);
        recorded.answers.remember(query, &series);
        series
    }

    /// The profit bridge from the minute a quarter hour ago to the last whole one, recomputed once a minute; `None` until
    /// both are known.
    pub fn bridge(&self) -> Option<Arc<QuarterBridge>> {
        self.recorded().bridge.clone()
    }

    /// The samples of a latency over a span up to an instant, of all engines of a subject together: the fleet, models,
    /// units, and engines without a unit. `None` if there are none.
    pub fn latency(&self, subject: &Subject, kind: LatencyKind, until: Timestamp, span: Span) -> Option<Histogram> {
        self.recorded().samples.delay(subject, kind, until - span, span)
    }

    /// When the first of these samples were taken; `None` if there are none.
    pub fn latency_began(&self, subject: &Subject, until: Timestamp, span: Span) -> Option<Timestamp> {
        self.recorded().samples.began(subject, until - span, span)
    }

    /// The outcome of a subject's requests over a span up to an instant.
    pub fn requests(&self, subject: &Subject, until: Timestamp, span: Span) -> RequestCounts {
        self.recorded().samples.requests(subject, until - span, span)
    }

    /// What a reason has cost since the ledger's day began, or since recording did: an estimate in the ledger's currency.
    /// `None` if nothing is recorded.
    pub fn burnt(&self, reason: Reason) -> Option<BurntSum> {
        self.recorded().burnt.sum(reason)
    }

    /// The events that overlap `[since, until)`, oldest first: all of them, or those about `subject`.
    pub fn events(&self, since: Timestamp, until: Timestamp, subject: Option<&Subject>) -> Vec<HistoryEvent> {
        self.recorded().events.between(since, until, subject)
    }

    /// What `read` makes of the events that overlap `[since, until)`, in the order of the log. Unlike
    /// [`History::events`], it copies no event.
    pub fn events_as<T>(
        &self,
        since: Timestamp,
        until: Timestamp,
        read: impl FnMut(&HistoryEvent) -> Option<T>,
    ) -> Vec<T> {
        self.recorded().events.within(since, until).filter_map(read).collect()
    }

    /// Adds events of an earlier watch, which has ended; an alert that still holds continues.
    pub fn restore_events(&self, events: Vec<HistoryEvent>) {
        self.recorded().events.restore(events);
    }

    /// The events that are new or have ended since the last call, for the store: alerts, and what joined and left. The
    /// others are markers of the ledger.
    pub fn take_changed_events(&self) -> Vec<HistoryEvent> {
        self.recorded().events.take_changed()
    }

    /// Records a snapshot as the state of the last `covers`, in steps of five seconds. At most one is recorded for a
    /// step; returns whether this one was.
    pub fn record(&self, snapshot: &Snapshot, covers: Span) -> bool {
        let mut recorded = self.recorded();
        let is_new = recorded.record(snapshot, covers);
        if is_new {
            recorded.answers.forget();
        }
        is_new
    }

    /// Reads the money of the ledger's minutes from `since` on: of the present minute and those that were written to
    /// recently, and once a minute of all. `now` is the present.
    pub fn read_ledger(&self, ledger: &Ledger, since: Timestamp, now: Timestamp) {
        self.changed().read_ledger(ledger, since, now);
    }

    /// Adds the minutes and markers of a past: minutes that are over before its end, and all hours in it.
    pub fn read_past(&self, past: &Past) {
        let minutes = minutes_of(past);
        let rates = rates_of(past);
        self.changed().read_past(past, &minutes, &rates);
    }

    /// Sets the bridge from one span to the next, and adds the markers of both.
    pub fn read_bridge(&self, at: Timestamp, before: &Past, after: &Past) {
        let bridge = QuarterBridge::between(at, before, after).map(Arc::new);
        let mut recorded = self.recorded();
        // Amounts of an absence are means of all of it: they are no minute's.
        let is_watched = |past: &Past| recorded.is_watched(past.since, past.until);
        recorded.bridge = bridge.filter(|_| is_watched(before) && is_watched(after));
        before.markers.iter().chain(&after.markers).for_each(|marker| recorded.events.mark(marker));
    }

    /// Whether all between two instants was watched, by this process or by the one that kept the ledger before.
    pub fn is_watched(&self, from: Timestamp, to: Timestamp) -> bool {
        self.recorded().is_watched(from, to)
    }

    /// The time between the process that kept the ledger before and this one.
    pub fn absence(&self) -> Option<(Timestamp, Timestamp)> {
        self.recorded().absence
    }

    /// Whether a subject's last hour is kept in steps of five seconds.
    pub fn is_fine(&self, subject: &Subject) -> bool {
        *subject == Subject::Fleet || self.recorded().rings.fine(subject, Measure::Output).is_some()
    }

    /// The size in bytes.
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

    /// The number of units, nodes, models, engines and ranks with rings.
    pub fn subjects(&self) -> usize {
        self.recorded().rings.subjects()
    }

    /// The recorded data, to change it: cached answers are dropped.
    fn changed(&self) -> MutexGuard<'_, Recorded> {
        let mut recorded = self.recorded();
        recorded.answers.forget();
        recorded
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
