//! The ledger's file and who keeps it: what is remembered over an absence, who writes, and what happens where no process can.

use crate::ledger_watch;
use crate::support;

use std::path::Path;
use std::time::Duration;

use jiff::tz::TimeZone;
use ledger_watch::{ENGINE, LedgerWatch, MODEL, allocated, began, file, output, past, tokens};
use margintop::fleet::Marks;
use margintop::ledger::Grain;
use margintop::reading::NodeName;
use margintop::session::Message;
use margintop::snapshot::WriterStatus;
use margintop::store::{LedgerEvent, Reader, StoreError};
use margintop::units::{Money, Span};
use rusqlite::Connection;
use support::{answered, answered_dated, counters, instant, page};

#[test]
fn what_was_made_and_allocated_in_an_absence_is_posted_once() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.work(&["a", "b"], 10, [100, 160]);
    watch.leave();
    assert_eq!((output(&path), allocated(&path)), (60, 20));

    // An hour later b is gone, c is new, and the engine has worked on.
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(3610));
    watch.work(&["a", "c"], 10, [1060, 1070]);
    watch.leave();
    assert_eq!(output(&path), 970);
    // a: 3,620 s in all; b: until its last sight; c: from its first.
    assert_eq!(allocated(&path), 3620 + 10 + 10);
    let minutes: Vec<_> = past(&path, Grain::Minute).tokens.iter().map(|cell| cell.bucket).collect();
    assert!(minutes.len() > 55, "the hour's tokens are spread over it");
    assert_eq!(Reader::open(&path).unwrap().verify().unwrap(), Vec::<String>::new());
}

#[test]
fn after_too_long_an_absence_neither_tokens_nor_rent_are_posted() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.work(&["a"], 10, [100, 160]);
    watch.leave();
    let back = began() + Span::from_secs(10 + 86_401);
    let mut watch = LedgerWatch::at(&path, back);
    watch.work(&["a"], 10, [1_000_000, 1_000_005]);
    watch.leave();
    assert_eq!((output(&path), allocated(&path)), (65, 20));
    assert_eq!(past(&path, Grain::Day).unwatched, [(began() + Span::from_secs(10), back)]);
}

#[test]
fn an_absence_over_a_price_edge_keeps_its_bounds() {
    let (_home, path) = file();
    let start = instant("2025-03-11T00:20:00Z");
    let mut watch = LedgerWatch::at(&path, start);
    watch.poll(0, None);
    watch.leave();
    let mut watch = LedgerWatch::at(&path, start + Span::from_secs(1200));
    watch.poll(3_600_000, None);
    let said = watch.snapshot().money.uncertainty;
    watch.leave();
    let uncertainty = past(&path, Grain::Day).uncertainty;
    assert_eq!(uncertainty.len(), 1);
    assert!(uncertainty[0].timing >= said && said > Money::ZERO, "{uncertainty:?}");
    let tiers: Vec<_> = past(&path, Grain::Quarter).tariffs.iter().map(|tariff| tariff.tier.to_string()).collect();
    assert_eq!(tiers, ["offpeak", "standard"]);
}

#[test]
fn a_restart_in_the_absence_counts_from_zero_and_is_said() {
    let (_home, path) = file();
    let born = Some(began() - Span::from_secs(100));
    let mut watch = LedgerWatch::at(&path, began());
    watch.poll(500, born);
    watch.advance(5);
    watch.poll(600, born);
    watch.leave();
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(60));
    watch.poll(40, Some(began() + Span::from_secs(30)));
    watch.leave();
    assert_eq!(output(&path), 140);
    let past = past(&path, Grain::Day);
    assert_eq!(past.uncertainty.iter().map(|cell| cell.lost_windows).sum::<i64>(), 1);
    assert!(past.markers.iter().any(|marker| marker.text.as_str() == format!("restart of {ENGINE}")));
}

