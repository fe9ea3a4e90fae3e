//! The panel under `i`: what each figure of the open view is.

use ratatui::layout::{Margin, Rect};

use crate::tui::figures::{self, Figure};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::view::ViewId;
use crate::tui::widgets::{Canvas, Segment};

/// The widest panel, and cells of a figure's name.
const WIDEST: u16 = 116;
const NAME: usize = 26;
/// Cells beside the panel below which it takes them too.
const MARGINS: u16 = 12;

/// Draws it over `area`. Lines that find no room are reached by scrolling.
pub fn figures(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, first: usize) {
    // A few columns of the view at both sides would be read with it.
    let width = if area.width <= WIDEST + MARGINS { area.width } else { WIDEST };
    let cells = usize::from(width.saturating_sub(4));
    let view = input.app.view();
    let lines = lines(view, cells);
    let height = (lines.len().min(500) as u16 + 2).min(area.height.saturating_sub(2)).max(3.min(area.height));
    let x = area.x + (area.width - width) / 2;
    let panel = Rect { x, y: area.y + (area.height - height) / 2, width, height };
    canvas.clear(panel);
    let inner = panel.inner(Margin::new(2, 0));
    let page = usize::from(height.saturating_sub(2));
    let first = first.min(lines.len().saturating_sub(page));
    canvas.writer(inner, 0).strong(Role::Accent, "WHAT IS THIS FIGURE?").skip(2).put(Role::Dim, view.view().title());
    for (row, line) in (1..).zip(lines.iter().skip(first).take(page)) {
        canvas.clip(Rect { y: inner.y + row, height: 1, ..inner }).line(0, 0, line);
    }
    let more = lines.len().saturating_sub(first + page);
    let mut writer = canvas.writer(inner, inner.height.saturating_sub(1));
    writer.put(Role::Accent, "i Esc").put(Role::Dim, " close");
    if more > 0 || first > 0 {
        writer.skip(2).put(Role::Accent, "j k").put(Role::Dim, &format!(" scroll, {more} more"));
    }
    canvas.ground(panel, Role::Panel);
}

/// How many lines the panel of a view has at most: no scrolling goes beyond.
pub fn figure_lines(view: ViewId, width: u16) -> usize {
    let width = if width <= WIDEST + MARGINS { width } else { WIDEST };
    lines(view, usize::from(width.saturating_sub(4))).len()
}

fn lines(view: ViewId, cells: usize) -> Vec<Vec<Segment<'static>>> {
    figures::of(view).flat_map(|figure| figure_rows(figure, cells)).collect()
}

/// Name and formula side by side, or below each other where there are few columns; then unit and source.
fn figure_rows(figure: &Figure, cells: usize) -> Vec<Vec<Segment<'static>>> {
    let is_wide = cells >= 70;
    let indent = if is_wide { NAME } else { 2 };
    let room = cells.saturating_sub(indent).max(1);
    let from = format!("{}; from {}", figure.unit, figure.source);
    let body = wrapped(figure.formula, room).into_iter().map(Segment::text);
    let body = body.chain(wrapped(&from, room).into_iter().map(Segment::dim));
    let blank = || Segment::dim(" ".repeat(indent));
    let mut rows: Vec<Vec<Segment<'static>>> = body.map(|segment| vec![blank(), segment]).collect();
    if is_wide {
        if let Some(first) = rows.first_mut().and_then(|row| row.first_mut()) {
            *first = Segment::title(format::pad_right(&format::shorten(figure.name, NAME - 2), NAME));
        }
    } else {
        rows.insert(0, vec![Segment::title(format::cut(figure.name, cells))]);
    }
    rows
}

/// Words in lines of so many cells at most.
fn wrapped(text: &str, cells: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if format::width(line) + 1 + format::width(word) <= cells => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format::cut(word, cells)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_its_room() {
        for view in ViewId::tabs() {
            for cells in [36, 69, 70, 76, 112] {
                for line in lines(view, cells) {
                    assert!(crate::tui::widgets::cells(&line) <= cells, "{view:?} {cells}: {line:?}");
                }
            }
        }
    }
}
