//! What engines, models, alerts and GPUs say of themselves on the screen: figures with one meaning, spans that are named,
//! rows that can be opened, and no title or column without content.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::History;
use margintop::reading::EngineRole;
use margintop::snapshot::{Rule, Severity, Snapshot};
use margintop::tui::app::App;
use margintop::units::Span;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use samples::hands::{app, press, text, type_, watched};
use samples::{NOON, alert, fleet, one_box};

const SIZES: [(u16, u16); 4] = [(40, 12), (80, 24), (120, 36), (200, 50)];

fn key(app: &mut App, code: KeyCode) {
    press(app, code, KeyModifiers::NONE);
}

fn showing(snapshot: Snapshot) -> App {
    App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 4)
}

/// Types keys, a line's end being Enter.
fn keys(app: &mut App, typed: &str) {
    for c in typed.chars() {
        match c {
            '\n' => key(app, KeyCode::Enter),
            c => drop(type_(app, &c.to_string())),
        }
    }
}

fn line<'f>(frame: &'f str, part: &str) -> &'f str {
    frame.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("no {part} in\n{frame}"))
}

/// Class: one column has prompts in some rows and output in others.
#[test]
fn tokens_of_engines_are_prompts_or_output_by_their_heading() {
    let mut app = watched();
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        for typed in ["4", "4/role:prefill\n", "3"] {
            keys(&mut app, typed);
            let frame = text(&app, width, height);
            let headings = frame.lines().filter(|line| line.contains("─ Engines") || line.contains("Served by"));
            for heading in headings.chain(frame.lines().filter(|line| line.contains("Ranks of"))) {
                // What a token earns stands beside who serves it; of two models, once each.
                let of_engines = heading.split("─ What a token earns").filter_map(|part| part.split_once("Served by"));
                for (_, columns) in of_engines {
                    assert!(!columns.contains("tok/s"), "{width}: {heading}");
                }
                let is_list = !heading.contains("Served by");
                assert!(!is_list || !heading.contains("tok/s"), "{width}: {heading}");
            }
            key(&mut app, KeyCode::Esc);
            key(&mut app, KeyCode::Esc);
        }
        type_(&mut app, "4");
        let frame = text(&app, width, height);
        assert!(line(&frame, "─ Engines").contains("out/s"), "{frame}");
    }
}

/// Class: a quantile is read as that of another span.
#[test]
fn p99_names_its_span() {
    let mut app = watched();
    type_(&mut app, "4");
    for about in [false, true] {
        if about {
            type_(&mut app, "3");
            key(&mut app, KeyCode::Enter);
        }
        for (width, height) in [(80, 24), (120, 36), (200, 50)] {
            let frame = text(&app, width, height);
            if frame.contains("ttft p99") {
                // Of a part, the latencies below the list say it where its title has no room.
                let seconds = frame.contains(" · p99 10s ")
                    || frame.contains("─ Engines · 10s ")
                    || about && (frame.contains(" p99 10s ") || width < 120);
                assert!(seconds, "{width}, {about}: {frame}");
            }
        }
    }
    key(&mut app, KeyCode::Esc);
    keys(&mut app, "4/unit:decode-1\n");
    let frame = text(&app, 120, 36);
    assert!(frame.contains("─ p99 15m "), "{frame}");
    key(&mut app, KeyCode::Esc);
    for typed in ["2", "\n"] {
        keys(&mut app, typed);
        for (width, height) in [(120, 36), (200, 50), (250, 60)] {
            let frame = text(&app, width, height);
            let heading = frame.lines().find(|line| line.contains("ttft p99"));
            assert!(heading.is_none_or(|line| line.contains(" 10s ")), "{width}: {frame}");
        }
    }
}

/// Class: a title with nothing behind it.
#[test]
fn a_title_has_a_figure_or_says_that_it_is_unknown() {
    let mut snapshots = vec![fleet(0), one_box(8, 0), one_box(1, 0)];
    let mut silent = fleet(0);
    for row in &mut silent.engines {
        let row = Arc::make_mut(row);
        (row.kv_usage, row.cache_hit_rate, row.running, row.waiting) = (None, None, None, None);
    }
    snapshots.push(silent);
    for snapshot in snapshots {
        let node = snapshot.nodes[0].name.to_string();
        let mut app = showing(snapshot);
        for view in ["1", "2", "2\n", "3", "4", "6", "7"] {
            keys(&mut app, view);
            for (width, height) in SIZES {
                let frame = text(&app, width, height).replace("─ ▪ ", "─ ");
                for name in ["Hit rate", "KV", "KV cache", "Output", "Prompt", "Load", "Requests", "TTFT", "ITL"] {
                    for title in frame.match_indices(&format!(" ─ {name} ")).map(|(at, _)| &frame[at..]) {
                        let behind = title.trim_start_matches(" ─ ").trim_start_matches(name).trim_start();
                        assert!(!behind.starts_with('─'), "{name} of {node} in {view}:\n{frame}");
                    }
                }
            }
        }
    }
}

