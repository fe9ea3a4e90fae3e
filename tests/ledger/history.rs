//! The recent past: what is recorded of snapshots, where its gaps are, and how little it takes.
#![allow(clippy::cast_possible_wrap)]

use crate::past;
use crate::rows;
use crate::support;

use std::sync::Arc;

use margintop::fleet::{Fleet, FleetConfig};
use margintop::history::{EventKind, History, Measure, Query, Subject};
use margintop::pricing::Book;
use margintop::reading::{Label, ModelName, NodeName, Rank, TargetId, UnitName};
use margintop::snapshot::{Alert, NodeRow, Rule, Severity, Snapshot};
use margintop::units::{Ratio, Span, Timestamp};
use proptest::prelude::*;
use rows::{model, node, rank, unit};
use support::{instant, moment};

const TICK: Span = Span::from_secs(1);

fn began() -> Timestamp {
    instant("2025-03-10T10:00:00Z")
}

fn after(seconds: i64) -> Timestamp {
    began() + Span::from_secs(seconds)
}

/// A snapshot in which nothing is known.
fn empty(at: Timestamp) -> Snapshot {
    let fleet = Fleet::new(FleetConfig::local("box"), Book::built_in().unwrap(), moment("2025-03-10T10:00:00Z"));
    Snapshot { at, ..fleet.snapshot() }
}

/// A snapshot with a load and a rate of output.
fn poll(at: Timestamp, load: f64, output: f64) -> Snapshot {
    let mut snapshot = empty(at);
    snapshot.gpus.utilization = Ratio::new(load);
    snapshot.tokens.output_per_second = Some(output);
    snapshot
}

fn asked(
    history: &History,
    subject: Subject,
    measure: Measure,
    until: i64,
    step: i64,
    points: usize,
) -> Vec<Option<f64>> {
    let query = Query { subject, measure, until: after(until), step: Span::from_secs(step), points };
    history.series(&query).points
}

fn outputs(history: &History, until: i64, step: i64, points: usize) -> Vec<Option<f64>> {
    asked(history, Subject::Fleet, Measure::Output, until, step, points)
}

#[test]
fn a_point_is_five_seconds_and_what_nobody_watched_is_a_gap() {
    let history = History::default();
    for seconds in [0, 5, 20, 25] {
        assert!(history.record(&poll(after(seconds), 0.5, seconds as f64), TICK));
    }
    assert_eq!(outputs(&history, 30, 5, 7), [None, Some(0.0), Some(5.0), None, None, Some(20.0), Some(25.0)]);
    assert_eq!(outputs(&history, 33, 5, 2), [Some(20.0), Some(25.0)], "the end is a multiple of the step");
    assert_eq!(outputs(&history, 60, 60, 2), [None, Some(12.5)]);
    assert_eq!(outputs(&history, 30, 5, 0), []);
    assert_eq!(outputs(&History::default(), 30, 5, 2), [None, None]);
}

/// Class: an answer that is given again although the past has changed.
#[test]
fn an_answer_is_of_what_has_been_recorded_until_then() {
    let history = History::default();
    let mut known = Vec::new();
    for second in 0..60 {
        if history.record(&poll(after(second), 0.5, second as f64), TICK) {
            known.push(Some(second as f64));
        }
        let asked = outputs(&history, 60, 5, 12);
        assert_eq!(asked[..known.len()], known, "second {second}");
        assert_eq!(outputs(&history, 60, 5, 12), asked);
        // More than is remembered.
        let many: usize = (0..40).map(|points| outputs(&history, 60, 5, 700 + points).iter().flatten().count()).sum();
        assert_eq!(many, 40 * known.len());
    }
    assert!(history.bytes() < 1_500_000, "{} bytes", history.bytes());
}

#[test]
fn with_every_source_dead_there_is_a_gap_and_no_zero() {
    let history = History::default();
    history.record(&poll(after(0), 0.5, 100.0), TICK);
    for seconds in (5..60).step_by(5) {
        history.record(&empty(after(seconds)), TICK);
    }
    history.record(&poll(after(60), 0.5, 300.0), TICK);
    assert_eq!(outputs(&history, 65, 5, 13)[1..12], [None; 11]);
    assert_eq!(outputs(&history, 120, 60, 2), [Some(100.0), Some(300.0)], "a mean of what is known");
    assert_eq!(asked(&history, Subject::Fleet, Measure::Nodes, 10, 5, 1).len(), 1);
}

