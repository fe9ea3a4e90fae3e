//! What a model's row costs an hour, and whether it is a model's at all.

use crate::snapshot::ModelRow;
use crate::units::Money;

pub(super) fn is_beside(row: &ModelRow) -> bool {
    row.model.as_str().starts_with('(')
}

/// Its rent an hour: revenue less profit; of what is in no row, what it takes off.
pub(super) fn cost(row: &ModelRow) -> Option<Money> {
    if is_beside(row) {
        return row.money.profit_per_hour.map(|profit| Money::ZERO - profit);
    }
    Some(row.money.revenue_per_hour? - row.money.profit_per_hour?)
}
