//! The rule for XID errors of the driver.

use std::collections::HashMap;

use super::finding::Finding;
use crate::reading::{Health, NodeName};
use crate::snapshot::{GpuRow, Rule, Severity, Snapshot, gpu_subject};
use crate::units::{Span, Timestamp};

/// Codes with which the driver stops a process: exceptions, faults of memory access, timeouts, contained memory errors.
const STOPS: [u32; 11] = [8, 13, 31, 32, 43, 45, 68, 69, 94, 109, 137];
/// Codes of faults of the card, its memory, its firmware or its links.
const FAULTS: [u32; 13] = [38, 48, 61, 62, 64, 74, 79, 95, 119, 120, 121, 140, 154];
/// How long an error is reported. A source shows the last code until another one comes, which may be for ever.
const REPORTED: Span = Span::from_secs(3_600);

/// The last code of each GPU, and when it was first seen.
#[derive(Debug, Default)]
pub(super) struct Errors {
    seen: HashMap<(NodeName, u32), (u32, Timestamp)>,
}

impl Errors {
    pub(super) fn findings(&mut self, snapshot: &Snapshot) -> Vec<Finding> {
        let mut seen = HashMap::new();
        let mut found = Vec::new();
        for node in &snapshot.nodes {
            for gpu in &node.gpus {
                let Some(code) = gpu.xid.filter(|code| STOPS.contains(code) || FAULTS.contains(code)) else { continue };
                let key = (node.name.clone(), gpu.index);
                let known = self.seen.get(&key).filter(|(before, _)| *before == code).map(|(_, since)| *since);
                let since = known.unwrap_or(snapshot.at);
                seen.insert(key, (code, since));
                if snapshot.at - since < REPORTED {
                    found.extend(finding(node.name.as_str(), gpu, code));
                }
            }
        }
        self.seen = seen;
        found
    }
}

/// A lost GPU has an alert that names its code.
fn finding(node: &str, gpu: &GpuRow, code: u32) -> Option<Finding> {
    if gpu.state != Health::Live || gpu.reason.is_some() {
        return None;
    }
    let (severity, text) = if FAULTS.contains(&code) {
        (Severity::Critical, format!("XID {code}, a fault of the card: drain the node, then reset or return the GPU"))
    } else {
        (
            Severity::Warning,
            format!("XID {code} stopped a process: see whether its engine answers; `dmesg | grep NVRM` says more"),
        )
    };
    Some(Finding { rule: Rule::GpuError, severity, subject: gpu_subject(node, gpu.index), text })
}