/// Class: engines of one role wait for ever for what they never have.
#[test]
fn engines_of_one_role_say_what_they_do_not_have() {
    let mut app = watched();
    let (prefill, decode) = {
        let unit = |role| {
            let row = app.shown().engines.iter().find(|row| row.role == role && row.unit.is_some()).cloned();
            row.unwrap().unit.clone().unwrap().to_string()
        };
        (unit(EngineRole::Prefill), unit(EngineRole::Decode))
    };
    for (unit, why) in [(prefill, "decode makes the output"), (decode, "prefill computes the prompts")] {
        type_(&mut app, &format!("4/unit:{unit}"));
        key(&mut app, KeyCode::Enter);
        let frame = text(&app, 200, 50);
        assert!(frame.contains(why) && !frame.contains("nothing recorded yet"), "{unit}: {frame}");
        key(&mut app, KeyCode::Esc);
    }
}

/// Class: a column whose every cell is empty.
#[test]
fn gpus_have_a_column_of_processes_where_one_is_known() {
    let snapshot = one_box(8, 0);
    let mut bare = snapshot.clone();
    for node in &mut bare.nodes {
        for gpu in &mut Arc::make_mut(node).gpus {
            gpu.processes = Vec::new();
            (gpu.throttle, gpu.power_limit_watts) = (None, None);
        }
    }
    for (snapshot, is_there) in [(snapshot, true), (bare, false)] {
        for (width, height) in [(120, 36), (200, 50)] {
            let frame = text(&showing(snapshot.clone()), width, height);
            let heading = line(&frame, "─ GPUs");
            assert_eq!(heading.contains("process"), is_there, "{frame}");
            assert_eq!(heading.matches("power").count(), 1, "{frame}");
            // Loads of single GPUs are kept for a quarter hour, whatever span is chosen.
            assert!(heading.contains("load, 15m"), "{frame}");
            if !is_there {
                // Without a limit there is no gauge: the figure has the heading.
                let at = heading.find("power").unwrap() + "power".len();
                let row = frame.lines().find(|line| line.contains(" W ")).unwrap();
                let watts = row.chars().position(|c| c == 'W').unwrap() + 1;
                assert_eq!(heading[..at].chars().count(), watts, "{frame}");
            }
        }
    }
}

/// Class: a list of few rows leaves the rest of a large screen empty.
#[test]
fn few_engines_leave_no_large_screen_empty() {
    for (width, height) in [(120, 36), (200, 50)] {
        let mut app = watched();
        type_(&mut app, "4/unit:decode-1");
        key(&mut app, KeyCode::Enter);
        let frame = text(&app, width, height);
        let blank = frame.lines().filter(|line| line.trim().is_empty()).count();
        assert!(blank <= 3, "{blank} of {height}:\n{frame}");
    }
}

/// An app whose history has an alert of one node twice and one of another once.
fn with_past_alerts() -> App {
    let history = History::default();
    for second in (0..=900).step_by(5) {
        let mut snapshot = fleet(second);
        let mut add = |from: u64, until: u64, subject: &str| {
            if (from..until).contains(&second) {
                let since = NOON + Span::from_secs(i64::try_from(from).unwrap());
                let text = "held by heat: 1,410 of 1,980 MHz";
                snapshot.alerts.push(alert(Rule::Throttled, Severity::Warning, subject, since, text));
            }
        };
        add(60, 120, "gpu-0019 GPU 6");
        add(300, 420, "gpu-0019 GPU 6");
        add(500, 600, "gpu-0003 GPU 1");
        history.record(&snapshot, Span::from_secs(5));
    }
    let mut last = fleet(900);
    last.alerts.clear();
    let mut app = showing(last);
    app.history = history;
    app
}

