//! GPUs whose page does not answer after margintop was started again, while the engine of their node does.

use crate::reports::scene::{HERE, Scene, after, near, read, target};
use margintop::reading::Event;

const GPUS: &str = "http://10.0.0.5:9400";

/// Two H100s at 3.60 an hour each.
fn gpus() -> String {
    let gpu = |n: u8| {
        format!(
            "DCGM_FI_DEV_GPU_UTIL{{gpu=\"{n}\",UUID=\"GPU-{n}\",modelName=\"NVIDIA H100 80GB HBM3\",Hostname=\"n\"}} 50\n"
        )
    };
    "# TYPE DCGM_FI_DEV_GPU_UTIL gauge\n".to_owned() + &gpu(0) + &gpu(1)
}

fn engine(second: i64) -> String {
    let family =
        |name: &str, value: i64| format!("# TYPE vllm:{name} counter\nvllm:{name}{{model_name=\"m\"}} {value}\n");
    "process_start_time_seconds 1700000000\n".to_owned()
        + &family("prompt_tokens_total", 1000 * second)
        + &family("generation_tokens_total", 500 * second)
}

fn cost(scene: &mut Scene, second: i64) -> f64 {
    scene.snapshot(second).money.cost.unwrap().to_string().parse().unwrap()
}

fn step(scene: &mut Scene, second: i64, with_gpus: bool) {
    scene.take(HERE, second, read(&engine(second)));
    if with_gpus {
        scene.take(GPUS, second, read(&gpus()));
    } else {
        scene.fail(GPUS, second);
    }
    scene.fleet.apply(Event::Tick(after(second)));
}

/// Class: a machine is paid while its exporter is silent, whether margintop was started again meanwhile or not.
#[test]
fn the_cost_of_silent_gpus_is_that_of_a_watch_without_a_restart() {
    for (restarts, back) in
        [(vec![], 900), (vec![40], 900), (vec![40], 45), (vec![40], 60), (vec![40], 75), (vec![40], 400)]
    {
        // What a watch posted before it was killed is not in the next one's sums.
        let mut before = 0.0;
        let mut scene = Scene::of(vec![target(HERE, None), target(GPUS, None)]);
        for second in (0..=600).filter(|second| !(30..40).contains(second)) {
            if restarts.contains(&second) {
                before += cost(&mut scene, second - if second == 40 { 11 } else { 1 });
                scene.restart(second);
            }
            step(&mut scene, second, second < 30 || second >= back);
            let began = restarts.iter().rev().find(|began| **began <= second).copied().unwrap_or(0);
            let hourly = scene.snapshot(second).money.cost_per_hour;
            if let Some(hourly) = hourly.filter(|_| second > 2) {
                let hourly: f64 = hourly.to_string().parse().unwrap();
                assert!(near(hourly, 7.2), "{restarts:?}, {back}, at {second}: {hourly}");
            }
            if second > 2 && (second < 30 || second >= back.max(began) || second > began + 30) {
                let cost = before + cost(&mut scene, second);
                let truth = 7.2 / 3600.0 * second as f64;
                assert!((cost - truth).abs() < 1e-5, "{restarts:?}, {back}, at {second}: {cost} of {truth}");
                assert!(hourly.is_some(), "{restarts:?}, {back}, at {second}");
            }
        }
    }
}
