//! Money an hour: growth over the time that it took, from the second poll on, however often and how evenly the polls come.
//!
//! The class: a rate that divides by the time between two ticks what was posted between two polls. Its targets: short,
//! long and jittering intervals, several sources of one account in different slots, late ticks, outages, restarts, idle
//! times, a calendar that is set, GPUs that come and go.

use crate::support;

use margintop::fleet::{Fleet, FleetConfig};
use margintop::pricing::{Book, Lease, Leased, Pinned};
use margintop::reading::{Event, ScrapeCost, ScrapeError, TargetId};
use margintop::snapshot::Snapshot;
use margintop::units::{Moment, Money, Span, Timestamp};
use support::{answered_dated, counters, gpus, instant, member, page};

/// An H800 at 2.00 an hour, eight of them on a node.
const RENT: f64 = 16.0;
/// One prompt and one output token a millisecond at 0.55 and 2.19 a million.
const REVENUE: f64 = 9.864;

/// A moment so many milliseconds after the beginning, by a calendar that may have been set by `step`.
fn stepped(millis: i64, step: i64) -> Moment {
    Moment {
        wall: instant("2025-02-20T10:00:00Z") + Span::from_millis(millis + step),
        boot: Span::from_millis(5_000_000 + millis),
    }
}

fn at(millis: i64) -> Moment {
    stepped(millis, 0)
}

fn fleet_with(interval: i64, pace: Option<i64>, engines: &[&str]) -> Fleet {
    let lease = Lease::of(Leased::Gpu("H800".to_owned()), "2".parse().unwrap());
    let mut book = Book::built_in().unwrap();
    book.pin(vec![Pinned::list("*", "deepseek-r1-standard")]).unwrap();
    let config = FleetConfig {
        interval: Span::from_millis(interval),
        pace: pace.map(Span::from_millis),
        targets: engines.iter().map(|name| member(name, "n", None)).collect(),
        leases: vec![lease],
        ..FleetConfig::local("box")
    };
    Fleet::new(config, book, at(0))
}

#[allow(clippy::unnecessary_wraps, reason = "a page says its start or does not")]
fn started() -> Option<Timestamp> {
    Some(at(-500_000).wall)
}

/// An even engine's page, a prompt and an output token a millisecond.
fn poll(fleet: &mut Fleet, name: &str, millis: i64) {
    // Each engine has a start time of its own, or they would be one at several addresses.
    let age: i64 = name.bytes().map(|byte| i64::from(byte) * 1_000).sum();
    made(fleet, name, at(millis), millis, started().map(|start| start - Span::from_millis(age)));
}

fn made(fleet: &mut Fleet, name: &str, at: Moment, tokens: i64, start: Option<Timestamp>) {
    let tokens = u64::try_from(1_000_000 + tokens).unwrap();
    fleet.apply(answered_dated(name, at, page("m", counters(tokens, 0, tokens), start)));
}

fn rent(fleet: &mut Fleet, at: Moment, count: u32) {
    fleet.apply(gpus("n", "NVIDIA H800", count, at));
}

fn tick(fleet: &mut Fleet, at: Moment) -> Snapshot {
    fleet.apply(Event::Tick(at));
    fleet.snapshot()
}

fn amount(money: Option<Money>) -> f64 {
    money.unwrap().grains() as f64 / Money::GRAINS_PER_UNIT as f64
}

#[track_caller]
fn assert_near(money: Option<Money>, expected: f64, share: f64, when: i64) {
    let amount = amount(money);
    assert!((amount - expected).abs() <= expected * share, "{amount} is not {expected} at {when} ms");
}

#[test]
fn an_even_engine_earns_evenly_from_the_second_poll_at_any_interval() {
    for interval in [100, 250, 1000, 5000, 60_000] {
        let mut fleet = fleet_with(interval, None, &["e"]);
        // The second poll comes 300 ms after the first.
        let polls = [0, interval.min(300)].into_iter().chain((1..200).map(|nth| nth * interval + interval / 3 + 300));
        for (nth, millis) in polls.enumerate() {
            poll(&mut fleet, "e", millis);
            rent(&mut fleet, at(millis), 8);
            for lag in [1, interval / 4, interval / 2 + 1] {
                let money = tick(&mut fleet, at(millis + lag)).money;
                if nth == 0 {
                    assert!(money.revenue_per_hour.is_none_or(Money::is_zero));
                } else {
                    assert_near(money.revenue_per_hour, REVENUE, 0.01, millis);
                    assert_near(money.cost_per_hour, RENT, 0.01, millis);
                }
            }
        }
    }
}

