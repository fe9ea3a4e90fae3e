//! A short answer to a key, over the bottom right of the screen for four seconds.

use ratatui::layout::Rect;

use super::{Canvas, Segment, cells};
use crate::units::{Span, Timestamp};

/// How long it is shown.
pub const SHOWN: Span = Span::from_secs(4);

/// A line such as "copied" or "theme ember".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast<'a> {
    /// What it says.
    pub text: Vec<Segment<'a>>,
    /// When it was said.
    pub since: Timestamp,
}

impl<'a> Toast<'a> {
    /// A plain line.
    pub fn new(text: impl Into<std::borrow::Cow<'a, str>>, since: Timestamp) -> Self {
        Self { text: vec![Segment::text(text)], since }
    }

    /// Whether it is still shown. A clock that was set back ends it.
    pub fn is_shown(&self, now: Timestamp) -> bool {
        let age = now.millis() - self.since.millis();
        (0..SHOWN.millis()).contains(&age)
    }

    /// Draws it at the right of the lowest row of `area` in which it covers none of `keep_clear`. Returns where, or `None`
    /// if it is too long or finds no such row.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_gone_after_four_seconds() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let toast = Toast::new("copied", at(100));
        assert!(toast.is_shown(at(100)) && toast.is_shown(at(103)));
        assert!(!toast.is_shown(at(104)) && !toast.is_shown(at(99)));
    }
}
