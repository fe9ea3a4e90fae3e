//! Keys to state, without a terminal.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::snapshot::Severity;
use margintop::tui::app::{Action, App, Effect, RefreshPace, SnapshotFeed};
use margintop::tui::frame_input::FrameInput;
use margintop::tui::theme::Theme;
use margintop::tui::view::{Hit, Hits, ViewId};
use margintop::units::{Celsius, Span};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use samples::hands::{app, draw, press, text, type_};
use samples::{fleet, one_box};

#[test]
fn the_ways_out() {
    assert_eq!(type_(&mut app(), "q"), Effect::Quit);
    assert_eq!(press(&mut app(), KeyCode::Char('c'), KeyModifiers::CONTROL), Effect::Quit);
    assert_eq!(press(&mut app(), KeyCode::Char('z'), KeyModifiers::CONTROL), Effect::Suspend);
}

/// Class: a key that does nothing and does not say so.
#[test]
fn a_key_of_another_view_says_where_it_means_something() {
    for (view, keys) in [("1", "xoOubdern"), ("3", "mxoOubdern"), ("5", "mxoOurn"), ("6", "mxoOuden"), ("7", "mubdern")]
    {
        for key in keys.chars() {
            let mut app = app();
            type_(&mut app, view);
            assert_eq!(type_(&mut app, &key.to_string()), Effect::Redraw, "{key} in {view}");
            let said = app.said().unwrap_or_else(|| panic!("{key} in {view} says nothing"));
            assert!(said.text.starts_with(key) || said.text.contains(&format!(" {key}:")), "{key}: {}", said.text);
        }
    }
    let mut app = app();
    type_(&mut app, "4o");
    assert!(app.said().is_none(), "where it means something it does it");
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
    draw(&mut app);
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
    let name = ViewId::Nodes.view().chosen(&input(&app)).unwrap();
    for _ in 0..9 {
        type_(&mut app, "s");
        assert_eq!(ViewId::Nodes.view().chosen(&input(&app)), Some(name.clone()));
    }
    type_(&mut app, "S");
    assert_eq!(ViewId::Nodes.view().chosen(&input(&app)), Some(name));
}

fn input(app: &App) -> FrameInput<'_> {
    FrameInput { app, snap: app.shown(), size: (120, 36) }
}

#[test]
fn an_alert_is_silenced_for_an_hour_and_calls_again() {
    let mut app = app();
    type_(&mut app, "7");
    let first = app.shown().alerts[0].clone();
    type_(&mut app, "x");
    let last = app.shown().alerts.last().unwrap().clone();
    assert_eq!((last.rule, &last.subject, last.severity), (first.rule, &first.subject, Severity::Info));
    assert_eq!(app.silenced(&last), Some(app.shown().at + Span::from_secs(3_600)));
    assert!(app.said().unwrap().text.contains("silenced until"), "{:?}", app.said());
    let later = |seconds: u64| {
        let mut snapshot = fleet(seconds);
        snapshot.alerts[0] = first.clone();
        Action::Fresh(Arc::new(snapshot))
    };
    app.update(later(3_599));
    assert_ne!(app.shown().alerts[0].subject, first.subject);
    app.update(later(3_601));
    assert_eq!(app.shown().alerts[0], first, "the hour is over");
    type_(&mut app, "gx");
    press(&mut app, KeyCode::Char('G'), KeyModifiers::SHIFT);
    type_(&mut app, "x");
    assert_eq!(app.shown().alerts[0], first, "it calls again");
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
    let folded = ViewId::Engines.view().rows(&input(&app)).len();
    assert_eq!(folded, 40);
    type_(&mut app, "o");
    let open = ViewId::Engines.view().rows(&input(&app)).len();
    assert!((folded + 3..=folded + 6).contains(&open), "{open}");
    type_(&mut app, "oO");
    assert!(ViewId::Engines.view().rows(&input(&app)).len() > 3 * folded);
    type_(&mut app, "O");
    assert_eq!(ViewId::Engines.view().rows(&input(&app)).len(), folded);
}

