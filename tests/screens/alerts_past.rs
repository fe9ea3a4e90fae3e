//! The log of the alerts view: its events lead to their time, and its endings are true.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::{EventKind, History};
use margintop::reading::{Health, Label, SourceError, SourceErrorKind};
use margintop::snapshot::{Alert, Rule, Severity, Snapshot, WriterStatus};
use margintop::tui::app::App;
use margintop::tui::view::ViewId;
use margintop::units::{Span, Timestamp};
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use samples::fleet;
use samples::hands::{draw, press, text, type_};

fn of(beat: u64, nodes: usize) -> Snapshot {
    let mut snapshot = fleet(beat);
    snapshot.nodes.truncate(nodes);
    snapshot.engines.truncate(nodes);
    snapshot.samples.clear();
    snapshot.alerts.clear();
    snapshot
}

#[test]
fn enter_on_an_event_leads_to_its_subject_at_that_time_and_esc_back() {
    let history = History::default();
    for beat in (0..=600).step_by(5) {
        history.record(&of(beat, if beat < 300 { 3 } else { 4 }), Span::from_secs(5));
    }
    let mut app = App::new(Arc::new(of(600, 4)), TimeZone::UTC, Span::from_secs(1), 1);
    app.history = history;
    draw(&mut app);
    let joined = app.history.events(Timestamp::default(), of(600, 4).at, None).into_iter();
    let joined = joined.filter(|event| event.kind == EventKind::Joined).last().unwrap();
    type_(&mut app, "7G");
    draw(&mut app);
    assert!(text(&app, 120, 36).contains("⏎"), "the footer says that Enter leads somewhere");
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    assert_eq!((app.view(), app.subject().map(Label::as_str)), (ViewId::Node, Some(joined.name.as_str())));
    assert_eq!(app.then(), Some(joined.at));
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!((app.view(), app.then()), (ViewId::Alerts, None));
    // From an earlier instant the way back leads there.
    press(&mut app, KeyCode::Left, KeyModifiers::NONE);
    let then = app.then();
    assert!(then.is_some());
    type_(&mut app, "G");
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    assert_eq!(app.then(), Some(joined.at));
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!((app.view(), app.then()), (ViewId::Alerts, then));
}

/// The view of alerts after ten minutes of these snapshots, by second.
fn alerts_after_ten_minutes(snapshot: impl Fn(u64) -> Snapshot) -> App {
    let history = History::default();
    for beat in (0..=600).step_by(5) {
        history.record(&snapshot(beat), Span::from_secs(5));
    }
    let mut app = App::new(Arc::new(snapshot(600)), TimeZone::UTC, Span::from_secs(1), 1);
    app.history = history;
    type_(&mut app, "7");
    draw(&mut app);
    app
}

/// A dashboard with an alert that was twice and is over, one that was once, and one that lasts.
fn with_past_alerts() -> App {
    let alert = |subject: &str, since: Timestamp, rule: Rule| Alert {
        rule,
        severity: Severity::Warning,
        subject: Label::new(subject),
        since,
        text: Label::new("held by heat: 1,410 of 1,980 MHz"),
    };
    let snapshot = |beat: u64| {
        let (mut snapshot, began) = (of(beat, 4), of(0, 4).at);
        let spans = [("gpu-0001 GPU 6", 60, 120), ("gpu-0001 GPU 6", 240, 300), ("gpu-0002 GPU 1", 180, 360)];
        for (subject, since, until) in spans {
            if (since..until).contains(&beat) {
                snapshot.alerts.push(alert(subject, began + Span::from_secs(since.cast_signed()), Rule::Throttled));
            }
        }
        snapshot.alerts.push(alert("gpu-0003 GPU 2", began, Rule::GpuError));
        snapshot
    };
    alerts_after_ten_minutes(snapshot)
}

