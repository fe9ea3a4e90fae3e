//! The cost of measured energy.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Money;
use super::decimal::{DecimalError, decimal_string, parse_scaled};
use super::money::divide_half_even;

/// The ratio of a building's power draw to that of its machines (PUE), in thousandths: 1.25 is 1250.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pue(u16);

impl Pue {
    /// A PUE of 1.
    pub const IDEAL: Self = Self(1000);

    /// A PUE in thousandths; `None` outside 1000 to 10000.
    pub fn from_thousandths(thousandths: u16) -> Option<Self> {
        (1000..=10_000).contains(&thousandths).then_some(Self(thousandths))
    }

    /// The PUE in thousandths, 1000 to 10000.
    pub const fn thousandths(self) -> u16 {
        self.0
    }
}

impl Default for Pue {
    fn default() -> Self {
        Self::IDEAL
    }
}

impl FromStr for Pue {
    type Err = DecimalError;
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        match parse_scaled(text, 3)? {
            thousandths @ 1000..=10_000 => Ok(Self(thousandths as u16)),
            0..1000 => Err(DecimalError::TooSmall(1)),
            _ => Err(DecimalError::Above(10)),
        }
    }
}

/// The price of a kilowatt-hour to six decimals of a unit of currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EnergyPrice(i64);

impl EnergyPrice {
    /// The price in millionths of a unit of currency a kilowatt-hour.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This price times `numerator / denominator`, rounded half to even at its six decimals. `None` out of range.
    pub fn times(self, numerator: i64, denominator: i64) -> Option<Self> {
        let (over, under) = (i128::from(numerator), i128::from(denominator));
        (under > 0).then(|| divide_half_even(i128::from(self.0) * over, under)).and_then(Self::within)
    }

    /// A price in millionths of a unit of currency per kilowatt-hour; `None` out of range.
    pub fn from_micros(micros: i64) -> Option<Self> {
        Self::within(micros.into()).filter(|price| price.0 >= 0)
    }

    fn within(micros: i128) -> Option<Self> {
        i64::try_from(micros).ok().filter(|micros| *micros <= 1_000_000_000).map(Self)
    }
}

impl FromStr for EnergyPrice {
    type Err = DecimalError;
    /// At most a thousand units of currency a kilowatt-hour.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        Self::within(parse_scaled(text, 6)?.into()).ok_or(DecimalError::Above(1_000))
    }
}

decimal_string!(EnergyPrice, 6);
decimal_string!(Pue, 3);

/// The terms of measured energy: a price per kilowatt-hour, and the building's PUE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerPrice {
    /// The price of a kilowatt-hour.
    pub kwh: EnergyPrice,
    /// The PUE; 1 if it is not set.
    #[serde(default)]
    pub pue: Pue,
}

impl PowerPrice {
    /// The cost of a metered kilowatt-hour including the PUE, in billionths of a unit of currency.
    pub fn nanos(self) -> i64 {
        self.kwh.0 * i64::from(self.pue.0)
    }

    /// The exact cost of `millijoules` at the GPU; negative ones take back an earlier charge.
    pub fn of(self, millijoules: i128) -> Money {
        // A kilowatt-hour is 3.6e9 millijoules; with the price's millionths and the factor's thousandths, 3.6e18.
        const GRAINS: i128 = Money::GRAINS_PER_UNIT / 3_600_000_000_000_000_000;
        let price = i128::from(self.kwh.0) * i128::from(self.pue.0) * GRAINS;
        Money::from_grains(millijoules.saturating_mul(price))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energy_is_charged_by_the_millijoule() -> Result<(), DecimalError> {
        let power = PowerPrice { kwh: "0.0929".parse()?, pue: "1.25".parse()? };
        assert_eq!(power.of(240_000_000).rounded(6), 7_742);
        assert_eq!(power.of(1).grains(), 92_900 * 1250 * 2500);
        assert_eq!(power.nanos(), 116_125_000);
        assert_eq!(power.of(7) + power.of(-7), Money::ZERO);
        assert_eq!("0.9".parse::<Pue>(), Err(DecimalError::TooSmall(1)));
        assert!("11".parse::<Pue>().is_err() && "1001".parse::<EnergyPrice>().is_err());
        Ok(())
    }
}
