//! Parses prices that other programs write as floats or decimal strings.

use serde_json::value::RawValue;

use crate::units::{Decimal, Price};

/// An unusable price: negative, not a number, too large, or with more than nine decimals per million.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused;

/// Parses a price and shifts its decimal point by `places` to the right: 6 converts a price per token to one per million.
/// `None` without a value. Floating-point noise is repaired and counted in `repaired`.
pub(super) fn price(value: Option<&RawValue>, places: i32, repaired: &mut usize) -> Result<Option<Price>, Refused> {
    let written = match value.map(RawValue::get) {
        None | Some("null") => return Ok(None),
        Some(text) => text.trim_matches('"'),
    };
    let per_million = Decimal::parse(written).map_err(|_| Refused)?.shifted(places);
    let nanos = if let Ok(exact) = per_million.scaled(9) {
        exact
    } else {
        let nanos = shortest(per_million).ok_or(Refused)?;
        *repaired += 1;
        nanos
    };
    Some(Price::from_nanos(nanos)).filter(|price| *price <= Price::MOST).map(Some).ok_or(Refused)
}

/// The decimal with the fewest places within a billionth of `number`, in billionths.
fn shortest(number: Decimal) -> Option<i64> {
    (0..=9).find_map(|places| number.nearly(places)?.checked_mul(10_i64.pow(9 - places)))
}
