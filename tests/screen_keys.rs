//! Keys to state, without a terminal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod picture;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::tui::app::{Action, App, Effect, Pace};
use margintop::tui::keys;
use margintop::tui::scene::Scene;
use margintop::tui::theme::Theme;
use margintop::tui::view::{Hit, Hits, Part, ViewId};
use margintop::units::{Celsius, Span};
use picture::{fleet, one_box};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

fn app() -> App {
    let mut app = App::new(Arc::new(fleet(0)), TimeZone::UTC, Span::from_secs(1), 4);
    look(&mut app);
    app
}

/// Draws a frame, so that the mouse meets something.
fn look(app: &mut App) {
    let mut terminal = Terminal::new(TestBackend::new(120, 36)).unwrap();
    let mut hits = Hits::default();
    terminal.draw(|frame| hits = margintop::tui::draw(frame, app, app.shown(), &Theme::of_roles())).unwrap();
    app.update(Action::Drawn(hits));
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
    assert_eq!(app.view(), ViewId::Engines);
    type_(&mut app, ">");
    assert_eq!(app.view(), ViewId::Money);
    press(&mut app, KeyCode::PageUp, KeyModifiers::CONTROL);
    assert_eq!(app.view(), ViewId::Engines);
    type_(&mut app, "?");
    assert_eq!(app.view(), ViewId::Help);
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!(app.view(), ViewId::Engines);
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!(app.view(), ViewId::Overview);
    type_(&mut app, "tttt");
    assert_eq!(app.theme, 0);
    type_(&mut app, "t");
    assert_eq!(app.theme, 1);
}

#[test]
fn a_list_is_scrolled_within_its_rows() {
    let mut app = app();
    type_(&mut app, "2k");
    look(&mut app);
    assert_eq!(app.place(), 0);
    type_(&mut app, "jjj");
    assert_eq!(app.place(), 3);
    press(&mut app, KeyCode::Char('G'), KeyModifiers::SHIFT);
    assert_eq!(app.place(), 277);
    press(&mut app, KeyCode::PageDown, KeyModifiers::NONE);
    assert_eq!(app.place(), 277);
    press(&mut app, KeyCode::PageUp, KeyModifiers::NONE);
    assert!((250..270).contains(&app.place()), "{}", app.place());
    type_(&mut app, "g");
    assert_eq!(app.place(), 0);
    // Each view keeps its own place.
    type_(&mut app, "j4");
    assert_eq!(app.place(), 0);
    type_(&mut app, "2");
    assert_eq!(app.place(), 1);
}

/// Class: the chosen thing becomes another one because rows moved.
#[test]
fn a_chosen_row_stays_chosen_wherever_it_moves() {
    let mut app = app();
    type_(&mut app, "2jj");
    let name = ViewId::Nodes.view().chosen(&scene(&app)).unwrap();
    for _ in 0..9 {
        type_(&mut app, "s");
        assert_eq!(ViewId::Nodes.view().chosen(&scene(&app)), Some(name.clone()));
    }
    type_(&mut app, "S");
    assert_eq!(ViewId::Nodes.view().chosen(&scene(&app)), Some(name));
}

fn scene(app: &App) -> Scene<'_> {
    Scene { app, snap: app.shown(), size: (120, 36) }
}

#[test]
fn enter_goes_in_and_esc_comes_out() {
    for (keys, view) in [
        ("1", ViewId::Engines),
        ("2", ViewId::Node),
        ("3", ViewId::Engines),
        ("6", ViewId::Engines),
        ("7", ViewId::Node),
    ] {
        let mut app = app();
        type_(&mut app, keys);
        let from = app.view();
        press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
        assert_eq!(app.view(), view, "from {from:?}");
        assert!(app.subject().is_some());
        press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
        assert_eq!(app.view(), from);
        press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
        assert_eq!(app.view(), ViewId::Overview);
    }
}