#[test]
fn a_window_of_one_poll_neither_climbs_nor_skips() {
    for interval in [200, 1000, 10_000] {
        let mut fleet = fleet_with(1000, Some(interval), &["e"]);
        let mut millis = 0;
        for nth in 0..60 {
            poll(&mut fleet, "e", millis);
            rent(&mut fleet, at(millis), 8);
            let money = tick(&mut fleet, at(millis + 2)).money;
            if nth > 0 {
                assert_near(money.revenue_per_hour, REVENUE, 0.001, millis);
                assert_near(money.cost_per_hour, RENT, 0.001, millis);
                assert!(!money.per_hour_preliminary);
            }
            millis += interval + [0, 13, 57, -20, 31][nth % 5];
        }
    }
}

#[test]
fn engines_in_different_slots_of_one_account_add_up() {
    let names = ["a", "b", "c", "d"];
    let mut fleet = fleet_with(1000, None, &names);
    for name in names {
        poll(&mut fleet, name, 0);
    }
    for second in 0..90 {
        for (slot, name) in (0..).zip(names) {
            poll(&mut fleet, name, second * 1000 + 300 + slot * 210 + (second * 7 + slot * 3) % 40);
            if second > 0 || slot == 3 {
                let millis = second * 1000 + 350 + slot * 210;
                assert_near(tick(&mut fleet, at(millis)).money.revenue_per_hour, 4.0 * REVENUE, 0.01, millis);
            }
        }
    }
}

#[test]
fn a_late_tick_changes_nothing() {
    let mut fleet = fleet_with(1000, None, &["e"]);
    let mut millis = 0;
    for nth in 0..100 {
        poll(&mut fleet, "e", millis);
        rent(&mut fleet, at(millis), 8);
        let late = if nth % 7 == 6 { 2000 } else { 5 };
        let snapshot = tick(&mut fleet, at(millis + late));
        assert_eq!(snapshot.coverage.engines_live, 1, "a late tick makes nothing stale");
        if nth > 0 {
            assert_near(snapshot.money.revenue_per_hour, REVENUE, 0.001, millis);
            assert_near(snapshot.money.cost_per_hour, RENT, 0.001, millis);
        }
        millis += 1000 + late;
    }
}

#[test]
fn an_outage_is_unknown_and_its_return_makes_no_peak() {
    let mut fleet = fleet_with(1000, None, &["e"]);
    for second in 0..100 {
        poll(&mut fleet, "e", second * 1000);
        tick(&mut fleet, at(second * 1000 + 30));
    }
    for second in 100..150 {
        let cost = ScrapeCost::default();
        let outcome = Err(ScrapeError::Refused);
        fleet.apply(Event::Page { target: TargetId::new("e"), at: at(second * 1000), cost, outcome });
        let money = tick(&mut fleet, at(second * 1000 + 30)).money;
        assert!(money.revenue_per_hour.is_none_or(|_| amount(money.revenue_per_hour) <= REVENUE * 1.001));
    }
    assert_eq!(
        fleet.snapshot().money.revenue_per_hour,
        None,
        "what it makes is not known while nothing is heard of it"
    );
    for second in 150..230 {
        poll(&mut fleet, "e", second * 1000);
        let money = tick(&mut fleet, at(second * 1000 + 30)).money;
        assert_near(money.revenue_per_hour, REVENUE, 0.001, second * 1000);
    }
}

#[test]
fn after_a_restart_the_rate_covers_the_time_since() {
    for outage in [2, 50, 400] {
        let mut fleet = fleet_with(1000, None, &["e"]);
        for second in 0..100 {
            poll(&mut fleet, "e", second * 1000);
            tick(&mut fleet, at(second * 1000 + 30));
        }
        for second in 100..100 + outage {
            tick(&mut fleet, at(second * 1000 + 30));
        }
        // A process that started just now and makes as much.
        let born = (100 + outage) * 1000;
        for second in 1..80 {
            let now = born + second * 1000;
            made(&mut fleet, "e", at(now), second * 1000 - 1_000_000, Some(at(born).wall));
            let money = tick(&mut fleet, at(now + 30)).money;
            if outage > 3 && second == 1 {
                // The server's time may lack a second, as much as it is old.
                assert_eq!(money.revenue_per_hour, None);
            } else if outage > 3 {
                assert_near(money.revenue_per_hour, REVENUE, 0.01, now);
            } else {
                assert_near(money.revenue_per_hour, REVENUE, 0.06, now);
            }
        }
    }
}

