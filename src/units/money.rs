//! An exact amount of one currency.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Serialize, Serializer};

/// An exact, signed amount of money in the currency of its ledger.
///
/// The unit is 1/9,000,000 of a femto-unit (1e-15) of currency. It is the coarsest unit in which everything that a
/// ledger adds is a whole number: tokens times a price to nine decimals per million (1 femto), that times a share in
/// parts per million (1e-6 femto), milliseconds times a rate to six decimals per hour (2500/9 femto), and millijoules
/// times a price per kilowatt-hour (1/3600 femto). So sums never round, in any order, and an amount is rounded once,
/// when it is printed. The range is about ±1.8e16 units of currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i128);

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// Grains in one femto-unit of currency.
    pub const GRAINS_PER_FEMTO: i128 = 9_000_000;
    /// Grains in one unit of currency.
    pub const GRAINS_PER_UNIT: i128 = Self::GRAINS_PER_FEMTO * 1_000_000_000_000_000;

    /// An amount of whole grains.
    pub const fn from_grains(grains: i128) -> Self {
        Self(grains)
    }

    /// The amount in grains.
    pub const fn grains(self) -> i128 {
        self.0
    }

    /// The sum, or `None` if it is out of range.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// `amount` micro-units of currency.
    pub const fn from_micros(amount: i64) -> Self {
        Self(amount as i128 * (Self::GRAINS_PER_UNIT / 1_000_000))
    }

    /// Whether the amount is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The amount rounded half to even at `places` decimals, as a count of `10^-places`.
    ///
    /// `places` is at most 15.
    pub fn rounded(self, places: u32) -> i128 {
        let unit = Self::GRAINS_PER_UNIT / 10_i128.pow(places.min(15));
        divide_half_even(self.0, unit)
    }

    /// The amount rounded to `places` decimals, as money again.
    #[must_use]
    pub fn round_to(self, places: u32) -> Self {
        Self(self.rounded(places) * (Self::GRAINS_PER_UNIT / 10_i128.pow(places.min(15))))
    }

    /// This amount scaled by `numerator / denominator`, rounded half to even to a grain.
    ///
    /// It is for amounts that are shown (an amount per hour, a share of a difference), never for amounts that are
    /// summed. `None` if the denominator is not positive or the result is out of range; the intermediate product may be
    /// larger.
    pub fn scaled(self, numerator: i64, denominator: i64) -> Option<Self> {
        if denominator <= 0 {
            return None;
        }
        let (n, d) = (i128::from(numerator), i128::from(denominator));
        let whole = (self.0 / d).checked_mul(n)?;
        // Both factors are below 2^63, so this product always fits.
        let rest = (self.0 % d) * n;
        let below = whole.checked_add(rest.div_euclid(d))?;
        below.checked_add(round_up(below, rest.rem_euclid(d), d)).map(Self)
    }

    /// This amount times `numerator / denominator`, rounded half to even to a grain: one conversion at a rate of exchange.
    ///
    /// It also converts amounts that [`Money::scaled`] cannot multiply. `None` if the denominator is not positive or
    /// the amount itself is out of range.
    pub fn converted(self, numerator: i64, denominator: i64) -> Option<Self> {
        if denominator <= 0 {
            return None;
        }
        let (over, under) = (i128::from(numerator), i128::from(denominator));
        let (whole, rest) = (self.0.div_euclid(under), self.0.rem_euclid(under));
        whole.checked_mul(over)?.checked_add(divide_half_even(rest * over, under)).map(Self)
    }
}

/// `n / d` rounded half to even; `d` is positive.
pub(super) fn divide_half_even(n: i128, d: i128) -> i128 {
    let (quotient, remainder) = (n.div_euclid(d), n.rem_euclid(d));
    quotient + round_up(quotient, remainder, d)
}

/// The increment of half-even rounding to a floor with `remainder` of `d`.
fn round_up(floor: i128, remainder: i128, d: i128) -> i128 {
    match (remainder * 2).cmp(&d) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Greater => 1,
        std::cmp::Ordering::Equal => floor & 1,
    }
}

/// A plain decimal string, rounded half to even once, with 2 to 6 places: `562100.00`, `0.068433`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.rounded(6);
        let sign = if micros < 0 { "-" } else { "" };
        let (whole, fraction) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
        let digits = format!("{fraction:06}");
        let kept = digits.trim_end_matches('0').len().max(2);
        write!(f, "{sign}{whole}.{}", &digits[..kept])
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Add for Money {
    type Output = Self;
    /// Saturates at the end of the range. Amounts that are kept are added with [`Money::checked_add`].
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(n: i128) -> Money {
        Money::from_grains(n * Money::GRAINS_PER_UNIT)
    }

    #[test]
    fn prints_two_to_six_places() {
        assert_eq!(units(562_100).to_string(), "562100.00");
        assert_eq!(Money::from_micros(68_433).to_string(), "0.068433");
        assert_eq!(Money::from_micros(-1_500_000).to_string(), "-1.50");
        assert_eq!(Money::ZERO.to_string(), "0.00");
        assert_eq!(Money::from_grains(-1).to_string(), "0.00");
    }

    #[test]
    fn rounds_half_to_even_on_both_sides_of_zero() {
        let half_micro = Money::GRAINS_PER_UNIT / 2_000_000;
        for (halves, micros) in [(1, 0), (3, 2), (5, 2), (-1, 0), (-3, -2), (-5, -2)] {
            assert_eq!(Money::from_grains(half_micro * halves).rounded(6), micros, "{halves} halves");
        }
    }

    #[test]
    fn scales_only_by_a_positive_denominator() {
        assert_eq!(units(6).scaled(60, 3600), Some(Money::from_micros(100_000)));
        assert_eq!(units(6).scaled(1, 0), None);
        assert_eq!(Money::from_grains(i128::MAX).scaled(2, 1), None);
    }

    #[test]
    fn scales_what_is_larger_than_its_product_with_the_numerator_could_be() {
        let twice = units(2_000_000_000).scaled(388_000_000_000, 776_000_000_000);
        assert_eq!(twice, Some(units(1_000_000_000)));
        for grains in [i128::MAX, i128::MIN, 1 << 100] {
            assert_eq!(Money::from_grains(grains).scaled(i64::MAX, i64::MAX), Some(Money::from_grains(grains)));
        }
    }

    #[test]
    fn scales_half_to_even_on_both_sides_of_zero() {
        for (grains, halved) in [(1, 0), (3, 2), (5, 2), (-1, 0), (-3, -2), (-5, -2)] {
            assert_eq!(Money::from_grains(grains).scaled(1, 2), Some(Money::from_grains(halved)), "{grains} / 2");
            assert_eq!(Money::from_grains(grains).scaled(-1, 2), Some(Money::from_grains(-halved)), "{grains} / -2");
            assert_eq!(Money::from_grains(grains).scaled(3, 6), Some(Money::from_grains(halved)), "{grains} 3 / 6");
        }
    }
}
