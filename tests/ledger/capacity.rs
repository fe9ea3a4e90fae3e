//! Capacity in money: worked numbers, from the fold to the print.
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]

use crate::past;

use jiff::tz::TimeZone;
use margintop::ledger::{Past, RevenueAccountId, SloDay, SloMinutes, SloPast, TariffId};
use margintop::reading::{EngineRole, Label, NodeName};
use margintop::statement::{Capacity, PoolCapacity, SloQuarters};
use margintop::units::{GpuTime, Money, Span};
use past::{Making, classes, gpu_time};

fn money(text: &str) -> Money {
    Money::from_micros((text.parse::<f64>().unwrap() * 1e6).round() as i64)
}

/// Output alone costs something: 10.00 a million.
const OUTPUT: [&str; 3] = ["0", "0", "10"];

/// Eight hours of two nodes of 8 GPUs at 2.00. Their loads, in thousands of output tokens a quarter hour: four hours of
/// 450 on both, an hour of 900 on the first alone, two hours of 900 on both, an hour of nothing.
fn eight_hours() -> Past {
    let mut making = Making::new("2026-11-23T00:00:00Z", "2026-11-23T08:00:00Z");
    making.0.began = making.0.since;
    let tariff = making.tariff("list", "standard", OUTPUT);
    let accounts = ["a", "b"].map(|node| making.account(node, None, "m", EngineRole::Unified));
    let gpu_times = ["a", "b"].map(|node| making.cost_account(Some(node), None, Some("2.00")));
    for quarter in 0..32 {
        let at = making.0.since + Span::from_secs(quarter * 900);
        let loads = match quarter / 4 {
            0..4 => [450, 450],
            4 => [900, 0],
            5 | 6 => [900, 900],
            _ => [0, 0],
        };
        for ((account, rent), load) in accounts.into_iter().zip(gpu_times).zip(loads) {
            if load > 0 {
                making.tokens(at, account, Some(tariff), classes(load * 1000, 0, load * 1000));
            }
            let idle = if load > 0 { GpuTime::ZERO } else { gpu_time(8, 15) };
            making.rent(at, rent, gpu_time(8, 15), idle);
        }
    }
    making.0
}

fn only(capacity: &Capacity) -> &PoolCapacity {
    assert_eq!(capacity.pools.len(), 1, "{:?}", capacity.pools);
    &capacity.pools[0]
}

#[test]
fn what_the_load_needed_and_what_the_rest_cost() {
    let capacity = Capacity::of(&eight_hours(), &TimeZone::UTC);
    let pool = only(&capacity);
    assert_eq!(pool.best, Some((3_600_000, 3_600_000)));
    let needed: Vec<_> = capacity.hours.iter().map(|hour| hour.needed).collect();
    assert_eq!(needed, [1, 1, 1, 1, 1, 2, 2, 0]);
    // One node of 16.00 an hour for five hours, and both in the last.
    assert_eq!(pool.spare_cost, Some(money("112")));
    assert_eq!(capacity.spare_cost(), Some(money("112")));
    assert_eq!(capacity.nodes_ppm(), Some((2_000_000, 1_125_000)));
    assert_eq!((pool.needed_peak, pool.gpus, pool.rent()), (2, Some(8), Some(money("16"))));
    // The second node is needed in two hours, in which it makes 3.6 million tokens each.
    assert_eq!(pool.last_node, Some(money("72")));
    // A third would make as much at most, while both are full: 9.00 an hour over all eight.
    assert_eq!(pool.one_more, Some(money("72")));
    assert_eq!(pool.break_even_rent(capacity.measured), Some(money("9")));
    assert!(!capacity.is_early());
}