#[test]
fn nothing_is_recorded_twice() {
    let history = History::default();
    assert!(history.record(&poll(after(1), 0.5, 100.0), TICK));
    assert!(!history.record(&poll(after(4), 0.5, 900.0), TICK));
    assert!(!history.record(&poll(after(1), 0.5, 900.0), TICK));
    assert_eq!(outputs(&history, 5, 5, 1), [Some(100.0)]);
    assert!(history.record(&empty(after(7)), TICK));
    assert!(history.record(&poll(after(9), 0.5, 200.0), TICK), "what was not known yet is known now");
    assert_eq!(outputs(&history, 60, 60, 1), [Some(150.0)]);
}

#[test]
fn a_clock_that_is_set_leaves_a_gap_or_forgets_what_was_ahead() {
    let history = History::default();
    for seconds in (0..600).step_by(5) {
        history.record(&poll(after(seconds), 0.5, 100.0), TICK);
    }
    // Forward by an hour.
    history.record(&poll(after(4200), 0.5, 200.0), TICK);
    assert_eq!(outputs(&history, 4260, 60, 71)[10..], [vec![None; 60], vec![Some(200.0)]].concat());
    // Back by a minute less a second: it goes on where nothing is recorded yet.
    assert!(!history.record(&poll(after(4150), 0.5, 900.0), TICK), "another minute is closed");
    assert!(history.record(&poll(after(4205), 0.5, 220.0), TICK));
    assert_eq!(outputs(&history, 4260, 60, 1), [Some(210.0)]);
    // Back by more: what was ahead was recorded under a wrong time.
    assert!(history.record(&poll(after(300), 0.5, 300.0), TICK));
    let now = outputs(&history, 4260, 60, 71);
    assert_eq!((now[4], now[5]), (Some(100.0), Some(300.0)));
    assert_eq!(now[6..], [None; 65]);
}

#[test]
fn one_poll_a_minute_is_known_for_all_of_it_and_an_absence_is_not() {
    let history = History::default();
    let every = Span::from_secs(60);
    for minute in 0..5 {
        history.record(&poll(after(minute * 60), 0.5, minute as f64), every);
    }
    assert_eq!(outputs(&history, 245, 5, 24).iter().flatten().count(), 24);
    history.record(&poll(after(3600), 0.5, 9.0), every);
    assert_eq!(outputs(&history, 3000, 60, 10), [None; 10]);
}

#[test]
fn a_day_is_kept_by_the_minute_and_62_minutes_by_five_seconds() {
    let history = History::default();
    for minute in 0..3000 {
        history.record(&poll(after(minute * 60), 0.5, minute as f64), TICK);
    }
    let end = 3000 * 60;
    let minutes = outputs(&history, end, 60, 1501);
    assert_eq!((minutes[0], minutes.iter().flatten().count()), (None, 1500), "a local day may have 25 hours");
    assert_eq!(outputs(&history, end, 5, 1440).iter().flatten().count(), 62, "744 points, of which each 12th was seen");
    let hours = outputs(&history, end, 3600, 24);
    assert_eq!(hours[23], Some(2969.5), "the mean of 60 minutes");
    assert_eq!(outputs(&history, end, 60, 2_000_000).len(), 2_000_000);
}

/// A fleet of so many nodes with eight GPUs each, and so many engines with so many ranks.
fn fleet(at: Timestamp, nodes: usize, engines: usize, ranks: usize) -> Snapshot {
    let busy = |nth: usize| ((at.millis() / 5000) as usize * 37 + nth * 11) as f64 % 97.0 / 100.0;
    let mut snapshot = poll(at, 0.7, 2.4e6);
    let with_power = |mut node: NodeRow| {
        node.gpus.iter_mut().for_each(|gpu| gpu.power_watts = Some(500.0));
        Arc::new(node)
    };
    snapshot.nodes = (0..nodes).map(|nth| with_power(node(nth, 8, busy(nth)))).collect();
    snapshot.engines = (0..engines)
        .flat_map(|engine| (0..ranks).map(move |nth| Arc::new(rank(engine, nth, busy(nth) * 2_000.0))))
        .collect();
    snapshot.units = (0..engines).map(|nth| unit(nth, busy(nth))).collect();
    snapshot.models = vec![model(2.4e6)];
    snapshot
}

