//! Infers the roles of prefill and decode engines whose pages do not name them, if both roles are seen for one model.
//!
//! A decode engine receives most of its prompt tokens from outside. So does an engine with an offload connector, for which
//! they are real cache hits. An engine whose requests end after one token need not be a prefill engine. So neither role is
//! inferred without the other.

use std::collections::{HashMap, HashSet};

use crate::dialect;
use crate::reading::{EngineReading, EngineRole, PromptCount, TargetId};

/// The targets that look like prefill and decode engines, by model.
#[derive(Debug, Default)]
pub(super) struct RoleInference {
    prefill: HashMap<String, HashSet<TargetId>>,
    decode: HashMap<String, HashSet<TargetId>>,
}

impl RoleInference {
    /// Records which role a row looks like.
    pub(super) fn note(&mut self, target: &TargetId, reading: &EngineReading) {
        let (Some(model), Some(role)) = (&reading.model, leaning(reading)) else { return };
        let side = if role == EngineRole::Prefill { &mut self.prefill } else { &mut self.decode };
        if !side.get(model.as_str()).is_some_and(|known| known.contains(target)) {
            side.entry(model.as_str().to_owned()).or_default().insert(target.clone());
        }
    }

    /// The models of a target and the roles that it looks like, for saving.
    pub(super) fn saved(&self, target: &TargetId) -> Vec<(String, EngineRole)> {
        let of = |side: &HashMap<String, HashSet<TargetId>>, role: EngineRole| {
            let models = side.iter().filter(|(_, targets)| targets.contains(target));
            models.map(|(model, _)| (model.clone(), role)).collect::<Vec<_>>()
        };
        let mut saved = of(&self.prefill, EngineRole::Prefill);
        saved.extend(of(&self.decode, EngineRole::Decode));
        saved.sort();
        saved
    }

    /// Restores the roles that a target looked like before a restart: until the other engine's page is read, its own page
    /// would be taken for that of a unified engine.
    pub(super) fn restore(&mut self, target: &TargetId, saved: Vec<(String, EngineRole)>) {
        for (model, role) in saved {
            let side = if role == EngineRole::Prefill { &mut self.prefill } else { &mut self.decode };
            side.entry(model).or_default().insert(target.clone());
        }
    }

    /// The inferred role of a row, if both roles are seen for its model.
    pub(super) fn role(&self, target: &TargetId, reading: &EngineReading) -> Option<EngineRole> {
        let model = reading.model.as_ref()?.as_str();
        let (prefill, decode) = (self.prefill.get(model)?, self.decode.get(model)?);
        if decode.contains(target) {
            Some(EngineRole::Decode)
        } else {
            prefill.contains(target).then_some(EngineRole::Prefill)
        }
    }
}

/// The role that a row looks like: decode if most of its prompt came from outside, prefill if each request ended after
/// one token.
fn leaning(reading: &EngineReading) -> Option<EngineRole> {
    if !dialect::policy(reading.kind).infers_role {
        return None;
    }
    if let (Some(transferred), PromptCount::Whole(prompt)) = (reading.transferred, reading.tokens.prompt)
        && transferred.count() > prompt.count() / 2
    {
        return Some(EngineRole::Decode);
    }
    let requests = reading.finished.requests.filter(|requests| *requests > 0)?;
    let one_token_each = reading.finished.length == Some(requests) && reading.tokens.output?.count() == requests;
    one_token_each.then_some(EngineRole::Prefill)
}
