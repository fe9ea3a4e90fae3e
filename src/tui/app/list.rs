//! Where one stands in a list.

/// A step in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the keys")]
pub enum Motion {
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
}

/// The chosen row and the order of one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListState {
    chosen: usize,
    order: usize,
}

impl ListState {
    /// The chosen row in a list that has `rows` now.
    pub fn chosen(&self, rows: usize) -> usize {
        self.chosen.min(rows.saturating_sub(1))
    }

    /// Which order.
    pub fn order(&self) -> usize {
        self.order
    }

    /// The first row to show when `page` of `rows` fit: the chosen one stays in the middle where it can.
    pub fn first(&self, page: usize, rows: usize) -> usize {
        self.chosen(rows).saturating_sub(page / 2).min(rows.saturating_sub(page))
    }

    /// Moves.
    pub(super) fn step(&mut self, motion: Motion, page: usize, rows: usize) {
        let (at, last) = (self.chosen(rows), rows.saturating_sub(1));
        self.chosen = match motion {
            Motion::Up => at.saturating_sub(1),
            Motion::Down => at + 1,
            Motion::PageUp => at.saturating_sub(page.max(1)),
            Motion::PageDown => at + page.max(1),
            Motion::Top => 0,
            Motion::Bottom => last,
        }
        .min(last);
    }

    /// Chooses a row by its place among those shown.
    pub(super) fn choose(&mut self, place: usize, page: usize, rows: usize) {
        self.chosen = (self.first(page, rows) + place).min(rows.saturating_sub(1));
    }

    /// Sorts by the next of `orders` orders.
    pub(super) fn next_order(&mut self, orders: usize) {
        self.order = (self.order + 1) % orders.max(1);
    }
}