#[test]
fn the_next_node_is_the_next_in_the_list() {
    let mut app = app();
    type_(&mut app, "2");
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    let first = app.subject().unwrap().clone();
    type_(&mut app, "n");
    assert_ne!(app.subject(), Some(&first));
    type_(&mut app, "N");
    assert_eq!(app.subject(), Some(&first));
    type_(&mut app, "a");
    assert_eq!(app.view(), ViewId::Alerts);
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!((app.view(), app.subject()), (ViewId::Node, Some(&first)));
}

#[test]
fn units_fold_and_unfold() {
    let mut app = app();
    type_(&mut app, "4");
    let folded = ViewId::Engines.view().rows(&scene(&app)).len();
    assert_eq!(folded, 40);
    type_(&mut app, "o");
    let open = ViewId::Engines.view().rows(&scene(&app)).len();
    assert!((folded + 3..=folded + 6).contains(&open), "{open}");
    type_(&mut app, "oO");
    assert!(ViewId::Engines.view().rows(&scene(&app)).len() > 3 * folded);
    type_(&mut app, "O");
    assert_eq!(ViewId::Engines.view().rows(&scene(&app)).len(), folded);
}

#[test]
fn every_column_that_sorts_sorts_both_ways() {
    for view in ViewId::ALL {
        let mut app = app();
        if let Some(key) = view.view().key() {
            type_(&mut app, &key.to_string());
        }
        let orders = view.view().orders(&scene(&app));
        for nth in 0..orders.len() {
            assert_eq!(app.list().order(), nth);
            let rising = view.view().rows(&scene(&app));
            type_(&mut app, "S");
            let falling = view.view().rows(&scene(&app));
            assert_eq!(rising.len(), falling.len(), "{view:?}");
            type_(&mut app, "Ss");
        }
    }
}

#[test]
fn spans_cells_and_charts() {
    let mut app = app();
    let reach = |app: &App| app.charts.reach.name();
    assert_eq!(reach(&app), "1 h");
    type_(&mut app, "]");
    assert_eq!(reach(&app), "6 h");
    type_(&mut app, "]]");
    assert_eq!(reach(&app), "24 h");
    type_(&mut app, "[[[[");
    assert_eq!(reach(&app), "15 min");
    let before = app.charts;
    type_(&mut app, "mv");
    assert_ne!(app.charts, before);
    type_(&mut app, "mmmv");
    assert_eq!(app.charts, before);
}

#[test]
fn the_mouse_meets_what_was_drawn() {
    let mut app = app();
    // ` 1 overview   2 nodes   3 models`
    app.update(Action::Click(16, 1));
    assert_eq!(app.view(), ViewId::Nodes);
    look(&mut app);
    app.update(Action::Click(3, 8));
    assert_eq!(app.place(), 5);
    app.update(Action::Wheel { down: true });
    assert_eq!(app.place(), 8);
    for _ in 0..3 {
        app.update(Action::Wheel { down: false });
    }
    assert_eq!(app.place(), 0);
    look(&mut app);
    app.update(Action::Click(119, 1));
    app.update(Action::Click(0, 35));
    assert_eq!((app.view(), app.place()), (ViewId::Nodes, 0));
    // A heading sorts, and again the other way round.
    app.update(Action::Click(4, 2));
    assert!(!app.list().is_reversed() && app.list().order() > 0);
    look(&mut app);
    app.update(Action::Click(4, 2));
    assert!(app.list().is_reversed());
    // A row that is chosen opens.
    app.update(Action::Click(3, 3));
    app.update(Action::Click(3, 3));
    assert_eq!(app.view(), ViewId::Node);
    app.update(Action::Click(2, 1));
    assert_eq!(app.view(), ViewId::Overview);
    // Every area that is announced lies on the screen, and no two rows share one.
    look(&mut app);
    let mut terminal = Terminal::new(TestBackend::new(120, 36)).unwrap();
    let mut hits = Hits::default();
    terminal.draw(|frame| hits = margintop::tui::draw(frame, &app, app.shown(), &Theme::of_roles())).unwrap();
    let units = hits.areas().iter().filter(|(_, hit)| matches!(hit, Hit::Row(_))).count();
    assert!(units >= 30, "units can be pressed: {units}");
    for (area, _) in hits.areas() {
        assert!(area.right() <= 120 && area.bottom() <= 36, "{area:?}");
    }
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
    let held = |app: &App| app.pictures.at(Pace::FiveSeconds).nodes[0].gpus[0].temperature_celsius.unwrap().get();
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

/// The frame that the next draw shows.
fn text(app: &App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| drop(margintop::tui::draw(frame, app, app.shown(), &Theme::of_roles()))).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let rows = buffer.content.chunks(usize::from(width));
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + "\n").collect()
}

