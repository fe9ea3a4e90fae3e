//! A filter that is typed: words that a row must contain, `*` for anything between, and bounds of its figures.

use std::cmp::Ordering;

/// The most characters that a filter holds.
const LONGEST: usize = 80;

/// A figure of a row by its name: the outer `None` where rows have no such figure, the inner one where it is unknown.
pub type FigureValue = Option<Option<f64>>;

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
        self.accepts_with(fields, |_| None)
    }

    /// The same of a row that has figures too: `util<20` passes where the figure `util` is below 20. An unknown figure
    /// passes no bound; a bound whose number is not yet written passes all.
    pub fn accepts_with(&self, fields: &[(&str, &str)], figure: impl Fn(&str) -> FigureValue) -> bool {
        self.judge(fields, figure) == Some(true)
    }

    /// The figure of a bound that is none of `figures`, if there is such a bound.
    pub fn unknown_figure(&self, figures: &[&str]) -> Option<&str> {
        let bounds = self.text.split_whitespace().filter_map(FilterBound::of).filter(FilterBound::is_number);
        bounds.map(|bound| bound.key).find(|key| !key.is_empty() && !figures.contains(key))
    }

    /// Whether all words that are no bounds of figures are found in the fields.
    pub fn names(&self, fields: &[(&str, &str)]) -> bool {
        let words = self.text.split_whitespace();
        let mut names = words.filter(|word| FilterBound::of(word).is_none_or(|bound| !bound.is_number()));
        names.all(|word| is_found(word, fields))
    }

    /// Whether a row passes; `None` where only figures that are unknown keep it out.
    pub fn judge(&self, fields: &[(&str, &str)], figure: impl Fn(&str) -> FigureValue) -> Option<bool> {
        let holds = |word: &str| {
            let bound = FilterBound::of(word).filter(FilterBound::is_number);
            match bound.map(|bound| (figure(bound.key), bound)) {
                Some((Some(figure), bound)) => bound.holds(figure),
                _ => Some(is_found(word, fields)),
            }
        };
        let mut verdict = Some(true);
        for word in self.text.split_whitespace() {
            match holds(word) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => verdict = None,
            }
        }
        verdict
    }
}

/// Whether a word stands in the fields.
fn is_found(word: &str, fields: &[(&str, &str)]) -> bool {
    let (key, pattern) = match word.split_once(':') {
        Some((key, rest)) if fields.iter().any(|(name, _)| *name == key) => (Some(key), rest),
        _ => (None, word),
    };
    fields.iter().filter(|(name, _)| key.is_none_or(|k| k == *name)).any(|(_, value)| contains(value, pattern))
}

/// Whether a figure that stands so to the number passes.
type Passes = fn(Ordering) -> bool;

/// `util<20`, `out>=1.5k`.
struct FilterBound<'a> {
    key: &'a str,
    passes: Passes,
    limit: &'a str,
}

impl<'a> FilterBound<'a> {
    fn of(word: &'a str) -> Option<Self> {
        let at = word.find(['<', '>', '='])?;
        let (key, rest) = word.split_at(at);
        let ways: [(&str, Passes); 5] = [
            ("<=", Ordering::is_le),
            (">=", Ordering::is_ge),
            ("<", Ordering::is_lt),
            (">", Ordering::is_gt),
            ("=", Ordering::is_eq),
        ];
        ways.into_iter().find_map(|(sign, passes)| Some(Self { key, passes, limit: rest.strip_prefix(sign)? }))
    }

    /// Whether it is a bound by a number, or by one that is still being written.
    fn is_number(&self) -> bool {
        matches!(self.limit, "" | "-" | ".") || number(self.limit).is_some()
    }

    /// Whether the figure is within it; `None` of one that is unknown.
    fn holds(&self, figure: Option<f64>) -> Option<bool> {
        let Some(limit) = number(self.limit) else { return Some(true) };
        figure.and_then(|figure| figure.partial_cmp(&limit)).map(self.passes)
    }
}

/// `20`, `20%`, `1.5k`, `2M`.
fn number(text: &str) -> Option<f64> {
    let text = text.trim_end_matches('%');
    let (digits, factor) = match text.char_indices().next_back()? {
        (at, 'k' | 'K') => (text.get(..at)?, 1e3),
        (at, 'm' | 'M') => (text.get(..at)?, 1e6),
        (at, 'g' | 'G' | 'b' | 'B') => (text.get(..at)?, 1e9),
        _ => (text, 1.0),
    };
    digits.parse::<f64>().ok().map(|number| number * factor).filter(|number| number.is_finite())
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

    #[test]
    fn figures_have_bounds() {
        let figure = |key: &str| match key {
            "util" => Some(Some(17.5)),
            "out" => Some(Some(1_500.0)),
            "kv" => Some(None),
            _ => None,
        };
        let accepts = |text: &str| {
            Filter { text: text.to_owned(), editing: false }
                .accepts_with(&[("node", "gpu-017"), ("odd", "a=b")], figure)
        };
        assert!(accepts("util<20") && accepts("util<20% gpu") && accepts("util>=17.5 util<=17.5"));
        assert!(!accepts("util>20") && !accepts("util<20 node:b"));
        assert!(accepts("out=1.5k") && accepts("out<2M") && !accepts("out>1.5k"));
        assert!(!accepts("kv<50") && !accepts("kv>=50"), "unknown");
        let judge = |text: &str| Filter { text: text.to_owned(), editing: false }.judge(&[("node", "gpu-017")], figure);
        assert_eq!([judge("kv<50 gpu"), judge("kv<50 util>20"), judge("util<20")], [None, Some(false), Some(true)]);
        assert!(accepts("util<") && accepts("util>-"), "still being written");
        assert!(!accepts("util>x") && !accepts("util<<3"), "no number is named so");
        assert!(accepts("a=b") && !accepts("speed<9"), "no figure of that name");
        let unknown =
            |text: &str| Filter { text: text.to_owned(), editing: false }.unknown_figure(&["util"]).map(str::to_owned);
        assert_eq!(unknown("gpu util<3 speed<9"), Some("speed".to_owned()));
        assert_eq!([unknown("util<3"), unknown("speed"), unknown("a=b"), unknown("<3")], [const { None }; 4]);
    }
}
