//! The counting of an engine that several addresses show is handed over from one to another: to the token, without a bound.

use crate::rate_truth;
use crate::restart;
use crate::support;

use margintop::fleet::{Fleet, FleetConfig};
use margintop::reading::PageReading;
use margintop::snapshot::EngineRow;
use margintop::units::{Moment, Money, Span};
use rate_truth::amount;
use support::{answered, at, counters, fleet, member, moment, page};

/// The tokens that the engine makes a second.
const RATE: u64 = 50;
/// What a token of output and its four of the prompt, one of them cached, come to.
const WORTH: f64 = 3.0 * 0.55e-6 + 0.14e-6 + 2.19e-6;

fn after(millis: i64) -> Moment {
    at(moment("2025-02-20T10:00:00Z").wall + Span::from_millis(millis))
}

fn named(names: &[&str]) -> FleetConfig {
    FleetConfig { targets: names.iter().map(|name| member(name, "n", None)).collect(), ..FleetConfig::local("box") }
}

fn watch(names: &[&str]) -> Fleet {
    let mut fleet = fleet(names.iter().map(|name| member(name, "n", None)).collect(), after(0));
    fleet.restore(margintop::fleet::SavedState::default(), Span::from_secs(86_400));
    fleet
}

/// What the engine shows at a moment.
fn shown(millis: i64) -> PageReading {
    let made = 100_000 + u64::try_from(millis).unwrap() * RATE / 1000;
    page("deepseek-r1", counters(made * 4, made, made), Some(after(-900_000).wall))
}

/// Addresses answer in each second of a span, one after the other. No rate is above the engine's without a mark.
fn poll(fleet: &mut Fleet, names: &[&str], seconds: std::ops::Range<i64>) {
    for second in seconds {
        for (nth, name) in (0..).zip(names) {
            let millis = second * 1000 + nth * 100;
            fleet.apply(answered(name, after(millis), shown(millis)));
            let snapshot = fleet.snapshot();
            let pace = snapshot.tokens.output_per_second.unwrap_or_default();
            let earned = snapshot.money.revenue_per_hour.map_or(0.0, |rate| amount(rate) / 3600.0 / WORTH);
            let most = pace.max(earned);
            let is_right = most <= RATE as f64 * 1.25 || snapshot.money.upper_bound;
            assert!(is_right, "{pace} and {earned} a second at {name} in second {second}");
        }
    }
}

fn output(fleet: &Fleet) -> u64 {
    fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum()
}

fn counted_at(fleet: &Fleet) -> Vec<String> {
    let snapshot = fleet.snapshot();
    let is_elsewhere = |row: &EngineRow| row.note.as_ref().is_some_and(|note| note.as_str().contains("counted there"));
    let rows = snapshot.engines.iter().filter(|row| !is_elsewhere(row));
    rows.map(|row| row.target.to_string()).collect()
}

/// Holds that what was made until a page of an address is posted, and nothing is said to be missing.
fn assert_exact(fleet: &Fleet, until_millis: i64) {
    let money = fleet.snapshot().money;
    let made = u64::try_from(until_millis).unwrap() * RATE / 1000;
    assert_eq!((output(fleet), money.lower_bound, money.lost_windows), (made, false, 0));
}

/// Class: an address that is added when the engine was watched at another one already.
#[test]
fn an_address_that_is_added_at_a_restart_loses_nothing() {
    for (gap, names) in [5, 20, 300].into_iter().flat_map(|gap| [(gap, ["new", "old"]), (gap, ["old", "new"])]) {
        for new_first in [false, true] {
            let mut fleet = watch(&["old"]);
            poll(&mut fleet, &["old"], 0..10);
            let saved = restart::saved(&mut fleet);
            let mut fleet = restart::restart(&fleet, named(&names), saved, after((10 + gap) * 1000));
            let order = if new_first { ["new", "old"] } else { ["old", "new"] };
            poll(&mut fleet, &order, 10 + gap..30 + gap);
            let counting = counted_at(&fleet);
            let last = (29 + gap) * 1000 + if counting[0] == order[1] { 100 } else { 0 };
            assert_eq!(counting, [names[0]], "the one that was named first counts");
            assert_exact(&fleet, last);
        }
    }
}

/// Class: an address that is seen for the first time while another one counts.
#[test]
fn an_address_that_comes_late_loses_nothing() {
    let mut fleet = watch(&["b", "a"]);
    poll(&mut fleet, &["a"], 0..40);
    poll(&mut fleet, &["a", "b"], 40..60);
    assert_eq!(counted_at(&fleet), ["b"]);
    assert_exact(&fleet, 59_100);
}

/// Class: the address that counts stops to answer, for a while or for good.
#[test]
fn an_address_that_stops_loses_nothing() {
    let mut fleet = watch(&["b", "a"]);
    poll(&mut fleet, &["b", "a"], 0..20);
    poll(&mut fleet, &["a"], 20..22);
    assert_eq!(output(&fleet), 19 * RATE, "it may come back at once");
    poll(&mut fleet, &["a"], 22..80);
    assert_eq!(counted_at(&fleet), ["a"]);
    assert_exact(&fleet, 79_000);
    poll(&mut fleet, &["b", "a"], 80..100);
    let snapshot = fleet.snapshot();
    let rows: Money = snapshot.engines.iter().filter_map(|row| row.revenue).sum();
    let apart = amount(rows) - snapshot.money.revenue.map_or(0.0, amount);
    assert!(apart.abs() < 2e-6, "the rows add up to the total");
    assert_eq!(counted_at(&fleet), ["b"]);
    assert_exact(&fleet, 99_000);
}

