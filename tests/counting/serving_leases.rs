//! Leases with `when = "serving"`: their rent opens and closes with the tokens of the engines.

use margintop::fleet::{Fleet, FleetConfig};
use margintop::pricing::{Book, Lease, Leased, RentWhen};
use margintop::reading::{Event, NodeName};
use margintop::units::{Moment, Span, Timestamp};

use crate::support;
use support::{answered, answered_dated, at, counters, gpus, member, moment, page};

const MODEL: &str = "deepseek-r1";

fn began() -> Moment {
    moment("2025-02-20T10:00:00Z")
}

fn after(seconds: i64) -> Moment {
    at(began().wall + Span::from_secs(seconds))
}

#[allow(clippy::unnecessary_wraps, reason = "a page says its start or does not")]
fn started(seconds: i64) -> Option<Timestamp> {
    Some(after(seconds).wall)
}

fn poll(fleet: &mut Fleet, seconds: i64, value: u64, start: Option<Timestamp>) {
    fleet.apply(answered_dated("e", after(seconds), page(MODEL, counters(10 * value, 4 * value, value), start)));
}

/// Class: the time without an engine is paid once another process answers, as a restart or another engine on the node. The time of
/// a gap is paid where its tokens are: if the process continued.
#[test]
fn serving_leases_pay_no_time_without_an_engine() {
    let old = || started(-9000);
    // What answers at 100 s, after the engine last answered at 10 s; the seconds that are paid up to 110 s.
    let cases = [
        ("the same process", "e", 40, old(), 110),
        ("the same by a clock that jitters", "e", 40, old().map(|start| start + Span::from_millis(900)), 110),
        ("a restart", "e", 3, started(97), 10 + 13),
        ("a restart long ago", "e", 3, started(20), 10 + 90),
        ("another engine", "f", 3, started(97), 10 + 13),
        ("another without a start time", "f", 3, None, 10 + 10),
    ];
    for (what, name, made, start, paid) in cases {
        let lease =
            Lease { when: RentWhen::Serving, ..Lease::of(Leased::Gpu("H800".to_owned()), "3600".parse().unwrap()) };
        let targets = vec![member("e", "n", None), member("f", "n", None)];
        let config = FleetConfig { leases: vec![lease], targets, ..FleetConfig::local("box") };
        let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began());
        for seconds in 0..=110 {
            fleet.apply(gpus("n", "NVIDIA H800", 1, after(seconds)));
            let made = u64::try_from(seconds).unwrap() + made;
            match seconds {
                0..=10 => poll(&mut fleet, seconds, made, old()),
                100.. => fleet.apply(answered(name, after(seconds), page(MODEL, counters(0, 0, made), start))),
                _ => {}
            }
        }
        let cost = {
            fleet.apply(Event::Tick(after(110)));
            fleet.snapshot()
        }
        .money
        .cost
        .unwrap();
        assert_eq!(cost.rounded(2), i128::from(paid) * 100, "{what}: {cost:?}");
    }
}

/// Class: what a lease that is ended as of an earlier instant paid after it is taken back, also if it pays only while an engine
/// answers.
#[test]
fn an_end_in_the_past_takes_back_what_a_serving_lease_paid() {
    // When the engine is silent and the end, in minutes, and the cents that are paid.
    for (silent, end, paid) in [(0..0, 4, 400), (2..7, 4, 275), (2..7, 8, 375), (0..0, 10, 1000)] {
        let node = Leased::Node(NodeName::new("n"));
        let lease = Lease { when: RentWhen::Serving, ..Lease::of(node, "60".parse().unwrap()) };
        let targets = vec![member("e", "n", None)];
        let config = FleetConfig { leases: vec![lease], targets, ..FleetConfig::local("box") };
        let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began());
        let mut born = -9000;
        for minute in 0..=10_u64 {
            let seconds = i64::try_from(minute * 60).unwrap();
            fleet.apply(gpus("n", "NVIDIA X1", 1, after(seconds)));
            if silent.contains(&minute) && minute > silent.start {
                born = seconds + 60;
            } else {
                for second in [seconds, seconds + 15, seconds + 30, seconds + 45] {
                    poll(&mut fleet, second, 1 + u64::try_from(second).unwrap(), started(born));
                }
            }
        }
        fleet.end_leases(vec![(1, NodeName::new("n"), after(end * 60).wall)]);
        let cost = fleet.snapshot().money.cost.unwrap();
        assert_eq!(cost.rounded(2), paid, "silent {silent:?}, ended at {end}: {cost:?}");
    }
}
