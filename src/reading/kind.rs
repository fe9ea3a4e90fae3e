//! The kind of an engine or proxy: a name that its dialect defines.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most letters of a name.
const LONGEST: usize = 16;

/// A serving program, or a proxy in front of some. Its name is defined by its dialect only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EngineKind([u8; LONGEST]);

impl EngineKind {
    /// A program without a dialect.
    pub const UNKNOWN: Self = Self::named("unknown");

    /// The program with a name: letters in lower case, digits and `-`. A longer name is truncated.
    pub const fn named(name: &str) -> Self {
        let (mut letters, mut at) = ([0; LONGEST], 0);
        while at < name.len() && at < LONGEST {
            letters[at] = name.as_bytes()[at];
            at += 1;
        }
        Self(letters)
    }

    /// The program with a name from outside; `None` if it cannot be one.
    pub fn reported(name: &str) -> Option<Self> {
        let is_letter = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
        let is_name = !name.is_empty() && name.len() <= LONGEST && name.bytes().all(is_letter);
        is_name.then(|| Self::named(name))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        let letters = self.0.split(|letter| *letter == 0).next().unwrap_or_default();
        // Names are ASCII, both in dialects and in `Deserialize`.
        std::str::from_utf8(letters).unwrap_or_default()
    }
}

impl fmt::Debug for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EngineKind").field(&self.as_str()).finish()
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for EngineKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EngineKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let no_name = || serde::de::Error::custom("no name of an engine: letters in lower case, digits and -");
        Self::reported(&name).ok_or_else(no_name)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_its_name() {
        let gateway = EngineKind::named("sglang-gateway");
        assert_eq!(serde_json::to_string(&gateway).unwrap(), "\"sglang-gateway\"");
        assert_eq!(serde_json::from_str::<EngineKind>("\"sglang-gateway\"").unwrap(), gateway);
        assert_eq!((format!("{gateway:>15}"), EngineKind::UNKNOWN.as_str()), (" sglang-gateway".to_owned(), "unknown"));
        for wrong in ["\"\"", "\"vLLM\"", "\"\\u001b[2J\"", "\"an engine of a long name\"", "7"] {
            assert!(serde_json::from_str::<EngineKind>(wrong).is_err(), "{wrong}");
        }
    }
}
