//! Money over time: the points of charts and the rows of a report are sums of the same postings.
#![allow(clippy::cast_possible_wrap)]

use crate::ledger_watch;
use crate::past;
use crate::support;

use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use ledger_watch::{LedgerWatch, began, file};
use margintop::history::{EventKind, History, Measure, QuarterBridge, Query, Subject};
use margintop::ledger::{Grain, Marker, Past};
use margintop::reading::{EngineRole, Label, ModelName, NodeName};
use margintop::statement::{By, Statement};
use margintop::store::Reader;
use margintop::units::{GpuTime, Money, Span, Timestamp};
use past::{Making, R1, classes, gpu_time};
use support::instant;

const HOUR: i64 = 3600;

fn node() -> Subject {
    Subject::Node(NodeName::new("gpu-01"))
}

fn model() -> Subject {
    Subject::Model(ModelName::new("deepseek-r1"))
}

fn series(
    history: &History,
    subject: Subject,
    measure: Measure,
    until: Timestamp,
    step: i64,
    points: usize,
) -> Vec<Option<f64>> {
    history.series(&Query { subject, measure, until, step: Span::from_secs(step), points }).points
}

/// Revenue and cost of a span in millionths, as a chart has them by the minute.
fn summed(history: &History, subject: &Subject, until: Timestamp, minutes: usize) -> [f64; 2] {
    [Measure::Revenue, Measure::Cost].map(|measure| {
        let points = series(history, subject.clone(), measure, until, 60, minutes);
        points.iter().flatten().sum::<f64>() / 60.0 * 1e6
    })
}

/// The same in a report.
fn reported(past: &Past, by: By, key: Option<&str>) -> [f64; 2] {
    let statement = Statement::of(past, by, &TimeZone::UTC);
    let row = key.map_or(&statement.total, |key| statement.rows.iter().find(|row| row.key.as_str() == key).unwrap());
    let (revenue, cost) = row.covered().unwrap();
    [revenue, cost].map(|amount| amount.grains() as f64 / Money::GRAINS_PER_UNIT as f64 * 1e6)
}

fn within(drawn: [f64; 2], wanted: [f64; 2], error: f64) {
    let near = drawn.iter().zip(wanted).all(|(drawn, wanted)| (drawn - wanted).abs() <= error);
    assert!(near, "{drawn:?} {wanted:?}");
}

/// Works until `until` seconds after the beginning, with work that changes from minute to minute.
fn work(watch: &mut LedgerWatch, from: i64, until: i64) {
    for step in from / 5..until / 5 {
        watch.gpus(&["GPU-a", "GPU-b"]);
        let made = (0..=step).map(|step| 3_001 + (step * step) % 977).sum::<i64>();
        watch.poll(u64::try_from(made).unwrap(), None);
        watch.tick();
        let _ = watch.snapshot();
        watch.advance(5);
    }
}

