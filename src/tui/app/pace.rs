//! Snapshots at several paces: parts of the screen that need not change every second use an older snapshot.

use std::sync::{Arc, OnceLock};

use crate::burn::{self, ReasonLine};
use crate::snapshot::{EngineRow, Snapshot};
use crate::units::Span;

/// How often a part of the screen changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum RefreshPace {
    /// The sums of money and time; its snapshot has no rows.
    TwoSeconds,
    FiveSeconds,
    TenSeconds,
    Minute,
    /// Every five seconds; every minute if no charted value has changed.
    Charts,
}

/// How long charts stay if no value has changed.
const STILL: Span = Span::from_secs(60);

impl RefreshPace {
    const ALL: [Self; 5] = [Self::TwoSeconds, Self::FiveSeconds, Self::TenSeconds, Self::Minute, Self::Charts];

    /// Whether rows of nodes and engines are shown at this pace. A snapshot of hundreds of nodes takes megabytes.
    const fn has_rows(self) -> bool {
        !matches!(self, Self::TwoSeconds)
    }

    /// `spares` slows tables to the pace of the map.
    const fn span(self, spares: bool) -> Span {
        Span::from_secs(match self {
            Self::TwoSeconds => 2,
            Self::FiveSeconds if !spares => 5,
            Self::FiveSeconds | Self::TenSeconds => 10,
            Self::Charts => 5,
            Self::Minute => 60,
        })
    }
}

/// The snapshot of each pace.
#[derive(Debug, Clone)]
pub struct PacedSnapshots {
    slots: [Arc<Snapshot>; 5],
    /// Costs without revenue in the snapshot of five seconds: they depend on all ranks, so they are not computed for each frame.
    burns: OnceLock<Vec<ReasonLine>>,
}

impl PacedSnapshots {
    /// The same snapshot at all paces.
    pub(super) fn of(first: &Arc<Snapshot>) -> Self {
        let slot = |pace: RefreshPace| if pace.has_rows() { first.clone() } else { Arc::new(first.without_rows()) };
        Self { slots: RefreshPace::ALL.map(slot), burns: OnceLock::new() }
    }

    /// The snapshot of a pace.
    pub fn at(&self, pace: RefreshPace) -> &Arc<Snapshot> {
        &self.slots[pace as usize]
    }

    /// Costs without revenue, at the pace of tables.
    pub fn burns(&self) -> &[ReasonLine] {
        self.burns.get_or_init(|| burn::lines(self.at(RefreshPace::FiveSeconds)))
    }

    /// Stores a snapshot. All paces take it at once if something must not wait: a subject has appeared, gone or failed.
    pub(super) fn follow(&mut self, before: &Snapshot, now: &Arc<Snapshot>, spares: bool) {
        let must_not_wait = differs(before, now);
        let tables = self.at(RefreshPace::FiveSeconds).clone();
        for (slot, pace) in self.slots.iter_mut().zip(RefreshPace::ALL) {
            let span = if pace == RefreshPace::Charts && !has_moved(slot, now) { STILL } else { pace.span(spares) };
            let beat = |snapshot: &Snapshot| snapshot.at.millis().div_euclid(span.millis());
            if must_not_wait || beat(slot) != beat(now) {
                *slot = if pace.has_rows() { now.clone() } else { Arc::new(now.without_rows()) };
            }
        }
        if !Arc::ptr_eq(&tables, self.at(RefreshPace::FiveSeconds)) {
            self.burns = OnceLock::new();
        }
    }
}

/// Whether any charted value has changed.
fn has_moved(a: &Snapshot, b: &Snapshot) -> bool {
    let of_all = |s: &Snapshot| {
        let tokens = [s.tokens.output_per_second, s.tokens.prompt_per_second, s.tokens.cached_per_second];
        (tokens, s.cache_hit_rate, s.gpus.utilization, s.requests, s.money.revenue_per_hour, s.money.cost_per_hour)
    };
    let is_same = |(a, b): (&Arc<EngineRow>, &Arc<EngineRow>)| {
        let of = |row: &EngineRow| (row.kv_usage, row.running, row.waiting, row.ttft_seconds, row.itl_seconds);
        Arc::ptr_eq(a, b) || of(a) == of(b)
    };
    of_all(a) != of_all(b) || a.engines.len() != b.engines.len() || !a.engines.iter().zip(&b.engines).all(is_same)
}

fn differs(a: &Snapshot, b: &Snapshot) -> bool {
    let known = |s: &Snapshot| {
        let sizes = (s.nodes.len(), s.engines.len(), s.models.len(), s.units.len(), s.gpus.count, s.gpus.reporting);
        let money = [s.money.revenue, s.money.cost, s.money.profit, s.money.profit_per_hour].map(|m| m.is_some());
        let rates = (s.window_seconds.is_some(), s.tokens.output_per_second.is_some(), s.money.per_hour_preliminary);
        (sizes, s.coverage, money, rates)
    };
    let alerts = |s: &Snapshot| s.alerts.len();
    let same_alerts = a
        .alerts
        .iter()
        .zip(&b.alerts)
        .all(|(a, b)| (a.rule, a.severity, &a.subject) == (b.rule, b.severity, &b.subject));
    known(a) != known(b) || alerts(a) != alerts(b) || !same_alerts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::fleet::{Fleet, FleetConfig};
    use crate::pricing::Book;
    use crate::units::Timestamp;

    /// Class: what a table shows for five seconds is found anew for every frame.
    #[test]
    fn where_it_burns_is_found_once_for_all_frames_that_show_it() {
        let Ok(book) = Book::built_in() else { return };
        let fleet = Fleet::new(FleetConfig::local("here"), book, Clock::System.now());
        let at = |seconds: i64| {
            let snapshot = fleet.snapshot();
            Arc::new(Snapshot { at: Timestamp::from_millis(seconds * 1_000), ..snapshot })
        };
        let (first, second, fifth) = (at(100), at(101), at(105));
        let mut paced = PacedSnapshots::of(&first);
        let found = paced.burns().as_ptr();
        paced.follow(&first, &second, false);
        assert!(paced.burns.get().is_some() && paced.burns().as_ptr() == found);
        paced.follow(&second, &fifth, false);
        assert!(paced.burns.get().is_none(), "five seconds are over");
    }
}
