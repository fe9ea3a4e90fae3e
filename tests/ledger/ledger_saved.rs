//! States that the store keeps and does not know: a state that cannot be read, a target that is reset by hand.
//!
//! The class of fault: one damaged row of what a watch remembers takes the ledger with it, or a command that is meant to
//! mend a count makes another wrong one.

use crate::ledger_watch;
use crate::saved;
use crate::support;

use std::path::Path;
use std::time::Duration;

use ledger_watch::{ENGINE, LedgerWatch, MODEL, allocated, began, file, output, past};
use margintop::clock::{Clock, ScriptedClock};
use margintop::ledger::Grain;
use margintop::reading::TargetId;
use margintop::session::Message;
use margintop::snapshot::WriterStatus;
use margintop::store::{LedgerEvent, Reader, reset_target};
use margintop::units::Span;
use rusqlite::Connection;
use support::{answered_dated, counters, page};

fn watched(path: &Path) {
    let mut watch = LedgerWatch::at(path, began());
    watch.work(&["a", "b"], 10, [100, 160]);
    watch.leave();
}

fn change(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

fn markers(path: &Path) -> Vec<String> {
    past(path, Grain::Day).markers.iter().map(|marker| marker.text.to_string()).collect()
}

/// Class: work for a reader that there is none of. A ledger in memory ends with its process.
#[test]
fn only_a_ledger_in_a_file_is_given_the_states_that_a_later_watch_continues_from() {
    let (_home, path) = file();
    for path in [None, Some(path.as_path())] {
        let clock = Clock::Scripted(ScriptedClock::at(began()));
        let (store, news) = support::open_store(support::ledger_settings(path, clock));
        let LedgerEvent::Opened { saved, is_file, .. } = news.recv().unwrap() else { panic!("it is not ours") };
        let moment = |second: i64| support::at(began() + Span::from_secs(second));
        let mut fleet = support::fleet(vec![support::member(ENGINE, "gpu-01", None)], moment(0));
        fleet.restore(*saved, Span::from_secs(86_400));
        fleet.save_states(is_file);
        for second in 1..4 {
            let made = 100 * u64::try_from(second).unwrap();
            fleet.apply(support::answered(ENGINE, moment(second), page(MODEL, counters(made, 0, made), None)));
            let checkpoint = fleet.take_changes().unwrap();
            let states = checkpoint.targets.len() + checkpoint.nodes.len();
            assert_eq!((is_file, states > 0), (path.is_some(), path.is_some()), "second {second}");
            assert_eq!(checkpoint.postings.tokens.is_empty(), second == 1, "postings are handed over in any case");
        }
        store.close(Duration::from_secs(5));
    }
}

#[test]
fn a_state_that_cannot_be_read_is_dropped_and_said() {
    for state in ["", "{", "null", "[]", "{\"answered\": \"yesterday\"}", "{\"rows\": 7}"] {
        let (_home, path) = file();
        watched(&path);
        change(&path, &format!("UPDATE saved_targets SET state = '{state}'"));
        let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(20));
        assert_eq!(watch.basis.writer, WriterStatus::Ours, "{state}");
        watch.gpus(&["a", "b"]);
        watch.work(&[], 2, [5_000, 5_007]);
        watch.leave();
        assert_eq!((output(&path), allocated(&path)), (67, 44), "{state}");
        let reason = format!("the saved state of {ENGINE} cannot be read: its next page is a baseline");
        assert_eq!(markers(&path).iter().filter(|text| **text == reason).count(), 1, "{state}");
        let lost: i64 = past(&path, Grain::Day).uncertainty.iter().map(|cell| cell.lost_windows).sum();
        assert!(lost >= 1, "{state}: the total is a lower bound");
        // It is said once: the next watch reads what this one wrote.
        LedgerWatch::at(&path, began() + Span::from_secs(30)).leave();
        assert_eq!(markers(&path).iter().filter(|text| **text == reason).count(), 1, "{state}");
    }
}

