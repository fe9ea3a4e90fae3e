//! Pages whose counters are renewed less often than they are read: a recording rule, an exporter with an interval of its own.

use crate::reports::scene::{HERE, Scene, after, near, read};
use margintop::snapshot::Snapshot;

/// 1,000 computed prompt tokens and 500 of output a second, renewed at each of `length` seconds.
fn page(second: u64, length: u64) -> String {
    let seen = second / length * length;
    let family =
        |name: &str, value: u64| format!("# TYPE vllm:{name} counter\nvllm:{name}{{model_name=\"ds-v3\"}} {value}\n");
    family("prompt_tokens_total", 1000 * seen)
        + &family("prompt_tokens_cached_total", 0)
        + &family("generation_tokens_total", 500 * seen)
}

fn pace(snapshot: &Snapshot) -> (Option<f64>, Option<f64>, Option<f64>) {
    let of = |money: Option<margintop::units::Money>| money.map(|money| money.to_string().parse().unwrap());
    (of(snapshot.money.revenue_per_hour), snapshot.tokens.prompt_per_second, snapshot.tokens.output_per_second)
}

/// Class: money and tokens of one line that are of different spans.
#[test]
fn money_and_tokens_of_a_stepped_page_are_of_the_same_span() {
    for length in [2, 5, 15, 30] {
        let mut scene = Scene::of(vec![crate::reports::scene::target(HERE, None)]);
        let until = 8 * length;
        for second in 0..=until {
            let at = i64::try_from(second).unwrap();
            scene.take(HERE, at, read(&page(second, length)));
            let snapshot = scene.snapshot(at);
            if second < 4 * length {
                continue;
            }
            let (money, prompt, output) = pace(&snapshot);
            // 1,000 at 1.00 a million and 500 at 2.00, an hour.
            assert!(money.is_some_and(|money| near(money, 7.2)), "{length}, at {second}: {money:?}");
            assert_eq!((prompt, output), (Some(1000.0), Some(500.0)), "{length}, at {second}");
        }
        assert_eq!(scene.posted(), [1000 * until, 0, 500 * until]);
    }
}

/// Class: an engine that rests after steps.
#[test]
fn a_stepped_page_that_stands_still_has_no_rate_in_the_end() {
    let mut scene = Scene::of(vec![crate::reports::scene::target(HERE, None)]);
    for second in 0..=200 {
        let at = i64::try_from(second).unwrap();
        scene.take(HERE, at, read(&page(second.min(50), 5)));
        scene.fleet.apply(margintop::reading::Event::Tick(after(at)));
    }
    let (money, prompt, output) = pace(&scene.snapshot(200));
    assert!(money.is_some_and(|money| near(money, 0.0)), "{money:?}");
    assert_eq!((prompt, output), (Some(0.0), Some(0.0)));
}
