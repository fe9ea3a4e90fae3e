//! Series, rows and instances of one process that take each other's labels.
//!
//! By its labels each of them jumps by what another one had before. That is never posted: it is recognised by the values, or
//! disputed. Each test names the class of fault that it stands for.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use crate::restart;
use crate::support;

use std::fmt::Write;

use margintop::dialect::{self, Hint};
use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::units::{Moment, Span};
use support::{answered_dated, at, gpus, member, moment};

const URL: &str = "http://engine:8000";
const START: &str = "1773129600.25";
/// How long each script runs, in seconds.
const LENGTH: u64 = 40;

fn after(seconds: u64) -> Moment {
    at(moment("2026-03-10T10:00:00Z").wall + Span::from_secs(seconds.cast_signed()))
}

/// One line of a page: labels of its series, and its value in each counter.
type Shown = (String, u64);

/// A line by its number among others.
type Form = fn(u64, u64) -> Shown;

/// A page of these series, and start times of these instances.
fn text(shown: &[Shown], instances: &[&str]) -> String {
    let mut text = String::new();
    if instances.is_empty() {
        writeln!(text, "process_start_time_seconds {START}").unwrap();
    }
    for instance in instances {
        writeln!(text, "process_start_time_seconds{{job=\"v\",instance=\"{instance}\"}} {START}").unwrap();
    }
    for (family, part) in [("prompt_tokens", 1), ("prompt_tokens_cached", 0), ("generation_tokens", 1)] {
        writeln!(text, "# TYPE vllm:{family}_total counter").unwrap();
        for (labels, value) in shown {
            writeln!(text, "vllm:{family}_total{{{labels}}} {}", value * part).unwrap();
        }
    }
    text
}

/// The page without its start times.
fn undated(page: &str) -> String {
    page.split_inclusive('\n').filter(|line| !line.contains("start_time")).collect()
}

/// What came of a script.
struct Came {
    posted: u64,
    disputed: u64,
    is_bound: bool,
    /// The fleet's lifetime output.
    total: u64,
}

/// Plays a script of pages, and kills the watch in between if `kill` says when and for how long.
fn play(page: impl Fn(u64) -> String, kill: Option<(u64, u64)>) -> Came {
    let config = || FleetConfig { targets: vec![member(URL, "n", None)], ..FleetConfig::local("n") };
    let mut fleet = Fleet::new(config(), margintop::pricing::Book::built_in().unwrap(), after(0));
    fleet.restore(SavedState::default(), Span::from_secs(86_400));
    fleet.apply(gpus("n", "NVIDIA H800", 8, after(0)));
    for second in 0..LENGTH {
        if kill.is_some_and(|(from, length)| (from..from + length).contains(&second)) {
            if kill.is_some_and(|(from, _)| from == second) {
                let saved = restart::saved(&mut fleet);
                fleet = restart::restart(&fleet, config(), saved, after(second));
            }
            continue;
        }
        let reading = dialect::read(page(second).as_bytes(), &Hint::default()).unwrap();
        fleet.apply(answered_dated(URL, after(second), reading));
    }
    let posted = fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum();
    let of = |dispute: &margintop::ledger::Dispute| -> u64 {
        dispute.entries.iter().map(|entry| entry.tokens.output.count()).sum()
    };
    let disputed = fleet.ledger().disputes().iter().map(of).sum();
    let snapshot = fleet.snapshot();
    let total = snapshot.tokens.output_total.map_or(0, margintop::units::Tokens::count);
    let of_models = snapshot.models.iter().filter_map(|row| row.output_total).map(margintop::units::Tokens::count);
    assert_eq!(total, of_models.sum::<u64>(), "models add up to the fleet");
    Came { posted, disputed, is_bound: snapshot.money.lower_bound, total }
}

/// With the watch always there, and killed while the labels change.
fn both(name: &str, produced: u64, page: impl Fn(u64) -> String, is_exact: bool) {
    for kill in [None, Some((8, 4))] {
        let Came { posted, disputed, is_bound, .. } = play(&page, kill);
        let what = format!("{name} {kill:?}: posted {posted}, disputed {disputed} of {produced}, bound {is_bound}");
        assert!(posted <= produced, "{what}");
        assert!(posted == produced || is_bound, "{what}");
        if is_exact {
            assert_eq!((posted, disputed), (produced, 0), "{what}");
        }
        assert!(posted + disputed >= produced * 4 / 5, "{what}");
    }
}

