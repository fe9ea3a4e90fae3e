//! Text from outside, made safe to show, log and write to a file.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;
use std::borrow::Borrow;
use std::fmt;

/// A piece of outside text: a name, a label's value, an error's message.
///
/// It holds no control character (C0, DEL, C1), no bidirectional override and no invisible formatting character, and
/// at most [`Label::MAX_CHARS`] characters; a longer one ends in `…`. There is no other way to make one than
/// [`Label::new`], so whatever holds a `Label` may print it anywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(SmolStr);

impl Label {
    /// The most characters that a label keeps.
    pub const MAX_CHARS: usize = 200;

    /// `text` without characters that could control a terminal.
    pub fn new(text: &str) -> Self {
        let short = text.len() <= Self::MAX_CHARS;
        if short && text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Self(SmolStr::new(text));
        }
        let mut kept: String = text.chars().filter(|c| is_printable(*c)).take(Self::MAX_CHARS + 1).collect();
        if kept.chars().count() > Self::MAX_CHARS {
            kept = kept.chars().take(Self::MAX_CHARS - 1).chain(['…']).collect();
        }
        Self(kept.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character has no effect but to be drawn.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for Label {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl Borrow<str> for Label {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(&String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_commands_a_terminal_survives() {
        let hostile = "a\x1b]0;owned\x07b\u{9b}31mc\u{202e}d\u{200b}e\r\n\x7ff";
        assert_eq!(Label::new(hostile).as_str(), "a]0;ownedb31mcdef");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let label = Label::new(&"é".repeat(5000));
        assert_eq!(label.as_str().chars().count(), Label::MAX_CHARS);
        assert!(label.as_str().ends_with('…'));
    }
}
