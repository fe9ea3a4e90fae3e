//! Compares the values at two addresses, which may show the same process.
//!
//! A value read in a time interval is at or above every value that the process had before the interval. Two addresses show
//! one process if that holds for each value of either against the values of the other, and the values are new: each is
//! between two successive values of the other address. An aggregated page shows a value some time after it was read, with
//! an unknown delay: its values are compared with all earlier ones of the other address, and must fit between them.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::counters::{Process, RowKey};
use crate::reading::{EngineReading, Rank};
use crate::units::{Moment, Span};

/// The evidence for one process: three new values that are equal or close together, or six that are far apart.
const ENOUGH: u8 = 6;
/// Values are close if they differ by at most their total divided by this.
const CLOSE: u64 = 64;
/// The number of contradictions after which two addresses are different processes.
const CONTRADICTIONS: u8 = 3;
/// The same number for two addresses that showed one process before: one may show old values, or not all rows, for a while.
const CONTRADICTIONS_OF_ONE: u8 = 60;

/// The counters of a process's rows at one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Values(Vec<(RowKey, [Option<u64>; 3])>);

/// Values, with the time interval in which the process had them.
#[derive(Debug, Clone)]
pub(super) struct Observation {
    /// The earliest moment at which they can have been read; `None` for the first values of an aggregated page.
    pub(super) from: Option<Moment>,
    /// When they were received.
    pub(super) to: Moment,
    pub(super) values: Values,
}

/// How values compare with earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// Nothing to compare.
    Unknown,
    /// A counter or a row is below the earlier values, or no row is in both.
    Contradicts,
    /// No counter is below: the total of the earlier values, and the growth above them.
    Rises { total: u64, by: u64 },
}

/// One of the two places of a pair, which are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Side {
    Lower,
    Upper,
}

/// Whether two places show one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Verdict {
    Undecided,
    /// They do. The place on this side is not counted.
    Same {
        uncounted: Side,
    },
    Differ,
}

/// The comparison of two places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pair {
    pub(super) verdict: Verdict,
    /// The number of the first segment whose entries both places have counted.
    pub(super) since: u64,
    /// The place that began with a baseline after the other one had posted tokens.
    pub(super) late: Option<Side>,
    /// The evidence for one process, and the total of the values that last added to it.
    evidence: u8,
    proven: u64,
    contradictions: u8,
    /// The segment in which the verdict was reached; of two saved states, the later one is used.
    #[serde(default)]
    pub(super) decided: u64,
    /// Whether the two were one process before; a difference may then be temporary.
    #[serde(default)]
    was_same: bool,
    /// The side whose last values were above earlier ones of the other side, and by how much.
    #[serde(skip)]
    rose: Option<(Side, u64)>,
}

impl Values {
    /// The accepted counters of a process.
    pub(super) fn of(process: &Process) -> Self {
        Self(process.rows().iter().map(|row| (row.key.clone(), row.counters.last().numbers())).collect())
    }

    /// The counters of a page, before it is applied to the process.
    pub(super) fn on(page: &[&EngineReading], process: &Process) -> Self {
        Self(process.counters_on(page).into_iter().map(|(key, counters)| (key, counters.numbers())).collect())
    }

    /// The same values without the model name, if there is only one row.
    pub(super) fn nameless(mut self) -> Self {
        if let [(key, _)] = &mut self.0[..] {
            key.model = None;
        }
        self
    }

    /// Whether no counter is below the other values.
    pub(super) fn reaches(&self, other: &Self) -> bool {
        self.compared(other) != Relation::Contradicts
    }

