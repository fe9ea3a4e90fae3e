//! Counters that dip for one poll.

use crate::reports::scene::{HERE, Scene, after, read};
use margintop::units::Timestamp;

/// What the prompt and output counters show of their value at a poll.
type Kind = fn(u64) -> [Option<u64>; 2];

/// What the fourth poll finds.
#[derive(Clone, Copy)]
enum Fourth {
    /// Less, of both counters: a file of the registry is being rewritten.
    Short,
    /// No prompts.
    Missing,
}

/// An engine without a start time that makes 1,000 tokens a second.
fn sglang(fourth: Fourth) -> impl Fn(u64, u64) -> String {
    move |n, second| {
        let (mut prompt, mut output) = (Some(5_000_000 + 1000 * second), 500_000 + 1000 * second);
        match fourth {
            Fourth::Short if n == 4 => (prompt, output) = (Some(3_000_000), 300_000),
            Fourth::Missing if n == 4 => prompt = None,
            Fourth::Short | Fourth::Missing => {}
        }
        let series = |name: &str, value: u64| {
            format!("# TYPE sglang:{name} counter\nsglang:{name}{{model_name=\"m\",engine_type=\"unified\"}} {value}\n")
        };
        prompt.map(|value| series("prompt_tokens_total", value)).unwrap_or_default()
            + &series("generation_tokens_total", output)
    }
}

/// A newer engine at the address, which started at `start` and says so.
fn vllm(start: Timestamp, made: u64) -> String {
    let series =
        |name: &str| format!("# TYPE vllm:{name} counter\nvllm:{name}{{model_name=\"m\",engine=\"0\"}} {made}\n");
    format!("process_start_time_seconds {}.00\n", start.millis() / 1000)
        + &series("prompt_tokens_total")
        + &series("generation_tokens_total")
}

#[track_caller]
fn is_passed_over(fourth: Fourth) {
    let mut scene = Scene::one();
    scene.poll(0..=10, sglang(fourth));
    assert_eq!((scene.posted(), scene.disputed()), ([10_000, 0, 10_000], 0));
    let snapshot = scene.snapshot(10);
    let row = &snapshot.engines[0];
    assert_eq!((row.processes, row.scrape.restarts), (1, 0), "{:?}", row.note);
    assert!(row.revenue.is_some() && snapshot.money.revenue.is_some());
}

/// Class: a counter that dips to a part of its value and returns.
#[test]
fn a_short_poll_is_passed_over() {
    is_passed_over(Fourth::Short);
}

/// Class: a series that is not on one page and is back on the next.
#[test]
fn a_poll_without_a_series_is_passed_over() {
    is_passed_over(Fourth::Missing);
}

/// Class: what was believed of an address outlives the process that gave cause for it.
#[test]
fn a_newer_engine_at_the_address_is_one_engine() {
    for fourth in [Fourth::Short, Fourth::Missing] {
        let mut scene = Scene::one();
        scene.poll(0..=10, sglang(fourth));
        let start = after(100).wall;
        for second in 0..=10 {
            let made = 1000 * u64::try_from(second).unwrap();
            scene.take(HERE, 100 + second, read(&vllm(start, made)));
        }
        let snapshot = scene.snapshot(110);
        assert_eq!((scene.posted(), scene.disputed()), ([20_000, 0, 20_000], 0));
        let row = snapshot.engines.iter().find(|row| row.prompt_per_second.is_some()).unwrap();
        assert_eq!(row.processes, 1, "{:?}", row.note);
        assert!(row.revenue.is_some() && snapshot.money.revenue.is_some());
    }
}

/// What some polls find of an engine that makes 1,000 tokens a second.
fn while_polling(polls: std::ops::Range<u64>, found: impl Fn(u64) -> [Option<u64>; 2]) -> Scene {
    let mut scene = Scene::one();
    scene.poll(0..=30, |n, second| {
        let right = [Some(5_000_000 + 1000 * second), Some(500_000 + 1000 * second)];
        let [prompt, output] = if polls.contains(&n) { found(1000 * second) } else { right };
        let series = |name: &str, value: Option<u64>| {
            let value = value?;
            Some(format!("sglang:{name}{{model_name=\"m\",engine_type=\"unified\"}} {value}\n"))
        };
        [series("prompt_tokens_total", prompt), series("generation_tokens_total", output)]
            .into_iter()
            .flatten()
            .collect()
    });
    scene
}

