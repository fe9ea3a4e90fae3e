//! GPUs whose names come after they were first seen: the time before it is paid like the time after it.

use crate::support;

use crate::restart::{restart, saved};
use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::pricing::{Book, Lease, Leased, RentWhen};
use margintop::reading::{Event, GpuId, GpuReading, Label, NodeName};
use margintop::units::{Moment, Money, Span};
use support::{answered, at, counters, member, moment, page};

const H800: &str = "NVIDIA H800";

fn began() -> Moment {
    moment("2025-02-20T10:00:00Z")
}

fn after(seconds: i64) -> Moment {
    at(began().wall + Span::from_secs(seconds))
}

fn config(leases: &[Lease]) -> FleetConfig {
    FleetConfig { leases: leases.to_vec(), ..FleetConfig::local("n") }
}

fn fleet(leases: &[Lease]) -> Fleet {
    let mut fleet = Fleet::new(config(leases), Book::built_in().unwrap(), began());
    fleet.restore(SavedState::default(), Span::from_secs(86_400));
    fleet
}

/// A driver's report of four GPUs.
fn report(seconds: i64, name: &str) -> Event {
    let gpu = |index| GpuReading {
        index,
        id: Some(GpuId::from_uuid(&format!("GPU-n-{index}"))),
        name: Some(Label::new(name)).filter(|_| !name.is_empty()),
        ..GpuReading::default()
    };
    Event::nvml(NodeName::new("n"), after(seconds), Ok((0..4).map(gpu).collect()))
}

fn of_gpu(rate: &str) -> Lease {
    Lease::of(Leased::Gpu("H800".to_owned()), rate.parse().unwrap())
}

/// What four GPUs at $2 an hour cost in so many seconds.
fn two_dollars(seconds: i64) -> Money {
    Money::from_micros(seconds * 4 * 2_000_000 / 3600)
}

/// The GPU time in milliseconds that is posted under a name.
fn allocated(fleet: &Fleet, name: &str) -> i64 {
    let accounts = fleet.ledger().cost_accounts();
    let of_name = fleet.ledger().today().gpu_times().filter(|(id, _)| accounts[id.index()].gpu.as_str() == name);
    of_name.map(|(_, time)| time.allocated.millis()).sum()
}

/// Class: time before a name was known is never paid.
#[test]
fn the_time_before_a_name_is_paid_when_it_is_known() {
    let until = Lease { until: Some(after(1_200).wall), ..of_gpu("2") };
    let of_node = Lease::of(Leased::Node(NodeName::new("n")), "2".parse().unwrap());
    for leases in
        [vec![of_gpu("2")], vec![until, Lease { from: Some(after(1_200).wall), ..of_gpu("2") }], vec![of_node]]
    {
        for named in [10, 90, 1_800, 3_500] {
            let mut fleet = fleet(&leases);
            for seconds in (0..=3_600).step_by(10) {
                fleet.apply(report(seconds, if seconds < named { "" } else { H800 }));
                fleet.apply(Event::Tick(after(seconds) + Span::from_millis(20)));
                let rate = fleet.snapshot().money.cost_per_hour;
                let is_due = seconds >= named.max(10);
                assert!(rate.map_or(!is_due, |rate| rate == Money::from_micros(8_000_000)), "{seconds} s: {rate:?}");
            }
            let snapshot = fleet.snapshot();
            assert_eq!(
                snapshot.money.cost.map(|cost| cost.rounded(4)),
                Some(two_dollars(3_600).rounded(4)),
                "{named} s"
            );
            assert_eq!(allocated(&fleet, ""), 0, "{named} s");
        }
    }
}

/// The same over a restart of margintop while no name is known.
#[test]
fn a_restart_before_the_name_is_known_changes_nothing() {
    let leases = [of_gpu("2")];
    let mut fleet = fleet(&leases);
    for seconds in (0..=1_000).step_by(10) {
        fleet.apply(report(seconds, ""));
    }
    let saved = saved(&mut fleet);
    let mut fleet = restart(&fleet, config(&leases), saved, after(1_010));
    for seconds in (1_010..=3_600).step_by(10) {
        fleet.apply(report(seconds, if seconds < 2_000 { "" } else { H800 }));
    }
    assert_eq!(allocated(&fleet, "H800"), 4 * 3_600_000);
}

/// While the name is not known, neither is the cost.
#[test]
fn without_a_name_the_cost_is_unknown() {
    let mut fleet = fleet(&[of_gpu("2")]);
    for seconds in (0..=600).step_by(10) {
        fleet.apply(report(seconds, ""));
        let money = fleet.snapshot().money;
        assert_eq!((money.cost, money.cost_per_hour), (None, None), "{seconds} s");
    }
}

