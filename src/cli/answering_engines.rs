//! Logs changes of engines for `agent`.

use std::collections::BTreeMap;

use crate::reading::{Event, TargetId};

/// Which engines answered last.
#[derive(Debug, Default)]
pub(super) struct AnsweringEngines(BTreeMap<TargetId, bool>);

impl AnsweringEngines {
    /// Logs what changed with a scrape of an engine.
    pub(super) fn log(&mut self, event: &Event) {
        let Event::Page { target, outcome, .. } = event else { return };
        let answers = outcome.is_ok();
        if self.0.insert(target.clone(), answers) == Some(answers) {
            return;
        }
        match outcome {
            Ok(page) => tracing::info!(%target, kind = page.kind.as_str(), "target answers"),
            Err(error) => tracing::warn!(%target, cause = error.to_string(), "target is silent"),
        }
    }
}
