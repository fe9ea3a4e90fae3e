//! Latencies over a span: out of the buckets of all its samples, from the pages' histograms to the history.

use crate::ledger_watch;
use crate::support;

use std::sync::Arc;

use ledger_watch::{ENGINE, LedgerWatch, MODEL, began, file};
use margintop::counters::quantile;
use margintop::history::{History, LatencyKind, Subject};
use margintop::reading::{EngineRole, Finished, Histogram, Latency, ModelName, TargetId};
use margintop::snapshot::RequestRates;
use margintop::units::{Span, Timestamp};
use support::{answered, counters, page};

/// A poll of an engine with so many first tokens within two seconds so far, and so many within four.
fn poll(watch: &mut LedgerWatch, [quick, slow]: [u64; 2]) {
    let mut page = page(MODEL, counters(quick + slow, 0, quick + slow), None);
    let bounds = [2.0, 4.0, f64::INFINITY].into();
    let counts = [quick, quick + slow, quick + slow].into();
    page.engines[0].latency = Latency { ttft: Some(Histogram { bounds, counts }), ..Latency::default() };
    page.engines[0].finished = Finished { requests: Some(quick + slow), aborted: Some(slow), ..Finished::default() };
    let at = watch.clock.now();
    watch.apply(answered(ENGINE, at, page));
    watch.tick();
    let _ = watch.snapshot();
    watch.advance(2);
}

fn tail(history: &History, until: Timestamp, seconds: i64) -> Option<(f64, u64)> {
    let span = Span::from_secs(seconds);
    let all = history.latency(&Subject::Fleet, LatencyKind::ToFirstToken, until, span)?;
    Some((quantile(&all, 0.99)?, *all.counts.last()?))
}

#[test]
fn the_tail_of_a_span_is_that_of_its_samples_and_an_idle_span_has_none() {
    let (_home, path) = file();
    let history = History::default();
    let mut watch = LedgerWatch::at(&path, began()).with_history(history.clone());
    let mut counts = [0, 0];
    // Five minutes of quick requests, a minute in which half are slow, five minutes of nothing.
    for beat in 0..330 {
        let grown = if beat < 60 {
            [10, 0]
        } else if beat < 72 {
            [5, 5]
        } else {
            [0, 0]
        };
        (0..2).for_each(|nth| counts[nth] += grown[nth]);
        poll(&mut watch, counts);
    }
    let now = began() + Span::from_secs(660);
    assert_eq!(tail(&history, now, 120), None, "nothing in the last two minutes");
    let (p99, samples) = tail(&history, now, 900).unwrap();
    assert!((690..=720).contains(&samples), "{samples}: the first page is a baseline");
    assert!(p99 > 3.5 && p99 <= 4.0, "{p99}: one in twelve is slow");
    let (early, _) = tail(&history, began() + Span::from_secs(240), 900).unwrap();
    assert!(early <= p99);
    let engine = Subject::Engine(TargetId::new(ENGINE), None);
    let of_engine = history.latency(&engine, LatencyKind::ToFirstToken, now, Span::from_secs(900)).unwrap();
    assert_eq!(*of_engine.counts.last().unwrap(), samples);
    assert!(history.latency(&engine, LatencyKind::Queue, now, Span::from_secs(900)).is_none());
    let requests = history.requests(&Subject::Fleet, now, Span::from_secs(900));
    let (ended, aborted) = (requests.ended.unwrap(), requests.aborted.unwrap());
    assert!((650.0..=790.0).contains(&ended) && (50.0..=75.0).contains(&aborted), "{requests:?}");
    watch.leave();
}

/// Class: a table of latencies names a span that began before the watch, beside charts that say since when.
#[test]
fn samples_are_of_no_longer_than_they_were_taken() {
    let (_home, path) = file();
    let history = History::default();
    let first = began() + Span::from_secs(720);
    let mut watch = LedgerWatch::at(&path, first).with_history(history.clone());
    for beat in 0..60 {
        poll(&mut watch, [10 * beat, 0]);
    }
    for span in [900, 3_600, 86_400] {
        let known =
            history.latency_began(&Subject::Fleet, first + Span::from_secs(120), Span::from_secs(span)).unwrap();
        assert!((0..60).contains(&((known - first).millis() / 1_000)), "{span}: {known}");
    }
    watch.leave();
}

