//! Areas cut into rows, halves and stacks.

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

/// Areas of `height` rows below each other, at most `count`; the last has all that is left, at least `least` rows.
pub(super) fn stacked(area: Rect, height: u16, least: u16, count: usize) -> Vec<Rect> {
    let mut rows = LayoutRows(area);
    let mut areas = Vec::new();
    while areas.len() + 1 < count && rows.0.height >= height.saturating_add(least) && height > 0 {
        areas.push(rows.top(height));
    }
    areas.extend((count > 0).then_some(rows.0));
    areas
}

/// The items from `first` on, then those before it, the nearest first.
pub(super) fn from_chosen<T>(items: &[T], first: usize) -> impl Iterator<Item = &T> {
    let (before, after) = items.split_at(first.min(items.len()));
    after.iter().chain(before.iter().rev())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_takes_all_of_its_area() {
        let heights = |rows: u16, count| {
            let area = Rect { x: 0, y: 3, width: 9, height: rows };
            let areas = stacked(area, 30, 16, count);
            assert_eq!(areas.last().map(|last| last.bottom()), (count > 0).then_some(area.bottom()));
            areas.iter().map(|area| area.height).collect::<Vec<_>>()
        };
        assert_eq!(heights(45, 3), [45]);
        assert_eq!(heights(46, 3), [30, 16]);
        assert_eq!(heights(200, 3), [30, 30, 140]);
        assert_eq!(heights(200, 0), Vec::<u16>::new());
    }

    #[test]
    fn what_is_chosen_comes_first() {
        let from = |first| from_chosen(&[1, 2, 3, 4], first).copied().collect::<Vec<_>>();
        assert_eq!([from(0), from(2), from(9)], [[1, 2, 3, 4], [3, 4, 2, 1], [4, 3, 2, 1]]);
    }
}
