//! What waiting for the slowest ranks cost since the day began: an estimate, summed up from snapshots.

use crate::balance::balances;
use crate::snapshot::Snapshot;
use crate::units::{Span, Timestamp};

/// The sum, since when it is, and the day that it is of.
#[derive(Debug, Default)]
pub(super) struct WaitingRing {
    since: Option<Timestamp>,
    day: Option<Timestamp>,
    cost: Option<f64>,
}

impl WaitingRing {
    /// Adds what a snapshot costs over a span.
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

    /// Since when, and how much.
    pub(super) fn sum(&self) -> Option<(Timestamp, f64)> {
        self.since.zip(self.cost)
    }
}
