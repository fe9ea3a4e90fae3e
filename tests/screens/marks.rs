//! Time axes of charts: the marks of events on them, and the axis that the charts of a row share.

use crate::samples;

use std::sync::{Arc, OnceLock};

use jiff::tz::TimeZone;
use margintop::history::History;
use margintop::ledger::{Marker, Past};
use margintop::reading::Label;
use margintop::snapshot::{Rule, Severity, Snapshot};
use margintop::tui::app::{Action, App};
use margintop::tui::theme::{Role, Theme};
use margintop::tui::view::Hits;
use margintop::tui::widgets::PlotArea;
use margintop::units::{Span, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use ratatui::style::Color;
use samples::NOON;
use samples::hands::{press, type_};
use samples::pages::{self, Page};

/// When things happen in the quarter hour that is watched, in seconds: an alert that is over after three minutes, a
/// deploy, a restart and a price.
const ALERT: i64 = 90;
const DEPLOY: i64 = 330;
const RESTART: i64 = 570;
const PRICE: i64 = 720;

fn at(seconds: i64) -> Timestamp {
    NOON + Span::from_secs(seconds)
}

fn snapshot(beat: u64) -> Snapshot {
    let mut snapshot = samples::fleet(beat);
    snapshot.alerts.clear();
    snapshot
}

/// A quarter hour, recorded once for all tests.
fn recorded() -> History {
    static RECORDED: OnceLock<History> = OnceLock::new();
    RECORDED.get_or_init(record).clone()
}

fn record() -> History {
    let history = History::default();
    let node = snapshot(0).nodes[0].name.to_string();
    for beat in (0..=900).step_by(5) {
        let mut snapshot = snapshot(beat);
        if (ALERT..ALERT + 180).contains(&beat.cast_signed()) {
            snapshot.alerts.push(samples::alert(Rule::NodeSilent, Severity::Warning, &node, at(ALERT), "silent"));
        }
        history.record(&snapshot, Span::from_secs(5));
    }
    let last = snapshot(900);
    let (target, model) = (last.engines[0].target.to_string(), last.models[0].model.to_string());
    let marker = |seconds, text: String| Marker { at: at(seconds), text: Label::new(&text) };
    let markers = vec![
        marker(DEPLOY, "deploy 1.4.2".to_owned()),
        marker(RESTART, format!("restart of {target}")),
        marker(PRICE, format!("{model}: list cheap, tier standard")),
    ];
    history.read_bridge(at(900), &Past { markers, ..Past::default() }, &Past::default());
    history
}

fn watched() -> App {
    let mut app = App::new(Arc::new(snapshot(900)), TimeZone::UTC, Span::from_secs(1), 1);
    app.history = recorded();
    app
}

fn drawn(app: &App, (width, height): (u16, u16)) -> (Buffer, Vec<PlotArea>) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut hits = Hits::default();
    terminal.draw(|frame| hits = margintop::tui::draw(frame, app, app.shown(), &Theme::of_roles())).unwrap();
    let plots = hits.plots().iter().copied().filter(|plot| !plot.is_line).collect();
    (terminal.backend().buffer().clone(), plots)
}

/// The glyph and role on the axis below a chart at an instant.
fn mark(buffer: &Buffer, plot: &PlotArea, seconds: i64) -> Option<(String, Option<Role>)> {
    let cell = plot.axis.cell_of(at(seconds))?;
    let cell = &buffer[(plot.area.x + cell, plot.area.bottom())];
    let role = match cell.fg {
        Color::Indexed(number) => Role::ALL.get(usize::from(number)).copied(),
        _ => None,
    };
    Some((cell.symbol().to_owned(), role))
}

fn open(app: &mut App, keys: &str) {
    for c in keys.chars() {
        match c {
            '\n' => drop(press(app, KeyCode::Enter, KeyModifiers::NONE)),
            c => drop(type_(app, &c.to_string())),
        }
    }
}

/// Class: an event is known and marked in the lanes, and charts of the same time do not show when it was.
#[test]
fn every_chart_marks_deploys_and_those_of_the_fleet_all_events() {
    for (keys, least) in [("1", 5), ("2", 1), ("2\n", 5), ("3", 4), ("4", 0), ("6", 1), ("7", 1)] {
        for size in [(120, 36), (200, 50)] {
            let mut app = watched();
            open(&mut app, keys);
            let (buffer, plots) = drawn(&app, size);
            assert!(plots.len() >= least, "{keys:?} at {size:?}: {} charts", plots.len());
            for plot in &plots {
                let deploy = mark(&buffer, plot, DEPLOY);
                assert_eq!(deploy, Some(("D".to_owned(), Some(Role::Accent))), "{keys:?} at {size:?}: {plot:?}");
            }
            if matches!(keys, "1" | "7") {
                // In the chart of a day all of them share a cell. In a narrow one, times have precedence over what is over.
                for plot in plots.iter().filter(|plot| plot.axis.cell() < Span::from_secs(120)) {
                    let of = |seconds| mark(&buffer, plot, seconds).map(|(glyph, _)| glyph).unwrap_or_default();
                    if plot.axis.cell_count() >= 40 {
                        assert_eq!([RESTART, PRICE].map(of), ["R", "$"], "{keys:?} at {size:?}: {plot:?}");
                    }
                    if plot.axis.cell_count() >= 60 {
                        let over = mark(&buffer, plot, ALERT);
                        assert_eq!(over, Some(("▲".to_owned(), Some(Role::Dim))), "{keys:?} at {size:?}: {plot:?}");
                    }
                }
            }
        }
    }
}