/// A series of the only row, by its label.
fn series(label: &str, value: u64) -> Shown {
    (format!("engine=\"0\",model_name=\"deepseek-r1\",worker=\"{label}\""), value)
}

fn rank(rank: u64, value: u64) -> Shown {
    (format!("engine=\"{rank}\",model_name=\"deepseek-r1\""), value)
}

fn model(name: &str, value: u64) -> Shown {
    (format!("engine=\"0\",model_name=\"{name}\""), value)
}

fn instance(name: &str, value: u64) -> Shown {
    (format!("engine=\"0\",model_name=\"deepseek-r1\",job=\"v\",instance=\"{name}\""), value)
}

/// What three workers had at a second; they make 1,000, 900 and 1,100 tokens in each.
fn made(second: u64) -> [u64; 3] {
    [5_000_000 + 1_000 * second, 5_200_000 + 900 * second, 5_100_000 + 1_100 * second]
}

const LAST: u64 = LENGTH - 1;

/// Class: workers that change places with each other, in the labels of their series.
#[test]
fn series_that_change_places_are_counted_once() {
    for every in [5, 8, 15] {
        let page = |second: u64| {
            let turn = (second / every) as usize;
            let shown: Vec<_> = made(second)
                .iter()
                .enumerate()
                .map(|(nth, value)| series(&((nth + turn) % 3).to_string(), *value))
                .collect();
            text(&shown, &[])
        };
        both(&format!("every {every} s"), 3_000 * LAST, page, true);
    }
}

/// Class: a worker ends, and another one has its number from then on: what it had is counted again.
#[test]
fn a_series_that_takes_the_label_of_one_that_ended_is_not_counted_again() {
    for apart in [20_000, 100_000, 900_000] {
        let value = |nth: u64, second: u64| 5_000_000 + apart * nth + 1_000 * second;
        let renumbered = |second: u64| match second {
            0..10 => text(
                &[series("0", value(0, second)), series("1", value(1, second)), series("2", value(2, second))],
                &[],
            ),
            _ => text(&[series("0", value(0, second)), series("1", value(2, second))], &[]),
        };
        both(&format!("three workers, {apart} apart"), 2_000 * LAST + 9_000, renumbered, false);
        let alone = |second: u64| match second {
            0..10 => text(&[series("0", value(0, second)), series("1", value(1, second))], &[]),
            _ => text(&[series("0", value(1, second))], &[]),
        };
        both(&format!("two workers, {apart} apart"), 1_000 * LAST + 9_000, alone, false);
    }
}

/// Class: the same of a worker with a small part of what the one that ended had: it looks like a reset.
#[test]
fn a_series_that_falls_to_the_values_of_one_that_ended_is_not_counted_again() {
    let page = |second: u64| {
        let (small, large) = (100_000 + 1_000 * second, 5_000_000 + 10 * second);
        match second {
            0..10 => text(&[series("a", small), series("b", large)], &[]),
            _ => text(&[series("b", small)], &[]),
        }
    };
    both("a tenth", 1_000 * LAST + 90, page, false);
}

/// Class: ranks and models that change places: each is billed for what the other one had.
#[test]
fn rows_that_change_places_are_counted_once() {
    for every in [6, 8, 15] {
        let swapped = |second: u64| second / every % 2 == 1;
        let ranks = |second: u64| {
            let [one, other, _] = made(second);
            let (first, second) = if swapped(second) { (other, one) } else { (one, other) };
            text(&[rank(0, first), rank(1, second)], &[])
        };
        both(&format!("ranks every {every} s"), 1_900 * LAST, ranks, true);
        let models = |second: u64| {
            let [one, other, _] = made(second);
            let (first, second) = if swapped(second) { (other, one) } else { (one, other) };
            text(&[model("deepseek-r1", first), model("deepseek-v3", second)], &[])
        };
        both(&format!("models every {every} s"), 1_900 * LAST, models, true);
    }
}

