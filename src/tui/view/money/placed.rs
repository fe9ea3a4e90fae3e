//! Rows of the lower pane with their places, by which they are known.

use crate::tui::view::ListKey;

/// The key of a row of the lower pane.
pub(super) fn row_key(place: usize) -> ListKey {
    ListKey::of(("money", place))
}

/// A row of the lower pane with its place, by which it is known.
pub(super) type PlacedPart<'a, T> = (usize, &'a T);

/// The rows with their places.
pub(super) fn placed<'a, T>(rows: impl IntoIterator<Item = &'a T>) -> Vec<PlacedPart<'a, T>> {
    rows.into_iter().enumerate().collect()
}

pub(super) fn key_of<T>((place, _): &PlacedPart<'_, T>) -> ListKey {
    row_key(*place)
}