/// Class: a mark on a chart of something that the event is not about.
#[test]
fn charts_of_a_part_mark_what_is_about_it() {
    let app = watched();
    let last = app.shown().clone();
    let (target, first) = (&last.engines[0].target, last.nodes[0].name.as_str());
    let other = last.nodes.iter().rev().find(|row| {
        !last.engines.iter().any(|engine| engine.node == row.name && engine.target == *target)
            && row.name.as_str() != first
    });
    let other = other.unwrap().name.to_string();
    for (name, is_marked) in [(first.to_owned(), true), (other, false)] {
        let mut app = watched();
        open(&mut app, &format!("2/{name}\n\n"));
        let (buffer, plots) = drawn(&app, (120, 36));
        assert!(plots.len() >= 5, "{name}: {}", plots.len());
        for plot in &plots {
            let alert = mark(&buffer, plot, ALERT).map(|(glyph, _)| glyph);
            assert_eq!(alert.as_deref() == Some("▲"), is_marked, "{name}: {alert:?}");
        }
    }
}

/// Class: of the charts of a row, one has a shorter past, and stands on a time axis of its own.
#[test]
fn the_vital_charts_share_one_axis() {
    let history = History::default();
    for beat in (0..=900).step_by(5) {
        let mut snapshot = snapshot(beat);
        if beat < 600 {
            snapshot.gpus.utilization = None;
            snapshot.cache_hit_rate = None;
        }
        history.record(&snapshot, Span::from_secs(5));
    }
    let mut app = App::new(Arc::new(snapshot(900)), TimeZone::UTC, Span::from_secs(1), 1);
    app.history = history;
    for size in [(120, 36), (200, 50)] {
        let (_, plots) = drawn(&app, size);
        let vitals: Vec<_> = plots.iter().rev().take(4).collect();
        assert!(vitals.iter().all(|plot| plot.axis == vitals[0].axis), "{size:?}: {vitals:#?}");
        assert!(vitals[0].axis.start() <= at(0), "{size:?}: {:?}", vitals[0].axis);
    }
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let mut hits = Hits::default();
    terminal.draw(|frame| hits = margintop::tui::draw(frame, &app, app.shown(), &Theme::of_roles())).unwrap();
    let lines: Vec<_> = hits.plots().iter().filter(|plot| plot.is_line).collect();
    assert!(lines.len() == 4 && lines.iter().all(|plot| plot.axis == lines[0].axis), "{lines:#?}");
}

/// Class: a key that other charts follow does nothing in a view with a chart.
#[test]
fn the_chart_of_balance_follows_the_span_and_has_the_cursor() {
    let mut app = watched();
    open(&mut app, "6");
    let spans = ["", "["].map(|keys| {
        open(&mut app, keys);
        let (_, plots) = drawn(&app, (120, 36));
        assert_eq!(plots.len(), 1);
        app.charts.span.length()
    });
    assert_eq!(spans.map(Span::millis), [3_600_000, 900_000]);
    let frame = samples::hands::text(&app, 120, 36);
    assert!(frame.contains("[ 15 min ]") && frame.contains("Max/mean, 15"), "{frame}");
}

/// Class: the axis of the day's bars and of their sum has no marks, and the cursor does not read them.
#[test]
fn the_bars_of_a_day_and_their_sum_have_marks_and_the_cursor() {
    for (size, charts) in [((80, 24), 1), ((120, 36), 2), ((200, 50), 2)] {
        let mut app = pages::app(Page::Fleet);
        let now = app.shown().at;
        let history = History::default();
        history.record(app.shown(), Span::from_secs(5));
        let deploy = now - Span::from_secs(7_200);
        let markers = vec![Marker { at: deploy, text: Label::new("deploy 1.4.2") }];
        history.read_bridge(now, &Past { markers, ..Past::default() }, &Past::default());
        app.history = history;
        let (buffer, plots) = drawn(&app, size);
        assert_eq!(plots.len(), charts, "{size:?}");
        for plot in &plots {
            let cell = plot.axis.cell_of(deploy).unwrap();
            let near = (cell..cell + 3).map(|cell| buffer[(plot.area.x + cell, plot.area.bottom())].symbol());
            assert!(near.clone().any(|glyph| glyph == "D"), "{size:?}: {:?}", near.collect::<Vec<_>>());
        }
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        let mut hits = Hits::default();
        terminal.draw(|frame| hits = margintop::tui::draw(frame, &app, app.shown(), &Theme::of_roles())).unwrap();
        app.update(Action::Drawn(hits));
        open(&mut app, "c");
        press(&mut app, KeyCode::Left, KeyModifiers::SHIFT);
        let frame = samples::hands::text(&app, size.0, size.1);
        let at = app.pointed().unwrap();
        assert!(at < now, "{size:?}: {at:?}");
        let hour = frame.lines().find(|line| line.contains(":00 to ")).unwrap_or_default();
        assert!(hour.contains("profit ") && hour.contains("cost "), "{size:?}: {frame}");
    }
}
