//! A rank that is missing on the first pages, and a process without a start time that another one replaces.

use crate::rate_truth;

use rate_truth::{misposted, poll, rows, started, watched};

const URL: &str = "http://engine:8000";

fn made(nth: i64, before: u64, pace: i64) -> u64 {
    before + u64::try_from(nth * pace).unwrap()
}

/// Class: a rank of an old process that the first pages lack: what it made before the watch is posted.
#[test]
fn a_rank_that_the_first_pages_lack_is_a_baseline() {
    for first in [2, 4] {
        let mut fleet = watched(&[URL], None);
        let mut last = None;
        for nth in 0..10 {
            let zero = ("0", "m", made(nth, 900_000, 100));
            let one = ("1", "m", made(nth, 600_000, 100));
            let page = if nth < first { rows(&[zero], started(9_999)) } else { rows(&[zero, one], started(9_999)) };
            last = Some(poll(&mut fleet, URL, nth, page));
        }
        let last = last.unwrap();
        let truth = u64::try_from(9 * 100 + (9 - first) * 100).unwrap();
        assert_eq!(misposted(&last, truth, truth), None, "first on page {first}");
        assert!(last.money.lower_bound && last.money.disputed_tokens == 0, "first on page {first}");
    }
}

/// Class: another process answers in the place of a steady one, with counters that are not far above.
#[test]
fn another_process_not_far_above_is_an_upper_bound() {
    for (prompts, output) in [(50_000, 9_000), (99_000, 15_000), (20_000, 6_000)] {
        let mut fleet = watched(&[URL], None);
        for nth in 0..16 {
            let above = nth >= 5;
            let mut page = rows(&[("0", "m", made(nth, 100_000, 500))], None);
            page.engines[0].tokens = crate::support::counters(
                made(nth, 1_000_000, 500) + if above { prompts } else { 0 },
                0,
                made(nth, 100_000, 500) + if above { output } else { 0 },
            );
            let snapshot = poll(&mut fleet, URL, nth, page);
            let money = &snapshot.money;
            if nth == 8 {
                let posted: u64 = fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum();
                assert!(posted <= 8 * 500 || money.upper_bound, "{prompts} and {output} above: {posted} posted");
            }
        }
    }
}
