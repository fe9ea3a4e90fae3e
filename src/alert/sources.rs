//! Sources that cannot work here, while others do. Where nothing works the screen says so at length itself.

use super::Finding;
use crate::snapshot::{Rule, Severity, Snapshot};

pub(super) fn findings(picture: &Snapshot) -> Vec<Finding> {
    let anything = picture.gpus.count > 0 || picture.engines.iter().any(|row| row.age_seconds.is_some());
    let troubles = picture.troubles.iter().filter(|_| anything);
    troubles
        .map(|trouble| Finding {
            rule: Rule::SourceMissing,
            severity: Severity::Info,
            subject: trouble.what.to_string(),
            text: format!("{} ({})", trouble.why, trouble.mend),
        })
        .collect()
}
