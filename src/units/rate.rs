//! The cost of a GPU per hour, rented or owned.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::decimal::{DecimalError, parse_scaled};
use super::money::divide_half_even;
use super::{GpuTime, Money};

/// The cost of one GPU per hour: rent to six decimals of a unit of currency, or an exact part of its purchase price.
///
/// It is `micros` millionths of a unit of currency for every `hours` GPU-hours, reduced, so that equal rates are equal.
/// Rent is exact to the unit of [`Money`]; a rate that is not a whole number of millionths per hour is rounded half to
/// even at that unit, 1e-22 of a unit of currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HourlyRate {
    micros: i64,
    hours: i64,
}

impl HourlyRate {
    /// The largest rate: a million units of currency per hour, so that a fleet's rent for years stays in range.
    const MOST: i128 = 1_000_000_000_000;
    /// Grains in a millionth of a unit of currency an hour, allocated for a millisecond.
    const GRAINS_PER_MICRO_MS: i128 = Money::GRAINS_PER_UNIT / 1_000_000 / 3_600_000;
    /// The same, allocated for a billionth of an hour.
    const GRAINS_PER_MICRO_NANOHOUR: i128 = Money::GRAINS_PER_UNIT / 1_000_000 / 1_000_000_000;

    /// So many whole units of currency an hour.
    pub const fn whole(amount: u16) -> Self {
        Self { micros: amount as i64 * 1_000_000, hours: 1 }
    }

    /// `amount` millionths of a unit of currency spread evenly over `life` milliseconds of a GPU.
    ///
    /// `None` unless the life is above zero, the amount not negative and the rate at most a million per hour.
    pub fn amortised(amount: i64, life: i64) -> Option<Self> {
        Self::reduced(i128::from(amount) * 3_600_000, i128::from(life))
    }

    /// This rate times `numerator / denominator`: one conversion at a dated rate of exchange. `None` out of range.
    pub fn times(self, numerator: i64, denominator: i64) -> Option<Self> {
        let (over, under) = (i128::from(numerator), i128::from(denominator));
        Self::reduced(i128::from(self.micros).checked_mul(over)?, i128::from(self.hours).checked_mul(under)?)
    }

    /// This rate divided into equal `parts`, which add up to it. `None` for zero parts.
    pub fn shared_by(self, parts: u32) -> Option<Self> {
        Self::reduced(self.micros.into(), i128::from(self.hours) * i128::from(parts))
    }

    fn reduced(micros: i128, hours: i128) -> Option<Self> {
        if hours <= 0 || micros < 0 || micros / hours > Self::MOST {
            return None;
        }
        let common = divisor(micros, hours);
        Some(Self { micros: i64::try_from(micros / common).ok()?, hours: i64::try_from(hours / common).ok()? })
    }

    /// The rate as millionths of a unit of currency for so many GPU-hours, exactly.
    pub const fn parts(self) -> (i64, i64) {
        (self.micros, self.hours)
    }

    /// A rate of so many millionths of a unit of currency for so many GPU-hours; `None` out of range.
    pub fn of_parts(micros: i64, hours: i64) -> Option<Self> {
        Self::reduced(micros.into(), hours.into())
    }

    /// The rate in millionths of a unit of currency an hour, rounded half to even.
    pub fn micros(self) -> i64 {
        i64::try_from(divide_half_even(self.micros.into(), self.hours.into())).unwrap_or(i64::MAX)
    }

    /// The rent of `time` at this rate.
    pub fn of(self, time: GpuTime) -> Money {
        self.charge(time.millis(), Self::GRAINS_PER_MICRO_MS)
    }

    /// The rent of `nanos` billionths of a GPU-hour at this rate.
    pub fn of_nanohours(self, nanos: i64) -> Money {
        self.charge(nanos, Self::GRAINS_PER_MICRO_NANOHOUR)
    }

    /// Quotient and remainder are multiplied separately: their product with the unit would exceed an `i128`.
    fn charge(self, time: i64, grain: i128) -> Money {
        let (owed, hours) = (i128::from(self.micros) * i128::from(time), i128::from(self.hours));
        if hours == 1 {
            return Money::from_grains(owed.saturating_mul(grain));
        }
        let (whole, rest) = (owed.div_euclid(hours), owed.rem_euclid(hours));
        Money::from_grains(whole.saturating_mul(grain) + divide_half_even(rest * grain, hours))
    }

    /// Serializes the rate as a decimal, rounded to millionths, for other programs to read.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize_decimal<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    /// The rate as text that reads back exactly: `2.00`, or `87.50/73h` if no decimal is exact.
    pub fn exact(self) -> String {
        let whole = Self { micros: self.micros, hours: 1 };
        if self.hours == 1 { whole.to_string() } else { format!("{whole}/{}h", self.hours) }
    }
}

