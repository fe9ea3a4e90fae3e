//! The parts of a page that are not used, and why.

use serde::{Deserialize, Serialize};

use super::Label;
use crate::units::CounterError;

/// The lines and values that the parser and the dialect refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Refusals {
    /// Lines that are not valid exposition.
    pub lines: u32,
    /// Wanted counters that are unknown, for any [`Refusal`].
    pub values: u32,
    /// Lines, labels or series that exceed a limit.
    pub over_limit: u32,
    /// Of `values`, those too large to be exact.
    pub too_large: u32,
    /// Of `values`, those on the page twice with different values.
    #[serde(alias = "contradicting")]
    pub conflicting: u32,
    /// Of `values`, those on a line that is not valid exposition.
    pub unreadable: u32,
    /// Whether the last line has no line feed.
    #[serde(alias = "unended")]
    pub truncated: bool,
    /// The name of the first line that is not valid exposition.
    pub first_line: Option<Label>,
    /// The first invalid start time of a process: `NaN`, negative, zero or beyond the year 9999.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Label>,
}

/// Why a wanted counter is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Its value is not a count: `NaN`, infinite, negative or fractional.
    NoCount,
    /// Its value is 2^53 or more.
    TooLarge,
    /// It is on the page twice, with different values.
    Conflicting,
    /// Its line cannot be read.
    Unreadable,
}

impl From<CounterError> for Refusal {
    fn from(error: CounterError) -> Self {
        match error {
            CounterError::NotFinite | CounterError::Negative | CounterError::NotWhole => Self::NoCount,
            CounterError::TooLarge => Self::TooLarge,
        }
    }
}

impl Refusals {
    /// Nothing was refused.
    pub const NONE: Self = Self {
        lines: 0,
        values: 0,
        over_limit: 0,
        too_large: 0,
        conflicting: 0,
        unreadable: 0,
        truncated: false,
        first_line: None,
        start: None,
    };

    /// Counts a refused counter.
    pub const fn count(&mut self, why: Refusal) {
        self.values = self.values.saturating_add(1);
        let kind = match why {
            Refusal::NoCount => return,
            Refusal::TooLarge => &mut self.too_large,
            Refusal::Conflicting => &mut self.conflicting,
            Refusal::Unreadable => &mut self.unreadable,
        };
        *kind = kind.saturating_add(1);
    }

    /// Adds those of another page, or of another part of it.
    pub fn add(&mut self, other: Self) {
        self.lines = self.lines.saturating_add(other.lines);
        self.values = self.values.saturating_add(other.values);
        self.over_limit = self.over_limit.saturating_add(other.over_limit);
        self.too_large = self.too_large.saturating_add(other.too_large);
        self.conflicting = self.conflicting.saturating_add(other.conflicting);
        self.unreadable = self.unreadable.saturating_add(other.unreadable);
        self.truncated |= other.truncated;
        self.first_line = self.first_line.take().or(other.first_line);
        self.start = self.start.take().or(other.start);
    }

    /// The counters and lines that were refused, by kind; `None` if there are none.
    pub fn text(&self) -> Option<String> {
        let named = self.too_large.saturating_add(self.conflicting).saturating_add(self.unreadable);
        let no_counts = self.values.saturating_sub(named);
        let parts = [
            counters(no_counts, ["has an invalid value", "have invalid values"], " (NaN, negative or fractional)"),
            counters(self.too_large, ["is", "are"], " too large to be exact (2^53 or more)"),
            counters(self.conflicting, ["stands", "stand"], " on the page twice with different values"),
            self.lines_text(),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    fn lines_text(&self) -> Option<String> {
        let noun = if self.lines == 1 { "line" } else { "lines" };
        let first = self.first_line.as_ref().map(|name| format!(", the first is of {name}")).unwrap_or_default();
        let unknown = match self.unreadable {
            0 => String::new(),
            1 => ": 1 counter unknown".to_owned(),
            several => format!(": {several} counters unknown"),
        };
        (self.lines > 0).then(|| format!("{} {noun} of the page cannot be read{first}{unknown}", self.lines))
    }
}

fn counters(count: u32, [one, several]: [&str; 2], what: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 counter {one}{what}: unknown")),
        _ => Some(format!("{count} counters {several}{what}: unknown")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Class: a counter that is unknown says why, each kind in its own words.
    #[test]
    fn each_kind_is_named() {
        let text = |kinds: &[Refusal], lines: u32| {
            let mut refusals =
                Refusals { lines, first_line: (lines > 0).then(|| Label::new("x_total")), ..Refusals::NONE };
            for kind in kinds {
                refusals.count(*kind);
            }
            refusals.text()
        };
        let (large, twice) = (Refusal::TooLarge, Refusal::Conflicting);
        for (kinds, lines, expected) in [
            (&[][..], 0, None),
            (&[Refusal::NoCount], 0, Some("1 counter has an invalid value (NaN, negative or fractional): unknown")),
            (&[Refusal::NoCount; 3], 0, Some("3 counters have invalid values (NaN, negative or fractional): unknown")),
            (&[large], 0, Some("1 counter is too large to be exact (2^53 or more): unknown")),
            (&[large; 2], 0, Some("2 counters are too large to be exact (2^53 or more): unknown")),
            (&[twice], 0, Some("1 counter stands on the page twice with different values: unknown")),
            (&[], 2, Some("2 lines of the page cannot be read, the first is of x_total")),
            (
                &[Refusal::Unreadable],
                1,
                Some("1 line of the page cannot be read, the first is of x_total: 1 counter unknown"),
            ),
            (
                &[large, twice],
                0,
                Some(
                    "1 counter is too large to be exact (2^53 or more): unknown; \
                     1 counter stands on the page twice with different values: unknown",
                ),
            ),
        ] {
            assert_eq!(text(kinds, lines).as_deref(), expected);
        }
    }

    /// Class: a recording of an earlier build, whose keys have other names.
    #[test]
    fn keys_of_earlier_recordings_are_read() {
        let refused = Refusals { values: 3, conflicting: 3, truncated: true, ..Refusals::NONE };
        let written = serde_json::to_string(&refused).unwrap();
        let former = written.replace("conflicting", "contradicting").replace("truncated", "unended");
        assert_ne!(written, former);
        for text in [written, former] {
            assert_eq!(serde_json::from_str::<Refusals>(&text).unwrap(), refused);
        }
    }

    #[test]
    fn parts_of_a_page_are_added() {
        let mut all = Refusals::NONE;
        for kind in [Refusal::NoCount, Refusal::TooLarge, Refusal::Conflicting, Refusal::Unreadable] {
            let mut part = Refusals { lines: 1, first_line: Some(Label::new("first")), ..Refusals::NONE };
            part.count(kind);
            all.add(part);
        }
        let kinds = (all.too_large, all.conflicting, all.unreadable);
        assert_eq!((all.lines, all.values, kinds, all.first_line), (4, 4, (1, 1, 1), Some(Label::new("first"))));
    }
}
