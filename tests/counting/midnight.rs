//! The sums of the day that begins at local midnight are those of its minutes, which a report adds up.

use crate::support;

use std::collections::BTreeMap;

use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::ledger::Ledger;
use margintop::pricing::{Book, Lease, Leased, Overhead, RentWhen};
use margintop::reading::{Event, GpuId, GpuReading, Label, NodeName};
use margintop::units::{Energy, Moment, Money, PowerPrice, Span, Timestamp};
use support::{answered, at, counters, instant, member, page};

type Rents = BTreeMap<usize, [i64; 3]>;
type Tokens = BTreeMap<usize, u64>;

fn of_day(ledger: &Ledger) -> (Rents, Tokens) {
    sums([ledger.today()].into_iter())
}

fn of_minutes(ledger: &Ledger, since: Timestamp) -> (Rents, Tokens) {
    sums(ledger.minutes().filter(|(minute, _)| *minute >= since).map(|(_, sums)| sums))
}

fn sums<'a>(all: impl Iterator<Item = &'a margintop::ledger::PostingSums>) -> (Rents, Tokens) {
    let (mut gpu_times, mut tokens) = (Rents::new(), Tokens::new());
    for sums in all {
        for (account, time) in sums.gpu_times() {
            let sum = gpu_times.entry(account.index()).or_default();
            *sum = [sum[0] + time.allocated.millis(), sum[1] + time.idle.millis(), sum[2] + time.energy];
        }
        for (account, _, classes) in sums.tokens() {
            *tokens.entry(account.index()).or_default() += classes.total().count();
        }
    }
    (gpu_times, tokens)
}

fn leases() -> Vec<Lease> {
    let power = PowerPrice { kwh: "1000".parse().unwrap(), pue: "1.0".parse().unwrap() };
    let of = |leased, rate: &str| Lease::of(leased, rate.parse().unwrap());
    vec![
        Lease { power: Some(power), ..of(Leased::Gpu("H100".to_owned()), "3.60") },
        Lease { gpus: Some(2), ..of(Leased::Node(NodeName::new("rented")), "3600") },
        Lease { when: RentWhen::Serving, ..of(Leased::Gpu("H200".to_owned()), "4.50") },
    ]
}

fn cards(joules: u64) -> Vec<GpuReading> {
    let card = |id: &str, name: &str| GpuReading {
        id: Some(GpuId::from_uuid(id)),
        name: Some(Label::new(name)),
        energy: Some(Energy::new(5_000_000_000 + joules * 1000)),
        ..GpuReading::default()
    };
    vec![card("GPU-1", "NVIDIA H100"), card("GPU-2", "NVIDIA H200")]
}

/// What happens between two polls that are `steps` apart, in milliseconds from midnight.
fn watch(zone: &str, midnight: Timestamp, steps: &[i64], reports: impl Fn(i64) -> (bool, bool)) {
    let zone = jiff::tz::TimeZone::get(zone).unwrap();
    let overhead = Overhead { per_hour: Some("3600".parse().unwrap()), of_revenue: None };
    let (targets, leases) = (vec![member("e", "n", None)], leases());
    let config = FleetConfig { zone: Some(zone), targets, leases, overhead, ..FleetConfig::local("n") };
    let moment = |millis: i64| -> Moment { at(midnight + Span::from_millis(millis)) };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), moment(steps[0]));
    fleet.restore(SavedState::default(), Span::from_secs(86_400));
    for step in steps {
        let (gpus, engine) = reports(*step);
        let made = u64::try_from(step - steps[0]).unwrap();
        if gpus {
            fleet.apply(Event::nvml(NodeName::new("n"), moment(*step), Ok(cards(made))));
        }
        if engine {
            let tokens = counters(10 * made, 4 * made, made);
            fleet.apply(answered(
                "e",
                moment(*step),
                page("deepseek-r1", tokens, Some(midnight - Span::from_secs(900))),
            ));
        }
        fleet.apply(Event::Tick(moment(*step)));
        let began = fleet.ledger().day_began();
        assert_eq!(began == midnight, *step >= 0, "{step}");
        if *step >= 0 {
            assert_eq!(of_day(fleet.ledger()), of_minutes(fleet.ledger(), midnight), "at {step}");
        }
    }
    let cost = fleet.snapshot().money.cost.unwrap();
    let passed = Money::from_micros(3_000_000 * *steps.last().unwrap() / 1000);
    assert!(cost > passed, "{cost} of {passed}: overhead and the scheduled lease alone");
}

const DAYS: [(&str, &str); 6] = [
    ("UTC", "2026-11-30T00:00:00Z"),
    ("Asia/Kolkata", "2026-11-29T18:30:00Z"),
    // The day after clocks were set, and days that begin with it.
    ("Europe/Berlin", "2026-10-25T23:00:00Z"),
    ("America/Asuncion", "2024-10-06T04:00:00Z"),
    ("Asia/Beirut", "2026-03-28T22:00:00Z"),
    ("Atlantic/Azores", "2026-10-25T00:00:00Z"),
];

/// Class: what is posted up to the first event of a day is in the sums of neither day.
#[test]
fn the_interval_that_crosses_midnight_is_in_the_day() {
    for (zone, midnight) in DAYS {
        for steps in [&[-500, 500, 1000, 1500][..], &[-61_000, -700, 1, 2000, 62_000], &[-2000, 0, 61_500, 63_000]] {
            watch(zone, instant(midnight), steps, |_| (true, true));
        }
    }
}

/// The same while sources are silent over it, and are bridged after it.
#[test]
fn a_silence_over_midnight_is_in_the_day() {
    let steps = [-9000, -8000, -4000, -500, 700, 5000, 6000, 65_000];
    for (zone, midnight) in DAYS {
        let silent = |step| (-5000..5000).contains(&step);
        watch(zone, instant(midnight), &steps, |step| (!silent(step), true));
        watch(zone, instant(midnight), &steps, |step| (true, !silent(step)));
        watch(zone, instant(midnight), &steps, |step| (!silent(step), !silent(step)));
    }
}

/// The same of a machine that slept over it.
#[test]
fn a_sleep_over_midnight_is_in_the_day() {
    for (zone, midnight) in DAYS {
        watch(zone, instant(midnight), &[-9000, -8000, 3_000_000, 3_000_500], |_| (true, true));
    }
}
