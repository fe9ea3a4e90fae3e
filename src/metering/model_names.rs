//! Names of models: which names mean the same model, and which models watched engines serve.
//!
//! Names are compared without case, by their last path component, so without a provider prefix (`hosted_vllm/`,
//! `openai/`). Aliases join names: configured ones, those of a server's model list, and a page's adapters.
//!
//! A target serves a model from the first page with it on, also while it is silent. It no longer does once its pages
//! have shown other models only for ten minutes.

use std::collections::{BTreeMap, HashMap};

use crate::reading::{EngineReading, ModelAlias, ModelName, TargetId};
use crate::units::{Moment, Span, Timestamp};

/// How long a target that shows other models still serves one that left its page.
const REPLACED: Span = Span::from_secs(600);
/// The most models kept for a target; the least recently seen is dropped first.
const NAMES: usize = 1024;
/// The most aliases kept; later ones join nothing.
const ALIASES: usize = 16_384;

/// The joined names, and the models that watched engines serve.
#[derive(Debug, Default)]
pub(super) struct ModelNames {
    /// Names and the names that they stand for, in canonical form.
    stands_for: BTreeMap<String, String>,
    /// The models of each target's engines, by the names on its pages.
    targets: HashMap<TargetId, HashMap<ModelName, OnPage>>,
    /// The served models by the root of their names. It follows from the other two.
    served: HashMap<String, Served>,
    /// Whether `served` has to be made anew.
    changed: bool,
}

/// A model on a target's pages.
#[derive(Debug)]
struct OnPage {
    canonical: String,
    /// When the first page with it was read.
    since: Timestamp,
    /// When the last page with it was read.
    seen: Moment,
    /// When the first page after that with other models only was read.
    replaced: Option<Moment>,
}

