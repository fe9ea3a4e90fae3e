//! The content of a table cell.

use ratatui::layout::Rect;

use super::Align;
use crate::tui::format;
use crate::tui::theme::Role;
use crate::tui::widgets::gauge::Gauge;
use crate::tui::widgets::heat_cell::Heat;
use crate::tui::widgets::row_bar::{DivergingBar, RowBar};
use crate::tui::widgets::sparkline::Sparkline;
use crate::tui::widgets::{Canvas, Plot, Segment};

/// A table cell.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Cell<'a> {
    #[default]
    Empty,
    /// Text; if it does not fit, it is shortened in the middle and has the ink of the last piece.
    Text(Vec<Segment<'a>>),
    /// Dimmed text; clauses that do not fit are left out from the end, and the first is cut at its end.
    Phrase(std::borrow::Cow<'a, str>),
    /// As [`Cell::Phrase`], in a role.
    Sentence(Role, std::borrow::Cow<'a, str>),
    Gauge(Gauge),
    Bar(RowBar),
    Diverging(DivergingBar),
    Sparkline(Sparkline<'a>),
    /// Heat cells from the left. If not all fit, lost and silent ones come first, followed by the number left out:
    /// `▅▅▆▅+30`.
    Heat(Vec<Heat>),
}

impl<'a> Cell<'a> {
    /// A value.
    pub fn text(text: impl Into<std::borrow::Cow<'a, str>>) -> Self {
        Self::Text(vec![Segment::text(text)])
    }

    /// A secondary value.
    pub fn dim(text: impl Into<std::borrow::Cow<'a, str>>) -> Self {
        Self::Text(vec![Segment::dim(text)])
    }

    /// The mark of an unknown value.
    pub fn unknown() -> Self {
        Self::dim(crate::tui::format::UNKNOWN)
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, align: Align) {
        match self {
            Self::Empty => {}
            Self::Text(segments) => {
                canvas.clip(area).line_within(0, 0, area.width, segments, align == Align::Right);
            }
            Self::Phrase(text) => {
                let text = format::clauses(text, usize::from(area.width));
                canvas.clip(area).line_within(0, 0, area.width, &[Segment::dim(text)], align == Align::Right);
            }
            Self::Sentence(role, text) => {
                let text = format::clauses(text, usize::from(area.width));
                canvas.clip(area).line_within(0, 0, area.width, &[Segment::new(*role, text)], align == Align::Right);
            }
            Self::Gauge(gauge) => gauge.draw(canvas, area),
            Self::Bar(bar) => bar.draw(canvas, area),
            Self::Diverging(bar) => bar.draw(canvas, area),
            Self::Sparkline(line) => line.draw(canvas, area),
            Self::Heat(cells) => heat(canvas, area, cells),
        }
    }
}

fn heat(canvas: &mut Canvas<'_>, area: Rect, cells: &[Heat]) {
    let mut clip = canvas.clip(area);
    let room = usize::from(clip.width());
    if cells.len() <= room {
        for (x, heat) in (0..).zip(cells) {
            heat.draw(&mut clip, x, 0);
        }
        return;
    }
    let more = |shown: usize| format!("+{}", format::grouped((cells.len() - shown) as u128));
    let shown = (0..room).rev().find(|shown| shown + format::width(&more(*shown)) <= room).unwrap_or(0);
    let (bad, good): (Vec<&Heat>, Vec<&Heat>) =
        cells.iter().partition(|heat| matches!(heat, Heat::Lost | Heat::Silent));
    for (x, heat) in (0..).zip(bad.into_iter().chain(good).take(shown)) {
        heat.draw(&mut clip, x, 0);
    }
    clip.line_within(shown as u16, 0, (room - shown) as u16, &[Segment::dim(more(shown))], false);
}

impl<'a> From<Segment<'a>> for Cell<'a> {
    fn from(segment: Segment<'a>) -> Self {
        Self::Text(vec![segment])
    }
}
