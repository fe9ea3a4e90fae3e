//! A stable sort order: rows that differ by little keep their places, so that a list does not reorder at every refresh.

use std::collections::HashMap;

use super::ListKey;
use super::list::{Col, OrderedBy, order_of, sort};
use crate::natural_order::Natural;
use crate::tui::app::ListState;
use crate::tui::figures_of;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::view::ViewId;

/// The share of a figure by which another one may differ and keep its place.
pub(super) const SLACK: f64 = 0.02;
/// The share of the largest figure by which rows that were never shown may differ and stand by their names.
const EQUAL: f64 = 0.001;

/// Sorts the rows of a view's list: a row comes before every row that it exceeds by more than the slack. Rows that differ
/// by less keep their previous order; those without one stand by their names. Amounts are sorted as they are shown: only those
/// that look the same differ by less.
pub(super) fn settle<R>(
    rows: &mut Vec<R>,
    columns: &[Col<'_, R>],
    input: &FrameInput<'_>,
    view: ViewId,
    key: impl Fn(&R) -> ListKey,
) {
    let state = input.app.list_of(view);
    match input.app.settled(view) {
        Some(before) => {
            let places = places(before);
            sort_calmly(rows, columns, state, SLACK, |row| place(&places, key(row)));
        }
        None => sort_calmly(rows, columns, state, EQUAL, |_| usize::MAX),
    }
}

/// Sorts the rows of a table beside a view's list, whose order is not kept: rows that hardly differ stand by their names.
pub(super) fn sort_by_name<R>(rows: &mut Vec<R>, columns: &[Col<'_, R>]) {
    sort_calmly(rows, columns, &ListState::default(), SLACK, |_| usize::MAX);
}

/// The places of rows in their previous order.
pub(super) fn places(before: &[ListKey]) -> HashMap<ListKey, usize> {
    before.iter().enumerate().map(|(place, key)| (*key, place)).collect()
}

/// The place of a row in the previous order; a new row comes last.
pub(super) fn place(places: &HashMap<ListKey, usize>, key: ListKey) -> usize {
    places.get(&key).copied().unwrap_or(usize::MAX)
}

/// Sorts by the list's column; rows whose figures differ by less than `slack` of the largest one, and amounts that are shown
/// alike, stand by their place, then by their names.
fn sort_calmly<R>(
    rows: &mut Vec<R>,
    columns: &[Col<'_, R>],
    state: &ListState,
    slack: f64,
    place: impl Fn(&R) -> usize,
) {
    sort(rows, columns, state);
    let Some((by, _)) = order_of(columns, state) else { return };
    let amount = |row: &R| if let OrderedBy::Money(money) = by(row) { money } else { None };
    let is_money = rows.iter().any(|row| matches!(by(row), OrderedBy::Money(_) | OrderedBy::Unpriced));
    // As in a column of a table, where either all amounts have cents or none.
    let places = if rows.iter().filter_map(amount).any(format::is_whole) { 0 } else { 2 };
    let number = |row: &R| match by(row) {
        OrderedBy::Number(number) => number.filter(|number| number.is_finite()),
        OrderedBy::Money(money) => figures_of::number(money.map(|money| money.round_to(places))),
        OrderedBy::Name(_) | OrderedBy::Unpriced => None,
    };
    let is_unpriced = |row: &R| matches!(by(row), OrderedBy::Unpriced);
    let slack = if is_money { 0.0 } else { slack };
    // What has no price is at one end of the amounts.
    let is_first = rows.first().is_some_and(is_unpriced);
    let (mut unpriced, mut others): (Vec<R>, Vec<R>) = std::mem::take(rows).into_iter().partition(is_unpriced);
    let rest = others.split_off(others.iter().take_while(|row| number(row).is_some()).count());
    let name = |row: &R| Natural(name_of(columns, row).unwrap_or_default());
    unpriced.sort_by_cached_key(|row| (place(row), name(row)));
    let known = calm(others, slack, |row| number(row).unwrap_or(0.0), |row| (place(row), name(row)));
    let (first, second) = if is_first { (unpriced, known) } else { (known, unpriced) };
    *rows = first.into_iter().chain(second).chain(rest).collect();
}

/// The name of a row: the column that sorts by it.
fn name_of<R>(columns: &[Col<'_, R>], row: &R) -> Option<String> {
    columns.iter().find_map(|col| match col.by()?(row) {
        OrderedBy::Name(name) => Some(name),
        OrderedBy::Number(_) | OrderedBy::Money(_) | OrderedBy::Unpriced => None,
    })
}

/// Sorted rows with those that hardly differ in another order: the next row is the least by `rank` among all whose
/// figures differ from the first one's by no more than `slack` of it; at first, by what no row shows beside the largest.
pub(super) fn calm<R, O: Ord>(rows: Vec<R>, slack: f64, number: impl Fn(&R) -> f64, rank: impl Fn(&R) -> O) -> Vec<R> {
    let largest = rows.iter().map(|row| number(row).abs()).fold(0.0, f64::max);
    let least = if slack <= EQUAL { slack * largest } else { 0.0 };
    let mut left: Vec<(f64, O, R)> = rows.into_iter().map(|row| (number(&row), rank(&row), row)).collect();
    let mut sorted = Vec::with_capacity(left.len());
    while let Some((first, ..)) = left.first() {
        let first = *first;
        // The rows are sorted, so the candidates for the next place are the first of the rest.
        let near =
            left.iter().take_while(|(value, ..)| (value - first).abs() <= least.max(slack * first.abs())).enumerate();
        let next = near.min_by(|(_, (_, a, _)), (_, (_, b, _))| a.cmp(b)).map_or(0, |(nth, _)| nth);
        sorted.push(left.remove(next).2);
    }
    sorted
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
        ordered(Some(before), rows)
    }

    /// The names of rows in their first order.
    fn first_seen(rows: &[NamedProfit]) -> Vec<&'static str> {
        ordered(None, rows)
    }

    fn ordered(before: Option<&[&'static str]>, rows: &[NamedProfit]) -> Vec<&'static str> {
        let fleet = Fleet::new(FleetConfig::local("here"), Book::built_in().unwrap(), Clock::System.now());
        let mut app = App::new(Arc::new(fleet.snapshot()), TimeZone::UTC, Span::from_secs(1), 1);
        if let Some(before) = before {
            app.set_settled(ViewId::Nodes, before.iter().map(ListKey::of).collect());
        }
        let input = FrameInput { app: &app, snap: app.shown(), size: (80, 24) };
        let columns = [
            Col::<NamedProfit>::left("name", 9, |_| Cell::Empty).rising(|row| OrderedBy::Name(row.0.to_owned())),
            Col::right("profit", 9, |_| Cell::Empty).rising(|row: &NamedProfit| OrderedBy::Number(row.1)).first(),
        ];
        let mut rows = rows.to_vec();
        settle(&mut rows, &columns, &input, ViewId::Nodes, |row| ListKey::of(row.0));
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

    /// Class: rows whose figures look the same stand in the order of the noise below what is shown, so that two views of
    /// one list, and each view after it was left, show another order.
    #[test]
    fn rows_that_look_the_same_stand_by_their_names_at_first() {
        let rows = [("n10", Some(24.551)), ("n9", Some(24.583)), ("n2", Some(76.22)), ("n1", Some(76.19)), ("x", None)];
        assert_eq!(first_seen(&rows), ["n9", "n10", "n1", "n2", "x"]);
        let apart = [("a", Some(100.0)), ("b", Some(98.5)), ("c", Some(97.0))];
        assert_eq!(first_seen(&apart), ["c", "b", "a"], "what is seen to differ is sorted");
    }

    /// Class: one large figure lets all small ones stand in any order.
    #[test]
    fn small_figures_are_sorted_beside_a_large_one() {
        let rows = [("a", Some(4.60)), ("b", Some(4.19)), ("c", Some(4.22)), ("large", Some(900.0))];
        assert_eq!(settled(&["a", "c", "b", "large"], &rows), ["c", "b", "a", "large"]);
    }

    /// A row's name and profit in millionths.
    type NamedMicros = (&'static str, i64);

    fn by_profit() -> [Col<'static, NamedMicros>; 2] {
        [
            Col::<NamedMicros>::left("name", 9, |_| Cell::Empty).rising(|row| OrderedBy::Name(row.0.to_owned())),
            Col::right("profit", 9, |_| Cell::Empty)
                .rising(|row: &NamedMicros| OrderedBy::Money(Some(crate::units::Money::from_micros(row.1))))
                .first(),
        ]
    }

    /// Class: profits near zero, which are printed alike, change places with the noise below a cent.
    #[test]
    fn amounts_that_are_printed_alike_keep_their_places() {
        let columns = by_profit();
        let ordered = |mut rows: Vec<NamedMicros>, before: &[&str]| {
            let places: Vec<&str> = before.to_vec();
            let place = |row: &NamedMicros| places.iter().position(|name| *name == row.0).unwrap_or(usize::MAX);
            sort_calmly(&mut rows, &columns, &ListState::default(), SLACK, place);
            rows.into_iter().map(|row| row.0).collect::<Vec<_>>()
        };
        let rows = vec![("n10", 3_000), ("n9", -2_000), ("n2", 4_000), ("far", -60_000)];
        assert_eq!(ordered(rows.clone(), &["n10", "n2", "n9", "far"]), ["far", "n10", "n2", "n9"]);
        assert_eq!(ordered(rows, &[]), ["far", "n2", "n9", "n10"], "by name at first");
    }

    /// Class: rows stand a cent out of order, as each keeps its place while it differs by little.
    #[test]
    fn amounts_stand_as_they_are_shown() {
        let columns = by_profit();
        let sorted = |mut rows: Vec<NamedMicros>| {
            sort_calmly(&mut rows, &columns, &ListState::default(), SLACK, |row| usize::from(row.0 != "a"));
            rows.into_iter().map(|row| row.0).collect::<Vec<_>>()
        };
        let cents = [("a", 29_280_000), ("b", 29_270_000), ("c", 29_300_000)];
        assert_eq!(sorted(cents.to_vec()), ["b", "a", "c"]);
        let dollars = [("b", 2_000_100_000), ("a", 2_000_400_000), ("c", 1_999_000_000)];
        assert_eq!(sorted(dollars.to_vec()), ["c", "a", "b"], "both of 2,000 keep their places");
    }

    #[test]
    fn a_row_that_is_new_finds_its_place() {
        let rows = [("a", Some(1.0)), ("new", Some(50.0)), ("b", Some(100.0))];
        assert_eq!(settled(&["a", "b"], &rows), ["a", "new", "b"]);
    }
}
