//! Processes without start times behind one address that answer in turn, whatever their pace.
//!
//! Each test names the class of fault that it stands for.

use crate::support;

use margintop::units::{Moment, Span};
use support::{answered_dated, at, counters, fleet, gpus, member, moment, page, posted};

const URL: &str = "http://engine:8000";

fn after(millis: i64) -> Moment {
    at(moment("2026-03-10T10:00:00Z").wall + Span::from_millis(millis))
}

/// What is posted of processes with these values at first and paces, of which the one that an order gives answers, and what
/// they made; at the end, and at a third of the time.
fn counted(first: &[[u64; 3]], paces: &[[u64; 3]], every: u64, order: impl Fn(u64) -> usize) -> [[[u64; 3]; 2]; 2] {
    let mut fleet = fleet(vec![member(URL, "n", None)], after(0));
    fleet.apply(gpus("n", "NVIDIA H800", 8, after(0)));
    let (mut seen, mut then) = (vec![None; first.len()], [[0; 3]; 2]);
    let mut both = [[0; 3]; 2];
    for poll in 0..140 {
        let (nth, now) = (order(poll), 20 + poll * every);
        let values: [u64; 3] = std::array::from_fn(|i| first[nth][i] + paces[nth][i] * now / 1_000);
        seen[nth] = Some((seen[nth].map_or(values, |(first, _)| first), values));
        let page = page("m", counters(values[0], values[1], values[2]), None);
        fleet.apply(answered_dated(URL, after(now.cast_signed()), page));
        let made =
            |i: usize| seen.iter().flatten().map(|(first, last): &([u64; 3], [u64; 3])| last[i] - first[i]).sum();
        both = [posted(&fleet), std::array::from_fn(made)];
        if poll == 60 {
            then = both;
        }
    }
    assert!(fleet.ledger().disputes().is_empty(), "{:?}", fleet.ledger().disputes().len());
    let silent = both[0] != both[1] && !fleet.snapshot().money.lower_bound;
    assert!(!silent, "{both:?}");
    [then, both]
}

fn grown([then, at_last]: [[[u64; 3]; 2]; 2]) -> [[u64; 3]; 2] {
    std::array::from_fn(|which| std::array::from_fn(|i| at_last[which][i].saturating_sub(then[which][i])))
}

/// Class: busy replicas are not counted at all, as their growth from one page to the next is larger than a constant.
#[test]
fn replicas_in_turn_are_counted_whatever_their_pace() {
    let mut faults = Vec::new();
    for bases in [[1_000_000, 90_000_000], [90_000_000, 1_000_000], [9_000_000, 1_000_000], [30_000, 500_000]] {
        for rate in [100, 1_000, 3_000, 5_000, 20_000, 60_000] {
            for (every, hold) in [(1_000, 0), (1_000, 3), (250, 0), (250, 3), (2_000, 0)] {
                let first = bases.map(|base| [base, base / 5, base / 6]);
                let paces = [[rate, rate / 3, rate / 2], [rate * 6 / 5, rate / 3, rate * 11 / 20]];
                let order = |poll: u64| if poll < hold { 0 } else { (poll % 2) as usize };
                let all = counted(&first, &paces, every, order);
                let [got, made] = grown(all);
                if got != made || (0..3).any(|i| all[1][0][i] > all[1][1][i]) {
                    faults.push(format!(
                        "{bases:?} {rate} {every} {hold}: then {got:?} of {made:?}, in all {:?}",
                        all[1]
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Class: which of two replicas is counted depends on which of them is seen first.
#[test]
fn the_order_in_which_replicas_are_seen_is_nothing_to_their_tokens() {
    for order in [[0, 1], [1, 0]] {
        let first = [[1_000_000, 0, 100_000], [9_000_000, 0, 900_000]];
        let all =
            counted(&first, &[[100, 0, 100]; 2], 1_000, |poll| order[if poll < 3 { 0 } else { poll as usize % 2 }]);
        let [got, made] = grown(all);
        assert_eq!(got, made, "{order:?}");
    }
}
