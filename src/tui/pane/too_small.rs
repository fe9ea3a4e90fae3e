//! What a terminal of a few cells says.

use ratatui::layout::Rect;

use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

/// Draws the profit's sign of life if it fits, and that there is no room for more.
pub fn too_small(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let money = &scene.snap.money;
    let size = format!("{}x{} is too small", area.width, area.height);
    canvas.pen(area, 0).put(Role::Warning, &size);
    canvas.pen(area, 1).put(Role::Dim, "40x8 shows the money");
    if area.height > 3 && money.profit.is_some() {
        let text = scene.money(money.profit, usize::from(area.width).saturating_sub(7));
        canvas.pen(area, 3).put(Role::Dim, "profit ").put(Role::Text, &text);
    }
}
