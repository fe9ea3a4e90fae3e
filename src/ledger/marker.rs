//! Markers: events at an instant, stored as text. The texts that are read again are written here.

use std::fmt::Display;

use crate::reading::Label;
use crate::units::Timestamp;

const RESTART: &str = "restart of ";
const LIST: &str = ": list ";
const TIER: &str = ", tier ";

/// An event at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The instant.
    pub at: Timestamp,
    /// What happened: `deploy 1.4`, `restart of http://gpu-01:8000`, `deepseek-r1: list deepseek-r1-2025, tier night`.
    pub text: Label,
}

/// What the text of a marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkerKind<'a> {
    /// The engine of this target restarted.
    Restart(&'a str),
    /// Another price list or tier applies to this model; empty for tokens without a model.
    Price(&'a str),
    /// Anything else.
    Other,
}

impl Marker {
    /// The restart of a target's engine.
    pub fn restart(at: Timestamp, target: impl Display) -> Self {
        Self { at, text: Label::new(&format!("{RESTART}{target}")) }
    }

    /// Another price list or tier of a model.
    pub fn price(at: Timestamp, model: &str, list: impl Display, tier: impl Display) -> Self {
        Self { at, text: Label::new(&format!("{model}{LIST}{list}{TIER}{tier}")) }
    }

    /// What the marker is about.
    pub fn kind(&self) -> MarkerKind<'_> {
        let text = self.text.as_str();
        if let Some(target) = text.strip_prefix(RESTART) {
            return MarkerKind::Restart(target);
        }
        match text.split_once(LIST) {
            Some((model, list)) if list.contains(TIER) => MarkerKind::Price(model),
            _ => MarkerKind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_it_was_written() {
        let at = Timestamp::default();
        assert_eq!(Marker::restart(at, "http://a:1").kind(), MarkerKind::Restart("http://a:1"));
        assert_eq!(Marker::price(at, "deepseek-r1", "standard", "night").kind(), MarkerKind::Price("deepseek-r1"));
        assert_eq!(Marker { at, text: Label::new("deploy: list 1") }.kind(), MarkerKind::Other);
    }
}
