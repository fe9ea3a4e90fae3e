//! What was believed and turns out wrong: it is taken back at once, with its bound.

use crate::reports::scene::{HERE, Scene, read};

fn page(start: Option<u64>, made: u64, finished: Option<u64>) -> String {
    let mut text = start.map(|start| format!("process_start_time_seconds {start}\n")).unwrap_or_default();
    let series =
        |name: &str| format!("# TYPE vllm:{name} counter\nvllm:{name}{{model_name=\"m\",engine=\"0\"}} {made}\n");
    text += &(series("prompt_tokens_total") + &series("generation_tokens_total"));
    for name in ["request_prompt_tokens", "request_generation_tokens"] {
        if let Some(sum) = finished {
            let labels = "{model_name=\"m\",engine=\"0\"}";
            let series = format!("vllm:{name}_count{labels} 9\nvllm:{name}_sum{labels} {sum}\n");
            text.push_str(&(format!("# TYPE vllm:{name} histogram\n") + &series));
        }
    }
    text
}

const OLD: Option<u64> = Some(1_700_000_000);

/// Class: a dip of three pages is billed as a reset, and stays billed after the old values returned.
#[test]
fn a_dip_that_was_taken_for_a_reset_is_taken_back_when_it_returns() {
    for restart in [false, true] {
        let mut scene = Scene::one();
        for second in 0_u64..30 {
            let made = 20_000_000 + 1_000 * second;
            let made = if (10..13).contains(&second) { made / 20 + 50 * (second - 10) } else { made };
            scene.take(HERE, second.cast_signed(), read(&page(OLD, made, None)));
            if restart && second == 12 {
                scene.restart(12);
            }
            let [posted, ..] = scene.posted();
            assert!(second < 13 || posted == 1_000 * second, "{restart} at {second}: {posted}");
        }
        let money = scene.snapshot(30).money;
        assert_eq!((money.lost_windows, money.lower_bound), (0, false), "{restart}");
    }
}

/// Class: a page with a start time is taken for a process without one, whose values it exceeds by another's lifetime.
#[test]
fn an_old_process_beside_one_without_a_start_time_is_a_baseline() {
    for (idle, shown) in [(0, 0), (40, 0), (40, 50)] {
        let mut scene = Scene::one();
        for second in 0..=idle {
            scene.take(HERE, i64::try_from(second).unwrap(), read(&page(None, 500 + shown * second, None)));
        }
        for second in idle + 1..idle + 20 {
            let text = page(OLD, 12_000_000 + 10 * second, None);
            scene.take(HERE, i64::try_from(second).unwrap(), read(&text));
        }
        let [posted, ..] = scene.posted();
        assert_eq!(posted, shown * idle + 180, "{idle} {shown}");
    }
}

/// Class: a process that says its start only from some page on is another one.
#[test]
fn a_process_that_says_its_start_later_goes_on() {
    let mut scene = Scene::one();
    for second in 0_u64..40 {
        let text = page(OLD.filter(|_| second > 20), 5_000_000 + 100 * second, None);
        scene.take(HERE, second.cast_signed(), read(&text));
    }
    assert_eq!(scene.posted()[0], 3_900);
}

/// Class: a worker that joins behind a load balancer is called a restart for good.
#[test]
fn a_worker_that_joins_another_is_no_restart_once_the_other_answers() {
    let mut scene = Scene::one();
    for second in 0_u64..40 {
        let joined = second >= 10 && second % 2 == 0;
        let (start, made) =
            if joined { (Some(1_795_514_409), 40 * (second - 9)) } else { (OLD, 700_000 + 30 * second) };
        let reading = read(&page(start, made, None));
        let at = crate::reports::scene::after(second.cast_signed());
        let reading = margintop::reading::PageReading { date: Some(at.wall), ..reading };
        scene.take(HERE, second.cast_signed(), reading);
    }
    assert_eq!(scene.posted()[0], 30 * 39 + 40 * 29);
    let money = scene.snapshot(40).money;
    assert_eq!((money.lost_windows, money.lower_bound), (0, false));
}

/// Class: sums of finished requests are billed without any check.
#[test]
fn finished_requests_beyond_all_requests_are_disputed() {
    for start in [OLD, None] {
        let mut scene = Scene::finished();
        for second in 0_u64..30 {
            let made = 1_000_000 + 100 * second;
            let finished = made - 500 + if second == 15 { 30_000_000 } else { 0 };
            scene.take(HERE, second.cast_signed(), read(&page(start, made, Some(finished))));
        }
        let [posted, ..] = scene.posted();
        assert!(posted <= 3_000, "{start:?}: {posted}");
        assert!(scene.disputed() > 0 || scene.snapshot(30).money.lower_bound, "{start:?}");
    }
}
