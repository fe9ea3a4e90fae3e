//! Pages whose model names change all the time: how long they take, and what is counted of them.

use std::fmt::Write;
use std::time::Duration;

use crate::reports::proxies::started;
use crate::reports::scene::{HERE, Scene, read};
use crate::support::worked;
use margintop::reading::PageReading;

/// A page with rows named by these numbers, each with so many tokens.
fn page(names: std::ops::Range<u64>, tokens: u64) -> PageReading {
    let mut text = String::new();
    for name in ["prompt_tokens_total", "generation_tokens_total"] {
        writeln!(text, "# TYPE vllm:{name} counter").unwrap();
        for n in names.clone() {
            writeln!(text, "vllm:{name}{{model_name=\"org/model-{n:06}\"}} {tokens}").unwrap();
        }
    }
    read(&text)
}

/// Class: work or state that grows with the square of the names, or with all names ever seen.
#[test]
fn names_that_rotate_cost_no_more_than_others() {
    // The same pages with one set of names: how fast this machine and this build are.
    let mut scene = Scene::one();
    let pages: Vec<_> = (0..60).map(|n| started(page(0..500, 1000 + n))).collect();
    let began = worked();
    for (second, page) in (0..).zip(pages) {
        scene.take(HERE, second, page);
        scene.snapshot(second);
    }
    let limit = worked().saturating_sub(began) * 8 + Duration::from_secs(1);
    for is_started in [true, false] {
        let mut scene = Scene::one();
        let pages: Vec<_> = (0..60).map(|n| page(500 * n..500 * (n + 1), 1000 + n)).collect();
        let began = worked();
        for (second, page) in (0..).zip(pages) {
            scene.take(HERE, second, if is_started { started(page) } else { page });
            let snapshot = scene.snapshot(second);
            assert!(snapshot.engines.len() <= 1024, "{} rows", snapshot.engines.len());
        }
        let took = worked().saturating_sub(began);
        assert!(took < limit, "{took:?} of {limit:?}, with a start time: {is_started}");
        let accounts = scene.fleet.ledger().accounts().len();
        assert!(!is_started || accounts < 3000, "{accounts} accounts");
        let state: usize = scene.fleet.take_changes().unwrap().targets.iter().map(|item| item.state.len()).sum();
        assert!(!is_started || state < 2_000_000, "{state} bytes are saved");
        let money = scene.snapshot(60).money;
        // Without a start time each page is the first one of another process.
        assert!(!is_started || money.lower_bound && money.lost_windows == 1, "{} lost windows", money.lost_windows);
    }
}

/// Class: a row that returns after it was dropped counts its lifetime again.
#[test]
fn a_row_that_returns_after_it_was_dropped_is_a_baseline() {
    let mut scene = Scene::one();
    scene.take(HERE, 0, started(page(0..10, 1000)));
    scene.take(HERE, 1, started(page(0..10, 1100)));
    let posted = |scene: &Scene| scene.posted()[2];
    assert_eq!(posted(&scene), 1000);
    for n in 0..4 {
        scene.take(HERE, 2 + n, started(page(1000 * (1 + n as u64)..1000 * (2 + n as u64), 0)));
    }
    let note = scene.snapshot(5).engines[0].note.as_ref().unwrap().to_string();
    assert!(note.contains("than the 1024 that are kept"), "{note}");
    let before = posted(&scene);
    scene.take(HERE, 6, started(page(0..10, 1200)));
    assert_eq!(posted(&scene), before, "what was dropped may be among it");
    scene.take(HERE, 7, started(page(0..10, 1230)));
    assert_eq!(posted(&scene), before + 300);
    assert_eq!(scene.snapshot(7).money.lost_windows, 1, "once for all of it");
    // A restart of margintop keeps what is known.
    scene.restart(8);
    scene.take(HERE, 9, started(page(0..11, 1240)));
    assert_eq!(posted(&scene), before + 400, "a new row may be one that was dropped");
}

/// Class: rows that left the page for a day are kept for ever.
#[test]
fn a_row_that_was_gone_for_a_day_is_dropped() {
    let mut scene = Scene::one();
    scene.take(HERE, 0, started(page(0..20, 1000)));
    for hour in 0..26 {
        scene.take(HERE, 1 + 3600 * hour, started(page(0..1, 1000)));
    }
    let state: usize = scene.fleet.take_changes().unwrap().targets.iter().map(|item| item.state.len()).sum();
    assert!(state < 3000, "{state} bytes are saved");
    scene.take(HERE, 100_000, started(page(0..20, 5000)));
    assert_eq!(scene.posted()[2], 4000, "of the one row that stayed");
    assert!(scene.snapshot(100_000).money.lower_bound);
}

/// Class: comparing the values of two pages takes the square of their rows.
#[test]
fn processes_that_answer_in_turn_cost_no_more_than_their_rows() {
    const PROCESSES: u64 = 100;
    let limit = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 20 });
    let mut took = [Duration::ZERO; 2];
    for (took, rows) in took.iter_mut().zip([100, 800]) {
        let mut scene = Scene::one();
        let pages = (0..150).map(|nth| {
            let process = nth % PROCESSES;
            let mut page = page(0..rows, 1_000 * (process + 1) * (process + 1) + nth / PROCESSES);
            // Each of them has its rows in an order of its own.
            page.engines.rotate_left(usize::try_from(7 * process % rows).unwrap());
            page
        });
        let pages: Vec<_> = pages.collect();
        let began = worked();
        for (second, page) in (0..).zip(pages) {
            scene.take(HERE, second, page);
        }
        *took = worked().saturating_sub(began);
    }
    assert!(took[1] < limit, "150 pages of 100 rows and of 800: {took:?}");
}
