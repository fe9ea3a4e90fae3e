//! Names of models: which names mean the same model, and which models watched engines serve.
//!
//! Names are compared without case, by their last path component, so without a provider prefix (`hosted_vllm/`,
//! `openai/`). Aliases join names: configured ones, those of a server's model list, and a page's adapters.

use std::collections::{BTreeMap, HashSet};

use crate::reading::{EngineReading, ModelAlias, ModelName};
use crate::units::Timestamp;

/// The joined names, and the models that watched engines serve.
#[derive(Debug, Default)]
pub(super) struct ModelNames {
    /// Names and the names that they stand for, in canonical form.
    stands_for: BTreeMap<String, String>,
    /// Names that engines serve, and when the first page with each was read.
    served: BTreeMap<String, Timestamp>,
    /// The same names as pages spell them, so that one that is known is not put into canonical form again.
    spelt: HashSet<ModelName>,
}

impl ModelNames {
    /// The names that the configuration joins.
    pub(super) fn new(aliases: &[(ModelName, Vec<ModelName>)]) -> Self {
        let mut names = Self::default();
        for (model, others) in aliases {
            for other in others {
                names.join(other, model);
            }
        }
        names
    }

    /// Adds the names of a server's model list.
    pub(super) fn note_aliases(&mut self, aliases: &[ModelAlias]) {
        for ModelAlias { name, model } in aliases {
            self.join(name, model);
        }
    }

    /// Adds the model of an engine's row, and its adapters, whose tokens are counted with the model's.
    pub(super) fn note_served(&mut self, reading: &EngineReading, at: Timestamp) {
        let Some(model) = &reading.model else { return };
        if !self.spelt.contains(model) {
            self.spelt.insert(model.clone());
            self.served.entry(model.canonical()).or_insert(at);
        }
        for adapter in &reading.adapters {
            self.join(&ModelName::new(adapter.as_str()), model);
        }
    }

    /// Whether a watched engine serves a model under any of its names.
    pub(super) fn is_served(&self, model: &ModelName) -> bool {
        self.served_since(model).is_some()
    }

    /// Whether any engine is watched.
    pub(super) fn any_served(&self) -> bool {
        !self.served.is_empty()
    }

    /// Since when a watched engine has served a model under any of its names.
    pub(super) fn served_since(&self, model: &ModelName) -> Option<Timestamp> {
        let root = self.root_of(model);
        let same = |served: &&String| **served == root || self.root((*served).clone()) == root;
        self.served.iter().filter(|(served, _)| same(served)).map(|(_, since)| *since).min()
    }

    /// The one name that all names of a model lead to.
    pub(super) fn root_of(&self, model: &ModelName) -> String {
        self.root(model.canonical())
    }

    fn join(&mut self, name: &ModelName, model: &ModelName) {
        let (name, model) = (self.root_of(name), self.root_of(model));
        if name != model {
            self.stands_for.insert(name, model);
        }
    }

    fn root(&self, name: String) -> String {
        let mut root = name;
        // Only roots are joined, so there are no cycles. The bound guards against a mistake in this file.
        for _ in 0..=self.stands_for.len() {
            match self.stands_for.get(&root) {
                Some(next) => root.clone_from(next),
                None => break,
            }
        }
        root
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{EngineKind, Label};

    fn serving(model: &str, adapters: &[&str]) -> EngineReading {
        let mut reading = EngineReading::new(EngineKind::Vllm, Some(ModelName::new(model)), None);
        reading.adapters = adapters.iter().map(|name| Label::new(name)).collect();
        reading
    }

    fn is_served(names: &ModelNames, model: &str) -> bool {
        names.is_served(&ModelName::new(model))
    }

    #[test]
    fn names_are_compared_in_canonical_form() {
        let mut names = ModelNames::default();
        names.note_served(&serving("/models/DeepSeek-V3/", &["sql-lora"]), Timestamp::default());
        for same in ["deepseek-v3", "hosted_vllm/deepseek-v3", "openai/DeepSeek-V3", "hosted_vllm/sql-lora"] {
            assert!(is_served(&names, same), "{same}");
        }
        assert!(!is_served(&names, "deepseek-v3.1"));
    }

    #[test]
    fn aliases_join_names_in_any_order_and_any_number() {
        let configured =
            [(ModelName::new("qwen3-32b"), vec![ModelName::new("chat"), ModelName::new("hosted_vllm/chat-2")])];
        let mut names = ModelNames::new(&configured);
        let alias = |name: &str, model: &str| ModelAlias { name: ModelName::new(name), model: ModelName::new(model) };
        names.note_aliases(&[alias("chat-large", "Qwen/Qwen3-32B"), alias("lora", "chat-large"), alias("a", "a")]);
        names.note_served(&serving("chat-large", &[]), Timestamp::default());
        for same in ["qwen3-32b", "chat", "chat-2", "lora", "openai/lora"] {
            assert!(is_served(&names, same), "{same}");
        }
        names.note_aliases(&[alias("x", "y"), alias("y", "x")]);
        assert!(!is_served(&names, "x"), "a circle ends");
    }
}