#[test]
fn a_process_that_was_not_replaced_goes_on_after_the_watch_itself_restarted() {
    let (_home, path) = file();
    let (first, second) = (Some(began() - Span::from_secs(100)), Some(began() + Span::from_secs(3)));
    let mut watch = LedgerWatch::at(&path, began());
    watch.poll(500, first);
    watch.advance(5);
    // It looks like a successor, and is another process behind the address, born while it was watched.
    watch.poll(9_000, second);
    watch.leave();
    assert_eq!(output(&path), 9_000);
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(60));
    watch.poll(520, first);
    watch.leave();
    // Without the server's time it may have been there before.
    assert_eq!(output(&path), 20, "the first goes on, and what was posted of the second is taken back");
    assert_eq!(Reader::open(&path).unwrap().verify().unwrap(), Vec::<String>::new());
}

#[test]
fn a_quarantined_fall_is_judged_after_the_watch_restarted() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    for output in [500, 600, 20] {
        watch.poll(output, None);
        watch.advance(2);
    }
    watch.leave();
    assert_eq!(output(&path), 100);
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(10));
    for output in [30, 45] {
        watch.poll(output, None);
        watch.advance(2);
    }
    watch.leave();
    assert_eq!(output(&path), 145);
}

#[test]
fn hits_that_ran_ahead_are_remembered() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    let poll = |watch: &mut LedgerWatch, prompt, cached| {
        let at = watch.clock.now();
        watch.apply(answered(ENGINE, at, page(MODEL, counters(prompt, cached, 0), None)));
        watch.advance(2);
    };
    poll(&mut watch, 1000, 500);
    poll(&mut watch, 1010, 560);
    watch.leave();
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(10));
    poll(&mut watch, 1110, 560);
    watch.leave();
    let sum = tokens(&path);
    assert_eq!((sum.miss.count(), sum.hit.count()), (50, 60));
}

#[test]
fn an_engine_born_in_the_absence_counts_from_zero() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.gpus(&["a"]);
    watch.leave();
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(600));
    watch.gpus(&["a"]);
    let at = watch.clock.now();
    let born = Some(began() + Span::from_secs(300));
    watch.apply(answered_dated(ENGINE, at, page(MODEL, counters(0, 0, 77), born)));
    watch.leave();
    assert_eq!(output(&path), 77);
}

#[test]
fn a_clock_that_went_back_over_a_reboot_loses_no_token() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.work(&[], 10, [100, 160]);
    watch.leave();
    let mut watch = LedgerWatch::at(&path, began() - Span::from_secs(7200));
    watch.work(&[], 2, [200, 230]);
    watch.leave();
    assert_eq!(output(&path), 130);
}

#[test]
fn a_second_watch_reads_says_whose_it_is_and_takes_over() {
    let (_home, path) = file();
    let mut first = LedgerWatch::at(&path, began());
    first.work(&["a"], 10, [100, 160]);
    first.tick();
    let mut second = LedgerWatch::at(&path, began() + Span::from_secs(11));
    assert_eq!(second.basis.writer, WriterStatus::Other(Some(std::process::id())));
    second.gpus(&["a"]);
    second.work(&[], 2, [170, 180]);
    second.tick();
    let shown = second.snapshot();
    assert_eq!(shown.money.ledger.writer, WriterStatus::Other(Some(std::process::id())));
    second.heed_revenue(first.snapshot().money.revenue);
    assert_eq!(output(&path), 60, "and posts nothing");

    first.advance(2);
    first.poll(190, None);
    first.leave();
    second.on_ledger_event(|basis| basis.writer == WriterStatus::Ours);
    second.advance(2);
    second.gpus(&["a"]);
    second.poll(200, None);
    second.leave();
    assert_eq!((output(&path), allocated(&path)), (100, 15));
}