#[test]
fn every_subject_has_its_rings() {
    let history = History::default();
    for seconds in (0..60).step_by(5) {
        history.record(&fleet(after(seconds), 3, 2, 4), TICK);
    }
    let one = |subject: Subject, measure| asked(&history, subject, measure, 60, 60, 1)[0];
    let near = |value: Option<f64>, wanted: f64, error: f64| {
        assert!(value.is_some_and(|value| (value - wanted).abs() <= wanted * error), "{value:?} {wanted}");
    };
    near(one(Subject::Model(ModelName::new("deepseek-r1")), Measure::Output), 2.4e6, 0.002);
    near(one(Subject::Model(ModelName::new("deepseek-r1")), Measure::PromptCached), 4.8e6, 0.004);
    let load = |nth: usize| {
        let all = (0..12).map(|step| ((began().millis() / 5000) as usize + step) * 37 + nth * 11);
        all.map(|busy| busy as f64 % 97.0 / 100.0).sum::<f64>() / 12.0
    };
    near(one(Subject::Node(NodeName::new("gpu-0002")), Measure::Output), load(2) * 14_800.0, 0.004);
    near(one(Subject::Node(NodeName::new("gpu-0002")), Measure::Power), 8.0 * 500.0, 0.004);
    near(one(Subject::Unit(UnitName::new("unit-1")), Measure::Load), load(1), 0.004);
    let engine = TargetId::new("http://10.0.0.1:8000/metrics");
    near(one(Subject::Engine(engine.clone(), None), Measure::Waiting), 6.0, 0.002);
    near(one(Subject::Engine(engine.clone(), Some(Rank::new("3"))), Measure::Kv), 0.03, 0.1);
    near(one(Subject::Engine(engine.clone(), Some(Rank::new("3"))), Measure::Output), load(3) * 2_000.0, 0.04);
    near(one(Subject::Engine(engine.clone(), Some(Rank::new("3"))), Measure::Waiting), 3.0, 0.04);
    let loads = asked(&history, Subject::Gpu(NodeName::new("gpu-0001"), 2), Measure::Load, 60, 5, 13);
    assert_eq!((loads[0], loads.iter().flatten().count()), (None, 12));
    assert_eq!(one(Subject::Node(NodeName::new("gpu-9999")), Measure::Output), None);
    assert_eq!(one(Subject::Engine(engine, Some(Rank::new("9"))), Measure::Kv), None);
}

#[test]
fn a_subject_that_is_gone_for_an_hour_is_dropped_and_its_room_is_used_again() {
    let history = History::default();
    let nodes = |from: usize, minute: i64| {
        let mut snapshot = poll(after(minute * 60), 0.5, 1.0);
        snapshot.nodes = (from..from + 10).map(|nth| Arc::new(node(nth, 8, 0.5))).collect();
        history.record(&snapshot, TICK);
    };
    (0..10).for_each(|minute| nodes(0, minute));
    let before = history.bytes();
    for turn in 1..40 {
        (0..62).for_each(|minute| nodes(turn * 10, turn as i64 * 62 + minute));
        assert!(history.subjects() <= 20, "{}", history.subjects());
    }
    let (node, end) = (Subject::Node(NodeName::new("gpu-0390")), 40 * 62 * 60);
    assert!(asked(&history, node, Measure::Load, end, 60, 60).iter().flatten().all(|load| (load - 0.535).abs() < 0.01));
    assert!(history.bytes() < before + 400_000, "{} {before}", history.bytes());
}

#[test]
fn a_large_fleet_takes_no_more_than_four_megabytes() {
    let history = History::default();
    for minute in 0..70 {
        history.record(&fleet(after(minute * 60), 278, 38, 144), Span::from_secs(60));
    }
    assert!(history.subjects() > 5_800);
    let (past, now) = money::day(278, 38);
    for past in &past {
        history.read_past(past);
    }
    assert!(
        asked(&history, Subject::Node(NodeName::new("gpu-0007")), Measure::Cost, 86_400, 60, 1440)
            .iter()
            .flatten()
            .count()
            > 1_400,
        "{now}"
    );
    assert!(history.bytes() <= 4_000_000, "{} bytes", history.bytes());
}

