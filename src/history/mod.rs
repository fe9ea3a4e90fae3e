//! The recent past as series of points, for charts: what a view asks for by subject, measure and time.
//!
//! Points fall on multiples of their step since the epoch, so that a point never changes once its time is over. An
//! unwatched or unknown point is `None` and is drawn as a gap.
//!
//! The collector records each snapshot that it publishes, at most one in five seconds; revenue and cost come from the
//! ledger's postings, which `statement` turns into money. All rings are bounded.

mod events;
mod frames;
mod gather;
mod lines;
mod means;
mod money;
mod packed;
mod read;
mod rings;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ledger::{Grain, Ledger, Past};
use crate::reading::{ModelName, NodeName, Rank, TargetId, UnitName};
use crate::snapshot::Snapshot;
use crate::statement::{Bridge, Cause, MinuteMoney, Mover, Tables};
use crate::units::{Money, Span, Timestamp};

pub use events::{EventKind, HistoryEvent};
use events::Events;
use lines::Lines;
use money::MoneyRings;
use rings::Rings;

/// What a series is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    /// KV cache in use, 0 to 1.
    Kv,
    /// Requests that wait.
    Waiting,
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

/// Why the profit an hour differs from a quarter of an hour ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarterBridge {
    /// When it was asked for.
    pub at: Timestamp,
    /// The last quarter hour against the one before it, its amounts to the cent. The parts add up to the change.
    pub bridge: Bridge,
    /// The cause with the largest part; `None` where nothing changed.
    pub largest: Option<(Cause, Money)>,
    /// Who moved the profit most: a unit, else a model, else a node.
    pub mover: Option<Mover>,
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
    /// The five seconds that were recorded last.
    last: Option<i64>,
    /// When the ledger was read last, and the minute in which it was read as a whole last.
    looked: Option<Timestamp>,
    read: Option<i64>,
}

/// How far back a snapshot may be behind the last one and still belong between those before it.
const SET_BACK: i64 = lines::PER_MINUTE;
/// The most steps of five seconds that one look stands for.
const LONGEST: i64 = 24;
/// The second of a minute from which the ledger's whole last hour is read again: what was posted late is in it by then.
const SETTLED: i64 = 45_000;
/// Looks that are so far apart read all of it each time.
const SELDOM: i64 = 15_000;

impl History {
    /// The points that are known; it does not wait for anything.
    pub fn series(&self, query: &Query) -> Series {
        self.recorded().series(query)
    }

    /// The profit bridge over the last quarter hour, made anew once a minute; `None` until both quarters are known.
    pub fn bridge(&self) -> Option<Arc<QuarterBridge>> {
        self.recorded().bridge.clone()
    }

    /// What happened in `[since, until)`, oldest first: all of it, or what is about `subject`. What began before and lasts
    /// is in it.
    pub fn events(&self, since: Timestamp, until: Timestamp, subject: Option<&Subject>) -> Vec<HistoryEvent> {
        self.recorded().events.between(since, until, subject)
    }

    /// Records a snapshot as the state of the last `covers`, in steps of five seconds. At most one is recorded for a step;
    /// whether this one was.
    pub fn record(&self, snapshot: &Snapshot, covers: Span) -> bool {
        self.recorded().record(snapshot, covers)
    }

    /// Reads the money of the minutes that a ledger keeps apart, from `since` on: the present one and those that were
    /// written to lately, and once a minute all of them. `now` is the present.
    pub fn read_ledger(&self, ledger: &Ledger, since: Timestamp, now: Timestamp) {
        self.recorded().read_ledger(ledger, since, now);
    }

    /// Takes minutes and markers of a past: minutes that are over before its end, and all hours that lie in it.
    pub fn read_past(&self, past: &Past) {
        let minutes = minutes_of(past);
        self.recorded().read_past(past, &minutes);
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
        let Recorded { lines, rings, money, events, .. } = &*self.recorded();
        lines.fine.bytes() + lines.minutes.bytes() + rings.bytes() + money.bytes() + events.bytes()
    }

