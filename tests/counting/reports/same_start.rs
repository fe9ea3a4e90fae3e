//! Processes of one address whose start times are the same to the hundredth of a second, or nearly so.

use crate::reports::scene::{HERE, Scene, after, read};

/// A page with both counters at a value, of a process that started long before the watch.
fn page(millis: u64, made: u64) -> String {
    let series =
        |name: &str| format!("# TYPE vllm:{name} counter\nvllm:{name}{{model_name=\"m\",engine=\"0\"}} {made}\n");
    format!("process_start_time_seconds 1700000000.{millis:03}\n")
        + &series("prompt_tokens_total")
        + &series("generation_tokens_total")
}

/// Which of two processes each page is of.
const ORDERS: [fn(u64) -> u64; 4] = [|n| n % 2, |n| n / 3 % 2, |n| n / 7 % 2, |n| n * n % 7 % 2];

/// Class: a process is billed for the lifetime of another one that started in the same hundredth of a second.
#[test]
fn two_processes_that_started_together_are_never_billed_for_each_other() {
    for (low, high) in
        [(0, 300_000), (9_000, 90_000), (500_000, 9_000_000), (2_000_000, 2_300_000), (5_000, 30_000_000)]
    {
        for (nth, order) in ORDERS.iter().enumerate() {
            // Where the higher one is seen first, the lower one looks like a dip, and after three pages like a reset.
            for first in if nth == 0 { 0..2 } else { 0..1 } {
                let mut scene = Scene::one();
                for second in 0_u64..120 {
                    let of = (order(second) + first) % 2;
                    let made = [low, high][of as usize] + [40, 30][of as usize] * second;
                    scene.take(HERE, second.cast_signed(), read(&page(0, made)));
                }
                let [posted, ..] = scene.posted();
                let case = format!("{low} {high}, order {nth}, {first} first: {posted}");
                assert!(posted <= 70 * 120, "{case}");
                // More than eight GPUs produce is disputed at once.
                let most = if high - low > 400_000 { 2 * (high + 4_800 - low) } else { 0 };
                assert!(scene.disputed() <= most, "{case}, disputed {}", scene.disputed());
            }
        }
    }
}

/// Class: of two processes that started together, only one is counted. A view of one process that lags is excluded after
/// five minutes: until then the total is a lower bound.
#[test]
fn two_processes_that_started_together_are_both_counted_once_they_are_distinguished() {
    for (nth, order) in ORDERS.iter().enumerate() {
        let mut scene = Scene::one();
        let mut ends = [None::<[u64; 2]>; 2];
        for second in 0_u64..340 {
            let of = order(second) as usize;
            let made = [9_000, 900_000][of] + [40, 30][of] * second;
            scene.take(HERE, second.cast_signed(), read(&page(0, made)));
            ends[of] = Some([ends[of].map_or(made, |[first, _]| first), made]);
            let all: u64 = ends.iter().flatten().map(|[first, last]| last - first).sum();
            let [.., posted] = scene.posted();
            let money = scene.snapshot(second.cast_signed()).money;
            assert!(posted <= all || money.upper_bound, "order {nth}, second {second}: {posted} of {all}");
            assert!(posted >= all || money.lower_bound, "order {nth}, second {second}: {posted} of {all}");
            if second > 315 {
                assert_eq!((posted, money.lost_windows), (all, 0), "order {nth}, second {second}");
            }
        }
    }
}

/// Class: the burst of an idle process is taken for another process.
#[test]
fn the_first_load_of_an_idle_process_is_its_own() {
    for dips in [false, true] {
        let mut scene = Scene::one();
        for second in 0_u64..60 {
            let made = 9_000_000 + 50_000 * second.saturating_sub(20);
            let made = if dips && second % 10 == 5 { made / 3 } else { made };
            scene.take(HERE, second.cast_signed(), read(&page(0, made)));
        }
        assert_eq!(scene.posted()[0], 39 * 50_000, "{dips}");
    }
}

/// Class: a process that was born in the watch and whose start time moves by hundredths is billed once for each of its
/// start times. The server's time has no fractions of a second, so that the start seems to lie after the last page.
#[test]
fn a_start_time_that_moves_after_a_birth_is_of_one_process() {
    let moves: [fn(u64) -> u64; 4] = [|n| n % 2 * 10, |n| dice(n) % 50, |n| dice(n) % 1400, |n| n / 4 % 2 * 300];
    for (nth, moved) in moves.iter().enumerate() {
        for behind in [0, 400, 900] {
            for restart in [6_u64, 20] {
                let mut scene = Scene::one();
                for second in 0_u64..120 {
                    let now = after(second.cast_signed()).wall;
                    let (start, made) = if second < restart {
                        (1_700_000_000_000, 50_000 + 100 * second)
                    } else {
                        let born = after(restart.cast_signed()).wall.millis() - 300;
                        (born.unsigned_abs() + moved(second), 100 * (second - restart))
                    };
                    let text =
                        page(0, made).replace("1700000000.000", &format!("{}.{:03}", start / 1000, start % 1000));
                    let date = Some(now - margintop::units::Span::from_millis(behind));
                    scene.take(HERE, second.cast_signed(), margintop::reading::PageReading { date, ..read(&text) });
                }
                let [posted, ..] = scene.posted();
                let most = 100 * 119;
                assert!(
                    (most - 1600..=most).contains(&posted),
                    "move {nth}, {behind} ms behind, {restart} s: {posted}"
                );
            }
        }
    }
}

/// A number that looks random.
fn dice(n: u64) -> u64 {
    n.wrapping_add(7).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40
}
