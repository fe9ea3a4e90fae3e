//! The command line in the last row, and what completes it above.

use ratatui::layout::Rect;

use crate::tui::app::Prompt;
use crate::tui::format;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Segment};

/// Rows of what completes the line, and cells of a name.
const ROWS: usize = 8;
const NAME: usize = 22;

/// Draws it over the bottom of `area`, the whole screen.
pub fn prompt(canvas: &mut Canvas<'_>, area: Rect, prompt: &Prompt) {
    let last = Rect { y: area.bottom().saturating_sub(1), height: 1.min(area.height), ..area };
    canvas.clear(last);
    let glyphs = canvas.theme.glyphs();
    let line = Rect { x: last.x + 1, width: last.width.saturating_sub(2), ..last };
    let mut writer = canvas.writer(line, 0);
    // The end of a long line is what is being written.
    let room = usize::from(line.width).saturating_sub(3);
    let skip = prompt.text.chars().count().saturating_sub(room);
    let text: String = prompt.text.chars().skip(skip).collect();
    writer.put(Role::Accent, ":").put(Role::Text, &text).put(Role::Accent, "▏");
    if writer.left() > 40 {
        writer.skip(2).put(Role::Dim, &glyphs.keys("Tab complete  ⏎ do it  ↑ before  Esc drop"));
    }
    let rows = prompt.candidates.len().min(ROWS).min(usize::from(area.height.saturating_sub(4)));
    let panel = Rect {
        x: area.x,
        y: last.y.saturating_sub(rows as u16),
        // Beside a narrower one, ends of words and figures would be read with it.
        width: area.width,
        height: rows as u16,
    };
    let chosen = prompt.chosen.unwrap_or(0);
    let first = (chosen + 1).saturating_sub(rows);
    for (row, (place, candidate)) in (0..panel.height).zip(prompt.candidates.iter().enumerate().skip(first).take(rows))
    {
        let mut clip = canvas.clip(Rect { y: panel.y + row, height: 1, ..panel });
        clip.blank_panel(0);
        let is_chosen = prompt.chosen == Some(place);
        let mark = Segment::new(Role::Accent, if is_chosen { "› " } else { "  " });
        let name = format::pad_right(&format::shorten(&candidate.shown, NAME), NAME);
        let name = if is_chosen { Segment::title(name) } else { Segment::text(name) };
        clip.line(1, 0, &[mark, name, Segment::dim(" "), Segment::dim(candidate.about)]);
    }
}
