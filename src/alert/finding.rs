//! The result of a rule.

use crate::snapshot::{Notice, Rule, Severity};

/// The result of a rule.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) rule: Rule,
    pub(super) severity: Severity,
    pub(super) subject: String,
    pub(super) text: String,
}

impl From<&Notice> for Finding {
    fn from(notice: &Notice) -> Self {
        let Notice { rule, severity, subject, text } = notice;
        Self { rule: *rule, severity: *severity, subject: subject.to_string(), text: text.to_string() }
    }
}

impl Finding {
    /// Whether no source may have been polled yet.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self.rule, Rule::NodeSilent | Rule::EngineSilent | Rule::GpuLost)
    }
}