#[test]
fn idle_time_counts() {
    let mut fleet = fleet_with(1000, None, &["e"]);
    let mut tokens = 0;
    for second in 0..200_i64 {
        // Ten seconds of work a minute.
        tokens += if second % 60 >= 50 { 1000 } else { 0 };
        made(&mut fleet, "e", at(second * 1000), tokens, started());
        let money = tick(&mut fleet, at(second * 1000 + 20)).money;
        if second == 59 || second > 120 {
            assert_near(money.revenue_per_hour, REVENUE / 6.0, 0.1, second * 1000);
        }
        assert!(second < 1 || amount(money.revenue_per_hour) < REVENUE / 5.5, "no burst at {second} s");
    }
}

#[test]
fn a_calendar_that_is_set_makes_neither_burst_nor_hole() {
    for step in [-7200, -5, -1, 1, 5, 7200] {
        let mut fleet = fleet_with(1000, None, &["e"]);
        for second in 0..150 {
            let now = |millis: i64| stepped(millis, if second >= 75 { step * 1000 } else { 0 });
            made(&mut fleet, "e", now(second * 1000), second * 1000, started());
            rent(&mut fleet, now(second * 1000), 8);
            let money = tick(&mut fleet, now(second * 1000 + 30)).money;
            if second > 0 {
                assert_near(money.revenue_per_hour, REVENUE, 0.001, second * 1000);
                assert_near(money.cost_per_hour, RENT, 0.001, second * 1000);
            }
        }
    }
}

#[test]
fn a_polled_sleep_is_no_peak() {
    for asleep in [3, 70, 30_000] {
        let mut fleet = fleet_with(1000, None, &["e"]);
        for second in (0..100).chain(100 + asleep..200 + asleep) {
            poll(&mut fleet, "e", second * 1000);
            rent(&mut fleet, at(second * 1000), 8);
            let money = tick(&mut fleet, at(second * 1000 + 30)).money;
            if second > 0 {
                assert_near(money.revenue_per_hour, REVENUE, 0.001, second * 1000);
                assert_near(money.cost_per_hour, RENT, 0.001, second * 1000);
            }
        }
    }
}

/// Class: a counter that is billed cannot be read for some pages, or is not on them: money an hour falls by its part, and
/// rises above the truth when it returns.
#[test]
fn a_counter_that_is_missing_for_a_time_leaves_money_an_hour_unknown_and_no_peak() {
    for (is_refused, before, pages) in [(true, 70, 6), (false, 70, 6), (true, 5, 20), (false, 20, 30)] {
        let mut fleet = fleet_with(1000, None, &["e"]);
        for second in 0..before + pages + 100 {
            let tokens = 1_000_000 + second * 1000;
            let mut page = page("m", counters(tokens, 0, tokens), started());
            let nth = second.checked_sub(before).filter(|nth| *nth < pages);
            if nth.is_some() {
                page.engines[0].tokens.output = None;
                page.engines[0].refused = [false, is_refused];
                page.refusals.values = u32::from(is_refused);
            }
            let millis = second.cast_signed() * 1000;
            fleet.apply(answered_dated("e", at(millis), page));
            let money = tick(&mut fleet, at(millis + 10)).money;
            match nth {
                Some(nth) if is_refused || nth >= 3 => assert_eq!(money.revenue_per_hour, None, "at {second}"),
                Some(_) => {}
                None if second == 0 => {}
                None => assert_near(money.revenue_per_hour, REVENUE, 0.01, millis),
            }
        }
    }
}

/// Class: a source whose account changes, here as its node's cost becomes known, counts in both accounts for a minute.
#[test]
fn a_source_whose_account_changes_is_counted_once() {
    for interval in [250, 1_000, 5_000] {
        let mut fleet = fleet_with(interval, None, &["a"]);
        for millis in (0..120_000).step_by(usize::try_from(interval).unwrap()) {
            poll(&mut fleet, "a", millis);
            if millis >= 30_000 {
                rent(&mut fleet, at(millis), 8);
            }
            let snapshot = tick(&mut fleet, at(millis));
            if millis >= 2 * interval {
                assert_near(snapshot.money.revenue_per_hour, REVENUE, 0.01, millis);
            }
        }
    }
}

