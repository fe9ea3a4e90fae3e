//! The money view's keys and questions: what is asked, when, and never more than one at a time.

use crate::samples;

use std::sync::Arc;

use margintop::reading::Label;
use margintop::snapshot::Snapshot;
use margintop::tui::app::MoneyRange::{Day, Month, Week};
use margintop::tui::app::{Action, App, ChartSpan, Effect, Field, Pane};
use margintop::tui::keys;
use margintop::tui::ledger_query::{Against, LedgerQuery, LedgerResult, command};
use margintop::tui::view::ViewId;
use margintop::units::{NodeCount, Span};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use samples::hands;
use samples::pages::{self, Page};

fn press(app: &mut App, code: KeyCode) -> Effect {
    keys::action(app, KeyEvent::new(code, KeyModifiers::NONE)).map_or(Effect::None, |action| app.update(action))
}

fn type_(app: &mut App, text: &str) {
    for c in text.chars() {
        press(app, KeyCode::Char(c));
    }
}

fn later(app: &mut App, seconds: i64) {
    let mut snapshot: Snapshot = (**app.shown()).clone();
    snapshot.at = snapshot.at + Span::from_secs(seconds);
    app.update(Action::Fresh(Arc::new(snapshot)));
}

#[test]
fn the_same_key_goes_through_the_panes() {
    let mut app = pages::app(Page::Fleet);
    let mut seen = Vec::new();
    for _ in Pane::ALL {
        seen.push(app.money.pane);
        type_(&mut app, "5");
    }
    assert_eq!((seen.as_slice(), app.money.pane), (&Pane::ALL[..], Pane::Models));
    type_(&mut app, "1");
    type_(&mut app, "5");
    assert_eq!((app.view(), app.money.pane), (ViewId::Money, Pane::Models), "opening it is not going on");
}

#[test]
fn rows_of_the_open_pane_scroll() {
    let mut app = pages::app(Page::Fleet);
    hands::draw_at(&mut app, 80, 24);
    type_(&mut app, "555jjj");
    assert_eq!((app.money.pane, app.place()), (Pane::Compare, 3));
    type_(&mut app, "G");
    assert_eq!(app.place(), 8);
    type_(&mut app, "5");
    assert_eq!(app.place(), 0, "another pane begins at its top");
    app.update(Action::Click(10, 9));
    assert_eq!(app.place(), 0);
}

/// Class: a table whose rows cannot be gone into.
#[test]
fn enter_goes_into_the_chosen_row_of_the_grouped_table() {
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        let mut app = pages::app(Page::Fleet);
        hands::draw_at(&mut app, width, height);
        press(&mut app, KeyCode::Enter);
        assert_eq!((app.view(), app.subject().map(Label::as_str)), (ViewId::Engines, Some("deepseek-r1")));
        press(&mut app, KeyCode::Esc);
        assert_eq!(app.view(), ViewId::Money, "Escape comes back");
        type_(&mut app, "j");
        press(&mut app, KeyCode::Enter);
        assert_eq!(app.subject().map(Label::as_str), Some("deepseek-v3"), "{width}x{height}");
        press(&mut app, KeyCode::Esc);
        // What is no model has nowhere to go into.
        type_(&mut app, "G");
        press(&mut app, KeyCode::Enter);
        assert_eq!(app.view(), ViewId::Money);
    }
}

