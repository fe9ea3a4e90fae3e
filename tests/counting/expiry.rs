//! Verdicts expire: each one stands after nine minutes without new evidence, and is forgotten after eleven.

use crate::support;

use std::ops::Range;

use margintop::fleet::Fleet;
use margintop::snapshot::EngineRow;
use margintop::units::{Moment, Span, Timestamp};
use support::{answered_dated, at, counters, fleet, member, moment, page};

const NINE: i64 = 540;
const ELEVEN: i64 = 660;

fn after(millis: i64) -> Moment {
    at(moment("2025-02-20T10:00:00Z").wall + Span::from_millis(millis))
}

/// A watch over one address.
struct Scene(Fleet);

impl Scene {
    fn new() -> Self {
        Self(fleet(vec![member("e", "n", None)], after(0)))
    }

    /// A page of a process that started at `start`, if it tells.
    fn take(&mut self, second: i64, value: u64, start: Option<Timestamp>) {
        let page = page("deepseek-r1", counters(10 * value, 4 * value, value), start);
        self.0.apply(answered_dated("e", after(1000 * second), page));
    }

    /// A page without a start time.
    fn poll(&mut self, second: i64, value: u64) {
        self.take(second, value, None);
    }

    /// Pages every two seconds: the value at the first one, and 10 more tokens in each.
    fn go_on(&mut self, seconds: Range<i64>, first: u64, start: Option<Timestamp>) {
        for (n, second) in (0..).zip(seconds.step_by(2)) {
            self.take(second, first + 10 * n, start);
        }
    }

    fn output(&self) -> u64 {
        self.0.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum()
    }

    fn disputed(&self) -> u64 {
        self.0.ledger().disputes().iter().map(|dispute| dispute.tokens().count()).sum()
    }

    fn row(&self) -> EngineRow {
        (*self.0.snapshot().engines[0]).clone()
    }

    fn note(&self) -> String {
        self.row().note.map(|note| note.to_string()).unwrap_or_default()
    }
}

/// How much pages every two seconds grew by, at 10 a page, from one second to another.
fn grown(seconds: Range<i64>) -> u64 {
    10 * u64::try_from((seconds.end - seconds.start + 1) / 2 - 1).unwrap()
}

#[allow(clippy::unnecessary_wraps, reason = "a page says its start or does not")]
fn started(millis: i64) -> Option<Timestamp> {
    Some(after(millis).wall)
}

/// A process without a start time that was reset at 701 s, when its first growth was believed. The reset is believed at
/// 705 s, and the old values return `wait` later.
fn reset(wait: i64) -> Scene {
    let mut scene = Scene::new();
    scene.go_on(0..701, 9_000_000, None);
    scene.go_on(701..705 + wait, 5, None);
    scene.poll(705 + wait, 9_003_550);
    scene
}

#[test]
fn a_reset_on_trial_is_believed_after_ten_minutes() {
    let back = reset(NINE);
    assert_eq!((back.output(), back.row().scrape.restarts), (3_550, 0), "it was a dip: what it posted is taken back");
    let stays = reset(ELEVEN);
    assert_eq!(stays.output(), 3_500 + 5 + grown(701..705 + ELEVEN));
    assert_eq!(stays.row().scrape.restarts, 1);
    assert_eq!(stays.0.snapshot().money.lost_windows, 1, "what the restart lost is counted when it is sure");
}

/// A process whose first growth is posted at 2 s, and whose values from before it return `wait` later.
fn first_growth(wait: i64) -> Scene {
    let mut scene = Scene::new();
    scene.poll(0, 5_000);
    scene.go_on(2..2 + wait, 5_900, None);
    scene.poll(2 + wait, 5_001);
    scene
}

#[test]
fn growth_on_trial_is_believed_after_ten_minutes() {
    assert_eq!(first_growth(NINE).output(), 1, "it was another process's");
    assert_eq!(first_growth(ELEVEN).output(), 900 + grown(2..2 + ELEVEN));
}