    /// How many units, nodes, models, engines and ranks have rings.
    pub fn subjects(&self) -> usize {
        self.recorded().rings.subjects()
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorded {
    fn record(&mut self, snapshot: &Snapshot, covers: Span) -> bool {
        let slot = self.lines.fine.slot(snapshot.at);
        if self.last.is_some_and(|last| slot < last - SET_BACK) {
            self.forget_from(slot);
        }
        let behind = self.last.is_some_and(|last| slot.div_euclid(lines::PER_MINUTE) < last.div_euclid(lines::PER_MINUTE));
        if behind || self.lines.is_known(slot) {
            return false;
        }
        let steps = (covers.millis().div_euclid(lines::FINE.millis())).clamp(1, LONGEST);
        let unrecorded = self.last.map_or(1, |last| (slot - last).max(1));
        self.lines.set(slot, steps.min(unrecorded), snapshot);
        if self.lines.is_known(slot) {
            self.rings.add(slot.div_euclid(lines::PER_MINUTE), snapshot);
        }
        self.rings.load(slot, steps.min(unrecorded), snapshot);
        self.events.look(snapshot, &self.money);
        self.last = Some(self.last.map_or(slot, |last| last.max(slot)));
        true
    }

    /// The clock was set back: what is ahead of it was recorded under a wrong time.
    fn forget_from(&mut self, slot: i64) {
        self.lines.forget_from(slot);
        self.rings.forget_from(slot.div_euclid(lines::PER_MINUTE), slot);
        self.last = None;
    }

    fn read_ledger(&mut self, ledger: &Ledger, since: Timestamp, now: Timestamp) {
        let tables =
            Tables { accounts: ledger.accounts(), cost_accounts: ledger.cost_accounts(), tariffs: ledger.tariffs() };
        self.money.set_now(now);
        let minute = now.minute();
        let seldom = self.looked.replace(now).is_some_and(|last| (now - last).millis() >= SELDOM);
        let settled = ((now - minute).millis() >= SETTLED || seldom) && self.read != Some(minute.millis());
        let from = if settled { since } else { since.max(minute - Span::from_secs(60)) };
        let mut hour = MinuteMoney::default();
        let last_hour = Timestamp::from_millis((now.millis().div_euclid(HOUR) - 1) * HOUR);
        for (at, sums) in ledger.minutes().filter(|(at, _)| *at >= from && *at <= minute) {
            let money = MinuteMoney::of_sums(tables, sums);
            self.money.set_minute(at, &money);
            if settled && (last_hour..last_hour + Span::from_millis(HOUR)).contains(&at) {
                hour.add(&money);
            }
        }
        if settled {
            self.read = Some(minute.millis());
            // The hour is whole as long as its first minute is kept.
            let first = ledger.minutes().next().map(|(at, _)| at);
            if since <= last_hour && first.is_some_and(|first| first <= last_hour) {
                self.money.set_hour(last_hour, &hour);
            }
            self.money.drop_gone();
        }
    }

    fn read_past(&mut self, past: &Past, minutes: &[(Timestamp, MinuteMoney)]) {
        for (at, money) in minutes {
            self.money.set_minute(*at, money);
        }
        let first = past.since.millis().div_euclid(HOUR) + i64::from(past.since.millis().rem_euclid(HOUR) > 0);
        // An hour in which the ledger began is whole too: nothing is known of the time before.
        let first = if past.since <= past.began { past.since.millis().div_euclid(HOUR) } else { first };
        for hour in first..past.until.millis().div_euclid(HOUR) {
            let (from, to) = (Timestamp::from_millis(hour * HOUR), Timestamp::from_millis((hour + 1) * HOUR));
            let mut sum = MinuteMoney::default();
            minutes.iter().filter(|(at, _)| *at >= from && *at < to).for_each(|(_, money)| sum.add(money));
            self.money.set_hour(from, &sum);
        }
        past.markers.iter().for_each(|marker| self.events.mark(marker));
    }
}

const HOUR: i64 = 3_600_000;

/// The money of the minutes of a past that are over, as far as it has minutes.
fn minutes_of(past: &Past) -> Vec<(Timestamp, MinuteMoney)> {
    let mut minutes = Vec::new();
    MinuteMoney::each(past, |at, money| {
        let is_minute = past.grain_of(at).is_none_or(|grain| grain == Grain::Minute);
        if is_minute && at + Span::from_secs(60) <= past.until {
            minutes.push((at, money));
        }
    });
    minutes
}

impl QuarterBridge {
    fn between(at: Timestamp, before: &Past, after: &Past) -> Option<Self> {
        const CENTS: u32 = 2;
        if before.tokens.is_empty() && before.rents.is_empty() {
            return None;
        }
        let bridge = Bridge::between(before, after).rounded(CENTS);
        if bridge.compared.both <= Span::ZERO {
            return None;
        }
        let size = |amount: Money| amount.grains().unsigned_abs();
        let largest = bridge.parts.iter().copied().filter(|(_, part)| !part.is_zero());
        let largest = largest.reduce(|most, part| if size(part.1) > size(most.1) { part } else { most });
        let mover = [&bridge.units, &bridge.models, &bridge.nodes].into_iter().find_map(|movers| movers.first()).cloned();
        Some(Self { at, bridge, largest, mover })
    }
}
