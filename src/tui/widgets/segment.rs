//! A piece of text in one ink.

use std::borrow::Cow;

use crate::tui::format;
use crate::tui::theme::{Ink, Role};

/// A piece of text in one ink.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Segment<'a> {
    pub text: Cow<'a, str>,
    pub ink: Ink,
    pub bold: bool,
}

impl<'a> Segment<'a> {
    /// Creates a piece of text.
    pub fn new(ink: impl Into<Ink>, text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), ink: ink.into(), bold: false }
    }

    /// A value.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Role::Text, text)
    }

    /// A label or a unit.
    pub fn dim(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Role::Dim, text)
    }

    /// The name of a block.
    pub fn title(text: impl Into<Cow<'a, str>>) -> Self {
        Self::text(text).bold()
    }

    /// The square before a name in a legend.
    pub fn key(ink: impl Into<Ink>) -> Self {
        Self::new(ink, "▪")
    }

    /// The segment in bold.
    #[must_use]
    pub fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// The width in cells.
    pub fn width(&self) -> usize {
        format::width(&self.text)
    }
}

/// The width of a line of segments, in cells.
pub fn cells(segments: &[Segment<'_>]) -> usize {
    segments.iter().map(Segment::width).sum()
}