#[test]
fn a_row_or_the_frame_is_copied_and_drawn() {
    let mut app = app();
    type_(&mut app, "2j");
    look(&mut app);
    let Effect::Copy(Some(area)) = type_(&mut app, "y") else { panic!("no row") };
    assert_eq!(area.height, 1);
    let name = ViewId::Nodes.view().chosen(&scene(&app)).unwrap();
    let rows = text(&app, 120, 36);
    assert!(rows.lines().nth(usize::from(area.y)).unwrap().contains(&name));
    assert_eq!(type_(&mut app, "Y"), Effect::Copy(None));
    assert_eq!(type_(&mut app, "P"), Effect::Picture);
    // The view of money has no rows where it waits for the ledger.
    type_(&mut app, "5");
    look(&mut app);
    assert_eq!(type_(&mut app, "y"), Effect::Copy(None));
}

#[test]
fn what_is_said_is_shown_until_it_is_taken_back() {
    let mut app = app();
    app.theme_names = ["dark", "light", "ember", "mono"].map(str::to_owned).to_vec();
    type_(&mut app, "tt");
    let said = app.said().unwrap().clone();
    assert_eq!((said.text.as_str(), said.is_trouble), ("theme ember", false));
    assert!(text(&app, 120, 36).contains(" theme ember "));
    assert_eq!(app.update(Action::Unsaid(said.number - 1)), Effect::None, "that was another one");
    assert_eq!(app.update(Action::Unsaid(said.number)), Effect::Redraw);
    assert!(!text(&app, 120, 36).contains("theme ember"));

    type_(&mut app, "2/gpu-00");
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    let left = ViewId::Nodes.view().rows(&scene(&app)).len();
    assert!(left > 0 && left < 278);
    assert_eq!(app.said().unwrap().text, format!("filter: {left} of 278 nodes"));
    let trouble = "no picture x.svg: this folder is read-only".to_owned();
    app.update(Action::Said { text: trouble.clone(), is_trouble: true });
    assert!(text(&app, 80, 24).contains(&trouble));
}

/// Class: a word over money. What is said covers no figure in any view and size.
#[test]
fn what_is_said_covers_no_figure() {
    for view in ViewId::tabs() {
        for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 50)] {
            let mut app = app();
            type_(&mut app, &view.view().key().unwrap().to_string());
            let before = text(&app, width, height);
            app.update(Action::Said { text: "copied the frame".to_owned(), is_trouble: false });
            let after = text(&app, width, height);
            assert!(after.contains(" copied the frame "), "{view:?} {width}x{height}");
            let body = usize::from(height - 1);
            for (before, after) in before.lines().zip(after.lines()).take(body) {
                let covered = before.chars().zip(after.chars()).filter(|(a, b)| a != b).map(|(a, _)| a);
                assert!(covered.clone().all(|c| !c.is_ascii_digit()), "{view:?} {width}x{height}: {before}");
            }
        }
    }
}