/// A lease that pays while engines answer pays for none of the time before, in which none did.
#[test]
fn a_lease_that_pays_while_serving_pays_for_no_other_time() {
    let mut fleet = fleet(&[Lease { when: RentWhen::Serving, ..of_gpu("2") }]);
    for seconds in (0..=600).step_by(10) {
        fleet.apply(report(seconds, if seconds < 300 { "" } else { H800 }));
    }
    assert_eq!(fleet.snapshot().money.cost.unwrap_or_default(), Money::ZERO);
}

/// A fleet of the node and an engine on it.
fn with_engine(leases: &[Lease]) -> Fleet {
    let config = FleetConfig { targets: vec![member("e", "n", None)], ..config(leases) };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began());
    fleet.restore(SavedState::default(), Span::from_secs(86_400));
    fleet
}

/// Class: revenue of the time before a name was known stays without a cost, though its GPU time is paid.
#[test]
fn what_was_earned_before_the_name_has_a_cost_when_it_is_known() {
    let later = Lease { from: Some(after(600).wall), ..Lease::of(Leased::Gpu("Z1".to_owned()), "2".parse().unwrap()) };
    for (what, name, leases, named, uncosted) in [
        ("at once", H800, vec![of_gpu("2")], 10, 0),
        ("a minute", H800, vec![of_gpu("2")], 90, 0),
        ("half an hour", H800, vec![of_gpu("2")], 1_800, 0),
        ("no rate", "Z1", vec![of_gpu("2")], 300, 1_800),
        // A rate that begins later moves no earlier revenue into profit.
        ("a later rate", "Z1", vec![later], 1_200, 600),
    ] {
        let mut fleet = with_engine(&leases);
        for seconds in (0..=1_800).step_by(10) {
            fleet.apply(report(seconds, if seconds < named { "" } else { name }));
            let made = 5_000 + 1_000 * seconds.unsigned_abs();
            fleet.apply(answered("e", after(seconds), page("deepseek-r1", counters(made, 0, made), None)));
            fleet.apply(Event::Tick(after(seconds) + Span::from_millis(20)));
        }
        let money = fleet.snapshot().money;
        let revenue = money.revenue.unwrap();
        let left = revenue.scaled(uncosted, 1_800).unwrap();
        let off = (money.uncosted_revenue - left).rounded(6).abs();
        assert!(
            off <= revenue.scaled(10, 1_800).unwrap().rounded(6),
            "{what}: {} of {revenue}",
            money.uncosted_revenue
        );
        if uncosted == 0 {
            assert_eq!(money.uncosted_revenue, Money::ZERO, "{what}");
            assert_eq!(
                money.profit.map(|profit| profit.rounded(4)),
                money.cost.map(|cost| (revenue - cost).rounded(4))
            );
            let [profit, earned, cost] = [money.profit_per_hour, money.revenue_per_hour, money.cost_per_hour];
            assert_eq!(profit, earned.zip(cost).map(|(earned, cost)| earned - cost), "{what}");
        }
    }
}

/// Class: what is corrected or taken back after that is taken from the account that it was moved from, and falls below zero.
#[test]
fn what_was_moved_is_corrected_where_it_is() {
    for corrects in ["hits", "a trial"] {
        let mut fleet = with_engine(&[of_gpu("2")]);
        for seconds in (0..=300).step_by(10) {
            fleet.apply(report(seconds, if seconds < 100 { "" } else { H800 }));
            let made = 1_000 * seconds.unsigned_abs();
            let (prompt, hits, output) = match corrects {
                // Half of the prompts become hits after the name is known.
                "hits" => (made, if seconds < 120 { 0 } else { made / 2 }, made / 10),
                // A second process that is taken for a restart, until the first one is back.
                _ if (50..=120).contains(&seconds) => (made - 49_000, 0, (made - 49_000) / 10),
                _ => (9_000_000 + made, 0, 900_000 + made / 10),
            };
            fleet.apply(answered("e", after(seconds), page("deepseek-r1", counters(prompt, hits, output), None)));
            fleet.apply(Event::Tick(after(seconds) + Span::from_millis(20)));
        }
        let ledger = fleet.ledger();
        let uncosted: Vec<_> =
            ledger.today().tokens().filter(|(account, ..)| !ledger.accounts()[account.index()].costed).collect();
        assert!(uncosted.iter().all(|(.., tokens)| tokens.is_zero()), "{corrects}: {uncosted:?}");
        let pending = fleet.take_changes().unwrap().postings;
        assert!(
            pending.tokens.values().all(|change| change.miss >= 0 && change.hit >= 0 && change.output >= 0),
            "{corrects}"
        );
        assert!(pending.tokens.values().any(|change| change.output > 0), "{corrects}");
    }
}
