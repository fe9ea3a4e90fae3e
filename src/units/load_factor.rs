//! A factor of traffic.

use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::decimal::{parse_scaled, write_millionths};

/// Unchanged traffic.
const ONE: i64 = 1_000_000;
/// The largest factor.
const MOST: i64 = 1_000;

/// Traffic as a multiple of the actual traffic, to six decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoadFactor(i64);

impl LoadFactor {
    /// A factor in millionths; `None` below zero or above a thousand.
    pub fn from_micros(micros: i64) -> Option<Self> {
        (0..=MOST * ONE).contains(&micros).then_some(Self(micros))
    }

    /// Millionths.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// A count times the factor, rounded.
    pub fn of(self, count: u64) -> u64 {
        let (factor, one) = (u128::from(self.0.unsigned_abs()), u128::from(ONE.unsigned_abs()));
        u64::try_from((u128::from(count) * factor + one / 2) / one).unwrap_or(u64::MAX)
    }
}

impl FromStr for LoadFactor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const WRITE: &str = "a load is a multiple of the traffic from 0 to 1000, like 1.2 or 0.5, or 120%";
        parse_scaled(text, 6).ok().and_then(Self::from_micros).ok_or_else(|| WRITE.to_owned())
    }
}

impl fmt::Display for LoadFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_millionths(f, self.0)
    }
}

impl Serialize for LoadFactor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / ONE as f64)
    }
}

/// Accepts a whole number, a decimal or a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenFactor {
    Whole(i64),
    Decimal(f64),
    Text(String),
}

impl<'de> Deserialize<'de> for LoadFactor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match WrittenFactor::deserialize(deserializer)? {
            WrittenFactor::Whole(times) => times.to_string(),
            WrittenFactor::Decimal(times) => times.to_string(),
            WrittenFactor::Text(times) => times,
        };
        text.parse().map_err(Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_read_and_written_exactly() {
        for (text, shown, of_ten) in [("1", "1", 10), ("1.20", "1.2", 12), ("0", "0", 0), ("0.05", "0.05", 1)] {
            let load: LoadFactor = text.parse().unwrap();
            assert_eq!((load.to_string().as_str(), load.of(10)), (shown, of_ten), "{text}");
        }
        for text in ["-1", "1000.1", "", "x", "1.0000001"] {
            assert!(text.parse::<LoadFactor>().unwrap_err().contains("from 0 to 1000"), "{text}");
        }
    }
}
