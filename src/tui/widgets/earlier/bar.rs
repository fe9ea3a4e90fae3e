//! A horizontal bar in eighths of a cell, coloured by place.

use ratatui::layout::Rect;

use super::Level;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;
use crate::units::Ratio;

const EIGHTHS: [&str; 8] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Fills the first row of `area` up to `value`. A cell's colour goes by its place, so that a change touches the edge
/// only. Unknown is a dash, not an empty bar.
pub fn bar(canvas: &mut Canvas<'_>, area: Rect, value: Option<Ratio>) {
    let Some(value) = value else {
        canvas.pen(area, 0).put(Role::Rule, "–");
        return;
    };
    let full = value.get().clamp(0.0, 1.0) * f64::from(area.width) * 8.0;
    let mut eighths = full.round() as u32;
    if eighths == 0 && value.get() > 0.0 {
        eighths = 1;
    }
    for i in 0..area.width {
        let here = eighths.saturating_sub(u32::from(i) * 8);
        let glyph = if here >= 8 { "█" } else { EIGHTHS[here as usize] };
        let style = if here > 0 {
            canvas.theme.style(Level::at((f64::from(i) + 0.5) / f64::from(area.width)).role())
        } else {
            canvas.theme.style(Role::Rule)
        };
        let glyph = if here == 0 { "·" } else { glyph };
        canvas.cell(area.x + i, area.y, glyph, style);
    }
}
