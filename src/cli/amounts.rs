//! Formats amounts and ratios for printed text. Their minus is `-`, which other programs read.

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

/// A ratio in percent, with a decimal below 100 %; unknown is a dash. Its minus is that of the amounts, which other programs
/// read.
pub(super) fn percent(ratio: Option<Ratio>) -> String {
    let is_small = ratio.is_some_and(|ratio| ratio.get().abs() < 0.9995);
    percent_with(ratio, usize::from(is_small))
}

/// A ratio in percent with one decimal, however large.
pub(super) fn percent1(ratio: Option<Ratio>) -> String {
    percent_with(ratio, 1)
}

fn percent_with(ratio: Option<Ratio>, places: usize) -> String {
    let Some(percent) = ratio.map(|ratio| ratio.get() * 100.0) else { return format::UNKNOWN.to_owned() };
    if percent.abs() >= 99_999.5 {
        return format!("{}99,999 %", if percent < 0.0 { "<-" } else { ">" });
    }
    let text = format!("{:.places$}", percent.abs());
    let (whole, decimal) = text.split_at(text.find('.').unwrap_or(text.len()));
    // A small loss is not printed as "-0".
    let is_nothing = text.chars().all(|c| matches!(c, '0' | '.'));
    let minus = if percent < 0.0 && !is_nothing { "-" } else { "" };
    format!("{minus}{}{decimal} %", format::grouped(whole.parse().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Class: two minus signs in one row.
    #[test]
    fn amounts_and_ratios_have_one_minus_and_groups_of_three_digits() {
        let ratio = |ratio: f64| percent(Ratio::new(ratio));
        assert_eq!(amount(Some(Money::from_micros(-1_234_500_000)), 2), "-1,234.50");
        assert_eq!([ratio(-0.237), ratio(-1.5), ratio(0.56), ratio(5.45)], ["-23.7 %", "-150 %", "56.0 %", "545 %"]);
        assert_eq!([ratio(136.02), ratio(-12.3), ratio(9.996)], ["13,602 %", "-1,230 %", "1,000 %"]);
        assert_eq!([ratio(2_000.0), ratio(-2_000.0)], [">99,999 %", "<-99,999 %"]);
        let precise = |ratio: f64| percent1(Ratio::new(ratio));
        assert_eq!([precise(5.4561), precise(137.342), precise(-0.0004)], ["545.6 %", "13,734.2 %", "0.0 %"]);
        assert_eq!([precise(-13.0), precise(2_000.0)], ["-1,300.0 %", ">99,999 %"]);
        assert_eq!([percent(None), percent1(None)], ["–", "–"]);
    }
}