/// Class: a rank ends, and the next one has its number from then on.
#[test]
fn a_rank_that_takes_the_number_of_one_that_ended_is_not_counted_again() {
    for apart in [20_000, 100_000, 900_000] {
        let value = |nth: u64, second: u64| 5_000_000 + apart * nth + 1_000 * second;
        let page = |second: u64| match second {
            0..10 => text(&[rank(0, value(0, second)), rank(1, value(1, second)), rank(2, value(2, second))], &[]),
            _ => text(&[rank(0, value(0, second)), rank(1, value(2, second))], &[]),
        };
        both(&format!("{apart} apart"), 2_000 * LAST + 9_000, page, false);
    }
}

/// Class: an aggregator names its instances anew: each one's first page is a baseline again.
#[test]
fn instances_that_get_other_names_go_on() {
    let page = |second: u64| {
        let [one, other, _] = made(second);
        let names = if second < 10 { ["10.0.0.1:8000", "10.0.0.2:8000"] } else { ["pod-1", "pod-2"] };
        text(&[instance(names[0], one), instance(names[1], other)], &names)
    };
    both("renamed", 1_900 * LAST, page, true);
}

/// Class: the same without start times: what was made between the last page of the old name and the first of the new one is
/// missing, and that is said.
#[test]
fn instances_without_start_times_that_get_other_names_are_a_bound() {
    for outage in [0, 5] {
        let page = |second: u64| {
            let [one, other, _] = made(second);
            let names = if second < 10 { ["10.0.0.1:8000", "10.0.0.2:8000"] } else { ["pod-1", "pod-2"] };
            let page = text(&[instance(names[0], one), instance(names[1], other)], &names);
            undated(&page)
        };
        for kill in [None, Some((10 - outage, outage)).filter(|_| outage > 0)] {
            let Came { posted, disputed, is_bound, total } = play(page, kill);
            let produced = 1_900 * LAST;
            assert_eq!(total, made(LAST)[..2].iter().sum::<u64>(), "those of the former names are in no total");
            assert!(posted < produced && disputed == 0 && is_bound, "{posted} of {produced}, {disputed}, {is_bound}");
        }
    }
    // One that leaves and none that comes: only what it made after its last page is missing.
    let page = |second: u64| {
        let [one, other, _] = made(second);
        let shown = [instance("a", one), instance("b", other)];
        let shown = if second < 10 { &shown[..] } else { &shown[..1] };
        let page = text(shown, &["a", "b"]);
        undated(&page)
    };
    let came = play(page, None);
    assert_eq!((came.posted, came.is_bound), (1_000 * LAST + 900 * 9, true));
}

/// Class: the same of instances that change places.
#[test]
fn instances_that_change_places_are_counted_once() {
    let page = |second: u64| {
        let [one, other, _] = made(second);
        let names = if second < 10 { ["a", "b"] } else { ["b", "a"] };
        text(&[instance(names[0], one), instance(names[1], other)], &names)
    };
    both("swapped", 1_900 * LAST, page, true);
}

/// Class: an evicted series that returns below its last value hides what it makes until it is there.
#[test]
fn a_series_that_returns_lower_makes_a_bound() {
    let page = |second: u64| {
        let (one, other) = (5_000_000 + 1_000 * second.min(7), 3_000_000 + 1_000 * second);
        match second {
            0..8 => text(&[series("a", one), series("b", other)], &[]),
            8..16 => text(&[series("b", other)], &[]),
            _ => text(&[series("a", other)], &[]),
        }
    };
    let came = play(page, None);
    assert!(came.posted < 1_000 * LAST + 7_000 && came.is_bound, "{}", came.posted);
}

/// Class: a process without a start time is followed by a new one whose series have other labels, as after an upgrade: what the
/// first one made after its last page is missing.
#[test]
fn a_restart_with_other_labels_is_a_restart() {
    let one = |second: u64, old: &str, new: &str| {
        let (label, made) =
            if second < 12 { (old, 90_000 + 1_000 * second) } else { (new, 600 + 1_000 * (second - 12)) };
        undated(&text(&[(format!("engine=\"0\",model_name=\"deepseek-r1\"{label}"), made)], &[]))
    };
    for [old, new] in
        [["", ",is_streaming=\"true\""], [",worker=\"1\"", ",worker=\"2\""], [",pod=\"a\",zone=\"x\"", ""]]
    {
        let came = play(|second| one(second, old, new), None);
        // Under another instance its first page is a baseline.
        let first = if old.contains("pod") { 0 } else { 600 };
        assert_eq!(
            (came.posted, came.disputed, came.is_bound),
            (11_000 + first + 27_000, 0, true),
            "{old:?} to {new:?}"
        );
    }
}

