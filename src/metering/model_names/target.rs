//! The names that one target provides: the models on its pages, and their aliases with the evidence for each.
//!
//! A model counts until the target's pages have shown only other models for ten minutes. An alias of the server's model
//! list counts until the list has lacked it for ten minutes, or gives it to another model. An adapter on the page counts
//! until ten minutes after the last page with it, unless the list has its name: the page names only running adapters, so a
//! missing one is no evidence.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::reading::{EngineReading, ModelAlias, ModelName};
use crate::units::{Moment, Span, Timestamp};

/// How long a model or an alias counts without evidence.
const EXPIRES: Span = Span::from_secs(600);
/// The most models kept for a target; the least recently seen is dropped first.
pub(super) const MODELS: usize = 1024;
/// The most aliases kept for a target; further ones join nothing.
const OTHER_NAMES: usize = 8192;

/// The models and names of a target.
#[derive(Debug, Default)]
pub(super) struct TargetNames {
    /// The models of its engines, by the names on its pages.
    models: BTreeMap<ModelName, OnPage>,
    /// The aliases, in canonical form.
    others: BTreeMap<String, OtherName>,
    /// The last model list read in this run.
    list: Option<Vec<ModelAlias>>,
    /// Whether its model list is unreadable, so that there may be unknown names.
    is_refused: bool,
    /// The facts that the fleet's names were last computed from.
    applied: Vec<Fact>,
}

/// A model on a target's pages.
#[derive(Debug)]
struct OnPage {
    canonical: String,
    /// When the first page with it was read.
    since: Timestamp,
    /// When the last page with it was read.
    seen: Moment,
    /// When the first later page with other models only was read.
    left: Option<Moment>,
}

/// An alias of a model.
#[derive(Debug)]
struct OtherName {
    /// The name that it is an alias of, in canonical form.
    model: String,
    /// Whether the model list has it; otherwise the page names it as an adapter.
    is_listed: bool,
    /// When the last page or list with it was read.
    seen: Moment,
    /// When the first later page or list without it was read.
    left: Option<Moment>,
}

/// One fact that a target provides.
#[derive(Debug, PartialEq, Eq)]
struct Fact {
    name: String,
    model: Option<String>,
    since: Timestamp,
    has_left: bool,
}

/// An alias of a model, as saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::metering) struct SavedName {
    name: String,
    model: String,
    #[serde(default)]
    is_listed: bool,
}

/// The models and names of a page.
pub(in crate::metering) struct PageNames<'a> {
    /// The rows of engines.
    pub(in crate::metering) engines: &'a [&'a EngineReading],
    /// Whether the page names any model.
    pub(in crate::metering) names_models: bool,
    /// The server's model list, if it is known.
    pub(in crate::metering) list: Option<&'a [ModelAlias]>,
    /// Whether the server has a model list that is unreadable.
    pub(in crate::metering) is_refused: bool,
    pub(in crate::metering) at: Moment,
}

impl TargetNames {
    /// Applies a page. Returns whether any counting fact changed.
    pub(super) fn note(&mut self, page: &PageNames<'_>) -> bool {
        for reading in page.engines {
            self.note_row(reading, page.at, page.at.wall);
        }
        if page.names_models {
            self.note_left(page.at);
        }
        if let Some(list) = page.list
            && self.list.as_deref() != Some(list)
        {
            self.note_list(list, page.at);
        }
        self.is_refused = page.is_refused;
        self.expire(page.at);
        self.apply()
    }

    /// Whether its models may have unknown names.
    pub(super) const fn may_have_others(&self) -> bool {
        self.is_refused
    }

    /// Restores the names from before a restart. Each model's last page was read at the moment beside it.
    pub(super) fn restore<'a>(
        &mut self,
        rows: impl Iterator<Item = (&'a EngineReading, Moment)>,
        names: Vec<SavedName>,
        answered: Moment,
    ) -> bool {
        rows.for_each(|(reading, seen)| self.note_row(reading, seen, Timestamp::default()));
        for SavedName { name, model, is_listed } in names {
            self.others.insert(name, OtherName { model, is_listed, seen: answered, left: None });
        }
        self.apply()
    }

