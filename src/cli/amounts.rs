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

/// A ratio in percent; unknown is a dash. Its minus is that of the amounts, which other programs read.
pub(super) fn percent(ratio: Option<Ratio>) -> String {
    let text = format::percent1(ratio).trim().replace('−', "-");
    match ratio.map(|ratio| ratio.get() * 100.0) {
        Some(percent) if percent <= -99_999.5 => "<-99,999 %".to_owned(),
        Some(percent) if (999.5..99_999.5).contains(&percent.abs()) => {
            let sign = if percent < 0.0 { "-" } else { "" };
            format!("{sign}{} %", format::grouped(percent.abs().round() as u128))
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Class: two signs for the same in one row.
    #[test]
    fn amounts_and_ratios_have_one_minus_and_groups_of_three_digits() {
        let ratio = |ratio: f64| percent(Ratio::new(ratio));
        assert_eq!(amount(Some(Money::from_micros(-1_234_500_000)), 2), "-1,234.50");
        assert_eq!([ratio(-0.237), ratio(-1.5), ratio(0.56), ratio(5.45)], ["-23.7 %", "-150 %", "56.0 %", "545 %"]);
        assert_eq!([ratio(136.02), ratio(-12.3), ratio(9.996)], ["13,602 %", "-1,230 %", "1,000 %"]);
        assert_eq!([ratio(2_000.0), ratio(-2_000.0)], [">99,999 %", "<-99,999 %"]);
        assert_eq!(percent(None), "–");
    }
}
