//! An alert that a person silenced.

use crate::reading::Label;
use crate::snapshot::Rule;
use crate::units::Timestamp;

/// An alert that is silenced, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Silenced {
    pub rule: Rule,
    pub subject: Label,
    pub until: Timestamp,
}
