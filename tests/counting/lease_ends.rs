//! Leases that a person ends: what was posted after the end is taken back, and the lease stays ended.

use crate::costs::{after, began, fleet, lease};
use crate::support::gpus;

use margintop::fleet::{Fleet, FleetConfig};
use margintop::pricing::{Lease, Leased};
use margintop::reading::{Event, NodeName};
use margintop::units::{Moment, Span};

/// Class: what an end by hand takes back was posted at several rates, or is paid for other GPUs instead.
#[test]
fn an_end_by_hand_takes_back_what_was_posted() {
    let ended = |leases: Vec<Lease>, nodes: &[&str]| {
        let mut fleet = fleet(FleetConfig { leases, ..FleetConfig::local("a") });
        for minute in 0..=20 {
            for node in nodes {
                fleet.apply(gpus(node, "NVIDIA H100", 2, after(minute * 60_000)));
            }
            fleet.apply(Event::Tick(after(minute * 60_000)));
        }
        fleet.end_leases(vec![(1, NodeName::new("a"), after(300_000).wall)]);
        fleet.snapshot().money.cost.unwrap().to_string()
    };
    // Five minutes at 6.00, although the rate was 12.00 for the last ten.
    let edge = Some(after(600_000).wall);
    let rates = vec![Lease { until: edge, ..lease("6.00") }, Lease { from: edge, ..lease("12.00") }];
    assert_eq!(ended(rates, &["a"]), "1.00");
    // The lease of two GPUs pays for the other node from then on.
    let two = vec![Lease { gpus: Some(2), ..lease("6.00") }, lease("12.00")];
    assert_eq!(ended(two, &["a", "b"]), "6.00", "five minutes of both, fifteen of b at 6.00");
}

/// Class: a lease that was ended by hand pays again.
#[test]
fn a_lease_of_a_node_that_was_ended_by_hand_stays_ended() {
    let of_node = Lease::of(Leased::Node(NodeName::new("n")), "60.00".parse().unwrap());
    for gpus_leased in [None, Some(2)] {
        let lease = Lease { gpus: gpus_leased, ..of_node.clone() };
        let mut fleet = fleet(FleetConfig { leases: vec![lease], ..FleetConfig::local("n") });
        for minute in 0..=20 {
            fleet.apply(gpus("n", "NVIDIA H100", 2, after(minute * 60_000)));
            fleet.apply(Event::Tick(after(minute * 60_000)));
            if minute == 10 {
                fleet.end_leases(vec![(1, NodeName::new("n"), after(300_000).wall)]);
            }
        }
        // Five minutes by the lease, nothing until it reports again, and then the assumed rate.
        let cost = fleet.snapshot().money.cost.unwrap().to_string().parse::<f64>().unwrap();
        let due = 2.0 * (60.0 * 5.0 + 3.70 * 9.0) / 60.0;
        assert!((cost - due).abs() < 0.15, "{cost} for {due}, {gpus_leased:?}");
    }
}

/// Class: an end by hand takes back other milliseconds than were posted, and a minute has less than no GPU time.
#[test]
fn an_end_by_hand_takes_back_what_was_posted_while_the_calendar_was_slewed() {
    for slew in [-700, -70, 0, 70, 700] {
        // The calendar gains or loses up to 30 ms a minute, one millisecond at a time.
        let slewed = |second: i64| {
            let wall = began().wall + Span::from_millis(second * 1000 + second * slew / 1_500);
            Moment { wall, ..after(second * 1000) }
        };
        let mut fleet = fleet(FleetConfig { leases: vec![lease("6.00")], ..FleetConfig::local("n") });
        let watch = |fleet: &mut Fleet, seconds: std::ops::Range<i64>| {
            for second in seconds {
                for node in ["n", "m"] {
                    fleet.apply(gpus(node, "NVIDIA H100", 2, slewed(second)));
                }
                fleet.apply(Event::Tick(slewed(second)));
            }
        };
        watch(&mut fleet, 0..901);
        for (id, node, end) in [(1, "n", 150), (2, "m", 270)] {
            fleet.end_leases(vec![(id, NodeName::new(node), slewed(end).wall)]);
        }
        fleet.apply(Event::Tick(slewed(901)));
        let ledger = fleet.ledger();
        for (minute, sums) in ledger.minutes() {
            for (_, time) in sums.gpu_times() {
                assert!(time.allocated.millis() >= 0 && time.idle <= time.allocated, "{slew}: {minute} {time:?}");
            }
        }
        let cost = fleet.snapshot().money.cost.unwrap().to_string().parse::<f64>().unwrap();
        let due = 12.0 * (150.0 + 270.0) / 3_600.0;
        assert!((cost - due).abs() < 0.001, "{slew}: {cost} for {due}");
    }
}
