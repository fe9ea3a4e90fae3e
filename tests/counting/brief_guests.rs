//! A second process without a start time that answers at an engine's address for a few pages only.

use crate::support;

use margintop::units::{Moment, Span};
use support::{answered_dated, at, counters, fleet, gpus, member, moment, page, posted};

const URL: &str = "http://engine:8000";
/// Tokens of each kind that each process makes a second.
const RATE: u64 = 500;

fn after(second: i64) -> Moment {
    at(moment("2026-03-10T10:00:00Z").wall + Span::from_secs(second))
}

/// Class: a replica that gets few of the scrapes. What it made between its pages is posted or held, never forgotten: less than
/// was made is always marked, for as long as the watch runs.
#[test]
fn what_a_brief_guest_made_is_posted_or_marked() {
    for (base, guests) in [(7_000_000, 2), (7_000_000, 3), (70_000_000, 2), (5_400_000, 2), (7_000_000, 5)] {
        let mut watch = fleet(vec![member(URL, "n", None)], after(0));
        watch.apply(gpus("n", "NVIDIA H800", 8, after(0)));
        let mut seen = [None, None];
        for second in 0..1_000_i64 {
            let is_guest = second >= 5 && second < 5 + guests;
            let first = if is_guest { base } else { 5_000_000 };
            let since = second.unsigned_abs() * RATE;
            let (prompt, output) = (first + since, first / 10 + since);
            seen[usize::from(is_guest)].get_or_insert((prompt, prompt)).1 = prompt;
            watch.apply(answered_dated(URL, after(second), page("deepseek-r1", counters(prompt, 0, output), None)));
            let made: u64 = seen.iter().flatten().map(|(first, last)| last - first).sum();
            let (was, money) = (posted(&watch)[0], watch.snapshot().money);
            let is_right = was == made || was < made && money.lower_bound || was > made && money.upper_bound;
            assert!(is_right, "{base}, {guests} pages, second {second}: {was} posted of {made}, unmarked");
        }
    }
}

/// Class: a single page of wrong values, after which the engine goes on: nothing is missing.
#[test]
fn a_single_odd_page_marks_nothing_after_it() {
    let mut watch = fleet(vec![member(URL, "n", None)], after(0));
    watch.apply(gpus("n", "NVIDIA H800", 8, after(0)));
    for second in 0..60_i64 {
        let prompt = if second == 5 { 9_000_000 } else { 5_000_000 + second.unsigned_abs() * RATE };
        watch.apply(answered_dated(URL, after(second), page("deepseek-r1", counters(prompt, 0, prompt / 10), None)));
    }
    let money = watch.snapshot().money;
    assert_eq!((posted(&watch)[0], money.lower_bound, money.lost_windows), (59 * RATE, false, 0));
}
