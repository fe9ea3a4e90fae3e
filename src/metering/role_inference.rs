//! Prefill and decode engines that do not say so: told by their figures, and only where both are seen for one model.
//!
//! A decode engine takes most of its prompt from outside. So does one with an offload connector, where it is a real
//! cache hit; and an engine that answers one token a request need not be a prefill engine. Each alone proves nothing.

use std::collections::{HashMap, HashSet};

use crate::reading::{EngineKind, EngineReading, PromptCount, Role, TargetId};

/// Which targets look like which part, by model.
#[derive(Debug, Default)]
pub(super) struct RoleInference {
    prefill: HashMap<String, HashSet<TargetId>>,
    decode: HashMap<String, HashSet<TargetId>>,
}

impl RoleInference {
    /// Notes what a row looks like.
    pub(super) fn note(&mut self, target: &TargetId, reading: &EngineReading) {
        let (Some(model), Some(role)) = (&reading.model, leaning(reading)) else { return };
        let side = if role == Role::Prefill { &mut self.prefill } else { &mut self.decode };
        if !side.get(model.as_str()).is_some_and(|known| known.contains(target)) {
            side.entry(model.as_str().to_owned()).or_default().insert(target.clone());
        }
    }

    /// The part that a row plays, if both parts are seen for its model.
    pub(super) fn role(&self, target: &TargetId, reading: &EngineReading) -> Option<Role> {
        let model = reading.model.as_ref()?.as_str();
        let (prefill, decode) = (self.prefill.get(model)?, self.decode.get(model)?);
        if decode.contains(target) { Some(Role::Decode) } else { prefill.contains(target).then_some(Role::Prefill) }
    }
}

/// What a row looks like: most of its prompt came from outside, or each of its requests ended after one token.
fn leaning(reading: &EngineReading) -> Option<Role> {
    if reading.kind != EngineKind::Vllm {
        return None;
    }
    if let (Some(transferred), PromptCount::Whole(prompt)) = (reading.transferred, reading.tokens.prompt)
        && transferred.count() > prompt.count() / 2
    {
        return Some(Role::Decode);
    }
    let requests = reading.finished.requests.filter(|requests| *requests > 0)?;
    let one_token_each = reading.finished.length == Some(requests) && reading.tokens.output?.count() == requests;
    one_token_each.then_some(Role::Prefill)
}
