//! The content of a table cell.

use ratatui::layout::Rect;

use super::Align;
use crate::snapshot::Bound;
use crate::tui::format;
use crate::tui::theme::{Glyphs, Role};
use crate::tui::widgets::gauge::Gauge;
use crate::tui::widgets::heat_cell::Heat;
use crate::tui::widgets::row_bar::{DivergingBar, RowBar};
use crate::tui::widgets::sparkline::Sparkline;
use crate::tui::widgets::{Canvas, Plot, Segment};
use crate::units::Money;

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
    /// A state and its reason in a role; the reason is left out if it does not fit.
    State(Role, std::borrow::Cow<'a, str>),
    /// Text in a role, cut behind a whole word.
    Sentence(Role, std::borrow::Cow<'a, str>),
    /// An amount of money. The amounts of a column have the same number of decimals.
    Amount(MoneyCell),
    Gauge(Gauge),
    Bar(RowBar),
    Diverging(DivergingBar),
    Sparkline(Sparkline<'a>),
    /// Heat cells from the left. If not all fit, lost and silent ones come first, followed by the number left out:
    /// `▅▅▆▅+30`.
    Heat(Vec<Heat>),
}

/// An amount of money in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct MoneyCell {
    pub money: Money,
    pub sign: MoneySign,
    /// The cells that it takes at most.
    pub cells: u16,
    /// On which side of it the true amount may be.
    pub bound: Bound,
}

/// How an amount shows its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneySign {
    /// A minus where it is negative.
    Plain,
    /// A profit or a loss: `+35.12`, `▼ −288.00`.
    Profit,
    /// A change of profit: `▲ +35.12`, `▼ −288.00`.
    Change,
}

impl MoneyCell {
    /// In at most `width` cells.
    fn segment(&self, is_whole: bool, width: u16, glyphs: Glyphs) -> Segment<'static> {
        let cells = usize::from(self.cells);
        let role = match self.money.rounded(if is_whole { 0 } else { 2 }).signum() {
            _ if self.sign == MoneySign::Plain => Role::Text,
            0 => Role::Text,
            1 => Role::Gain,
            _ => Role::Loss,
        };
        let rising = if self.sign == MoneySign::Change && role == Role::Gain { "▲ " } else { "" };
        let room = cells.saturating_sub(format::width(rising));
        let text = match (self.sign, is_whole) {
            (MoneySign::Plain, false) => format::bare(Some(self.money), room),
            (MoneySign::Plain, true) => format::whole(self.money, room),
            (_, false) => format::signed(self.money, room),
            (_, true) => format::signed_whole(self.money, room),
        };
        let text = self.marked(&text, room.min(usize::from(width)), glyphs);
        Segment::new(role, format!("{rising}{text}"))
    }

    /// The amount with the mark of its bound, where both fit whole.
    fn marked(&self, text: &str, room: usize, glyphs: Glyphs) -> String {
        let (amount, mark) = (text.trim(), self.bound.mark());
        let forms = [mark, mark.trim()].map(|mark| glyphs.text(mark).into_owned());
        let fits = |mark: &&String| format::width(mark) + format::width(amount) <= room;
        forms
            .iter()
            .find(fits)
            .filter(|mark| !mark.is_empty())
            .map_or_else(|| text.to_owned(), |mark| format!("{mark}{amount}"))
    }
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

    /// Whether it is an amount that is written without cents.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self, Self::Amount(amount) if format::is_whole(amount.money))
    }

    /// Draws it; `is_whole`: the amounts of its column have no cents.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, align: Align, is_whole: bool) {
        match self {
            Self::Empty => {}
            Self::Amount(amount) => {
                let segment = amount.segment(is_whole, area.width, canvas.theme.glyphs());
                canvas.clip(area).line_within(0, 0, area.width, &[segment], align == Align::Right);
            }
            Self::Text(segments) => {
                canvas.clip(area).line_within(0, 0, area.width, segments, align == Align::Right);
            }
            Self::Phrase(text) => {
                let text = format::clauses(text, usize::from(area.width));
                canvas.clip(area).line_within(0, 0, area.width, &[Segment::dim(text)], align == Align::Right);
            }
            Self::State(role, text) => {
                let text = format::clauses(text, usize::from(area.width));
                canvas.clip(area).line_within(0, 0, area.width, &[Segment::new(*role, text)], align == Align::Right);
            }
            Self::Sentence(role, text) => {
                let text = format::cut_at_word(text, usize::from(area.width));
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
