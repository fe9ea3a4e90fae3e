//! Rules for nodes and GPUs that are silent, lost or throttled.

use super::finding::Finding;
use crate::reading::Health;
use crate::snapshot::{GpuRow, NodeRow, Rule, Severity, Snapshot, gpu_subject};

pub(super) fn findings(snapshot: &Snapshot) -> Vec<Finding> {
    snapshot.nodes.iter().flat_map(|node| node_findings(node)).collect()
}

fn node_findings(node: &NodeRow) -> Vec<Finding> {
    let severity = match node.state {
        Health::Live => return node.gpus.iter().filter_map(|gpu| gpu_finding(node, gpu)).collect(),
        // A node that never answered is reported through its targets.
        Health::Never => return Vec::new(),
        Health::Stale => Severity::Warning,
        Health::Lost => Severity::Critical,
    };
    let rent = if node.cost.is_some() { "; its rent runs on" } else { "" };
    let text = format!("silent for {:.0} s{rent}", node.age_seconds.unwrap_or_default());
    vec![Finding { rule: Rule::NodeSilent, severity, subject: node.name.to_string(), text }]
}

fn gpu_finding(node: &NodeRow, gpu: &GpuRow) -> Option<Finding> {
    let subject = || gpu_subject(&node.name, gpu.index);
    let xid = gpu.xid.filter(|xid| *xid != 0).map(|xid| format!(" (XID {xid})")).unwrap_or_default();
    let (severity, what) = match gpu.state {
        Health::Lost => (Severity::Critical, "lost"),
        Health::Stale => (Severity::Warning, "stale"),
        Health::Live | Health::Never if gpu.reason.is_some() => (Severity::Warning, "no figures"),
        Health::Live | Health::Never => return throttle_finding(gpu, subject),
    };
    let why = gpu.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    Some(Finding { rule: Rule::GpuLost, severity, subject: subject(), text: format!("{what}{xid}{why}") })
}

fn throttle_finding(gpu: &GpuRow, subject: impl FnOnce() -> String) -> Option<Finding> {
    let throttle = gpu.throttle.filter(|throttle| throttle.thermal || throttle.hardware)?;
    let what = if throttle.hardware { "hardware slowdown: check power and cooling" } else { "throttled by heat" };
    Some(Finding { rule: Rule::Throttled, severity: Severity::Warning, subject: subject(), text: what.to_owned() })
}
