//! What is shown where nothing was found: what was looked for, why it failed, the mend, and the next step.

use ratatui::layout::Rect;
use ratatui::widgets::{Paragraph, Widget, Wrap};

use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

/// Draws it.
pub fn nothing_found(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let mut y = area.y;
    let mut write = |canvas: &mut Canvas<'_>, indent: u16, role: Role, text: &str| {
        let width = area.width.saturating_sub(indent);
        let style = canvas.theme.style(role);
        let paragraph = Paragraph::new(text).wrap(Wrap { trim: true }).style(style);
        let rows = wrapped_rows(text, width).min(area.bottom().saturating_sub(y));
        paragraph.render(Rect { x: area.x + indent, y, width, height: rows }, canvas.buffer);
        y += rows;
    };
    write(canvas, 0, Role::Text, "Nothing to watch was found here.");
    write(canvas, 0, Role::Text, " ");
    for trouble in &scene.snap.troubles {
        write(canvas, 0, Role::Accent, trouble.what.as_str());
        write(canvas, 2, Role::Text, trouble.why.as_str());
        write(canvas, 2, Role::Dim, trouble.mend.as_str());
        write(canvas, 0, Role::Text, " ");
    }
    write(canvas, 0, Role::Dim, "It goes on looking. margintop demo shows a simulated fleet.");
}

/// How many rows `text` takes when it is broken at spaces; never too few.
fn wrapped_rows(text: &str, width: u16) -> u16 {
    let width = usize::from(width.max(1));
    let (mut rows, mut used) = (1, 0);
    for word in text.split(' ') {
        let cells = crate::tui::human::width(word);
        if used > 0 && used + 1 + cells > width {
            rows += 1;
            used = 0;
        }
        rows += cells.saturating_sub(1) / width;
        used += cells + usize::from(used > 0);
    }
    rows as u16
}
