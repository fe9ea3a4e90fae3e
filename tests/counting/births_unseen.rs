//! A process that is born while its address is watched, and first seen later than a birth counts from zero: the total is a lower
//! bound.

use crate::rate_truth;

use margintop::reading::PageReading;
use margintop::units::Timestamp;
use rate_truth::{both, instances, misposted, poll, rows, second, started};

const URL: &str = "http://engine:8000";

fn made(nth: i64) -> u64 {
    nth.max(0).unsigned_abs() * 100
}

/// From `shown` on a process of 100 tokens a second is on the page, which was born `age` seconds before. It counts from zero if it
/// was seen within so many seconds.
fn check((what, seen_within): (&str, i64), shown: i64, age: i64, page: impl Fn(i64, Option<Timestamp>) -> PageReading) {
    let born = shown - age;
    for mut fleet in both(&[URL]) {
        let start = Some(second(born).wall);
        for nth in 0..60 {
            let snapshot = poll(&mut fleet, URL, nth, page(nth, start));
            if nth < shown + 3 {
                continue;
            }
            let all = made(nth) + if born > 0 { made(nth - born) } else { made(nth - shown) };
            assert_eq!(misposted(&snapshot, all - 250, all), None, "{what}, {age} s old, poll {nth}");
            let is_lost = age > seen_within && born > 0;
            let money = &snapshot.money;
            assert_eq!(
                (money.lower_bound, money.lost_windows > 0),
                (is_lost, is_lost),
                "{what}, {age} s old, poll {nth}"
            );
        }
    }
}

/// Class: tokens of a process that others hid at first are missing without a mark.
#[test]
fn a_replica_that_is_seen_long_after_its_birth_makes_the_total_a_lower_bound() {
    for age in [1, 3, 8, 20, 300] {
        let shown = 25;
        check(("a replica", 5), shown, age, |nth, start| {
            let is_new = nth >= shown && nth % 2 == 1;
            let output = if is_new { made(nth - shown + age) } else { 500_000 + made(nth) };
            rows(&[("0", "m", output)], if is_new { start } else { started(999) })
        });
    }
}

/// The same of an instance on a page that lags.
#[test]
fn an_instance_that_is_shown_long_after_its_birth_makes_the_total_a_lower_bound() {
    for age in [1, 3, 8, 20, 300] {
        let shown = 25;
        check(("an instance", 1), shown, age, |nth, start| {
            let old = ("a:8000", started(999), 500_000 + made(nth));
            let new = ("b:8000", start, made(nth - shown + age));
            let parts = if nth >= shown { vec![old, new] } else { vec![old] };
            instances(&parts)
        });
    }
}

/// The same of an instance without a start time: it may have been born in the watch. One that has made nothing yet lacks nothing.
#[test]
fn an_instance_without_a_start_time_that_is_new_makes_the_total_a_lower_bound() {
    for had in [0, 1, 90_000] {
        for mut fleet in both(&[URL]) {
            for nth in 0..40 {
                let old = ("a:8000", None, 500_000 + made(nth));
                let new = ("b:8000", None, had + made(nth - 25));
                let parts = if nth >= 25 { vec![old, new] } else { vec![old] };
                let snapshot = poll(&mut fleet, URL, nth, instances(&parts));
                let all = made(nth) + made(nth - 25);
                assert_eq!(misposted(&snapshot, all, all), None, "{had} at first, poll {nth}");
                let is_lost = had > 0 && nth >= 25;
                let money = &snapshot.money;
                assert_eq!((money.lower_bound, money.lost_windows), (is_lost, u64::from(is_lost)), "{had}, poll {nth}");
            }
        }
    }
}

/// The same of a page that does not give the server's time: births are compared with our clock.
#[test]
fn a_replica_seen_long_after_its_birth_is_marked_without_the_servers_time_too() {
    for age in [8, 20, 300] {
        for mut fleet in both(&[URL]) {
            let start = Some(second(25 - age).wall);
            for nth in 0..40 {
                let is_new = nth >= 25 && nth % 2 == 1;
                let output = if is_new { made(nth - 25 + age) } else { 500_000 + made(nth) };
                let page = rows(&[("0", "m", output)], if is_new { start } else { started(999) });
                let snapshot = poll(&mut fleet, URL, nth, PageReading { date: None, ..page });
                let is_lost = nth >= 25 && 25 - age > 0;
                assert_eq!(snapshot.money.lost_windows > 0, is_lost, "{age} s old, poll {nth}");
            }
        }
    }
}
