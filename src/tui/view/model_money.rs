//! The cost per hour of a row of models, and whether the row is of a model.

use crate::snapshot::ModelRow;
use crate::units::Money;

pub(super) fn is_beside(row: &ModelRow) -> bool {
    row.model.as_str().starts_with('(')
}

/// Its cost per hour: revenue less profit; for a row without a model, the amount that it reduces the profit by.
pub(super) fn cost(row: &ModelRow) -> Option<Money> {
    if is_beside(row) {
        return row.money.profit_per_hour.map(|profit| Money::ZERO - profit);
    }
    Some(row.money.revenue_per_hour? - row.money.profit_per_hour?)
}
