//! Model names: which names mean the same model, and which models the observed engines serve.
//!
//! Names are compared without case, by their last path component, that is, without a provider prefix (`hosted_vllm/`,
//! `openai/`). Aliases join names: configured ones permanently, those of a server's model list and of a page's adapters
//! while there is evidence for them (see `target`).
//!
//! A target serves a model from the first page with it on, also while silent, until its pages have shown only other models
//! for ten minutes.

mod roots;
mod target;

use std::collections::{HashMap, HashSet};

use crate::inventory::Tracked;
use crate::reading::{EngineReading, ModelName, TargetId};
use crate::units::{Moment, Timestamp};
use roots::Roots;
use target::TargetNames;
pub(super) use target::{PageNames, SavedName};

/// The joined names, and the models that observed engines serve.
#[derive(Debug, Default)]
pub(super) struct ModelNames {
    /// The names that the configuration joins, in canonical form.
    configured: Vec<(String, String)>,
    targets: Tracked<TargetId, TargetNames>,
    // The other fields are computed from these two.
    roots: Roots,
    /// The roots without the names that the last page or list of their target lacks.
    sure_roots: Roots,
    /// The served models by root.
    served: HashMap<String, Served>,
    /// The models on current pages, by sure root.
    shown: HashSet<String>,
}

/// A served model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Served {
    /// When the first page with it was read.
    pub(super) since: Timestamp,
    /// Whether every target that served it, or that used the name for it, no longer does.
    pub(super) replaced: bool,
}

impl ModelNames {
    /// The names that the configuration joins.
    pub(super) fn new(aliases: &[(ModelName, Vec<ModelName>)]) -> Self {
        let pairs = aliases.iter().flat_map(|(model, others)| others.iter().map(move |other| (other, model)));
        let configured = pairs.map(|(other, model)| (other.canonical(), model.canonical())).collect();
        let mut names = Self { configured, ..Self::default() };
        names.rebuild();
        names
    }

    /// Applies a target's page: the rows of its engines, and its model list. The adapters of a model count as the model,
    /// since their tokens are included in the model's. Returns whether a model is no longer served.
    pub(super) fn note_page(&mut self, target: &TargetId, page: &PageNames<'_>) -> bool {
        if !self.targets.contains_key(target) {
            self.targets.insert(target.clone(), TargetNames::default());
        }
        let changed = self.targets.get_mut(target).is_some_and(|names| names.note(page));
        changed && self.rebuild()
    }

    /// Restores the models and names that a target had before a restart; its last page was read at `answered`, and the last
    /// page with each row at the row's moment.
    pub(super) fn restore<'a>(
        &mut self,
        target: &TargetId,
        rows: impl Iterator<Item = (&'a EngineReading, Moment)>,
        names: Vec<SavedName>,
        answered: Moment,
    ) {
        if self.targets.get_or_default(target).restore(rows, names, answered) {
            self.rebuild();
        }
    }

    /// The aliases of a target, for saving.
    pub(super) fn saved(&self, target: &TargetId) -> Vec<SavedName> {
        self.targets.get(target).map(TargetNames::saved).unwrap_or_default()
    }

    /// Takes the targets whose names changed since the last call.
    pub(super) fn take_touched(&mut self) -> Vec<TargetId> {
        self.targets.take_touched()
    }

    /// Whether an observed engine serves a model under any of its names.
    pub(super) fn is_served(&self, model: &ModelName) -> bool {
        self.served.contains_key(&self.root_of(model))
    }

    /// Whether any engine is observed.
    pub(super) fn any_served(&self) -> bool {
        !self.served.is_empty()
    }

    /// Whether an observed engine may serve models under unknown names, since its model list is unreadable.
    pub(super) fn may_have_others(&self) -> bool {
        self.targets.values().any(TargetNames::may_have_others)
    }

    /// How observed engines serve a model under any of its names, if they do.
    pub(super) fn served(&self, model: &ModelName) -> Option<Served> {
        let served = self.served.get(&self.root_of(model)).copied()?;
        let is_shown = self.shown.contains(&self.sure_roots.root(model.canonical()));
        Some(Served { replaced: !is_shown, ..served })
    }

    /// Whether an observed engine serves the model with this root.
    pub(super) fn serves_root(&self, root: &str) -> bool {
        self.served.contains_key(root)
    }

    /// The root of all names of a model.
    pub(super) fn root_of(&self, model: &ModelName) -> String {
        self.roots.root(model.canonical())
    }

