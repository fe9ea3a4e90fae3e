//! The last line: the keys that one looks for, or the filter that is being written.

use ratatui::layout::Rect;

use super::money::has_one_pane;
use crate::tui::app::{Command, View};
use crate::tui::keys::BINDINGS;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

/// Draws it.
pub fn footer(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let filter = &scene.app.filter;
    let terminal = canvas.buffer.area;
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
        if !means_something(binding.command, terminal, scene) {
            continue;
        }
        pen.put(Role::Accent, binding.shown).skip(1).put(Role::Dim, binding.footer);
        match binding.command {
            Command::Sort => pen.skip(1).put(Role::Rule, order(scene)),
            Command::Show(View::Money) => pen.skip(1).put(Role::Rule, scene.app.money.pane.name()),
            _ => &mut pen,
        };
        pen.skip(2);
    }
}

/// Whether a key means something in this view, and is worth its cells on a terminal of this size.
fn means_something(command: Command, terminal: Rect, scene: &Scene<'_>) -> bool {
    let width = terminal.width;
    let money = scene.app.view == View::Money;
    match command {
        Command::Sort => !matches!(scene.app.view, View::Overview | View::Money) && width >= 60,
        Command::Show(View::Money) => money && has_one_pane(terminal),
        Command::Against => money && width >= 60,
        Command::Filter | Command::NextTheme => width >= if money { 100 } else { 60 },
        Command::Help | Command::Quit | Command::Pause => true,
        _ => width >= 60,
    }
}

fn order<'a>(scene: &Scene<'a>) -> &'a str {
    scene.app.view.orders().get(scene.app.list().order()).copied().unwrap_or_default()
}