#[test]
fn engines_are_put_together_by_unit_node_or_model() {
    let mut app = app();
    type_(&mut app, "4");
    let rows = |app: &App| ViewId::Engines.view().rows(&input(app)).len();
    assert_eq!(rows(&app), 40);
    type_(&mut app, "u");
    assert_eq!(rows(&app), app.shown().nodes.len());
    type_(&mut app, "u");
    assert_eq!(rows(&app), 1);
    type_(&mut app, "u");
    assert_eq!(rows(&app), 40);
}

/// Where rows run out the worst stand first: the keys go along the rows as they are drawn.
#[test]
fn the_map_is_walked_as_it_is_drawn() {
    for snapshot in [samples::without_units(278), samples::without_units(60), fleet(0)] {
        let mut app = app();
        app.update(Action::Fresh(Arc::new(snapshot)));
        draw(&mut app);
        let mut terminal = Terminal::new(TestBackend::new(120, 36)).unwrap();
        let mut hits = Hits::default();
        terminal.draw(|frame| hits = margintop::tui::draw(frame, &app, app.shown(), &Theme::of_roles())).unwrap();
        let rows = ViewId::Overview.view().rows(&input(&app));
        let row = |(_, hit): &(_, Hit)| if let Hit::Row(row) = hit { Some(*row) } else { None };
        let mut drawn: Vec<_> = hits.areas().iter().filter_map(row).collect();
        // A unit of many nodes has several rows.
        drawn.dedup();
        assert!(drawn.len() > 20, "{}", drawn.len());
        assert_eq!(drawn, rows[..drawn.len()]);
    }
}

#[test]
fn every_column_that_sorts_sorts_both_ways() {
    for view in ViewId::ALL {
        let mut app = app();
        if let Some(key) = view.view().key() {
            type_(&mut app, &key.to_string());
        }
        let orders = view.view().orders(&input(&app));
        for nth in (0..orders.len()).filter(|nth| orders[*nth].says_something) {
            assert_eq!(app.list().order(), nth);
            let rising = view.view().rows(&input(&app));
            type_(&mut app, "S");
            let falling = view.view().rows(&input(&app));
            // Groups of balance are folded around the chosen one.
            assert!(rising.len() == falling.len() || *view == ViewId::Balance, "{view:?}");
            type_(&mut app, "Ss");
        }
    }
}

#[test]
fn spans_cells_and_charts() {
    let mut app = app();
    let span = |app: &App| app.charts.span.name();
    assert_eq!(span(&app), "1 h");
    type_(&mut app, "]");
    assert_eq!(span(&app), "6 h");
    type_(&mut app, "]]");
    assert_eq!(span(&app), "24 h");
    type_(&mut app, "[[[[");
    assert_eq!(span(&app), "15 min");
    let before = app.charts;
    type_(&mut app, "mv");
    assert_ne!(app.charts, before);
    type_(&mut app, "mmmmmmv");
    assert_eq!(app.charts, before);
}

