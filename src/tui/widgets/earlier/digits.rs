//! Large digits: three rows high, for the one number that the eye should find first.

use crate::tui::human;
use crate::tui::theme::Glyphs;
use crate::tui::widgets::Canvas;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Rows of a large digit.
pub const DIGIT_ROWS: u16 = 3;

/// The rows of one character; `None` if it has no large form.
fn glyph(c: char) -> Option<[&'static str; 3]> {
    Some(match c {
        '0' => ["█▀█", "█ █", "▀▀▀"],
        '1' => [" █ ", " █ ", " ▀ "],
        '2' => ["▀▀█", "█▀▀", "▀▀▀"],
        '3' => ["▀▀█", " ▀█", "▀▀▀"],
        '4' => ["█ █", "▀▀█", "  ▀"],
        '5' => ["█▀▀", "▀▀█", "▀▀▀"],
        '6' => ["█▀▀", "█▀█", "▀▀▀"],
        '7' => ["▀▀█", "  █", "  ▀"],
        '8' => ["█▀█", "█▀█", "▀▀▀"],
        '9' => ["█▀█", "▀▀█", "▀▀▀"],
        ',' => [" ", " ", "▞"],
        '-' => ["  ", "▀▀", "  "],
        '+' => ["   ", "▀█▀", "   "],
        ' ' => [" ", " ", " "],
        _ => return None,
    })
}

/// Writes `text` large at the left of `area`; characters without a large form stand small in the middle row. Returns the
/// cells used, or `None` and draws nothing if it does not fit or blocks cannot be shown.
pub fn large(canvas: &mut Canvas<'_>, area: Rect, text: &str, style: Style) -> Option<u16> {
    if canvas.theme.glyphs() == Glyphs::Ascii {
        return None;
    }
    let forms: Vec<_> = text.chars().map(|c| (c, glyph(c))).collect();
    let cells = |(c, form): &(char, Option<[&str; 3]>)| match form {
        Some(rows) => human::width(rows[0]) as u16 + 1,
        None => human::width(c.encode_utf8(&mut [0; 4])) as u16 + 1,
    };
    let needed: u16 = forms.iter().map(cells).sum();
    if needed > area.width || area.height < DIGIT_ROWS {
        return None;
    }
    let mut x = area.x;
    for item in &forms {
        match item.1 {
            Some(rows) => {
                for (y, row) in (area.y..).zip(rows) {
                    canvas.buffer.set_stringn(x, y, row, row.len(), style);
                }
            }
            None => {
                canvas.buffer.set_stringn(x, area.y + 1, item.0.encode_utf8(&mut [0; 4]), 2, style);
            }
        }
        x += cells(item);
    }
    Some(needed)
}