    /// Computes the roots and the served models again. Returns whether a root is no longer served.
    fn rebuild(&mut self) -> bool {
        let configured = || self.configured.iter().map(|(name, model)| (name.as_str(), model.as_str()));
        let others = || self.targets.values().flat_map(TargetNames::others);
        let shared = shared(&Roots::of(configured()), others());
        let joins = |(name, ..): &(&str, &str, bool)| !shared.contains(name);
        let pair = |(name, model, _)| (name, model);
        let roots = Roots::of(configured().chain(others().filter(joins).map(pair)));
        let sure = others().filter(joins).filter(|(.., has_left)| !has_left).map(pair);
        let sure_roots = Roots::of(configured().chain(sure));
        let (mut served, mut shown): (HashMap<String, Served>, _) = (HashMap::new(), HashSet::new());
        let models = self.targets.values().flat_map(TargetNames::models);
        let of_shared = self.targets.values().flat_map(|names| {
            let (since, replaced) = (names.since(), names.models().all(|(.., replaced)| replaced));
            let others = names.others().filter(|(name, ..)| shared.contains(name));
            others.filter_map(move |(name, _, has_left)| Some((name, since?, replaced || has_left)))
        });
        for (model, since, replaced) in models.chain(of_shared) {
            let one = Served { since, replaced };
            let all = served.entry(roots.root(model.to_owned())).or_insert(one);
            (all.since, all.replaced) = (all.since.min(since), all.replaced && replaced);
            if !replaced {
                shown.insert(sure_roots.root(model.to_owned()));
            }
        }
        let ended = self.served.keys().any(|root| !served.contains_key(root));
        (self.roots, self.sure_roots, self.served, self.shown) = (roots, sure_roots, served, shown);
        ended
    }
}

