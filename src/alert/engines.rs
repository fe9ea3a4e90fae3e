//! Rules for engines that are silent, full, or not what their address promises.

use std::collections::BTreeSet;

use super::finding::Finding;
use crate::reading::Health;
use crate::snapshot::{EngineRow, Notice, Rule, ScrapeRow, Severity, Snapshot, engine_subject};

/// An engine with a queue is full from this used share of its KV cache on.
const KV_FULL: f64 = 0.95;

pub(super) fn findings(snapshot: &Snapshot) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    // Where several machines answer, that says as much.
    let is_noticed = |finding: &Finding| {
        let same = |notice: &Notice| notice.rule == finding.rule && notice.subject.as_str() == finding.subject;
        finding.rule == Rule::SharedAddress && snapshot.notices.iter().any(same)
    };
    let targets = snapshot.engines.iter().filter(|row| seen.insert(&row.target)).flat_map(|row| target_findings(row));
    let targets = targets.filter(|finding| !is_noticed(finding));
    targets.chain(snapshot.engines.iter().filter_map(|row| kv_finding(row))).collect()
}

/// The finding for a target as a whole, from any of its rows.
fn target_findings(row: &EngineRow) -> Vec<Finding> {
    let ScrapeRow { state, error, failures, refusals, .. } = &row.scrape;
    let finding = |rule, severity, text| Finding { rule, severity, subject: row.target.to_string(), text };
    let reason = || error.as_ref().map_or_else(|| "it does not answer".to_owned(), ToString::to_string);
    let silent = |severity| vec![finding(Rule::EngineSilent, severity, reason())];
    match state {
        Health::Never if *failures == 0 => Vec::new(),
        Health::Never | Health::Stale => silent(Severity::Warning),
        Health::Lost => silent(Severity::Critical),
        Health::Live => {
            let text = format!("{} processes answer at this address, sampled in turn", row.processes);
            let shared = (row.processes > 1).then(|| finding(Rule::SharedAddress, Severity::Info, text));
            let refused = (refusals.values + refusals.over_limit > 0).then(|| refusals.text().unwrap_or_else(reason));
            let refused = refused.map(|text| finding(Rule::PageRefused, Severity::Warning, text));
            shared.into_iter().chain(refused).collect()
        }
    }
}

fn kv_finding(row: &EngineRow) -> Option<Finding> {
    let usage = row.kv_usage.filter(|usage| usage.get() >= KV_FULL)?;
    let waiting = row.waiting.filter(|waiting| *waiting > 0)?;
    let text = format!(
        "KV cache {:.0} % full and {waiting} waiting: give it more memory or fewer requests",
        usage.get() * 100.0
    );
    Some(Finding {
        rule: Rule::KvNearFull,
        severity: Severity::Warning,
        subject: engine_subject(&row.target, row.rank.as_ref()),
        text,
    })
}