/// Class: growth of a busy series beside an evicted one is taken for that one's values.
#[test]
fn a_series_that_is_evicted_beside_steady_ones_disputes_nothing() {
    for speed in [100, 1_000, 30_000] {
        let page = |second: u64| {
            let (one, other) = (5_000_000 + speed * second, 5_000_000 + speed * 10 + speed / 2);
            if second < 10 {
                text(&[series("a", one), series("b", other)], &[])
            } else {
                text(&[series("a", one)], &[])
            }
        };
        let came = play(page, None);
        assert_eq!((came.posted, came.disputed, came.is_bound), (speed * LAST, 0, false), "{speed}");
    }
}

/// Class: the same of a process that says no start time: its jump to the value of one that is gone stays for some pages.
#[test]
fn labels_of_one_that_is_gone_are_not_counted_again_without_a_start_time() {
    let forms: [(&str, Form); 3] = [
        ("series", |nth, value| series(&nth.to_string(), value)),
        ("ranks", rank),
        ("models", |nth, value| model(["deepseek-r1", "deepseek-v3", "deepseek-v3.1"][nth as usize], value)),
    ];
    for (what, shown) in forms {
        for (speed, apart) in
            [(1_000, 20_000), (1_000, 60_000), (10, 20_000), (10, 90_000), (10, 150_000), (200, 99_000)]
        {
            let value = |nth: u64, second: u64| 5_000_000 + apart * nth + speed * second;
            let three = |second: u64| match second {
                0..10 => text(&[0, 1, 2].map(|nth| shown(nth, value(nth, second))), &[]),
                _ => text(&[shown(0, value(0, second)), shown(1, value(2, second))], &[]),
            };
            both(
                &format!("three {what}, {apart} apart, {speed} a second"),
                speed * (2 * LAST + 9),
                |second| undated(&three(second)),
                false,
            );
            let two = |second: u64| match second {
                0..10 => text(&[0, 1].map(|nth| shown(nth, value(nth, second))), &[]),
                _ => text(&[shown(0, value(1, second))], &[]),
            };
            both(
                &format!("two {what}, {apart} apart, {speed} a second"),
                speed * (LAST + 9),
                |second| undated(&two(second)),
                false,
            );
        }
    }
}

/// Class: a page that lacks a part of the tokens for a moment, on which labels change too.
#[test]
fn a_dip_under_new_labels_is_a_dip() {
    let one = |name: &str, value: u64, start: &str| {
        format!(
            "{}vllm:prompt_tokens_total{{model_name=\"deepseek-r1\",{name}}} {value}\n\
             vllm:generation_tokens_total{{model_name=\"deepseek-r1\",{name}}} {value}\n",
            format_args!("process_start_time_seconds{{{name}}} {start}\n")
        )
    };
    for (old, new) in [("job=\"v\"", "job=\"pods\""), ("job=\"v\"", "job=\"v\",pod=\"p-0\"")] {
        for share in [50, 60, 97] {
            for short in [1, 2] {
                let url = "http://prometheus:9090/federate";
                let mut fleet = support::fleet(vec![support::target(url, None)], after(0));
                for at in 0..60 {
                    let mut text = String::new();
                    for worker in 0..3 {
                        let labels = if at < 20 { old } else { new };
                        let labels = format!("{labels},instance=\"10.0.0.{worker}:8000\"");
                        let value = made(at)[worker as usize];
                        let is_short = worker == 1 && (20..20 + short).contains(&at);
                        let value = if is_short { value * share / 100 } else { value };
                        text += &one(&labels, value, &format!("1700000000.{worker}7"));
                    }
                    fleet.apply(support::answered(url, after(at), crate::fixture::page(&text)));
                }
                let [posted, ..] = support::posted(&fleet);
                assert_eq!(posted, 59 * 3_000, "{new} {share} {short}");
                let money = fleet.snapshot().money;
                assert_eq!((money.lost_windows, money.lower_bound), (0, false), "{new} {share} {short}");
            }
        }
    }
}
