//! Amounts an hour and tokens a second of an earlier instant. Those of rows are stored with fewer digits than those of the
//! fleet: they are corrected so that they add up.

use super::figures_of::number;
use crate::reading::EngineRole;
use crate::snapshot::{EngineRow, ModelRow, MoneyView, NodeRow, TokenTotals};
use crate::units::Money;

/// The share of a sum by which the amounts of its rows may miss it for want of digits.
const ERROR: f64 = 1.0 / 250.0;

/// Gives the rows of nodes the digits that make them add up to the fleet.
pub(super) fn of_nodes(nodes: &mut [NodeRow], fleet: &MoneyView, tokens: &TokenTotals) {
    rates_add_up(tokens.prompt_per_second, nodes.iter_mut().map(|row| &mut row.prompt_per_second));
    rates_add_up(tokens.output_per_second, nodes.iter_mut().map(|row| &mut row.output_per_second));
    add_up(fleet.revenue_per_hour, nodes.iter_mut().map(|row| &mut row.revenue_per_hour));
    add_up(fleet.cost_per_hour, nodes.iter_mut().map(|row| &mut row.cost_per_hour));
    for row in nodes.iter_mut().filter(|row| row.profit_per_hour.is_some()) {
        row.profit_per_hour = row.revenue_per_hour.zip(row.cost_per_hour).map(|(revenue, cost)| revenue - cost);
    }
}

/// The same for models.
pub(super) fn of_models(models: &mut [ModelRow], fleet: &MoneyView, tokens: &TokenTotals) {
    rates_add_up(tokens.prompt_per_second, models.iter_mut().map(|row| &mut row.prompt_per_second));
    rates_add_up(tokens.output_per_second, models.iter_mut().map(|row| &mut row.output_per_second));
    add_up(fleet.revenue_per_hour, models.iter_mut().map(|row| &mut row.money.revenue_per_hour));
    add_up(fleet.cost_per_hour, models.iter_mut().map(|row| &mut row.money.cost_per_hour));
    for money in models.iter_mut().map(|row| &mut row.money).filter(|money| money.profit_per_hour.is_some()) {
        money.profit_per_hour = money.revenue_per_hour.zip(money.cost_per_hour).map(|(revenue, cost)| revenue - cost);
    }
}

/// The same for the tokens of engines: prompts that prefill computed are not those of decode, and ranks are in their engine's
/// row.
pub(super) fn of_engines(engines: &mut [EngineRow], tokens: &TokenTotals) {
    let own = || engines.iter().filter(|row| !row.in_engine_row);
    let prompt =
        factor(tokens.prompt_per_second, own().filter(|row| computes(row.role)).map(|row| row.prompt_per_second));
    let output =
        factor(tokens.output_per_second, own().filter(|row| decodes(row.role)).map(|row| row.output_per_second));
    for row in engines {
        row.prompt_per_second = row.prompt_per_second.map(|rate| rate * prompt);
        row.output_per_second = row.output_per_second.map(|rate| rate * output);
    }
}

fn computes(role: EngineRole) -> bool {
    role != EngineRole::Decode
}

fn decodes(role: EngineRole) -> bool {
    role != EngineRole::Prefill
}

/// Scales tokens a second to a sum that they miss by no more than the error of their digits.
fn rates_add_up<'m>(total: Option<f64>, rows: impl Iterator<Item = &'m mut Option<f64>>) {
    let mut rows: Vec<&mut Option<f64>> = rows.collect();
    let factor = factor(total, rows.iter().map(|row| **row));
    for rate in rows.iter_mut().filter_map(|row| row.as_mut()) {
        *rate *= factor;
    }
}

/// What rows are multiplied by to add up to a sum; 1 where they miss it by more than the error of their digits.
fn factor(total: Option<f64>, rows: impl Iterator<Item = Option<f64>>) -> f64 {
    let sum: f64 = rows.flatten().sum();
    match total {
        Some(total) if sum > 0.0 && total > 0.0 && (total - sum).abs() <= ERROR * sum => total / sum,
        _ => 1.0,
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
