//! The log of events outlives the process: what a ledger keeps of it.

use crate::ledger_watch;

use std::path::Path;
use std::time::{Duration, Instant};

use ledger_watch::{LedgerWatch, began, file};
use margintop::history::{EventKind, History, HistoryEvent};
use margintop::snapshot::Rule;
use margintop::store::{Reader, import};
use margintop::units::{Span, Timestamp};
use rusqlite::Connection;

fn all(history: &History) -> Vec<HistoryEvent> {
    history.events(Timestamp::default(), began() + Span::from_secs(100 * 86_400), None)
}

/// Two seconds: after longer ones the machine counts as just woken, and silence says nothing.
fn poll(watch: &mut LedgerWatch) {
    watch.tick();
    let _ = watch.snapshot();
    watch.advance(2);
}

/// A node works for two minutes and falls silent; it comes back if it is told to.
fn watch(path: &Path, returns: bool) -> Vec<HistoryEvent> {
    let history = History::default();
    let mut watch = LedgerWatch::at(path, began()).with_history(history.clone());
    for made in 0..60 {
        watch.gpus(&["GPU-a", "GPU-b"]);
        watch.poll(1_000 * (made + 1), None);
        poll(&mut watch);
    }
    (0..60).for_each(|_| poll(&mut watch));
    for made in 0..6 * u64::from(returns) {
        watch.gpus(&["GPU-a", "GPU-b"]);
        watch.poll(100_000 * (made + 1), None);
        poll(&mut watch);
    }
    watch.leave();
    all(&history)
}

/// What a later watch knows.
fn again(path: &Path) -> Vec<HistoryEvent> {
    let history = History::default();
    let mut watch = LedgerWatch::at(path, began() + Span::from_secs(3600)).with_history(history.clone());
    poll(&mut watch);
    let started = Instant::now();
    while !all(&history).iter().any(|event| event.at < began() + Span::from_secs(600)) {
        assert!(started.elapsed() < Duration::from_secs(20), "the ledger does not answer");
        std::thread::sleep(Duration::from_millis(5));
    }
    let events = all(&history);
    watch.leave();
    events.into_iter().filter(|event| event.at < began() + Span::from_secs(600)).collect()
}

fn silence(events: &[HistoryEvent]) -> &HistoryEvent {
    events
        .iter()
        .find(|event| matches!(event.kind, EventKind::Alert(Rule::NodeSilent, _)))
        .unwrap_or_else(|| panic!("{events:#?}"))
}

#[test]
fn an_alert_that_ended_is_known_after_a_restart_as_it_was() {
    let (_home, path) = file();
    let before = watch(&path, true);
    let silent = silence(&before);
    assert!(silent.until.is_some_and(|until| until > silent.at), "{before:#?}");
    // Two GPUs stood still for about two minutes.
    assert!(silent.cost.is_some_and(|cost| cost > 0.05 && cost < 0.5), "{silent:?}");
    assert_eq!(silent.ended.as_str(), "answers again");
    assert_eq!(silence(&again(&path)), silent);
}

#[test]
fn an_alert_that_lasted_when_the_watch_ended_ends_with_the_next_one() {
    let (_home, path) = file();
    let before = watch(&path, false);
    assert_eq!(silence(&before).until, None);
    let (first, second) = (again(&path), again(&path));
    assert!(silence(&first).until.is_some(), "{first:#?}");
    assert_eq!(silence(&second).at, silence(&before).at);
    assert_eq!(silence(&before).ended.as_str(), "");
    assert!(!silence(&first).ended.as_str().is_empty(), "{first:#?}");
}

#[test]
fn a_ledger_without_the_table_is_given_it_and_an_export_has_it() {
    let (_home, path) = file();
    let before = watch(&path, true);
    let mut text = Vec::new();
    Reader::open(&path).unwrap().export(&mut text).unwrap();
    let copy = path.with_extension("copy.db");
    import(&copy, text.as_slice()).unwrap();
    assert_eq!(silence(&again(&copy)), silence(&before));
    Connection::open(&path).unwrap().execute_batch("DROP TABLE events").unwrap();
    let history = History::default();
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(3600)).with_history(history);
    poll(&mut watch);
    watch.leave();
    let count: i64 =
        Connection::open(&path).unwrap().query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
    assert!(count >= 0);
}
