//! Several processes with start times that answer in turn, of which some are restarted: rates are right as soon as each process
//! has two pages, and while they are unknown the row says why.
#![allow(clippy::cast_precision_loss)]

use crate::rate_truth;

use rate_truth::{both, contradicts, known, poll, rows, started, wrong};

const URL: &str = "http://engine:8000";

/// A process: its value at second 0, its pace, its start in seconds.
#[derive(Clone, Copy)]
struct Known {
    base: i64,
    pace: i64,
    start: i64,
}

/// Class: a process that was replaced stands for a minute among those whose growth is not known.
#[test]
fn a_restart_of_one_of_several_leaves_the_rates_of_the_others() {
    let mut found = Vec::new();
    let mixed = |nth: i64, n: i64| {
        let mixed = (nth.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(0x0123_4567);
        let mixed = (mixed ^ mixed >> 31).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        i64::try_from((mixed ^ mixed >> 29) >> 8).unwrap() % n
    };
    for (count, restarts) in [(2_i64, vec![20_i64]), (3, vec![21]), (2, vec![20, 40]), (4, vec![24]), (1, vec![20])] {
        for in_turn in [true, false] {
            for mut fleet in both(&[URL]) {
                let mut all: Vec<_> = (0..count)
                    .map(|nth| Known {
                        base: 5_000_000 - 900_000 * nth,
                        pace: 300 + 100 * nth,
                        start: -900 + 100 * nth,
                    })
                    .collect();
                let truth: i64 = all.iter().map(|known| known.pace).sum();
                let mut dark = 0;
                for nth in 0..110 {
                    if restarts.contains(&nth) {
                        let known = &mut all[usize::try_from(count - 1).unwrap()];
                        *known = Known { base: -known.pace * (nth - 1), start: nth - 1, ..*known };
                    }
                    let which = if in_turn { nth % count } else { mixed(nth, count) };
                    let Known { base, pace, start } = all[usize::try_from(which).unwrap()];
                    let page = rows(&[("0", "m", (base + pace * nth).unsigned_abs())], started(-start));
                    let snapshot = poll(&mut fleet, URL, nth, page);
                    let what = format!("{count}, {restarts:?}, in turn {in_turn}, poll {nth}");
                    let is_new = nth < 5 * count || !in_turn && nth < 20;
                    if !is_new {
                        found.extend(wrong(&snapshot, truth as f64, 0.15).map(|why| format!("{what}: {why}")));
                        if contradicts(&snapshot) {
                            found.push(format!("{what}: one rate of two"));
                        }
                    }
                    let is_dark = !is_new && !known(&snapshot);
                    dark += i64::from(is_dark);
                    if is_dark && count > 1 && snapshot.engines[0].note.is_none() {
                        found.push(format!("{what}: no reason"));
                    }
                }
                let most = i64::try_from(restarts.len()).unwrap() * (3 * count + if in_turn { 0 } else { 16 });
                if dark > most {
                    found.push(format!("{count}, {restarts:?}, in turn {in_turn}: {dark} polls without rates"));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(30).collect::<Vec<_>>());
}
