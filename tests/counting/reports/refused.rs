//! Counters and start times that cannot be right: what is missing, and where it is said.

use std::fmt::Write;

use crate::reports::proxies::{PROXY, litellm};
use crate::reports::scene::{HERE, Scene, after, read, target};
use margintop::reading::PageReading;

/// A page on which these are the values of the counters.
fn page(prompt: &str, output: &str, start: Option<&str>) -> PageReading {
    let mut text = String::new();
    for (name, value) in [("prompt_tokens_total", prompt), ("generation_tokens_total", output)] {
        writeln!(text, "# TYPE vllm:{name} counter\nvllm:{name}{{model_name=\"m\"}} {value}").unwrap();
    }
    if let Some(start) = start {
        writeln!(text, "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {start}").unwrap();
    }
    read(&text)
}

fn note(scene: &mut Scene, second: i64) -> String {
    scene.snapshot(second).engines[0].note.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// Class: a counter that was never valid leaves the total without a bound.
#[test]
fn a_counter_that_is_refused_from_the_first_page_on_is_a_lower_bound() {
    for bad in ["NaN", "9007199254740992", "-5", "1.5", "+Inf"] {
        for (prompt, output) in [(bad, "7"), ("7", bad)] {
            let mut scene = Scene::one();
            for second in 0..=3 {
                scene.take(HERE, second, page(prompt, output, None));
                assert!(scene.snapshot(second).money.lower_bound, "{prompt} {output} at {second}");
            }
            scene.take(HERE, 4, page("10", "10", None));
            scene.take(HERE, 5, page("10", "10", None));
            let money = scene.snapshot(5).money;
            assert!(!money.lower_bound || money.lost_windows > 0, "only while it is: {prompt} {output}");
        }
    }
}

/// Class: a counter that is in no sum makes a bound of the sum.
#[test]
fn a_refused_counter_that_is_not_billed_makes_no_bound() {
    let mut scene = Scene::of(vec![target(HERE, None), target(PROXY, None)]);
    let mut text =
        String::from("# TYPE vllm:num_preemptions_total counter\nvllm:num_preemptions_total{model_name=\"m\"} NaN\n");
    for name in ["prompt_tokens_total", "generation_tokens_total"] {
        writeln!(text, "# TYPE vllm:{name} counter\nvllm:{name}{{model_name=\"m\"}} 5").unwrap();
    }
    scene.take(HERE, 0, read(&text));
    assert!(!scene.snapshot(0).money.lower_bound);
    let mut proxied = litellm(&[["m", "m"]], 5);
    proxied.engines.iter_mut().for_each(|row| row.refused = [true; 2]);
    scene.take(PROXY, 1, proxied);
    scene.take(HERE, 1, read(&text));
    assert!(!scene.snapshot(1).money.lower_bound, "an engine counts its model");
}

/// Class: a start time that is dropped without a word.
#[test]
fn a_start_time_that_cannot_be_right_is_said() {
    let by_values = "is not plausible: the process is identified by its values";
    for (start, said) in [
        ("0", format!("start time 0 {by_values}")),
        ("86400", format!("start time 1970-01-02T00:00:00Z {by_values}")),
        ("NaN", format!("start time NaN {by_values}")),
        ("-5", format!("start time -5 {by_values}")),
        ("1e300", format!("start time 1e300 {by_values}")),
        ("1924992000", "start time 2031-01-01T00:00:00Z lies in the future: it does not prove a restart".to_owned()),
    ] {
        let mut scene = Scene::one();
        for second in 0..=2 {
            scene.take(HERE, second, page("10", "10", Some(start)));
        }
        assert!(note(&mut scene, 2).contains(&said), "{start}: {}", note(&mut scene, 2));
    }
    let mut scene = Scene::one();
    let start = after(-60).wall.millis() / 1000;
    scene.take(HERE, 0, page("10", "10", Some(&start.to_string())));
    assert!(!note(&mut scene, 0).contains("start time"), "{}", note(&mut scene, 0));
}
