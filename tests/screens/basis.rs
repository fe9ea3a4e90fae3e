//! The basis line names what is disputed, and says where to decide on it.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::snapshot::Snapshot;
use margintop::tui::app::{Action, App};
use margintop::tui::theme::Theme;
use margintop::units::{Money, Span};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use samples::{dollars, empty, one_box};

fn screen(snapshot: Snapshot) -> String {
    let mut app = App::new(Arc::new(empty()), TimeZone::UTC, Span::from_secs(1), 4);
    app.update(Action::Fresh(Arc::new(snapshot)));
    let mut terminal = Terminal::new(TestBackend::new(120, 36)).unwrap();
    terminal.draw(|frame| drop(margintop::tui::draw(frame, &app, app.shown(), &Theme::of_roles()))).unwrap();
    terminal.backend().buffer().content.iter().map(ratatui::buffer::Cell::symbol).collect()
}

fn disputed(tokens: u64, worth: Money) -> Snapshot {
    let mut snapshot = one_box(8, 0);
    (snapshot.money.disputed_tokens, snapshot.money.disputed) = (tokens, worth);
    snapshot
}

#[test]
fn disputed_money_is_reported_with_the_command_that_lists_it() {
    assert!(screen(disputed(5_000_000, dollars(12.3))).contains("disputed 12.30 USD: `margintop ledger disputes`"));
    assert!(screen(disputed(5_000_000, Money::ZERO)).contains("tok: `margintop ledger disputes`"));
    assert!(!screen(disputed(0, Money::ZERO)).contains("disputed"));
}

/// Class: revenue less cost that is not the profit, and no word of why.
#[test]
fn revenue_without_a_cost_is_told_beside_every_profit() {
    let mut snapshot = one_box(8, 0);
    (snapshot.money.uncosted_revenue, snapshot.money.uncosted_engines) = (dollars(8.82), 1);
    let told = "$8.82 of the revenue without a cost, in no profit";
    assert!(screen(snapshot.clone()).contains(told));
    snapshot.money.uncosted_revenue = Money::ZERO;
    assert!(!screen(snapshot).contains("in no profit"));
}
