//! Bars in rows of text: thin, with a resolution of half a cell and space to the rows above and below.

use ratatui::layout::Rect;

use super::{Canvas, Clip};
use crate::tui::theme::{Ink, Role};

/// A bar from the left. Unknown values and zero have no bar.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct RowBar {
    pub value: Option<f64>,
    /// The value of a full bar, the same for all rows that are compared.
    pub top: f64,
    pub ink: Ink,
}

impl RowBar {
    /// Draws the bar into the first row of `area`.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let mut clip = canvas.clip(area);
        let width = clip.width();
        for (x, glyph) in right(halves(self.value, self.top, width)) {
            clip.put(x, 0, glyph, self.ink);
        }
    }
}

/// A bar from an axis: a loss to its left, a gain to its right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DivergingBar {
    /// The amount; only the axis is drawn if it is unknown or zero.
    pub value: Option<f64>,
    /// The amount at which either side is full.
    pub top: f64,
    /// The cell of the axis.
    pub axis: u16,
    /// The inks of the right and the left side.
    pub inks: [Ink; 2],
}

impl DivergingBar {
    /// A gain or a loss about an axis.
    pub fn of_profit(value: Option<f64>, top: f64, axis: u16) -> Self {
        Self { value, top, axis, inks: [Role::Gain.into(), Role::Loss.into()] }
    }

    /// Draws the bar into the first row of `area`.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let mut clip = canvas.clip(area);
        let axis = self.axis.min(clip.width().saturating_sub(1));
        clip.put(axis, 0, '│', Role::Rule);
        let Some(value) = self.value.filter(|value| value.is_finite()) else { return };
        let amount = Some(value.abs());
        if value > 0.0 {
            let room = clip.width().saturating_sub(axis + 1);
            for (x, glyph) in right(halves(amount, self.top, room)) {
                clip.put(axis + 1 + x, 0, glyph, self.inks[0]);
            }
        } else {
            for (x, glyph) in right(halves(amount, self.top, axis)) {
                let glyph = if glyph == '━' { '━' } else { '╺' };
                clip.put(axis - 1 - x, 0, glyph, self.inks[1]);
            }
        }
    }
}

/// A value in half cells of `width`; at least 1 for values above zero.
fn halves(value: Option<f64>, top: f64, width: u16) -> u32 {
    let share = value.map_or(0.0, |value| value / top);
    if !share.is_finite() || share <= 0.0 || width == 0 {
        return 0;
    }
    ((share.min(1.0) * f64::from(width) * 2.0).round_ties_even() as u32).max(1)
}

/// The cells of a bar of `halves` half cells, from the left.
fn right(halves: u32) -> impl Iterator<Item = (u16, char)> {
    let full = (halves / 2) as u16;
    let half = (halves % 2 == 1).then_some((full, '╸'));
    (0..full).map(|x| (x, '━')).chain(half)
}

/// Draws a span of half cells, counted from the left edge of the row: `from` inclusive to `to` exclusive.
pub(super) fn span(clip: &mut Clip<'_>, x: u16, y: u16, (from, to): (u32, u32), ink: Ink) {
    for cell in from / 2..to.div_ceil(2) {
        let (has_left, has_right) = (from <= 2 * cell, to >= 2 * cell + 2);
        let glyph = match (has_left, has_right) {
            (true, true) => '━',
            (true, false) => '╸',
            _ => '╺',
        };
        clip.put(x.saturating_add(cell as u16), y, glyph, ink);
    }
}
