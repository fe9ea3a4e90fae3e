//! Efficiency of the fleet per GPU, user, joule and unit of money, compared with the published DeepSeek day.
//!
//! The published figures are means over all occupied nodes of 27 and 28 February 2025 (DeepSeek, "Open-source week, day
//! 6", 1 March 2025): 73.7k prompt tokens per second and node in prefill, including cached ones, and 14.8k output
//! tokens per second and node in decode, on nodes of eight H800.

use std::collections::BTreeSet;

use crate::reading::{EngineRole, Health, NodeName, UnitName};
use crate::snapshot::{EngineRow, Snapshot};
use crate::units::Money;

/// Published prompt tokens per second and prefill node, including cached ones.
pub const PUBLISHED_PROMPT_PER_NODE: f64 = 73_700.0;
/// Published output tokens per second and decode node.
pub const PUBLISHED_OUTPUT_PER_NODE: f64 = 14_800.0;

/// The value of the published day's tokens at R1's prices without its discounted hours.
pub const PUBLISHED_REVENUE: &str = "$562,027";
/// The cost of its GPUs at $2 per hour.
pub const PUBLISHED_COST: &str = "$87,072";
/// Its profit divided by its cost.
pub const PUBLISHED_ON_COST: &str = "545 %";
/// The mean number of allocated nodes.
pub const PUBLISHED_NODES: &str = "226.75";

/// The figures; each is `None` if something that it needs is unknown or zero.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Efficiency {
    /// Prompt tokens per second and node, of the nodes with prefill engines.
    pub prompt_per_node: Option<f64>,
    /// Output tokens per second and node, of the nodes with decode engines.
    pub output_per_node: Option<f64>,
    /// Output tokens per second and GPU of those nodes.
    pub output_per_gpu: Option<f64>,
    /// Output tokens per second and running request.
    pub output_per_user: Option<f64>,
    /// Joules of the reporting GPUs per output token.
    pub joules_per_output_token: Option<f64>,
    /// Output tokens per unit of the ledger's currency that the GPUs cost.
    pub output_tokens_per_cost: Option<f64>,
}

/// The figures of a snapshot.
pub fn efficiency(snapshot: &Snapshot) -> Efficiency {
    let prefill =
        part(snapshot, |role| matches!(role, EngineRole::Prefill | EngineRole::Unified), |row| row.prompt_per_second);
    let decode =
        part(snapshot, |role| matches!(role, EngineRole::Decode | EngineRole::Unified), |row| row.output_per_second);
    let output = snapshot.tokens.output_per_second;
    Efficiency {
        prompt_per_node: prefill.and_then(|part| per(Some(part.rate), part.nodes as f64)),
        output_per_node: decode.and_then(|part| per(Some(part.rate), part.nodes as f64)),
        output_per_gpu: decode.and_then(|part| per(Some(part.rate), part.gpus as f64)),
        output_per_user: snapshot.requests.running.and_then(|running| per(output, running as f64)),
        joules_per_output_token: output.and_then(|output| per(snapshot.gpus.power_watts, output)),
        output_tokens_per_cost: snapshot
            .money
            .cost_per_hour
            .and_then(|cost| per(output.map(|output| output * 3600.0), in_units(cost))),
    }
}

/// The nodes that have engines of a role, and the tokens that these produce.
#[derive(Debug, Clone, Copy)]
struct RolePart {
    rate: f64,
    nodes: usize,
    gpus: usize,
}

fn part(
    snapshot: &Snapshot,
    is_of: impl Fn(EngineRole) -> bool,
    rate: impl Fn(&EngineRow) -> Option<f64>,
) -> Option<RolePart> {
    let live = || snapshot.engines.iter().filter(|row| row.state == Health::Live && !row.in_engine_row);
    let rows = || live().filter(|row| is_of(row.role));
    let busy: BTreeSet<&NodeName> = live().map(|row| &row.node).collect();
    let units: BTreeSet<&UnitName> = rows().filter_map(|row| row.unit.as_ref()).collect();
    // An engine's ranks may be on all nodes of its unit, while only one of them answers.
    let of_units = snapshot.nodes.iter().filter(|node| !busy.contains(&node.name));
    let of_units = of_units.filter(|node| node.unit.as_ref().is_some_and(|unit| units.contains(unit)));
    let names: BTreeSet<&NodeName> = rows().map(|row| &row.node).chain(of_units.map(|node| &node.name)).collect();
    let gpus = snapshot.nodes.iter().filter(|node| names.contains(&node.name)).map(|node| node.gpus.len()).sum();
    let known: Vec<f64> = rows().filter_map(|row| rate(row)).collect();
    let part = RolePart { rate: known.iter().sum(), nodes: names.len(), gpus };
    (!known.is_empty()).then_some(part)
}

/// A quotient, if both are known and the divisor is above zero.
fn per(amount: Option<f64>, divisor: f64) -> Option<f64> {
    amount.filter(|_| divisor > 0.0).map(|amount| amount / divisor).filter(|quotient| quotient.is_finite())
}

fn in_units(money: Money) -> f64 {
    money.rounded(6) as f64 / 1e6
}
