//! Models under the names that pages and proxies give them.
//!
//! Names are compared without case, by their last path component: a provider prefix (`hosted_vllm/`, `openai/`) goes with
//! it. Aliases join names: those of the configuration, those that a server lists, and a page's adapters.

use std::collections::BTreeMap;

use crate::reading::{EngineReading, ModelAlias, ModelName};
use crate::units::Timestamp;

/// Which names are of one model, and which models are served by an engine that is watched.
#[derive(Debug, Default)]
pub(super) struct ModelNames {
    /// A name and the one that it stands for, in canonical form.
    stands_for: BTreeMap<String, String>,
    /// Names that engines serve under, and when the first page of one was read.
    served: BTreeMap<String, Timestamp>,
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

    /// Takes in the names that a server lists.
    pub(super) fn note_aliases(&mut self, aliases: &[ModelAlias]) {
        for ModelAlias { name, model } in aliases {
            self.join(name, model);
        }
    }

    /// Takes in a row of an engine: its model is served, and so are its adapters, whose tokens are among the model's.
    pub(super) fn note_served(&mut self, reading: &EngineReading, at: Timestamp) {
        let Some(model) = &reading.model else { return };
        self.served.entry(model.canonical()).or_insert(at);
        for adapter in &reading.adapters {
            self.join(&ModelName::new(adapter.as_str()), model);
        }
    }

    /// Whether a watched engine serves a model, under any of its names.
    pub(super) fn is_served(&self, model: &ModelName) -> bool {
        self.served_since(model).is_some()
    }

    /// Whether any engine is watched.
    pub(super) fn any_served(&self) -> bool {
        !self.served.is_empty()
    }

    /// Since when a watched engine serves a model, under any of its names.
    pub(super) fn served_since(&self, model: &ModelName) -> Option<Timestamp> {
        let root = self.root_of(model);
        let same = |served: &&String| **served == root || self.root((*served).clone()) == root;
        self.served.iter().filter(|(served, _)| same(served)).map(|(_, since)| *since).min()
    }

    /// One name for all names of a model.
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
        // Only roots are joined, so there are no circles; the bound is against mistakes here alone.
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
