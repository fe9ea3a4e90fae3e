//! A stable sort order: rows that differ by little keep their places, so that a list does not reorder at every refresh.

use std::collections::HashMap;

use super::ListKey;
use super::list::{Col, OrderedBy, order_of, sort};
use crate::tui::scene::Scene;
use crate::tui::view::ViewId;

/// The share of the largest figure by which rows may differ and keep their places.
const SLACK: f64 = 0.02;

/// Sorts the rows of a view's list: a row comes before every row that it exceeds by more than the slack. Rows that differ
/// by less keep their previous order.
pub(super) fn settle<R>(
    rows: &mut Vec<R>,
    columns: &[Col<'_, R>],
    scene: &Scene<'_>,
    view: ViewId,
    key: impl Fn(&R) -> ListKey,
) {
    let state = scene.app.list_of(view);
    sort(rows, columns, state);
    let (Some(before), Some((by, _))) = (scene.app.settled(view), order_of(columns, state)) else { return };
    let number = |row: &R| match by(row) {
        OrderedBy::Number(number) => number.filter(|number| number.is_finite()),
        OrderedBy::Name(_) => None,
    };
    let places: HashMap<ListKey, usize> = before.iter().enumerate().map(|(place, key)| (*key, place)).collect();
    let known = rows.iter().take_while(|row| number(row).is_some()).count();
    let figures = rows.iter().take(known).map(|row| number(row).unwrap_or(0.0));
    let slack = SLACK * figures.map(f64::abs).fold(0.0, f64::max);
    let rest = rows.split_off(known);
    let place = |row: &R| places.get(&key(row)).copied().unwrap_or(usize::MAX);
    let mut left: Vec<(f64, usize, R)> =
        rows.drain(..).map(|row| (number(&row).unwrap_or(0.0), place(&row), row)).collect();
    while let Some((first, ..)) = left.first() {
        let first = *first;
        // The rows are sorted, so the candidates for the next place are the first of the rest.
        let near = left.iter().take_while(|(value, ..)| (value - first).abs() <= slack).enumerate();
        let next = near.min_by_key(|(_, (_, place, _))| *place).map_or(0, |(nth, _)| nth);
        rows.push(left.remove(next).2);
    }
    rows.extend(rest);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::clock::Clock;
    use crate::fleet::{Fleet, FleetConfig};
    use crate::pricing::Book;
    use crate::tui::app::App;
    use crate::tui::widgets::table::Cell;
    use crate::units::Span;

    type NamedProfit = (&'static str, Option<f64>);

    /// The names of rows in the order that follows the previous frame's.
    fn settled(before: &[&'static str], rows: &[NamedProfit]) -> Vec<&'static str> {
        let fleet = Fleet::new(FleetConfig::local("here"), Book::built_in().unwrap(), Clock::System.now());
        let mut app = App::new(Arc::new(fleet.snapshot()), TimeZone::UTC, Span::from_secs(1), 1);
        app.set_settled(ViewId::Nodes, before.iter().map(ListKey::of).collect());
        let scene = Scene { app: &app, snap: app.shown(), size: (80, 24) };
        let columns =
            [Col::<NamedProfit>::right("profit", 9, |_| Cell::Empty).rising(|row| OrderedBy::Number(row.1)).first()];
        let mut rows = rows.to_vec();
        settle(&mut rows, &columns, &scene, ViewId::Nodes, |row| ListKey::of(row.0));
        rows.into_iter().map(|row| row.0).collect()
    }

    #[test]
    fn rows_that_differ_by_cents_keep_their_places() {
        let rows = [("a", Some(35.30)), ("b", Some(35.24)), ("c", Some(2.0)), ("d", None)];
        assert_eq!(settled(&["c", "a", "b"], &rows), ["c", "a", "b", "d"]);
        assert_eq!(settled(&["c", "b", "a"], &rows), ["c", "b", "a", "d"]);
    }

    #[test]
    fn what_differs_by_more_moves_however_many_stand_between() {
        let rows: Vec<NamedProfit> = vec![("a", Some(100.0)), ("b", Some(98.5)), ("c", Some(97.0)), ("d", Some(95.5))];
        assert_eq!(settled(&["a", "b", "c", "d"], &rows), ["c", "d", "a", "b"]);
    }

    #[test]
    fn a_row_that_is_new_finds_its_place() {
        let rows = [("a", Some(1.0)), ("new", Some(50.0)), ("b", Some(100.0))];
        assert_eq!(settled(&["a", "b"], &rows), ["a", "new", "b"]);
    }
}
