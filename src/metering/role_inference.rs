//! Infers the roles of prefill and decode engines whose pages do not name them, if both roles are seen for one model.
//!
//! A decode engine receives most of its prompt tokens from outside. So does an engine with an offload connector, for which
//! they are real cache hits. An engine whose requests end after one token need not be a prefill engine. So neither role is
//! inferred without the other.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::dialect;
use crate::reading::{EngineReading, EngineRole, InstanceId, PromptCount, TargetId};

/// An instance on a target's page.
type RolePlace = (TargetId, Option<InstanceId>);

/// The role that an instance looked like for a model, for saving.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct SavedRole {
    model: String,
    role: EngineRole,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instance: Option<InstanceId>,
}

/// The instances that look like prefill and decode engines, by model.
#[derive(Debug, Default)]
pub(super) struct RoleInference {
    prefill: HashMap<String, HashSet<RolePlace>>,
    decode: HashMap<String, HashSet<RolePlace>>,
}

impl RoleInference {
    /// Records which role a row looks like. Returns whether it turned out not to be a prefill engine, after its output was taken
    /// for one's.
    pub(super) fn note(&mut self, target: &TargetId, reading: &EngineReading) -> bool {
        let Some(model) = &reading.model else { return false };
        let place = (target.clone(), reading.instance.clone());
        if makes_answers(reading) && self.prefill.get_mut(model.as_str()).is_some_and(|known| known.remove(&place)) {
            return self.decode.get(model.as_str()).is_some_and(|known| !known.is_empty());
        }
        let Some(role) = leaning(reading) else { return false };
        let side = if role == EngineRole::Prefill { &mut self.prefill } else { &mut self.decode };
        if !side.get(model.as_str()).is_some_and(|known| known.contains(&place)) {
            side.entry(model.as_str().to_owned()).or_default().insert(place);
        }
        false
    }

    /// The models of a target and the roles that its instances look like, for saving.
    pub(super) fn saved(&self, target: &TargetId) -> Vec<SavedRole> {
        let of = |side: &HashMap<String, HashSet<RolePlace>>, role: EngineRole| {
            let places = side.iter().flat_map(|(model, places)| places.iter().map(move |place| (model, place)));
            let ours = places.filter(|(_, (of, _))| of == target);
            ours.map(|(model, (_, instance))| SavedRole { model: model.clone(), role, instance: instance.clone() })
                .collect::<Vec<_>>()
        };
        let mut saved = of(&self.prefill, EngineRole::Prefill);
        saved.extend(of(&self.decode, EngineRole::Decode));
        saved.sort();
        saved
    }

    /// Restores the roles that a target looked like before a restart: until the other engine's page is read, its own page
    /// would be taken for that of a unified engine.
    pub(super) fn restore(&mut self, target: &TargetId, saved: Vec<SavedRole>) {
        for SavedRole { model, role, instance } in saved {
            let side = if role == EngineRole::Prefill { &mut self.prefill } else { &mut self.decode };
            side.entry(model).or_default().insert((target.clone(), instance));
        }
    }

    /// The inferred role of a row, if both roles are seen for its model.
    pub(super) fn role(&self, target: &TargetId, reading: &EngineReading) -> Option<EngineRole> {
        let model = reading.model.as_ref()?.as_str();
        let (prefill, decode) = (self.prefill.get(model)?, self.decode.get(model)?);
        if prefill.is_empty() || decode.is_empty() {
            return None;
        }
        let place = (target.clone(), reading.instance.clone());
        if decode.contains(&place) {
            Some(EngineRole::Decode)
        } else {
            prefill.contains(&place).then_some(EngineRole::Prefill)
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

/// Whether an engine clearly makes more than the first token of its requests.
fn makes_answers(reading: &EngineReading) -> bool {
    let (Some(requests), Some(output)) = (reading.finished.requests, reading.tokens.output) else { return false };
    requests > 0 && output.count() > requests.saturating_mul(2).saturating_add(100)
}
