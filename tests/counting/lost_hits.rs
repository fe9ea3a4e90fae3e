//! One of several series of hits that is gone for some pages, while that of prompts is there.

use crate::reports::scene::{HERE, Scene, read};

const START: &str = "process_start_time_seconds 1764000000\n";
const LABELS: &str = "model_name=\"m\"";

/// A page with hits by where they came from. The second of them is not always there.
fn page(made: u64, host: bool) -> String {
    let hits =
        |source: &str, value| format!("sglang:cached_tokens_total{{{LABELS},cache_source=\"{source}\"}} {value}\n");
    let mut page = format!(
        "{START}# TYPE sglang:prompt_tokens_total counter\nsglang:prompt_tokens_total{{{LABELS}}} {}\n\
         # TYPE sglang:generation_tokens_total counter\nsglang:generation_tokens_total{{{LABELS}}} {}\n\
         # TYPE sglang:cached_tokens_total counter\n",
        500_000 + 1000 * made,
        100_000 + 100 * made
    );
    page += &hits("device", 50_000 + 200 * made);
    if host {
        page += &hits("host", 70_000 + 300 * made);
    }
    page
}

/// Class: hits that a page does not have are posted as misses, unmarked, until their series returns.
#[test]
fn prompts_of_pages_without_some_hits_are_an_upper_bound_until_the_hits_are_there() {
    for gone in [1_u64, 4, 30] {
        let mut scene = Scene::one();
        for second in 0_u64..60 {
            let is_gone = (10..10 + gone).contains(&second);
            scene.take(HERE, second.cast_signed(), read(&page(second, !is_gone)));
            let [miss, hit, output] = scene.posted();
            let snapshot = scene.snapshot(second.cast_signed());
            assert_eq!(output, 100 * second);
            let money = snapshot.money;
            // Rates are of the last ten seconds, in which the hits were not known.
            if second < 10 + gone || second > 21 + gone {
                assert_eq!(money.upper_bound, is_gone, "{gone} pages, second {second}: {miss} and {hit}, {money:?}");
            }
            if !is_gone {
                assert_eq!([miss, hit], [500 * second, 500 * second], "{gone} pages, second {second}");
            }
        }
    }
}

/// Class: a mark that is always there. Series that leave together with those of prompts were evicted.
#[test]
fn series_that_leave_together_are_no_upper_bound() {
    let mut scene = Scene::one();
    let counter = |name: &str, values: &[(&str, u64)]| {
        let rows = values.iter().map(|(user, value)| format!("sglang:{name}{{{LABELS},user=\"{user}\"}} {value}\n"));
        format!("# TYPE sglang:{name} counter\n{}", rows.collect::<String>())
    };
    for second in 0_u64..40 {
        let all = [("a", 90_000 + 20 * second), ("b", 80_000)];
        let users = if second < 20 { &all[..] } else { &all[..1] };
        let text = START.to_owned() + &counter("prompt_tokens_total", users) + &counter("cached_tokens_total", users);
        scene.take(HERE, second.cast_signed(), read(&(text + &counter("generation_tokens_total", users))));
        let money = scene.snapshot(second.cast_signed()).money;
        assert!(!money.upper_bound, "second {second}: {money:?}");
    }
}
