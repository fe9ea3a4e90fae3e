//! A process that is born while another one answers at its address, and first seen some seconds later: rates are right,
//! unknown or marked, and say the same.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]

use crate::rate_truth;

use margintop::units::Span;
use rate_truth::{both, contradicts, known, misposted, poll, rows, second, started, wrong};

const URL: &str = "http://engine:8000";

/// Class: money an hour of a birth that is known to a second, beside a process whose share is averaged over other times.
#[test]
fn a_birth_beside_another_process_makes_no_peak_of_rates() {
    let mut found = Vec::new();
    for age in [400, 1_500, 2_400, 3_400, 4_600, 9_000, 14_000] {
        for (pace, born_pace) in [(500_i64, 700_i64), (500, 100), (20, 900)] {
            for mut fleet in both(&[URL]) {
                let from = 12;
                let born = from * 1_000 - age;
                for nth in 0_i64..60 {
                    let old: i64 = 5_000_000 + nth * pace;
                    let new: i64 = (nth * 1_000 - born) * born_pace / 1_000;
                    let of_new = nth >= from && nth % 2 == 0;
                    let page = if of_new {
                        rows(&[("0", "m", new.unsigned_abs())], Some(second(0).wall + Span::from_millis(born)))
                    } else {
                        rows(&[("0", "m", old.unsigned_abs())], started(900))
                    };
                    let snapshot = poll(&mut fleet, URL, nth, page);
                    let what = format!("{age} ms old, {pace} and {born_pace}, poll {nth}");
                    if nth < from {
                        continue;
                    }
                    let truth = (pace + born_pace) as f64;
                    found.extend(wrong(&snapshot, truth, 0.15).map(|why| format!("{what}: {why}")));
                    if contradicts(&snapshot) && !snapshot.money.lower_bound {
                        found.push(format!("{what}: one rate of two"));
                    }
                    // What began more than five seconds before the last page was there before: it counts from its first page.
                    let earlier = if age > 6_000 { age * born_pace / 1_000 } else { 0 };
                    let made = nth * pace + new - earlier;
                    let before = made - 2 * (pace + born_pace);
                    let posted = misposted(&snapshot, before.max(0).unsigned_abs(), made.unsigned_abs());
                    found.extend(posted.map(|why| format!("{what}: {why}")));
                    if nth > from + 4 && !known(&snapshot) {
                        found.push(format!("{what}: unknown"));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(30).collect::<Vec<_>>());
}
