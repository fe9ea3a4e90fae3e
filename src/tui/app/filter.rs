//! A filter that is typed: words that a row must contain, `*` for anything between.

/// The most characters that a filter holds.
const LONGEST: usize = 80;

/// Words, all of which a row must match, without case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    text: String,
    /// Whether it is being written.
    pub editing: bool,
}

impl Filter {
    /// A filter that is written.
    pub(super) fn of(text: &str) -> Self {
        let mut filter = Self::default();
        text.chars().for_each(|c| filter.push(c));
        filter
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Adds a character.
    pub(super) fn push(&mut self, c: char) {
        if self.text.chars().count() < LONGEST && !c.is_control() {
            self.text.push(c);
        }
    }

    /// Takes the last character back.
    pub(super) fn pop(&mut self) {
        self.text.pop();
    }

    /// Whether a row of these fields passes. A word is found in any field; `key:word` in the field of that key only.
    pub fn accepts(&self, fields: &[(&str, &str)]) -> bool {
        self.text.split_whitespace().all(|word| {
            let (key, pattern) = match word.split_once(':') {
                Some((key, rest)) if fields.iter().any(|(name, _)| *name == key) => (Some(key), rest),
                _ => (None, word),
            };
            fields.iter().filter(|(name, _)| key.is_none_or(|k| k == *name)).any(|(_, value)| contains(value, pattern))
        })
    }
}

/// Whether the parts of `pattern` between its stars stand in `value` in their order.
fn contains(value: &str, pattern: &str) -> bool {
    let value = value.to_lowercase();
    let mut rest = value.as_str();
    pattern.to_lowercase().split('*').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_must_be_found() {
        let row = [("node", "gpu-017"), ("model", "DeepSeek-R1"), ("state", "live")];
        let accepts = |text: &str| Filter { text: text.to_owned(), editing: false }.accepts(&row);
        assert!(accepts(""));
        assert!(accepts("r1 live"));
        assert!(accepts("model:deep*r1 node:gpu-0*"));
        assert!(!accepts("node:r1"));
        assert!(!accepts("r1 stale"));
        assert!(!accepts("http://nowhere"));
    }
}
