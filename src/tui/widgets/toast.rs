//! A short message after a key press, at the bottom right of the screen for four seconds.

use ratatui::layout::Rect;

use super::{Canvas, Segment, cells};
use crate::units::Span;

/// The duration for which it is shown; the event loop measures it.
pub const SHOWN: Span = Span::from_secs(4);

/// A line such as "copied" or "theme ember".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast<'a> {
    /// The text.
    pub text: Vec<Segment<'a>>,
}

impl<'a> Toast<'a> {
    /// A plain line.
    pub fn new(text: impl Into<std::borrow::Cow<'a, str>>) -> Self {
        Self { text: vec![Segment::text(text)] }
    }

    /// Draws the message at the right of the lowest row of `area` where it does not cover any of `keep_clear`. Returns its
    /// area, or `None` if it is too long or there is no such row.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, keep_clear: &[Rect]) -> Option<Rect> {
        let area = area.intersection(canvas.buffer.area);
        let width = u16::try_from(cells(&self.text)).ok()?.checked_add(2)?;
        let x = area.right().checked_sub(width).filter(|x| *x >= area.x)?;
        let rows = (area.top()..area.bottom()).rev().map(|y| Rect { x, y, width, height: 1 });
        let place = rows.into_iter().find(|place| !keep_clear.iter().any(|rect| rect.intersects(*place)))?;
        let mut clip = canvas.clip(place);
        clip.blank_panel(0);
        clip.line(1, 0, &self.text);
        Some(place)
    }
}
