//! Pages of one address that are of different processes, rows or labels from poll to poll.

use crate::reports::scene::{HERE, Scene, read};

/// A page with both counters at a value.
fn page(start: Option<&str>, labels: &str, made: u64) -> String {
    let start = start.map(|start| format!("process_start_time_seconds {start}\n")).unwrap_or_default();
    let series = |name: &str| format!("# TYPE vllm:{name} counter\nvllm:{name}{{{labels}}} {made}\n");
    start + &series("prompt_tokens_total") + &series("generation_tokens_total")
}

fn labels(model: &str, engine: u64) -> String {
    format!("model_name=\"{model}\",engine=\"{engine}\"")
}

/// A number that looks random.
fn dice(n: u64) -> u64 {
    let mixed = n.wrapping_add(77).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40
}

/// Class: processes without start times, far apart, are billed for each other.
#[test]
fn processes_without_start_times_are_never_billed_for_each_other() {
    for (count, apart) in
        [(3, 9_000_000), (3, 1_000_000), (4, 40_000_000), (5, 1_000_000), (10, 1_000_000), (20, 150_000)]
    {
        for random in [false, true] {
            let mut scene = Scene::one();
            for second in 0_u64..120 {
                let nth = if random { dice(second) % count } else { second % count };
                let made = apart * (1 + nth) * (1 + nth % 3) + 100 * second;
                scene.take(HERE, second.cast_signed(), read(&page(None, &labels("m", 0), made)));
                let [posted, ..] = scene.posted();
                assert!(posted <= 100 * count * second, "{count} {apart} {random} at {second}: {posted}");
                assert_eq!(scene.disputed(), 0, "{count} {apart} {random} at {second}");
            }
        }
    }
}

/// Class: the same, of processes the lowest of which is seen first: each is counted.
#[test]
fn processes_without_start_times_that_answer_in_turn_are_all_counted() {
    for (apart, paces) in [(1_000_000, [100, 100, 100]), (9_000_000, [100, 100, 100]), (9_000_000, [100, 5_000, 900])] {
        let mut scene = Scene::one();
        for second in 0_u64..90 {
            let nth = second % 3;
            let made = apart * [1, 4, 20][nth as usize] + paces[nth as usize] * second;
            scene.take(HERE, second.cast_signed(), read(&page(None, &labels("m", 0), made)));
        }
        let all: u64 = paces.iter().sum();
        let [posted, ..] = scene.posted();
        assert!((all * 80..=all * 90).contains(&posted), "{apart} {paces:?}: {posted} of {}", all * 87);
        assert_eq!(scene.disputed(), 0);
    }
}

/// Class: the same where each page is above the one before, as if one process grew, until the lowest answers again.
#[test]
fn many_processes_in_ascending_order_are_not_one_that_grows_and_restarts() {
    for (count, apart) in [(13, 1_000_000), (20, 1_000_000), (50, 400_000), (100, 1_000_000)] {
        let mut scene = Scene::one();
        for second in 0_u64..(3 * count + 20) {
            let made = apart * (1 + second % count) + 10 * second;
            scene.take(HERE, second.cast_signed(), read(&page(None, &labels("m", 0), made)));
        }
        let [posted, ..] = scene.posted();
        assert!(posted <= 10 * count * (3 * count + 20), "{count} {apart}: {posted}");
        assert!(scene.snapshot(i64::try_from(3 * count + 20).unwrap()).money.lower_bound, "{count} {apart}");
    }
}

/// Class: processes whose counters are less than 100,000 tokens apart are billed for each other until the lower one
/// answers again.
#[test]
fn processes_without_start_times_that_are_near_are_never_billed_for_each_other() {
    for bases in [[200_000, 260_000, 0], [50_000, 120_000, 190_000], [9_000, 30_000, 0]] {
        for turn in [1, 2, 3] {
            let mut scene = Scene::one();
            let count = bases.iter().filter(|base| **base > 0).count() as u64;
            for second in 0_u64..60 {
                let made = bases[(second / turn % count) as usize] + 10 * second;
                scene.take(HERE, second.cast_signed(), read(&page(None, &labels("m", 0), made)));
                let [posted, ..] = scene.posted();
                // The first growth, and what stays for three pages, is posted on trial: until the lower one answers again.
                let is_settled = second > 10 && (turn < 3 || second % 6 == 0);
                let most = 10 * count * second;
                assert!(!is_settled || posted <= most, "{bases:?} turns of {turn} at {second}: {posted}");
            }
        }
    }
}

