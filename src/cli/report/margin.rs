//! The ratios of a revenue and a cost, each under its own name.

use crate::units::{Money, Ratio};

/// Profit divided by cost; `None` where nothing was paid.
pub(super) fn profit_on_cost(revenue: Money, cost: Money) -> Option<Ratio> {
    quotient(revenue - cost, cost)
}

/// Profit divided by revenue; `None` where nothing was earned.
pub(super) fn gross_margin(revenue: Money, cost: Money) -> Option<Ratio> {
    quotient(revenue - cost, revenue)
}

fn quotient(part: Money, whole: Money) -> Option<Ratio> {
    if whole <= Money::ZERO { None } else { Ratio::of(part.grains() as f64, whole.grains() as f64) }
}
