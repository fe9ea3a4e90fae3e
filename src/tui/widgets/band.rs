//! The band between two lines, such as p50 and p99: edges in full colour, the interior blended with the background.

use ratatui::layout::Rect;

use super::area::draw_even;
use super::dots::{Dots, newest};
use super::{Canvas, Plot};
use crate::tui::theme::{Ink, Role};

/// The opacity of the interior, in percent.
const INTERIOR: u8 = 45;

/// A band over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BandChart<'a> {
    /// The lower line, two values per cell, the newest last.
    pub lower: &'a [Option<f64>],
    /// The upper line at the same times. If either is `None`, there is a gap.
    pub upper: &'a [Option<f64>],
    /// The value at the bottom.
    pub low: f64,
    /// The value at the top.
    pub top: f64,
    /// The value of a dotted line, such as an objective.
    pub limit: Option<f64>,
    /// The role of its colour.
    pub role: Role,
}

impl Plot for BandChart<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let mut dots = Dots::over(canvas, area);
        let columns = dots.width();
        for (x, pair) in newest(self.lower, columns).zip(newest(self.upper, columns)).enumerate() {
            let (Some(lower), Some(upper)) = pair else { continue };
            let lower = dots.level(lower, self.low, self.top);
            let upper = dots.level(upper, self.low, self.top).max(lower);
            for row in lower..=upper {
                dots.set(x, row, 0, row == lower || row == upper);
            }
        }
        if let Some(limit) = self.limit.filter(|limit| limit.is_finite()) {
            let row = dots.rise(limit, self.low, self.top);
            draw_even(&mut dots, row);
        }
        dots.draw(canvas, area, |lit, _| {
            if lit.has_edge(0) {
                self.role.into()
            } else if lit.count(0) > 0 {
                Ink::Mixed(self.role, INTERIOR)
            } else {
                Role::Dim.into()
            }
        });
    }

    fn range(&self) -> (f64, f64) {
        (self.low, self.top)
    }
}
