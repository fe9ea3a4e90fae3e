//! The format of a change of profit.

use crate::tui::format;
use crate::tui::theme::Role;
use crate::units::Money as Amount;

/// A change of profit with its glyph and sign, in at most `cells` cells.
pub(super) fn change(amount: Amount, cells: usize) -> (Role, String) {
    let size = if amount < Amount::ZERO { Amount::ZERO - amount } else { amount };
    match amount.rounded(2).signum() {
        0 => (Role::Dim, "0".to_owned()),
        1 => (Role::Gain, format!("▲ +{}", format::bare(Some(size), cells))),
        _ => (Role::Loss, format!("▼ −{}", format::bare(Some(size), cells))),
    }
}
