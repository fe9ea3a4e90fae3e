//! Rules for sources that fail here while others work. Where none works, the screen itself explains it.

use super::finding::Finding;
use crate::reading::{SourceError, SourceErrorKind};
use crate::snapshot::{Rule, Severity, Snapshot};

pub(super) fn findings(snapshot: &Snapshot) -> Vec<Finding> {
    let anything = snapshot.gpus.count > 0 || snapshot.engines.iter().any(|row| row.age_seconds.is_some());
    let source_errors = snapshot.source_errors.iter().filter(|failure| anything || is_failure(failure));
    source_errors
        .map(|failure| Finding {
            rule: Rule::SourceMissing,
            severity: if is_failure(failure) { Severity::Warning } else { Severity::Info },
            subject: failure.source.to_string(),
            text: format!("{} ({})", failure.cause, failure.remedy),
        })
        .collect()
}

/// Whether a driver is installed here and fails. A missing driver is not a failure.
fn is_failure(failure: &SourceError) -> bool {
    failure.kind == SourceErrorKind::Driver
}
