//! Tokens per node, GPU, user, joule and unit of money.

use crate::samples;

use std::sync::Arc;

use margintop::efficiency::{Efficiency, PUBLISHED_OUTPUT_PER_NODE, PUBLISHED_PROMPT_PER_NODE, efficiency};
use margintop::reading::{EngineKind, EngineRole, Health, NodeName, UnitName};
use margintop::snapshot::{EngineRow, Snapshot};
use margintop::units::Money;

fn engine(node: &str, role: EngineRole, prompt: f64, output: f64) -> EngineRow {
    EngineRow {
        in_engine_row: false,
        has_live_counters: false,
        node: NodeName::new(node),
        unit: Some(UnitName::new("u")),
        ..samples::engine(0, 0, EngineKind::named("sglang"), "deepseek-r1", role, output, prompt)
    }
}

/// Two prefill and two decode nodes of eight GPUs, as many tokens a node as on the published day.
fn snapshot() -> Snapshot {
    let mut snapshot = samples::one_box(8, 0);
    let like = (*snapshot.nodes[0]).clone();
    let names = ["p-1", "p-2", "d-1", "d-2"];
    let node = |name: &&str| Arc::new(margintop::snapshot::NodeRow { name: NodeName::new(name), ..like.clone() });
    snapshot.nodes = names.iter().map(node).collect();
    let rows = [
        engine("p-1", EngineRole::Prefill, PUBLISHED_PROMPT_PER_NODE, 0.0),
        engine("p-2", EngineRole::Prefill, PUBLISHED_PROMPT_PER_NODE, 0.0),
        engine("d-1", EngineRole::Decode, 0.0, PUBLISHED_OUTPUT_PER_NODE / 2.0),
        engine("d-1", EngineRole::Decode, 0.0, PUBLISHED_OUTPUT_PER_NODE / 2.0),
        engine("d-2", EngineRole::Decode, 0.0, PUBLISHED_OUTPUT_PER_NODE),
    ];
    snapshot.engines = rows.into_iter().map(Arc::new).collect();
    snapshot.tokens.output_per_second = Some(2.0 * PUBLISHED_OUTPUT_PER_NODE);
    snapshot.requests.running = Some(1480);
    snapshot.gpus.power_watts = Some(14_800.0);
    snapshot.money.cost_per_hour = Some(Money::from_micros(64_000_000));
    snapshot
}

#[test]
fn the_published_day_has_the_published_figures() {
    let expected = Efficiency {
        prompt_per_node: Some(PUBLISHED_PROMPT_PER_NODE),
        output_per_node: Some(PUBLISHED_OUTPUT_PER_NODE),
        output_per_gpu: Some(PUBLISHED_OUTPUT_PER_NODE / 8.0),
        output_per_user: Some(20.0),
        joules_per_output_token: Some(0.5),
        output_tokens_per_cost: Some(2.0 * PUBLISHED_OUTPUT_PER_NODE * 3600.0 / 64.0),
    };
    assert_eq!(efficiency(&snapshot()), expected);
}

/// Class: an engine whose ranks are on several nodes, of which one answers: what it makes is made on all of them.
#[test]
fn the_other_nodes_of_a_unit_are_of_its_engine() {
    let mut snapshot = snapshot();
    for node in &mut snapshot.nodes {
        let unit = if node.name.as_str().starts_with('p') { "prefill" } else { "decode" };
        Arc::make_mut(node).unit = Some(UnitName::new(unit));
    }
    let of = |node: &str, unit: &str, role, prompt, output| {
        Arc::new(EngineRow { unit: Some(UnitName::new(unit)), ..engine(node, role, prompt, output) })
    };
    snapshot.engines = vec![
        of("p-1", "prefill", EngineRole::Prefill, 2.0 * PUBLISHED_PROMPT_PER_NODE, 0.0),
        of("d-1", "decode", EngineRole::Decode, 0.0, 2.0 * PUBLISHED_OUTPUT_PER_NODE),
    ];
    let figures = efficiency(&snapshot);
    assert_eq!(figures.prompt_per_node, Some(PUBLISHED_PROMPT_PER_NODE));
    assert_eq!(figures.output_per_node, Some(PUBLISHED_OUTPUT_PER_NODE));
    assert_eq!(figures.output_per_gpu, Some(PUBLISHED_OUTPUT_PER_NODE / 8.0));
    // A node that has an engine of another role is not the first one's.
    snapshot.engines.push(of("d-2", "decode", EngineRole::Prefill, PUBLISHED_PROMPT_PER_NODE, 0.0));
    assert_eq!(efficiency(&snapshot).output_per_node, Some(2.0 * PUBLISHED_OUTPUT_PER_NODE));
}

#[test]
fn what_is_not_known_or_zero_divides_nothing() {
    let mut empty = snapshot();
    empty.engines.clear();
    empty.nodes.clear();
    empty.tokens.output_per_second = None;
    assert_eq!(efficiency(&empty), Efficiency::default());
    let mut still = snapshot();
    still.requests.running = Some(0);
    still.tokens.output_per_second = Some(0.0);
    still.money.cost_per_hour = Some(Money::ZERO);
    let figures = efficiency(&still);
    assert_eq!((figures.output_per_user, figures.joules_per_output_token), (None, None));
    assert_eq!(figures.output_tokens_per_cost, None);
}

#[test]
fn silent_engines_are_left_out_and_unified_ones_are_both() {
    let mut snapshot = snapshot();
    let mut silent = engine("d-2", EngineRole::Decode, 0.0, 1e9);
    silent.state = Health::Stale;
    snapshot.engines = vec![Arc::new(silent), Arc::new(engine("d-1", EngineRole::Unified, 4000.0, 1000.0))];
    let figures = efficiency(&snapshot);
    assert_eq!((figures.prompt_per_node, figures.output_per_node), (Some(4000.0), Some(1000.0)));
    assert_eq!(figures.output_per_gpu, Some(125.0));
}
