//! The month to date, and what it will cost at this rate.

use super::Totals;
use crate::ledger::Past;
use crate::units::{Money, Span, Timestamp};

/// A month as far as it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthToDate {
    /// Its first instant.
    pub since: Timestamp,
    /// Up to when it is known.
    pub until: Timestamp,
    /// What was earned.
    pub revenue: Option<Money>,
    /// What is owed.
    pub cost: Option<Money>,
    /// What is left.
    pub profit: Option<Money>,
    /// What the month will have cost if it goes on as it was watched so far.
    pub projected_cost: Option<Money>,
    /// What it may cost.
    pub budget: Option<Money>,
}

impl MonthToDate {
    /// Of the `past` of a month, which goes from its first instant up to when it is known; the month ends at `end`. Time
    /// before `began` was not watched, nor were the past's unwatched spans.
    pub fn of(past: &Past, began: Timestamp, end: Timestamp, budget: Option<Money>) -> Self {
        let totals = Totals::of(past).rounded(6);
        let from = past.since.max(began);
        let gaps = past.unwatched.iter().map(|(gap, to)| ((*to).min(past.until) - (*gap).max(from)).millis().max(0));
        let watched = (past.until - from).millis() - gaps.sum::<i64>();
        let left = (end - past.until).millis().max(0);
        let rest = |cost: Money| if left == 0 { Some(Money::ZERO) } else { cost.scaled(left, watched) };
        Self {
            since: past.since,
            until: past.until,
            revenue: totals.known_revenue(),
            cost: totals.cost,
            profit: totals.profit(),
            projected_cost: totals.cost.and_then(|cost| Some((cost + rest(cost)?).round_to(6))),
            budget,
        }
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