/// Class: a row whose model has another name from a page on, with the same counters or after a restart: what it earned
/// under the former one counts for some polls beside what it earns.
#[test]
fn a_row_that_changes_its_model_is_counted_once() {
    for (interval, restarts) in [(250, false), (1_000, false), (1_000, true), (5_000, false), (5_000, true)] {
        let mut fleet = fleet_with(interval, None, &["e"]);
        for millis in (0..120_000).step_by(usize::try_from(interval).unwrap()) {
            let is_other = millis >= 60_000;
            let born = if is_other && restarts { 60_000 - interval + 100 } else { -500_000 };
            let made = u64::try_from(if born > 0 { millis - born } else { 1_000_000 + millis }).unwrap();
            let model = if is_other { "org/other" } else { "m" };
            fleet.apply(answered_dated("e", at(millis), page(model, counters(made, 0, made), Some(at(born).wall))));
            let snapshot = tick(&mut fleet, at(millis + 10));
            if millis >= 2 * interval {
                assert_near(snapshot.money.revenue_per_hour, REVENUE, 0.03, millis);
            }
        }
    }
}

/// Class: the same of several rows at once: a process that is restarted with other names for all of its models.
#[test]
fn rows_that_change_their_models_in_one_restart_are_counted_once() {
    for interval in [250, 1_000, 5_000] {
        for models in [2_u32, 5] {
            let mut fleet = fleet_with(interval, None, &["e"]);
            for millis in (0..120_000).step_by(usize::try_from(interval).unwrap()) {
                let is_other = millis >= 60_000;
                let born = if is_other { 60_000 - interval + 100 } else { -500_000 };
                let made = u64::try_from(if born > 0 { millis - born } else { 1_000_000 + millis }).unwrap();
                let name = |nth: u64| if is_other { format!("org/other-{nth}") } else { format!("m-{nth}") };
                let mut all = page(&name(0), counters(made, 0, made), Some(at(born).wall));
                all.engines.extend(
                    (1..u64::from(models)).map(|nth| support::page_of_rank(&name(nth), "0", counters(made, 0, made))),
                );
                fleet.apply(answered_dated("e", at(millis), all));
                let snapshot = tick(&mut fleet, at(millis + 10));
                if millis >= 2 * interval {
                    assert_near(snapshot.money.revenue_per_hour, REVENUE * f64::from(models), 0.03, millis);
                }
            }
        }
    }
}

/// Class: the growth of a process that was born in the watch is divided by the time since its birth, which the `Date` header
/// gives by whole seconds: late by up to one.
#[test]
fn a_birth_makes_no_peak() {
    for interval in [250, 1_000, 5_000, 15_000] {
        for (offset, age) in [(0, 10), (137, 90), (480, 400), (630, 30), (910, 800), (990, 5_000), (333, 12_000)] {
            for known in [false, true] {
                let mut fleet = fleet_with(interval, None, &["e"]);
                rent(&mut fleet, at(0), 8);
                let first = 120_000 + offset;
                if known {
                    // A process that ended long before.
                    for millis in (0..60_000).step_by(1000) {
                        poll(&mut fleet, "e", millis);
                    }
                }
                let born = first - age / 10 * 10;
                let what =
                    |millis: i64| format!("{millis} ms after its birth, every {interval}, after {offset}, {known}");
                for nth in 0..30 {
                    let now = first + nth * interval;
                    let tokens = u64::try_from(now - born).unwrap();
                    let mut page = page("m", counters(tokens, 0, tokens), Some(at(born).wall));
                    page.date = Some(Timestamp::from_millis(at(now).wall.millis() / 1000 * 1000));
                    fleet.apply(support::answered("e", at(now), page));
                    rent(&mut fleet, at(now), 8);
                    let snapshot = tick(&mut fleet, at(now + 10));
                    let money = snapshot.money.revenue_per_hour;
                    let is_right = |money| (amount(Some(money)) - REVENUE).abs() <= REVENUE / 10.0;
                    assert!(money.map_or(nth == 0, is_right), "{money:?}: {}", what(now - born));
                    let rate = snapshot.engines[0].output_per_second;
                    assert!(
                        rate.map_or(nth == 0, |rate| (rate - 1000.0).abs() < 100.0),
                        "{rate:?}: {}",
                        what(now - born)
                    );
                }
                let made = fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum::<u64>();
                let before = if known { 59_000 } else { 0 };
                assert_eq!(made, before + u64::try_from(first + 29 * interval - born).unwrap());
            }
        }
    }
}
