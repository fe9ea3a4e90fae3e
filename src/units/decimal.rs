//! Exact conversion of decimal strings to scaled integers.

use std::fmt;

/// Why a decimal string was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecimalError {
    /// Not of the form `digits[.digits]`.
    NotDecimal,
    /// A minus sign: prices, rates and shares are not negative.
    Negative,
    /// More places than the quantity holds; the number is the most that it holds.
    TooManyPlaces(u32),
    /// Larger than the type of the quantity holds.
    TooLarge,
    /// Above the largest valid value; the number is that value.
    Above(u32),
    /// Below the smallest valid value; the number is that value.
    TooSmall(u32),
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDecimal => f.write_str("not a decimal number: write it like \"0.55\""),
            Self::Negative => f.write_str("negative: write an amount of 0 or more"),
            Self::TooManyPlaces(places) => {
                write!(f, "more than {places} decimal places: round it to {places}")
            }
            Self::TooLarge => f.write_str("too large"),
            Self::Above(1) => f.write_str("too large: a share is between 0 and 1, write it like \"0.37\""),
            Self::Above(most) => write!(f, "too large: write {most} or less"),
            Self::TooSmall(least) => write!(f, "too small: write {least} or more"),
        }
    }
}

impl std::error::Error for DecimalError {}

/// Writes millionths as a decimal number with as many places as it needs: `1.2`, `200`.
pub(super) fn write_millionths(f: &mut fmt::Formatter<'_>, millionths: i64) -> fmt::Result {
    let (whole, rest) = (millionths / 1_000_000, millionths % 1_000_000);
    if rest == 0 {
        return write!(f, "{whole}");
    }
    write!(f, "{whole}.{}", format!("{rest:06}").trim_end_matches('0'))
}

/// Reads `text` as an integer count of `10^-places`.
///
/// `parse_scaled("0.55", 9)` is `550_000_000`. Digits may be grouped by `_`. Nothing is rounded: a digit beyond
/// `places` is an error unless it is a zero.
///
/// # Errors
/// [`DecimalError`] says which rule the text broke.
pub fn parse_scaled(text: &str, places: u32) -> Result<i64, DecimalError> {
    let text = text.trim();
    if text.starts_with('-') {
        return Err(DecimalError::Negative);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() && fraction.is_empty() {
        return Err(DecimalError::NotDecimal);
    }
    let fraction = fraction.trim_end_matches('0');
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DecimalError::NotDecimal);
    }
    if fraction.len() > places as usize {
        return Err(DecimalError::TooManyPlaces(places));
    }
    let mut value: i64 = 0;
    for byte in whole.bytes().filter(|b| *b != b'_').chain(fraction.bytes()) {
        value = push_digit(value, byte)?;
    }
    for _ in fraction.len()..places as usize {
        value = push_digit(value, b'0')?;
    }
    Ok(value)
}

fn push_digit(value: i64, byte: u8) -> Result<i64, DecimalError> {
    if !byte.is_ascii_digit() {
        return Err(DecimalError::NotDecimal);
    }
    value.checked_mul(10).and_then(|v| v.checked_add(i64::from(byte - b'0'))).ok_or(DecimalError::TooLarge)
}

/// Decimal quantities are serialised as strings, so that no float is between a file and the ledger.
macro_rules! decimal_string {
    ($name:ident, $places:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let scale = 10_i128.pow($places);
                let (whole, fraction) = (i128::from(self.0) / scale, i128::from(self.0) % scale);
                let digits = format!("{fraction:0width$}", width = $places);
                let kept = digits.trim_end_matches('0').len().max(2);
                write!(f, "{whole}.{}", &digits[..kept])
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(super) use decimal_string;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_price_page_prints() {
        assert_eq!(parse_scaled("0.55", 9), Ok(550_000_000));
        assert_eq!(parse_scaled("2", 6), Ok(2_000_000));
        assert_eq!(parse_scaled(".5", 3), Ok(500));
        assert_eq!(parse_scaled("0.0036250", 6), Ok(3625));
        assert_eq!(parse_scaled("1_000", 0), Ok(1000));
    }

    #[test]
    fn refuses_what_it_cannot_hold() {
        assert_eq!(parse_scaled("-1", 9), Err(DecimalError::Negative));
        assert_eq!(parse_scaled("NaN", 9), Err(DecimalError::NotDecimal));
        assert_eq!(parse_scaled("", 9), Err(DecimalError::NotDecimal));
        assert_eq!(parse_scaled(".", 9), Err(DecimalError::NotDecimal));
        assert_eq!(parse_scaled("1e3", 9), Err(DecimalError::NotDecimal));
        assert_eq!(parse_scaled("0.1234567891", 9), Err(DecimalError::TooManyPlaces(9)));
        assert_eq!(parse_scaled("99999999999999999999", 0), Err(DecimalError::TooLarge));
    }
}
