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
