//! Machines that answer by turns at one address and call themselves alike: each page lists other GPUs at the same indices,
//! and each GPU is paid from when it was first seen.
//!
//! Each test names the class of fault that it stands for.

use crate::inventory::{A, World, cards, page};
use crate::reports::scene::{HERE, Scene, after, near, read, target};
use crate::support::answered;
use margintop::fleet::TargetInfo;
use margintop::reading::Health;
use margintop::snapshot::Rule;
use margintop::units::{Moment, Span};

/// Two GPUs of the nth machine, from 0.
fn machine(nth: u32) -> Vec<(u32, Option<u32>)> {
    cards(&[10 * nth + 1, 10 * nth + 2])
}

fn here() -> Vec<TargetInfo> {
    vec![target(A, None)]
}

/// A machine answers, and a second passes.
fn answer(world: &mut World, label: Option<&str>, gpus: &[(u32, Option<u32>)]) {
    world.take(&[(A, page(label, gpus))]);
}

/// Polls which find these machines, one a second. Returns the GPU-seconds from when each was first seen.
fn poll(world: &mut World, label: Option<&str>, machines: &[u32]) -> i64 {
    let first = world.second;
    for nth in machines {
        answer(world, label, &machine(*nth));
    }
    let last = world.second - 1;
    let seen = |nth| machines.iter().position(|found| *found == nth).map(|at| first + i64::try_from(at).unwrap());
    (0..10).filter_map(seen).map(|since| 2 * (last - since)).sum()
}

/// Machines that answer in these orders, repeated until all have been seen again.
const ORDERS: [&[u32]; 6] = [
    &[0, 1],
    &[0, 1, 2],
    &[0, 0, 0, 0, 0, 1, 1, 1, 1, 1],
    &[0, 0, 1, 2, 2, 1, 0, 2, 0, 1, 1, 0, 0, 2, 1],
    &[2, 0, 1, 1, 0, 2],
    &[0, 1, 2, 3, 4, 5, 6, 7],
];

/// Class: the cards of each page taken for replaced by those of the next one, and nothing is paid.
#[test]
fn machines_that_answer_by_turns_are_all_paid() {
    for label in [Some("localhost"), Some("dcgm"), None] {
        for order in ORDERS {
            let mut world = World::of(here());
            let paid = poll(&mut world, label, &order.repeat(4));
            assert_eq!(world.allocated().0, paid, "{label:?} {order:?}");
            let gpus: usize = world.nodes().iter().map(|(_, gpus)| gpus.len()).sum();
            assert_eq!(gpus, 2 * (1 + *order.iter().max().unwrap() as usize), "{order:?}");
            let lost =
                world.nodes().iter().flat_map(|(_, gpus)| gpus).filter(|(_, state)| *state != Health::Live).count();
            assert_eq!((lost, world.alerts(Rule::GpuLost).len()), (0, 0), "{order:?}");
            assert_eq!(world.alerts(Rule::SharedAddress), [A], "{order:?}");
        }
    }
}

/// Class: the same, and margintop is killed between two turns.
#[test]
fn machines_that_answer_by_turns_are_all_paid_over_a_restart() {
    for label in [Some("localhost"), None] {
        for order in ORDERS {
            for (killed, away) in (1..10).map(|killed| (killed, i64::try_from(killed % 2).unwrap() * 5)) {
                let mut world = World::of(here());
                let (polls, mut first) = (order.repeat(4), [None; 10]);
                for (at, nth) in polls.iter().enumerate() {
                    if at == killed {
                        world.restart(here(), away);
                    }
                    let _ = first[*nth as usize].get_or_insert(world.second);
                    answer(&mut world, label, &machine(*nth));
                }
                let last = world.second - 1;
                let paid: i64 = first.into_iter().flatten().map(|since| 2 * (last - since)).sum();
                assert_eq!(world.allocated().0, paid, "{label:?} {order:?} killed at {killed} for {away}");
            }
        }
    }
}

/// Class: a verdict on turns that keeps a card which was really replaced.
#[test]
fn a_card_that_is_replaced_is_paid_until_it_was_last_seen() {
    for restarted in [false, true] {
        let mut world = World::of(here());
        (0..=10).for_each(|_| answer(&mut world, Some("localhost"), &cards(&[1, 2])));
        if restarted {
            world.restart(here(), 0);
        }
        (0..=1000).for_each(|_| answer(&mut world, Some("localhost"), &cards(&[9, 2])));
        assert_eq!(world.allocated().0, 10 + 1011 + 1000);
        assert_eq!((world.snapshot().gpus.count, world.alerts(Rule::SharedAddress).len()), (2, 0));
        // The former one is put back.
        (0..=10).for_each(|_| answer(&mut world, Some("localhost"), &cards(&[1, 2])));
        assert_eq!(world.allocated().0, 10 + 1022 + 1000 + 10);
        assert_eq!((world.snapshot().gpus.count, world.alerts(Rule::SharedAddress).len()), (2, 0));
    }
}

/// Class: a whole machine is replaced, and put back an hour later.
#[test]
fn a_machine_that_is_back_after_an_hour_had_been_replaced() {
    let mut world = World::of(here());
    (0..=10).for_each(|_| answer(&mut world, Some("localhost"), &machine(0)));
    (0..=3600).for_each(|_| answer(&mut world, Some("localhost"), &machine(1)));
    (0..=10).for_each(|_| answer(&mut world, Some("localhost"), &machine(0)));
    assert_eq!(world.allocated().0, 20 + 7200 + 20);
    assert_eq!((world.snapshot().gpus.count, world.alerts(Rule::SharedAddress).len()), (2, 0));
}

