//! The last line: the keys that one looks for, or the filter that is being written.

use ratatui::layout::Rect;

use crate::tui::app::{Command, View};
use crate::tui::keys::BINDINGS;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

/// Draws it.
pub fn footer(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let filter = &scene.app.filter;
    let mut pen = canvas.pen(area, 0);
    if filter.editing {
        pen.put(Role::Accent, "/").put(Role::Text, filter.text()).put(Role::Accent, "▏");
        pen.skip(2).put(Role::Dim, "⏎ keep  Esc drop");
        return;
    }
    if !filter.text().is_empty() {
        pen.put(Role::Accent, "/").put(Role::Text, filter.text()).put(Role::Dim, "  (rows only)").skip(2);
    }
    for binding in BINDINGS.iter().filter(|binding| !binding.footer.is_empty()) {
        if scene.app.view == View::Overview && binding.command == Command::Sort {
            continue;
        }
        let needed = matches!(binding.command, Command::Help | Command::Quit | Command::Pause);
        if area.width < 60 && !needed {
            continue;
        }
        pen.put(Role::Accent, binding.shown).skip(1).put(Role::Dim, binding.footer);
        match binding.command {
            Command::Sort => pen.skip(1).put(Role::Faint, order(scene)),
            _ => &mut pen,
        };
        pen.skip(2);
    }
}

fn order<'a>(scene: &Scene<'a>) -> &'a str {
    scene.app.view.orders().get(scene.app.list().order()).copied().unwrap_or_default()
}
