//! Other names of models (adapters, aliases) that begin, end and move while a proxy uses them.

use crate::reports::proxies::{ENGINE, PROXY, both, litellm, made, mixed, note, started};
use crate::reports::scene::Scene;
use margintop::reading::{Label, ModelAlias, ModelName, PageReading};
use margintop::snapshot::Rule;

/// What the engine's page says of a running adapter.
const ADAPTER: &str = "# TYPE vllm:lora_requests_info gauge\n\
    vllm:lora_requests_info{max_lora=\"2\",running_lora_adapters=\"sql-lora\",waiting_lora_adapters=\"\"} 1.764e9\n";

/// The engine's page with its model list, if one was read. Its prompts are longer than the proxy's.
fn engine(tokens: u64, adapters: &str, list: Option<&[[&str; 2]]>) -> PageReading {
    let mut page = started(mixed("base", [2 * tokens, tokens], adapters));
    let alias = |[name, model]: &[&str; 2]| ModelAlias { name: ModelName::new(name), model: ModelName::new(model) };
    page.aliases = list.map(|list| list.iter().map(alias).collect());
    page
}

fn proxy(tokens: u64) -> PageReading {
    started(litellm(&[["sql-lora", "sql-lora"]], tokens))
}

/// The output tokens that are posted, and whether the total is a lower bound.
fn outcome(scene: &mut Scene, second: i64) -> (u64, bool) {
    let output = scene.posted()[2];
    (output, scene.snapshot(second).money.lower_bound)
}

/// Class: another name of a model that is taken for its name for ever. The adapter is unloaded at 20 s; from then on an
/// engine that is not watched serves it, and the watched one makes seven times as much of its base model.
#[test]
fn an_adapter_that_was_unloaded_is_counted_on_its_proxy() {
    for by_list in [false, true] {
        for restarted in [None, Some(300), Some(900)] {
            let mut scene = Scene::of(both(PROXY));
            for second in 0..=1500 {
                if restarted == Some(second) {
                    scene.restart(second);
                }
                let loaded = second < 20;
                let list: &[_] = if loaded { &[["sql-lora", "base"]] } else { &[] };
                let adapters = if loaded && !by_list { ADAPTER } else { "" };
                let tokens = made(second.min(20)) + 7 * made((second - 20).max(0));
                scene.take(ENGINE, second, engine(tokens, adapters, by_list.then_some(list)));
                scene.take(PROXY, second, proxy(made(second)));
            }
            let engines = 20_000 + 7 * made(1480);
            // A restart begins the ten minutes again, as it does not keep when the name was last seen.
            let ended = if restarted == Some(300) { 900 } else { 620 };
            let (posted, lower) = outcome(&mut scene, 1500);
            let proxys = posted - engines;
            assert!(
                lower,
                "what the proxy counted for ten minutes is missing: {proxys}, by list {by_list}, restarted {restarted:?}"
            );
            assert!(
                proxys <= made(1500 - ended) && proxys >= made(1500 - ended) - 3_000,
                "{proxys}, by list {by_list}, restarted {restarted:?}"
            );
        }
    }
}

/// Class: a name that is held at the moment because no list or page gives it, and whose list can't be read after a restart.
#[test]
fn names_that_cannot_be_read_after_a_restart_are_remembered() {
    for adapters in ["", ADAPTER] {
        let list: &[_] = &[["sql-lora", "base"]];
        let mut scene = Scene::of(both(PROXY));
        for second in 0..=10 {
            scene.take(PROXY, second, proxy(made(second)));
            scene.take(ENGINE, second, engine(7 * made(second), adapters, adapters.is_empty().then_some(list)));
        }
        scene.restart(20);
        // The page names running adapters only: none of the first pages does.
        for second in 20..=1000 {
            scene.take(PROXY, second, proxy(made(second.min(500))));
            let seen = if second == 500 { adapters } else { "" };
            scene.take(ENGINE, second, engine(7 * made(second), seen, None));
        }
        assert_eq!(outcome(&mut scene, 1000), (7 * made(1000), false), "{adapters:?}");
        let snapshot = scene.snapshot(1000);
        let row = snapshot.engines.iter().find(|row| row.target.as_str() == PROXY).unwrap();
        assert_eq!(note(row), "not counted: watched engines serve its model");
    }
}