/// Class: a card of one of the machines that is replaced while they take turns.
#[test]
fn a_card_that_is_replaced_between_turns_is_released() {
    let mut world = World::of(here());
    let both = |world: &mut World, first: &[u32]| {
        answer(world, Some("localhost"), &cards(first));
        answer(world, Some("localhost"), &machine(1));
    };
    (0..5).for_each(|_| both(&mut world, &[1, 2]));
    let before = world.second;
    (0..5).for_each(|_| both(&mut world, &[1, 9]));
    let last = world.second - 1;
    // It was last seen two seconds before the new one was first.
    assert_eq!(world.allocated().0, last + (before - 2) + (last - before) + 2 * (last - 1));
    assert_eq!(world.snapshot().gpus.count, 4);
}

/// Class: one of the machines stops: it is silent, lost and paid, and the verdict ends.
#[test]
fn a_machine_that_stops_taking_turns_is_lost_and_paid() {
    let mut world = World::of(here());
    let _ = poll(&mut world, Some("localhost"), &[0, 1, 0, 1, 0, 1]);
    for (seconds, alerts) in [(40, 1), (600, 0)] {
        (0..seconds).for_each(|_| answer(&mut world, Some("localhost"), &machine(1)));
        let last = world.second - 1;
        assert_eq!(world.allocated().0, 2 * last + 2 * (last - 1));
        let states: Vec<Health> = world.nodes()[0].1.iter().map(|(_, state)| *state).collect();
        assert_eq!(states.iter().filter(|state| **state == Health::Lost).count(), 2);
        assert_eq!((world.alerts(Rule::GpuLost).len(), world.alerts(Rule::SharedAddress).len()), (2, alerts));
    }
    // It answers again.
    answer(&mut world, Some("localhost"), &machine(0));
    let last = world.second - 1;
    assert_eq!(world.allocated().0, 2 * last + 2 * (last - 1));
}

/// An H100 on an exporter's page, of the nth machine, which has drawn so many joules.
fn board(nth: u64, index: u32, joules: u64) -> String {
    let labels = format!(
        "gpu=\"{index}\",UUID=\"GPU-{nth:08x}-1111-2222-3333-44444444444{index}\",modelName=\"NVIDIA H100 80GB HBM3\",Hostname=\"localhost\""
    );
    format!(
        "DCGM_FI_DEV_GPU_UTIL{{{labels}}} 90\nDCGM_FI_DEV_POWER_USAGE{{{labels}}} 400\n\
         DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{{{labels}}} {}\n",
        joules * 1000
    )
}

/// The cost of two machines of two GPUs each that answer by turns for 20 s, and its alerts.
fn cost(prices: &str) -> f64 {
    let mut scene = Scene::priced(prices, vec![target(HERE, None)]);
    scene.poll(0..=20, |n, second| (0..2).map(|index| board(n % 2, index, second * 400)).collect());
    scene.snapshot(20).money.cost.unwrap().to_string().parse().unwrap()
}

/// Class: energy of the turns that a machine was not asked.
#[test]
fn machines_that_answer_by_turns_pay_for_what_they_drew() {
    // One was last read a second before the end; the other is known a second later, and draws from then on.
    let hours = (2.0 * 20.0 + 2.0 * 19.0) / 3600.0;
    let drawn = (2.0 * 20.0 + 2.0 * 18.0) * 0.4 / 3600.0;
    let right = hours + drawn * 0.1;
    assert!((cost("power.toml") - right).abs() < 2e-6, "{} is not {right}", cost("power.toml"));
}

/// Class: a rate of a node, or the provider's rounding, posted at each turn.
#[test]
fn machines_that_answer_by_turns_cost_what_their_node_costs() {
    assert!(near(cost("node_rate.toml"), 20.0 / 3600.0 * 10.0), "{}", cost("node_rate.toml"));
    let rounded = cost("rounded.toml");
    assert!(near(rounded, (40.0 + 38.0) / 3600.0 * 3.6), "{rounded}");
}

/// Class: a calendar that moves by milliseconds against the boot clock, and a cost below zero with each turn.
#[test]
fn a_clock_that_trembles_leaves_no_cost_below_zero() {
    for prices in ["price.toml", "power.toml", "node_rate.toml", "rounded.toml"] {
        let mut scene = Scene::priced(prices, vec![target(HERE, None)]);
        for n in 0..40_u64 {
            let steady = after(i64::try_from(n).unwrap());
            let moment = Moment { wall: steady.wall + Span::from_millis([0, -2, 3, 1][n as usize % 4]), ..steady };
            let page = (0..2).map(|index| board(n % 3, index, n * 400)).collect::<String>();
            scene.fleet.apply(answered(HERE, moment, read(&page)));
        }
        let ledger = scene.fleet.ledger();
        let below: Vec<_> = ledger
            .today()
            .gpu_times()
            .filter(|(_, rent)| rent.allocated.millis() < 0)
            .map(|(id, rent)| (ledger.cost_accounts()[id.index()].clone(), rent.allocated.millis()))
            .collect();
        assert!(below.is_empty(), "{prices}: {below:?}");
    }
}

/// Class: an alert that does not say what to do.
#[test]
fn the_alert_names_what_to_write() {
    let mut scene = Scene::one();
    scene.poll(0..=5, |n, _| (0..2).map(|index| board(n % 2, index, 0)).collect());
    let snapshot = scene.snapshot(5);
    let alert = snapshot.alerts.iter().find(|alert| alert.rule == Rule::SharedAddress).unwrap();
    assert_eq!(alert.subject.as_str(), HERE);
    assert!(
        alert.text.as_str().contains("several machines") && alert.text.as_str().contains("exporter"),
        "{}",
        alert.text
    );
    assert!(read(&board(0, 0, 0)).gpus.len() == 1);
}
