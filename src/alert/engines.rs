//! Engines that are silent, full, or not what their address promises.

use std::collections::BTreeSet;

use super::Finding;
use crate::reading::Health;
use crate::snapshot::{EngineRow, Rule, Severity, Snapshot};

/// The share of the KV cache from which an engine that queues is full.
const KV_FULL: f64 = 0.95;

pub(super) fn findings(picture: &Snapshot) -> Vec<Finding> {
    let mut told = BTreeSet::new();
    let targets = picture.engines.iter().filter(|row| told.insert(&row.target)).filter_map(|row| target_finding(row));
    targets.chain(picture.engines.iter().filter_map(|row| kv_finding(row))).collect()
}

/// What is wrong with a target as a whole.
fn target_finding(row: &EngineRow) -> Option<Finding> {
    let note = || row.note.as_ref().map(ToString::to_string);
    let (rule, severity, text) = match row.state {
        Health::Live if row.processes > 1 => (Rule::SharedAddress, Severity::Info, note()?),
        Health::Live if row.scrape.refusals.values + row.scrape.refusals.over_limit > 0 => {
            (Rule::PageRefused, Severity::Warning, note()?)
        }
        Health::Live => return None,
        Health::Never if row.scrape.failures == 0 => return None,
        Health::Never | Health::Stale => {
            (Rule::EngineSilent, Severity::Warning, note().unwrap_or_else(|| "silent".to_owned()))
        }
        Health::Lost => (Rule::EngineSilent, Severity::Critical, note().unwrap_or_else(|| "silent".to_owned())),
    };
    Some(Finding { rule, severity, subject: row.target.to_string(), text })
}

fn kv_finding(row: &EngineRow) -> Option<Finding> {
    let usage = row.kv_usage.filter(|usage| usage.get() >= KV_FULL)?;
    let waiting = row.waiting.filter(|waiting| *waiting > 0)?;
    let rank = row.rank.as_ref().map(|rank| format!(" rank {rank}")).unwrap_or_default();
    let text = format!(
        "KV cache {:.0} % full and {waiting} waiting: give it more memory or fewer requests",
        usage.get() * 100.0
    );
    Some(Finding {
        rule: Rule::KvNearFull,
        severity: Severity::Warning,
        subject: format!("{}{rank}", row.target),
        text,
    })
}
