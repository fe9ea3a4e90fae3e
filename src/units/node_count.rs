//! A number of nodes, fractional if it is an average over time.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use super::decimal::{parse_scaled, write_millionths};

/// Millionths of a node.
const ONE: i64 = 1_000_000;

/// A number of allocated nodes: above zero, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeCount(i64);

impl NodeCount {
    /// Whole nodes; `None` for zero.
    pub fn whole(nodes: u32) -> Option<Self> {
        Self::from_micros(i64::from(nodes) * ONE)
    }

    /// Millionths of a node; `None` unless above zero and at most 2^32 nodes.
    pub fn from_micros(micros: i64) -> Option<Self> {
        (0 < micros && micros <= i64::from(u32::MAX) * ONE).then_some(Self(micros))
    }

    /// Millionths of a node.
    pub const fn micros(self) -> i64 {
        self.0
    }
}

impl FromStr for NodeCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const WRITE: &str = "a number of nodes is above 0 and has at most six decimals, like 200 or 218.025";
        parse_scaled(text, 6).ok().and_then(Self::from_micros).ok_or_else(|| WRITE.to_owned())
    }
}

impl fmt::Display for NodeCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_millionths(f, self.0)
    }
}

impl Serialize for NodeCount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % ONE {
            0 => serializer.serialize_i64(self.0 / ONE),
            _ => serializer.serialize_f64(self.0 as f64 / ONE as f64),
        }
    }
}

/// Accepts a whole number, a decimal or a text.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum WrittenCount {
    Whole(i64),
    Decimal(f64),
    Text(String),
}

impl<'de> Deserialize<'de> for NodeCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match WrittenCount::deserialize(deserializer)? {
            WrittenCount::Whole(nodes) => nodes.to_string(),
            WrittenCount::Decimal(nodes) => nodes.to_string(),
            WrittenCount::Text(nodes) => nodes,
        };
        text.parse().map_err(Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_nodes_is_read_and_written_exactly() {
        for (text, micros, shown) in [
            ("200", 200_000_000, "200"),
            ("218.025", 218_025_000, "218.025"),
            ("5.0", 5_000_000, "5"),
            ("0.000001", 1, "0.000001"),
        ] {
            let count: NodeCount = text.parse().unwrap();
            assert_eq!((count.micros(), count.to_string().as_str()), (micros, shown), "{text}");
        }
        for text in ["0", "0.0", "-1", "1.0000001", "many", "", "4294967296"] {
            assert!(text.parse::<NodeCount>().unwrap_err().contains("above 0"), "{text}");
        }
        let of =
            |value: serde_json::Value| serde_json::from_value::<NodeCount>(value).map(|count| count.to_string()).ok();
        assert_eq!(
            (of(8.into()), of(218.025.into()), of("5.0".into())),
            (Some("8".into()), Some("218.025".into()), Some("5".into()))
        );
        assert_eq!((of(0.into()), of((-2).into())), (None, None));
        assert_eq!(serde_json::to_string(&[NodeCount::whole(8).unwrap(), "1.5".parse().unwrap()]).unwrap(), "[8,1.5]");
    }
}
