//! An earlier instant, out of a ledger's past: what the screen shows of it is what was posted until then.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::History;
use margintop::snapshot::Bound;
use margintop::tui::app::{Action, App, ChartSpan, Command, Direction};
use margintop::tui::ledger_query::{LedgerQuery, LedgerResult};
use margintop::units::{Money, Span};
use samples::past::deepseek_day;

/// The end of the published day, with all of it recorded.
fn at_its_end() -> App {
    let day = deepseek_day();
    let history = History::default();
    history.read_past(&day);
    let mut now = samples::fleet(0);
    now.at = day.until;
    now.money.since = Some(day.since);
    let mut app = App::new(Arc::new(now), TimeZone::UTC, Span::from_secs(1), 1);
    app.history = history;
    app.charts.span = ChartSpan::Day;
    app
}

fn dollars(amount: Option<Money>) -> f64 {
    amount.unwrap().rounded(2) as f64 / 100.0
}

#[test]
fn the_profit_of_then_is_what_was_posted_until_then() {
    let mut app = at_its_end();
    app.update(Action::Command(Command::Step(Direction::Previous)));
    let money = app.shown().money.clone();
    // A cell before its end nearly all of the day is earned.
    let (revenue, cost) = (dollars(money.revenue), dollars(money.cost));
    assert!((550_000.0..=562_100.01).contains(&revenue), "{revenue}");
    assert!((85_000.0..=87_072.01).contains(&cost), "{cost}");
    assert!((dollars(money.profit) - (revenue - cost)).abs() < 0.02);
    assert!((5.4..5.5).contains(&money.profit_on_cost.unwrap().get()));
    let even = money.break_even_load.map(margintop::units::Ratio::get);
    assert!(even.is_some_and(|even| (even - cost / revenue).abs() < 1e-3), "{even:?}");
    // Half a day before it is half, and every hour back is less.
    let mut before = revenue;
    for _ in 0..20 {
        app.update(Action::Command(Command::Leap(Direction::Previous)));
        let shown = app.shown();
        let Some(revenue) = shown.money.revenue else { break };
        let revenue = dollars(Some(revenue));
        assert!(revenue <= before, "{revenue} after {before}");
        let cost = dollars(shown.money.cost);
        assert!((dollars(shown.money.profit) - (revenue - cost)).abs() < 0.02);
        assert!(cost <= 87_072.01);
        before = revenue;
    }
    assert!(before < 150_000.0, "{before}");
    app.update(Action::Command(Command::Now));
    assert_eq!(app.shown().money.revenue, samples::fleet(0).money.revenue);
}

/// The record of one instant is made when a key asks for it: it must not keep the key waiting.
#[test]
fn an_instant_of_a_fleet_is_made_at_once() {
    let mut app = at_its_end();
    let begun = std::time::Instant::now();
    for _ in 0..10 {
        app.update(Action::Command(Command::Step(Direction::Previous)));
    }
    let each = begun.elapsed() / 10;
    assert!(each < std::time::Duration::from_millis(300), "{each:?}");
}

/// Class: a sum of minutes' means beside the ledger's own sum.
#[test]
fn the_ledgers_sums_of_then_take_the_place_of_the_records() {
    let mut app = at_its_end();
    app.has_past = true;
    app.update(Action::Command(Command::Leap(Direction::Previous)));
    let then = app.then().unwrap();
    let Some(LedgerQuery::Money(question)) = app.next_query() else { panic!("the ledger is not asked") };
    assert_eq!(question.at, then);
    let page = samples::pages::money_page(samples::pages::Page::PublishedDay, question);
    let (total, since) = (page.models.total.clone(), page.models.since);
    app.update(Action::QueryResult(LedgerResult::Money(Ok(Arc::new(page)))));
    let money = &app.shown().money;
    assert_eq!((money.revenue, money.cost, money.profit), (total.revenue, total.cost, total.profit));
    assert_eq!(money.since, Some(since));
    assert_eq!(app.next_query(), None, "it is asked once");
    // Another instant, however near, has other sums.
    app.update(Action::Command(Command::Step(Direction::Next)));
    let Some(LedgerQuery::Money(question)) = app.next_query() else { panic!("the ledger is not asked") };
    assert_eq!(Some(question.at), app.then());
    // An answer that comes late is of no other instant.
    app.update(Action::Command(Command::Step(Direction::Previous)));
    let before = app.shown().money.revenue;
    app.update(Action::QueryResult(LedgerResult::Money(Err(margintop::reading::Label::new("busy")))));
    assert_eq!(app.shown().money.revenue, before);
}

/// Class: the profit of then is more than that of its rows, for what is in no row is not shown of then.
#[test]
fn what_is_in_no_models_row_is_reported_of_the_past_too() {
    let mut app = at_its_end();
    for _ in 0..20 {
        app.update(Action::Command(Command::Leap(Direction::Previous)));
        let Some(profit) = app.shown().money.profit_per_hour else { break };
        let rows = app.shown().models.iter().filter_map(|row| row.money.profit_per_hour);
        let beside = app.shown().money.profit_beside_models.iter().map(|row| row.profit_per_hour);
        let sum: Money = rows.chain(beside).sum();
        // Models' rates are kept to fewer digits than the fleet's.
        let (sum, profit) = (dollars(Some(sum)), dollars(Some(profit)));
        assert!((sum - profit).abs() <= 0.02 + 0.005 * profit.abs(), "{sum} of {profit}");
    }
    assert!(app.then().is_some());
}

/// Class: a sum of an earlier instant that lacks a part is shown as if it were exact.
#[test]
fn sums_of_then_are_marked_where_a_part_is_unknown() {
    let exact = |earlier: Span| {
        let mut app = at_its_end();
        let mut now = (**app.shown()).clone();
        now.money.since = now.money.since.map(|since| since - earlier);
        (now.money.lower_bound, now.money.upper_bound) = (false, false);
        app.update(Action::Fresh(Arc::new(now)));
        app
    };
    let mut app = exact(Span::ZERO);
    app.has_past = true;
    app.update(Action::Command(Command::Leap(Direction::Previous)));
    assert_eq!(app.shown().total_bound(), Bound::None, "all of it is recorded");
    let Some(LedgerQuery::Money(question)) = app.next_query() else { panic!("the ledger is not asked") };
    let mut page = samples::pages::money_page(samples::pages::Page::PublishedDay, question);
    page.models.total.lower_bound = true;
    app.update(Action::QueryResult(LedgerResult::Money(Ok(Arc::new(page)))));
    assert_eq!(app.shown().total_bound(), Bound::Lower);
    let frame = samples::hands::text(&app, 200, 50);
    assert!(frame.contains("revenue ≥ $"), "{frame}");
    // A record that begins later than the sum.
    let mut app = exact(Span::from_secs(600));
    app.update(Action::Command(Command::Leap(Direction::Previous)));
    assert_eq!(app.shown().total_bound(), Bound::Both, "neither revenue nor cost is known of ten minutes");
}