#[test]
fn it_asks_when_it_is_opened_and_every_ten_seconds() {
    let mut app = pages::app(Page::Fleet);
    assert_eq!(app.next_query(), None, "the page is fresh");
    later(&mut app, 9);
    assert_eq!(app.next_query(), None);
    later(&mut app, 1);
    let Some(LedgerQuery::Money(asked)) = app.next_query() else { panic!("ten seconds are over") };
    assert_eq!((asked.at, asked.against), (app.shown().at, Against::Quarter));
    later(&mut app, 60);
    assert_eq!(app.next_query(), None, "one question at a time");
    app.update(Action::QueryResult(LedgerResult::Money(Err(Label::new("busy")))));
    assert!(app.money.page.is_some() && app.money.failure.is_some(), "the last page stays");
    assert!(app.next_query().is_some());
    app.update(Action::QueryDropped);
    assert_eq!(app.money.failure.as_ref().unwrap().as_str(), "the ledger does not answer; it is asked again");
    type_(&mut app, "1");
    later(&mut app, 60);
    assert_eq!(app.next_query(), None, "no open view needs it");
    app.update(Action::QueryDropped);
    type_(&mut app, "5");
    assert!(app.next_query().is_some(), "opened again, it has the amounts of now");
    app.update(Action::QueryDropped);
    type_(&mut app, "1");
    assert_eq!(app.next_query(), None);
    later(&mut app, 1);
    type_(&mut app, "5");
    assert!(app.next_query().is_some(), "also a second later");
}

/// Class: a question that is taken for asked because another one was asked in its stead.
#[test]
fn what_waits_behind_another_question_is_asked_next() {
    let mut app = pages::app(Page::Fleet);
    later(&mut app, 10);
    type_(&mut app, "w");
    let Some(LedgerQuery::WhatIf(_)) = app.next_query() else { panic!("the form is open") };
    app.update(Action::QueryResult(LedgerResult::WhatIf(Err(Label::new("busy")))));
    let Some(LedgerQuery::Money(asked)) = app.next_query() else { panic!("the page is ten seconds old") };
    assert_eq!(asked.at, app.shown().at);
}

#[test]
fn a_new_quarter_hour_is_asked_for_at_once() {
    let mut app = pages::app(Page::Fleet);
    // It is 15:04:07.
    later(&mut app, 10 * 60 + 50);
    pages::answer(&mut app, Page::Fleet);
    later(&mut app, 2);
    assert_eq!(app.next_query(), None);
    later(&mut app, 1);
    assert!(app.next_query().is_some(), "a quarter past three");
}

#[test]
fn nothing_is_asked_without_a_ledger_or_before_the_first_poll() {
    let mut app = pages::app(Page::Fleet);
    app.has_past = false;
    later(&mut app, 60);
    assert_eq!(app.next_query(), None);
    let mut blank = App::new(Arc::new(samples::empty()), app.zone.clone(), app.interval, 1);
    blank.has_past = true;
    type_(&mut blank, "5w");
    assert_eq!(blank.next_query(), None);
}

#[test]
fn the_bridge_has_three_other_ends() {
    let mut app = pages::app(Page::Fleet);
    for against in [Against::Yesterday, Against::LastWeek, Against::Quarter] {
        type_(&mut app, "b");
        assert_eq!(app.money.against, against);
        assert!(matches!(app.next_query(), Some(LedgerQuery::Money(asked)) if asked.against == against));
        app.update(Action::QueryDropped);
    }
    type_(&mut app, "1b");
    assert_eq!(app.money.against, Against::Quarter, "elsewhere it means nothing");
}

#[test]
fn what_if_is_filled_in_by_typing_and_by_steps() {
    let mut app = pages::app(Page::Fleet);
    type_(&mut app, "2w");
    assert!(app.what_if.open);
    pages::answer(&mut app, Page::Fleet);
    press(&mut app, KeyCode::Right);
    let first = app.what_if.list.clone().unwrap();
    assert_eq!(&first, app.what_if.page.as_ref().unwrap().lists.first().unwrap());
    press(&mut app, KeyCode::Left);
    assert_eq!(app.what_if.list, None);
    press(&mut app, KeyCode::Left);
    assert_eq!(app.what_if.list.as_ref(), app.what_if.page.as_ref().unwrap().lists.last());
    press(&mut app, KeyCode::Backspace);

    press(&mut app, KeyCode::Down);
    type_(&mut app, "37.5x");
    assert_eq!(app.what_if.changed().paid, "0.375".parse().ok());
    assert_eq!(app.view(), ViewId::Nodes, "figures open no view");
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Right);
    assert_eq!(app.what_if.text(Field::Load), "105", "from 100 %");
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Right);
    assert_eq!(app.what_if.text(Field::HitRate), "55", "from 53.9 %");
    press(&mut app, KeyCode::Left);
    press(&mut app, KeyCode::Left);
    assert_eq!(app.what_if.changed().hit_rate, "0.45".parse().ok());
    type_(&mut app, "j");
    press(&mut app, KeyCode::Left);
    assert_eq!(app.what_if.text(Field::GpuRate), "1.9");
    type_(&mut app, "j");
    press(&mut app, KeyCode::Right);
    assert_eq!(app.what_if.changed().nodes, NodeCount::whole(5), "one more than the four that this ledger names");
    assert!(!app.what_if.is_answered());
    assert!(matches!(app.next_query(), Some(LedgerQuery::WhatIf(asked)) if asked.changed == app.what_if.changed()));
    press(&mut app, KeyCode::Esc);
    assert_eq!((app.what_if.open, app.view()), (false, ViewId::Nodes));
}

