//! The month to date, and what it will cost at this rate.

use super::Totals;
use super::watched::watched_millis_of;
use crate::ledger::{CostKind, GpuTimeCell, Past};
use crate::units::{GpuTime, Money, Span, Timestamp};

/// With less than this watched it is too early to say what a month will cost.
const EARLY: Span = Span::from_secs(3600);

/// A month as far as it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthToDate {
    /// Its first instant.
    pub since: Timestamp,
    /// Up to when it is known.
    pub until: Timestamp,
    /// How much of that was watched.
    pub watched: Span,
    /// What was earned.
    pub revenue: Option<Money>,
    /// The part of it that is in no profit, because its cost is unknown.
    pub uncosted_revenue: Money,
    /// What is owed.
    pub cost: Option<Money>,
    /// What is left.
    pub profit: Option<Money>,
    /// What the month will have cost if it goes on as it was watched so far, what was owed once apart; `None` where it is
    /// too early to say or no cost is known.
    pub projected_cost: Option<Money>,
    /// What it may cost.
    pub budget: Option<Money>,
}

impl MonthToDate {
    /// Of the `past` of a month, which goes from its first instant up to when it is known; the month ends at `end`. Time
    /// before `began` was not watched, nor were the past's unwatched spans.
    pub fn of(past: &Past, began: Timestamp, end: Timestamp, budget: Option<Money>) -> Self {
        let totals = Totals::of(past).rounded(6);
        let watched = watched_millis_of(past, past.since.max(began), past.until);
        let left = (end - past.until).millis().max(0);
        let early = watched < EARLY.millis() && left > 0;
        let rest = |cost: Money| if left == 0 { Some(Money::ZERO) } else { cost.scaled(left, watched) };
        let lasting = totals.cost.map(|cost| cost - owed_once(past)).filter(|_| !early);
        Self {
            since: past.since,
            until: past.until,
            watched: Span::from_millis(watched),
            revenue: totals.known_revenue(),
            uncosted_revenue: totals.uncosted_revenue,
            cost: totals.cost,
            profit: totals.profit(),
            projected_cost: totals.cost.zip(lasting.and_then(rest)).map(|(cost, rest)| (cost + rest).round_to(6)),
            budget,
        }
    }

    /// Whether too little of the month was watched to say what it will cost.
    pub fn is_early(&self) -> bool {
        self.watched < EARLY && self.projected_cost.is_none()
    }

    /// What the month will be over its budget; negative is under it.
    pub fn over_budget(&self) -> Option<Money> {
        Some(self.projected_cost? - self.budget?)
    }

    /// How much of the month is behind.
    pub fn elapsed(&self) -> Span {
        self.until - self.since
    }
}

/// What does not go on: the rounding of leases that ended, and corrections, which alone are below zero.
fn owed_once(past: &Past) -> Money {
    let once = |cell: &&GpuTimeCell| {
        past.cost_account(cell.cost_account).kind == CostKind::Rounding || cell.held < GpuTime::ZERO || cell.energy < 0
    };
    past.rents.iter().filter(once).filter_map(|cell| past.cost_account(cell.cost_account).cost(cell)).sum()
}