/// A fleet that was watched for a quarter hour.
fn watched() -> App {
    let history = margintop::history::History::default();
    for beat in (0..=900).step_by(5) {
        history.record(&fleet(beat), Span::from_secs(5));
    }
    let mut app = App::new(Arc::new(fleet(900)), TimeZone::UTC, Span::from_secs(1), 1);
    app.history = history;
    look(&mut app);
    app
}

#[test]
fn one_goes_back_in_time_while_the_world_goes_on() {
    let mut app = watched();
    let now = app.shown().clone();
    assert!(!text(&app, 120, 36).contains('◂'));
    press(&mut app, KeyCode::Left, KeyModifiers::NONE);
    let then = app.then().unwrap();
    let cell = (now.at - then).millis();
    assert!((1..=60_000).contains(&cell), "{cell} ms");
    assert_eq!(app.shown().at, then);
    press(&mut app, KeyCode::Left, KeyModifiers::SHIFT);
    let then = app.then().unwrap();
    let shown = app.shown().clone();
    // The picture of then has the figures of then, and none of now.
    let was = fleet(((then.millis() - fleet(0).at.millis()) / 1000).unsigned_abs());
    let near = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 0.25 * b.unwrap();
    assert!(near(shown.tokens.output_per_second, was.tokens.output_per_second));
    assert!(shown.nodes.iter().any(|node| node.gpus.iter().any(|gpu| gpu.utilization.is_some())));
    assert_eq!(shown.money.idle_cost, None);
    assert!(shown.engines.iter().all(|row| row.output_total.is_none()));
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        let frame = text(&app, width, height);
        let header = frame.lines().next().unwrap().to_owned();
        assert!(header.contains("◂ ") && header.contains("−"), "{header}");
        assert!(frame.contains("as recorded"), "{frame}");
    }
    // The world goes on; the shown instant stays.
    assert_eq!(app.update(Action::Fresh(Arc::new(fleet(901)))), Effect::None);
    assert_eq!(app.update(Action::Fresh(Arc::new(fleet(960)))), Effect::Redraw, "it is longer ago now");
    assert_eq!(app.shown().at, then);
    press(&mut app, KeyCode::End, KeyModifiers::NONE);
    assert_eq!((app.then(), app.shown().at), (None, fleet(960).at));
    assert!(!app.paused());
}

#[test]
fn time_ends_where_the_record_begins_and_where_now_is() {
    let mut app = watched();
    for _ in 0..100 {
        type_(&mut app, "{");
    }
    assert_eq!(app.then(), Some(fleet(0).at.minute()));
    assert!(app.said().unwrap().text.starts_with("the record begins at "));
    for _ in 0..400 {
        press(&mut app, KeyCode::Right, KeyModifiers::NONE);
    }
    assert_eq!(app.then(), None);
    assert_eq!(app.shown().at, fleet(900).at);
    // End is the last row where now is shown, and so is G at any time.
    type_(&mut app, "2");
    press(&mut app, KeyCode::End, KeyModifiers::NONE);
    assert_eq!(app.place(), 277);
    let mut fresh = self::app();
    press(&mut fresh, KeyCode::Left, KeyModifiers::NONE);
    assert_eq!((fresh.then(), fresh.said().unwrap().text.as_str()), (None, "nothing is recorded yet"));
}

#[test]
fn every_view_shows_an_earlier_instant() {
    let mut app = watched();
    for _ in 0..3 {
        type_(&mut app, "{");
    }
    for view in ViewId::tabs() {
        type_(&mut app, &view.view().key().unwrap().to_string());
        for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 50)] {
            assert!(text(&app, width, height).lines().next().unwrap().contains('◂'), "{view:?}");
        }
    }
}

