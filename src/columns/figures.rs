//! Measured figures and hourly amounts: as they are for a few rows, rounded for many.
//!
//! Of a fleet's hundreds of rows, digits that are not drawn would be most of what is sent. The bits that rounding leaves
//! are zero, and zeros compress to nothing.

use super::{ColumnReader, ColumnWriter, Columnar, put_numbers, take_numbers};
use crate::units::Money;

/// A column with more values than this is rounded.
const EXACT: usize = 128;
/// The bits of a fraction that are kept: an error of a 2048th of the value at most, less than half of a third digit.
const KEPT: u32 = 10;

/// Writes figures.
pub fn put_figures(figures: impl ExactSizeIterator<Item = f64>, out: &mut ColumnWriter) {
    let keep = if figures.len() > EXACT { rounded } else { f64::to_bits };
    put_numbers(figures.map(keep), out);
}

/// Reads so many figures.
pub fn take_figures<'c>(count: usize, input: &mut ColumnReader<'c>) -> Option<impl Iterator<Item = f64> + use<'c>> {
    Some(take_numbers::<u64>(count, input)?.map(f64::from_bits))
}

/// The bits of the nearest figure with few bits.
fn rounded(figure: f64) -> u64 {
    const DROPPED: u32 = f64::MANTISSA_DIGITS - 1 - KEPT;
    let bits = figure.to_bits();
    if !figure.is_finite() {
        return bits;
    }
    // A carry goes on into the exponent, which is the next power of two.
    (bits + (1 << (DROPPED - 1))) >> DROPPED << DROPPED
}

/// How hourly amounts of rows are written: rounded as figures are. They are drawn and never added up.
pub enum HourlyAmounts {}

/// How posted amounts of rows are written: with seven places, of which the last is never such that rounding to fewer gives
/// another result than rounding the amount itself.
pub enum PostedAmounts {}

/// The grains of a seventh place.
const SEVENTH: i128 = Money::GRAINS_PER_UNIT / 10_000_000;

impl HourlyAmounts {
    /// Writes amounts.
    pub fn put(amounts: &[&Option<Money>], out: &mut ColumnWriter) {
        let is_long = amounts.len() > EXACT;
        let keep = |amount: Money| if is_long { rounded_amount(amount) } else { amount };
        let kept: Vec<Option<Money>> = amounts.iter().map(|amount| amount.map(keep)).collect();
        kept.put_rows(out);
    }

    /// Reads so many amounts.
    pub fn take(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Option<Money>>> {
        Columnar::take_all(count, input)
    }
}

impl PostedAmounts {
    /// Writes amounts.
    pub fn put(amounts: &[&Option<Money>], out: &mut ColumnWriter) {
        if amounts.len() <= EXACT {
            return Columnar::put_all(amounts, out);
        }
        let kept: Vec<Option<i128>> = amounts.iter().map(|amount| amount.map(sevenths)).collect();
        kept.put_rows(out);
    }

