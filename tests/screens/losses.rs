//! A loss is shown as a loss: its bounds, and charts that hang below a zero line.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::snapshot::Snapshot;
use margintop::tui::app::{Action, App, Command};
use margintop::tui::view::ViewId;
use margintop::units::Span;
use samples::hands::{text, type_};
use samples::pages::{self, Page};
use samples::{Case, case, lost_all_day};

const SIZES: [(u16, u16); 4] = [(40, 12), (80, 24), (120, 36), (200, 50)];

/// The scale of a chart in the first `columns`: what stands at the right end of its rows.
fn scale(frame: &str, title: &str, columns: usize) -> Vec<String> {
    let frame = frame.lines().map(|line| line.chars().take(columns).collect::<String>()).collect::<Vec<_>>().join("\n");

    let from = frame.lines().position(|line| line.contains(title)).unwrap_or_else(|| panic!("{title}: {frame}"));
    let rows = frame.lines().skip(from + 1).take_while(|line| !line.contains("───") && !line.contains("┴0"));
    rows.filter_map(|line| line.trim_end().rsplit(' ').next().map(str::to_owned)).collect()
}

#[test]
fn a_loss_that_may_be_larger_says_so_at_every_size() {
    let app = lost_all_day();
    assert!(app.shown().money.upper_bound);
    for (width, height) in SIZES {
        let frame = text(&app, width, height);
        assert!(frame.contains('≤'), "{width}: {frame}");
        assert!(!frame.contains("≥ −") && !frame.contains("≥ ▼"), "{width}: {frame}");
        if width >= 120 {
            assert!(frame.contains("missing ≥ $"), "what is missing is at least that: {frame}");
        }
    }
}

#[test]
fn a_gain_that_may_be_larger_says_so_at_every_size() {
    let mut snapshot: Snapshot = case(Case::OneBox);
    (snapshot.money.lower_bound, snapshot.money.upper_bound) = (true, false);
    let app = App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 1);
    for (width, height) in SIZES {
        let frame = text(&app, width, height);
        assert!(frame.contains('≥') && !frame.contains('≤'), "{width}: {frame}");
    }
}

/// Class: a chart of profit without the scale of what is below zero.
#[test]
fn profit_about_zero_keeps_the_figures_of_its_scale() {
    let mut app = lost_all_day();
    type_(&mut app, "v");
    for (width, height) in &SIZES[2..] {
        let frame = text(&app, *width, *height);
        let figures = scale(&frame, "─ Profit · $", usize::MAX);
        assert_eq!(figures.first().map(String::as_str), Some("0"), "the zero line is at the top: {figures:?} {frame}");
        let below: Vec<&String> = figures.iter().filter(|figure| figure.starts_with("−$")).collect();
        assert!(below.len() >= 2, "the bottom, and now: {figures:?} {frame}");
    }
}

#[test]
fn the_sum_of_a_day_of_losses_hangs_below_zero() {
    let mut app = pages::app(Page::Loss);
    app.update(Action::Command(Command::Show(ViewId::Money)));
    let frame = text(&app, 200, 50);
    let figures = scale(&frame, "Profit since midnight", 66);
    assert!(
        figures.iter().any(|figure| figure == "0") && figures.iter().any(|figure| figure.starts_with("−$")),
        "{figures:?} {frame}"
    );
    let zero = figures.iter().position(|figure| figure == "0").unwrap();
    let lowest = figures.iter().rposition(|figure| figure.starts_with("−$")).unwrap();
    assert!(zero < lowest, "{figures:?} {frame}");
}

/// Class: the profit of now without the bound that the digits have.
#[test]
fn the_money_view_marks_the_profit_of_now() {
    for (page, mark) in [(Page::Loss, "≤ "), (Page::Fleet, "≥ ")] {
        let mut app = pages::app(page);
        let mut snapshot = Snapshot::clone(app.shown());
        (snapshot.money.lower_bound, snapshot.money.upper_bound) = (page == Page::Fleet, page == Page::Loss);
        let is_marked = snapshot.rate_bound().mark() == mark;
        app.update(Action::Fresh(Arc::new(snapshot)));
        let frame = text(&app, 200, 50);
        let rows: Vec<&str> = frame.lines().collect();
        let at = rows.iter().position(|row| row.contains("now, an hour")).unwrap_or_else(|| panic!("{frame}"));
        let begin = rows[at].chars().take_while(|c| *c != 'n').count();
        let tail: String =
            rows[at + 1].chars().rev().take(rows[at + 1].chars().count().saturating_sub(begin)).collect();
        let tail: String = tail.chars().rev().collect();
        assert_eq!(tail.contains(mark.trim()), is_marked, "{page:?}: {tail} {frame}");
        assert!(is_marked, "{page:?}");
    }
}

/// Class: the chart of profit by load ended before the load at which it breaks even.
#[test]
fn the_what_if_chart_reaches_the_break_even() {
    let mut app = pages::app(Page::Fleet);
    type_(&mut app, "w");
    pages::answer(&mut app, Page::Fleet);
    // A twentieth of today's load loses.
    type_(&mut app, "jj5");
    pages::answer(&mut app, Page::Fleet);
    for (width, height) in &SIZES[2..] {
        let frame = text(&app, *width, *height);
        let from = frame.lines().position(|line| line.contains("Profit by load")).unwrap_or_else(|| panic!("{frame}"));
        let axis = frame.lines().skip(from + 1).find(|line| line.contains(" %──") && line.contains("┴100 %")).unwrap();
        assert!(axis.contains('▲') && frame.contains("▼ −"), "{axis} {frame}");
    }
}