/// Class: Enter does nothing on a row that has more to tell.
#[test]
fn an_alert_that_is_over_opens_to_its_begin_and_end() {
    let mut app = with_past_alerts();
    type_(&mut app, "7");
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        let frame = text(&app, width, height);
        let row = frame.lines().rfind(|line| line.contains("gpu-0019")).unwrap();
        assert!(row.contains(" 2 ") || width < 100, "{frame}");
        assert!(!frame.contains("15:05:07"), "{frame}");
    }
    key(&mut app, KeyCode::Down);
    key(&mut app, KeyCode::Enter);
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        let frame = text(&app, width, height);
        assert!(frame.contains("15:09:07 to 15:11:07") && frame.contains("15:05:07 to 15:06:07"), "{frame}");
        if width >= 100 {
            let row = line(&frame, "15:09:07 to 15:11:07");
            assert!(row.contains("held by heat: 1,410") && row.contains(" 2m "), "{row}");
        }
    }
    // One of them leads to what it was about; Enter on their row closes it.
    key(&mut app, KeyCode::Down);
    key(&mut app, KeyCode::Enter);
    assert!(text(&app, 120, 36).contains(" ─ gpu-0"), "{}", text(&app, 120, 36));
    key(&mut app, KeyCode::Esc);
    key(&mut app, KeyCode::Up);
    key(&mut app, KeyCode::Enter);
    assert!(!text(&app, 120, 36).contains("15:05:07"));
}

/// Class: headings and sentences are cut in the middle of a word; a quarter of the screen beside a chart is blank.
#[test]
fn alerts_use_their_room_and_cut_no_heading() {
    let mut app = with_past_alerts();
    type_(&mut app, "7");
    let small = text(&app, 40, 12);
    let headings: Vec<&str> = small.lines().filter(|line| line.trim_start().starts_with('─')).collect();
    assert!(
        headings.iter().all(|line| !line.contains('…') && line.trim_end().ends_with(['─', 't', 'r', '≈'])),
        "{small}"
    );
    assert!(!small.contains("mark…"), "{small}");
    let frame = text(&app, 120, 36);
    let chart = frame.lines().skip(3).take(3);
    for row in chart {
        let left: String = row.chars().take(34).collect();
        assert!(!left.trim().is_empty(), "{frame}");
    }
}

/// Class: one concept has two words.
#[test]
fn revenue_is_called_revenue() {
    for mut app in [app(), watched(), with_past_alerts(), showing(one_box(8, 0))] {
        for view in ["1", "2", "3", "4", "5", "6", "7", "w"] {
            type_(&mut app, view);
            for (width, height) in SIZES {
                let frame = text(&app, width, height);
                assert!(!frame.contains(" earned "), "{view}: {frame}");
            }
        }
    }
}

/// Class: charts of a row of which one is younger show other times than those beside it, and a span that is not there yet.
#[test]
fn charts_of_a_row_have_one_span_and_say_how_much_of_it_there_is() {
    let history = History::default();
    for second in (0..=900).step_by(5) {
        let mut snapshot = fleet(second);
        if second < 600 {
            for row in &mut snapshot.engines {
                let row = Arc::make_mut(row);
                (row.kv_usage, row.ttft_seconds) = (None, margintop::snapshot::Quantiles::default());
            }
        }
        history.record(&snapshot, Span::from_secs(5));
    }
    let mut app = showing(fleet(900));
    app.history = history;
    keys(&mut app, "4/unit:decode-1\n");
    let frame = text(&app, 120, 36);
    let axis = frame.lines().find(|line| line.matches('┴').count() >= 4).unwrap_or_else(|| panic!("{frame}"));
    let first: String = axis.chars().skip_while(|c| *c != '┴').take(6).collect();
    assert_eq!(axis.matches(&first).count(), 4, "{axis}\n{frame}");
    // A quarter hour is there of the hour that is asked for.
    assert!(frame.contains("─ p99 15m ") && !frame.contains("ITL 1h"), "{frame}");
}

/// Class: on how many nodes a model is served finds no room at the usual width.
#[test]
fn who_serves_a_model_has_nodes_at_the_usual_width() {
    let mut app = watched();
    keys(&mut app, "3");
    let frame = text(&app, 120, 36);
    let heading = line(&frame, "Served by");
    for part in ["nodes", "load", "KV", "out/s", "profit/h"] {
        assert!(heading.contains(part), "{part}: {heading}");
    }
    assert!(line(&frame, "decode-8").contains(" 24 "), "{frame}");
}
