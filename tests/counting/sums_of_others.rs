//! A federated page with sums over its instances: their tokens count once.
//!
//! Class: a recording rule or an aggregating collector leaves sums beside their parts, under the same names.

use crate::fixture;
use crate::support;

use margintop::fleet::Fleet;
use margintop::units::{Moment, Money, Span};
use support::{answered, at, fleet, moment, posted, target};

const FEDERATED: &str = "http://10.0.9.9:9090/federate";

fn after(seconds: i64) -> Moment {
    at(moment("2026-03-10T10:00:00Z").wall + Span::from_secs(seconds))
}

fn series(labels: &str, tokens: i64) -> String {
    let labels = format!("{{model_name=\"deepseek-r1\"{labels}}}");
    format!(
        "vllm:prompt_tokens_total{labels} {tokens}\nvllm:generation_tokens_total{labels} {tokens}\n\
         vllm:num_requests_running{labels} 2\n"
    )
}

/// What two instances made at a second.
fn made(place: i64, second: i64) -> i64 {
    (1_000_000 + 300 * second) * (1 + place)
}

fn poll(fleet: &mut Fleet, second: i64, sums: &[&str], lag: i64) {
    let parts = (0..2).map(|place| {
        let labels = format!(",job=\"v\",instance=\"10.0.0.{place}:8000\"");
        format!(
            "{}process_start_time_seconds{{job=\"v\",instance=\"10.0.0.{place}:8000\"}} 1700000000\n",
            series(&labels, made(place, second))
        )
    });
    let sum = |second| (0..2).map(|place| made(place, second)).sum();
    let sums = sums.iter().map(|labels| series(labels, sum(second - lag)));
    let text: String = parts.chain(sums).collect();
    fleet.apply(answered(FEDERATED, after(second), fixture::page(&text)));
}

#[test]
fn sums_beside_their_parts_are_not_counted() {
    // Without `instance`, without any label, both, and computed a while ago.
    for (sums, lag) in [(&[",job=\"v\""][..], 0), (&[""], 0), (&["", ",job=\"v\""], 0), (&[",job=\"v\""], 30)] {
        let mut fleet = fleet(vec![target(FEDERATED, None)], after(0));
        for second in 0..120 {
            poll(&mut fleet, second, sums, lag);
        }
        let expected = 119 * 300 * 3;
        assert_eq!(posted(&fleet), [expected, 0, expected], "{sums:?} {lag}");
        let snapshot = fleet.snapshot();
        assert_eq!(snapshot.engines.len(), 2, "the instances are the rows");
        let note = snapshot.engines[0].note.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(note.contains("sums or copies"), "{note}");
        let running: u64 = snapshot.engines.iter().filter_map(|row| row.running).sum();
        assert_eq!(running, 4);
    }
}

#[test]
fn a_sum_that_appears_later_or_begins_at_zero_is_not_counted() {
    let mut late = fleet(vec![target(FEDERATED, None)], after(0));
    for second in 0..120 {
        poll(&mut late, second, if second < 60 { &[] } else { &[",job=\"v\""] }, 0);
    }
    assert_eq!(posted(&late), [119 * 900, 0, 119 * 900]);
}

/// Class: a sum that is on the page before its parts are.
#[test]
fn a_sum_whose_parts_come_later_ends_with_them() {
    // The first second of each of the two instances.
    for first in [[20, 20], [20, 30], [0, 30]] {
        let mut fleet = fleet(vec![target(FEDERATED, None)], after(0));
        for second in 0..120 {
            let parts = (0..2)
                .filter(|place| second >= first[*place as usize])
                .map(|place| series(&format!(",job=\"v\",instance=\"10.0.0.{place}:8000\""), made(place, second)));
            let sum = series(",job=\"v\"", made(0, second) + made(1, second));
            let text: String = parts.chain([sum]).collect();
            fleet.apply(answered(FEDERATED, after(second), fixture::page(&text)));
        }
        let [prompt, ..] = posted(&fleet);
        let money = fleet.snapshot().money;
        let truth = 119 * 900;
        // Up to the last part the sum and the first part both count.
        let twice = if first[0] < first[1] { 300 * u64::try_from(first[1] - first[0]).unwrap() } else { 0 };
        assert!(prompt <= truth + twice && prompt + 2 * 900 >= truth, "{first:?}: {prompt} of {truth}");
        assert!(prompt <= truth || money.upper_bound && money.uncertainty > Money::ZERO, "{first:?}: {money:?}");
        assert!(prompt >= truth || money.lower_bound, "{first:?}");
    }
}

