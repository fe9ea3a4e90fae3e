//! Money for people: a sign, a symbol, thousands, and as many digits as the field holds.

use super::number::minus;
use super::{UNKNOWN, grouped, width};
use crate::units::{Money, Price, Tokens};

/// The sign that stands before an amount of a currency: `$`, `€`, or its code and a space.
pub fn symbol(currency: &str) -> String {
    match currency {
        "USD" => "$".to_owned(),
        "EUR" => "€".to_owned(),
        "GBP" => "£".to_owned(),
        "CNY" | "JPY" => "¥".to_owned(),
        other => format!("{} ", other.chars().take(4).collect::<String>()),
    }
}

/// The amount with `places` decimals, a minus where it is negative: `$312,407.18`, `−$4.12`.
pub fn amount(money: Option<Money>, currency: &str, places: u32) -> String {
    money.map_or_else(
        || UNKNOWN.to_owned(),
        |m| {
            let minus = minus(m.rounded(places) < 0);
            format!("{minus}{}{}", symbol(currency), digits(m, places))
        },
    )
}

/// The amount with cents if they fit `cells`, else whole, else in k, M, B or T.
pub fn amount_within(money: Option<Money>, currency: &str, cells: usize) -> String {
    let Some(money) = money else { return UNKNOWN.to_owned() };
    let sign = format!("{}{}", minus(money.rounded(2) < 0), symbol(currency));
    let room = cells.saturating_sub(width(&sign));
    format!("{sign}{}", digits_within(money, room))
}

/// The digits alone, without a sign, in at most `cells` cells where k, M, B or T allow it.
pub fn digits_within(money: Money, cells: usize) -> String {
    [2, 0]
        .into_iter()
        .map(|places| digits(money, places))
        .find(|text| text.len() <= cells)
        .unwrap_or_else(|| shortened(money.rounded(0).unsigned_abs()))
}

/// An amount for a column, without its currency: `51.42`, `22,531`, `−4.12`, `1.24M`.
pub fn bare(money: Option<Money>, cells: usize) -> String {
    money.map_or_else(
        || UNKNOWN.to_owned(),
        |m| {
            let minus = minus(m.rounded(2) < 0);
            format!("{minus}{}", column_digits(m, cells.saturating_sub(width(minus))))
        },
    )
}

/// A profit for a column: `+35.12`, `▼ −288`, `0.00`.
pub fn signed(money: Money, cells: usize) -> String {
    let sign = match money.rounded(2).signum() {
        0 => "",
        1 => "+",
        _ => "▼ −",
    };
    format!("{sign}{}", column_digits(money, cells.saturating_sub(width(sign))))
}

/// An amount of a column of whole amounts: `22,531`, `−4`, `1.24M`.
pub fn whole(money: Money, cells: usize) -> String {
    let minus = minus(money.rounded(0) < 0);
    format!("{minus}{}", whole_digits(money, cells.saturating_sub(width(minus))))
}

/// A profit of a column of whole amounts: `+35`, `▼ −288`, `0`.
pub fn signed_whole(money: Money, cells: usize) -> String {
    let sign = match money.rounded(0).signum() {
        0 => "",
        1 => "+",
        _ => "▼ −",
    };
    format!("{sign}{}", whole_digits(money, cells.saturating_sub(width(sign))))
}

fn whole_digits(money: Money, cells: usize) -> String {
    let text = digits(money, 0);
    if text.len() <= cells { text } else { shortened(money.rounded(0).unsigned_abs()) }
}

/// Whether an amount is written without cents: a thousand or more. In a column all amounts are, if one is.
pub fn is_whole(money: Money) -> bool {
    money.rounded(2).unsigned_abs() >= 100_000
}

/// A profit outside of a column, with its currency: `+$35.12`, `▼ −$288.00`, `$0.00`.
pub fn signed_amount(money: Money, currency: &str, cells: usize) -> String {
    let sign = match money.rounded(2).signum() {
        0 => "",
        1 => "+",
        _ => "▼ −",
    };
    let symbol = symbol(currency);
    format!("{sign}{symbol}{}", column_digits(money, cells.saturating_sub(width(sign) + width(&symbol))))
}

/// Cents below a thousand, whole above.
fn column_digits(money: Money, cells: usize) -> String {
    digits_within(money, if is_whole(money) { cells.min(7) } else { cells })
}

/// A price per million tokens or a GPU-hour: three digits that matter.
pub fn unit_price(money: Option<Money>, currency: &str) -> String {
    let places = match money.map(|m| m.rounded(4).unsigned_abs()) {
        Some(p) if p < 1_000 && p > 0 => 4,
        Some(p) if p < 10_000 && p > 0 => 3,
        _ => 2,
    };
    amount(money, currency, places)
}

/// A price per million tokens in as few decimals as it has, two at least and four at most: `2.19`, `0.0035`.
pub fn price_per_million(price: Price) -> String {
    let mut text = digits(price.of(Tokens::new(1_000_000)), 4);
    while text.ends_with('0') && text.rfind('.').is_some_and(|dot| text.len() - dot > 3) {
        text.pop();
    }
    text
}

/// The digits alone, without a sign: `312,407.18`.
pub fn digits(money: Money, places: u32) -> String {
    let rounded = money.rounded(places).unsigned_abs();
    if places == 0 {
        return grouped(rounded);
    }
    let scale = 10_u128.pow(places);
    format!("{}.{:0width$}", grouped(rounded / scale), rounded % scale, width = places as usize)
}