#[test]
fn a_node_that_cannot_be_read_is_rented_anew_and_said() {
    let (_home, path) = file();
    watched(&path);
    change(&path, "UPDATE saved_nodes SET state = 'x'");
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(20));
    watch.gpus(&["a", "b"]);
    watch.poll(170, None);
    watch.advance(2);
    watch.gpus(&["a", "b"]);
    watch.leave();
    assert_eq!((output(&path), allocated(&path)), (70, 24), "the rent of the absence is not known");
    assert!(markers(&path).iter().any(|text| text.starts_with("the saved state of gpu-01 cannot be read")));
}

#[test]
fn what_is_rented_is_kept_in_columns() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.gpus(&["a", "b"]);
    watch.poll(100, None);
    watch.advance(60);
    watch.leave();
    let rows = Reader::open(&path).unwrap().leased().unwrap();
    let row = &rows[0];
    assert_eq!((rows.len(), row.node.as_str(), row.gpus, row.since), (1, "gpu-01", Some(2), Some(began())));
    assert_eq!(row.until, Some(began() + Span::from_secs(60)));
    // The next watch has not seen them yet: their rent stands where it stood.
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(600));
    watch.advance(10);
    watch.leave();
    let until = |path: &Path| Reader::open(path).unwrap().leased().unwrap()[0].until;
    assert_eq!(until(&path), Some(began() + Span::from_secs(60)));
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(700));
    watch.gpus(&["a", "b"]);
    watch.advance(10);
    watch.leave();
    assert_eq!(until(&path), Some(began() + Span::from_secs(710)));
}

#[test]
fn a_reset_target_begins_with_a_baseline() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.work(&[], 10, [100, 160]);
    watch.tick();
    while saved::counters(&Connection::open(&path).unwrap(), None).is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(reset_target(&path, &TargetId::new(ENGINE), began()).unwrap(), Ok(()));
    let Ok(word) = watch.news.recv_timeout(Duration::from_secs(20)) else { panic!("no word of the reset") };
    watch.collector.take(Message::Ledger(word));
    watch.advance(2);
    // Whatever this process is and whenever it was born, its first page is a baseline.
    let (at, born) = (watch.clock.now(), Some(began() + Span::from_secs(5)));
    watch.apply(answered_dated(ENGINE, at, page(MODEL, counters(900, 0, 70_000), born)));
    watch.advance(2);
    let at = watch.clock.now();
    watch.apply(answered_dated(ENGINE, at, page(MODEL, counters(900, 0, 70_009), born)));
    watch.leave();
    assert_eq!(output(&path), 69);
    // It is applied: the next watch goes on from its counters.
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(20));
    let at = watch.clock.now();
    watch.apply(answered_dated(ENGINE, at, page(MODEL, counters(900, 0, 70_019), born)));
    watch.leave();
    assert_eq!(output(&path), 79);
}

#[test]
fn a_reset_that_was_not_applied_waits_for_the_next_page() {
    let (_home, path) = file();
    watched(&path);
    let reset = || reset_target(&path, &TargetId::new(ENGINE), began()).unwrap();
    assert_eq!((reset(), reset()), (Ok(()), Ok(())), "twice is once");
    // A watch that ends before the target answers leaves it waiting.
    LedgerWatch::at(&path, began() + Span::from_secs(12)).leave();
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(20));
    let (at, born) = (watch.clock.now(), Some(began() + Span::from_secs(5)));
    watch.apply(answered_dated(ENGINE, at, page(MODEL, counters(900, 0, 70_000), born)));
    watch.leave();
    assert_eq!(output(&path), 60);
    let waiting = "SELECT count(*) FROM target_resets WHERE applied = 0";
    let waits: i64 = Connection::open(&path).unwrap().query_row(waiting, [], |row| row.get(0)).unwrap();
    assert_eq!(waits, 0);
}

#[test]
fn a_target_that_the_ledger_does_not_know_changes_nothing() {
    let (_home, path) = file();
    watched(&path);
    let known = reset_target(&path, &TargetId::new("http://gpu-02:8000"), began()).unwrap();
    assert_eq!(known, Err(vec![ENGINE.to_owned()]));
    LedgerWatch::at(&path, began() + Span::from_secs(20)).leave();
    let open = Connection::open(&path).unwrap();
    assert_eq!(saved::counters(&open, None), Some([640, 320, 160]));
}
