//! A table about its chosen row, and a profit in it.

use ratatui::layout::Rect;

use crate::tui::human;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::view::RowKey;
use crate::tui::widgets::{Canvas, Column, Figure, Rows, table};
use crate::units::Money;

/// The key of a row of a money table.
pub(in crate::tui) fn key(place: usize) -> RowKey {
    RowKey::of(("money", place))
}

/// Draws the rows about the chosen one, with the place in the list in the last line.
pub(super) fn scrolled<R>(
    canvas: &mut Canvas<'_>,
    area: Rect,
    scene: &Scene<'_>,
    columns: &[Column<'_, R>],
    rows: &[R],
) {
    let page = usize::from(area.height.saturating_sub(2));
    let (list, keys) = (scene.app.list(), (0..rows.len()).map(key).collect::<Vec<_>>());
    let (chosen, first) = (list.place(&keys), list.first(page, &keys));
    let table_area = Rect { height: area.height.saturating_sub(1), ..area };
    let visible = rows.get(first..).unwrap_or_default();
    table(canvas, table_area, columns, &Rows { chosen: chosen.checked_sub(first), ..Rows::plain(visible) });
    let place = if rows.is_empty() { "none".to_owned() } else { format!("{} of {}", chosen + 1, rows.len()) };
    canvas.pen(area, area.height.saturating_sub(1)).put(Role::Dim, &place);
}

/// A profit with its sign; only a loss has a colour, lest a wall of gains drown the one figure that matters.
pub(super) fn profit(amount: Option<Money>, scene: &Scene<'_>) -> Figure {
    let Some(amount) = amount else { return Figure::quiet(human::UNKNOWN) };
    let (role, plus) = match amount.rounded(2).signum() {
        0 => (Role::Text, ""),
        1 => (Role::Text, "+"),
        _ => (Role::Loss, ""),
    };
    Figure::Text(role, format!("{plus}{}", scene.money(Some(amount), 8)))
}
