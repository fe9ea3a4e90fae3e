//! Several processes behind one address, or on one page.

use std::fmt::Write;

use crate::reports::scene::{Scene, revenue};

/// Two counters of `base` tokens that grew by `grown`, under two names.
fn counters(names: [&str; 2], labels: &str, values: [u64; 2]) -> String {
    let series = |(name, value): (&str, u64)| format!("# TYPE {name} counter\n{name}{{{labels}}} {value}\n");
    names.into_iter().zip(values).map(series).collect()
}

/// Three polls reach the first worker; then both answer in turn.
fn turn(n: u64) -> usize {
    usize::from(n > 3 && n.is_multiple_of(2))
}

/// Two workers of a proxy, started 0.4 s apart, each with a registry of its own and 100 tokens a second.
fn litellm(n: u64, second: u64) -> String {
    let (start, base) = [("1764000000.00", 100_000), ("1764000000.40", 900_000)][turn(n)];
    let labels = "model=\"my-chat\",api_key_alias=\"k1\"";
    let names = ["litellm_input_tokens_metric_total", "litellm_output_tokens_metric_total"];
    let values = [base * 10 + 100 * second, base + 100 * second];
    format!("process_start_time_seconds {start}\n{}", counters(names, labels, values))
}

/// The same of an engine that says no start time.
fn sglang(n: u64, second: u64) -> String {
    let base = [100_000, 900_000][turn(n)];
    let names = ["sglang:prompt_tokens_total", "sglang:generation_tokens_total"];
    let values = [base * 10 + 100 * second, base + 100 * second];
    counters(names, "model_name=\"m\",engine_type=\"unified\"", values)
}

/// Class: values of one process taken for growth of another, where a start time tells them apart.
#[test]
fn workers_with_a_registry_each_are_distinguished_by_their_starts() {
    let mut scene = Scene::one();
    scene.poll(0..=10, litellm);
    // The first is seen from 0 to 10 s, the second from 3 to 9 s.
    assert_eq!((scene.posted(), scene.disputed()), ([1_600, 0, 1_600], 0));
    let snapshot = scene.snapshot(10);
    assert!((revenue(&snapshot) - 0.0048).abs() < 1e-9, "{}", revenue(&snapshot));
    assert_eq!(snapshot.engines[0].processes, 2);
}

/// Class: values of one process taken for growth of another, where no start time tells them apart.
#[test]
fn workers_without_start_times_are_distinguished_by_their_values() {
    let mut scene = Scene::one();
    scene.poll(0..=10, sglang);
    assert_eq!((scene.posted(), scene.disputed()), ([1_600, 0, 1_600], 0));
    assert_eq!(scene.snapshot(10).engines[0].processes, 2);
}

/// The pages of two workers merged, told apart by their address; the second is taken out after 3 s.
fn merged(_: u64, second: u64) -> String {
    let workers = [
        ("http://10.0.0.11:30000", [5_000_000 + 100 * second, 3_000_000, 500_000 + 100 * second], ["7", "2", "0.30"]),
        ("http://10.0.0.12:30000", [4_000_000 + 100 * second, 2_000_000, 400_000 + 100 * second], ["5", "1", "0.60"]),
    ];
    let here = if second < 4 { &workers[..] } else { &workers[..1] };
    let mut text = String::new();
    for (nth, name) in ["prompt_tokens_total", "cached_tokens_total", "generation_tokens_total"].iter().enumerate() {
        writeln!(text, "# TYPE sglang_{name} counter").unwrap();
        for (address, counts, _) in here {
            let labels = format!("model_name=\"m\",engine_type=\"unified\",worker_addr=\"{address}\"");
            writeln!(text, "sglang_{name}{{{labels}}} {}", counts[nth]).unwrap();
        }
    }
    for (nth, name) in ["num_running_reqs", "num_queue_reqs", "token_usage"].iter().enumerate() {
        writeln!(text, "# TYPE sglang_{name} gauge").unwrap();
        for (address, _, gauges) in here {
            let labels = format!("model_name=\"m\",engine_type=\"unified\",worker_addr=\"{address}\"");
            writeln!(text, "sglang_{name}{{{labels},tp_rank=\"0\",pp_rank=\"0\"}} {}", gauges[nth]).unwrap();
        }
    }
    text
}

/// Class: instances on one page summed, so that gauges vanish and a leaver's counters look like a restart.
#[test]
fn workers_on_one_page_are_counted_each() {
    let mut scene = Scene::one();
    scene.poll(0..=3, merged);
    let both = scene.snapshot(3);
    assert_eq!((both.requests.running, both.requests.waiting), (Some(12), Some(3)));
    scene.poll(4..=10, merged);
    let one = scene.snapshot(10);
    assert_eq!((one.requests.running, one.requests.waiting), (Some(7), Some(2)));
    assert_eq!((scene.posted(), scene.disputed()), ([1_300, 0, 1_300], 0));
    assert!((revenue(&one) - 0.0039).abs() < 1e-9, "{}", revenue(&one));
}

