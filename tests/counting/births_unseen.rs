//! A process that is born while its address is watched, and first seen later than a birth counts from zero: the total is a lower
//! bound.

use crate::rate_truth;

use margintop::reading::PageReading;
use margintop::units::Timestamp;
use rate_truth::{both, instances, look, misposted, rows, second, started};

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
            let picture = look(&mut fleet, URL, nth, page(nth, start));
            if nth < shown + 3 {
                continue;
            }
            let all = made(nth) + if born > 0 { made(nth - born) } else { made(nth - shown) };
            assert_eq!(misposted(&picture, all - 250, all), None, "{what}, {age} s old, look {nth}");
            let is_lost = age > seen_within && born > 0;
            let money = &picture.money;
            assert_eq!(
                (money.lower_bound, money.lost_windows > 0),
                (is_lost, is_lost),
                "{what}, {age} s old, look {nth}"
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
