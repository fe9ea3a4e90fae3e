//! Charts of nodes, models and engines: which there are, and what their titles say.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::History;
use margintop::reading::EngineRole;
use margintop::snapshot::{Snapshot, UnitRow};
use margintop::tui::app::{App, WatchedFleet};
use margintop::units::Span;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use samples::fleet;
use samples::hands::{press, text, type_};

/// Half an hour in which everything falls to a half in the last ten minutes.
fn halved(beat: u64) -> Snapshot {
    let mut snapshot = fleet(beat);
    if beat < 1_200 {
        return snapshot;
    }
    let half = |value: &mut Option<f64>| *value = value.map(|value| value / 2.0);
    for row in &mut snapshot.nodes {
        let row = Arc::make_mut(row);
        half(&mut row.output_per_second);
        half(&mut row.prompt_per_second);
        row.gpus.iter_mut().for_each(|gpu| half(&mut gpu.power_watts));
    }
    for row in &mut snapshot.engines {
        let row = Arc::make_mut(row);
        half(&mut row.output_per_second);
        half(&mut row.prompt_per_second);
    }
    snapshot.units.iter_mut().for_each(|row: &mut UnitRow| half(&mut row.output_per_second));
    for row in &mut snapshot.models {
        half(&mut row.output_per_second);
        half(&mut row.prompt_per_second);
    }
    snapshot
}

fn watched() -> App {
    let history = History::default();
    for beat in (0..=1_800).step_by(5) {
        history.record(&halved(beat), Span::from_secs(5));
    }
    let mut app = App::new(Arc::new(halved(1_800)), TimeZone::UTC, Span::from_secs(1), 1);
    app.history = history;
    app
}

/// Opens a view, or a row of it, and gives its frame.
fn frame(app: &mut App, typed: &str, (width, height): (u16, u16)) -> String {
    for c in typed.chars() {
        match c {
            '\n' => drop(press(app, KeyCode::Enter, KeyModifiers::NONE)),
            c => drop(type_(app, &c.to_string())),
        }
    }
    text(app, width, height)
}

/// The part of the row of titles that is of one chart.
fn title<'f>(frame: &'f str, name: &str) -> &'f str {
    let name = format!("{name} ");
    let row = frame.lines().find(|row| row.contains(&name) && row.contains(" ─  ─ "));
    let row = row.unwrap_or_else(|| panic!("no title {name} in\n{frame}"));
    let at = row.find(&name).unwrap();
    row[at..].split(" ─  ─ ").next().unwrap()
}

fn node_of(app: &App, role: EngineRole) -> String {
    app.shown().engines.iter().find(|row| row.role == role).unwrap().node.to_string()
}

#[test]
fn a_node_has_charts_of_what_it_does() {
    let mut app = watched();
    let node = node_of(&app, EngineRole::Decode);
    let open = format!("2/{node}\n\n");
    let small = frame(&mut app, &open, (80, 24));
    assert!(small.contains("Revenue = cost + profit") && small.contains("─ GPUs"), "{small}");
    for size in [(120, 36), (200, 50)] {
        let frame = text(&app, size.0, size.1);
        let names = ["Output", "KV", "Load", "Power"].map(|name| title(&frame, name).to_owned());
        assert!(names[3].contains(" kW"), "{names:?}");
        assert!(!frame.contains("Prompt  "), "decode computes none: {frame}");
        assert!(frame.contains("─ Engines") && frame.contains("─ Events"), "{frame}");
    }
    let node = node_of(&app, EngineRole::Prefill);
    let mut app = watched();
    let frame = frame(&mut app, &format!("2/{node}\n\n"), (120, 36));
    assert!(title(&frame, "Prompt").contains("/s") && !frame.contains("Output  "), "{frame}");
}

/// Class: a title that tells the figure of now and not how it stands to that of a quarter hour ago.
#[test]
fn titles_of_charts_say_what_changed() {
    let app = watched();
    let node = node_of(&app, EngineRole::Decode);
    let unit = app.shown().nodes.iter().find(|row| row.name.as_str() == node).unwrap().unit.clone().unwrap();
    for (typed, names) in [
        (format!("2/{node}\n\n"), ["Output", "Power"]),
        ("3".to_owned(), ["Output", "Prompt"]),
        (format!("4/unit:{unit}\n"), ["Output", "Output"]),
    ] {
        let mut app = watched();
        frame(&mut app, &typed, (200, 50));
        for (size, name) in [(120, 36), (200, 50)].into_iter().flat_map(|size| names.map(|name| (size, name))) {
            let frame = text(&app, size.0, size.1);
            let title = title(&frame, name);
            assert!(title.contains("▼ 5") && title.contains('%'), "{name} of {typed:?} at {size:?}: {title}\n{frame}");
        }
    }
}

/// Class: a title that is cut in its figure.
#[test]
fn no_title_of_a_chart_is_cut() {
    let mut app = watched();
    for view in ["2\n", "3", "4", "4u", "4uu"] {
        for size in [(80, 24), (100, 30), (120, 36), (160, 40), (200, 50)] {
            let frame = frame(&mut app, view, size);
            for row in frame.lines().filter(|row| row.contains(" ─  ─ ")) {
                assert!(!row.contains('…'), "{view} at {size:?}: {row}");
            }
        }
    }
}

#[test]
fn the_published_day_is_shown_as_it_was_published() {
    let mut app = watched();
    app.fleet = WatchedFleet::PublishedDay { speed: None };
    for size in [(120, 36), (200, 50)] {
        let frame = text(&app, size.0, size.1);
        assert!(frame.contains("─ Profit of the day "), "{frame}");
        let nodes = title(&frame, "Nodes");
        assert!(nodes.contains("278") && nodes.contains("avg "), "{nodes}");
        assert!(frame.contains("─ Published, and counted here ") && frame.contains("545 %"), "{frame}");
    }
}