#[test]
fn a_process_that_began_anew_brings_no_lifetime_of_samples() {
    let (_home, path) = file();
    let history = History::default();
    let mut watch = LedgerWatch::at(&path, began()).with_history(history.clone());
    for beat in 0..12 {
        poll(&mut watch, [1_000_000 + 10 * beat, 0]);
    }
    for beat in 0..12 {
        poll(&mut watch, [500_000 + 10 * beat, 0]);
    }
    let (_, samples) = tail(&history, began() + Span::from_secs(120), 900).unwrap();
    assert!(samples <= 240, "{samples}");
    watch.leave();
}

/// Class: the first step of a record is counted as a whole, though the watch began in it: a ledger that another process
/// keeps gives rates at once.
#[test]
fn requests_are_counted_from_the_second_sight_of_their_engine_on() {
    use margintop::snapshot::RequestRates;
    let history = History::default();
    let mut snapshot = crate::samples::one_box(8, 0);
    for row in &mut snapshot.engines {
        let rates = RequestRates { ended: Some(120.0), ..RequestRates::default() };
        std::sync::Arc::make_mut(row).requests_per_minute = rates;
    }
    let mut ended = || {
        history.record(&snapshot, Span::from_secs(5));
        snapshot.at = snapshot.at + Span::from_secs(5);
        history.requests(&Subject::Fleet, snapshot.at, Span::from_secs(900)).ended
    };
    assert_eq!([ended(), ended(), ended()], [Some(0.0), Some(10.0), Some(20.0)]);
}

/// Class: a request that passes through two engines counted twice, and its stages' latencies mixed.
#[test]
fn a_request_of_a_pair_of_prefill_and_decode_is_one_request() {
    let history = History::default();
    let samples = |count: u64, [first, whole]: [f64; 2]| {
        let below = |bound: f64| Histogram { bounds: [bound, f64::INFINITY].into(), counts: [count, count].into() };
        Arc::new(Latency { ttft: Some(below(first)), e2e: Some(below(whole)), ..Latency::default() })
    };
    let at = |beat: u64| {
        let mut snapshot = crate::samples::fleet(beat);
        snapshot.engines.truncate(2);
        for (row, role) in snapshot.engines.iter_mut().zip([EngineRole::Prefill, EngineRole::Decode]) {
            let row = Arc::make_mut(row);
            (row.role, row.model, row.in_engine_row) = (role, Some(ModelName::new(MODEL)), false);
            row.requests_per_minute = RequestRates { ended: Some(600.0), ..RequestRates::default() };
        }
        snapshot.samples = vec![samples(10 * beat, [0.5, 0.5]), samples(10 * beat, [0.1, 40.0])];
        snapshot
    };
    for beat in (5..=120).step_by(5) {
        history.record(&at(beat), Span::from_secs(5));
    }
    let until = at(120).at;
    let hour = Span::from_secs(3_600);
    for subject in [Subject::Fleet, Subject::Model(ModelName::new(MODEL))] {
        let of = |kind| history.latency(&subject, kind, until, hour).unwrap();
        let (first, whole) = (of(LatencyKind::ToFirstToken), of(LatencyKind::EndToEnd));
        assert_eq!(quantile(&first, 1.0), Some(0.5), "the wait is that for prefill: {first:?}");
        assert_eq!(quantile(&whole, 1.0), Some(40.0), "the end is that of decode: {whole:?}");
        assert_eq!(first.counts.last(), whole.counts.last());
        let ended = history.requests(&subject, until, hour).ended.unwrap();
        assert!((1_100.0..=1_200.0).contains(&ended), "{ended} requests of 600 a minute in two minutes");
    }
}
