//! The keys, from the table that dispatches them.

use ratatui::layout::Rect;

use crate::tui::keys::BINDINGS;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

/// Cells of the panel.
const WIDTH: u16 = 64;

/// Draws them over the middle of `area`.
pub fn help(canvas: &mut Canvas<'_>, area: Rect) {
    let lines: Vec<_> = BINDINGS.iter().filter(|binding| !binding.shown.is_empty()).collect();
    let (width, height) = (WIDTH.min(area.width), (lines.len() as u16 + 5).min(area.height));
    let panel = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    canvas.clear(panel);
    let inner = panel.inner(ratatui::layout::Margin::new(2, 1));
    canvas.pen(inner, 0).strong(Role::Accent, "margintop").skip(2).put(Role::Dim, "keys");
    for (row, binding) in (2..).zip(lines) {
        canvas.pen(inner, row).name(Role::Accent, binding.shown, 11).put(Role::Text, binding.help);
    }
    let last = inner.height.saturating_sub(1);
    canvas
        .pen(inner, last)
        .name(Role::Accent, "mouse", 11)
        .put(Role::Text, "wheel, tabs, rows; with Shift it selects text");
    canvas.ground(panel, Role::Panel);
}
