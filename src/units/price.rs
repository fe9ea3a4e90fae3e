//! What a token, a GPU-hour and a share of traffic are worth.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::decimal::{DecimalError, parse_scaled};
use super::{GpuTime, Money, Tokens};

/// A price per million tokens, to nine decimals: one count is 1e-15 of a unit of currency per token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Price(i64);

impl Price {
    /// A price of `nanos` billionths of a unit of currency per million tokens.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The price in billionths of a unit of currency per million tokens.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// What `tokens` cost at this price, exactly.
    pub const fn of(self, tokens: Tokens) -> Money {
        Money::from_grains(self.0 as i128 * tokens.count() as i128 * Money::GRAINS_PER_FEMTO)
    }

    /// What `tokens` cost at this price when `share` of them is paid, exactly.
    pub const fn of_share(self, tokens: Tokens, share: Share) -> Money {
        const GRAINS_PER_PPM: i128 = Money::GRAINS_PER_FEMTO / 1_000_000;
        Money::from_grains(self.0 as i128 * tokens.count() as i128 * share.0 as i128 * GRAINS_PER_PPM)
    }
}

impl FromStr for Price {
    type Err = DecimalError;
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        parse_scaled(text, 9).map(Self)
    }
}

/// What one GPU costs an hour, to six decimals of a unit of currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HourlyRate(i64);

impl HourlyRate {
    /// The rate in millionths of a unit of currency an hour.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The rent of `time` at this rate, exactly.
    pub const fn of(self, time: GpuTime) -> Money {
        // One micro-unit an hour is 2500/9 femto-units a millisecond.
        const GRAINS_PER_MICRO_MS: i128 = Money::GRAINS_PER_FEMTO * 2500 / 9;
        Money::from_grains(self.0 as i128 * time.millis() as i128 * GRAINS_PER_MICRO_MS)
    }
}

impl FromStr for HourlyRate {
    type Err = DecimalError;
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        parse_scaled(text, 6).map(Self)
    }
}

/// A part of a whole in parts per million, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

impl Share {
    /// The whole.
    pub const ALL: Self = Self(1_000_000);

    /// The share in parts per million.
    pub const fn ppm(self) -> u32 {
        self.0
    }
}

impl FromStr for Share {
    type Err = DecimalError;
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        match u32::try_from(parse_scaled(text, 6)?) {
            Ok(ppm) if ppm <= Self::ALL.0 => Ok(Self(ppm)),
            _ => Err(DecimalError::TooLarge),
        }
    }
}

/// Decimal quantities travel as strings, so that no float ever stands between a file and the ledger.
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
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
decimal_string!(Price, 9);
decimal_string!(HourlyRate, 6);
decimal_string!(Share, 6);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Span;

    #[test]
    fn the_published_day_is_exact() -> Result<(), DecimalError> {
        let revenue = "0.14".parse::<Price>()?.of(Tokens::new(342_000_000_000))
            + "0.55".parse::<Price>()?.of(Tokens::new(266_000_000_000))
            + "2.19".parse::<Price>()?.of(Tokens::new(168_000_000_000));
        assert_eq!(revenue.to_string(), "562100.00");
        let rent = "2.00".parse::<HourlyRate>()?.of(GpuTime::of(8, Span::from_millis(5442 * 3_600_000)));
        assert_eq!(rent.to_string(), "87072.00");
        Ok(())
    }

    #[test]
    fn a_share_of_one_token_is_not_lost() -> Result<(), DecimalError> {
        let price: Price = "0.003625".parse()?;
        let share: Share = "0.370001".parse()?;
        assert_eq!(price.of_share(Tokens::new(1), share).grains(), 3_625_000 * 370_001 * 9);
        Ok(())
    }

    #[test]
    fn a_share_is_at_most_the_whole() {
        assert_eq!("1.000001".parse::<Share>(), Err(DecimalError::TooLarge));
        assert_eq!("1".parse::<Share>(), Ok(Share::ALL));
    }

    #[test]
    fn prints_as_it_is_written() {
        for text in ["0.003625", "2.00", "0.55"] {
            assert_eq!(text.parse::<Price>().map(|p| p.to_string()), Ok(text.to_owned()));
        }
    }
}