/// A day of minutes.
mod money {
    use margintop::ledger::Past;
    use margintop::reading::EngineRole;
    use margintop::units::{GpuTime, Span, Timestamp};

    use super::past::{Making, R1, classes, gpu_time};

    /// By the hour, the newest first; the revenue of each minute is another one.
    pub(super) fn day(nodes: usize, units: usize) -> (Vec<Past>, Timestamp) {
        let since = super::began();
        let hour = |hour: i64| {
            let mut making = Making::default();
            (making.0.since, making.0.until) =
                (since + Span::from_secs(hour * 3600), since + Span::from_secs((hour + 1) * 3600));
            making.0.began = since;
            let tariff = making.tariff("deepseek-r1-standard", "standard", R1);
            let names = (0..nodes).map(|nth| (format!("gpu-{nth:04}"), format!("unit-{}", nth % units)));
            let accounts: Vec<_> = names
                .map(|(node, unit)| {
                    let pays = making.cost_account(Some(&node), Some(&unit), Some("2.00"));
                    (making.account(&node, Some(&unit), "deepseek-r1", EngineRole::Unified), pays)
                })
                .collect();
            for minute in 0..60 {
                let at = making.0.since + Span::from_secs(minute * 60);
                for (nth, (account, pays)) in accounts.iter().enumerate() {
                    let made = 1_000_000 + ((hour * 60 + minute) as u64 * 7_919 + nth as u64 * 104_729) % 500_000;
                    making.tokens(at, *account, Some(tariff), classes(made * 4, made * 2, made));
                    making.rent(at, *pays, gpu_time(8, 1), GpuTime::ZERO);
                }
            }
            making.0
        };
        ((0..24).rev().map(hour).collect(), since + Span::from_secs(86_400))
    }
}

#[test]
fn alerts_begin_and_end_and_nodes_come_and_go() {
    let history = History::default();
    let seen = |seconds: i64, nodes: usize, alert: bool| {
        let mut snapshot = fleet(after(seconds), nodes, 0, 0);
        snapshot.alerts.extend(alert.then(|| Alert {
            rule: Rule::GpuLost,
            severity: Severity::Critical,
            subject: Label::new("gpu-0001 GPU 3"),
            since: after(100),
            text: Label::new("lost"),
        }));
        history.record(&snapshot, TICK);
    };
    seen(0, 2, false);
    seen(30, 3, false);
    seen(100, 3, true);
    seen(105, 3, true);
    seen(200, 3, false);
    seen(205, 4, false);
    seen(210, 1, false);
    let all = history.events(after(0), after(1000), None);
    let said: Vec<_> = all.iter().map(|event| (event.kind, event.text.as_str())).collect();
    assert_eq!(
        said,
        [
            (EventKind::Alert(Rule::GpuLost, Severity::Critical), "lost"),
            (EventKind::Joined, "node joined"),
            (EventKind::Left, "3 nodes left: gpu-0001, gpu-0002, gpu-0003"),
        ],
        "what answered in the first minute was there before"
    );
    assert_eq!((all[0].at, all[0].until), (after(100), Some(after(200))));
    let lost = Subject::Gpu(NodeName::new("gpu-0001"), 3);
    assert_eq!(history.events(after(150), after(160), Some(&lost)), [all[0].clone()]);
    assert!(history.events(after(201), after(204), None).is_empty());
}

#[test]
fn the_log_of_events_is_bounded() {
    let history = History::default();
    for minute in 0..3_000_i64 {
        let mut snapshot = fleet(after(minute * 60), 1 + (minute % 2) as usize, 0, 0);
        snapshot.alerts.clear();
        history.record(&snapshot, TICK);
    }
    let all = history.events(after(0), after(1_000_000), None);
    assert_eq!(all.len(), 1_000);
    assert_eq!(all.last().unwrap().at, after(2_999 * 60));
}

/// Polls steps of a minute.
type Polls = Vec<(i64, f64)>;