    /// All tokens.
    pub(super) fn total(&self) -> u64 {
        self.0.iter().flat_map(|(_, numbers)| numbers.iter().flatten()).fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Prompt and output tokens.
    fn moved(&self) -> [u64; 2] {
        [0, 2].map(|i| self.0.iter().filter_map(|(_, numbers)| numbers[i]).fold(0, u64::saturating_add))
    }

    /// The ranks of the rows, in order.
    pub(super) fn ranks(&self) -> Vec<Option<&Rank>> {
        let mut ranks: Vec<_> = self.0.iter().map(|(key, _)| key.rank.as_ref()).collect();
        ranks.sort();
        ranks
    }

    /// Whether these can be later values of the same process: no counter is below, and the total did not double.
    pub(super) fn goes_on_from(&self, then: &Self) -> bool {
        matches!(self.compared(then), Relation::Rises { total, by } if by <= total)
    }

    /// Compares with earlier values of another address. Counters that only one of them has are ignored.
    fn compared(&self, then: &Self) -> Relation {
        if self.0.is_empty() || then.0.is_empty() {
            return Relation::Unknown;
        }
        let (mut shared, mut total, mut by) = (false, 0_u64, 0_u64);
        for (key, before) in &then.0 {
            let Some((_, now)) = self.0.iter().find(|(other, _)| is_same(key, other)) else {
                if before.iter().flatten().any(|value| *value > 0) {
                    return Relation::Contradicts;
                }
                continue;
            };
            shared = true;
            for (now, before) in now.iter().zip(before) {
                let (Some(now), Some(before)) = (*now, *before) else { continue };
                let Some(rise) = now.checked_sub(before) else { return Relation::Contradicts };
                (total, by) = (total.saturating_add(before), by.saturating_add(rise));
            }
        }
        let is_new = |key: &RowKey| !then.0.iter().any(|(other, _)| is_same(key, other));
        for (_, now) in self.0.iter().filter(|(key, _)| is_new(key)) {
            by = now.iter().flatten().fold(by, |by, value| by.saturating_add(*value));
        }
        if shared { Relation::Rises { total, by } } else { Relation::Contradicts }
    }
}

impl Pair {
    pub(super) const fn new(since: u64, late: Option<Side>) -> Self {
        let verdict = Verdict::Undecided;
        Self {
            verdict,
            since,
            late,
            evidence: 0,
            proven: 0,
            contradictions: 0,
            decided: since,
            was_same: false,
            rose: None,
        }
    }

    /// The comparison of the processes that replaced these two at the same addresses. What agreed before is evidence for them,
    /// but not enough.
    pub(super) const fn successor(&self, since: u64, late: Option<Side>) -> Self {
        let evidence =
            if self.contradictions > 0 || matches!(self.verdict, Verdict::Differ) { 0 } else { self.evidence };
        Self { evidence: if evidence < ENOUGH { evidence } else { ENOUGH - 1 }, ..Self::new(since, late) }
    }

    /// Restarts the comparison, with entries from segment `since` on.
    pub(super) fn restart(&mut self, since: u64) {
        *self = Self { was_same: true, ..Self::new(since, None) };
    }

    /// Sets the verdict, reached in segment `decided`.
    pub(super) fn decide(&mut self, verdict: Verdict, decided: u64) {
        (self.verdict, self.decided) = (verdict, decided);
        self.was_same |= matches!(verdict, Verdict::Same { .. });
    }

    /// Whether the two are, or were, one process.
    pub(super) const fn was_same(&self) -> bool {
        self.was_same || matches!(self.verdict, Verdict::Same { .. })
    }

    /// Whether there is enough evidence.
    pub(super) const fn agrees(&self) -> bool {
        self.evidence >= ENOUGH
    }

    /// Compares new values of a side with the last values of the other side before them.
    pub(super) fn compare(&mut self, side: Side, now: &Values, then: &Values) {
        match now.compared(then) {
            Relation::Unknown => {}
            Relation::Contradicts => self.contradict(),
            Relation::Rises { total, by: 0 } => {
                self.prove(total, 0);
                self.rose = Some((side, 0));
            }
            Relation::Rises { total, by } => {
                if let Some((_, before)) = self.rose.filter(|(other, _)| *other != side) {
                    self.prove(total, before.saturating_add(by));
                }
                self.rose = Some((side, by));
            }
        }
    }