/// Class: an adapter that is loaded while the engine runs, under a name that a proxy counts for its own until then. The
/// list is read two minutes later, just after a verdict or before one.
#[test]
fn an_adapter_that_is_loaded_later_is_not_counted_twice() {
    for loaded in [320, 420, 560] {
        let mut scene = Scene::of(both(PROXY));
        for second in 0..=1000 {
            let lora = made((second - loaded).max(0));
            let list: &[_] = if second < loaded + 120 { &[] } else { &[["sql-lora", "base"]] };
            let tokens = 7 * made(second) + lora;
            scene.take(PROXY, second, proxy(made(second)));
            scene.take(ENGINE, second, engine(tokens, "", Some(list)));
        }
        let produced = 7 * made(1000) + made(1000);
        let (posted, lower) = outcome(&mut scene, 1000);
        assert!(posted <= produced && lower, "{posted} of {produced}, loaded at {loaded}");
        assert!(posted >= produced - made(loaded), "{posted} of {produced}, loaded at {loaded}");
    }
}

/// The figures of an adapter behind a proxy whose engine's model list is first read at second `read`.
fn refused_until(read: i64, kills: &[i64]) -> (Scene, u64) {
    let mut scene = Scene::of(both(PROXY));
    let list: &[_] = &[["sql-lora", "base"]];
    for second in 0..=1000 {
        if kills.contains(&second) {
            scene.restart(second);
        }
        let mut page = engine(7 * made(second), "", (second >= read).then_some(list));
        page.list_refused = (second < read).then(|| Label::new("it asks for a key"));
        scene.take(PROXY, second, proxy(made(second)));
        scene.take(ENGINE, second, page);
    }
    (scene, 7 * made(1000))
}

/// Class: a model list that can't be read, so that a proxy's model may be an engine's adapter.
#[test]
fn a_model_list_that_cannot_be_read_is_an_alert() {
    let (mut scene, _) = refused_until(2000, &[]);
    let snapshot = scene.snapshot(1000);
    let alert = snapshot.alerts.iter().find(|alert| alert.rule == Rule::NamesUnknown).unwrap();
    assert!(
        alert.text.as_str().contains("sql-lora") && alert.text.as_str().contains("asks for a key"),
        "{}",
        alert.text
    );
    let row = snapshot.engines.iter().find(|row| row.target.as_str() == ENGINE).unwrap();
    assert!(note(row).contains("the model list cannot be read: it asks for a key"), "{}", note(row));
}

/// Class: names that become known long after the proxy was taken to count its own tokens. All of them are taken back.
#[test]
fn what_a_proxy_posted_while_the_list_was_refused_is_taken_back() {
    for (read, kills) in [(340, &[][..]), (340, &[330][..]), (340, &[308, 336]), (900, &[]), (900, &[650])] {
        let (mut scene, produced) = refused_until(read, kills);
        let (posted, lower) = outcome(&mut scene, 1000);
        assert!(posted == produced && lower, "{posted} of {produced}, read at {read}, killed at {kills:?}");
        assert!(scene.snapshot(1000).alerts.iter().all(|alert| alert.rule != Rule::NamesUnknown));
    }
}

/// Class: tokens that are counted nowhere, and no later page that shows it.
#[test]
fn what_is_lost_when_a_name_ends_is_a_bound_without_later_traffic() {
    let mut scene = Scene::of(both(PROXY));
    for second in 0..=700 {
        let list: &[_] = if second < 3 { &[["sql-lora", "base"]] } else { &[] };
        scene.take(PROXY, second, proxy(made(second.min(560))));
        scene.take(ENGINE, second, engine(7 * made(second), "", Some(list)));
    }
    assert_eq!(outcome(&mut scene, 700), (7 * made(700), true));
}

/// Class: a name that moves from a watched engine's model to one that is not watched.
#[test]
fn a_name_that_moves_to_another_model_is_counted_on_its_proxy() {
    let mut scene = Scene::of(both(PROXY));
    for second in 0..=700 {
        let list: &[_] = if second < 20 { &[["sql-lora", "base"]] } else { &[["sql-lora", "elsewhere"]] };
        scene.take(PROXY, second, proxy(made(second)));
        scene.take(ENGINE, second, engine(7 * made(second), "", Some(list)));
    }
    let (posted, lower) = outcome(&mut scene, 700);
    let proxys = posted - 7 * made(700);
    assert!(lower || proxys == made(680), "one page is a baseline");
    assert!((made(675)..=made(680)).contains(&proxys), "{proxys}");
}