/// The greatest common divisor of a number that is not negative and one that is positive.
fn divisor(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a, b);
    while a != 0 {
        (a, b) = (b % a, a);
    }
    b
}

impl Default for HourlyRate {
    fn default() -> Self {
        Self { micros: 0, hours: 1 }
    }
}

impl PartialOrd for HourlyRate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for HourlyRate {
    fn cmp(&self, other: &Self) -> Ordering {
        let cross = |a: i64, b: i64| i128::from(a) * i128::from(b);
        cross(self.micros, other.hours).cmp(&cross(other.micros, self.hours))
    }
}

/// The rate an hour, rounded half to even at six decimals: `2.00`, `1.19863`.
impl fmt::Display for HourlyRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Money::from_micros(self.micros()).fmt(f)
    }
}

impl FromStr for HourlyRate {
    type Err = DecimalError;
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (amount, hours) = match text.trim().strip_suffix('h').and_then(|text| text.split_once('/')) {
            Some((amount, hours)) => (amount, parse_scaled(hours, 0)?),
            None => (text, 1),
        };
        Self::reduced(parse_scaled(amount, 6)?.into(), hours.into()).ok_or(DecimalError::TooLarge)
    }
}

impl Serialize for HourlyRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.exact())
    }
}

impl<'de> Deserialize<'de> for HourlyRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Span;

    fn hours(hours: i64) -> GpuTime {
        GpuTime::of(1, Span::from_millis(hours * 3_600_000))
    }

    #[test]
    fn a_rate_of_exact_decimals_is_rent_to_the_grain() -> Result<(), DecimalError> {
        let rate: HourlyRate = "3.99".parse()?;
        let rent = rate.of(GpuTime::of(8, Span::from_millis(3_660_001)));
        assert_eq!(rent.grains(), 8 * 3_660_001 * 3_990_000 * 2_500_000_000);
        assert_eq!(rate.of_nanohours(1).grains(), 3_990_000 * 9_000_000);
        assert_eq!(rate.of_nanohours(2_500_000_000), "9.975".parse::<HourlyRate>()?.of(hours(1)));
        Ok(())
    }

    #[test]
    fn hardware_is_paid_off_at_the_end_of_its_life_exactly() {
        let life = 4 * 8760 * 3_600_000 * 8;
        let rate = HourlyRate::amortised(336_000_000_000, life).unwrap_or_default();
        assert_eq!((rate.to_string(), rate.exact()), ("1.19863".to_owned(), "87.50/73h".to_owned()));
        assert_eq!(rate.of(GpuTime::of(1, Span::from_millis(life))).to_string(), "336000.00");
        assert_eq!(rate.exact().parse(), Ok(rate));
        let fleet = GpuTime::of(2224 * 8, Span::from_secs(100 * 366 * 86_400));
        assert!(rate.of(fleet) > Money::ZERO && rate.of(GpuTime::ZERO).is_zero());
    }

    #[test]
    fn a_rate_that_is_shared_adds_up() -> Result<(), DecimalError> {
        let node: HourlyRate = "98.32".parse()?;
        for gpus in [1, 2, 3, 7, 8, 72] {
            let each = node.shared_by(gpus).unwrap_or_default();
            assert_eq!(
                each.of(GpuTime::of(gpus, Span::from_millis(3_600_001))),
                node.of(GpuTime::of(1, Span::from_millis(3_600_001))),
                "{gpus}"
            );
        }
        assert_eq!(node.shared_by(8).map(HourlyRate::exact).as_deref(), Some("12.29"));
        assert_eq!(node.shared_by(0), None);
        Ok(())
    }

    #[test]
    fn equal_rates_are_equal() {
        assert_eq!(HourlyRate::amortised(7_000_000, 3_600_000 * 7), "1.00".parse().ok());
        assert_eq!("14/7h".parse::<HourlyRate>(), "2".parse());
        let third = "1/3h".parse::<HourlyRate>().ok();
        assert!(third < "0.333334".parse().ok() && third > "0.333333".parse().ok());
    }

    #[test]
    fn a_rate_without_a_life_is_no_rate() {
        assert_eq!((HourlyRate::amortised(1, 0), HourlyRate::amortised(-1, 1)), (None, None));
        assert_eq!(HourlyRate::amortised(i64::MAX, 1), None);
        for text in ["1/0h", "1000000.000001", "1/h", "/1h", "-1", "1/1", "1/-1h"] {
            assert!(text.parse::<HourlyRate>().is_err(), "{text}");
        }
    }
}
