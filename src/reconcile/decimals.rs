//! The decimal separator of a file, determined for the whole file.

use crate::units::Money;

/// The decimal separator; the other sign groups thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decimals {
    /// `1,234.50`.
    Point,
    /// `1.234,50`.
    Comma,
}

/// What one number tells about the separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DecimalHint {
    Nothing,
    Is(Decimals),
    /// `1,234` or `1.234`: thousands or decimals.
    Either,
}

impl Decimals {
    /// The one separator of all these cells, each with the number of its line.
    ///
    /// # Errors
    /// Two cells that contradict each other, or one that is ambiguous if nothing else decides, and what to write
    /// instead.
    pub(super) fn of<'a>(cells: impl Iterator<Item = (usize, &'a str)>, separator: char) -> Result<Self, String> {
        let (mut found, mut unclear) = (None, None);
        for (number, cell) in cells {
            match (hint(cell), found) {
                (DecimalHint::Is(sign), Some((other, line, first))) if sign != other => {
                    return Err(format!(
                        "line {line} has \"{first}\" and line {number} \"{cell}\", one with a decimal point and one with a \
                         decimal comma: write all numbers of the file like 1234.50"
                    ));
                }
                (DecimalHint::Is(sign), _) => found = found.or(Some((sign, number, cell))),
                (DecimalHint::Either, _) => unclear = unclear.or(Some((number, cell))),
                (DecimalHint::Nothing, _) => {}
            }
        }
        match (found, unclear) {
            (Some((sign, ..)), _) => Ok(sign),
            // If a semicolon separates values, a comma is usually the decimal separator.
            (None, Some((number, cell))) if separator == ';' => Err(format!(
                "line {number}: \"{cell}\" may be thousands or have decimals: write all numbers of the file like 1234.50"
            )),
            _ => Ok(Self::Point),
        }
    }

    /// An exact decimal number: `1,234.50`, `(12.00)`, `1.2e-05`, with or without a currency sign, which comes first.
    /// Digits after the fifteenth decimal are left out.
    pub(super) fn amount(self, text: &str) -> Option<(Option<String>, Money)> {
        let (negative, unit, number) = parts(text)?;
        let (number, exponent) = match number.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (number, 0),
        };
        let grains = grains(&self.plain(number)?, exponent)?;
        let unit = (!unit.is_empty()).then_some(unit);
        Some((unit, Money::from_grains(if negative { -grains } else { grains })))
    }

    /// A count of tokens: a whole number, or one with zeros as its decimals.
    pub(super) fn count(self, text: &str) -> Option<u64> {
        let text = text.trim();
        if text.is_empty() || text.eq_ignore_ascii_case("null") {
            return Some(0);
        }
        let plain = self.plain(text)?;
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        fraction.bytes().all(|b| b == b'0').then(|| whole.parse().ok()).flatten()
    }

    /// The number with a decimal point and without groups; `None` if its groups do not have three digits.
    fn plain(self, number: &str) -> Option<String> {
        let (sign, group) = match self {
            Self::Point => ('.', ','),
            Self::Comma => (',', '.'),
        };
        let number = ungrouped(number);
        let (whole, fraction) = number.split_once(sign).unwrap_or((&number, ""));
        let is_whole = !fraction.contains(['.', ',']) && (!whole.contains(group) || is_grouped(whole, group));
        let whole = whole.replace(group, "");
        is_whole.then(|| if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") })
    }
}

/// Whether an amount is negative by brackets, its currency, and its number.
fn parts(text: &str) -> Option<(bool, String, &str)> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        Some(text) => (true, text),
        None => (false, text),
    };
    // Letters are an exponent between digits, or a currency at either end.
    let number = text.trim_matches(|c: char| !c.is_ascii_digit() && !".,-+".contains(c));
    let unit = text.replacen(number, "", 1).trim().to_owned();
    (!number.is_empty()).then_some((negative, unit, number))
}

/// A number with a decimal point and no groups, times a power of ten, in the unit of [`Money`](crate::units::Money).
fn grains(number: &str, exponent: i32) -> Option<i128> {
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !all(whole) || !all(fraction) || whole.len() + fraction.len() == 0 || exponent.abs() > 30 {
        return None;
    }
    // The place of the last digit in femtos.
    let mut places = 15 - i32::try_from(fraction.len()).ok()? + exponent;
    let mut count: i128 = format!("0{whole}{fraction}").parse().ok()?;
    while places < 0 && count != 0 {
        (count, places) = (count / 10, places + 1);
    }
    let femtos = count.checked_mul(10_i128.checked_pow(u32::try_from(places.max(0)).ok()?)?)?;
    let grains = femtos.checked_mul(Money::GRAINS_PER_FEMTO)?;
    Some(if negative { -grains } else { grains })
}

