//! Several models or ranks of a process whose names change on one page: each goes on from its own values, or the total is a
//! lower bound.
#![allow(clippy::cast_precision_loss)]

use crate::rate_truth;
use crate::support;

use margintop::reading::{Event, PageReading};
use margintop::units::Timestamp;
use rate_truth::{both, contradicts, known, misposted, refused, rows, second, started, wrong};

const URL: &str = "http://engine:8000";
const SINCE: i64 = 15;
const ALL: i64 = 40;

/// Rows of a script: what they begin with, what they make a second, and their names before and after.
struct Script<'a> {
    what: &'a str,
    rows: Vec<(u64, u64, [&'a str; 2])>,
    by_rank: bool,
    /// How many pages fail before the names have changed.
    gap: i64,
}

impl Script<'_> {
    fn page(&self, nth: i64, start: Option<Timestamp>) -> PageReading {
        let step = nth.unsigned_abs();
        let which = usize::from(nth >= SINCE);
        let all: Vec<_> = self.rows.iter().map(|(base, pace, names)| (names[which], base + pace * step)).collect();
        let shown: Vec<_> = all
            .iter()
            .map(|(name, output)| if self.by_rank { (*name, "m", *output) } else { ("0", *name, *output) })
            .collect();
        rows(&shown, start)
    }

    fn made(&self, nth: i64) -> u64 {
        self.rows.iter().map(|(_, pace, _)| pace * nth.max(0).unsigned_abs()).sum()
    }
}

fn check(script: &Script<'_>, start: Option<Timestamp>, is_exact: bool, found: &mut Vec<String>) {
    let pace = script.made(1) as f64;
    for mut fleet in both(&[URL]) {
        let mut last = 0;
        for nth in 0..ALL {
            let fails = (SINCE..SINCE + script.gap).contains(&nth);
            if fails {
                fleet.apply(refused(URL, nth));
            } else {
                fleet.apply(support::answered_dated(URL, second(nth), script.page(nth, start)));
            }
            fleet.apply(Event::Tick(second(nth) + margintop::units::Span::from_millis(20)));
            let snapshot = fleet.snapshot();
            let what = format!("{}, start time {}, poll {nth}", script.what, start.is_some());
            if !fails {
                last = script.made(nth);
                found.extend(wrong(&snapshot, pace, 0.05).map(|why| format!("{what}: {why}")));
                let is_new = (SINCE..SINCE + script.gap + 1).contains(&nth);
                if contradicts(&snapshot) && !is_new && !snapshot.money.lower_bound {
                    found.push(format!("{what}: one rate of two"));
                }
            }
            found.extend(misposted(&snapshot, last, last).map(|why| format!("{what}: {why}")));
            let settled = nth > SINCE + script.gap + 14;
            if is_exact && settled && (snapshot.money.lower_bound || !known(&snapshot)) {
                found.push(format!("{what}: {:?}", snapshot.money.lower_bound));
            }
        }
    }
}

/// Class: of several rows that are renamed at once, one is recognised and the growth of the others is lost without a word.
#[test]
fn rows_that_are_renamed_together_go_on_from_their_own_values() {
    let (old, new) = (["a", "b", "c", "d"], ["x", "y", "z", "w"]);
    let mut found = Vec::new();
    for by_rank in [false, true] {
        let (old, new) = if by_rank { (["0", "1", "2", "3"], ["4", "5", "6", "7"]) } else { (old, new) };
        for (k, base, apart, pace) in [
            (2, 5_000_000, 20_000, 100),
            (3, 5_000_000, 20_000, 100),
            (4, 5_000_000, 20_000, 100),
            (2, 900_000, 900_000, 100),
            (4, 900_000, 0, 100),
            (3, 5_000_000, 4_000_000, 4_000),
            (2, 40, 30, 3),
        ] {
            for gap in [0, 3] {
                let row = |nth: u64| {
                    let place = usize::try_from(nth).unwrap();
                    (base + nth * apart, pace + 10 * nth.min(pace), [old[place], new[place]])
                };
                let script = Script {
                    what: &format!("{k} of {base}, {apart}, {pace}, gap {gap}, ranks {by_rank}"),
                    rows: (0..k).map(row).collect(),
                    by_rank,
                    gap,
                };
                check(&script, started(999), true, &mut found);
                check(&script, None, false, &mut found);
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(12).collect::<Vec<_>>());
}

/// The same where one of the rows keeps its name: what the others had before is not posted as growth.
#[test]
fn rows_that_are_renamed_beside_one_that_is_not_post_no_lifetime() {
    let mut found = Vec::new();
    for (base, apart) in [(300_000, 20_000), (30_000, 9_000), (5_000_000, 100_000)] {
        for gap in [0, 3] {
            let rows =
                vec![(base, 100, ["a", "a"]), (base + apart, 110, ["b", "y"]), (base + 2 * apart, 120, ["c", "z"])];
            let script = Script { what: &format!("beside one, {base}, gap {gap}"), rows, by_rank: false, gap };
            check(&script, started(999), true, &mut found);
            check(&script, None, false, &mut found);
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(12).collect::<Vec<_>>());
}

/// The same of rows that grew too much since the last page to be recognised.
#[test]
fn renamed_rows_that_cannot_be_recognised_make_a_lower_bound() {
    let mut found = Vec::new();
    for gap in [0, 1, 20] {
        let rows = vec![(5_000_000, 30_000, ["a", "x"]), (9_000_000, 20_000, ["b", "y"])];
        let script = Script { what: &format!("fast, gap {gap}"), rows, by_rank: false, gap };
        check(&script, started(999), false, &mut found);
        check(&script, None, false, &mut found);
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(12).collect::<Vec<_>>());
}