#[test]
fn rows_add_up_when_they_are_rounded() {
    let mut past = eight_hours();
    past.cost_accounts.iter_mut().for_each(|account| account.rate = "1.6667".parse().ok());
    let exact = Capacity::of(&past, &TimeZone::UTC);
    let total = exact.spare_cost().unwrap();
    let rounded = exact.rounded(2);
    let hours: Money = rounded.hours.iter().map(|hour| hour.spare_cost.unwrap()).sum();
    assert_eq!((hours, rounded.spare_cost().unwrap()), (total.round_to(2), total.round_to(2)));
}

#[test]
fn what_is_unknown_is_no_number() {
    let mut past = eight_hours();
    past.cost_accounts[1].rate = None;
    let capacity = Capacity::of(&past, &TimeZone::UTC);
    assert_eq!((only(&capacity).spare_cost, only(&capacity).rent()), (None, None));
    assert!(only(&capacity).one_more.is_some());

    let mut past = eight_hours();
    past.tokens[0].tariff = None;
    let capacity = Capacity::of(&past, &TimeZone::UTC);
    assert_eq!((only(&capacity).one_more, only(&capacity).last_node), (None, None));
    assert_eq!(only(&capacity).spare_cost, Some(money("112")));

    let mut past = eight_hours();
    past.until = past.since + Span::from_secs(3 * 3600);
    past.tokens.retain(|cell| cell.bucket < past.until);
    past.gpu_times.retain(|cell| cell.bucket < past.until);
    assert!(Capacity::of(&past, &TimeZone::UTC).is_early());
}

/// Class: nodes that cannot do each other's work. One of another model, one of another unit and one that serves nothing.
#[test]
fn nodes_that_serve_something_else_are_no_help() {
    let mut making = Making(eight_hours());
    let tariff = TariffId::at(0);
    let other = making.account("c", Some("u"), "m", EngineRole::Unified);
    let gpu_times =
        [Some("u"), None].map(|unit| making.cost_account(Some(unit.map_or("d", |_| "c")), unit, Some("1.00")));
    for quarter in 0..32 {
        let at = making.0.since + Span::from_secs(quarter * 900);
        making.tokens(at, other, Some(tariff), classes(0, 0, 100));
        for rent in gpu_times {
            making.rent(at, rent, gpu_time(8, 15), GpuTime::ZERO);
        }
    }
    let capacity = Capacity::of(&making.0, &TimeZone::UTC);
    let mut pools: Vec<_> = capacity.pools.iter().map(|pool| (pool.name.as_str(), pool.spare_cost.unwrap())).collect();
    pools.sort();
    let spare = [("(serving nothing)", money("64")), ("m unified", money("112")), ("u: m unified", money("0"))];
    assert_eq!(pools, spare);
}

/// A unit whose tokens are counted on one node works as one: its throughput is shared by all of its nodes.
#[test]
fn a_unit_that_works_as_one_is_measured_as_one() {
    let mut making = Making::new("2026-11-23T00:00:00Z", "2026-11-23T08:00:00Z");
    making.0.began = making.0.since;
    let tariff = making.tariff("list", "standard", OUTPUT);
    let account: RevenueAccountId = making.account("a", Some("u"), "m", EngineRole::Decode);
    let gpu_times = ["a", "b"].map(|node| making.cost_account(Some(node), Some("u"), Some("2.00")));
    let whole = making.cost_account(None, Some("w"), Some("2.00"));
    for quarter in 0..32 {
        let at = making.0.since + Span::from_secs(quarter * 900);
        let load = if quarter < 16 { 1_800_000 } else { 900_000 };
        making.tokens(at, account, Some(tariff), classes(0, 0, load));
        for rent in gpu_times {
            making.rent(at, rent, gpu_time(8, 15), GpuTime::ZERO);
        }
        making.rent(at, whole, gpu_time(8, 15), GpuTime::ZERO);
    }
    let capacity = Capacity::of(&making.0, &TimeZone::UTC);
    let pool = only(&capacity);
    assert_eq!(pool.best, Some((0, 3_600_000)));
    assert_eq!((pool.needed_peak, pool.spare_cost), (2, Some(money("64"))));
    let unmeasured: Vec<_> = capacity.unmeasured.iter().map(ToString::to_string).collect();
    assert_eq!(unmeasured, ["w"], "a unit that is leased as a whole has no number of nodes");
}

