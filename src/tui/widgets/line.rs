//! A line chart over time, in braille. The scale need not begin at zero, so both ends are labelled.

use ratatui::layout::Rect;

use super::dots::{Dots, newest};
use super::{Canvas, Plot};
use crate::tui::theme::Role;

/// A line. Dots that are already drawn are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LineChart<'a> {
    /// Two values per cell, the newest last; `None` interrupts the line.
    pub values: &'a [Option<f64>],
    /// The value at the bottom.
    pub low: f64,
    /// The value at the top.
    pub top: f64,
    /// The role of its colour.
    pub role: Role,
}

impl Plot for LineChart<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let mut dots = Dots::over(canvas, area);
        let mut before = None;
        for (x, value) in newest(self.values, dots.width()).enumerate() {
            let level = value.map(|value| dots.level(value, self.low, self.top));
            if let Some(level) = level {
                // Connects the previous point with this one.
                let from: usize = match before {
                    Some(before) if before < level => before + 1,
                    Some(before) if before > level => before - 1,
                    _ => level,
                };
                for row in from.min(level)..=from.max(level) {
                    dots.set(x, row, 0, true);
                }
            }
            before = level;
        }
        dots.draw_over(canvas, area, |_, _| self.role.into());
    }

    fn range(&self) -> (f64, f64) {
        (self.low, self.top)
    }
}
