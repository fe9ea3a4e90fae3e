//! What is accepted live is plausible in the ledger: both judge by the same bounds.

use crate::support;

use std::path::Path;
use std::time::Duration;

use margintop::clock::{Clock, ScriptedClock};
use margintop::fleet::{Fleet, SavedState};
use margintop::reading::{InstanceId, PageReading};
use margintop::store::{LedgerEvent, Reader};
use margintop::units::Span;
use rusqlite::Connection;
use support::{answered, at, counters, fleet, instant, ledger_settings, member, open_store, page, page_of_rank};

const TARGET: &str = "http://prometheus:9090/federate";

/// A federated page of 30 engines, each at 100,000 output tokens a second.
fn federated(second: i64) -> PageReading {
    let made = 100_000 * u64::try_from(second).unwrap();
    let mut page = page("m", counters(0, 0, 0), None);
    let row = |n: u64| {
        let mut row = page_of_rank("m", "0", counters(made / 10, 0, made));
        row.instance = Some(InstanceId::new(&format!("10.0.0.{n}:8000")));
        row
    };
    page.engines = (0..30).map(row).collect();
    let start = instant("2026-03-10T09:00:00Z");
    page.instance_starts = page.engines.iter().filter_map(|row| Some((row.instance.clone()?, start))).collect();
    page
}

/// A fleet whose ledger is kept in a file, between two seconds.
fn keep(path: &Path, seconds: std::ops::RangeInclusive<i64>) -> Fleet {
    let began = instant("2026-03-10T10:00:00Z");
    let moment = |second: i64| at(began + Span::from_secs(second));
    let clock = ScriptedClock::at(moment(*seconds.start()).wall);
    let (store, news) = open_store(ledger_settings(Some(path), Clock::Scripted(clock)));
    let LedgerEvent::Opened { saved: memory, .. } = news.recv().unwrap() else { panic!("it is not ours") };
    let mut fleet = fleet(vec![member(TARGET, "gpu-01", None)], moment(*seconds.start()));
    let saved: SavedState = *memory;
    fleet.restore(saved, Span::from_secs(86_400));
    for second in seconds {
        fleet.apply(answered(TARGET, moment(second), federated(second)));
    }
    store.commit(fleet.take_changes().unwrap());
    store.close(Duration::from_secs(5));
    fleet
}

fn faults(path: &Path) -> Vec<String> {
    Reader::open(path).unwrap().verify().unwrap()
}

/// Class: a total that is judged by the bound of a part.
#[test]
fn many_instances_of_a_node_are_judged_as_they_were_live() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    let fleet = keep(&path, 0..=150);
    assert!(fleet.ledger().disputes().is_empty());
    assert_eq!(faults(&path), Vec::<String>::new());
    keep(&path, 160..=300);
    assert_eq!(faults(&path), Vec::<String>::new(), "also after a restart");
    // One engine's worth is all that a ledger without this knowledge grants.
    let open = Connection::open(&path).unwrap();
    open.execute("DELETE FROM saved_nodes WHERE node LIKE 'bound/%'", []).unwrap();
    assert!(faults(&path).iter().any(|fault| fault.contains("more than 8 GPUs can make")), "{:?}", faults(&path));
}