/// Class: what an hour earns and costs is unknown from each event of a ledger that another process writes to the next page.
#[test]
fn rates_stay_while_another_process_writes_the_ledger() {
    let (_home, path) = file();
    let mut first = LedgerWatch::at(&path, began());
    first.work(&["a"], 10, [100, 160]);
    first.tick();
    let mut second = LedgerWatch::at(&path, began());
    second.work(&["a"], 10, [100, 160]);
    second.tick();
    let rates = |watch: &mut LedgerWatch| {
        let snapshot = watch.snapshot();
        let money = &snapshot.money;
        let models: Vec<_> = snapshot.models.iter().map(|row| row.money.revenue_per_hour).collect();
        (money.revenue_per_hour, money.cost_per_hour, money.profit_per_hour, models)
    };
    let known = rates(&mut second);
    assert!(known.0 > Some(Money::ZERO) && known.1 > Some(Money::ZERO) && known.3 == [known.0], "{known:?}");
    let began_only = LedgerEvent::ReadOnly {
        kept: Box::default(),
        began: None,
        zone: TimeZone::UTC,
        marks: Marks::default(),
        schedules: Vec::new(),
    };
    second.collector.take(Message::Ledger(began_only));
    assert_eq!(rates(&mut second), known, "its accounts are not written yet");
    second.heed_revenue(Some(Money::ZERO));
    first.advance(2);
    first.poll(190, None);
    first.tick();
    second.heed_revenue(first.snapshot().money.revenue);
    assert_eq!(rates(&mut second), known, "its accounts are written");
    assert!(
        second.snapshot().engines.iter().all(|row| row.revenue.is_none()),
        "what a row earned is not in the ledger"
    );
    first.leave();
}

/// Class: a reader of a ledger that another process writes drops what that process says of the total.
#[test]
fn a_reader_shows_the_marks_of_the_process_that_writes() {
    let (_home, path) = file();
    let mut first = LedgerWatch::at(&path, began());
    first.poll(5000, None);
    for output in [5010, 5020, 40, 80, 120, 160] {
        first.advance(1);
        first.poll(output, None);
    }
    first.tick();
    let marks = |watch: &mut LedgerWatch| {
        let money = watch.snapshot().money.clone();
        (money.on_trial, money.upper_bound, money.lower_bound)
    };
    let known = marks(&mut first);
    assert!(known.0 && known.1, "the restart is on trial: {known:?}");
    let mut second = LedgerWatch::at(&path, began());
    second.heed_revenue(first.snapshot().money.revenue);
    assert_eq!(marks(&mut second), known);
    first.leave();
}

#[test]
fn what_cannot_be_used_is_left_as_it_is_and_the_watch_goes_on_in_memory() {
    let home = tempfile::tempdir().unwrap();
    let (junk, newer, folder) = (home.path().join("junk.db"), home.path().join("newer.db"), home.path().join("a-file"));
    let noise: Vec<u8> = (0..40_000_u32).map(|i| ((i * 7919) >> 3) as u8).collect();
    std::fs::write(&junk, &noise).unwrap();
    std::fs::write(&folder, "no folder").unwrap();
    LedgerWatch::at(&newer, began()).leave();
    let open = Connection::open(&newer).unwrap();
    open.pragma_update(None, "user_version", 99).unwrap();
    drop(open);
    let refused = |path: &Path, currency: &str, words: &str| {
        let mut watch = LedgerWatch::with(path, began(), currency, TimeZone::UTC);
        assert_eq!(watch.basis.writer, WriterStatus::Memory);
        let failure = watch.basis.write_error.clone().unwrap();
        assert!(failure.as_str().contains(words), "{failure}");
        watch.work(&[], 2, [100, 150]);
        watch.tick();
        assert!(watch.snapshot().money.revenue.unwrap() > Money::ZERO, "money goes on");
    };
    refused(&junk, "USD", "damaged or no ledger");
    assert_eq!(std::fs::read(&junk).unwrap(), noise);
    refused(&newer, "USD", "newer margintop");
    refused(&folder.join("ledger.db"), "USD", "cannot be written");
    let (_home, dollars) = file();
    LedgerWatch::at(&dollars, began()).leave();
    refused(&dollars, "EUR", "kept in USD");
    assert_eq!(Reader::open(&newer).err(), Some(StoreError::Newer(newer, 99)));
}

