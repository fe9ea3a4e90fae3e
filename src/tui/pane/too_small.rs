//! What a terminal of a few cells says.

use ratatui::layout::Rect;

use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

/// Draws the profit's sign of life if it fits, and that there is no room for more.
pub fn too_small(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let money = &input.snap.money;
    let cells = usize::from(area.width);
    let size = format!("{}x{}", area.width, area.height);
    let forms =
        [format!("{size} is too small"), format!("{size}: too small"), "too small".to_owned(), "small".to_owned()];
    let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
    canvas.writer(area, 0).put(Role::Warning, format::fitting(&forms, cells));
    canvas.writer(area, 1).put(Role::Dim, format::fitting(&["40x8 shows the money", "needs 40x8", "40x8"], cells));
    if area.height > 3 && money.profit.is_some() {
        let label = format::fitting(&["profit "], cells.saturating_sub(8));
        let text = input.money(money.profit, cells.saturating_sub(format::width(label)));
        canvas.writer(area, 3).put(Role::Dim, label).put(Role::Text, &text);
    }
}
