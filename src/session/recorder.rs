//! Records published snapshots, and queries the ledger in the background for earlier data: a day of minutes when it opens,
//! and both minutes of the profit bridge once a minute. The ledger's thread sums the minutes.

use std::collections::VecDeque;

use crate::fleet::Fleet;
use crate::history::{EVENTS_KEPT, History};
use crate::ledger::{Grain, Ledger, Past};
use crate::snapshot::Snapshot;
use crate::statement::{bridge_minutes, settled_minute};
use crate::store::Store;
use crate::units::{Moment, Span, Timestamp};

/// The time between two recordings.
const EVERY: i64 = 5_000;
/// The hours that are queried when a ledger opens; one query each, so that no result is large.
const HOURS: i64 = 25;
/// The hours that are queried again every hour, for late postings.
const LATE_HOURS: i64 = 3;
/// How long after a ledger was opened the day is queried again: tokens of an absence are posted by then.
const BRIDGED: Span = Span::from_secs(90);

/// Records snapshots into a history.
#[derive(Debug)]
pub(super) struct Recorder {
    history: History,
    /// The last recorded step of five seconds.
    recorded: Option<i64>,
    /// The first minute that the ledger has completely in memory.
    whole_from: Option<Timestamp>,
    asked: QueryTimes,
}

/// The times of the last queries.
#[derive(Debug, Default)]
struct QueryTimes {
    day: Option<Moment>,
    again: bool,
    late: Option<Moment>,
    /// The end of the bridge's last minute.
    bridge: Option<Timestamp>,
}

impl Recorder {
    pub(super) fn new(history: History) -> Self {
        Self { history, recorded: None, whole_from: None, asked: QueryTimes::default() }
    }

    /// Queries the last day of a ledger that was opened.
    pub(super) fn reopen(&mut self, ledger: &Ledger) {
        self.whole_from = first_minute(ledger);
        self.asked = QueryTimes::default();
    }

    /// Records that another process's ledger was read, so that its last minutes are in memory.
    pub(super) fn follow(&mut self, ledger: &Ledger) {
        if self.whole_from.is_none() {
            self.reopen(ledger);
        }
    }

    /// Whether a step of five seconds began since the last snapshot.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.recorded != Some(now.millis().div_euclid(EVERY))
    }

    /// Records a snapshot, if a step of five seconds began since the last one.
    pub(super) fn record(&mut self, snapshot: &Snapshot, fleet: &Fleet, store: Option<&Store>) {
        let (now, slot) = (fleet.now(), snapshot.at.millis().div_euclid(EVERY));
        if self.recorded == Some(slot) {
            return;
        }
        self.recorded = self.history.record(snapshot, fleet.interval()).then_some(slot).or(self.recorded);
        // While nothing is posted, every minute in memory is complete.
        let since = *self.whole_from.get_or_insert(now.wall.minute());
        self.history.read_ledger(fleet.ledger(), since, now.wall);
        if let Some(store) = store {
            let changed = self.history.take_changed_events();
            if !changed.is_empty() {
                store.keep_events(changed);
            }
            self.ask(store, now);
        }
    }

    fn ask(&mut self, store: &Store, now: Moment) {
        let passed = |last: Option<Moment>, span: Span| last.is_none_or(|last| now.since(last) >= span);
        let again = !self.asked.again && self.asked.day.is_some() && passed(self.asked.day, BRIDGED);
        if self.asked.day.is_none() || again {
            self.asked.again = again;
            if !again {
                let history = self.history.clone();
                store.events(EVENTS_KEPT, Box::new(move |events| history.restore_events(events)));
            }
            self.asked.day.get_or_insert(now);
            self.asked.late = Some(now);
            read_hours(store, self.history.clone(), hours(now.wall, HOURS));
        } else if passed(self.asked.late, Span::HOUR) {
            self.asked.late = Some(now);
            read_hours(store, self.history.clone(), hours(now.wall, LATE_HOURS));
        }
        let until = settled_minute(now.wall);
        if self.asked.bridge.replace(until) != Some(until) {
            read_bridge(store, self.history.clone(), now.wall, until);
        }
    }
}

fn first_minute(ledger: &Ledger) -> Option<Timestamp> {
    ledger.minutes().next().map(|(minute, _)| minute)
}

/// The last hours, the current one first.
pub(super) fn hours(now: Timestamp, count: i64) -> VecDeque<Timestamp> {
    let present = now.millis().div_euclid(Span::HOUR.millis());
    (0..count).map(|back| Timestamp::from_millis((present - back) * Span::HOUR.millis())).collect()
}

/// Queries the hours one by one; the ledger can be written between two queries.
pub(super) fn read_hours(store: &Store, history: History, mut wanted: VecDeque<Timestamp>) {
    let Some(since) = wanted.pop_front() else { return };
    let next = store.clone();
    let answer = move |past: Result<Past, _>| {
        // An unreadable ledger is queried again in an hour; the money view shows the error.
        if let Ok(past) = past {
            history.read_past(&past);
            read_hours(&next, history, wanted);
        }
    };
    store.past(since, since + Span::HOUR, Grain::Minute, Box::new(answer));
}

/// Queries both minutes of the bridge whose last minute ends at `until`, the earlier first.
pub(super) fn read_bridge(store: &Store, history: History, now: Timestamp, until: Timestamp) {
    let (next, [earlier, last]) = (store.clone(), bridge_minutes(until));
    let answer = move |before: Result<Past, _>| {
        let Ok(before) = before else { return };
        let answer = move |after: Result<Past, _>| {
            if let Ok(after) = after {
                history.read_bridge(now, &before, &after);
            }
        };
        next.past(last.0, last.1, Grain::Minute, Box::new(answer));
    };
    store.past(earlier.0, earlier.1, Grain::Minute, Box::new(answer));
}
