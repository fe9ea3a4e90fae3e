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
mod read;
mod record;
mod rings;
mod waiting;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::ledger::{Ledger, Past};
use crate::reading::{Histogram, ModelName, NodeName, Rank, TargetId, UnitName};
use crate::snapshot::Snapshot;
use crate::units::{Span, Timestamp};

use answers::Answers;
pub use bridge::QuarterBridge;
pub use event::{EventKind, HistoryEvent};
use events::Events;
pub use events::KEPT as EVENTS_KEPT;
use latencies::SampleSums;
pub use latencies::{LatencyKind, RequestCounts};
use lines::Lines;
use money::MoneyRings;
use past_rates::rates_of;
use record::minutes_of;
use rings::Rings;
use waiting::WaitingRing;

/// What a series is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Subject {
    Fleet,
    Unit(UnitName),
    Node(NodeName),
    /// A GPU by its node and index.
    Gpu(NodeName, u32),
    Model(ModelName),
    /// An engine, or one rank of it.
    Engine(TargetId, Option<Rank>),
}

/// What its points measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Revenue with a known cost, in the ledger's currency an hour; where no cost is known, all revenue. Of the fleet,
    /// units, nodes and models.
    Revenue,
    /// Cost, in the ledger's currency an hour: of the fleet with all overhead, of a unit or node what is owed for its GPUs,
    /// of a model the cost of GPUs at work by its tokens.
    Cost,
    /// Revenue less cost; `None` where either is unknown.
    Profit,
    /// Output tokens a second.
    Output,
    /// Prompt tokens a second that were computed.
    PromptComputed,
    /// Prompt tokens a second from a cache.
    PromptCached,
    /// Prompt tokens a second; the only prompt series where hits are unknown.
    Prompt,
    /// The cached share of the prompt tokens, 0 to 1.
    HitRate,
    /// Mean GPU utilization, 0 to 1.
    Load,
    /// Power that the GPUs draw, in watts: of a node.
    Power,
    /// KV cache in use, 0 to 1.
    Kv,
    /// Requests that wait.
    Waiting,
    /// Requests in work.
    Running,
    /// Time to first token in seconds, the median: over several engines or ranks the mean of their medians.
    TtftMedian,
    /// Time to first token in seconds, p99: over several engines or ranks the largest.
    TtftTail,
    /// Time between tokens in seconds, the median, as that to the first.
    ItlMedian,
    /// Time between tokens in seconds, p99, as that to the first.
    ItlTail,
    /// Nodes that are held.
    Nodes,
}

/// What a view asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// Of what.
    pub subject: Subject,
    /// Which figure.
    pub measure: Measure,
    /// The end of the newest point; it falls on a multiple of `step`, else the last one before it is taken.
    pub until: Timestamp,
    /// The time of a point: at least five seconds.
    pub step: Span,
    /// The number of points.
    pub points: usize,
}

/// The points that answer a query, the newest last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// As many as were asked for.
    pub points: Vec<Option<f64>>,
}

/// The recent past. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct History(Arc<Mutex<Recorded>>);

/// What was recorded.
#[derive(Debug, Default)]
struct Recorded {
    lines: Lines,
    rings: Rings,
    money: MoneyRings,
    events: Events,
    bridge: Option<Arc<QuarterBridge>>,
    waiting: WaitingRing,
    samples: SampleSums,
    answers: Answers,
    /// The five seconds that were recorded last.
    last: Option<i64>,
    /// When the ledger was read last, and the minute in which it was read as a whole last.
    looked: Option<Timestamp>,
    read: Option<i64>,
}

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
