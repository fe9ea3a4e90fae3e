//! The profit in large digits on the smallest screens, with the rate and the four vital figures.

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::snapshot::Snapshot;
use margintop::tui::app::{Action, App};
use margintop::units::Span;

use crate::samples::hands::{app, text, type_};
use crate::samples::{self, Case, case, dollars, fleet, one_box, twelve};

fn of(snapshot: Snapshot) -> App {
    let mut app = App::new(Arc::new(samples::empty()), TimeZone::UTC, Span::from_secs(1), 1);
    app.update(Action::Fresh(Arc::new(snapshot)));
    app
}

/// Whether three rows of digits stand at the top, below the header and a title if there is one.
fn has_digits(frame: &str) -> bool {
    let rows: Vec<&str> = frame.lines().skip(1).take(4).collect();
    rows.windows(3).any(|rows| rows.iter().all(|row| row.contains(['█', '▀'])))
}

/// Class: a small screen with rows of facts, and none for the figure on which the eye lands.
#[test]
fn the_smallest_screens_have_digits_rate_and_vital_figures() {
    for (name, snapshot) in [("fleet", fleet(0)), ("twelve", twelve()), ("one box", one_box(8, 0))] {
        for height in 8..=23 {
            for width in [40, 48, 55, 56, 70] {
                let frame = text(&of(snapshot.clone()), width, height);
                let at = format!("{name} at {width}x{height}: {frame}");
                assert!(has_digits(&frame), "{at}");
                assert!(frame.contains(" /h"), "{at}");
                let lower = frame.to_lowercase();
                for vital in ["output ", "prompt ", "hit", "load "] {
                    assert!(lower.contains(vital), "{vital}: {at}");
                }
                let period = frame.contains("today") || frame.contains("since 14:02");
                assert!(period, "{at}");
                if height >= 12 {
                    assert!(frame.contains("revenue ") && frame.contains("cost "), "{at}");
                }
            }
        }
    }
}

/// Class: digits that do not fit are cut, where the figure in one row has room.
#[test]
fn an_amount_too_wide_for_digits_is_in_one_row() {
    let mut snapshot = fleet(0);
    snapshot.money.profit = Some(dollars(-98_765_432_109.87));
    (snapshot.money.revenue, snapshot.money.cost) = (Some(dollars(1.0)), Some(dollars(98_765_432_110.87)));
    for height in [8, 12] {
        let frame = text(&of(snapshot.clone()), 40, height);
        assert!(!has_digits(&frame) && frame.contains("98,765,432,109.87"), "{frame}");
    }
}

/// Class: an unknown profit without a word of why.
#[test]
fn an_unknown_profit_says_why_below_its_dash() {
    for height in [8, 12] {
        let frame = text(&of(case(Case::Unpriced)), 40, height);
        assert!(frame.contains("▀▀▀") && frame.contains("unpriced"), "{frame}");
    }
}

/// Class: with a filter, the money of the whole fleet reads as that of the rows.
#[test]
fn a_filter_does_not_change_what_the_digits_are_of() {
    let mut app = app();
    app.update(Action::Fresh(Arc::new(fleet(0))));
    type_(&mut app, "/decode\n");
    for height in [8, 12] {
        let frame = text(&app, 40, height);
        assert!(has_digits(&frame) && frame.contains("whole fleet"), "{frame}");
    }
}
