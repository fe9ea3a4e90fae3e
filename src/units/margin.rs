//! The two ratios of revenue and cost, each under its own name: 545 % and 84.5 % are the same day.
//!
//! A quotient with a divisor of zero is unknown, never infinite. The ratios are for display; no ledger sums them.

use super::{Money, Ratio};

/// Profit divided by cost; `None` if the cost is zero.
pub fn profit_on_cost(revenue: Money, cost: Money) -> Option<Ratio> {
    quotient(revenue - cost, cost)
}

/// Profit divided by revenue; `None` if the revenue is zero.
pub fn gross_margin(revenue: Money, cost: Money) -> Option<Ratio> {
    quotient(revenue - cost, revenue)
}

/// The part of this load at which revenue would equal the same cost; above 1 at a loss, `None` if the revenue is zero.
pub fn break_even_load(revenue: Money, cost: Money) -> Option<Ratio> {
    quotient(cost, revenue)
}

/// `part` divided by `whole`, unless the whole is zero or less.
pub fn quotient(part: Money, whole: Money) -> Option<Ratio> {
    if whole <= Money::ZERO { None } else { Ratio::of(part.grains() as f64, whole.grains() as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(units: i64) -> Money {
        Money::from_micros(units * 1_000_000)
    }

    fn percent(ratio: Option<Ratio>) -> Option<String> {
        ratio.map(|ratio| format!("{:.4}", ratio.get() * 100.0))
    }

    #[test]
    fn the_published_day_has_both_margins() {
        let (revenue, cost) = (dollars(562_027), dollars(87_072));
        assert_eq!(percent(profit_on_cost(revenue, cost)).as_deref(), Some("545.4739"));
        assert_eq!(percent(gross_margin(revenue, cost)).as_deref(), Some("84.5075"));
        assert_eq!(percent(break_even_load(revenue, cost)).as_deref(), Some("15.4925"));
    }

    #[test]
    fn nothing_is_divided_by_nothing() {
        let (some, none) = (dollars(48), Money::ZERO);
        assert_eq!(percent(profit_on_cost(none, some)).as_deref(), Some("-100.0000"));
        assert_eq!((gross_margin(none, some), break_even_load(none, some)), (None, None));
        assert_eq!((profit_on_cost(some, none), profit_on_cost(none, none)), (None, None));
        assert_eq!(percent(gross_margin(some, none)).as_deref(), Some("100.0000"));
        assert_eq!(gross_margin(-some, some), None);
    }
}
