//! A grid of braille dots, two by four per cell, where each dot belongs to a layer.

use ratatui::layout::Rect;

use super::{Canvas, Clip};
use crate::tui::theme::{Ink, Role};

/// The bit of each dot in its braille glyph, by row and column.
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
/// The mask of lower layers without colours: every second dot.
const HALF: u8 = 0x01 | 0x10 | 0x04 | 0x80;
/// The mask of losses without colours: two dots.
const QUARTER: u8 = 0x02 | 0x80;

/// The layer of a dot, by number, and whether the dot is on the layer's edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dot {
    pub(super) layer: u8,
    pub(super) is_edge: bool,
}

/// The lit dots of a cell, from its top left to its bottom right.
pub(super) struct Lit {
    dots: [Dot; 8],
    count: usize,
}

impl Lit {
    pub(super) fn dots(&self) -> &[Dot] {
        self.dots.get(..self.count).unwrap_or(&[])
    }

    /// The number of dots in a layer.
    pub(super) fn count(&self, layer: u8) -> usize {
        self.dots().iter().filter(|dot| dot.layer == layer).count()
    }

    /// Whether the cell contains the edge of a layer.
    pub(super) fn has_edge(&self, layer: u8) -> bool {
        self.dots().iter().any(|dot| dot.layer == layer && dot.is_edge)
    }
}

/// The grid over an area of cells.
pub(super) struct Dots {
    cells: (usize, usize),
    dots: Vec<Option<Dot>>,
}

impl Dots {
    /// An empty grid over the part of `area` that lies on the canvas.
    pub(super) fn over(canvas: &Canvas<'_>, area: Rect) -> Self {
        let area = area.intersection(canvas.buffer.area);
        let cells = (usize::from(area.width), usize::from(area.height));
        Self { cells, dots: vec![None; cells.0 * cells.1 * 8] }
    }

    /// The width in dots.
    pub(super) fn width(&self) -> usize {
        self.cells.0 * 2
    }

    /// The height in dots.
    pub(super) fn height(&self) -> usize {
        self.cells.1 * 4
    }

    /// Lights a dot; columns count from the left, rows from the bottom.
    pub(super) fn set(&mut self, column: usize, row: usize, layer: u8, is_edge: bool) {
        if let Some(dot) = self.at(column, row) {
            *dot = Some(Dot { layer, is_edge });
        }
    }

    /// Darkens a dot.
    pub(super) fn clear(&mut self, column: usize, row: usize) {
        if let Some(dot) = self.at(column, row) {
            *dot = None;
        }
    }

    /// The dot at a position, if lit.
    pub(super) fn get(&self, column: usize, row: usize) -> Option<Dot> {
        let index = self.index(column, row)?;
        self.dots.get(index).copied().flatten()
    }

    fn at(&mut self, column: usize, row: usize) -> Option<&mut Option<Dot>> {
        let index = self.index(column, row)?;
        self.dots.get_mut(index)
    }

    fn index(&self, column: usize, row: usize) -> Option<usize> {
        let from_top = self.height().checked_sub(row + 1)?;
        (column < self.width()).then(|| from_top * self.width() + column)
    }

    /// The height of a value in dots, on a scale from `low` at the bottom to `top`.
    pub(super) fn rise(&self, value: f64, low: f64, top: f64) -> usize {
        share(value, low, top, self.height())
    }

    /// The row of a value, from the bottom, on a scale where `low` is the lowest row and `top` the highest.
    pub(super) fn level(&self, value: f64, low: f64, top: f64) -> usize {
        share(value, low, top, self.height().saturating_sub(1))
    }

    /// Draws the lit dots. `ink` returns the ink of a cell from its dots and its row, counted from the top.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, ink: impl Fn(&Lit, usize) -> Ink) {
        self.draw_each(canvas, area, false, ink);
    }

    /// Draws the lit dots and keeps those already drawn.
    pub(super) fn draw_over(&self, canvas: &mut Canvas<'_>, area: Rect, ink: impl Fn(&Lit, usize) -> Ink) {
        self.draw_each(canvas, area, true, ink);
    }

    fn draw_each(&self, canvas: &mut Canvas<'_>, area: Rect, keep: bool, ink: impl Fn(&Lit, usize) -> Ink) {
        let mut clip = canvas.clip(area);
        for row in 0..self.cells.1 {
            for column in 0..self.cells.0 {
                let (bits, lit) = self.cell(column, row);
                if bits == 0 {
                    continue;
                }
                let (x, y) = (column as u16, row as u16);
                let ink = ink(&lit, row);
                let bits = if clip.has_colour() { bits } else { thinned(bits, ink.role()) };
                let under = if keep { braille_at(&clip, x, y) } else { 0 };
                clip.put(x, y, char::from_u32(0x2800 + u32::from(bits | under)).unwrap_or(' '), ink);
            }
        }
    }

    fn cell(&self, column: usize, row: usize) -> (u8, Lit) {
        let mut lit = Lit { dots: [Dot { layer: 0, is_edge: false }; 8], count: 0 };
        let mut bits = 0;
        for (r, pair) in BITS.iter().enumerate() {
            for (k, bit) in pair.iter().enumerate() {
                let index = (4 * row + r) * self.width() + 2 * column + k;
                let Some(dot) = self.dots.get(index).copied().flatten() else { continue };
                bits |= bit;
                if let Some(place) = lit.dots.get_mut(lit.count) {
                    *place = dot;
                    lit.count += 1;
                }
            }
        }
        (bits, lit)
    }
}

/// The position of `value` between `low` and `top`, in `steps`, clamped; 0 without a valid scale.
fn share(value: f64, low: f64, top: f64, steps: usize) -> usize {
    let share = (value - low) / (top - low);
    if !share.is_finite() || top <= low {
        return 0;
    }
    (share.clamp(0.0, 1.0) * steps as f64).round_ties_even() as usize
}

/// Masks dots so that layers differ by density without colours.
fn thinned(bits: u8, role: Role) -> u8 {
    let mask = match role {
        Role::Cost | Role::Prompt => HALF,
        Role::Loss => QUARTER,
        _ => u8::MAX,
    };
    if bits & mask == 0 { bits } else { bits & mask }
}

fn braille_at(clip: &Clip<'_>, x: u16, y: u16) -> u8 {
    let code = clip.glyph(x, y).chars().next().map_or(0, u32::from);
    code.checked_sub(0x2800).and_then(|bits| u8::try_from(bits).ok()).unwrap_or(0)
}

/// The newest `columns` values; fewer are aligned to the right. Values that are not finite are gaps.
pub(super) fn newest(values: &[Option<f64>], columns: usize) -> impl Iterator<Item = Option<f64>> + '_ {
    let shown = values.get(values.len().saturating_sub(columns)..).unwrap_or(&[]);
    let gap = columns - shown.len();
    std::iter::repeat_n(None, gap).chain(shown.iter().map(|value| value.filter(|v| v.is_finite())))
}

/// The opacity of an area's interior, in percent: the lower the row, the lower the opacity.
pub(super) fn shade(row: usize, height: usize) -> u8 {
    let up = height.saturating_sub(row + 1);
    (30.0 + 32.0 * up as f64 / height.saturating_sub(1).max(1) as f64).round_ties_even() as u8
}
