//! Objectives for latency, from the pages' histograms to the ledger.

use crate::ledger_watch;
use crate::support;

use std::time::Duration;

use jiff::tz::TimeZone;
use ledger_watch::{ENGINE, LedgerWatch, MODEL, began, file, past};
use margintop::fleet::FleetConfig;
use margintop::ledger::{Grain, Slo, SloDay, SloPast};
use margintop::reading::{Histogram, Latency, NodeName};
use margintop::store::{Reader, import};
use margintop::units::{Span, Timestamp};
use rusqlite::Connection;
use support::{answered, counters, page};

/// A ledger of version 3: that of version 2, brought up to date by the program before this.
const VERSION_3: &str = include_str!("../fixtures/ledgers/version-3.sql");

fn with_limit(path: &std::path::Path, at: Timestamp, limit: u64) -> LedgerWatch {
    let slo = Slo { ttft_p99: Some(Duration::from_secs(limit)), ..Slo::default() };
    LedgerWatch::of(path, at, "USD", TimeZone::UTC, FleetConfig { slo, ..FleetConfig::local("gpu-01") })
}

/// A poll: so many more first tokens within two seconds, and so many within four.
fn poll(watch: &mut LedgerWatch, grown: [u64; 2], counts: &mut [u64; 2]) {
    (0..2).for_each(|nth| counts[nth] += grown[nth]);
    let mut page = page(MODEL, counters(counts[0], 0, counts[0]), None);
    let [within, over] = *counts;
    let bounds = [2.0, 4.0, f64::INFINITY].into();
    let counts = [within, within + over, within + over].into();
    page.engines[0].latency = Latency { ttft: Some(Histogram { bounds, counts }), ..Latency::default() };
    let at = watch.clock.now();
    watch.apply(answered(ENGINE, at, page));
    watch.tick();
}

/// Five such polls in each of so many minutes.
fn watch(watch: &mut LedgerWatch, minutes: &[[u64; 2]], counts: &mut [u64; 2]) {
    for grown in minutes {
        for _ in 0..5 {
            poll(watch, *grown, counts);
            watch.advance(12);
        }
    }
}

fn slo(path: &std::path::Path) -> Option<SloPast> {
    past(path, Grain::Quarter).slo
}

fn minutes(path: &std::path::Path, quarter: i64) -> (u8, u8) {
    let slo = slo(path).unwrap();
    let at = began() + Span::from_secs(quarter * 900);
    let days = &slo.days[&NodeName::new("gpu-01")];
    let minutes = days.iter().find(|(day, _)| *day == SloDay::of(at)).unwrap().1.at(at);
    (minutes.met, minutes.missed)
}

#[test]
fn minutes_within_an_objective_are_kept() {
    let (_home, path) = file();
    let (mut counts, mut watcher) = ([0, 0], with_limit(&path, began(), 2));
    // Idle minutes are in neither; one in a hundred may be slow.
    watch(&mut watcher, &[[100, 0], [99, 1], [90, 10], [0, 0], [0, 0], [100, 0], [100, 0]], &mut counts);
    watcher.leave();
    assert_eq!(minutes(&path, 0), (4, 1));
    // Within the same quarter hour it goes on.
    let mut watcher = with_limit(&path, began() + Span::from_secs(480), 2);
    watch(
        &mut watcher,
        &[[100, 0], [50, 50], [100, 0], [100, 0], [100, 0], [100, 0], [100, 0], [0, 99], [9, 0]],
        &mut counts,
    );
    watcher.leave();
    assert_eq!((minutes(&path, 0), minutes(&path, 1)), ((10, 2), (1, 1)));
    let known = slo(&path).unwrap();
    assert_eq!((known.slo.as_str(), known.since), ("ttft_p99 2s", SloDay::of(began())));
    // Another objective is another matter: what was judged by the first is kept and not taken for it.
    let mut watcher = with_limit(&path, began() + Span::from_secs(7200), 4);
    watch(&mut watcher, &[[50, 50], [50, 50], [0, 0]], &mut counts);
    watcher.leave();
    assert_eq!(
        (slo(&path).unwrap().slo.as_str(), minutes(&path, 0), minutes(&path, 8)),
        ("ttft_p99 4s", (0, 0), (2, 0))
    );
    assert_eq!(Reader::open(&path).unwrap().verify().unwrap(), Vec::<String>::new());
    let (mut text, copy) = (Vec::new(), path.with_extension("copy"));
    Reader::open(&path).unwrap().export(&mut text).unwrap();
    import(&copy, text.as_slice()).unwrap();
    assert_eq!(slo(&copy), slo(&path));
}