/// A start time that moved by a second at 22 s, is believed at 26 s, and returns `wait` later with less.
fn moved_start(wait: i64) -> Scene {
    let mut scene = Scene::new();
    scene.go_on(0..21, 1_000, started(-500_000));
    scene.go_on(22..26 + wait, 1_110, started(-499_000));
    scene.take(26 + wait, 1_130, started(-500_000));
    scene
}

#[test]
fn a_start_time_on_trial_is_the_processs_own_after_ten_minutes() {
    let apart = moved_start(NINE);
    assert_eq!((apart.output(), apart.row().processes), (130, 2), "they are two processes");
    let one = moved_start(ELEVEN);
    assert_eq!((one.output(), one.row().processes), (110 + grown(22..26 + ELEVEN), 1), "a dip of one process");
}

/// A line far above a process, seen once at 20 s and again `wait` later.
fn line_above(wait: i64) -> Scene {
    let mut scene = Scene::new();
    scene.go_on(0..19, 5_000, None);
    scene.poll(20, 9_000_000);
    scene.go_on(22..20 + wait, 5_100, None);
    scene.poll(20 + wait, 9_000_007);
    scene
}

#[test]
fn a_quarantined_line_is_forgotten_after_ten_minutes() {
    let growth = |wait| 100 + grown(22..20 + wait);
    let known = line_above(NINE);
    assert_eq!((known.output(), known.row().processes), (growth(NINE) + 7, 2), "it began to answer twice");
    let anew = line_above(ELEVEN);
    assert_eq!((anew.output(), anew.row().processes), (growth(ELEVEN), 1), "it is seen for the first time again");
}

/// Eleven pages in a row that continue neither a process nor each other, up to 40 s, and a twelfth one `wait` later,
/// which has 7 more tokens after that.
fn jumps(wait: i64) -> Scene {
    let mut scene = Scene::new();
    scene.go_on(0..19, 5_000, None);
    for n in 0..11_u8 {
        scene.poll(20 + 2 * i64::from(n), 9_000_000 * (1 + u64::from(n)));
    }
    scene.poll(40 + wait, 200_000_000);
    scene.poll(42 + wait, 200_000_007);
    scene
}

#[test]
fn pages_in_a_row_without_a_process_are_forgotten_after_ten_minutes() {
    assert_eq!(jumps(NINE).output(), 90 + 7, "the twelfth is accepted as a process");
    assert_eq!(jumps(ELEVEN).output(), 90, "the first one again");
}

/// A process below another one, which may be a part of it and is not counted, last seen at 28 s; the upper one goes on
/// until `wait` later.
fn shadow(wait: i64) -> Scene {
    let mut scene = Scene::new();
    scene.go_on(0..21, 9_000_000, None);
    scene.go_on(22..29, 4_000_000, None);
    scene.go_on(30..29 + wait, 9_000_110, None);
    scene
}

#[test]
fn a_process_that_is_not_counted_is_forgotten_after_ten_minutes() {
    let uncertain = shadow(NINE);
    assert!(uncertain.note().contains("cannot be told apart"), "{}", uncertain.note());
    let settled = shadow(ELEVEN);
    assert_eq!(settled.note(), "");
    assert_eq!(uncertain.output(), 110 + grown(30..29 + NINE));
    assert_eq!(settled.output(), 110 + grown(30..29 + ELEVEN));
}

/// A counter that fell at 20 s, neither grows nor returns, and has 10 more tokens `wait` later.
fn flat_fall(wait: i64) -> Scene {
    let mut scene = Scene::new();
    let start = started(-500_000);
    scene.go_on(0..19, 9_000, start);
    for second in (20..20 + wait).step_by(2) {
        scene.take(second, 300, start);
    }
    scene.take(20 + wait, 310, start);
    scene
}