#[test]
fn the_mouse_meets_what_was_drawn() {
    let mut app = app();
    // ` 1 overview   2 nodes   3 models`
    app.update(Action::Click(16, 1));
    assert_eq!(app.view(), ViewId::Nodes);
    draw(&mut app);
    app.update(Action::Click(3, 8));
    assert_eq!(app.place(), 5);
    app.update(Action::Wheel { down: true });
    assert_eq!(app.place(), 8);
    for _ in 0..3 {
        app.update(Action::Wheel { down: false });
    }
    assert_eq!(app.place(), 0);
    draw(&mut app);
    app.update(Action::Click(119, 1));
    app.update(Action::Click(0, 35));
    assert_eq!((app.view(), app.place()), (ViewId::Nodes, 0));
    // A heading sorts, and again the other way round.
    app.update(Action::Click(4, 2));
    assert!(!app.list().is_reversed() && app.list().order() > 0);
    draw(&mut app);
    app.update(Action::Click(4, 2));
    assert!(app.list().is_reversed());
    // A row that is chosen opens.
    app.update(Action::Click(3, 3));
    app.update(Action::Click(3, 3));
    assert_eq!(app.view(), ViewId::Node);
    app.update(Action::Click(2, 1));
    assert_eq!(app.view(), ViewId::Overview);
    // Every area that is announced lies on the screen, and no two rows share one.
    draw(&mut app);
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

/// Class: one press of Esc drops what is being written, also where a block or a cursor was chosen before.
#[test]
fn esc_drops_a_filter_that_is_being_written_first() {
    let mut app = app();
    press(&mut app, KeyCode::Tab, KeyModifiers::NONE);
    for before in ["/", "c/"] {
        type_(&mut app, before);
        assert!(app.filter.editing);
        press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
        assert!(!app.filter.editing, "{before}");
    }
}

#[test]
fn a_frozen_snapshot_stays_while_the_world_goes_on() {
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
    let frozen =
        |app: &App| app.snapshots.at(RefreshPace::FiveSeconds).nodes[0].gpus[0].temperature_celsius.unwrap().get();
    // The snapshots begin at 15:04:07; five seconds end at :10.
    let mut app = App::new(warm(0, 50), TimeZone::UTC, Span::from_secs(1), 1);
    for (beat, degrees, shown) in [(1, 51, 50), (2, 52, 50), (3, 53, 53), (4, 54, 53), (8, 58, 58)] {
        app.update(Action::Fresh(warm(beat, degrees)));
        assert_eq!(frozen(&app), shown, "beat {beat}");
    }
}

#[test]
fn silence_is_said_until_a_snapshot_comes() {
    let mut app = app();
    app.update(Action::Quiet(Span::from_secs(4)));
    assert_eq!(app.feed, SnapshotFeed::Quiet(Span::from_secs(4)));
    app.update(Action::Fresh(Arc::new(fleet(1))));
    assert_eq!(app.feed, SnapshotFeed::Arrives);
    // The end of a recording stands in the header, however long it is looked at.
    app.update(Action::Ended);
    app.update(Action::Quiet(Span::from_secs(9)));
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        let frame = text(&app, width, height);
        let header = frame.lines().next().unwrap();
        assert!(header.contains("■ ended") && !header.contains('●'), "{header}");
    }
}

#[test]
fn a_row_or_the_frame_is_copied_and_drawn() {
    let mut app = app();
    type_(&mut app, "2j");
    draw(&mut app);
    let Effect::Copy(Some(area)) = type_(&mut app, "y") else { panic!("no row") };
    assert_eq!(area.height, 1);
    let name = ViewId::Nodes.view().chosen(&input(&app)).unwrap();
    let rows = text(&app, 120, 36);
    assert!(rows.lines().nth(usize::from(area.y)).unwrap().contains(&name));
    assert_eq!(type_(&mut app, "Y"), Effect::Copy(None));
    assert_eq!(type_(&mut app, "P"), Effect::Picture);
    // The view of money has no rows where it waits for the ledger.
    type_(&mut app, "5");
    draw(&mut app);
    assert_eq!(type_(&mut app, "y"), Effect::Copy(None));
}

#[test]
fn what_is_said_is_shown_until_it_is_taken_back() {
    let mut app = app();
    app.theme_names = ["dark", "light", "ember", "mono"].map(str::to_owned).to_vec();
    type_(&mut app, "tt");
    let said = app.said().unwrap().clone();
    assert_eq!((said.text.as_str(), said.is_failure), ("theme ember", false));
    assert!(text(&app, 120, 36).contains(" theme ember "));
    assert_eq!(app.update(Action::Unsaid(said.number - 1)), Effect::None, "that was another one");
    assert_eq!(app.update(Action::Unsaid(said.number)), Effect::Redraw);
    assert!(!text(&app, 120, 36).contains("theme ember"));

    type_(&mut app, "2/gpu-00");
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    let left = ViewId::Nodes.view().rows(&input(&app)).len();
    assert!(left > 0 && left < 278);
    assert_eq!(app.said().unwrap().text, format!("filter: {left} of 278 nodes"));
    let failure = "no picture x.svg: this folder is read-only".to_owned();
    app.update(Action::Said { text: failure.clone(), is_failure: true });
    assert!(text(&app, 80, 24).contains(&failure));
}

/// Class: a word over money. What is said covers no figure in any view and size.
#[test]
fn what_is_said_covers_no_figure() {
    for view in ViewId::tabs() {
        for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 50)] {
            let mut app = app();
            type_(&mut app, &view.view().key().unwrap().to_string());
            let before = text(&app, width, height);
            app.update(Action::Said { text: "copied the frame".to_owned(), is_failure: false });
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
