//! Rules for sources that fail here while others work. Where none works, the screen itself explains it.

use super::finding::Finding;
use crate::reading::SourceError;
use crate::snapshot::{Rule, Severity, Snapshot};

pub(super) fn findings(picture: &Snapshot) -> Vec<Finding> {
    let anything = picture.gpus.count > 0 || picture.engines.iter().any(|row| row.age_seconds.is_some());
    let troubles = picture.troubles.iter().filter(|trouble| anything || is_failure(trouble));
    troubles
        .map(|trouble| Finding {
            rule: Rule::SourceMissing,
            severity: if is_failure(trouble) { Severity::Warning } else { Severity::Info },
            subject: trouble.what.to_string(),
            text: format!("{} ({})", trouble.why, trouble.mend),
        })
        .collect()
}

/// Whether a driver is installed here and fails. A missing driver is not a failure.
fn is_failure(trouble: &SourceError) -> bool {
    let why = trouble.why.as_str();
    trouble.what.as_str() == "NVML" && !why.contains("was not found") && !why.contains("cannot be loaded")
}
