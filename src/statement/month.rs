//! The month to date, and its expected cost.

use super::Totals;
use super::watched::watched_millis_of;
use crate::ledger::{CostKind, GpuTimeCell, Past};
use crate::units::{GpuTime, Money, Span, Timestamp};

/// With less watched time than this, the month's cost is not estimated.
const EARLY: Span = Span::from_secs(3600);

/// The month to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthToDate {
    /// Its first instant.
    pub since: Timestamp,
    /// The instant up to which it is known.
    pub until: Timestamp,
    /// The watched part of that time.
    pub watched: Span,
    /// What was earned.
    pub revenue: Option<Money>,
    /// The part of the revenue without a known cost, which is in no profit.
    pub uncosted_revenue: Money,
    /// The cost.
    pub cost: Option<Money>,
    /// The profit.
    pub profit: Option<Money>,
    /// Whether the true revenue may be higher: tokens without a price, or windows that were lost.
    pub lower_bound: bool,
    /// Whether the true revenue may be lower: tokens that may have been cached.
    pub upper_bound: bool,
    /// The expected cost of the whole month if it continues as it was watched so far, with one-off costs added once;
    /// `None` if too little was watched or no cost is known.
    pub projected_cost: Option<Money>,
    /// Its budget.
    pub budget: Option<Money>,
}

impl MonthToDate {
    /// The month of `past`, which covers its first instant to the instant up to which it is known; the month ends at
    /// `end`. Time before `began`, and the past's unwatched spans, are not watched time.
    pub fn of(past: &Past, began: Timestamp, end: Timestamp, budget: Option<Money>) -> Self {
        Self::rounded(past, began, end, budget, 6)
    }

    /// The same with amounts of so many decimals, each rounded once; its profit is computed from the shown amounts.
    pub fn rounded(past: &Past, began: Timestamp, end: Timestamp, budget: Option<Money>, places: u32) -> Self {
        let totals = Totals::of(past).rounded(places);
        let watched = watched_millis_of(past, past.since.max(began), past.until);
        let left = (end - past.until).millis().max(0);
        let early = watched < EARLY.millis() && left > 0;
        let rest = |cost: Money| if left == 0 { Some(Money::ZERO) } else { cost.scaled(left, watched) };
        let lost_windows: i64 = past.uncertainty.iter().map(|part| part.lost_windows).sum();
        let lasting = totals.cost.map(|cost| cost - owed_once(past)).filter(|_| !early);
        Self {
            since: past.since,
            until: past.until,
            watched: Span::from_millis(watched),
            revenue: totals.known_revenue(),
            uncosted_revenue: totals.uncosted_revenue,
            cost: totals.cost,
            profit: totals.profit(),
            lower_bound: !totals.unpriced.is_zero() || lost_windows > 0,
            upper_bound: past.uncertainty.iter().any(|part| !part.excess.is_zero()),
            projected_cost: totals.cost.zip(lasting.and_then(rest)).map(|(cost, rest)| (cost + rest).round_to(places)),
            budget,
        }
    }

    /// Whether too little of the month was watched to estimate its cost.
    pub fn is_early(&self) -> bool {
        self.watched < EARLY && self.projected_cost.is_none()
    }

    /// The amount by which the month will exceed its budget; negative below it.
    pub fn over_budget(&self) -> Option<Money> {
        Some(self.projected_cost? - self.budget?)
    }

    /// The elapsed share of the month.
    pub fn elapsed(&self) -> Span {
        self.until - self.since
    }
}

/// Costs that do not recur: the rounding of leases that ended, and corrections, which alone are negative.
fn owed_once(past: &Past) -> Money {
    let once = |cell: &&GpuTimeCell| {
        past.cost_account(cell.cost_account).kind == CostKind::Rounding
            || cell.allocated < GpuTime::ZERO
            || cell.energy < 0
    };
    past.gpu_times.iter().filter(once).filter_map(|cell| past.cost_account(cell.cost_account).cost(cell)).sum()
}
