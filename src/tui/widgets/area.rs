//! Stacked areas, from zero upwards, in braille.

use ratatui::layout::Rect;

use super::dots::{Dots, newest, shade};
use super::{Canvas, Plot};
use crate::tui::theme::{Ink, Role};

/// One layer of a stack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layer<'a> {
    /// Two values per cell, the newest last; `None` is a gap.
    pub values: &'a [Option<f64>],
    /// The role of its colour.
    pub role: Role,
}

/// Stacked areas over time.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaChart<'a> {
    /// The layers, from the bottom up; at most 200.
    pub layers: Vec<Layer<'a>>,
    /// The value at the bottom, usually zero.
    pub low: f64,
    /// The value at the top.
    pub top: f64,
    /// The value of a dotted line: dots outside the area, gaps inside it.
    pub even: Option<f64>,
    /// Whether rows have the colours of the load scale instead of the layers'.
    pub is_heat: bool,
}

/// The layer number of the dotted line.
const EVEN: u8 = 201;

impl<'a> AreaChart<'a> {
    /// A chart of a single area from zero.
    pub fn of(values: &'a [Option<f64>], role: Role, top: f64) -> Self {
        Self { layers: vec![Layer { values, role }], low: 0.0, top, even: None, is_heat: false }
    }
}

impl Plot for AreaChart<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let mut dots = Dots::over(canvas, area);
        self.stack(&mut dots);
        if let Some(even) = self.even.filter(|even| even.is_finite()) {
            let row = dots.rise(even, self.low, self.top);
            draw_even(&mut dots, row);
        }
        let height = usize::from(area.height);
        let role = |layer: u8| self.layers.get(usize::from(layer)).map_or(Role::Dim, |layer| layer.role);
        dots.draw(canvas, area, |lit, row| {
            let body = lit.dots().iter().rev().find(|dot| dot.layer != EVEN);
            let Some(body) = body else { return Role::Dim.into() };
            if self.is_heat {
                let share = (height - row) as f64 - 0.5;
                return Ink::heat(hundredths(share / height.max(1) as f64));
            }
            match lit.dots().iter().find(|dot| dot.is_edge) {
                Some(edge) => role(edge.layer).into(),
                None => Ink::Mixed(role(body.layer), shade(row, height)),
            }
        });
    }

    fn range(&self) -> (f64, f64) {
        (self.low, self.top)
    }
}

impl AreaChart<'_> {
    fn stack(&self, dots: &mut Dots) {
        let columns = dots.width();
        // The upper end of the layers so far in each column, as a value and in dots.
        let mut ground = vec![(0.0_f64, 0_usize); columns];
        let mut upper = vec![None; columns];
        for (number, layer) in (0..EVEN).zip(&self.layers) {
            for (x, value) in newest(layer.values, columns).enumerate() {
                let (Some(value), Some((below, from))) = (value, ground.get_mut(x)) else { continue };
                *below += value;
                // The lowest area is at least a dot high, so that small values are visible.
                let least = if number == 0 { *from + 1 } else { *from };
                let to = dots.rise(*below, self.low, self.top).max(least);
                for row in *from..to {
                    dots.set(x, row, number, false);
                }
                if to > *from
                    && let Some(upper) = upper.get_mut(x)
                {
                    *upper = Some((to - 1, number));
                }
                *from = to;
            }
        }
        for (x, edge) in upper.into_iter().enumerate() {
            if let Some((row, number)) = edge {
                dots.set(x, row, number, true);
            }
        }
    }
}

pub(super) fn draw_even(dots: &mut Dots, row: usize) {
    for x in (0..dots.width()).filter(|x| (x / 2).is_multiple_of(2)) {
        match dots.get(x, row) {
            None => dots.set(x, row, EVEN, false),
            Some(dot) if !dot.is_edge => dots.clear(x, row),
            Some(_) => {}
        }
    }
}

fn hundredths(share: f64) -> f64 {
    (share * 100.0).round_ties_even() / 100.0
}