/// Without the signs that only group thousands.
fn ungrouped(number: &str) -> String {
    number.replace(['\'', '\u{2019}', ' ', '\u{a0}', '\u{202f}'], "")
}

fn hint(cell: &str) -> DecimalHint {
    let Some((_, _, number)) = parts(cell) else { return DecimalHint::Nothing };
    let number = ungrouped(number.split(['e', 'E']).next().unwrap_or_default());
    match (number.matches('.').count(), number.matches(',').count()) {
        (0, 0) => DecimalHint::Nothing,
        (0, 1) if is_grouped(&number, ',') => DecimalHint::Either,
        (1, 0) if is_grouped(&number, '.') => DecimalHint::Either,
        (0, 1) => DecimalHint::Is(Decimals::Comma),
        (1, 0) => DecimalHint::Is(Decimals::Point),
        (0, _) if is_grouped(&number, ',') => DecimalHint::Is(Decimals::Point),
        (_, 0) if is_grouped(&number, '.') => DecimalHint::Is(Decimals::Comma),
        (0, _) | (_, 0) => DecimalHint::Nothing,
        _ if number.rfind(',') > number.rfind('.') => DecimalHint::Is(Decimals::Comma),
        _ => DecimalHint::Is(Decimals::Point),
    }
}

/// Whether digits are in groups of three after one of one to three digits that is not zero.
fn is_grouped(number: &str, group: char) -> bool {
    let mut groups = number.trim_start_matches(['-', '+']).split(group);
    let first = groups.next().unwrap_or_default();
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let begins = (1..=3).contains(&first.len()) && is_digits(first) && !first.starts_with('0');
    begins && groups.all(|digits| digits.len() == 3 && is_digits(digits))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_invoices_and_programs_write_them() {
        for (text, micros, unit) in [
            ("1,234.50", 1_234_500_000, None),
            ("$1,234.50", 1_234_500_000, Some("$")),
            ("12.00 EUR", 12_000_000, Some("EUR")),
            ("(3.10)", -3_100_000, None),
            ("-0.000001", -1, None),
            ("1.2e-05", 12, None),
            ("1.2E3", 1_200_000_000, None),
            ("0.0000014999999999999", 1, None),
            (".5", 500_000, None),
            ("1'234.50", 1_234_500_000, None),
        ] {
            let (separator, amount) = Decimals::Point.amount(text).unwrap();
            assert_eq!((amount.rounded(6), separator.as_deref()), (micros, unit), "{text}");
        }
        for (text, micros, unit) in [
            ("1.234,56", 1_234_560_000, None),
            ("107,28 EUR", 107_280_000, Some("EUR")),
            ("€ 1 234,56", 1_234_560_000, Some("€")),
            (",5", 500_000, None),
            ("1,2e-05", 12, None),
        ] {
            let (separator, amount) = Decimals::Comma.amount(text).unwrap();
            assert_eq!((amount.rounded(6), separator.as_deref()), (micros, unit), "{text}");
        }
        for text in ["", "n/a", "1.2.3", "--1", "1e99", "EUR", "107,28", "1,2,3.00", "1.234,56", "12,34,567.00"] {
            assert_eq!(Decimals::Point.amount(text), None, "{text}");
        }
        let count = |text| Decimals::Point.count(text);
        assert_eq!((count("12"), count("12.0"), count("1.5"), count("-1")), (Some(12), Some(12), None, None));
        assert_eq!(count("NULL"), Some(0));
        assert_eq!((count("1,234"), count("12,34"), count("")), (Some(1_234), None, Some(0)));
        assert_eq!(Decimals::Comma.count("1.234"), Some(1_234));
    }

    /// Class: decimals that are read as thousands.
    #[test]
    fn the_whole_file_decides_what_its_commas_are() {
        let of = |separator, cells: &[&str]| Decimals::of((2..).zip(cells.iter().copied()), separator);
        for cells in [&["107,28"][..], &["50,02", "1.234"], &["1.234,56"], &["1.234.567"], &["0,125", "5"]] {
            assert_eq!(of(';', cells), Ok(Decimals::Comma), "{cells:?}");
        }
        for cells in [&["107.28"][..], &["50.02", "1,234"], &["$1,234.56"], &["1,234,567"], &["7", ""], &["1e2"]] {
            assert_eq!(of(';', cells), Ok(Decimals::Point), "{cells:?}");
        }
        assert_eq!(of(',', &["1,234"]), Ok(Decimals::Point));
        let mixed = of(',', &["50.02", "107,28"]).unwrap_err();
        assert!(mixed.contains("line 2 has \"50.02\" and line 3 \"107,28\"") && mixed.contains("1234.50"), "{mixed}");
        let unclear = of(';', &["5", "1,234"]).unwrap_err();
        assert!(unclear.contains("line 3: \"1,234\" may be thousands") && unclear.contains("1234.50"), "{unclear}");
    }
}
