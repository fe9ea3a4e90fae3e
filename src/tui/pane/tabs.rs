//! The views by their numbers; the open one in the accent.

use ratatui::layout::Rect;

use crate::snapshot::Severity;
use crate::tui::app::View;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

/// Draws them.
pub fn tabs(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let alerts = &scene.snap.alerts;
    let gravest = alerts.iter().map(|alert| alert.severity).max();
    let mut pen = canvas.pen(area, 0);
    for (view, cells) in View::tabs(alerts.len()) {
        pen.to(area.x + cells.start);
        let label = format!("{} {}", view.key(), view.name());
        if view == scene.app.view {
            pen.strong(Role::Accent, &label);
        } else {
            pen.put(Role::Dim, &label);
        }
        if view == View::Alerts && !alerts.is_empty() {
            let role = match gravest {
                Some(Severity::Critical) => Role::Critical,
                Some(Severity::Warning) => Role::Warning,
                _ => Role::Dim,
            };
            pen.skip(1).put(role, &alerts.len().to_string());
        }
    }
}
