//! Rows of the lower pane with their index, which is their key.

use crate::tui::view::ListKey;

/// The key of a row of the lower pane, by its index.
pub(super) fn row_key(place: usize) -> ListKey {
    ListKey::of(("money", place))
}

/// A row of the lower pane with its index.
pub(super) type PlacedPart<'a, T> = (usize, &'a T);

/// Pairs the rows with their indexes.
pub(super) fn placed<'a, T>(rows: impl IntoIterator<Item = &'a T>) -> Vec<PlacedPart<'a, T>> {
    rows.into_iter().enumerate().collect()
}

pub(super) fn key_of<T>((place, _): &PlacedPart<'_, T>) -> ListKey {
    row_key(*place)
}