    /// Compares new values of a side that follow `before`, at an unknown time: of one process, any two values are ordered.
    pub(super) fn compare_at_any_time(
        &mut self,
        before: Option<&Values>,
        now: &Values,
        theirs: &VecDeque<Observation>,
    ) {
        let below = theirs.iter().rposition(|then| now.reaches(&then.values));
        let above = theirs.get(below.map_or(0, |place| place + 1));
        if above.is_some_and(|above| !above.values.reaches(now)) {
            return self.contradict();
        }
        if let Some(below) = below.and_then(|place| theirs.get(place)) {
            match now.compared(&below.values) {
                Relation::Rises { total, by: 0 } => self.prove(total, 0),
                Relation::Rises { total, by } if above.is_some() => self.prove(total.saturating_add(by), u64::MAX),
                _ => {}
            }
        }
        // The other side's last values, if they are between the last two of this side.
        let last = theirs.back().filter(|last| now.reaches(&last.values));
        let (Some(last), Some(before)) = (last, before) else { return };
        if let Relation::Rises { total, by } = last.values.compared(before) {
            self.prove(total.saturating_add(by), u64::MAX);
        }
    }

    const fn contradict(&mut self) {
        (self.evidence, self.rose) = (0, None);
        self.contradictions = self.contradictions.saturating_add(1);
        let most = if self.was_same() { CONTRADICTIONS_OF_ONE } else { CONTRADICTIONS };
        if self.contradictions >= most {
            self.verdict = Verdict::Differ;
        }
    }

    /// Adds evidence, if the values are new: values with this total are within `width` tokens of the other side's.
    fn prove(&mut self, total: u64, width: u64) {
        if total > self.proven {
            let weight = if width <= total / CLOSE { 2 } else { 1 };
            self.evidence = self.evidence.saturating_add(weight).min(ENOUGH);
            (self.proven, self.contradictions) = (total, 0);
        }
    }
}

/// The prompt and output tokens of the values between two successive ones of the other address, for new values that were
/// requested at `from` and follow `before`. `None` if the two addresses cannot show the same process.
pub(super) fn fits(
    now: &Values,
    from: Moment,
    before: Option<&Values>,
    theirs: &VecDeque<Observation>,
    any_time: bool,
) -> Option<Vec<[u64; 2]>> {
    let earlier = theirs.iter().rev().find(|then| from.since(then.to) >= Span::ZERO);
    if !any_time && earlier.is_some_and(|then| !now.reaches(&then.values)) {
        return None;
    }
    let below = theirs.iter().rposition(|then| now.reaches(&then.values));
    let above = theirs.get(below.map_or(0, |place| place + 1));
    if above.is_some_and(|above| !above.values.reaches(now)) {
        return None;
    }
    let mut between = Vec::new();
    // Of the values in between, the first and the last suffice as evidence.
    let lies_between = |then: &&Observation| {
        now.reaches(&then.values) && before.is_some_and(|before| then.values.reaches(before) && then.values != *before)
    };
    let mut all = theirs.iter().filter(lies_between).map(|then| then.values.moved());
    let first = all.next();
    between.extend(first.into_iter().chain(all.next_back()));
    let last = theirs.back().map(|last| &last.values);
    if below.is_some() && (above.is_some() || last == Some(now)) {
        between.push(now.moved());
    }
    Some(between)
}

/// Whether two keys can be of the same row; a page without a model name matches any model.
pub(super) fn is_same(key: &RowKey, other: &RowKey) -> bool {
    let same_model = match (&key.model, &other.model) {
        (Some(model), Some(other)) => model == other || model.canonical() == other.canonical(),
        (None, _) | (_, None) => true,
    };
    key.rank == other.rank && same_model
}