/// Class: of several addresses, all but one stop, one after the other.
#[test]
fn addresses_that_stop_in_turn_lose_nothing() {
    let mut fleet = watch(&["c", "b", "a"]);
    poll(&mut fleet, &["c", "b", "a"], 0..20);
    poll(&mut fleet, &["b", "a"], 20..60);
    assert_exact(&fleet, 59_000);
    poll(&mut fleet, &["a"], 60..120);
    assert_exact(&fleet, 119_000);
    poll(&mut fleet, &["b", "a"], 120..160);
    assert_exact(&fleet, 159_000);
    poll(&mut fleet, &["c", "b", "a"], 160..200);
    assert_eq!(counted_at(&fleet), ["c"]);
    assert_exact(&fleet, 199_000);
}

/// Class: the watch itself is killed while the counting address is silent, before or after it was handed over.
#[test]
fn a_restart_around_a_hand_over_loses_nothing() {
    for killed in [21, 40, 48, 50, 52, 70] {
        let mut fleet = watch(&["b", "a"]);
        poll(&mut fleet, &["b", "a"], 0..20);
        poll(&mut fleet, &["a"], 20..killed);
        let saved = restart::saved(&mut fleet);
        let mut fleet = restart::restart(&fleet, named(&["b", "a"]), saved, after((killed + 10) * 1000));
        poll(&mut fleet, &["a"], killed + 10..killed + 50);
        assert_exact(&fleet, (killed + 49) * 1000);
        poll(&mut fleet, &["b", "a"], killed + 50..killed + 70);
        assert_exact(&fleet, (killed + 69) * 1000);
    }
}

/// Runs of the watch one after the other, each with its addresses, ten seconds apart; what a run does not know is kept.
fn runs(runs: &[(&[&str], i64)]) -> (Fleet, i64) {
    let mut fleet = watch(runs[0].0);
    let (mut second, mut targets) = (0, std::collections::BTreeMap::new());
    for (nth, (names, length)) in runs.iter().enumerate() {
        if nth > 0 {
            let mut saved = restart::saved(&mut fleet);
            for item in std::mem::take(&mut saved.targets) {
                targets.insert(item.key.clone(), item);
            }
            saved.targets = targets.values().cloned().collect();
            second += 10;
            fleet = restart::restart(&fleet, named(names), saved, after(second * 1000));
        }
        poll(&mut fleet, names, second..second + length);
        second += length;
    }
    (fleet, second - 1)
}

/// Class: the counting address is no target of one run, and returns in a later one.
#[test]
fn an_address_that_is_left_out_of_a_run_counts_nothing_of_it_again() {
    let (ab, a, b): (&[&str], &[&str], &[&str]) = (&["a", "b"], &["a"], &["b"]);
    let abc: &[&str] = &["a", "b", "c"];
    for script in [
        vec![(ab, 20), (b, 40), (ab, 20)],
        vec![(ab, 20), (b, 14), (a, 20)],
        vec![(ab, 20), (b, 14), (a, 20), (b, 14), (ab, 20)],
        vec![(ab, 20), (a, 14), (ab, 20)],
        vec![(abc, 20), (&["b", "c"], 20), (&["c"], 20), (abc, 20)],
        vec![(abc, 20), (&["c"], 20), (ab, 20), (&["b"], 20)],
    ] {
        let (fleet, last) = runs(&script);
        assert_exact(&fleet, last * 1000);
    }
}

/// Class: a short disturbance at one address ends for good that the two are one process.
#[test]
fn an_address_that_returns_with_old_values_is_still_the_same_engine() {
    for (pages, behind) in [(3, 12), (8, 12), (40, 8)] {
        let mut fleet = watch(&["a", "b"]);
        poll(&mut fleet, &["a", "b"], 0..20);
        poll(&mut fleet, &["b"], 20..32);
        for second in 32..32 + pages {
            fleet.apply(answered("a", after(second * 1000), shown((second - behind) * 1000)));
            poll(&mut fleet, &["b"], second..second + 1);
        }
        poll(&mut fleet, &["a", "b"], 32 + pages..60 + pages);
        assert_exact(&fleet, (59 + pages) * 1000);
    }
}

/// Class: one of the addresses does not show the hits.
#[test]
fn hits_that_one_address_shows_survive_a_hand_over() {
    let with = |millis: i64, hits: bool| {
        let made = 100_000 + u64::try_from(millis).unwrap() * RATE / 1000;
        let mut page = page("deepseek-r1", counters(made * 4, made, made), Some(after(-900_000).wall));
        page.engines[0].tokens.cached = page.engines[0].tokens.cached.filter(|_| hits);
        page
    };
    for hits_at in ["a", "b"] {
        let mut fleet = watch(&["a", "b"]);
        for second in 0..80_i64 {
            for (name, late) in [("a", 0), ("b", 100)] {
                if name == "b" || !(20..40).contains(&second) {
                    let millis = second * 1000 + late;
                    fleet.apply(answered(name, after(millis), with(millis, name == hits_at)));
                }
            }
        }
        let sum = fleet.ledger().today().tokens().fold([0; 3], |[prompt, hit, output], (.., tokens)| {
            [
                prompt + tokens.miss.count() + tokens.hit.count(),
                hit + tokens.hit.count(),
                output + tokens.output.count(),
            ]
        });
        let made = 79 * RATE;
        assert_eq!([sum[0], sum[2]], [made * 4, made], "hits at {hits_at}");
        // What `a` hit while it was away is known when it returns; what was hit while `a` counted is not known at `b`.
        let known = if hits_at == "a" { made } else { 22 * RATE };
        assert!(sum[1] <= known && sum[1] + 5 * RATE >= known, "hits at {hits_at}: {} of {known}", sum[1]);
    }
}