/// Class: a part of a counter that stays away for several polls, and stands still or grows meanwhile.
#[test]
fn dips_of_any_kind_lose_nothing_and_double_nothing() {
    for polls in [2..3, 4..5, 4..6, 4..7, 4..10] {
        let kinds: [Kind; 6] = [
            |_| [Some(2_500_000), Some(250_000)],
            |grown| [Some(2_500_000 + grown / 2), Some(250_000 + grown / 2)],
            |_| [Some(0), Some(0)],
            |_| [Some(4_999_900), Some(499_900)],
            |grown| [Some(2_500_000), Some(500_000 + grown)],
            |grown| [Some(5_000_000 + grown), None],
        ];
        for (nth, kind) in kinds.into_iter().enumerate() {
            let scene = while_polling(polls.clone(), kind);
            assert_eq!((scene.posted(), scene.disputed()), ([30_000, 0, 30_000], 0), "{polls:?} {nth}");
        }
    }
}

/// Class: the first poll at a counter finds a part of it, so that its return looks like growth.
#[test]
fn a_short_first_poll_is_no_growth() {
    let kinds: [Kind; 4] = [
        |_| [Some(2_500_000), Some(250_000)],
        |grown| [Some(4_500_000 + grown), Some(450_000 + grown)],
        |_| [Some(300_000), Some(30_000)],
        |_| [Some(2_500_000), Some(500_000)],
    ];
    for polls in [1..2, 1..3] {
        for (nth, kind) in kinds.into_iter().enumerate() {
            let scene = while_polling(polls.clone(), kind);
            let [miss, hit, output] = scene.posted();
            assert!(miss <= 30_000 && hit == 0 && output <= 30_000, "{polls:?} {nth}: {miss} {output}");
            assert!(scene.disputed() > 0, "{polls:?} {nth}");
        }
    }
}

/// Class: a young engine without a start time whose first growth is large is no short first poll.
#[test]
fn a_fast_young_engine_is_counted() {
    let mut scene = Scene::one();
    scene.poll(0..=20, |_, second| {
        let made = 300_000 + 150_000 * second;
        let series = |name: &str| format!("sglang:{name}{{model_name=\"m\",engine_type=\"unified\"}} {made}\n");
        series("prompt_tokens_total") + &series("generation_tokens_total")
    });
    assert_eq!((scene.posted(), scene.disputed()), ([3_000_000, 0, 3_000_000], 0));
}

/// Class: a counter that falls a little and is back by growth alone: a worker left the sum, and what the others made until
/// then is in no figure.
#[test]
fn a_small_part_that_leaves_a_sum_is_a_lost_window() {
    for (left, whole) in [(0, 1_000_000), (2, 1_000_000), (5, 1_000_000), (10, 300_000)] {
        for start in [true, false] {
            let mut scene = Scene::one();
            let page = |second: u64| {
                let gone = if second < 10 { 0 } else { whole / 100 * left };
                let made = whole + 1000 * second - gone;
                if start {
                    vllm(after(-4000).wall, made)
                } else {
                    vllm(after(0).wall, made).split_once('\n').unwrap().1.to_owned()
                }
            };
            for second in 0..60_u64 {
                scene.take(HERE, second.cast_signed(), read(&page(second)));
            }
            let money = scene.snapshot(59).money;
            let case = format!("{left} % of {whole}, {start}: {:?}, {money:?}", scene.posted());
            assert_eq!((money.lost_windows > 0, money.lower_bound), (left > 0, left > 0), "{case}");
            assert!(scene.posted()[0] <= 59_000, "{case}");
        }
    }
}
