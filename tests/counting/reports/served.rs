//! Which models watched engines serve, and since when a proxy counts for one that they serve no more.

use crate::reports::proxies::{ENGINE, PROXY, both, litellm, made, mixed, note, started, vllm};
use crate::reports::scene::{Scene, target};
use margintop::reading::PageReading;
use margintop::snapshot::{EngineRow, Snapshot};
use margintop::units::Span;

/// A proxy's page on which two models have these tokens.
fn two_models(x: u64, y: u64) -> PageReading {
    let mut page = litellm(&[["x", "x"]], x);
    page.engines.extend(litellm(&[["y", "y"]], y).engines);
    page
}

fn proxy_row<'a>(snapshot: &'a Snapshot, model: &str) -> &'a EngineRow {
    let is_of = |row: &&std::sync::Arc<EngineRow>| {
        row.target.as_str() == PROXY && row.model.as_ref().is_some_and(|known| known.as_str() == model)
    };
    snapshot.engines.iter().find(is_of).unwrap()
}

/// The output tokens that are posted for a model.
fn output_of(scene: &Scene, model: &str) -> u64 {
    let ledger = scene.fleet.ledger();
    let of_model = |account: &margintop::ledger::RevenueAccountId| {
        let known = ledger.accounts().get(account.index());
        known.is_some_and(|known| known.model.as_ref().is_some_and(|known| known.as_str() == model))
    };
    ledger.today().tokens().filter(|(account, ..)| of_model(account)).map(|(.., tokens)| tokens.output.count()).sum()
}

/// An engine that serves `x` until a second and `y` after it, and a proxy that goes on with both.
fn swap(scene: &mut Scene, at: i64, seconds: std::ops::RangeInclusive<i64>) {
    for second in seconds {
        let engine = if second < at {
            started(vllm("x", made(second), ""))
        } else {
            let mut page = mixed("y", [2, 1].map(|part| part * 7 * made(second - at)), "");
            page.start = Some(crate::reports::scene::after(at).wall - Span::from_millis(500));
            page
        };
        scene.take(ENGINE, second, engine);
        scene.take(PROXY, second, two_models(made(second), 7 * made((second - at).max(0))));
    }
}

/// Class: a model that an engine served once is taken for served for ever.
#[test]
fn a_model_that_an_engine_no_longer_serves_is_counted_on_its_proxy() {
    for restarted in [None, Some(300), Some(800)] {
        let mut scene = Scene::of(both(PROXY));
        let (swapped, end) = (20, 1400);
        match restarted {
            None => swap(&mut scene, swapped, 0..=end),
            Some(kill) => {
                swap(&mut scene, swapped, 0..=kill);
                scene.restart(kill + 5);
                swap(&mut scene, swapped, kill + 5..=end);
            }
        }
        let mut early = Scene::of(both(PROXY));
        swap(&mut early, swapped, 0..=500);
        assert_eq!(note(proxy_row(&early.snapshot(500), "x")), "not counted: watched engines serve its model");
        assert_eq!(output_of(&early, "x"), 19_000, "the engine's alone, for ten minutes");
        let posted = output_of(&scene, "x");
        // The engine's, then the proxy's from ten minutes after the swap on, once it was not found to be another's.
        let expected = 19_000 + made(end) - made(620);
        let slack = if restarted == Some(300) { made(300) } else { made(2) };
        assert!(posted.abs_diff(expected) <= slack && posted <= expected, "{posted} of {expected}, {restarted:?}");
        assert_eq!(output_of(&scene, "y"), 7 * made(end - swapped), "{restarted:?}");
        let snapshot = scene.snapshot(end);
        assert_eq!(note(proxy_row(&snapshot, "x")), "hit n/a: priced as misses", "{restarted:?}");
        assert!(snapshot.money.lower_bound, "what the proxy counted for ten minutes is missing");
    }
}

/// Class: a hand-over between an engine and its proxy counts as one loss.
#[test]
fn the_end_of_a_model_is_one_lost_window() {
    let mut scene = Scene::of(both(PROXY));
    swap(&mut scene, 20, 0..=615);
    let before = scene.snapshot(615).money.lost_windows;
    swap(&mut scene, 20, 616..=1400);
    assert_eq!(scene.snapshot(1400).money.lost_windows, before + 1);
}

/// Class: an engine that is silent serves: its tokens are posted when it answers again.
#[test]
fn the_proxy_of_a_silent_engine_is_not_counted() {
    for restarted in [false, true] {
        let mut scene = Scene::of(both(PROXY));
        let scrape = |scene: &mut Scene, second: i64, silent: bool| {
            if silent {
                scene.fail(ENGINE, second);
            } else {
                scene.take(ENGINE, second, started(vllm("x", made(second), "")));
            }
            scene.take(PROXY, second, litellm(&[["x", "x"]], made(second)));
        };
        (0..=10).for_each(|second| scrape(&mut scene, second, false));
        (11..=1800).for_each(|second| scrape(&mut scene, second, true));
        if restarted {
            scene.restart(1801);
        }
        (1802..=3700).for_each(|second| scrape(&mut scene, second, true));
        let snapshot = scene.snapshot(3700);
        assert_eq!(note(proxy_row(&snapshot, "x")), "not counted: watched engines serve its model");
        assert_eq!(output_of(&scene, "x"), 10_000, "restarted: {restarted}");
        (3701..=3710).for_each(|second| scrape(&mut scene, second, false));
        assert_eq!(output_of(&scene, "x"), made(3710), "restarted: {restarted}");
    }
}

/// Class: an engine that leaves the configuration while margintop is not running.
#[test]
fn the_proxy_counts_for_an_engine_that_is_no_target_any_more() {
    let mut scene = Scene::of(both(PROXY));
    let page = |second: i64| litellm(&[["x", "x"]], made(second));
    for second in 0..=10 {
        scene.take(PROXY, second, page(second));
        scene.take(ENGINE, second, started(vllm("x", made(second), "")));
    }
    scene.restart_with(vec![target(PROXY, None)], 20);
    (20..=30).for_each(|second| scene.take(PROXY, second, page(second)));
    assert_eq!(output_of(&scene, "x"), 10_000 + made(10), "its first page is a baseline");
    let snapshot = scene.snapshot(30);
    assert!(snapshot.money.lower_bound && proxy_row(&snapshot, "x").revenue.is_some());
}

/// Class: the first page of an engine, on which it counts from zero what its proxy counted too.
#[test]
fn an_engine_that_begins_beside_its_proxy_counts_no_token_twice() {
    let mut scene = Scene::of(both(PROXY));
    let dated = |mut page: PageReading, second: i64| {
        page.date = Some(crate::reports::scene::after(second).wall);
        page
    };
    for second in 0..=20 {
        scene.take(PROXY, second, litellm(&[["x", "x"]], made(second)));
        if second >= 10 {
            // It was born two seconds before its first page, and makes everything since.
            let mut page = dated(vllm("x", made(second - 8), ""), second);
            page.start = Some(crate::reports::scene::after(8).wall);
            scene.take(ENGINE, second, page);
        }
    }
    assert!(output_of(&scene, "x") <= made(20), "{}", output_of(&scene, "x"));
    assert!(output_of(&scene, "x") >= made(18), "{}", output_of(&scene, "x"));
    let whole = output_of(&scene, "x") == made(20);
    assert!(whole || scene.snapshot(20).money.lower_bound);
}