/// Class: the same of several processes that answer several times in turn: steps up to one of them are taken for growth,
/// falls for resets, and each round bills them again.
#[test]
fn processes_without_start_times_that_answer_several_times_in_turn_are_not_billed_in_every_round() {
    let found: [&[u64]; 2] = [&[111_985, 373_154, 742, 16_795], &[304_198, 111_985, 373_154, 742, 16_795]];
    let random = (0..60).map(|case| {
        let count = 2 + case % 5;
        (0..count).map(|nth| (1 << (9 + dice(97 * case + nth) % 11)) + dice(31 * case + 7 * nth) % 500).collect()
    });
    let mut wrong = Vec::new();
    for bases in found.iter().map(|bases| bases.to_vec()).chain(random) {
        for turn in [2, 3, 4, 5] {
            let count = bases.len() as u64;
            let (mut scene, rounds) = (Scene::one(), 4);
            for second in 0..rounds * turn * count {
                let made = bases[(second / turn % count) as usize] + 10 * second;
                scene.take(HERE, second.cast_signed(), read(&page(None, &labels("m", 0), made)));
            }
            let [posted, ..] = scene.posted();
            // Fewer than a thousand tokens prove nothing.
            if posted > 10 * count * rounds * turn * count + 1000 {
                wrong.push(format!("{bases:?} turns of {turn}: {posted}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases: {wrong:#?}", wrong.len());
}

/// Class: the first load of an engine without a start time that idled is taken for another process.
#[test]
fn the_first_load_of_an_idle_engine_without_a_start_time_is_posted() {
    for load in [8_000, 30_000, 90_000] {
        let mut scene = Scene::one();
        for second in 0_u64..40 {
            let made = 5_000_000 + 2 * second + if second > 20 { load } else { 0 };
            scene.take(HERE, second.cast_signed(), read(&page(None, &labels("m", 0), made)));
        }
        assert_eq!((scene.posted()[0], scene.disputed()), (78 + load, 0), "{load}");
    }
}

/// Class: without the server's time, a process that appears beside another one is billed for its lifetime.
#[test]
fn without_a_date_a_process_beside_another_one_is_not_billed_for_its_lifetime() {
    for turn in [1, 2, 5] {
        let mut scene = Scene::one();
        for second in 0_u64..40 {
            // The second one's clock is ahead, so that it seems to have started in the watch.
            let (start, base) =
                if second < 5 || second / turn % 2 == 0 { ("1764000000", 5_000_000) } else { ("1795514404", 300_000) };
            let text = page(Some(start), &labels("m", 0), base + 10 * second);
            let reading = margintop::reading::PageReading { date: None, ..read(&text) };
            scene.take(HERE, second.cast_signed(), reading);
        }
        let [posted, ..] = scene.posted();
        assert!(posted <= 20 * 40, "turns of {turn}: {posted}");
    }
}

/// Class: a page that shares no row with the process that is known is taken for that process, and its rows for new ones.
#[test]
fn processes_with_other_rows_behind_one_address_are_not_billed_for_their_past() {
    let starts: [[Option<&str>; 2]; 4] = [
        [None, None],
        [Some("1764000000.00"), Some("1764000000.40")],
        [Some("1764000000.00"), Some("1764000000.00")],
        [Some("1764000000.00"), None],
    ];
    for starts in starts {
        for (models, engines) in [(["m", "m"], [0, 1]), (["m1", "m2"], [0, 0])] {
            for past in [[80_000, 50_000], [1_000_000, 90_000], [2_000_000, 3_000_000]] {
                let mut scene = Scene::one();
                for second in 0_u64..40 {
                    let nth = usize::from(second > 3 && second % 2 == 0);
                    let page = page(starts[nth], &labels(models[nth], engines[nth]), past[nth] + 100 * second);
                    scene.take(HERE, second.cast_signed(), read(&page));
                }
                let [posted, ..] = scene.posted();
                let case = format!("{starts:?} {models:?} {past:?}");
                assert!((3_900..=7_900).contains(&posted), "{case}: {posted}");
                assert_eq!(scene.disputed(), 0, "{case}");
            }
        }
    }
}

/// Class: a process whose rows get another name or other labels is taken for new rows.
#[test]
fn rows_that_change_their_names_or_labels_go_on() {
    let with = |more: &str| labels("m", 0) + more;
    let changes: [(&str, [String; 2]); 8] = [
        ("name", [labels("m", 0), labels("other", 0)]),
        ("prefix", [labels("m", 0), labels("org/m", 0)]),
        ("case", [labels("m", 0), labels("M", 0)]),
        ("placeholder", [labels("undefined", 0), labels("m", 0)]),
        ("rank", [labels("m", 0), labels("m", 3)]),
        ("label added", [with(""), with(",zone=\"a\"")]),
        ("label changed", [with(",zone=\"a\""), with(",zone=\"b\"")]),
        ("label dropped", [with(",zone=\"a\""), with("")]),
    ];
    for start in [None, Some("1764000000.00")] {
        for (what, names) in &changes {
            for flaps in [false, true] {
                let mut scene = Scene::one();
                for second in 0_u64..30 {
                    let other = if flaps { second % 3 == 2 } else { second > 9 };
                    let page = page(start, &names[usize::from(other)], 50_000 + 100 * second);
                    scene.take(HERE, second.cast_signed(), read(&page));
                }
                assert_eq!((scene.posted(), scene.disputed()), ([2_900, 0, 2_900], 0), "{what} {start:?} {flaps}");
            }
        }
    }
}

/// Class: the first life of an engine without a start time, which began near zero, is taken for another process when it is
/// restarted.
#[test]
fn the_first_life_of_a_young_engine_without_a_start_time_stays_posted_over_its_restart() {
    for (base, rate, life) in
        [(0, 5, 60), (0, 300, 30), (200, 300, 30), (3000, 300, 40), (0, 30_000, 20), (0, 30_000, 300), (900, 700, 90)]
    {
        let mut scene = Scene::one();
        let made = |second: u64| if second < life { base + rate * second } else { rate * (second - life - 1) };
        for second in (0..life).chain(life + 2..life + 60) {
            scene.take(HERE, second.cast_signed(), read(&page(None, &labels("m", 0), made(second))));
        }
        let [posted, ..] = scene.posted();
        let seen = rate * (life - 1) + rate * 58;
        assert_eq!(posted, seen, "{base} {rate} {life}");
        assert!(scene.snapshot((life + 60).cast_signed()).money.lower_bound, "{base} {rate} {life}");
    }
}

/// Class: a row that comes late with a history is posted from zero, although the process cannot have produced it since its
/// last page: a rank of an engine without a start time, or SGLang's totals after its ranks.
#[test]
fn a_row_that_comes_late_with_a_history_is_a_baseline() {
    for history in [300_000, 5_000_000] {
        let mut scene = Scene::one();
        for second in 0..40_u64 {
            let mut text = page(None, &labels("m", 0), 800_000 + 100 * second);
            if second >= 8 {
                text += &page(None, &labels("m", 1), history + 100 * second);
            }
            scene.take(HERE, second.cast_signed(), read(&text));
        }
        let [posted, ..] = scene.posted();
        assert_eq!((posted, scene.disputed()), (100 * 39 + 100 * 31, 0), "{history}");
        assert!(scene.snapshot(40).money.lower_bound, "{history}");
    }
}

/// A page of SGLang: the live counters of a rank, and the totals of requests that ended, if there are any.
fn sglang(live: u64, total: Option<u64>) -> String {
    let live = format!(
        "# TYPE sglang:realtime_tokens_total counter\n\
         sglang:realtime_tokens_total{{dp_rank=\"0\",mode=\"prefill_compute\",model_name=\"m\",tp_rank=\"0\"}} {live}\n\
         sglang:realtime_tokens_total{{dp_rank=\"0\",mode=\"decode\",model_name=\"m\",tp_rank=\"0\"}} {live}\n"
    );
    let series =
        |name: &str, total: u64| format!("# TYPE sglang:{name} counter\nsglang:{name}{{model_name=\"m\"}} {total}\n");
    let totals = total.map(|total| series("prompt_tokens_total", total) + &series("generation_tokens_total", total));
    live + &totals.unwrap_or_default()
}

#[test]
fn totals_that_come_late_count_what_their_process_can_have_produced() {
    // An engine that served nothing before its first page: the first request is posted whole.
    // One with a history: its totals are a baseline, and what it produced until then is a lost window.
    for (before, posted_at_first, lower_bound) in [(0, 800, false), (500_000, 0, true)] {
        let mut scene = Scene::one();
        for second in 0..40_u64 {
            let made = before + 100 * second;
            scene.take(HERE, second.cast_signed(), read(&sglang(made, (second >= 8).then_some(made))));
        }
        let [posted, ..] = scene.posted();
        assert_eq!(posted, posted_at_first + 3100, "{before}");
        assert_eq!(scene.snapshot(40).money.lower_bound, lower_bound, "{before}");
    }
}

/// Class: a counter that is seen late, with a history, takes all later growth of another one for its own: cached tokens of
/// before the first page price every later prompt as a hit.
#[test]
fn hits_that_are_seen_late_with_a_history_are_none_of_later_prompts() {
    for (history, hits) in [(2_500_000, 28 * 10), (0, 39 * 10)] {
        let mut scene = Scene::one();
        for second in 0..40_u64 {
            let mut text = page(None, &labels("m", 0), 800_000 + 100 * second);
            if second >= 12 {
                let cached = history + 10 * second;
                let labels = labels("m", 0);
                let name = "vllm:prompt_tokens_cached_total";
                text = format!("{text}# TYPE {name} counter\n{name}{{{labels}}} {cached}\n");
            }
            scene.take(HERE, second.cast_signed(), read(&text));
        }
        let [_, hit, _] = scene.posted();
        assert!(hit <= hits && hit + 20 >= hits, "{history}: {hit} of {hits}");
    }
}