#[test]
fn the_cursor_tells_the_values_of_an_instant() {
    let mut app = watched();
    type_(&mut app, "[c");
    assert!(app.has_cursor());
    look(&mut app);
    for _ in 0..6 {
        press(&mut app, KeyCode::Left, KeyModifiers::NONE);
        look(&mut app);
    }
    let at = app.pointed().unwrap();
    assert!(at < app.shown().at && app.then().is_none(), "the world stays at now");
    let frame = text(&app, 120, 36);
    // A line in each of the five charts.
    assert!(frame.lines().skip(3).take(6).all(|row| row.contains('│')), "{frame}");
    let clock = margintop::tui::human::clock_minute(at, &TimeZone::UTC);
    assert!(frame.matches(&clock).count() >= 2, "{frame}");
    type_(&mut app, &"{".repeat(2_000));
    let first = app.pointed().unwrap();
    type_(&mut app, "{");
    assert_eq!(app.pointed(), Some(first), "it stays in the charts");
    type_(&mut app, &"}".repeat(2_000));
    assert_eq!(app.pointed(), Some(app.shown().at));
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    assert!(!app.has_cursor());
    type_(&mut app, "2");
    // A view without charts says so.
    let mut app = self::app();
    type_(&mut app, "3");
    look(&mut app);
    if !text(&app, 120, 36).contains('┴') {
        type_(&mut app, "c");
        assert!(!app.has_cursor() && app.said().unwrap().is_trouble);
    }
}

#[test]
fn the_mouse_over_a_chart_tells_its_values() {
    let mut app = watched();
    assert_eq!(app.update(Action::Hover(41, 6)), Effect::Redraw);
    let at = app.pointed().unwrap();
    assert_eq!(app.update(Action::Hover(41, 7)), Effect::None, "it is the same instant");
    let frame = text(&app, 120, 36);
    assert!(frame.lines().nth(6).unwrap().chars().nth(41) == Some('│'), "{frame}");
    assert!(
        frame.lines().nth(2).unwrap().contains(&margintop::tui::human::clock_minute(at, &TimeZone::UTC)),
        "{frame}"
    );
    assert_eq!(app.update(Action::Hover(2, 6)), Effect::Redraw);
    assert_eq!(app.pointed(), None);
    assert_eq!(app.update(Action::Hover(3, 6)), Effect::None);
}

#[test]
fn every_view_says_what_its_figures_are() {
    for (width, height) in [(40, 12), (80, 24), (200, 50)] {
        let mut app = app();
        for view in ViewId::tabs() {
            type_(&mut app, &view.view().key().unwrap().to_string());
            type_(&mut app, "i");
            let first = margintop::tui::figures::of(view).next().unwrap();
            let frame = text(&app, width, height);
            assert!(frame.contains("WHAT IS THIS FIGURE?") && frame.contains(first.name), "{frame}");
            let row = app.place();
            for _ in 0..200 {
                type_(&mut app, "j");
            }
            assert_eq!(app.place(), row, "the view behind stays");
            assert_eq!(app.update(Action::Click(5, 5)), Effect::None);
            type_(&mut app, "g");
            app.update(Action::Drawn(Hits::of_screen((width, height))));
            app.update(Action::Wheel { down: true });
            let scrolled = app.explaining().unwrap();
            assert!(
                scrolled == 3 || view != ViewId::Overview && scrolled < 3 || height == 50,
                "{view:?} {width}x{height}"
            );
            press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
            assert!(!text(&app, width, height).contains("WHAT IS THIS FIGURE?"));
            assert_eq!(app.view(), view);
        }
        type_(&mut app, "1i2");
        assert_eq!((app.view(), app.explaining()), (ViewId::Nodes, None));
    }
}

fn enter(app: &mut App, line: &str) -> Effect {
    type_(app, line);
    press(app, KeyCode::Enter, KeyModifiers::NONE)
}

