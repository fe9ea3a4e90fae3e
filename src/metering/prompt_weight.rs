//! The weight of a prefill row's prompts.

use serde::{Deserialize, Serialize};

use crate::units::Tokens;

/// The prompt tokens that a prefill row counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct PromptWeight {
    /// Since the last attribution.
    pub(super) new: u64,
    /// Before the last attribution at which any row had grown: the weight until a row grows again.
    pub(super) last: u64,
}

impl PromptWeight {
    /// Whether no prompt was counted yet.
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Adds prompt tokens.
    pub(super) fn note(&mut self, prompts: Tokens) {
        self.new = self.new.saturating_add(prompts.count());
    }
}
