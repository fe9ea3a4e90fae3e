//! Rules for sources that fail here while others work. Where none works, the screen itself explains it.

use super::finding::Finding;
use crate::reading::SourceError;
use crate::snapshot::{Rule, Severity, Snapshot};

pub(super) fn findings(picture: &Snapshot) -> Vec<Finding> {
    let anything = picture.gpus.count > 0 || picture.engines.iter().any(|row| row.age_seconds.is_some());
    let source_errors = picture.source_errors.iter().filter(|trouble| anything || is_failure(trouble));
    source_errors
        .map(|trouble| Finding {
            rule: Rule::SourceMissing,
            severity: if is_failure(trouble) { Severity::Warning } else { Severity::Info },
            subject: trouble.source.to_string(),
            text: format!("{} ({})", trouble.cause, trouble.remedy),
        })
        .collect()
}

/// Whether a driver is installed here and fails. A missing driver is not a failure.
fn is_failure(trouble: &SourceError) -> bool {
    let cause = trouble.cause.as_str();
    trouble.source.as_str() == "NVML" && !cause.contains("was not found") && !cause.contains("cannot be loaded")
}
