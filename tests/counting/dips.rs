//! Counters that fall for a few pages and return: whatever a fall was taken for meanwhile, the end is exact to the token.

use crate::support;

use margintop::fleet::Fleet;
use margintop::reading::Event;
use margintop::units::{Moment, Span};
use support::{answered_dated, at, counters, fleet, member, moment, page};

const MODEL: &str = "deepseek-r1";

/// A process at work.
#[derive(Debug, Clone, Copy)]
struct Work {
    /// What its counters had when it was first seen: prompt, cached, output.
    base: [u64; 3],
    /// What they grow by from page to page.
    rate: [u64; 3],
    /// Milliseconds from page to page.
    every: i64,
    /// Whether its page says when it started.
    identified: bool,
}

/// A fall of some counters to a part of their value, for some pages.
#[derive(Debug, Clone, Copy)]
struct Dip {
    counters: [bool; 3],
    percent: u64,
    pages: u64,
}

const DIPS_AT: u64 = 30;
const PAGES: u64 = 80;

fn began() -> Moment {
    moment("2025-02-20T10:00:00Z")
}

/// A fleet after all pages.
fn watched(work: Work, dip: Dip) -> Fleet {
    let mut fleet: Fleet = fleet(vec![member("e", "n", None)], began());
    let start = work.identified.then(|| began().wall - Span::from_secs(300));
    for nth in 0..PAGES {
        let when = at(began().wall + Span::from_millis(work.every * nth.cast_signed()));
        let is_low = (DIPS_AT..DIPS_AT + dip.pages).contains(&nth);
        let shown: [u64; 3] = std::array::from_fn(|i| {
            let value = work.base[i] + nth * work.rate[i];
            if is_low && dip.counters[i] { value * dip.percent / 100 } else { value }
        });
        fleet.apply(answered_dated("e", when, page(MODEL, counters(shown[0], shown[1], shown[2]), start)));
        fleet.apply(Event::Tick(when));
    }
    fleet
}

/// What is posted after all pages, and whether it is said to be a lower bound.
fn watch(work: Work, dip: Dip) -> ([u64; 3], bool) {
    let fleet = watched(work, dip);
    let mut posted = [0; 3];
    for (.., tokens) in fleet.ledger().today().tokens() {
        posted[0] += tokens.miss.count() + tokens.hit.count();
        posted[1] += tokens.hit.count();
        posted[2] += tokens.output.count();
    }
    (posted, fleet.snapshot().money.lower_bound)
}

fn truth(work: Work) -> [u64; 3] {
    std::array::from_fn(|i| (PAGES - 1) * work.rate[i])
}

#[test]
fn a_process_that_is_known_loses_and_doubles_nothing_by_a_dip() {
    let bases = [[290, 160, 125], [5_000, 2_000, 2_000], [500_000, 20_000, 50_000], [0, 0, 0]];
    let rates = [[12, 5, 12], [1_200, 500, 1_200], [3_000, 0, 3_000]];
    let falling = [[false, false, true], [true, true, true], [true, true, false], [false, true, false]];
    let mut wrong = Vec::new();
    for (base, rate) in bases.into_iter().flat_map(|base| rates.map(|rate| (base, rate))) {
        for every in [250, 1_000, 5_000] {
            let work = Work { base, rate, every, identified: true };
            for (counters, percent) in falling.into_iter().flat_map(|falling| [9, 30, 75, 98].map(|p| (falling, p))) {
                for pages in [1, 2, 3, 4, 5, 8] {
                    let dip = Dip { counters, percent, pages };
                    let (posted, is_bound) = watch(work, dip);
                    if posted != truth(work) || is_bound {
                        wrong.push(format!("{work:?} {dip:?}: {posted:?} of {:?}, {is_bound}", truth(work)));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
}

/// The class: what is uncertain twice over for one reason, first as a line that appears below a process, then as one that may
/// have been its dip.
#[test]
fn one_dip_without_a_start_time_is_one_lost_window() {
    let work = Work { base: [5_000_000, 1_000_000, 900_000], rate: [25, 12, 25], every: 250, identified: false };
    for counters in [[true; 3], [false, false, true]] {
        for pages in [1, 2, 3, 4, 5, 8] {
            let dip = Dip { counters, percent: 60, pages };
            let fleet = watched(work, dip);
            assert_eq!(watch(work, dip).0, truth(work), "{dip:?}");
            assert_eq!(fleet.snapshot().money.lost_windows, u64::from(pages > 2), "{dip:?}");
        }
    }
}