/// A served model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Served {
    /// When the first page with it was read.
    pub(super) since: Timestamp,
    /// Whether each target that served it shows other models now.
    pub(super) replaced: bool,
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

    /// Takes a target's page: the rows of its engines, and whether it names any model. The adapters of a model count as
    /// the model, since their tokens are among its own. Returns whether a model is no longer served.
    pub(super) fn note_page<'a>(
        &mut self,
        target: &TargetId,
        engines: impl Iterator<Item = &'a EngineReading>,
        names_models: bool,
        at: Moment,
    ) -> bool {
        for reading in engines {
            self.note_row(target, reading, at, at.wall);
        }
        let ended = names_models && self.note_replaced(target, at);
        self.refresh();
        ended
    }

    /// Adds a model that a target served before a restart; its last page with it was read at `seen`.
    pub(super) fn restore(&mut self, target: &TargetId, reading: &EngineReading, seen: Moment) {
        self.note_row(target, reading, seen, Timestamp::default());
        self.refresh();
    }

    /// Whether a watched engine serves a model under any of its names.
    pub(super) fn is_served(&self, model: &ModelName) -> bool {
        self.served(model).is_some()
    }

    /// Whether any engine is watched.
    pub(super) fn any_served(&self) -> bool {
        !self.served.is_empty()
    }

    /// How watched engines serve a model under any of its names, if they do.
    pub(super) fn served(&self, model: &ModelName) -> Option<Served> {
        self.served.get(&self.root_of(model)).copied()
    }

    /// Whether a watched engine serves the model with this root.
    pub(super) fn serves_root(&self, root: &str) -> bool {
        self.served.contains_key(root)
    }

    /// The one name that all names of a model lead to.
    pub(super) fn root_of(&self, model: &ModelName) -> String {
        self.root(model.canonical())
    }

    fn note_row(&mut self, target: &TargetId, reading: &EngineReading, seen: Moment, since: Timestamp) {
        let Some(model) = &reading.model else { return };
        if !self.targets.contains_key(target) {
            self.targets.insert(target.clone(), HashMap::new());
        }
        let models = self.targets.get_mut(target);
        let Some(models) = models else { return };
        if let Some(known) = models.get_mut(model) {
            known.seen = seen;
            self.changed |= known.replaced.take().is_some();
        } else {
            models.insert(model.clone(), OnPage { canonical: model.canonical(), since, seen, replaced: None });
            self.changed = true;
        }
        for adapter in &reading.adapters {
            self.join(&ModelName::new(adapter.as_str()), model);
        }
    }

    /// Notes which models of a target left its page, and drops those that did so long ago. Returns whether one was
    /// dropped.
    fn note_replaced(&mut self, target: &TargetId, at: Moment) -> bool {
        let Some(models) = self.targets.get_mut(target) else { return false };
        let before = models.len();
        for left in models.values_mut().filter(|model| model.seen != at) {
            self.changed |= left.replaced.is_none();
            left.replaced.get_or_insert(at);
        }
        models.retain(|_, model| model.replaced.is_none_or(|since| at.since(since) < REPLACED));
        if models.len() > NAMES {
            let mut seen: Vec<_> = models.values().map(|model| model.seen.boot).collect();
            seen.sort_unstable_by(|a, b| b.cmp(a));
            let oldest = seen[NAMES - 1];
            models.retain(|_, model| model.seen == at || model.seen.boot > oldest);
        }
        let dropped = models.len() < before;
        self.changed |= dropped;
        dropped
    }

    fn join(&mut self, name: &ModelName, model: &ModelName) {
        let (name, model) = (self.root_of(name), self.root_of(model));
        if name != model && self.stands_for.len() < ALIASES {
            self.stands_for.insert(name, model);
            self.changed = true;
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

    /// Finds the served models again, if names or targets changed.
    fn refresh(&mut self) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        let mut served: HashMap<String, Served> = HashMap::new();
        for model in self.targets.values().flat_map(HashMap::values) {
            let one = Served { since: model.since, replaced: model.replaced.is_some() };
            let all = served.entry(self.root(model.canonical.clone())).or_insert(one);
            (all.since, all.replaced) = (all.since.min(one.since), all.replaced && one.replaced);
        }
        self.served = served;
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

    fn page(names: &mut ModelNames, target: &str, rows: &[EngineReading], second: i64) -> bool {
        let at = Moment::default() + Span::from_secs(second);
        names.note_page(&TargetId::new(target), rows.iter(), !rows.is_empty(), at)
    }

    fn is_served(names: &ModelNames, model: &str) -> bool {
        names.is_served(&ModelName::new(model))
    }

    #[test]
    fn names_are_compared_in_canonical_form() {
        let mut names = ModelNames::default();
        page(&mut names, "a", &[serving("/models/DeepSeek-V3/", &["sql-lora"])], 0);
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
        page(&mut names, "a", &[serving("chat-large", &[])], 0);
        for same in ["qwen3-32b", "chat", "chat-2", "lora", "openai/lora"] {
            assert!(is_served(&names, same), "{same}");
        }
        names.note_aliases(&[alias("x", "y"), alias("y", "x")]);
        assert!(!is_served(&names, "x"), "a circle ends");
    }

    /// Class: a model that was served once and is not any more.
    #[test]
    fn a_model_is_served_until_others_have_replaced_it_for_ten_minutes() {
        let mut names = ModelNames::default();
        page(&mut names, "a", &[serving("x", &[]), serving("z", &[])], 0);
        page(&mut names, "b", &[serving("x", &[])], 0);
        assert!(!page(&mut names, "a", &[], 5000), "a page without models replaces none");
        assert!(!page(&mut names, "a", &[serving("y", &[])], 5001));
        assert!(page(&mut names, "a", &[serving("y", &[])], 5601), "z ended");
        assert!(
            is_served(&names, "x") && is_served(&names, "y") && !is_served(&names, "z"),
            "b is silent, and serves x"
        );
        page(&mut names, "b", &[serving("y", &[])], 6000);
        page(&mut names, "b", &[serving("org/X", &[])], 6300);
        page(&mut names, "b", &[serving("y", &[])], 6700);
        assert!(is_served(&names, "x"), "it came back, and left again");
        page(&mut names, "b", &[serving("y", &[])], 7300);
        assert!(!is_served(&names, "x"));
    }

    /// Class: state that grows with every new name.
    #[test]
    fn the_names_of_a_target_are_limited() {
        let mut names = ModelNames::default();
        for second in 0..60 {
            let rows: Vec<_> = (0..500).map(|n| serving(&format!("m-{second}-{n}"), &[])).collect();
            page(&mut names, "a", &rows, second);
        }
        assert!(names.served.len() <= NAMES && is_served(&names, "m-59-0") && !is_served(&names, "m-0-0"));
    }
}