/// The aliases that several models share, given the configured aliases. They count as served but join nothing, since the
/// models would be taken for one.
fn shared<'a>(configured: &Roots, others: impl Iterator<Item = (&'a str, &'a str, bool)>) -> HashSet<&'a str> {
    let (mut models, mut shared) = (HashMap::new(), HashSet::new());
    for (name, model, _) in others {
        let model = configured.root(model.to_owned());
        if *models.entry(name).or_insert_with(|| model.clone()) != model {
            shared.insert(name);
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{EngineKind, Label, ModelAlias};
    use crate::units::Span;

    fn serving(model: &str, adapters: &[&str]) -> EngineReading {
        let mut reading = EngineReading::new(EngineKind::named("vllm"), Some(ModelName::new(model)), None);
        reading.adapters = adapters.iter().map(|name| Label::new(name)).collect();
        reading
    }

    fn page(names: &mut ModelNames, target: &str, rows: &[EngineReading], second: i64) -> bool {
        listed(names, target, rows, None, second)
    }

    fn listed(
        names: &mut ModelNames,
        target: &str,
        rows: &[EngineReading],
        list: Option<&[[&str; 2]]>,
        second: i64,
    ) -> bool {
        let alias = |[name, model]: &[&str; 2]| ModelAlias { name: ModelName::new(name), model: ModelName::new(model) };
        let list: Option<Vec<_>> = list.map(|list| list.iter().map(alias).collect());
        let engines: Vec<_> = rows.iter().collect();
        let page = PageNames {
            engines: &engines,
            names_models: !rows.is_empty(),
            list: list.as_deref(),
            is_refused: false,
            at: Moment::default() + Span::from_secs(second),
        };
        names.note_page(&TargetId::new(target), &page)
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
        let list = [["chat-large", "Qwen/Qwen3-32B"], ["lora", "chat-large"], ["a", "a"]];
        listed(&mut names, "a", &[serving("chat-large", &[])], Some(&list), 0);
        for same in ["qwen3-32b", "chat", "chat-2", "lora", "openai/lora"] {
            assert!(is_served(&names, same), "{same}");
        }
        listed(&mut names, "b", &[], Some(&[["x", "y"], ["y", "x"]]), 0);
        assert!(!is_served(&names, "x"), "a circle ends");
    }

    /// The class of errors: a model was served once and no longer is.
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

    /// The class of errors: state grows with every new name.
    #[test]
    fn the_names_of_a_target_are_limited() {
        let mut names = ModelNames::default();
        for second in 0..60 {
            let rows: Vec<_> = (0..500).map(|n| serving(&format!("m-{second}-{n}"), &[])).collect();
            page(&mut names, "a", &rows, second);
        }
        assert!(names.served.len() <= target::MODELS && is_served(&names, "m-59-0") && !is_served(&names, "m-0-0"));
    }

    /// The class of errors: an alias without evidence is still used.
    #[test]
    fn other_names_count_as_long_as_their_evidence() {
        let mut names = ModelNames::new(&[(ModelName::new("m"), vec![ModelName::new("configured")])]);
        let rows = [serving("m", &[])];
        listed(&mut names, "a", &rows, Some(&[["chat", "m"], ["lora", "m"]]), 0);
        listed(&mut names, "a", &[serving("m", &["run"])], None, 1);
        listed(&mut names, "a", &rows, Some(&[["chat", "m"]]), 2);
        listed(&mut names, "a", &rows, None, 600);
        for known in ["configured", "chat", "lora", "run", "m"] {
            assert!(is_served(&names, known), "{known}");
        }
        let replaced =
            |names: &ModelNames, model: &str| names.served(&ModelName::new(model)).map(|model| model.replaced);
        assert_eq!(
            [replaced(&names, "lora"), replaced(&names, "run"), replaced(&names, "chat")],
            [Some(true), Some(true), Some(false)]
        );
        listed(&mut names, "a", &rows, None, 602);
        assert!(!is_served(&names, "lora") && !is_served(&names, "run"), "ten minutes without evidence");
        listed(&mut names, "a", &rows, None, 100_000);
        assert!(is_served(&names, "chat") && is_served(&names, "configured"), "no later list lacks it");
    }

    /// The class of errors: an alias moves from one model to another.
    #[test]
    fn a_name_that_moves_to_another_model_leaves_the_first_one() {
        let mut names = ModelNames::default();
        listed(&mut names, "a", &[serving("x", &["lora"])], Some(&[["chat", "x"]]), 0);
        listed(&mut names, "b", &[serving("y", &[])], Some(&[]), 0);
        assert_eq!(names.root_of(&ModelName::new("chat")), "x");
        listed(&mut names, "a", &[serving("x", &["lora"])], Some(&[["chat", "y"], ["lora", "y"]]), 5);
        for moved in ["chat", "lora"] {
            assert_eq!(names.root_of(&ModelName::new(moved)), "y", "{moved}: the list goes before the page");
        }
        assert_eq!(names.root_of(&ModelName::new("x")), "x", "two models");
    }

    /// The class of errors: a restart forgets aliases, so that a proxy's tokens are counted besides the engine's.
    #[test]
    fn other_names_outlive_a_restart() {
        let mut names = ModelNames::default();
        let rows = [serving("m", &["run"])];
        listed(&mut names, "a", &rows, Some(&[["chat", "m"]]), 0);
        let saved = names.saved(&TargetId::new("a"));
        let mut names = ModelNames::default();
        let moment = |second| Moment::default() + Span::from_secs(second);
        names.restore(&TargetId::new("a"), rows.iter().map(|row| (row, moment(0))), saved, moment(0));
        assert!(is_served(&names, "chat") && is_served(&names, "run"));
        listed(&mut names, "a", &[serving("m", &[])], None, 5000);
        assert!(is_served(&names, "run"), "ten minutes from the first page without it");
        listed(&mut names, "a", &[serving("m", &[])], Some(&[]), 5600);
        listed(&mut names, "a", &[serving("m", &[])], None, 6200);
        assert!(!is_served(&names, "chat") && !is_served(&names, "run") && is_served(&names, "m"));
    }

    /// The class of errors: two models with a common alias are taken for one model.
    #[test]
    fn a_name_that_two_models_share_is_served_and_joins_neither() {
        let mut names = ModelNames::default();
        listed(&mut names, "a", &[serving("x", &[])], Some(&[["default", "x"]]), 0);
        assert_eq!(names.root_of(&ModelName::new("default")), "x");
        listed(&mut names, "b", &[serving("y", &[])], Some(&[["default", "y"]]), 1);
        let roots = ["x", "y", "default"].map(|name| names.root_of(&ModelName::new(name)));
        assert_eq!(roots, ["x", "y", "default"]);
        assert!(["x", "y", "default"].iter().all(|name| is_served(&names, name)));
        listed(&mut names, "b", &[serving("y", &[])], Some(&[["default", "org/X"]]), 2);
        assert_eq!(names.root_of(&ModelName::new("default")), "x", "both name one model again");
    }
}
