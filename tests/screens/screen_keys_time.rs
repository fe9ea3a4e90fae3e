//! Keys to state, without a terminal: time, the cursor, what figures are, commands, blocks, the help.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::tui::app::{Action, App, Effect};
use margintop::tui::keys;
use margintop::tui::theme::Theme;
use margintop::tui::view::{Hits, Part, ViewId};
use margintop::units::Span;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use samples::fleet;
use samples::hands::{app, draw, press, text, type_, watched};

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
    // The snapshot of then has the figures of then, and none of now.
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
    // The first instant with figures: the end of the first minute.
    assert_eq!(app.then(), Some(fleet(0).at.minute() + Span::from_secs(60)));
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
    draw(&mut app);
    for _ in 0..6 {
        press(&mut app, KeyCode::Left, KeyModifiers::NONE);
        draw(&mut app);
    }
    let at = app.pointed().unwrap();
    assert!(at < app.shown().at && app.then().is_none(), "the world stays at now");
    let frame = text(&app, 120, 36);
    // A line in each of the five charts.
    assert!(frame.lines().skip(3).take(6).all(|row| row.contains('│')), "{frame}");
    let clock = margintop::tui::format::clock_minute(at, &TimeZone::UTC);
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
    draw(&mut app);
    if !text(&app, 120, 36).contains('┴') {
        type_(&mut app, "c");
        assert!(!app.has_cursor() && app.said().unwrap().is_failure);
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
        frame.lines().nth(2).unwrap().contains(&margintop::tui::format::clock_minute(at, &TimeZone::UTC)),
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
    assert_eq!(app.charts.span.name(), "6 h");
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
    assert!(app.prompt().is_some() && app.said().unwrap().is_failure);
    for line in ["theme nosuch", "sort nosuch", "node nosuch"] {
        press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
        enter(&mut app, &format!(":{line}"));
        assert_eq!(app.prompt().map(|prompt| prompt.text.as_str()), Some(line), "{line}");
        let said = app.said().unwrap();
        assert!(said.is_failure && said.text.contains("nosuch"), "{line}: {}", said.text);
    }
    // Keys of views are letters here, and others do nothing.
    assert_eq!(press(&mut app, KeyCode::F(1), KeyModifiers::NONE), Effect::None);
    assert_eq!(press(&mut app, KeyCode::Char('c'), KeyModifiers::CONTROL), Effect::Quit);
    for _ in 0..20 {
        press(&mut app, KeyCode::Backspace, KeyModifiers::NONE);
    }
    assert!(app.prompt().is_none());
}

/// Class: a message over something that it is not about.
#[test]
fn a_message_ends_with_what_it_is_about() {
    let mut app = app();
    enter(&mut app, ":view nodes");
    enter(&mut app, "/gpu-00");
    assert!(app.said().unwrap().text.ends_with("of 278 nodes"));
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!(app.said(), None, "the filter is gone");
    enter(&mut app, "/gpu-00");
    press(&mut app, KeyCode::Char('j'), KeyModifiers::NONE);
    assert!(app.said().is_some(), "a step in the list is no end of it");
    enter(&mut app, ":view money");
    assert_eq!(app.said(), None, "another view");
    enter(&mut app, ":theme nosuch");
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!((app.said(), app.prompt().is_some()), (None, false));
    // Commands by a few letters, and views by the numbers of their tabs.
    enter(&mut app, ":v 3");
    let third = ViewId::tabs().nth(2).unwrap();
    assert_eq!(app.view(), third);
    enter(&mut app, ":vi nod");
    assert_eq!(app.view(), ViewId::Nodes);
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
        assert!(width < 120 || !seen.contains("more lines"), "it is seen at once\n{seen}");
        for _ in 0..200 {
            app.update(Action::Drawn(Hits::of_screen((width, height))));
            type_(&mut app, "j");
            seen += &text(&app, width, height);
        }
        for binding in keys::BINDINGS.iter().filter(|binding| !binding.shown.is_empty()) {
            assert!(seen.contains(binding.help), "{} at {width}x{height}", binding.help);
        }
        assert!(seen.contains("Top edge: revenue.") && seen.contains("Hatched: what is missing"), "{width}x{height}");
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
