//! Rules for the ledger: a file that cannot be written, and assumed rates in a new ledger.

use super::finding::Finding;
use crate::snapshot::{RateBasis, Rule, Severity, Snapshot, WriterStatus};

/// The subject of the ledger's findings.
const SUBJECT: &str = "ledger";

pub(super) fn findings(snapshot: &Snapshot) -> Vec<Finding> {
    let basis = &snapshot.money.ledger;
    let mut found = Vec::new();
    if let Some(failure) = &basis.write_error {
        let lives = match basis.writer {
            WriterStatus::Memory => "money is kept in memory until this run ends",
            WriterStatus::Ours | WriterStatus::Other(_) => "what is not written yet is kept in memory",
        };
        let (rule, severity) = (Rule::LedgerUnwritten, Severity::Critical);
        found.push(Finding { rule, severity, subject: SUBJECT.to_owned(), text: format!("{failure}; {lives}") });
    }
    if basis.first_run {
        found.extend(snapshot.money.rates.iter().filter(|rate| rate.assumed).map(assumed));
    }
    found
}

/// The first run reports which rates it assumed, and where to change them.
fn assumed(basis: &RateBasis) -> Finding {
    let RateBasis { gpu, rate, dated, .. } = basis;
    let dated = dated.as_ref().map_or(String::new(), |dated| format!(" of {dated}"));
    let text = format!(
        "{gpu} at {rate} an hour is an assumption{dated}: set yours in a [[lease]]; `margintop config init` writes a file to start from"
    );
    Finding { rule: Rule::RateAssumed, severity: Severity::Info, subject: gpu.to_string(), text }
}
