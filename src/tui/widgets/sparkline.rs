//! A sparkline in a table cell: one block per value, in eighths, from zero to an upper end that all rows have in common.

use std::borrow::Cow;

use ratatui::layout::Rect;

use super::dots::newest;
use super::heat_cell::{Heat, HeatLevel};
use super::{Canvas, Plot};
use crate::tui::theme::Ink;

const GLYPHS: [char; 8] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇'];

/// A sparkline with one value per cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Sparkline<'a> {
    /// The values, the newest last, aligned to the right; `None` is a gap.
    pub values: Cow<'a, [Option<f64>]>,
    /// The value at the top.
    pub top: f64,
    /// The ink; `None` gives each cell its colour on the load scale.
    pub ink: Option<Ink>,
}

impl<'a> Sparkline<'a> {
    /// A sparkline in one ink.
    pub fn new(values: impl Into<Cow<'a, [Option<f64>]>>, top: f64, ink: impl Into<Ink>) -> Self {
        Self { values: values.into(), top, ink: Some(ink.into()) }
    }

    /// A sparkline of shares on the load scale.
    pub fn heat(values: impl Into<Cow<'a, [Option<f64>]>>) -> Self {
        Self { values: values.into(), top: 1.0, ink: None }
    }
}

impl Plot for Sparkline<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let mut clip = canvas.clip(area);
        let width = usize::from(clip.width());
        for (x, value) in (0..).zip(newest(&self.values, width)) {
            let Some(share) = value.map(|value| value / self.top) else { continue };
            let share = if share.is_finite() && self.top > 0.0 { share.clamp(0.0, 1.0) } else { 0.0 };
            match self.ink {
                None if clip.is_ascii() => Heat::of(Some(share)).draw(&mut clip, x, 0),
                ink => {
                    let level = ((share * 7.0).round_ties_even() as usize).clamp(1, 7);
                    let glyph = GLYPHS.get(level).copied().unwrap_or('▇');
                    clip.put(x, 0, glyph, ink.unwrap_or_else(|| HeatLevel::at(share).ink()));
                }
            }
        }
    }

    fn range(&self) -> (f64, f64) {
        (0.0, self.top)
    }
}