#[test]
fn a_figure_that_cannot_be_is_not_taken() {
    let mut app = pages::app(Page::Fleet);
    type_(&mut app, "wjjj101");
    assert!(app.what_if.is_wrong(Field::HitRate));
    assert_eq!(app.what_if.changed().hit_rate, None);
    for _ in 0..3 {
        press(&mut app, KeyCode::Backspace);
    }
    assert!(!app.what_if.is_wrong(Field::HitRate));
    type_(&mut app, "1.2.3");
    assert!(app.what_if.is_wrong(Field::HitRate));
    type_(&mut app, "jj99999999999999");
    assert!(app.what_if.is_wrong(Field::Nodes), "{}", app.what_if.text(Field::Nodes));
    type_(&mut app, "w");
    assert!(!app.what_if.open);
}

#[test]
fn help_filter_and_quit_go_on_over_the_form() {
    let mut app = pages::app(Page::Fleet);
    type_(&mut app, "w?");
    assert_eq!(app.view(), ViewId::Help);
    type_(&mut app, "?/");
    assert!(app.filter.editing && !app.what_if.open);
    press(&mut app, KeyCode::Esc);
    type_(&mut app, "w");
    assert_eq!(press(&mut app, KeyCode::Char('q')), Effect::Quit);
    assert_eq!(app.update(Action::Click(3, 1)), Effect::None, "what lies below cannot be pressed");
}

/// Class: a header that is newer than the rows below it.
#[test]
fn header_and_rows_are_of_one_moment() {
    let mut app = pages::app(Page::Fleet);
    let of_rows = app.money.snapshot.as_ref().unwrap().at;
    assert_eq!(of_rows, app.money.page.as_ref().unwrap().at);
    let mut later: Snapshot = (**app.shown()).clone();
    later.at = later.at + Span::from_secs(5);
    app.update(Action::Fresh(Arc::new(later)));
    assert_eq!(app.money.snapshot.as_ref().unwrap().at, of_rows);
}

#[test]
fn a_scenario_is_kept_under_a_name_and_loaded_again() {
    let mut app = pages::app(Page::Fleet);
    type_(&mut app, "wj37snight");
    assert_eq!(app.what_if.naming.as_deref(), Some("night"), "letters are of the name");
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.said().unwrap().text, "kept as night");
    type_(&mut app, "r");
    assert_eq!(command(&app.what_if.changed()), None);
    type_(&mut app, "l");
    assert_eq!(app.what_if.changed().paid, "0.37".parse().ok());
    pages::answer(&mut app, Page::Fleet);
    let copied =
        Effect::CopyText("margintop report --since today --what-if paid=0.37".to_owned(), "copied the report command");
    assert_eq!(press(&mut app, KeyCode::Char('e')), copied);
    type_(&mut app, "sx");
    press(&mut app, KeyCode::Esc);
    assert!(app.what_if.open && app.what_if.naming.is_none(), "a name is dropped before the form");
    press(&mut app, KeyCode::Esc);
    assert!(!app.what_if.open);
}

