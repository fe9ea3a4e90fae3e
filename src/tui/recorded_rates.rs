//! Amounts an hour of an earlier instant: those of rows are kept with fewer digits than those of the fleet, and add up to
//! them again.

use super::figures_of::number;
use crate::snapshot::{ModelRow, MoneyView, NodeRow};
use crate::units::Money;

/// The share of a sum by which the amounts of its rows may miss it for want of digits.
const ERROR: f64 = 1.0 / 250.0;

/// Gives the rows of nodes the digits that make them add up to the fleet.
pub(super) fn of_nodes(nodes: &mut [NodeRow], fleet: &MoneyView) {
    add_up(fleet.revenue_per_hour, nodes.iter_mut().map(|row| &mut row.revenue_per_hour));
    add_up(fleet.cost_per_hour, nodes.iter_mut().map(|row| &mut row.cost_per_hour));
    for row in nodes.iter_mut().filter(|row| row.profit_per_hour.is_some()) {
        row.profit_per_hour = row.revenue_per_hour.zip(row.cost_per_hour).map(|(revenue, cost)| revenue - cost);
    }
}

/// The same for models.
pub(super) fn of_models(models: &mut [ModelRow], fleet: &MoneyView) {
    add_up(fleet.revenue_per_hour, models.iter_mut().map(|row| &mut row.money.revenue_per_hour));
    add_up(fleet.cost_per_hour, models.iter_mut().map(|row| &mut row.money.cost_per_hour));
    for money in models.iter_mut().map(|row| &mut row.money).filter(|money| money.profit_per_hour.is_some()) {
        money.profit_per_hour = money.revenue_per_hour.zip(money.cost_per_hour).map(|(revenue, cost)| revenue - cost);
    }
}

/// Scales amounts to a sum that they miss by no more than the error of their digits; each is the difference of two rounded
/// running sums.
fn add_up<'m>(total: Option<Money>, rows: impl Iterator<Item = &'m mut Option<Money>>) {
    const MICROS: f64 = 1e6;
    let mut rows: Vec<&mut Money> = rows.filter_map(Option::as_mut).collect();
    let Some(total) = number(total).filter(|total| *total > 0.0) else { return };
    let sum: f64 = rows.iter().filter_map(|row| number(Some(**row))).sum();
    if sum <= 0.0 || (total - sum).abs() > ERROR * sum {
        return;
    }
    let (mut upto, mut shown) = (0.0, 0_i64);
    for row in &mut rows {
        upto += number(Some(**row)).unwrap_or(0.0);
        let micros = (upto * total / sum * MICROS).round() as i64;
        **row = Money::from_micros(micros - shown);
        shown = micros;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(total: i64, rows: &[Option<i64>]) -> Vec<Option<i64>> {
        let mut amounts: Vec<Option<Money>> = rows.iter().map(|row| row.map(Money::from_micros)).collect();
        add_up(Some(Money::from_micros(total)), amounts.iter_mut());
        amounts.into_iter().map(|amount| amount.map(|amount| amount.rounded(6) as i64)).collect()
    }

    /// Class: rows of the past miss their total by cents.
    #[test]
    fn rows_with_few_digits_add_up_to_their_sum() {
        let rows = scaled(776_100_000, &[Some(600_000_000), None, Some(176_000_000)]);
        assert_eq!(rows.iter().flatten().sum::<i64>(), 776_100_000);
        assert!(rows[0].is_some_and(|row| (row - 600_077_320).abs() < 10) && rows[1].is_none(), "{rows:?}");
        let part = [Some(600_000_000), Some(100_000_000)];
        assert_eq!(scaled(776_100_000, &part), part, "some of the sum is in no row");
        assert_eq!(scaled(0, &[Some(5)]), [Some(5)]);
    }
}
