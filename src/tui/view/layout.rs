//! The areas of the parts of a view.

use ratatui::layout::Rect;

/// A part of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Part {
    Digits,
    Chart,
    Headline,
    Vitals,
    /// The fleet, or the view's list.
    List,
    /// Tables beside or below the list, by their number from the left.
    Table(u8),
    Alerts,
    Basis,
}

/// The parts and their areas; none overlaps another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout(Vec<(Part, Rect)>);

impl Layout {
    /// A view that is one part.
    pub fn whole(part: Part, area: Rect) -> Self {
        Self(vec![(part, area)])
    }

    /// Adds a part, unless its area is empty.
    pub fn put(&mut self, part: Part, area: Rect) {
        if !area.is_empty() {
            self.0.push((part, area));
        }
    }

    /// The area of a part; `None` if it did not fit.
    pub fn area(&self, part: Part) -> Option<Rect> {
        self.0.iter().find(|(known, _)| *known == part).map(|(_, area)| *area)
    }

    /// All parts.
    pub fn parts(&self) -> &[(Part, Rect)] {
        &self.0
    }
}