#[test]
fn money_is_grouped_and_written_as_csv() {
    let mut app = pages::app(Page::Fleet);
    let table = |app: &mut App| match press(app, KeyCode::Char('e')) {
        Effect::Export(table) => table,
        other => panic!("{other:?}"),
    };
    let by_model = table(&mut app);
    assert!(by_model.starts_with("key,prompt_tokens,") && by_model.contains("\ndeepseek-r1,"), "{by_model}");
    type_(&mut app, "dd");
    pages::answer(&mut app, Page::Fleet);
    let by_node = table(&mut app);
    assert!(by_node.contains("\ngpu-0001,") && !by_node.contains("deepseek-r1"), "{by_node}");
    let total = |text: &str| text.lines().last().unwrap().to_owned();
    assert_eq!(total(&by_model), total(&by_node), "the totals agree");
}

#[test]
fn brackets_go_from_the_hours_of_a_day_to_the_days_of_a_month() {
    let mut app = pages::app(Page::Fleet);
    let mut seen = Vec::new();
    for key in ["", "[", "]", "]", "]", "["] {
        type_(&mut app, key);
        seen.push(app.money.range);
    }
    assert_eq!(seen, [Day, Day, Week, Month, Month, Week]);
    assert_eq!(app.charts.span, ChartSpan::Hour, "it is not the span of the other charts");
    type_(&mut app, "1]");
    assert_eq!((app.charts.span, app.money.range), (ChartSpan::SixHours, Week));
}

/// Class: a day that is dropped where many are kept is asked for again, and again.
#[test]
fn each_day_of_the_month_is_asked_for_once() {
    let mut app = pages::app(Page::Fleet);
    type_(&mut app, "]]");
    let mut asked = Vec::new();
    while let Some(LedgerQuery::Day(begin)) = app.next_query() {
        asked.push(begin);
        assert!(asked.len() <= 31, "{asked:?}");
        app.update(Action::QueryResult(LedgerResult::Day(begin, Ok(Vec::new()))));
    }
    let [first, .., last] = asked.as_slice() else { panic!("days are asked for: {asked:?}") };
    // It is the 23rd.
    assert_eq!(asked.len(), 22);
    assert_eq!((*first - *last).millis(), 21 * 86_400_000);
}

#[test]
fn a_month_has_a_bar_a_day_and_their_sum() {
    let mut app = pages::app(Page::Fleet);
    type_(&mut app, "]]");
    let waits = hands::text(&app, 120, 36);
    assert!(waits.contains("[ month by the day ]") && waits.contains("asking the ledger for 22 more days…"), "{waits}");
    pages::answer(&mut app, Page::Fleet);
    let month = hands::text(&app, 120, 36);
    for part in ["profit · this month", " 01 02 03 ", "24 25 26 ", "[ ] day, week, month"] {
        assert!(month.contains(part), "{part}: {month}");
    }
    type_(&mut app, "[");
    let week = hands::text(&app, 120, 36);
    assert!(week.contains("profit · 7 days") && week.contains("[ 7 days by the day ]"), "{week}");
}

/// Class: what all changes together come to has to be read from columns.
#[test]
fn a_form_ends_with_what_it_comes_to() {
    let mut app = pages::app(Page::Fleet);
    type_(&mut app, "w");
    pages::answer(&mut app, Page::Fleet);
    assert!(!hands::text(&app, 120, 36).contains(" then "), "nothing is otherwise");
    press(&mut app, KeyCode::Down);
    type_(&mut app, "37");
    pages::answer(&mut app, Page::Fleet);
    let frame = hands::text(&app, 120, 36);
    let closing =
        frame.lines().find(|line| line.contains(" then 37 % paid: profit ")).unwrap_or_else(|| panic!("{frame}"));
    assert!(closing.contains(" less than today"), "{closing}");
}

/// Class: the sum of days loses what marks each of them as a lower bound.
#[test]
fn a_sum_of_days_is_a_lower_bound_where_today_is_one() {
    let mut app = pages::app(Page::Fleet);
    type_(&mut app, "]");
    pages::answer(&mut app, Page::Fleet);
    let frame = hands::text(&app, 200, 50);
    assert!(frame.lines().any(|line| line.contains("7 days, theoretical") && line.contains("revenue ≥ ")), "{frame}");
}
