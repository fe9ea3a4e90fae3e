//! Keys to state, without a terminal.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod picture;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::tui::app::{Action, App, Effect, View};
use margintop::tui::keys;
use margintop::units::{Celsius, Span};
use picture::{fleet, one_box};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

fn app() -> App {
    let mut app = App::new(Arc::new(fleet(0)), TimeZone::UTC, Span::from_secs(1), 4);
    app.update(Action::Resize(120, 36));
    app
}

fn press(app: &mut App, code: KeyCode, modifiers: KeyModifiers) -> Effect {
    keys::action(app, KeyEvent::new(code, modifiers)).map_or(Effect::None, |action| app.update(action))
}

fn type_(app: &mut App, text: &str) -> Effect {
    text.chars().map(|c| press(app, KeyCode::Char(c), KeyModifiers::NONE)).last().unwrap_or(Effect::None)
}

#[test]
fn the_ways_out() {
    assert_eq!(type_(&mut app(), "q"), Effect::Quit);
    assert_eq!(press(&mut app(), KeyCode::Char('c'), KeyModifiers::CONTROL), Effect::Quit);
    assert_eq!(press(&mut app(), KeyCode::Char('z'), KeyModifiers::CONTROL), Effect::Suspend);
    assert_eq!(type_(&mut app(), "x"), Effect::None);
}

#[test]
fn views_help_and_themes() {
    let mut app = app();
    type_(&mut app, "4");
    assert_eq!(app.view, View::Engines);
    press(&mut app, KeyCode::Tab, KeyModifiers::NONE);
    assert_eq!(app.view, View::Money);
    press(&mut app, KeyCode::BackTab, KeyModifiers::SHIFT);
    assert_eq!(app.view, View::Engines);
    type_(&mut app, "?");
    assert!(app.help);
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    assert!(!app.help);
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!(app.view, View::Overview);
    type_(&mut app, "tttt");
    assert_eq!(app.theme, 0);
    type_(&mut app, "t");
    assert_eq!(app.theme, 1);
}

#[test]
fn a_list_is_scrolled_within_its_rows() {
    let mut app = app();
    type_(&mut app, "2k");
    assert_eq!(app.list().chosen(278), 0);
    type_(&mut app, "jjj");
    assert_eq!(app.list().chosen(278), 3);
    press(&mut app, KeyCode::Char('G'), KeyModifiers::SHIFT);
    assert_eq!(app.list().chosen(278), 277);
    press(&mut app, KeyCode::PageDown, KeyModifiers::NONE);
    assert_eq!(app.list().chosen(278), 277);
    press(&mut app, KeyCode::PageUp, KeyModifiers::NONE);
    assert_eq!(app.list().chosen(278), 247);
    type_(&mut app, "g");
    assert_eq!(app.list().chosen(278), 0);
    // Each view keeps its own place.
    type_(&mut app, "j4");
    assert_eq!(app.list().chosen(278), 0);
    type_(&mut app, "2");
    assert_eq!(app.list().chosen(278), 1);
}

#[test]
fn the_mouse_opens_tabs_chooses_rows_and_scrolls() {
    let mut app = app();
    // ` 1 overview   2 nodes   3 models`
    app.update(Action::Click(16, 1));
    assert_eq!(app.view, View::Nodes);
    app.update(Action::Click(3, 9));
    assert_eq!(app.list().chosen(278), 5);
    app.update(Action::Wheel { down: true });
    assert_eq!(app.list().chosen(278), 8);
    app.update(Action::Wheel { down: false });
    app.update(Action::Wheel { down: false });
    app.update(Action::Wheel { down: false });
    assert_eq!(app.list().chosen(278), 0);
    app.update(Action::Click(119, 1));
    app.update(Action::Click(0, 35));
    assert_eq!((app.view, app.list().chosen(278)), (View::Nodes, 0));
    app.update(Action::Click(2, 1));
    assert_eq!(app.view, View::Overview);
}

#[test]
fn while_a_filter_is_written_letters_are_letters() {
    let mut app = app();
    type_(&mut app, "/quit gpu");
    assert_eq!(app.filter.text(), "quit gpu");
    press(&mut app, KeyCode::Backspace, KeyModifiers::NONE);
    assert_eq!(app.filter.text(), "quit gp");
    assert_eq!(press(&mut app, KeyCode::Char('c'), KeyModifiers::CONTROL), Effect::Quit);
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    assert!(!app.filter.editing);
    assert_eq!(type_(&mut app, "j"), Effect::Redraw);
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!(app.filter.text(), "");
}

#[test]
fn a_held_picture_stays_while_the_world_goes_on() {
    let mut app = App::new(Arc::new(one_box(8, 0)), TimeZone::UTC, Span::from_secs(1), 1);
    type_(&mut app, " ");
    assert!(app.paused());
    assert_eq!(app.update(Action::Fresh(Arc::new(one_box(8, 1)))), Effect::None);
    assert_eq!(app.update(Action::Fresh(Arc::new(one_box(8, 2)))), Effect::None);
    assert_eq!(app.shown().at, one_box(8, 0).at);
    type_(&mut app, " ");
    assert_eq!(app.shown().at, one_box(8, 2).at);
}

#[test]
fn slow_figures_change_every_five_seconds() {
    let warm = |beat: u64, degrees: i32| {
        let mut snapshot = one_box(8, beat);
        let mut node = (*snapshot.nodes[0]).clone();
        node.gpus[0].temperature_celsius = Some(Celsius::new(degrees));
        snapshot.nodes = vec![Arc::new(node)];
        Arc::new(snapshot)
    };
    let held = |app: &App| app.slow.nodes[0].gpus[0].temperature_celsius.unwrap().get();
    // The pictures begin at 15:04:07; five seconds end at :10.
    let mut app = App::new(warm(0, 50), TimeZone::UTC, Span::from_secs(1), 1);
    for (beat, degrees, shown) in [(1, 51, 50), (2, 52, 50), (3, 53, 53), (4, 54, 53), (8, 58, 58)] {
        app.update(Action::Fresh(warm(beat, degrees)));
        assert_eq!(held(&app), shown, "beat {beat}");
    }
}

#[test]
fn silence_is_said_until_a_picture_comes() {
    let mut app = app();
    app.update(Action::Quiet(Span::from_secs(4)));
    assert_eq!(app.quiet, Some(Span::from_secs(4)));
    app.update(Action::Fresh(Arc::new(fleet(1))));
    assert_eq!(app.quiet, None);
}