#[test]
fn what_cannot_be_written_now_is_written_when_it_can() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.poll(100, None);
    watch.tick();
    let other = Connection::open(&path).unwrap();
    other.busy_timeout(Duration::from_secs(10)).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON minute_tokens BEGIN SELECT RAISE(ABORT, 'no room'); END";
    other.execute_batch(full).unwrap();
    for output in [200, 300] {
        watch.advance(2);
        watch.poll(output, None);
        watch.tick();
    }
    watch.on_ledger_event(|basis| {
        basis.write_error.as_ref().is_some_and(|failure| failure.as_str().contains("no room"))
    });
    assert!(watch.snapshot().money.ledger.write_error.is_some());
    assert_eq!(output(&path), 0);
    other.execute_batch("DROP TRIGGER full").unwrap();
    watch.advance(2);
    watch.tick();
    watch.on_ledger_event(|basis| basis.write_error.is_none());
    watch.leave();
    assert_eq!(output(&path), 200);
}

#[test]
fn a_lease_that_is_ended_by_hand_is_taken_back_by_a_counter_entry() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.gpus(&["a", "b"]);
    watch.advance(100);
    watch.tick();
    margintop::store::end_lease(&path, &NodeName::new("gpu-01"), began() + Span::from_secs(40)).unwrap();
    let Ok(word) = watch.news.recv_timeout(Duration::from_secs(20)) else { panic!("no word of the end") };
    watch.collector.take(Message::Ledger(word));
    watch.advance(100);
    watch.leave();
    assert_eq!(allocated(&path), 80, "two GPUs for 40 s");
    let rows = Reader::open(&path).unwrap().leased().unwrap();
    assert_eq!(rows, [], "nothing is allocated any more");

    // Its GPUs answer again: rent begins anew, with that poll.
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(300));
    watch.gpus(&["a", "b"]);
    watch.advance(10);
    watch.leave();
    assert_eq!(allocated(&path), 100);
}

#[test]
fn an_end_by_hand_that_was_not_applied_waits_for_the_next_watch() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.gpus(&["a"]);
    watch.advance(100);
    watch.leave();
    margintop::store::end_lease(&path, &NodeName::new("gpu-01"), began() + Span::from_secs(40)).unwrap();
    LedgerWatch::at(&path, began() + Span::from_secs(200)).leave();
    assert_eq!(allocated(&path), 40);
    LedgerWatch::at(&path, began() + Span::from_secs(300)).leave();
    assert_eq!(allocated(&path), 40, "it is applied once");
}

#[test]
fn an_export_is_the_same_ledger_again() {
    let (home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.work(&["a"], 10, [100, 160]);
    watch.leave();
    let mut text = Vec::new();
    Reader::open(&path).unwrap().export(&mut text).unwrap();
    let copy = home.path().join("copy.db");
    margintop::store::import(&copy, text.as_slice()).unwrap();
    assert_eq!(past(&copy, Grain::Minute), past(&path, Grain::Minute));
    let mut again = Vec::new();
    Reader::open(&copy).unwrap().export(&mut again).unwrap();
    assert_eq!(again, text);
    let broken = home.path().join("broken.db");
    let cut = &text[..text.len() / 2];
    assert!(margintop::store::import(&broken, cut).is_err());
    assert!(!broken.exists(), "half a ledger is none");
}

#[test]
fn verify_finds_a_token_that_is_in_one_grain_only() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.work(&[], 10, [100, 160]);
    watch.leave();
    let open = Connection::open(&path).unwrap();
    open.execute_batch("UPDATE minute_tokens SET output = output + 1").unwrap();
    let faults = Reader::open(&path).unwrap().verify().unwrap();
    assert_eq!(faults, ["quarter_tokens: 2025-03-10T10:00:00Z is not the sum of its minutes"]);
}
