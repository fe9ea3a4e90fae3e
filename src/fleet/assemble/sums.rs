//! Sums and means of what is known.

use crate::units::{Ratio, Tokens};

/// Decimals of the amounts that are printed.
pub(super) const MICROS: u32 = 6;

pub(super) fn add(total: &mut Option<f64>, value: Option<f64>) {
    if let Some(value) = value {
        *total = Some(total.unwrap_or(0.0) + value);
    }
}

pub(super) fn add_tokens(total: &mut Option<Tokens>, value: Option<Tokens>) {
    if let Some(value) = value {
        *total = Some(total.unwrap_or_default() + value);
    }
}

pub(super) fn sum(values: impl Iterator<Item = u64>) -> Option<u64> {
    values.fold(None, |total: Option<u64>, value| Some(total.unwrap_or(0).saturating_add(value)))
}

pub(super) fn mean(values: impl Iterator<Item = Ratio>) -> Option<Ratio> {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value.get()));
    Ratio::of(sum, f64::from(count))
}