fn until_known(history: &History, known: impl Fn(&History) -> bool) {
    let began = Instant::now();
    while !known(history) {
        assert!(began.elapsed() < Duration::from_secs(20), "the ledger does not answer");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_chart_and_a_report_agree_to_the_last_digit() {
    let (_home, path) = file();
    let history = History::default();
    let mut watch = LedgerWatch::at(&path, began()).with_history(history.clone());
    work(&mut watch, 0, 2 * HOUR + 600);
    watch.leave();
    let reader = Reader::open(&path).unwrap();
    let hour = |nth: i64| {
        let since = began() + Span::from_secs(nth * HOUR);
        let past = reader.past(since, since + Span::from_secs(HOUR), Grain::Minute).unwrap();
        (since + Span::from_secs(HOUR), past)
    };
    for nth in 0..2 {
        let (until, past) = hour(nth);
        let wanted = reported(&past, By::Hour, None);
        assert!(wanted[0] > 1e4 && wanted[1] > 1e4, "{wanted:?}");
        within(summed(&history, &Subject::Fleet, until, 60), wanted, 1.0);
        let hours = |subject: Subject| {
            [Measure::Revenue, Measure::Cost]
                .map(|of| series(&history, subject.clone(), of, until, HOUR, 1)[0].unwrap() * 1e6)
        };
        within(hours(Subject::Fleet), wanted, 1.0);
        within(hours(node()), wanted, 1.0);
        within(hours(model()), reported(&past, By::Model, Some("deepseek-r1")), 1.0);
        within(summed(&history, &node(), until, 60), wanted, wanted[0].max(wanted[1]) * 0.002);
    }
    let profit = series(&history, Subject::Fleet, Measure::Profit, hour(1).0, HOUR, 1)[0].unwrap();
    let [revenue, cost] = reported(&hour(1).1, By::Hour, None);
    assert!((profit * 1e6 - (revenue - cost)).abs() <= 1.0);
    assert_eq!(series(&history, Subject::Fleet, Measure::Cost, began(), 60, 9), [None; 9], "nobody watched before");
}

#[test]
fn a_dashboard_that_starts_on_a_ledger_opens_with_its_charts_filled() {
    let (_home, path) = file();
    let first = History::default();
    let mut watch = LedgerWatch::at(&path, began()).with_history(first.clone());
    work(&mut watch, 0, HOUR + 600);
    watch.leave();
    let again = History::default();
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(HOUR + 660)).with_history(again.clone());
    watch.tick();
    let _ = watch.snapshot();
    let until = began() + Span::from_secs(HOUR + 540);
    let all = |history: &History, subject: Subject, of: Measure| series(history, subject, of, until, 60, 69);
    until_known(&again, |history| all(history, Subject::Fleet, Measure::Cost).iter().flatten().count() == 69);
    for of in [Measure::Revenue, Measure::Cost, Measure::Profit] {
        assert_eq!(all(&again, Subject::Fleet, of), all(&first, Subject::Fleet, of), "{of:?}");
        assert_eq!(all(&again, node(), of), all(&first, node(), of), "{of:?}");
        assert_eq!(all(&again, model(), of), all(&first, model(), of), "{of:?}");
    }
}

#[test]
fn the_bridge_is_there_once_both_quarters_are_known() {
    let (_home, path) = file();
    let history = History::default();
    let mut watch = LedgerWatch::at(&path, began()).with_history(history.clone());
    work(&mut watch, 0, 600);
    assert_eq!(history.bridge(), None);
    work(&mut watch, 600, 2400);
    let is_of_work = |bridge: &QuarterBridge| bridge.largest.as_ref().is_some_and(|(_, amount)| !amount.is_zero());
    until_known(&history, |history| history.bridge().is_some_and(|bridge| is_of_work(&bridge)));
    let bridge = history.bridge().unwrap();
    let parts: Money = bridge.bridge.parts.iter().map(|(_, amount)| *amount).sum();
    assert_eq!(parts, bridge.bridge.change());
    watch.leave();
}

/// As the published day is turned: its clock moves a minute at a time.
#[test]
fn a_scripted_day_is_all_there_at_its_end() {
    let (_home, path) = file();
    let history = History::default();
    let mut watch = LedgerWatch::at(&path, began()).with_history(history.clone());
    for minute in 0..=1440 {
        watch.gpus(&["GPU-a", "GPU-b"]);
        watch.poll(1_000 + minute * 977, None);
        watch.tick();
        let _ = watch.snapshot();
        watch.advance(60);
    }
    let until = began() + Span::from_secs(86_400);
    for (subject, of, known) in [
        (Subject::Fleet, Measure::Revenue, 1440),
        (Subject::Fleet, Measure::Cost, 1440),
        (Subject::Fleet, Measure::Nodes, 1440),
        (node(), Measure::Profit, 1440),
        (model(), Measure::Revenue, 1440),
    ] {
        let points = series(&history, subject.clone(), of, until, 60, 1440);
        assert_eq!(points.iter().flatten().count(), known, "{subject:?} {of:?}");
    }
    let hours = series(&history, node(), Measure::Cost, until, HOUR, 24);
    let by_minute = summed(&history, &Subject::Fleet, until, 1440)[1];
    let by_hour: f64 = hours.iter().flatten().sum::<f64>() * 1e6;
    assert!((by_minute - by_hour).abs() < 24.0, "{by_minute} {by_hour}");
    watch.leave();
}

#[test]
fn nothing_is_known_of_an_empty_ledger() {
    let history = History::default();
    history.read_past(&Past::default());
    history.read_past(&Past { since: began(), until: began() + Span::from_secs(HOUR), ..Past::default() });
    assert_eq!(series(&history, Subject::Fleet, Measure::Revenue, began(), 60, 3), [None; 3]);
    assert_eq!(series(&history, node(), Measure::Profit, began(), HOUR, 3), [None; 3]);
    history.read_bridge(began(), &Past::default(), &Past::default());
    assert_eq!(history.bridge(), None);
}

/// Minutes of one node from an instant on.
fn minutes(making: &mut Making, count: i64) {
    let tariff = making.tariff("deepseek-r1-standard", "standard", R1);
    let account = making.account("gpu-01", None, "deepseek-r1", EngineRole::Unified);
    let pays = making.cost_account(Some("gpu-01"), None, Some("2.00"));
    for minute in 0..count {
        let at = making.0.since + Span::from_secs(minute * 60);
        let made = 10_000 + (minute as u64 * 7_919) % 5_000;
        making.tokens(at, account, Some(tariff), classes(made * 4, made * 2, made));
        making.rent(at, pays, gpu_time(8, 1), GpuTime::ZERO);
    }
}

#[test]
fn the_hours_of_a_day_are_those_of_the_report_where_clocks_are_set() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    for (begin, end, hours) in
        [("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 23), ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 25)]
    {
        let mut making = Making::new(begin, end);
        making.0.began = making.0.since;
        minutes(&mut making, hours as i64 * 60);
        let history = History::default();
        history.read_past(&making.0);
        let statement = Statement::of(&making.0, By::Hour, &zone);
        let rows: Vec<_> = statement.rows.iter().filter(|row| row.start.is_some()).collect();
        assert_eq!(rows.len(), hours);
        for of in [Measure::Revenue, Measure::Cost] {
            let points = series(&history, Subject::Fleet, of, instant(end), HOUR, hours);
            for (point, row) in points.iter().zip(&rows) {
                let wanted = if of == Measure::Cost { row.cost } else { row.revenue }.unwrap();
                let wanted = wanted.grains() as f64 / Money::GRAINS_PER_UNIT as f64;
                assert!((point.unwrap() - wanted).abs() < 1e-6, "{point:?} {wanted}");
            }
        }
        assert_eq!(series(&history, node(), Measure::Cost, instant(end), HOUR, hours), vec![Some(16.0); hours]);
    }
}

/// Class: a dashboard that starts on a ledger and knows less than the ledger does.
#[test]
fn the_vital_lines_of_the_time_before_come_from_the_ledger() {
    let mut making = Making::new("2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z");
    making.0.began = making.0.since;
    minutes(&mut making, 50);
    let since = making.0.since;
    making.0.unwatched = vec![(since + Span::from_secs(600), since + Span::from_secs(700))];
    let history = History::default();
    history.read_past(&making.0);
    let end = instant("2026-11-23T10:00:00Z");
    let line = |measure, step, points| series(&history, Subject::Fleet, measure, end, step, points);
    let output = line(Measure::Output, 60, 60);
    let expected: Vec<Option<f64>> = (0..60_u64)
        .map(|minute| {
            let made = (10_000 + (minute * 7_919) % 5_000) as f64;
            (minute < 50 && !(10..12).contains(&minute)).then(|| f64::from((made / 60.0) as f32))
        })
        .collect();
    assert_eq!(output, expected, "minutes that were not watched, and those without tokens, are gaps");
    let hits = line(Measure::HitRate, 60, 60);
    assert!((hits[0].unwrap() - 1.0 / 3.0).abs() < 1e-6, "{hits:?}");
    // A chart with finer cells has the minute's mean in each.
    assert_eq!(line(Measure::Output, 30, 120)[..2], [expected[0], expected[0]]);
    assert_eq!(line(Measure::Load, 60, 60), vec![None; 60], "the ledger knows no load");
}

/// Class: hits that an engine doesn't report counted as none.
#[test]
fn the_hit_rate_of_the_time_before_is_that_of_those_who_tell_it() {
    let mut making = Making::new("2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z");
    making.0.began = making.0.since;
    minutes(&mut making, 10);
    let silent = making.account("gpu-02", None, "deepseek-r1", EngineRole::Unified);
    let since = making.0.since;
    for minute in 0..10 {
        making.tokens(since + Span::from_secs(minute * 60), silent, None, classes(90_000, 0, 10));
    }
    making.0.tokens.sort_by_key(|cell| cell.bucket);
    let history = History::default();
    history.read_past(&making.0);
    let hits = series(&history, Subject::Fleet, Measure::HitRate, since + Span::from_secs(600), 60, 10);
    assert!(hits.iter().all(|rate| (rate.unwrap() - 1.0 / 3.0).abs() < 1e-6), "{hits:?}");
}

#[test]
fn of_400_days_a_day_of_minutes_is_taken() {
    let end = instant("2026-11-23T10:00:00Z");
    let mut making = Making::default();
    (making.0.since, making.0.until) = (end - Span::from_secs(86_400), end);
    minutes(&mut making, 1440);
    let from = making.0.since;
    making.0.since = end - Span::from_secs(400 * 86_400);
    making.0.began = making.0.since;
    making.0.grains = vec![(making.0.since, Grain::Day), (from, Grain::Minute)];
    let (tokens, gpu_times) = (making.0.tokens[0], making.0.gpu_times[0]);
    for day in 2..400 {
        let bucket = end - Span::from_secs(day * 86_400);
        making.0.tokens.push(margintop::ledger::TokenCell { bucket, ..tokens });
        making.0.gpu_times.push(margintop::ledger::GpuTimeCell { bucket, ..gpu_times });
    }
    let history = History::default();
    history.read_past(&making.0);
    let points = series(&history, Subject::Fleet, Measure::Cost, end, 60, 100_000);
    assert_eq!(points.iter().flatten().count(), 1440);
    assert!(points.iter().flatten().all(|cost| (cost - 16.0).abs() < 1e-9));
    assert!(history.bytes() < 600_000, "{}", history.bytes());
}

#[test]
fn a_minute_that_goes_on_is_a_rate_of_what_is_over() {
    let (_home, path) = file();
    let history = History::default();
    let mut watch = LedgerWatch::at(&path, began()).with_history(history.clone());
    work(&mut watch, 0, 630);
    let until = began() + Span::from_secs(660);
    let cost = series(&history, Subject::Fleet, Measure::Cost, until, 60, 3);
    let rate = cost[0].unwrap();
    assert!(cost.iter().all(|cost| cost.is_some_and(|cost| (cost - rate).abs() < rate * 0.01)), "{cost:?}");
    watch.leave();
}

/// Class: a first poll in the middle of a minute. Its amount is that of the seconds that were watched, not of a minute.
#[test]
fn the_first_minute_is_a_rate_of_what_was_watched_of_it() {
    let (_home, path) = file();
    let history = History::default();
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(40)).with_history(history.clone());
    work(&mut watch, 0, 200);
    let until = began() + Span::from_secs(240);
    let cost = series(&history, Subject::Fleet, Measure::Cost, until, 60, 4);
    let rate = cost[1].unwrap();
    assert!(cost[..3].iter().all(|cost| cost.is_some_and(|cost| (cost - rate).abs() < rate * 0.01)), "{cost:?}");
    watch.leave();
}

/// Class: the first minute is filled from its beginning, also in seconds before the first poll.
#[test]
fn no_rate_is_known_of_the_seconds_before_the_watch() {
    let (_home, path) = file();
    let history = History::default();
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(40)).with_history(history.clone());
    work(&mut watch, 0, 200);
    let until = began() + Span::from_secs(120);
    for subject in [Subject::Fleet, node(), model()] {
        for measure in [Measure::Revenue, Measure::Cost, Measure::Profit] {
            let points = series(&history, subject.clone(), measure, until, 5, 24);
            assert_eq!(points[..8], [None; 8], "{subject:?} {measure:?}");
            assert!(points[10..].iter().all(Option::is_some), "{subject:?} {measure:?}: {points:?}");
        }
    }
    watch.leave();
}

