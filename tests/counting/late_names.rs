//! GPUs whose names come after they were first seen: the time before it is paid like the time after it.

use crate::support;

use crate::restart::{restart, saved};
use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::pricing::{Book, Lease, Leased, RentWhen};
use margintop::reading::{Event, GpuId, GpuReading, Label, NodeName};
use margintop::units::{Moment, Money, Span};
use support::{at, moment};

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
fn held(fleet: &Fleet, name: &str) -> i64 {
    let accounts = fleet.ledger().cost_accounts();
    let of_name = fleet.ledger().today().rents().filter(|(id, _)| accounts[id.index()].gpu.as_str() == name);
    of_name.map(|(_, time)| time.held.millis()).sum()
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
            let picture = fleet.snapshot();
            assert_eq!(
                picture.money.cost.map(|cost| cost.rounded(4)),
                Some(two_dollars(3_600).rounded(4)),
                "{named} s"
            );
            assert_eq!(held(&fleet, ""), 0, "{named} s");
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
    assert_eq!(held(&fleet, "H800"), 4 * 3_600_000);
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
