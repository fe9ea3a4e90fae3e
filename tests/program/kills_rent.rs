//! GPU cost over kills: if margintop is killed at random instants, each GPU is paid exactly once for the time that passed.
#![cfg(target_os = "linux")]

use crate::fake_nvml;
use crate::ledger;
use crate::page;
use crate::program;
use crate::saved;

use std::thread;
use std::time::{Duration, Instant};

use ledger::{Engine, Ledger, open};
use page::Counted;
use program::Running;

const GPUS: i64 = 8;
const KILLS: u64 = 20;
/// The tolerance: two polls, and rounding to milliseconds.
const A_POLL: i64 = 250;

fn watch(ledger: &Ledger, engine: &Engine) -> Running {
    let target = engine.server.metrics();
    let arguments = ["serve", &target, "--interval", "100ms", "--listen", "127.0.0.1:0"];
    ledger.program(&arguments).driver(fake_nvml::library()).env("FAKE_NVML_GPUS", GPUS.to_string()).start()
}

fn ask(ledger: &Ledger, question: &str) -> i64 {
    open(&ledger.path).unwrap().query_row(question, [], |row| row.get(0)).unwrap()
}

#[test]
fn after_kills_at_any_instant_the_cost_is_that_of_the_elapsed_time() {
    let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
    let mut first = watch(&ledger, &engine);
    ledger.until_counted(&engine);
    while ask(&ledger, "SELECT coalesce(sum(gpus), 0) FROM allocated_gpus") < GPUS {
        thread::sleep(Duration::from_millis(10));
    }
    let began = Instant::now();
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    for nth in 0..KILLS {
        let mut watch = watch(&ledger, &engine);
        // From before its first poll to after its first commit.
        thread::sleep(Duration::from_millis(nth * 211 % 600 + if nth % 5 == 0 { 1_000 } else { 0 }));
        watch.child.kill().unwrap();
        watch.child.wait().unwrap();
    }
    let mut last = watch(&ledger, &engine);
    engine.work(Counted::new(10, 0, 10));
    ledger.until_counted(&engine);
    assert!(last.terminate().is_some());
    let passed = i64::try_from(began.elapsed().as_millis()).unwrap();

    for grain in ["minute", "quarter", "day"] {
        let allocated = ask(&ledger, &format!("SELECT sum(allocated_ms) FROM {grain}_gpu_time"));
        let (since, until) = saved::allocated(&open(&ledger.path).unwrap()).unwrap();
        let between = GPUS * (until - since);
        assert!((allocated - between).abs() <= GPUS * A_POLL, "{grain}: {allocated} of {between} GPU-ms");
        // The first poll was up to a commit before the test knew of it; nobody watches after the last one.
        let around = GPUS * passed..GPUS * (passed + 2_500);
        assert!(
            (around.start - GPUS * 1_000..around.end).contains(&allocated),
            "{grain}: {allocated} of {around:?} GPU-ms"
        );
    }
    let most =
        ask(&ledger, "SELECT max(held) FROM (SELECT sum(allocated_ms) AS held FROM minute_gpu_time GROUP BY bucket)");
    assert!(most <= GPUS * 60_000, "{most} GPU-ms in a minute");
    let idle = ask(&ledger, "SELECT count(*) FROM minute_gpu_time WHERE idle_ms > allocated_ms");
    assert_eq!(idle, 0);
    ledger.verify();
}