/// Two models of one server without a start time; the second is loaded anew after 4 s, and its counters begin at zero.
fn reloaded(_: u64, second: u64) -> String {
    let first = 30_000_000 + 100 * second;
    let loaded_anew = if second < 4 { 10_000_000 + 100 * second } else { 100 * (second - 4) };
    let mut text = String::new();
    for name in ["nv_llm_input_token_len", "nv_llm_output_token_len"] {
        writeln!(text, "# TYPE {name} histogram").unwrap();
        for (model, sum) in [("a", first), ("b", loaded_anew)] {
            let labels = format!("model=\"{model}\",version=\"1\"");
            writeln!(text, "{name}_count{{{labels}}} {}\n{name}_sum{{{labels}}} {sum}", sum / 100).unwrap();
        }
    }
    text
}

/// Class: one row of a page begins anew, and the others are counted from zero with it.
#[test]
fn a_model_that_is_loaded_anew_takes_no_other_with_it() {
    let mut scene = Scene::one();
    scene.poll(0..=10, reloaded);
    // What the second made between the last poll and its end is not known.
    assert_eq!((scene.posted(), scene.disputed()), ([1_900, 0, 1_900], 0));
    assert!((revenue(&scene.snapshot(10)) - 0.0057).abs() < 1e-9);
}

/// Class: a version of a model that is loaded beside another one loses its first tokens.
#[test]
fn a_version_that_is_loaded_beside_another_counts_from_zero() {
    let page = |start: &str, second: u64| {
        let mut text = start.to_owned();
        for name in ["nv_llm_input_token_len", "nv_llm_output_token_len"] {
            writeln!(text, "# TYPE {name} histogram").unwrap();
            for (version, sum) in [(1, 30_000_000 + 100 * second), (2, 700 * second.saturating_sub(3))] {
                let labels = format!("model=\"a\",version=\"{version}\"");
                if sum > 0 {
                    writeln!(text, "{name}_count{{{labels}}} {}\n{name}_sum{{{labels}}} {sum}", sum / 100).unwrap();
                }
            }
        }
        text
    };
    for start in ["", "process_start_time_seconds 1764000000.25\n"] {
        let mut scene = Scene::one();
        scene.poll(0..=10, |_, second| page(start, second));
        assert_eq!((scene.posted(), scene.disputed()), ([1_000 + 4_900, 0, 1_000 + 4_900], 0), "{start}");
    }
}

/// Class: the same of three processes, whose starts are a little apart or a hundredth of a second.
#[test]
fn three_workers_are_distinguished_by_their_starts() {
    for apart in [2, 40] {
        let mut scene = Scene::one();
        scene.poll(0..=60, |n, second| {
            let (worker, base) = [(0, 100_000), (1, 900_000), (2, 500_000)][usize::try_from(n % 3).unwrap()];
            let names = ["sglang:prompt_tokens_total", "sglang:generation_tokens_total"];
            let values = [base * 10 + 100 * second, base + 100 * second];
            let start = format!("process_start_time_seconds 1764000000.{:02}\n", worker * apart);
            start + &counters(names, "model_name=\"m\"", values)
        });
        let right = 100 * (60 + 57 + 57);
        assert_eq!((scene.posted(), scene.disputed()), ([right, 0, right], 0), "{apart}");
    }
}

/// What was posted and disputed of workers that answer at one address in these turns, and what they made while seen.
fn in_turns(bases: &[u64], turns: impl Iterator<Item = usize>) -> (Scene, u64) {
    let (mut scene, mut seen) = (Scene::one(), vec![None; bases.len()]);
    for (second, worker) in (0..).zip(turns) {
        let made = 100 * u64::try_from(second).unwrap();
        let names = ["sglang:prompt_tokens_total", "sglang:generation_tokens_total"];
        let values = [bases[worker] * 10 + made, bases[worker] + made];
        scene.take(
            crate::reports::scene::HERE,
            second,
            crate::reports::scene::read(&counters(names, "model_name=\"m\"", values)),
        );
        seen[worker] = Some(seen[worker].map_or((made, made), |(first, _)| (first, made)));
    }
    let right = seen.into_iter().flatten().map(|(first, last): (u64, u64)| last - first).sum();
    (scene, right)
}

/// Class: values of one process taken for growth of another: three of them, without start times, in turn.
#[test]
fn three_workers_without_start_times_are_never_billed_for_more_than_they_made() {
    for bases in [[100_000, 900_000, 500_000], [10_996, 923_330, 242_568]] {
        let (scene, right) = in_turns(&bases, (0..61).map(|second| second % 3));
        let [miss, _, output] = scene.posted();
        assert!(miss <= right && output <= right, "{bases:?}: {miss} and {output} posted of {right}");
    }
}

/// Class: the same after a jump that stayed and was disputed: what it grew by is no pace that the process has shown.
#[test]
fn a_disputed_jump_makes_no_later_jump_likely() {
    let turns = [0, 0, 0, 0, 2, 2, 2, 1].into_iter().chain((0..30).map(|second| second % 3));
    let (scene, right) = in_turns(&[300_000, 1_000_000, 900_000], turns);
    let [miss, _, output] = scene.posted();
    assert!(miss <= right && output <= right, "{miss} and {output} posted of {right}");
}
