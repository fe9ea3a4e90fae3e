//! The words of command lines, and the command of a finished line.

use super::matching::ranked;
use crate::source::PolledTarget;
use crate::tui::app::{Cells, ChartSpan};
use crate::tui::view::ViewId;
use crate::units::{Span, parse_span};

/// The shortest interval, as on the command line.
const SHORTEST: i64 = 100;
/// The longest.
const LONGEST: i64 = 3_600_000;

/// The first word of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Word {
    Theme,
    View,
    Node,
    Sort,
    Filter,
    Span,
    Cells,
    Interval,
    Watch,
    Help,
    Quit,
}

/// All of them.
pub const WORDS: [Word; 11] = [
    Word::Theme,
    Word::View,
    Word::Node,
    Word::Sort,
    Word::Filter,
    Word::Span,
    Word::Cells,
    Word::Interval,
    Word::Watch,
    Word::Help,
    Word::Quit,
];

impl Word {
    /// The word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Theme => "theme",
            Self::View => "view",
            Self::Node => "node",
            Self::Sort => "sort",
            Self::Filter => "filter",
            Self::Span => "span",
            Self::Cells => "cells",
            Self::Interval => "interval",
            Self::Watch => "watch",
            Self::Help => "help",
            Self::Quit => "quit",
        }
    }

    /// Its argument; empty for none.
    pub const fn wants(self) -> &'static str {
        match self {
            Self::Theme | Self::View | Self::Node => "NAME",
            Self::Sort => "COLUMN",
            Self::Filter => "WORDS",
            Self::Span => "1h",
            Self::Cells => "load",
            Self::Interval => "2s",
            Self::Watch => "http://HOST:PORT",
            Self::Help | Self::Quit => "",
        }
    }

    /// Its effect.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Theme => "colours, seen as you choose",
            Self::View => "open a view",
            Self::Node => "open a node",
            Self::Sort => "by a column; again: turned round",
            Self::Filter => "rows with these words, key:a*",
            Self::Span => "how far charts reach back",
            Self::Cells => "what the map's cells show",
            Self::Interval => "how often sources are polled",
            Self::Watch => "begin anew with one more target",
            Self::Help => "the keys",
            Self::Quit => "nothing is lost",
        }
    }

    /// The word with this name.
    pub fn named(name: &str) -> Option<Self> {
        WORDS.into_iter().find(|word| word.name() == name)
    }

    /// The word that a name or a few of its letters mean.
    pub fn meant(letters: &str) -> Option<Self> {
        let names = WORDS.map(Self::name);
        let place = ranked(letters, &names).into_iter().next().filter(|_| !letters.is_empty())?;
        WORDS.get(place).copied()
    }
}

/// A finished line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum PromptLine {
    Theme(String),
    View(ViewId),
    Node(String),
    Sort(String),
    Filter(String),
    Span(ChartSpan),
    Cells(Cells),
    Interval(Span),
    Watch(String),
    Help,
    Quit,
}