    /// The aliases, for saving.
    pub(super) fn saved(&self) -> Vec<SavedName> {
        let saved = |(name, other): (&String, &OtherName)| {
            let OtherName { model, is_listed, seen: _, left: _ } = other;
            SavedName { name: name.clone(), model: model.clone(), is_listed: *is_listed }
        };
        self.others.iter().map(saved).collect()
    }

    /// The models that count: canonical name, since when, and whether the pages now show others instead.
    pub(super) fn models(&self) -> impl Iterator<Item = (&str, Timestamp, bool)> {
        self.models.values().map(|model| (model.canonical.as_str(), model.since, model.left.is_some()))
    }

    /// When the first page with any of its models was read.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.models.values().map(|model| model.since).min()
    }

    /// The aliases that count, their models, and whether the last page or list lacks them.
    pub(super) fn others(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        self.others.iter().map(|(name, other)| (name.as_str(), other.model.as_str(), other.left.is_some()))
    }

    fn note_row(&mut self, reading: &EngineReading, seen: Moment, since: Timestamp) {
        let Some(model) = &reading.model else { return };
        if let Some(known) = self.models.get_mut(model) {
            (known.seen, known.left) = (seen, None);
        } else {
            self.models.insert(model.clone(), OnPage { canonical: model.canonical(), since, seen, left: None });
        }
        for adapter in &reading.adapters {
            self.note_other(&ModelName::new(adapter.as_str()), model, false, seen);
        }
    }

    fn note_other(&mut self, name: &ModelName, model: &ModelName, is_listed: bool, seen: Moment) {
        let name = name.canonical();
        if let Some(known) = self.others.get_mut(&name) {
            let outranked = !is_listed && known.is_listed && known.left.is_none();
            if !outranked {
                *known = OtherName { model: model.canonical(), is_listed, seen, left: None };
            }
        } else if self.others.len() < OTHER_NAMES {
            self.others.insert(name, OtherName { model: model.canonical(), is_listed, seen, left: None });
        }
    }

    fn note_list(&mut self, list: &[ModelAlias], at: Moment) {
        for ModelAlias { name, model } in list {
            self.note_other(name, model, true, at);
        }
        for other in self.others.values_mut().filter(|other| other.is_listed && other.seen != at) {
            other.left.get_or_insert(at);
        }
        self.list = Some(list.to_vec());
    }

    /// Records which models and adapters the page no longer shows.
    fn note_left(&mut self, at: Moment) {
        for model in self.models.values_mut().filter(|model| model.seen != at) {
            model.left.get_or_insert(at);
        }
        for other in self.others.values_mut().filter(|other| !other.is_listed && other.seen != at) {
            other.left.get_or_insert(at);
        }
    }

    /// Drops names that expired, and models beyond the limit.
    fn expire(&mut self, at: Moment) {
        let counts = |left: Option<Moment>| left.is_none_or(|since| at.since(since) < EXPIRES);
        self.models.retain(|_, model| counts(model.left));
        self.others.retain(|_, other| counts(other.left));
        if self.models.len() > MODELS {
            let mut seen: Vec<_> = self.models.values().map(|model| model.seen.boot).collect();
            seen.sort_unstable_by(|a, b| b.cmp(a));
            let oldest = seen[MODELS - 1];
            self.models.retain(|_, model| model.seen == at || model.seen.boot > oldest);
        }
    }

    /// Compares the counting facts with the last applied ones, and stores them. Returns whether they differ.
    fn apply(&mut self) -> bool {
        let is_same = self.facts().eq(self.applied.iter().map(Fact::parts));
        if !is_same {
            self.applied = self.facts().map(Fact::of).collect();
        }
        !is_same
    }

    fn facts(&self) -> impl Iterator<Item = (&str, Option<&str>, Timestamp, bool)> {
        let models = self.models().map(|(name, since, has_left)| (name, None, since, has_left));
        models.chain(self.others().map(|(name, model, has_left)| (name, Some(model), Timestamp::default(), has_left)))
    }
}

impl Fact {
    fn of((name, model, since, has_left): (&str, Option<&str>, Timestamp, bool)) -> Self {
        Self { name: name.to_owned(), model: model.map(str::to_owned), since, has_left }
    }

    fn parts(&self) -> (&str, Option<&str>, Timestamp, bool) {
        (&self.name, self.model.as_deref(), self.since, self.has_left)
    }
}