/// Class: what an alert is about is shown as it is now, not as it was when the alert was.
#[test]
fn enter_on_an_alert_leads_to_its_subject_when_it_was() {
    let mut app = with_past_alerts();
    let began = of(0, 4).at;
    let down = |app: &mut App| drop(press(app, KeyCode::Down, KeyModifiers::NONE));
    let entered = |app: &App| {
        let mut app = app.clone();
        press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
        (app.view(), app.subject().map(ToString::to_string), app.then())
    };
    let node = |name: &str, at: Option<i64>| {
        (ViewId::Node, Some(name.to_owned()), at.map(|seconds| began + Span::from_secs(seconds)))
    };
    assert_eq!(entered(&app), node("gpu-0003", None), "an active alert is seen as it is");
    down(&mut app);
    assert_eq!(entered(&app), node("gpu-0002", Some(180)), "one that was once leads to its beginning");
    down(&mut app);
    assert_eq!(entered(&app).0, ViewId::Alerts, "several unfold");
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    down(&mut app);
    assert_eq!(entered(&app), node("gpu-0001", Some(240)));
    down(&mut app);
    assert_eq!(entered(&app), node("gpu-0001", Some(60)));
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!((app.view(), app.then()), (ViewId::Alerts, None), "the way back leads to now");
}

/// Class: one outage fills the list of resolved alerts with a row for each node and each engine, though it was one alert
/// while it lasted.
#[test]
fn one_outage_is_one_resolved_row() {
    for nodes in [1, 2, 4, 6] {
        let snapshot = |beat: u64| {
            let (mut snapshot, began) = (of(beat, 8), of(0, 8).at + Span::from_secs(300));
            let rows = snapshot.engines.iter().map(|row| (row.node.to_string(), row.target.to_string()));
            let rows: Vec<(String, String)> = rows.take(nodes).collect();
            for (nth, (node, target)) in rows.iter().enumerate().filter(|_| (300..400).contains(&beat)) {
                let since = began + Span::from_millis(i64::try_from(nth).unwrap() * 1_000);
                let alert = |rule, subject: &str, text: &str| Alert {
                    rule,
                    severity: Severity::Warning,
                    subject: Label::new(subject),
                    since,
                    text: Label::new(text),
                };
                snapshot.alerts.push(alert(Rule::NodeSilent, node, "silent for 9 s; its rent runs on"));
                snapshot.alerts.push(alert(Rule::EngineSilent, target, "it does not answer"));
            }
            snapshot
        };
        let mut app = alerts_after_ten_minutes(snapshot);
        let rows = |app: &App| {
            let frame = text(app, 120, 50);
            let resolved = frame.split("─ Resolved").nth(1).unwrap_or_default().lines().skip(1);
            let rows = resolved.take_while(|row| !row.contains('─') && !row.trim().is_empty());
            (rows.map(str::to_owned).collect::<Vec<_>>(), frame.clone())
        };
        let (folded, frame) = rows(&app);
        let is_one = nodes >= 4;
        assert_eq!(folded.len(), if is_one { 1 } else { nodes }, "{nodes}\n{frame}");
        assert!(frame.contains(&format!("Resolved {} · 24 h", if is_one { 1 } else { nodes })), "{frame}");
        if is_one {
            assert!(folded[0].contains(&format!("{nodes} nodes")) && folded[0].contains("silent"), "{folded:?}");
        }
        type_(&mut app, "o");
        let (open, frame) = rows(&app);
        assert_eq!(open.len(), if is_one { 1 + 2 * nodes } else { nodes + 2 }, "{nodes}\n{frame}");
    }
}

/// Class: rules that do not fit vanish, those that hold among them.
#[test]
fn rules_that_do_not_fit_are_counted() {
    let mut app = samples::hands::app();
    type_(&mut app, "7");
    let held = app.shown().alerts.iter().map(|alert| alert.rule).collect::<std::collections::BTreeSet<_>>().len();
    let mut cut = 0;
    for (width, height) in
        [(80, 30), (80, 34), (80, 44), (120, 44), (120, 50), (120, 60), (200, 50), (200, 44), (300, 70)]
    {
        let frame = text(&app, width, height);
        let Some(below) = frame.split("─ Rules").nth(1) else { continue };
        let rows: Vec<&str> = below.lines().skip(1).take_while(|row| !row.contains("basis")).collect();
        let said =
            rows.iter().find_map(|row| row.split("… ").nth(1)?.split(" more").next()?.trim().parse::<usize>().ok());
        let shown = |row: &&&str| row.trim_end().ends_with(|c: char| c.is_ascii_digit()) && !row.trim().is_empty();
        if width < 160 {
            let shown = rows.iter().filter(shown).count();
            assert_eq!(shown + said.unwrap_or(0), 21, "{width}x{height}\n{frame}");
            if shown >= held {
                let first = rows.iter().take(held).filter(|row| !row.trim_end().ends_with(" 0")).count();
                assert_eq!(first, held, "those that hold come first\n{frame}");
            }
        }
        cut += usize::from(said.is_some());
    }
    assert!(cut > 1, "no size cuts the rules");
}