fn shuffled() -> impl Strategy<Value = (Polls, Polls)> {
    let polls = prop::collection::btree_map(0..12_i64, 0.0..1e9_f64, 1..12);
    polls.prop_flat_map(|polls| {
        let polls: Vec<_> = polls.into_iter().collect();
        (Just(polls.clone()), Just(polls).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_minute_is_the_same_whatever_the_order_of_its_polls((ordered, shuffled) in shuffled()) {
        let minute = |polls: &[(i64, f64)]| {
            let history = History::default();
            for (slot, output) in polls {
                let mut snapshot = fleet(after(slot * 5), 2, 1, 2);
                snapshot.tokens.output_per_second = Some(*output);
                snapshot.nodes = vec![Arc::new(NodeRow { output_per_second: Some(*output), ..node(1, 8, 0.5) })];
                history.record(&snapshot, TICK);
            }
            history.record(&poll(after(60), 0.5, 1.0), TICK);
            let engine = Subject::Engine(TargetId::new("http://10.0.0.0:8000/metrics"), Some(Rank::new("1")));
            [Subject::Fleet, Subject::Node(NodeName::new("gpu-0001")), engine]
                .map(|subject| asked(&history, subject, Measure::Output, 60, 60, 1))
        };
        prop_assert_eq!(minute(&ordered), minute(&shuffled));
    }
}

/// Class: what is read later takes the place of what was seen.
#[test]
fn what_was_recorded_stays_when_the_ledger_is_read() {
    let mut making = past::Making::new("2025-03-10T10:00:00Z", "2025-03-10T11:00:00Z");
    let tariff = making.tariff("deepseek-r1-standard", "standard", past::R1);
    let account = making.account("gpu-01", None, "deepseek-r1", margintop::reading::EngineRole::Unified);
    for minute in 0..60 {
        making.tokens(after(minute * 60), account, Some(tariff), past::classes(4_000, 2_000, 600));
    }
    let history = History::default();
    history.record(&poll(after(1_810), 0.5, 42.0), Span::from_secs(5));
    history.read_past(&making.0);
    assert_eq!(outputs(&history, 1_920, 60, 3), [Some(10.0), Some(42.0), Some(10.0)]);
    let fine = outputs(&history, 1_820, 5, 4);
    assert_eq!(fine, [None, None, Some(42.0), None], "what was not seen of a minute that was watched is a gap");
}

/// Class: young charts of nodes, units and models are slabs of a minute, beside those of the fleet.
#[test]
fn subjects_of_a_small_fleet_are_kept_in_steps_of_five_seconds() {
    let history = History::default();
    for seconds in (0..180).step_by(5) {
        history.record(&fleet(after(seconds), 3, 2, 4), TICK);
    }
    let subjects = [
        Subject::Node(NodeName::new("gpu-0002")),
        Subject::Unit(UnitName::new("unit-1")),
        Subject::Engine(TargetId::new("http://10.0.0.1:8000/metrics"), None),
    ];
    for subject in subjects {
        let points = asked(&history, subject.clone(), Measure::Output, 180, 5, 36);
        let different = points.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(different > 24, "{subject:?}: {different} changes in {points:?}");
        assert!(history.is_fine(&subject));
    }
    let power = asked(&history, Subject::Node(NodeName::new("gpu-0002")), Measure::Power, 180, 5, 36);
    assert!(power.iter().flatten().all(|watts| (watts - 4_000.0).abs() < 10.0), "{power:?}");
    // The future and unwatched time are unknown.
    assert_eq!(asked(&history, Subject::Node(NodeName::new("gpu-0002")), Measure::Output, 190, 5, 2), [None, None]);
    history.record(&fleet(after(230), 3, 2, 4), TICK);
    let gap = asked(&history, Subject::Node(NodeName::new("gpu-0002")), Measure::Output, 235, 5, 11);
    assert_eq!(gap.iter().flatten().count(), 1, "{gap:?}");
}

/// Class: of a simulated past that is polled every five minutes, a minute of each node is known and four are not.
#[test]
fn a_snapshot_that_covers_minutes_is_known_for_all_of_them() {
    let history = History::default();
    for minute in (5..=30).step_by(5) {
        history.record(&fleet(after(minute * 60), 3, 2, 4), Span::from_secs(300));
    }
    for subject in [Subject::Fleet, Subject::Node(NodeName::new("gpu-0002")), Subject::Unit(UnitName::new("unit-1"))] {
        let known = |step: i64, points| asked(&history, subject.clone(), Measure::Output, 30 * 60, step, points);
        assert_eq!(known(60, 25).iter().flatten().count(), 25, "{subject:?}");
        assert_eq!(known(5, 300).iter().flatten().count(), 300, "{subject:?}");
    }
}
