//! Where one stands in a list.

use crate::tui::view::ListKey;

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

/// The chosen row and the order of one list. A row stays chosen wherever it moves to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListState {
    /// The row that was chosen; the first one before anybody chose.
    chosen: Option<ListKey>,
    /// Where it was last: what is chosen when it is gone.
    at: usize,
    order: usize,
    is_reversed: bool,
}

impl ListState {
    /// The place of the chosen row among `rows`.
    pub fn place(&self, rows: &[ListKey]) -> usize {
        let found = self.chosen.and_then(|key| rows.iter().position(|row| *row == key));
        found.unwrap_or(self.at).min(rows.len().saturating_sub(1))
    }

    /// The chosen row.
    pub fn key(&self, rows: &[ListKey]) -> Option<ListKey> {
        rows.get(self.place(rows)).copied()
    }

    /// Which of the view's orders.
    pub fn order(&self) -> usize {
        self.order
    }

    /// Whether it is turned round.
    pub fn is_reversed(&self) -> bool {
        self.is_reversed
    }

    /// The first row to show when `page` of `rows` fit: the chosen one stays in the middle where it can.
    pub fn first(&self, page: usize, rows: &[ListKey]) -> usize {
        self.place(rows).saturating_sub(page / 2).min(rows.len().saturating_sub(page))
    }

    /// Moves.
    pub(super) fn step(&mut self, motion: Motion, page: usize, rows: &[ListKey]) {
        let (at, last) = (self.place(rows), rows.len().saturating_sub(1));
        let to = match motion {
            Motion::Up => at.saturating_sub(1),
            Motion::Down => at + 1,
            Motion::PageUp => at.saturating_sub(page.max(1)),
            Motion::PageDown => at + page.max(1),
            Motion::Top => 0,
            Motion::Bottom => last,
        };
        self.choose_at(to.min(last), rows);
    }

    /// Chooses a row by what it is of.
    pub(super) fn choose(&mut self, key: ListKey, rows: &[ListKey]) {
        if let Some(at) = rows.iter().position(|row| *row == key) {
            self.choose_at(at, rows);
        }
    }

    fn choose_at(&mut self, at: usize, rows: &[ListKey]) {
        (self.at, self.chosen) = (at, rows.get(at).copied());
    }

    /// Sorts by the next of `orders` orders.
    pub(super) fn next_order(&mut self, orders: usize) {
        (self.order, self.is_reversed) = ((self.order + 1) % orders.max(1), false);
    }

    /// Sorts by the next order that says something.
    pub(super) fn next_order_of(&mut self, orders: &[bool]) {
        for _ in orders {
            self.next_order(orders.len());
            if orders.get(self.order) == Some(&true) {
                return;
            }
        }
    }

    /// Sorts by an order; by the one that is in force already, the other way round.
    pub(super) fn sort_by(&mut self, order: usize) {
        self.is_reversed = self.order == order && !self.is_reversed;
        self.order = order;
    }

    /// Sorts by an order, turned round or not.
    pub(super) fn sort_as(&mut self, order: usize, is_reversed: bool) {
        (self.order, self.is_reversed) = (order, is_reversed);
    }

    /// The other way round.
    pub(super) fn reverse(&mut self) {
        self.is_reversed = !self.is_reversed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_row_is_followed_and_its_place_kept_when_it_is_gone() {
        let keys: Vec<ListKey> = (0..5).map(ListKey::of).collect();
        let mut list = ListState::default();
        assert_eq!(list.place(&keys), 0);
        list.step(Motion::Down, 3, &keys);
        let moved: Vec<ListKey> = keys.iter().rev().copied().collect();
        assert_eq!(list.place(&moved), 3, "it is the same row");
        let gone: Vec<ListKey> = [0, 2, 3, 4].map(ListKey::of).into();
        assert_eq!(list.place(&gone), 1);
        assert_eq!(list.place(&[]), 0);
        list.step(Motion::Bottom, 3, &keys);
        assert_eq!((list.place(&keys), list.first(3, &keys)), (4, 2));
    }

    #[test]
    fn an_order_that_is_chosen_again_turns_round() {
        let mut list = ListState::default();
        list.sort_by(2);
        assert_eq!((list.order(), list.is_reversed()), (2, false));
        list.sort_by(2);
        assert!(list.is_reversed());
        list.next_order(3);
        assert_eq!((list.order(), list.is_reversed()), (0, false));
        list.next_order_of(&[true, false, true]);
        assert_eq!(list.order(), 2);
    }
}
