//! Prices that other programs write as floats or decimal strings.

use serde_json::value::RawValue;

use crate::units::{Decimal, Price};

/// A price that cannot be kept: negative, no number, too large, or finer than nine decimals a million.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused;

/// A price per million of one that is written with the decimal point `places` further left: 6 for a price per token.
/// `None` where none is written. A float's noise is repaired and counted.
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

/// The decimal with the fewest places that is within a billionth, in billionths.
fn shortest(number: Decimal) -> Option<i64> {
    (0..=9).find_map(|places| number.nearly(places)?.checked_mul(10_i64.pow(9 - places)))
}