/// The digits alone, without a sign: cents below a thousand, whole above, in k, M, B or T where that is more than `cells`.
pub fn rounded_within(money: Money, cells: usize) -> String {
    let is_large = is_whole(money);
    let whole = digits(money, 0);
    if is_large && whole.len() <= cells { whole } else { digits_within(money, if is_large { 0 } else { cells }) }
}

/// An amount outside of a column, the same way: `$16.00`, `$22,531`, `−$4.12`.
pub fn rounded_amount(money: Option<Money>, currency: &str, cells: usize) -> String {
    let Some(money) = money else { return UNKNOWN.to_owned() };
    let sign = format!("{}{}", minus(money.rounded(2) < 0), symbol(currency));
    format!("{sign}{}", rounded_within(money, cells.saturating_sub(width(&sign))))
}

/// Whole units as three digits and k, M, B, T: integers only, truncated.
fn shortened(units: u128) -> String {
    let (scale, letter) = match units {
        0..1_000_000 => (1_000, 'k'),
        1_000_000..1_000_000_000 => (1_000_000, 'M'),
        1_000_000_000..1_000_000_000_000 => (1_000_000_000, 'B'),
        _ => (1_000_000_000_000, 'T'),
    };
    let rounded = |parts: u128| (units.saturating_mul(parts).saturating_add(scale / 2)) / scale;
    let (hundredths, tenths) = (rounded(100), rounded(10));
    if hundredths < 1_000 {
        format!("{}.{:02}{letter}", hundredths / 100, hundredths % 100)
    } else if tenths < 1_000 {
        format!("{}.{}{letter}", tenths / 10, tenths % 10)
    } else {
        format!("{}{letter}", grouped(rounded(1)))
    }
}

/// A round figure for the edge of a scale, in at most five cells: `7.5k`, `30`, `1.5T`.
pub fn round_figure(value: f64) -> String {
    const STEPS: [(f64, &str); 5] = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"), (1.0, "")];
    if !value.is_finite() || value >= 1e15 {
        return ">999T".to_owned();
    }
    let (scale, letter) = STEPS.into_iter().find(|(scale, _)| value >= *scale).unwrap_or((1.0, ""));
    let figure = format!("{:.2}", value / scale);
    let figure = figure.trim_end_matches('0').trim_end_matches('.');
    format!("{figure}{letter}")
}

/// A figure at a scale in at most five cells, three digits that matter: `29.0k`, `216`, `40k`, `0.5`.
pub fn axis_figure(value: f64) -> String {
    let round = round_figure(value);
    let digits = round.chars().filter(char::is_ascii_digit).count();
    if value < 1.0 || digits < 3 {
        return if width(&round) <= 5 { round } else { super::scaled_tight(Some(value)).trim().to_owned() };
    }
    super::scaled_tight(Some(value)).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::unnecessary_wraps, reason = "amounts are optional where they are shown")]
    fn dollars(micros: i64) -> Option<Money> {
        Some(Money::from_micros(micros))
    }

    #[test]
    fn sign_symbol_and_thousands() {
        assert_eq!(amount(dollars(312_407_180_000), "USD", 2), "$312,407.18");
        assert_eq!(amount(dollars(-4_120_000), "USD", 2), "−$4.12");
        assert_eq!(amount(dollars(-1), "EUR", 2), "€0.00");
        assert_eq!(amount(dollars(1_000_000), "CHF", 2), "CHF 1.00");
        assert_eq!(amount(None, "USD", 2), "–");
    }

    #[test]
    fn a_narrow_field_loses_cents_before_digits() {
        assert_eq!(amount_within(dollars(15_904_440_000), "USD", 10), "$15,904.44");
        assert_eq!(amount_within(dollars(15_904_440_000), "USD", 8), "$15,904");
        assert_eq!(amount_within(dollars(15_904_440_000), "USD", 6), "$15.9k");
        assert_eq!(amount_within(Some(Money::from_grains(i128::MAX)), "USD", 9), "$18,905T");
    }

    #[test]
    fn whole_amounts_have_no_cents() {
        let whole = |micros| dollars(micros).map(|money| (whole(money, 6), signed_whole(money, 9)));
        assert_eq!(whole(22_531_490_000), Some(("22,531".to_owned(), "+22,531".to_owned())));
        assert_eq!(whole(-288_400_000), Some(("−288".to_owned(), "▼ −288".to_owned())));
        assert_eq!(whole(400_000), Some(("0".to_owned(), "0".to_owned())));
        assert_eq!(whole(1_240_000_000_000), Some(("1.24M".to_owned(), "+1.24M".to_owned())));
    }

    #[test]
    fn a_small_price_keeps_its_digits() {
        assert_eq!(unit_price(dollars(43_300), "USD"), "$0.0433");
        assert_eq!(unit_price(dollars(433_000), "USD"), "$0.433");
        assert_eq!(unit_price(dollars(2_190_000), "USD"), "$2.19");
    }

    #[test]
    fn the_edge_of_a_scale_is_short() {
        let cases =
            [(30_000.0, "30k"), (7_500.0, "7.5k"), (0.75, "0.75"), (0.0, "0"), (1.5e12, "1.5T"), (1e20, ">999T")];
        for (value, text) in cases {
            assert_eq!(round_figure(value), text);
        }
    }
}
