//! What costs money without earning any since the day began: the amounts an hour of each reason, summed up over snapshots.

use std::collections::BTreeMap;

use crate::burn::{self, Reason};
use crate::snapshot::Snapshot;
use crate::units::{Span, Timestamp};

/// The cost for one reason, in the ledger's currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurntSum {
    /// When the recording of the day began.
    pub since: Timestamp,
    /// The sum since then.
    pub cost: f64,
    /// Whether an amount was unknown for some of that time, so that the sum is a lower bound.
    pub is_bound: bool,
}

/// The sums of a day.
#[derive(Debug, Default)]
pub(super) struct BurntSums {
    since: Option<Timestamp>,
    day: Option<Timestamp>,
    /// The cost of each reason, and whether an amount was unknown.
    sums: BTreeMap<Reason, (f64, bool)>,
}

impl BurntSums {
    /// Adds the cost of a snapshot over a span.
    pub(super) fn add(&mut self, snapshot: &Snapshot, covers: Span) {
        let day = snapshot.money.since;
        if self.day != day {
            *self = Self { day, ..Self::default() };
        }
        self.since.get_or_insert(snapshot.at - covers);
        for line in burn::lines(snapshot) {
            let (cost, is_bound) = self.sums.entry(line.reason).or_default();
            match line.per_hour {
                Some(an_hour) => *cost += an_hour.rounded(6) as f64 / 1e6 * covers.as_secs_f64() / 3_600.0,
                None => *is_bound = true,
            }
        }
    }

    /// The sum of a reason: zero if it never applied. `None` if nothing is recorded.
    pub(super) fn sum(&self, reason: Reason) -> Option<BurntSum> {
        let (cost, is_bound) = self.sums.get(&reason).copied().unwrap_or_default();
        Some(BurntSum { since: self.since?, cost, is_bound })
    }
}