/// Parses a line.
///
/// # Errors
/// What is wrong with it, and what would be right.
pub fn parse(text: &str) -> Result<PromptLine, String> {
    let text = text.trim();
    let (first, value) = text.split_once(' ').map_or((text, ""), |(first, rest)| (first, rest.trim()));
    let word = Word::meant(first).ok_or_else(|| format!("no command {first}; Tab shows them"))?;
    if value.is_empty() && !matches!(word, Word::Help | Word::Quit | Word::Filter) {
        return Err(format!("write {} {}", word.name(), word.wants()));
    }
    let unknown = || format!("no {} {value}; Tab shows them", word.name());
    let same = |name: &str| name.eq_ignore_ascii_case(value);
    Ok(match word {
        Word::Theme => PromptLine::Theme(value.to_owned()),
        Word::View => {
            // As on the tabs: by name, or by number.
            let is_meant =
                |id: &ViewId| same(id.view().title()) || id.view().key().is_some_and(|key| same(&key.to_string()));
            PromptLine::View(ViewId::tabs().find(is_meant).ok_or_else(unknown)?)
        }
        Word::Node => PromptLine::Node(value.to_owned()),
        Word::Sort => PromptLine::Sort(value.to_owned()),
        Word::Filter => PromptLine::Filter(value.to_owned()),
        Word::Span => PromptLine::Span(ChartSpan::ALL.into_iter().find(|span| same(span.word())).ok_or_else(unknown)?),
        Word::Cells => {
            PromptLine::Cells(Cells::ALL.into_iter().find(|cells| same(cells.names().0)).ok_or_else(unknown)?)
        }
        Word::Interval => {
            PromptLine::Interval(interval(value).ok_or("write an interval from 100ms to 1h, such as 2s")?)
        }
        Word::Watch if value.contains(' ') => return Err("write one target: http://HOST:PORT".to_owned()),
        Word::Watch => {
            // The dashboard ends for it: what the next one refuses would be said to a shell.
            let is_driver = value.starts_with("nvml:");
            match value.parse::<PolledTarget>() {
                Err(why) if !is_driver => return Err(why.to_string()),
                _ => PromptLine::Watch(value.to_owned()),
            }
        }
        Word::Help => PromptLine::Help,
        Word::Quit => PromptLine::Quit,
    })
}

fn interval(text: &str) -> Option<Span> {
    let millis = i64::try_from(parse_span(text)?.as_millis()).ok()?;
    (SHORTEST..=LONGEST).contains(&millis).then(|| Span::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        assert_eq!(parse("theme ember"), Ok(PromptLine::Theme("ember".to_owned())));
        assert_eq!(parse("  view Money "), Ok(PromptLine::View(ViewId::Money)));
        assert_eq!(parse("span 6h"), Ok(PromptLine::Span(ChartSpan::SixHours)));
        assert_eq!(parse("interval 0.5s"), Ok(PromptLine::Interval(Span::from_millis(500))));
        assert_eq!(parse("interval 250 ms"), Ok(PromptLine::Interval(Span::from_millis(250))));
        assert_eq!(parse("interval 5"), Ok(PromptLine::Interval(Span::from_secs(5))), "as in the configuration");
        assert_eq!(parse("filter"), Ok(PromptLine::Filter(String::new())));
        assert_eq!(parse("filter node:a* live"), Ok(PromptLine::Filter("node:a* live".to_owned())));
        assert_eq!(parse("watch http://127.0.0.1:8000"), Ok(PromptLine::Watch("http://127.0.0.1:8000".to_owned())));
        assert_eq!(parse("quit"), Ok(PromptLine::Quit));
        // A few letters are enough, and views have the numbers of their tabs.
        assert_eq!(parse("th ember"), Ok(PromptLine::Theme("ember".to_owned())));
        assert_eq!(parse("int 2s"), Ok(PromptLine::Interval(Span::from_secs(2))));
        assert_eq!(parse("view 1"), Ok(PromptLine::View(ViewId::FIRST)));
        assert_eq!(parse("v 7"), Ok(PromptLine::View(ViewId::Alerts)));
        assert!(parse("view 8").is_err() && parse("view 0").is_err());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |text: &str| parse(text).err().unwrap_or_default();
        assert_eq!(said("thema x"), "no command thema; Tab shows them");
        assert_eq!(said("theme"), "write theme NAME");
        assert_eq!(said("watch a b"), "write one target: http://HOST:PORT");
        assert!(said("watch ftp://host").contains("http://HOST:PORT"), "{}", said("watch ftp://host"));
        assert_eq!(said("view x"), "no view x; Tab shows them");
        for text in ["interval 1ms", "interval 2h", "interval x", "interval -1s", "interval 9e9s"] {
            assert!(said(text).starts_with("write an interval"), "{text}");
        }
    }
}