/// Class: two lists of one name with different contents.
#[test]
fn a_list_of_another_content_has_another_name() {
    let app = samples::watched();
    let overview = text(&app, 260, 60);
    let mut alerts = app.clone();
    type_(&mut alerts, "7");
    let alerts = text(&alerts, 260, 60);
    assert!(overview.contains("─ Events · 24 h"), "{overview}");
    assert!(alerts.contains("─ Other events ") && !alerts.contains("─ Events"), "{alerts}");
}

/// How an alert ended that held of the first snapshot and not of the second.
fn ended(rule: Rule, subject: &str, change: impl FnOnce(&mut Snapshot)) -> String {
    let history = History::default();
    let (mut first, mut second) = (of(0, 3), of(5, 3));
    let since = first.at;
    first.money.ledger.writer = WriterStatus::Ours;
    second.money.ledger.writer = WriterStatus::Ours;
    first.alerts =
        vec![Alert { rule, severity: Severity::Warning, subject: Label::new(subject), since, text: Label::new("so") }];
    change(&mut second);
    history.record(&first, Span::from_secs(5));
    history.record(&second, Span::from_secs(5));
    let events = history.events(Timestamp::default(), second.at + Span::from_secs(1), None);
    let is_it = |kind| matches!(kind, EventKind::Alert(of, _) if of == rule);
    events.into_iter().find(|event| is_it(event.kind)).unwrap().ended.to_string()
}

fn silent(snapshot: &mut Snapshot) {
    Arc::make_mut(&mut snapshot.nodes[1]).state = Health::Lost;
}

/// Class: an alert that is over because nothing is known of its subject any more, said to be mended.
#[test]
fn an_ending_says_what_ended_it() {
    assert_eq!(ended(Rule::EnergyUnknown, "gpu-0001 GPU 3", |_| {}), "energy is known again");
    assert_eq!(ended(Rule::EnergyUnknown, "gpu-0001 GPU 3", silent), "its node fell silent");
    assert_eq!(ended(Rule::Throttled, "gpu-0001 GPU 3", silent), "its node fell silent");
    assert_eq!(ended(Rule::GpuError, "gpu-0001 GPU 3", |_| {}), "no new error for an hour");
    assert_eq!(ended(Rule::NodeSilent, "gpu-0001", |_| {}), "answers again");
    let taken = |snapshot: &mut Snapshot| snapshot.money.ledger.writer = WriterStatus::Other(None);
    assert_eq!(ended(Rule::SourceMissing, "NVML", |_| {}), "the source works again");
    assert_eq!(ended(Rule::SourceMissing, "NVML", taken), "the ledger changed hands");
    let failing = |snapshot: &mut Snapshot| {
        let [source, cause, remedy] = ["NVML", "not found", "install it"].map(Label::new);
        snapshot.source_errors = vec![SourceError { kind: SourceErrorKind::Driver, source, cause, remedy }];
    };
    assert_eq!(ended(Rule::SourceMissing, "NVML", failing), "nothing else is watched here");
    assert_eq!(ended(Rule::Loss, "fleet", |snapshot| snapshot.money.profit_per_hour = None), "the profit is not known");
}

/// Class: a dashboard that lost its hub looks live, since it shows how long the silence lasts.
#[test]
fn the_header_counts_a_hubs_silence() {
    let mut snapshot = fleet(1);
    let alert = Alert {
        rule: Rule::HubSilent,
        severity: Severity::Critical,
        subject: Label::new("http://hub:9546"),
        since: snapshot.at - Span::from_secs(9),
        text: Label::new("no snapshot for 9 s: connection refused (it is asked again)"),
    };
    snapshot.alerts.insert(0, alert);
    let app = App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 4);
    for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 50)] {
        let frame = text(&app, width, height);
        let header = frame.lines().next().unwrap();
        assert!(header.contains("○ silent 9s") && !header.contains('●'), "{header}");
    }
}
