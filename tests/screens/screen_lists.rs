//! Lists as they are read: sums that stay, orders that are said, and what a filter finds and can't judge.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::{EventKind, History, HistoryEvent};
use margintop::reading::{Health, Label};
use margintop::snapshot::{Rule, Severity, Snapshot};
use margintop::tui::app::{Action, App, Command, Direction};
use margintop::units::Span;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use samples::hands::{app, press, text, type_, watched};
use samples::{alert, fleet, one_box};

fn key(app: &mut App, code: KeyCode) {
    press(app, code, KeyModifiers::NONE);
}

fn filter(app: &mut App, words: &str) {
    type_(app, "/");
    type_(app, words);
    key(app, KeyCode::Enter);
}

/// The first row of the frame that holds a text.
fn line(frame: &str, part: &str) -> Option<String> {
    frame.lines().find(|line| line.contains(part)).map(str::to_owned)
}

fn showing(snapshot: Snapshot) -> App {
    App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 4)
}

/// Class: the sums of a list vanish with what is folded, grouped, filtered or entered.
#[test]
fn the_sums_of_engines_stay() {
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        let mut app = app();
        type_(&mut app, "4");
        let has_sums = |app: &App, name: &str| {
            let frame = text(app, width, height);
            let line = line(&frame, &format!(" {name}")).unwrap_or_else(|| panic!("no {name} in\n{frame}"));
            assert!(line.contains('+') || line.contains('−') || line.contains('–'), "no money: {line}");
        };
        has_sums(&app, "  all, ");
        key(&mut app, KeyCode::Enter);
        has_sums(&app, "  all, ");
        type_(&mut app, "u");
        has_sums(&app, "  all, ");
        // One row.
        type_(&mut app, "u");
        has_sums(&app, "  total ");
        type_(&mut app, "uo");
        filter(&mut app, "unit:decode-1");
        has_sums(&app, "shown ");
    }
}

/// Class: a list of a part is taken for the whole.
#[test]
fn engines_of_a_model_are_said_to_be() {
    let mut app = app();
    type_(&mut app, "3");
    let frame = text(&app, 120, 36);
    assert!(line(&frame, "─ Models").is_some());
    key(&mut app, KeyCode::Enter);
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        let frame = text(&app, width, height);
        let heading = line(&frame, "Engines of deepseek-r1").unwrap_or_default();
        let said = line(&frame, " shown, Esc: all").unwrap_or_default();
        assert!(heading.contains(" run ") && heading.contains(" wait ") && !said.is_empty(), "{frame}");
        assert!(line(&frame, " shown").is_some(), "{frame}");
    }
    key(&mut app, KeyCode::Esc);
    assert!(line(&text(&app, 120, 36), "─ Models").is_some());
}

/// Class: rows whose figure is unknown are left out, and the screen does not say so.
#[test]
fn what_a_filter_cannot_judge_is_counted() {
    let mut snapshot = fleet(0);
    for node in snapshot.nodes.iter_mut().take(5) {
        Arc::make_mut(node).profit_per_hour = None;
    }
    let mut app = showing(snapshot);
    type_(&mut app, "2");
    filter(&mut app, "profit>0");
    let unknown = app.shown().nodes.iter().filter(|node| node.profit_per_hour.is_none()).count();
    assert!(unknown >= 5);
    let frame = text(&app, 120, 36);
    assert!(frame.contains(&format!("{unknown} more of which profit>0 is unknown")), "{frame}");
    key(&mut app, KeyCode::Esc);
    filter(&mut app, "profit<-999999");
    let frame = text(&app, 120, 36);
    assert!(frame.contains(&format!("nothing matches profit<-999999, {unknown} unknown: Esc clears")), "{frame}");
}

#[test]
fn every_list_says_that_nothing_matches() {
    for view in ["2", "3", "4", "7"] {
        for (width, height) in [(40, 12), (80, 24), (120, 36)] {
            let mut app = app();
            type_(&mut app, view);
            filter(&mut app, "nowhere");
            let frame = text(&app, width, height);
            assert!(frame.contains("nothing matches nowhere"), "{view}\n{frame}");
        }
    }
}

