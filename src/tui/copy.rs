//! What a frame shows as text: all of it, or an area.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::format;

/// The rows of an area without the spaces at their ends; a line each, the last without its end.
pub(super) fn text(frame: &Buffer, area: Rect) -> String {
    let area = area.intersection(frame.area);
    let rows: Vec<String> = (area.top()..area.bottom()).map(|y| row(frame, area, y)).collect();
    rows.join("\n")
}

fn row(frame: &Buffer, area: Rect, y: u16) -> String {
    let mut text = String::new();
    let mut x = area.left();
    while x < area.right() {
        let symbol = frame.cell((x, y)).map_or(" ", |cell| cell.symbol());
        text.push_str(symbol);
        // Behind a wide character stands nothing of its own.
        x += (format::width(symbol) as u16).max(1);
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn rows_end_where_their_text_does_and_wide_characters_stand_once() {
        let mut frame = Buffer::empty(Rect::new(0, 0, 12, 3));
        frame.set_string(1, 0, "模型 x", Style::new());
        frame.set_string(2, 2, "abc", Style::new());
        assert_eq!(text(&frame, frame.area), " 模型 x\n\n  abc");
        assert_eq!(text(&frame, Rect::new(3, 2, 99, 99)), "bc");
        assert_eq!(text(&frame, Rect::new(0, 9, 3, 3)), "");
    }
}