#[test]
fn a_command_line_does_what_it_says() {
    let mut app = app();
    app.theme_names = ["dark", "light", "ember", "mono"].map(str::to_owned).to_vec();
    app.has_interval = true;
    enter(&mut app, ":theme ember");
    assert_eq!((app.theme, app.said().unwrap().text.as_str()), (2, "theme ember"));
    enter(&mut app, ":view nodes");
    assert_eq!(app.view(), ViewId::Nodes);
    enter(&mut app, ":span 6h");
    assert_eq!(app.charts.reach.name(), "6 h");
    let before = app.list().order();
    enter(&mut app, ":sort now");
    assert_ne!(app.list().order(), before);
    enter(&mut app, ":filter gpu-00");
    assert_eq!(app.filter.text(), "gpu-00");
    assert!(app.said().unwrap().text.ends_with("of 278 nodes"));
    enter(&mut app, ":filter");
    assert_eq!(app.filter.text(), "");
    assert_eq!(enter(&mut app, ":interval 2s"), Effect::Interval(Span::from_secs(2)));
    let name = app.shown().nodes[7].name.to_string();
    enter(&mut app, &format!(":node {name}"));
    assert_eq!((app.view(), app.subject().unwrap().as_str()), (ViewId::Node, name.as_str()));
    assert_eq!(enter(&mut app, ":quit"), Effect::Quit);
}

#[test]
fn a_command_line_is_completed_recalled_and_dropped() {
    let mut app = app();
    app.theme_names = ["dark", "light", "ember", "mono"].map(str::to_owned).to_vec();
    // A few letters are enough: Enter completes the word, then its value.
    enter(&mut app, ":th");
    assert_eq!(app.prompt().unwrap().text, "theme ");
    type_(&mut app, "em");
    assert_eq!(app.theme, 2, "it is seen before it is chosen");
    press(&mut app, KeyCode::Backspace, KeyModifiers::NONE);
    press(&mut app, KeyCode::Backspace, KeyModifiers::NONE);
    assert_eq!(app.theme, 0);
    for theme in [0, 1, 2] {
        press(&mut app, KeyCode::Tab, KeyModifiers::NONE);
        assert_eq!(app.theme, theme);
    }
    press(&mut app, KeyCode::BackTab, KeyModifiers::SHIFT);
    assert_eq!((app.theme, app.prompt().unwrap().text.as_str()), (1, "theme light"));
    for (width, height) in [(40, 12), (80, 24), (200, 50)] {
        let frame = text(&app, width, height);
        assert!(frame.contains(":theme light▏") && frame.contains("› light"), "{frame}");
    }
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    assert!(app.prompt().is_none());
    assert_eq!(app.theme, 0, "Esc puts the old one back");

    enter(&mut app, ":view models");
    enter(&mut app, ":view nodes");
    type_(&mut app, ":");
    press(&mut app, KeyCode::Up, KeyModifiers::NONE);
    press(&mut app, KeyCode::Up, KeyModifiers::NONE);
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    assert_eq!(app.view(), ViewId::Models);
    // What is wrong is said, and can be mended.
    enter(&mut app, ":view xyz");
    assert!(app.prompt().is_some() && app.said().unwrap().is_trouble);
    // Keys of views are letters here, and others do nothing.
    assert_eq!(press(&mut app, KeyCode::F(1), KeyModifiers::NONE), Effect::None);
    assert_eq!(press(&mut app, KeyCode::Char('c'), KeyModifiers::CONTROL), Effect::Quit);
    for _ in 0..20 {
        press(&mut app, KeyCode::Backspace, KeyModifiers::NONE);
    }
    assert!(app.prompt().is_none());
}