#[test]
fn without_an_objective_or_a_latency_nothing_is_kept() {
    let (_home, path) = file();
    let mut watcher = LedgerWatch::at(&path, began());
    watch(&mut watcher, &[[100, 0], [100, 0]], &mut [0, 0]);
    watcher.leave();
    assert_eq!(slo(&path), None);
    let mut watcher = with_limit(&path, began() + Span::from_secs(300), 2);
    watcher.work(&[], 70, [1_000, 1_100]);
    watcher.tick();
    watcher.leave();
    assert_eq!(slo(&path), None);
}

#[test]
fn a_ledger_of_version_3_opens_and_goes_on() {
    let (_home, path) = file();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    Connection::open(&path).unwrap().execute_batch(VERSION_3).unwrap();
    let version = || {
        Connection::open(&path).unwrap().pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap()
    };
    let before = past(&path, Grain::Day);
    assert_eq!(
        (version(), before.slo.is_none(), before.tokens.is_empty()),
        (3, true, false),
        "reading changes nothing"
    );
    let last = Reader::open(&path).unwrap().header().last;
    let mut watcher = with_limit(&path, last + Span::from_secs(60), 2);
    watch(&mut watcher, &[[100, 0], [100, 0], [100, 0]], &mut [1_000_000, 0]);
    watcher.leave();
    let after = past(&path, Grain::Day);
    assert_eq!((version(), after.slo.map(|slo| slo.since)), (5, Some(SloDay::of(last))));
    assert!(before.tokens.iter().all(|cell| after.tokens.contains(cell)), "what was there is there");
    assert_eq!(Reader::open(&path).unwrap().verify().unwrap(), Vec::<String>::new());
}

#[test]
fn what_is_within_an_objective_now_is_reported_by_engine_and_over_all() {
    let (_home, path) = file();
    let (mut counts, mut watcher) = ([0, 0], with_limit(&path, began(), 2));
    for _ in 0..15 {
        watcher.advance(1);
        poll(&mut watcher, [90, 10], &mut counts);
    }
    let snapshot = watcher.snapshot();
    let slo = snapshot.slo.unwrap();
    assert_eq!((slo.ttft_p99_seconds, slo.itl_p99_seconds), (Some(2.0), None));
    let within = snapshot.engines[0].within_slo.unwrap().get();
    assert!((within - 0.9).abs() < 1e-9 && slo.within == snapshot.engines[0].within_slo, "{within}");
    let output = snapshot.tokens.output_per_second.unwrap();
    let goodput = slo.goodput_per_second.unwrap();
    assert!(output > 0.0 && (goodput - 0.9 * output).abs() < 1e-9, "{goodput} of {output}");
    // Without objectives nothing is said of them.
    let mut plain =
        LedgerWatch::of(&path.with_extension("other"), began(), "USD", TimeZone::UTC, FleetConfig::local("gpu-01"));
    assert_eq!(plain.snapshot().slo, None);
}

/// Class: engines that count their tokens by rank and their latencies as a whole are in no goodput.
#[test]
fn tokens_of_ranks_have_the_share_of_their_engine() {
    let (_home, path) = file();
    let (mut counts, mut watcher) = ([0, 0], with_limit(&path, began(), 2));
    for _ in 0..15 {
        watcher.advance(1);
        (counts[0], counts[1]) = (counts[0] + 90, counts[1] + 10);
        let mut page = page(MODEL, counters(counts[0], 0, counts[0]), None);
        let mut whole = page.engines[0].clone();
        (whole.rank, whole.tokens) = (None, margintop::reading::TokenCounters::default());
        let bounds = [2.0, 4.0, f64::INFINITY].into();
        let all = [counts[0], counts[0] + counts[1], counts[0] + counts[1]].into();
        whole.latency = Latency { ttft: Some(Histogram { bounds, counts: all }), ..Latency::default() };
        page.engines.push(whole);
        let at = watcher.clock.now();
        watcher.apply(answered(ENGINE, at, page));
        watcher.tick();
    }
    let snapshot = watcher.snapshot();
    let (slo, output) = (snapshot.slo.unwrap(), snapshot.tokens.output_per_second.unwrap());
    let goodput = slo.goodput_per_second.unwrap_or_default();
    assert!(output > 0.0 && (goodput - 0.9 * output).abs() < 1e-9, "{goodput} of {output}");
}
