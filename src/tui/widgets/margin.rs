//! The margin chart: revenue = cost + profit.
//!
//! Cost is an area from zero with the profit stacked on it; the upper edge is revenue. Where cost is higher than revenue,
//! the difference is hatched in the loss role.

use ratatui::layout::Rect;

use super::dots::{Dots, Lit, newest, shade};
use super::{Canvas, Plot};
use crate::tui::theme::{Ink, Role};

/// The form of a margin chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MarginForm {
    /// Profit stacked on cost, which starts at zero.
    #[default]
    Stack,
    /// Profit around a zero line, for margins too thin to be visible in a stack.
    Profit,
}

/// Revenue and cost over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarginChart<'a> {
    /// Revenue, two values per cell, the newest last; `None` is a gap.
    pub revenue: &'a [Option<f64>],
    /// Cost at the same times; if `None`, cost and profit are unknown.
    pub cost: &'a [Option<f64>],
    /// The value at the top.
    pub top: f64,
    /// The value at the bottom, zero or less. Only [`MarginForm::Profit`] goes below zero.
    pub bottom: f64,
    /// The form of the chart.
    pub form: MarginForm,
}

/// The opacity of a loss below zero, in percent; a stack hatches it at full opacity.
const MISSING: u8 = 55;

const COST: u8 = 0;
const GAIN: u8 = 1;
const LOSS: u8 = 2;
/// Revenue whose cost is unknown.
const UNCOSTED: u8 = 3;
const ZERO: u8 = 4;

impl Plot for MarginChart<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let mut dots = Dots::over(canvas, area);
        let columns = dots.width();
        for (x, (revenue, cost)) in newest(self.revenue, columns).zip(newest(self.cost, columns)).enumerate() {
            match self.form {
                MarginForm::Stack => self.stack(&mut dots, x, revenue, cost),
                MarginForm::Profit => self.profit(&mut dots, x, revenue, cost),
            }
        }
        let height = usize::from(area.height);
        dots.draw(canvas, area, |lit, row| match self.form {
            MarginForm::Profit if lit.count(LOSS) > 0 && !lit.has_edge(LOSS) => Ink::Mixed(Role::Loss, MISSING),
            _ => ink(lit, row, height),
        });
    }

    fn range(&self) -> (f64, f64) {
        match self.form {
            MarginForm::Stack => (0.0, self.top),
            MarginForm::Profit => (self.bottom.min(0.0), self.top),
        }
    }
}

impl MarginChart<'_> {
    fn stack(&self, dots: &mut Dots, x: usize, revenue: Option<f64>, cost: Option<f64>) {
        let rise = |value: Option<f64>| value.map(|value| dots.rise(value, 0.0, self.top));
        match (rise(revenue), rise(cost)) {
            (None, None) => {}
            (Some(revenue), None) => column(dots, x, 0..revenue, UNCOSTED),
            (None, Some(cost)) => column(dots, x, 0..cost, COST),
            (Some(revenue), Some(cost)) if revenue >= cost => {
                column(dots, x, 0..cost, COST);
                column(dots, x, cost..revenue, GAIN);
            }
            (Some(revenue), Some(cost)) => {
                for row in 0..cost {
                    match row {
                        row if row + 1 == cost => dots.set(x, row, LOSS, true),
                        row if row < revenue => dots.set(x, row, COST, false),
                        row if (row + x).is_multiple_of(2) => dots.set(x, row, LOSS, false),
                        _ => {}
                    }
                }
            }
        }
    }

    fn profit(&self, dots: &mut Dots, x: usize, revenue: Option<f64>, cost: Option<f64>) {
        let (bottom, top) = self.range();
        let zero = dots.rise(0.0, bottom, top);
        if let (Some(revenue), Some(cost)) = (revenue, cost) {
            let to = dots.rise(revenue - cost, bottom, top);
            if to > zero {
                column(dots, x, zero..to, GAIN);
            }
            for row in to..zero {
                dots.set(x, row, LOSS, row == to);
            }
        }
        let line = zero.min(dots.height().saturating_sub(1));
        if (x / 2).is_multiple_of(2) && dots.get(x, line).is_none() {
            dots.set(x, line, ZERO, false);
        }
    }
}

/// Lights a column of dots in one layer, with the top dot as its edge.
fn column(dots: &mut Dots, x: usize, rows: std::ops::Range<usize>, layer: u8) {
    for row in rows.clone() {
        dots.set(x, row, layer, row + 1 == rows.end);
    }
}

/// The ink of a cell. A cell with an edge has the pure role of the part that fills half of it.
fn ink(lit: &Lit, row: usize, height: usize) -> Ink {
    if lit.has_edge(LOSS) || lit.count(LOSS) > 0 {
        return Role::Loss.into();
    }
    if lit.has_edge(GAIN) {
        let most_is_gain = 2 * lit.count(GAIN) >= lit.dots().len();
        return if most_is_gain { Role::Gain } else { Role::Cost }.into();
    }
    let most = [COST, GAIN, UNCOSTED, ZERO].into_iter().max_by_key(|layer| (lit.count(*layer), *layer)).unwrap_or(COST);
    match most {
        COST | GAIN if lit.has_edge(COST) => Role::Cost.into(),
        COST => Ink::Mixed(Role::Cost, 55),
        GAIN => Ink::Mixed(Role::Gain, shade(row, height)),
        UNCOSTED if lit.has_edge(UNCOSTED) => Role::Dim.into(),
        UNCOSTED => Ink::Mixed(Role::Dim, shade(row, height)),
        _ => Role::Rule.into(),
    }
}
