//! The errors of `once`: named sources that failed, and a named ledger that is not written.

use std::sync::Arc;

use super::sources::SourcePlan;
use super::{Failure, ledger};
use crate::reading::{Health, Label, SourceError, SourceErrorKind};
use crate::snapshot::{GpuRow, NodeRow, Snapshot};

/// An error that lists every named source without an answer, and why a named ledger is neither written nor read.
pub(super) fn failures(plan: &SourcePlan, snapshot: &Snapshot) -> Result<(), Failure> {
    let mut messages = Vec::new();
    for target in &plan.targets {
        let silent = snapshot.engines.iter().find(|row| row.target == target.id && row.state == Health::Never);
        if let Some(row) = silent {
            let why = row.note.as_ref().map_or_else(|| "no answer".to_owned(), ToString::to_string);
            messages.push(format!("{}: {why}", target.id));
        }
    }
    if plan.driver_named {
        messages.extend(snapshot.source_errors.iter().filter(|error| is_driver(error)).map(ToString::to_string));
        messages.extend(failed_gpus(plan, snapshot));
    }
    if !plan.lists.is_empty() {
        let is_list = |error: &&SourceError| error.kind == SourceErrorKind::Other;
        messages.extend(snapshot.source_errors.iter().filter(is_list).map(ToString::to_string));
    }
    messages.extend(failed_nodes(plan, snapshot));
    messages.extend(ledger::read_beside(&snapshot.money.ledger));
    if messages.is_empty() { Ok(()) } else { Err(Failure::Run(messages.join("\n"))) }
}

/// This machine's GPUs without any figure from the driver, grouped by reason.
fn failed_gpus(plan: &SourcePlan, snapshot: &Snapshot) -> Vec<String> {
    let gpus = snapshot.nodes.iter().filter(|node| node.name == plan.node).flat_map(|node| &node.gpus);
    by_reason("nvml", gpus)
}

/// The GPUs of nodes of which a page has no figure at all.
fn failed_nodes(plan: &SourcePlan, snapshot: &Snapshot) -> Vec<String> {
    let is_drivers = |node: &&Arc<NodeRow>| plan.driver && node.name == plan.node;
    let is_failed = |node: &&Arc<NodeRow>| !node.gpus.is_empty() && node.gpus.iter().all(|gpu| gpu.reason.is_some());
    let nodes = snapshot.nodes.iter().filter(|node| !is_drivers(node) && is_failed(node));
    nodes.flat_map(|node| by_reason(node.name.as_str(), &node.gpus)).collect()
}

fn by_reason<'a>(source: &str, gpus: impl IntoIterator<Item = &'a GpuRow>) -> Vec<String> {
    let mut reasons: Vec<(&Label, Vec<String>)> = Vec::new();
    for gpu in gpus {
        let Some(reason) = &gpu.reason else { continue };
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, gpus)) => gpus.push(gpu.index.to_string()),
            None => reasons.push((reason, vec![gpu.index.to_string()])),
        }
    }
    reasons.into_iter().map(|(reason, gpus)| format!("{source}: GPU {}: {reason}", gpus.join(", "))).collect()
}

fn is_driver(error: &SourceError) -> bool {
    matches!(error.kind, SourceErrorKind::Driver | SourceErrorKind::DriverMissing)
}
