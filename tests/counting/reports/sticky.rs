//! Processes of one address that answer for some pages each, and dips that look like another process or a reset.

use crate::reports::scene::{HERE, Scene, read};

/// A page with both counters at a value.
fn page(start: Option<u64>, made: u64) -> String {
    let start = start.map(|start| format!("process_start_time_seconds {start}\n")).unwrap_or_default();
    let series =
        |name: &str| format!("# TYPE vllm:{name} counter\nvllm:{name}{{model_name=\"m\",engine=\"0\"}} {made}\n");
    start + &series("prompt_tokens_total") + &series("generation_tokens_total")
}

/// Class: behind a balancer that sticks for some pages, the step from a small process to a faster one is no larger than
/// what that one makes in some seconds: the two are taken for one that dips, and its first page for growth.
#[test]
fn small_processes_that_stick_are_never_billed_for_each_other() {
    for (bases, paces) in [([0, 50], [100, 1000]), ([20_000, 20_500], [1000, 10_000]), ([0, 5], [10, 100])] {
        for turn in [5, 8, 12] {
            let (mut scene, mut seen) = (Scene::one(), [None; 2]);
            for second in 0_u64..turn * 8 {
                let nth = (second / turn % 2) as usize;
                let made = bases[nth] + paces[nth] * second;
                let (first, last) = seen[nth].get_or_insert((made, made));
                *last = made.max(*first);
                scene.take(HERE, second.cast_signed(), read(&page(None, made)));
            }
            let made: u64 = seen.iter().flatten().map(|(first, last)| last - first).sum();
            let [posted, _, output] = scene.posted();
            assert!(posted <= made && output <= made, "{bases:?} turns of {turn}: {posted} of {made}");
        }
    }
}

/// Class: disputed growth is taken for the pace of an engine, so that the next dip looks like a reset.
#[test]
fn a_dip_after_disputed_growth_is_no_reset() {
    for dip in 1..8 {
        let mut scene = Scene::one();
        for second in 0_u64..60 {
            let made = 500_000 + 10 * second + if second >= 10 { 400_000_000 } else { 0 };
            let dips = (20..20 + dip).contains(&second);
            let shown = if dips { made / 3 } else { made };
            scene.take(HERE, second.cast_signed(), read(&page(Some(1_700_000_000), shown)));
        }
        let [posted, ..] = scene.posted();
        assert_eq!(posted + scene.disputed() / 2, 400_000_000 + 590, "a dip for {dip} pages");
    }
}

/// Class: a dip of one of several processes is taken for another one, and counted beside the growth that it is a part of.
#[test]
fn a_dip_of_one_of_several_is_not_counted_twice() {
    for dip in [5, 9, 15] {
        let mut scene = Scene::one();
        let mut made = [40_000_000, 50_000_000_u64];
        for second in 0_u64..70 {
            // The other one ends.
            let nth = if second < 20 { (second % 2) as usize } else { 1 };
            made = made.map(|made| made + 3000);
            let dips = (24..24 + dip).contains(&second);
            let shown = if dips { made[nth] / 3 } else { made[nth] };
            scene.take(HERE, second.cast_signed(), read(&page(None, shown)));
        }
        let [posted, ..] = scene.posted();
        assert!(posted <= 3000 * (20 + 70), "a dip for {dip} pages: {posted}");
    }
}