/// Class: a list is sorted by a column that found no room, and nothing says so.
#[test]
fn the_order_is_said_where_its_column_found_no_room() {
    for (view, columns) in [("2", 13), ("3", 9), ("4", 11)] {
        for (width, height) in [(80, 24), (120, 36), (200, 50)] {
            let mut app = app();
            type_(&mut app, view);
            for nth in 0..columns {
                let frame = text(&app, width, height);
                let rule = frame.lines().find(|line| line.contains('▴') || line.contains('▾'));
                assert!(rule.is_some_and(|rule| rule.starts_with(" ─ ")), "{view}, order {nth} at {width}\n{frame}");
                type_(&mut app, "s");
            }
        }
    }
}

/// Class: a node whose GPUs all die takes all rows of the list.
#[test]
fn the_gpus_of_a_node_that_is_lost_are_one_row() {
    let mut snapshot = one_box(8, 0);
    let name = snapshot.nodes[0].name.to_string();
    let at = snapshot.at;
    let lost = |gpu: u32| {
        alert(Rule::GpuLost, Severity::Critical, &format!("{name} GPU {gpu}"), at, "lost: it fell off the bus")
    };
    snapshot.alerts = (0..8).map(lost).collect();
    let mut app = showing(snapshot);
    type_(&mut app, "7");
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        let frame = text(&app, width, height);
        let rows = frame.lines().filter(|line| line.contains(&format!("{name} · 8 GPUs")) && line.contains("lost, "));
        assert_eq!(rows.count(), 1, "{frame}");
        assert!(frame.contains("Active 8") && frame.contains("GPU 0, GPU 1"), "{frame}");
    }
    // They are silenced together.
    type_(&mut app, "x");
    assert!(app.shown().alerts.iter().all(|alert| app.silenced(alert).is_some()));
    type_(&mut app, "x");
    assert!(app.shown().alerts.iter().all(|alert| app.silenced(alert).is_none()));
}

/// Class: an alert is recognised by the address that was polled.
#[test]
fn an_alert_of_an_engine_names_its_node() {
    let mut snapshot = fleet(0);
    let row = snapshot.engines[0].clone();
    let subject = format!("{} rank 3", row.target);
    let what = "KV cache 97 % full and 28 waiting: give it more memory or fewer requests";
    snapshot.alerts = vec![alert(Rule::KvNearFull, Severity::Warning, &subject, snapshot.at, what)];
    let mut app = showing(snapshot);
    type_(&mut app, "7");
    let frame = text(&app, 80, 24);
    // What finds no room is left out from a clause on, not from the middle of it, and that is marked.
    let row = format!("{} {} r3 KV cache 97 % full and 28 waiting… ", row.node, row.kind);
    assert!(line(&frame, &row).is_some(), "{frame}");
    let alert = what.replace(": give", " → give");
    assert!(frame.contains(&alert), "the chosen one is reported in full: {frame}");
}

/// Class: an alert of then says that a GPU is lost, and its cell that it works.
#[test]
fn a_gpu_that_was_lost_then_is_drawn_as_lost() {
    let mut app = watched();
    let now = app.shown().at;
    let node = app.shown().nodes.iter().find(|node| node.gpus[2].state == Health::Live).unwrap().clone();
    let history: &History = &app.history;
    history.restore_events(vec![HistoryEvent {
        kind: EventKind::Alert(Rule::GpuLost, Severity::Critical),
        subject: None,
        name: Label::new(&format!("{} GPU 2", node.name)),
        text: Label::new("lost (XID 79)"),
        at: now - Span::from_secs(700),
        until: Some(now - Span::from_secs(60)),
        cost: None,
        ended: Label::new("answers again"),
    }]);
    let state = |app: &App| {
        let shown = app.shown();
        let row = shown.nodes.iter().find(|row| row.name == node.name).unwrap();
        (row.gpus[2].state, row.gpus[2].utilization.is_some())
    };
    assert_eq!(state(&app).0, Health::Live);
    for _ in 0..4 {
        app.update(Action::Command(Command::Step(Direction::Previous)));
    }
    let name = format!("{} GPU 2", node.name);
    assert!(app.shown().alerts.iter().any(|alert| alert.subject.as_str() == name), "{:?}", now - app.shown().at);
    assert_eq!(state(&app), (Health::Lost, false));
}