/// Class: the points of the present minute are all redrawn as it goes on.
#[test]
fn a_fine_point_of_the_fleets_money_stays_as_its_minute_goes_on() {
    let (_home, path) = file();
    let history = History::default();
    let mut watch = LedgerWatch::at(&path, began()).with_history(history.clone());
    let mut known: Vec<[Option<f64>; 2]> = Vec::new();
    for step in 0..30 {
        work(&mut watch, step * 5, step * 5 + 5);
        let until = began() + Span::from_secs(step * 5 + 5);
        let of = |measure| series(&history, Subject::Fleet, measure, until, 5, known.len() + 1);
        let now: Vec<_> = of(Measure::Revenue).into_iter().zip(of(Measure::Cost)).map(|(a, b)| [a, b]).collect();
        assert_eq!(now[..known.len()], known, "after {} s", step * 5);
        known = now;
    }
    assert!(known[2..].iter().flatten().all(Option::is_some), "{known:?}");
    watch.leave();
}

#[test]
fn markers_of_the_ledger_are_events() {
    let at = began();
    let mark = |text: &str| Marker { at, text: Label::new(text) };
    let markers = ["deploy 1.4", "restart of http://gpu-01:8000", "deepseek-r1: list deepseek-r1-2025, tier off-peak"];
    let past =
        Past { since: at, until: at + Span::from_secs(60), markers: markers.map(mark).to_vec(), ..Past::default() };
    let history = History::default();
    (0..3).for_each(|_| history.read_past(&past));
    let kinds: Vec<_> = history.events(at, at + Span::from_secs(1), None).into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Marker, EventKind::Restart, EventKind::Price]);
    assert_eq!(history.events(at, at + Span::from_secs(1), Some(&model())).len(), 1);
}