#[test]
fn a_fall_that_neither_grows_nor_returns_is_its_value_after_ten_minutes() {
    assert_eq!(flat_fall(NINE).output(), 90 + 310, "still quarantined until then: a reset, which counts from zero");
    let settled = flat_fall(ELEVEN);
    assert_eq!((settled.output(), settled.note().as_str()), (90 + 10, ""));
    assert_eq!(settled.0.snapshot().money.lost_windows, 1);
}

/// A counter of a known process that was reset at 20 s, and whose old values return at `wait` after 24 s.
fn known_reset(wait: i64) -> Scene {
    let mut scene = Scene::new();
    let start = started(-500_000);
    scene.go_on(0..19, 9_000_000, start);
    scene.go_on(20..24 + wait, 300, start);
    scene.take(24 + wait, 9_010_000, start);
    scene
}

#[test]
fn a_reset_of_a_known_process_is_no_dip_after_ten_minutes() {
    let dip = known_reset(NINE);
    assert_eq!((dip.output(), dip.disputed()), (10_000, 0), "what was posted of it is a part of the growth");
    let jump = known_reset(ELEVEN);
    assert_eq!(jump.output(), 90 + 300 + grown(20..24 + ELEVEN));
    assert!(jump.disputed() > 8_000_000, "no hardware makes that in two seconds");
}

#[test]
fn more_processes_than_are_kept_is_said_for_ten_minutes() {
    let mut scene = Scene::new();
    for second in 0..65 {
        scene.take(second, 1_000, started(-900_000 + 10_000 * second));
    }
    // The first one answered 64 s before it was dropped: it may have ended.
    assert_eq!(scene.note(), "60 processes answer at this address, sampled in turn");
    let mut crowded = Scene::new();
    for n in 0..65 {
        let page = page("deepseek-r1", counters(10_000, 4_000, 1_000), started(-900_000 + 10_000 * n));
        crowded.0.apply(answered_dated("e", after(500 * n), page));
    }
    for (second, said) in [(32 + NINE, true), (32 + ELEVEN, false)] {
        crowded.take(second, 1_000, started(-900_000 + 640_000));
        assert_eq!(crowded.note().contains("more processes answer at this address than the 64"), said, "{second}");
    }
}

/// What an address of 64 processes posts for each of these that comes back with 5 more tokens, after a 65th process.
fn back_after_65(returning: &[i64]) -> Vec<u64> {
    let start = |n: i64| started(-90_000_000 + 10_000 * n);
    let mut scene = Scene::new();
    for n in 0..64 {
        scene.take(n, 1_000, start(n));
    }
    // Seen again in another order than they came in: the 10th is the one that was not seen for longest.
    for (second, n) in (64..).zip((0..64).rev().filter(|n| *n != 10)) {
        scene.take(second, 1_000, start(n));
    }
    scene.take(200, 1_000, start(64));
    let mut posted = Vec::new();
    for (second, n) in (201..).zip(returning) {
        let before = scene.output();
        scene.take(second, 1_005, start(*n));
        posted.push(scene.output() - before);
    }
    posted
}

#[test]
fn of_more_than_64_processes_the_one_seen_longest_ago_is_dropped() {
    assert_eq!(back_after_65(&[0, 1, 9, 11, 31, 62, 63, 64]), [5; 8], "all others are known");
    assert_eq!(back_after_65(&[10]), [0], "its page is a baseline");
    // The return of the 10th dropped the next one: the 63rd was seen first after the first turn.
    assert_eq!(back_after_65(&[10, 63, 62, 0]), [0, 0, 0, 5]);
}

/// A reset that is taken back leaves what was posted before it.
#[test]
fn a_reset_that_is_taken_back_leaves_the_growth_before_it() {
    let mut scene = Scene::new();
    scene.go_on(0..21, 9_000_000, None);
    scene.go_on(21..100, 5, None);
    scene.poll(100, 9_000_150);
    assert_eq!(scene.output(), 150);
}
