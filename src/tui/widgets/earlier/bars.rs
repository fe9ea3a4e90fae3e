//! Upright bars side by side, up from nothing and down from it.

use ratatui::layout::Rect;

use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// One bar for each value. Bars of two kinds stand side by side if one of them begins later in its slot.
#[derive(Debug, Clone, Copy)]
pub struct Bars<'a> {
    /// From left to right; `None` is left blank, a known nothing is a thin line.
    pub values: &'a [Option<f64>],
    /// The value of the top.
    pub top: f64,
    /// The value of the bottom: nothing, or less.
    pub bottom: f64,
    /// Cells from one bar's slot to the next.
    pub pitch: u16,
    /// Cells before the bar in its slot.
    pub skip: u16,
    /// Cells of the bar.
    pub width: u16,
    /// The colour above nothing, and below it.
    pub roles: [Role; 2],
    /// What a full cell is drawn with.
    pub fill: &'static str,
}

impl Bars<'_> {
    /// Draws them over all rows of `area`.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let below = self.rows_below(area.height);
        let above = area.height - below;
        for (i, value) in (0_u16..).zip(self.values) {
            let Some(value) = value.filter(|value| value.is_finite()) else { continue };
            let x = area.x.saturating_add(i.saturating_mul(self.pitch)).saturating_add(self.skip);
            for x in (x..x.saturating_add(self.width)).take_while(|x| *x < area.right()) {
                if value < 0.0 {
                    self.down(canvas, x, area.y + above, below, value);
                } else {
                    self.up(canvas, x, area.y + above, above, value);
                }
            }
        }
    }

    /// How many rows lie below nothing.
    fn rows_below(&self, height: u16) -> u16 {
        if self.bottom >= 0.0 {
            return 0;
        }
        if self.top <= 0.0 || height < 2 {
            return height;
        }
        let share = -self.bottom / (self.top - self.bottom);
        ((share * f64::from(height)).ceil() as u16).clamp(1, height - 1)
    }

    fn up(&self, canvas: &mut Canvas<'_>, x: u16, ground: u16, rows: u16, value: f64) {
        let share = if self.top > 0.0 { (value / self.top).clamp(0.0, 1.0) } else { 0.0 };
        let eighths = ((share * f64::from(rows) * 8.0).round() as u16).max(1);
        let style = canvas.theme.style(self.roles[0]);
        for row in 0..rows {
            let here = eighths.saturating_sub(row * 8).min(8);
            let glyph = if here == 8 { self.fill } else { EIGHTHS[usize::from(here)] };
            let y = ground - 1 - row;
            let under = canvas.buffer.cell((x, y)).filter(|cell| cell.symbol() == "█").map(|cell| cell.fg);
            match (here, under) {
                (0, _) => break,
                // The edge of a bar before another one leaves the rest of its cell to that one.
                (1..8, Some(colour)) if style.fg.is_some() => canvas.cell(x, y, glyph, style.bg(colour)),
                (1..8, Some(_)) => {}
                _ => canvas.cell(x, y, glyph, style),
            }
        }
    }

    /// There are no blocks that hang in eighths: halves must do.
    fn down(&self, canvas: &mut Canvas<'_>, x: u16, ground: u16, rows: u16, value: f64) {
        let share = if self.bottom < 0.0 { (value / self.bottom).clamp(0.0, 1.0) } else { 0.0 };
        let halves = ((share * f64::from(rows) * 2.0).round() as u16).max(1);
        let style = canvas.theme.style(self.roles[1]);
        for row in 0..rows {
            match halves.saturating_sub(row * 2) {
                0 => break,
                1 => canvas.cell(x, ground + row, "▀", style),
                _ => canvas.cell(x, ground + row, self.fill, style),
            }
        }
    }
}