#[test]
fn a_sum_over_models_or_of_a_cluster_is_not_counted() {
    for (labels, own) in [("", ""), ("job=\"v\"", ""), ("cluster=\"c\"", ",cluster=\"c\"")] {
        let mut fleet = fleet(vec![target(FEDERATED, None)], after(0));
        for second in 0..60 {
            let parts = (0..2)
                .map(|place| series(&format!(",job=\"v\",instance=\"10.0.0.{place}:8000\"{own}"), made(place, second)));
            let tokens = made(0, second) + made(1, second);
            let sum = format!(
                "vllm:prompt_tokens_total{{{labels}}} {tokens}\nvllm:generation_tokens_total{{{labels}}} {tokens}\n"
            );
            let text: String = parts.chain([sum]).collect();
            fleet.apply(answered(FEDERATED, after(second), fixture::page(&text)));
        }
        let snapshot = fleet.snapshot();
        assert_eq!(posted(&fleet), [59 * 900, 0, 59 * 900], "{labels}");
        assert!(!snapshot.money.lower_bound && snapshot.engines.len() == 2, "{labels}: {:?}", snapshot.money);
    }
}

/// Class: a page that shows a process under its old and its new labels for a while.
#[test]
fn copies_under_other_labels_count_once_while_and_after_both_are_there() {
    let labels = |name: &str| format!("model_name=\"deepseek-r1\",{name}");
    let process = |name: &str, second: i64| {
        let (labels, tokens) = (labels(name), made(0, second));
        format!(
            "vllm:prompt_tokens_total{{{labels}}} {tokens}\nvllm:generation_tokens_total{{{labels}}} {tokens}\n\
             process_start_time_seconds{{{name}}} 1700000000.37\n"
        )
    };
    let changes = [
        ("job=\"v\",instance=\"a:8000\"", "job=\"pods\",instance=\"a:8000\""),
        ("job=\"v\",instance=\"a:8000\"", "job=\"v\",instance=\"a:8000\",pod=\"p-1\""),
        ("instance=\"b:8000\"", "instance=\"a:8000\""),
    ];
    for (old, new) in changes {
        for overlap in [1, 3, 10, 40] {
            let mut fleet = fleet(vec![target(FEDERATED, None)], after(0));
            for second in 0..80 {
                let mut text = String::new();
                if second < 20 + overlap {
                    text += &process(old, second);
                }
                if second >= 20 {
                    text += &process(new, second);
                }
                fleet.apply(answered(FEDERATED, after(second), fixture::page(&text)));
            }
            let money = fleet.snapshot().money;
            assert_eq!(posted(&fleet), [79 * 300, 0, 79 * 300], "{new} {overlap}");
            assert_eq!((money.lower_bound, money.lost_windows), (false, 0), "{new} {overlap}");
        }
    }
}

#[test]
fn a_row_with_fewer_labels_and_tokens_of_its_own_counts() {
    let mut fleet = fleet(vec![target(FEDERATED, None)], after(0));
    for second in 0..120 {
        let own = |place: i64| format!(",job=\"v\",instance=\"10.0.0.{place}:8000\"");
        let text: String = [(own(0), made(0, second)), (own(1), made(1, second)), (String::new(), made(0, second))]
            .iter()
            .map(|(labels, tokens)| series(labels, *tokens))
            .collect();
        fleet.apply(answered(FEDERATED, after(second), fixture::page(&text)));
    }
    assert_eq!(posted(&fleet), [119 * 1200, 0, 119 * 1200]);
}