/// The eight hours under an objective for latency: what `is_met` says of a node's quarter hour (from 0) is known of it.
fn under_an_objective(is_met: impl Fn(&str, i64) -> Option<bool>) -> Past {
    let mut past = eight_hours();
    let (since, slo) = (past.since, Label::new("ttft_p99 2s"));
    let days = ["a", "b"].map(|node| {
        let mut day = SloDay::default();
        for quarter in 0..32 {
            let at = since + Span::from_secs(quarter * 900);
            if let Some(is_met) = is_met(node, quarter) {
                day.add(at, SloMinutes::one(is_met));
            }
        }
        (NodeName::new(node), vec![(since, day)])
    });
    past.slo = Some(SloPast { slo, since, before: None, days: days.into_iter().collect() });
    past
}

#[test]
fn only_what_was_within_the_objectives_is_a_measurement() {
    // Nodes with 900 were too slow: what they did would have needed twice as many.
    let capacity = Capacity::of(&under_an_objective(|_, quarter| Some(quarter < 16)), &TimeZone::UTC);
    let pool = only(&capacity);
    assert_eq!(pool.best, Some((1_800_000, 1_800_000)));
    let needed: Vec<_> = capacity.hours.iter().map(|hour| hour.needed).collect();
    assert_eq!(needed, [2, 2, 2, 2, 2, 4, 4, 0]);
    assert_eq!(pool.slo, Some(SloQuarters { met: 32, missed: 20, unknown: 0 }));
    assert_eq!((pool.needed_peak, pool.spare_cost), (4, Some(money("32"))));
    // A node makes 1.8 million tokens an hour within them: the second one in each of seven hours, and so would a third.
    assert_eq!((pool.last_node, pool.one_more), (Some(money("126")), Some(money("126"))));
    assert_eq!(capacity.slo, Some((Label::new("ttft_p99 2s"), eight_hours().since)));
}

#[test]
fn one_slow_minute_in_a_quarter_hour_is_enough() {
    let mut past = under_an_objective(|_, _| Some(true));
    assert_eq!(only(&Capacity::of(&past, &TimeZone::UTC)).best, Some((3_600_000, 3_600_000)));
    let since = past.since;
    for (_, days) in past.slo.iter_mut().flat_map(|slo| &mut slo.days) {
        (16..28).for_each(|quarter| days[0].1.add(since + Span::from_secs(quarter * 900), SloMinutes::one(false)));
    }
    assert_eq!(only(&Capacity::of(&past, &TimeZone::UTC)).best, Some((1_800_000, 1_800_000)));
}

/// What is not known of a quarter hour is neither within the objectives nor beyond them.
#[test]
fn without_a_latency_nothing_is_said_of_the_objectives() {
    let before = Capacity::of(&eight_hours(), &TimeZone::UTC);
    let silent = Capacity::of(&under_an_objective(|_, _| None), &TimeZone::UTC);
    assert_eq!((only(&silent).slo, &only(&silent).best), (None, &only(&before).best));
    assert_eq!(silent.hours, before.hours);
    // Recorded from the fifth hour on: earlier quarter hours are no measurement, and need no more than did them.
    let late = Capacity::of(&under_an_objective(|_, quarter| (quarter >= 16).then_some(true)), &TimeZone::UTC);
    assert_eq!(only(&late).slo, Some(SloQuarters { met: 20, missed: 0, unknown: 32 }));
    assert_eq!(late.hours, before.hours);
    let never = Capacity::of(&under_an_objective(|_, _| Some(false)), &TimeZone::UTC);
    assert_eq!(only(&never).best, None);
    assert_eq!(never.nodes_ppm(), Some((2_000_000, 1_750_000)));
}
