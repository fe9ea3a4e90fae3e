//! The cost of waiting for the slowest ranks since the day began: an estimate, summed up over snapshots.

use crate::balance::balances;
use crate::snapshot::Snapshot;
use crate::units::{Span, Timestamp};

/// The sum, its beginning, and its day.
#[derive(Debug, Default)]
pub(super) struct WaitingRing {
    since: Option<Timestamp>,
    day: Option<Timestamp>,
    cost: Option<f64>,
}

impl WaitingRing {
    /// Adds the cost of a snapshot over a span.
    pub(super) fn add(&mut self, snapshot: &Snapshot, covers: Span) {
        let day = snapshot.money.since;
        if self.day != day {
            *self = Self { day, ..Self::default() };
        }
        let groups = balances(snapshot);
        let known = groups.iter().filter_map(|group| group.waiting_per_hour);
        let an_hour = known.map(|cost| cost.rounded(6) as f64 / 1e6).reduce(|a, b| a + b);
        if let Some(an_hour) = an_hour {
            self.since.get_or_insert(snapshot.at - covers);
            *self.cost.get_or_insert(0.0) += an_hour * covers.as_secs_f64() / 3_600.0;
        }
    }

    /// The beginning, and the sum.
    pub(super) fn sum(&self) -> Option<(Timestamp, f64)> {
        self.since.zip(self.cost)
    }
}
