//! One process with a start time whose pages come from several views of it, each of which holds its page for a while or
//! lags: two Prometheus servers behind one name, two caches.

use crate::reports::scene::{HERE, Scene, read};

/// The second whose values a view shows at a second.
type View = fn(i64) -> i64;

const CACHED: fn(i64, i64, i64) -> i64 =
    |second, period, offset| (second - offset).div_euclid(period) * period + offset;
const VIEWS: [(&str, [View; 2]); 9] = [
    ("cached for 15 s", [|t| CACHED(t, 15, 0), |t| CACHED(t, 15, 7)]),
    ("cached for 15 s, near", [|t| CACHED(t, 15, 0), |t| CACHED(t, 15, 3)]),
    ("cached for 30 s", [|t| CACHED(t, 30, 0), |t| CACHED(t, 30, 17)]),
    ("cached for 60 s", [|t| CACHED(t, 60, 0), |t| CACHED(t, 60, 35)]),
    ("cached for 30 s, and as it is", [|t| CACHED(t, 30, -15), |t| t]),
    ("lags by 12 s", [|t| t - 12, |t| t]),
    ("lags by 120 s", [|t| t - 120, |t| t]),
    ("lags by 270 s, cached for 15 s", [|t| CACHED(t - 270, 15, 4), |t| CACHED(t, 15, 7)]),
    ("cached for 5 s", [|t| CACHED(t, 5, 0), |t| CACHED(t, 5, 2)]),
];
/// Which view answers.
const ORDERS: [fn(u64) -> u64; 5] = [|n| n % 2, |n| n / 2 % 2, |n| n / 4 % 2, |n| n / 13 % 2, |n| dice(n) % 2];

/// What the process has made at a second.
type Load = fn(i64) -> u64;

/// A steady load, one in bursts, and one burst before a trickle.
const LOADS: [(&str, Load); 3] = [
    ("steady", |t| steps(t, 200)),
    ("in bursts", |t| steps(t / 40 * 40, 700)),
    ("a burst at first", |t| 1_000_000 + 250_000 * u64::from(t >= -6) + (t + 1000).unsigned_abs()),
];

fn steps(second: i64, each: u64) -> u64 {
    1_000_000 + (second + 1000).unsigned_abs() * each
}

/// A number that looks random.
fn dice(n: u64) -> u64 {
    n.wrapping_add(11).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40
}

fn page(made: u64) -> String {
    let series =
        |name: &str| format!("# TYPE vllm:{name} counter\nvllm:{name}{{model_name=\"m\",engine=\"0\"}} {made}\n");
    "process_start_time_seconds 1700000000.00\n".to_owned()
        + &series("prompt_tokens_total")
        + &series("prompt_tokens_cached_total")
        + &series("generation_tokens_total")
}

/// Class: one process that is seen through two views is counted twice.
#[test]
fn a_process_seen_through_older_views_is_counted_once() {
    for (load, made) in LOADS {
        for (what, views) in VIEWS {
            for (nth, order) in ORDERS.iter().enumerate() {
                let mut scene = Scene::one();
                let (last, polls) = (320, 620);
                let shown = |second: i64| {
                    let view = views[usize::try_from(order(second.unsigned_abs())).unwrap()];
                    made(view(second).min(last))
                };
                let mut highest = shown(0);
                for second in 0..polls {
                    scene.take(HERE, second, read(&page(shown(second))));
                    highest = highest.max(shown(second));
                    let [.., posted] = scene.posted();
                    let case = format!("{load}, {what}, order {nth}, second {second}: {posted}");
                    let most = highest - shown(0);
                    if posted != most {
                        let flags = scene.snapshot(second).money;
                        assert!(posted <= most || flags.upper_bound, "{case} of {most}");
                        assert!(posted >= most || flags.lower_bound || second <= last, "{case} of {most}");
                    }
                }
                let case = format!("{load}, {what}, order {nth}");
                assert_eq!(scene.posted()[0] + scene.posted()[1], highest - shown(0), "{case}");
                assert_eq!(scene.posted()[2], highest - shown(0), "{case}");
            }
        }
    }
}

/// The same where the watch is killed again and again, also while it is not clear yet whose the higher line is.
#[test]
fn views_that_lag_are_distinguished_from_processes_over_kills() {
    for (what, views) in VIEWS {
        for every in [5, 9, 31] {
            let mut scene = Scene::one();
            let shown = |second: i64| LOADS[0].1(views[(second % 2).unsigned_abs() as usize](second.min(330)));
            let mut highest = shown(0);
            for second in 0..680 {
                if second % every == every - 1 {
                    scene.restart(second);
                }
                scene.take(HERE, second, read(&page(shown(second))));
                highest = highest.max(shown(second));
                let [.., posted] = scene.posted();
                let most = highest - shown(0);
                let case = format!("{what}, killed every {every} s, second {second}: {posted} of {most}");
                assert!(posted <= most || scene.snapshot(second).money.upper_bound, "{case}");
            }
            let (money, [.., posted]) = (scene.snapshot(680).money, scene.posted());
            let all = highest - shown(0);
            assert!(posted == all || posted < all && money.lower_bound, "{what}, {every} s: {posted} of {all}");
        }
    }
}
