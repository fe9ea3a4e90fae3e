//! Cells of profits in lists: that of a row, and that of the rows that do not fit.

use super::list::said;
use crate::snapshot::Bound;
use crate::tui::format;
use crate::tui::theme::Role;
use crate::tui::widgets::table::{Cell, MoneyCell, MoneySign};
use crate::units::Money;

/// A profit with its sign; a loss also has a glyph.
pub(super) fn profit(amount: Option<Money>) -> Cell<'static> {
    bounded_profit(amount, Bound::None)
}

/// The same of a profit on one side of the true one.
pub(super) fn bounded_profit(amount: Option<Money>, bound: Bound) -> Cell<'static> {
    let cell = |money| Cell::Amount(MoneyCell { money, sign: MoneySign::Profit, cells: 9, bound });
    amount.map_or_else(Cell::unknown, cell)
}

/// The profit of rows that do not fit, each with its cost. Rows without a price have a profit of at least their cost as a
/// loss, so that the sum is a lower bound, `≥`; where a few are unknown it is about that of the others, `≈`.
pub(super) fn hidden_profit(rows: impl Iterator<Item = (Option<Money>, Option<Money>)>) -> Cell<'static> {
    let (mut sum, mut known, mut bounded, mut unknown) = (Money::ZERO, 0_usize, 0_usize, 0_usize);
    for (profit, cost) in rows {
        match (profit, cost) {
            (Some(profit), _) => (sum, known) = (sum + profit, known + 1),
            (None, Some(cost)) => (sum, bounded) = (sum - cost, bounded + 1),
            (None, None) => unknown += 1,
        }
    }
    let mark = match (bounded, unknown) {
        (_, unknown) if unknown >= known + bounded => return Cell::unknown(),
        (0, 0) => return profit(Some(sum)),
        (_, 0) => "≥",
        _ => "≈",
    };
    let role = if sum < Money::ZERO { Role::Loss } else { Role::Gain };
    said(role, format!("{mark} {}", format::signed(sum, 7).trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_hidden_rows_is_marked_for_what_it_lacks() {
        let units = |units: i64| Some(Money::from_micros(units * 1_000_000));
        let text = |rows: &[(Option<Money>, Option<Money>)]| match hidden_profit(rows.iter().copied()) {
            Cell::Text(segments) => segments.iter().map(|segment| segment.text.to_string()).collect(),
            _ => String::new(),
        };
        assert_eq!(hidden_profit([(units(3), units(1)), (units(2), None)].into_iter()), profit(units(5)));
        assert_eq!(text(&[(units(30), units(1)), (None, units(4))]), "≥ +26.00");
        assert_eq!(text(&[(units(30), units(1)), (units(4), None), (None, None)]), "≈ +34.00");
        assert_eq!(text(&[(units(30), None), (None, None)]), "–");
    }
}