    /// Reads so many amounts.
    pub fn take(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Option<Money>>> {
        if count <= EXACT {
            return Columnar::take_all(count, input);
        }
        let kept: Vec<Option<i128>> = Columnar::take_all(count, input)?;
        let amount = |sevenths: i128| sevenths.checked_mul(SEVENTH).map(Money::from_grains);
        kept.into_iter().map(|kept| kept.map_or(Some(None), |kept| amount(kept).map(Some))).collect()
    }
}

/// Rows of one column.
trait ColumnRows {
    fn put_rows(&self, out: &mut ColumnWriter);
}

impl<T: Columnar> ColumnRows for [T] {
    fn put_rows(&self, out: &mut ColumnWriter) {
        let rows: Vec<&T> = self.iter().collect();
        T::put_all(&rows, out);
    }
}

/// The nearest amount with few bits.
fn rounded_amount(amount: Money) -> Money {
    let grains = amount.grains();
    let size = grains.unsigned_abs();
    let dropped = (u128::BITS - size.leading_zeros()).saturating_sub(KEPT + 1);
    let Some(half) = dropped.checked_sub(1).map(|bit| 1_u128 << bit) else { return amount };
    let size = size.saturating_add(half) >> dropped << dropped;
    i128::try_from(size).map_or(amount, |size| Money::from_grains(size * grains.signum()))
}

/// An amount in units of the seventh place, away from the halves that it only comes near.
fn sevenths(amount: Money) -> i128 {
    let (whole, rest) = (amount.grains() / SEVENTH, amount.grains() % SEVENTH);
    if rest != 0 && whole % 5 == 0 { whole + rest.signum() } else { whole }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_back<T: Columnar>(write: impl FnOnce(&mut ColumnWriter), count: usize) -> Vec<T> {
        let mut out = ColumnWriter::default();
        write(&mut out);
        T::take_all(count, &mut out.reader()).unwrap()
    }

    proptest! {
        #[test]
        fn few_figures_are_exact_and_many_are_near(figure in any::<f64>().prop_filter("a number", |f| !f.is_nan()), grains in any::<i128>()) {
            let near = |a: f64, b: f64| a.to_bits() == b.to_bits() || ((a - b) / a).abs() <= 1.0 / 2048.0 || a.abs() < f64::MIN_POSITIVE || !b.is_finite();
            for count in [1, EXACT, EXACT + 1] {
                let figures: Vec<f64> = read_back(|out| put_figures(std::iter::repeat_n(figure, count), out), count);
                let is_right = |read: &f64| if count > EXACT { near(figure, *read) } else { read.to_bits() == figure.to_bits() };
                prop_assert!(figures.iter().all(is_right), "{} as {}", figure, figures[0]);
                let amount = Some(Money::from_grains(grains));
                let amounts: Vec<Option<Money>> = read_back(|out| HourlyAmounts::put(&vec![&amount; count], out), count);
                let read = amounts[0].unwrap();
                if count <= EXACT {
                    prop_assert_eq!(Some(read), amount);
                } else {
                    prop_assert!(near(grains as f64, read.grains() as f64), "{} as {}", grains, read.grains());
                }
            }
        }
    }

    /// Class: an amount that is rounded twice, so that two surfaces show different cents.
    #[test]
    fn posted_amounts_round_as_if_they_were_exact() {
        let places = |amount: Money| [0, 2, 4, 6].map(|places| amount.rounded(places));
        let near_ties = (0..200_i128).flat_map(|half| {
            let tie = half * 5 * SEVENTH;
            [tie, tie + 1, tie - 1, tie * 10_000, tie * 10_000 + 1, tie * 10_000 - 1, -tie, -tie - 1, tie + SEVENTH / 2]
        });
        let amounts: Vec<Option<Money>> =
            near_ties.map(|grains| Some(Money::from_grains(grains))).chain([None]).collect();
        let mut out = ColumnWriter::default();
        PostedAmounts::put(&amounts.iter().collect::<Vec<_>>(), &mut out);
        let read = PostedAmounts::take(amounts.len(), &mut out.reader()).unwrap();
        for (amount, read) in amounts.iter().zip(&read) {
            assert_eq!(amount.map(places), read.map(places), "{:?}", amount.map(Money::grains));
        }
        assert!(amounts != read, "it is shorter");
    }

    #[test]
    fn what_has_few_digits_stays_as_it_is() {
        for figure in [0.0, -0.0, 0.5, 1.0, 71.0, 700.0, -3.0, f64::INFINITY] {
            let kept = f64::from_bits(rounded(figure));
            assert_eq!(kept.to_bits(), figure.to_bits(), "{figure} as {kept}");
        }
        assert!(f64::from_bits(rounded(f64::NAN)).is_nan());
        assert_eq!(rounded_amount(Money::from_grains(0)), Money::from_grains(0));
        assert_eq!(rounded_amount(Money::from_grains(-2047)), Money::from_grains(-2047));
        assert_eq!(rounded_amount(Money::from_grains(-4095)), Money::from_grains(-4096));
    }
}
