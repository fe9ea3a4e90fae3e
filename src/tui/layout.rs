//! Areas cut into rows and halves.

use ratatui::layout::Rect;

/// Rows that are handed out from the top and the bottom of an area.
pub(super) struct LayoutRows(pub(super) Rect);

impl LayoutRows {
    pub(super) fn top(&mut self, rows: u16) -> Rect {
        let rows = rows.min(self.0.height);
        let taken = Rect { height: rows, ..self.0 };
        self.0.y += rows;
        self.0.height -= rows;
        taken
    }

    pub(super) fn bottom(&mut self, rows: u16) -> Rect {
        let rows = rows.min(self.0.height);
        self.0.height -= rows;
        Rect { y: self.0.bottom(), height: rows, ..self.0 }
    }
}

/// Two areas side by side, the left one of so many columns.
pub(super) fn split(area: Rect, left: u16, gap: u16) -> (Rect, Rect) {
    let left = left.min(area.width);
    let x = (left + gap).min(area.width);
    (Rect { width: left, ..area }, Rect { x: area.x + x, width: area.width - x, ..area })
}