#[test]
fn tab_goes_through_the_blocks_of_a_view() {
    let mut app = watched();
    let plain = text(&app, 120, 36);
    let mut seen = Vec::new();
    for _ in 0..30 {
        press(&mut app, KeyCode::Tab, KeyModifiers::NONE);
        let block = app.block().unwrap();
        if seen.contains(&block) {
            break;
        }
        seen.push(block);
        assert_eq!(text(&app, 120, 36), plain, "only colours change");
    }
    assert!(seen.len() >= 5, "{seen:?}");
    assert_eq!(app.block(), seen.first().copied());
    press(&mut app, KeyCode::BackTab, KeyModifiers::NONE);
    assert_eq!(app.block(), seen.last().copied());
    // Enter shows more of a block, and Esc comes back to it.
    while app.block() != Some(Part::Alerts) {
        press(&mut app, KeyCode::Tab, KeyModifiers::NONE);
    }
    let Effect::Copy(Some(area)) = type_(&mut app, "y") else { panic!("no block") };
    assert!(area.height > 1);
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    assert_eq!((app.view(), app.block()), (ViewId::Alerts, None));
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!((app.view(), app.block()), (ViewId::Overview, Some(Part::Alerts)));
    // To move is to go back to the list.
    type_(&mut app, "j");
    assert_eq!(app.block(), None);
}

#[test]
fn the_help_shows_every_key_on_every_screen() {
    for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 50)] {
        let mut app = app();
        app.update(Action::Drawn(Hits::of_screen((width, height))));
        type_(&mut app, "?");
        let mut seen = text(&app, width, height);
        for _ in 0..200 {
            app.update(Action::Drawn(Hits::of_screen((width, height))));
            type_(&mut app, "j");
            seen += &text(&app, width, height);
        }
        for binding in keys::BINDINGS.iter().filter(|binding| !binding.shown.is_empty()) {
            assert!(seen.contains(binding.help), "{} at {width}x{height}", binding.help);
        }
        assert!(seen.contains("chart      top edge is revenue"), "{width}x{height}");
    }
}

#[test]
fn the_mouse_over_the_map_tells_what_it_is_over() {
    let mut app = app();
    let frame = text(&app, 120, 36);
    let row = frame.lines().position(|line| line.contains("decode-1 ")).unwrap();
    let name = |app: &App| {
        let frame = text(app, 120, 36);
        frame.lines().rev().take(12).find_map(|line| Some(line.split_once(" · load ")?.0.trim().to_owned()))
    };
    let mut names = Vec::new();
    for x in 10..28 {
        assert_eq!(app.update(Action::Hover(x, row as u16)), Effect::Redraw);
        names.push(name(&app).unwrap().rsplit(' ').next().unwrap().to_owned());
    }
    let known: Vec<String> = app.shown().nodes.iter().map(|node| node.name.to_string()).collect();
    assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
    names.dedup();
    assert_eq!(names.len(), 18, "a node a cell");
    app.update(Action::Hover(0, 0));
    assert_eq!(name(&app), None);
}

#[test]
fn the_cursor_is_in_the_lines_of_a_small_screen_too() {
    let mut app = watched();
    let draw = |app: &mut App| {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        let mut hits = Hits::default();
        terminal.draw(|frame| hits = margintop::tui::draw(frame, app, app.shown(), &Theme::of_roles())).unwrap();
        app.update(Action::Drawn(hits));
    };
    draw(&mut app);
    type_(&mut app, "[");
    draw(&mut app);
    type_(&mut app, "c");
    for _ in 0..8 {
        press(&mut app, KeyCode::Left, KeyModifiers::NONE);
    }
    let frame = text(&app, 80, 24);
    let columns: Vec<usize> = frame.lines().filter_map(|line| line.chars().position(|c| c == '│')).collect();
    assert_eq!(columns.len(), 4, "{frame}");
    assert!(columns.iter().all(|column| *column == columns[0]), "{frame}");
    assert!(frame.contains("─ At 15:1"), "{frame}");
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    // The mouse finds the same column.
    let row = frame.lines().position(|line| line.contains('│')).unwrap();
    app.update(Action::Hover(columns[0] as u16, row as u16));
    let hovered = text(&app, 80, 24);
    assert_eq!(hovered.lines().find_map(|line| line.chars().position(|c| c == '│')), Some(columns[0]));
}
