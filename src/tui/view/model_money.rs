//! The cost per hour of a row of models, and whether the row is of a model.

use crate::snapshot::{ModelRow, NonModelProfit, Snapshot};
use crate::statement::RowKind;
use crate::units::Money;

pub(super) fn is_beside(row: &ModelRow) -> bool {
    row.model.as_str().starts_with('(')
}

/// Its cost per hour: revenue less profit, or the cost alone of a model without a price; for a row without a model, the
/// amount that it reduces the profit by.
pub(super) fn cost(row: &ModelRow) -> Option<Money> {
    if is_beside(row) {
        return row.money.profit_per_hour.map(|profit| Money::ZERO - profit);
    }
    match (row.money.revenue_per_hour, row.money.profit_per_hour) {
        (Some(revenue), Some(profit)) => Some(revenue - profit),
        _ => row.money.cost_per_hour,
    }
}

/// The cost per hour of the models without a profit, which their own rows show.
fn unpriced(snapshot: &Snapshot) -> Money {
    let without = snapshot.models.iter().filter(|row| row.money.profit_per_hour.is_none());
    without.filter_map(|row| row.money.cost_per_hour).sum()
}

/// The profit per hour that is in no model's row: the cost of models without a price is in theirs.
pub(super) fn profit_beside_models(snapshot: &Snapshot) -> Vec<NonModelProfit> {
    let unpriced = unpriced(snapshot);
    let is_unpriced = |row: &NonModelProfit| row.name.as_str() == RowKind::Unpriced.name();
    let rest =
        |row: &NonModelProfit| if is_unpriced(row) { row.profit_per_hour + unpriced } else { row.profit_per_hour };
    let rows = snapshot.money.profit_beside_models.iter();
    let rows = rows.map(|row| NonModelProfit { name: row.name.clone(), profit_per_hour: rest(row) });
    rows.filter(|row| row.profit_per_hour.rounded(2) != 0).collect()
}
