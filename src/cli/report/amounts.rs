//! Formats amounts and ratios for the tables of a report.

use crate::tui::format;
use crate::units::{Money, Ratio};

/// An amount without its currency: `-1,234.50`, `–` if unknown.
pub(super) fn amount(money: Option<Money>, places: u32) -> String {
    money.map_or_else(
        || format::UNKNOWN.to_owned(),
        |money| {
            let minus = if money.rounded(places) < 0 { "-" } else { "" };
            format!("{minus}{}", format::digits(money, places))
        },
    )
}

/// An amount with its sign.
pub(super) fn signed(money: Option<Money>, places: u32) -> String {
    let plus = money.is_some_and(|money| money.rounded(places) > 0);
    format!("{}{}", if plus { "+" } else { "" }, amount(money, places))
}

/// A ratio in percent; unknown is a dash.
pub(super) fn percent(ratio: Option<Ratio>) -> String {
    format::percent1(ratio).trim().to_owned()
}
