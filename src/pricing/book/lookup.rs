//! The lookup of the price in force, used by every figure.

use strsim::damerau_levenshtein;

use super::Book;
use crate::pricing::name::{glob, is_glob};
use crate::pricing::{ModelPrice, PriceAnswer, PriceList};
use crate::reading::{ModelName, canonical_model};
use crate::units::Timestamp;

/// The query for a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceQuery<'q> {
    /// The model's name, in any spelling that its canonical form covers.
    pub model: &'q str,
    /// The tenant; `None` if unknown.
    pub tenant: Option<&'q str>,
    /// A tier of the list; `None` is the tier in force at the instant.
    pub tier: Option<&'q str>,
    /// The instant.
    pub at: Timestamp,
}

impl Book {
    /// The price of a model for a tenant, in a tier, at an instant, with its origin. `None` if the model is unpriced, or
    /// its list has no such tier.
    pub fn look_up(&self, query: PriceQuery<'_>) -> Option<PriceAnswer<'_>> {
        self.price_for(query.model, query.tenant)?.answer(query.tier, query.at)
    }

    /// The prices of a model for an unknown tenant; `None` if the model is unpriced.
    pub fn price_of(&self, model: &str) -> Option<ModelPrice<'_>> {
        self.price_for(model, None)
    }

    /// The prices of a model for a tenant, or an unknown one, at any instant; `None` if the model is unpriced.
    pub fn price_for(&self, model: &str, tenant: Option<&str>) -> Option<ModelPrice<'_>> {
        let key = self.priced_name(canonical_model(model), tenant);
        let choice = self.pinned.iter().find(|choice| choice.is_for(&key, tenant));
        let paid = choice.and_then(|choice| choice.paid);
        let own = |list: &&PriceList| list.currency == self.currency;
        let Some(pinned) = choice.and_then(|choice| choice.list.as_ref()) else {
            let lists = self.history_of(&key)?.iter().filter_map(|name| self.lists.get(name)).filter(own);
            return ModelPrice::of(lists.collect(), false, paid);
        };
        let first = self.lists.get(pinned).filter(own);
        let lists = first.into_iter().chain(self.lists.values().filter(own).filter(|list| list.follows(pinned)));
        let mut lists: Vec<_> = lists.collect();
        lists.sort_by_key(|list| list.from);
        ModelPrice::of(lists, true, paid)
    }

    /// Prices other names of a model as that, where they have no price of their own. `aliases` are models with their other
    /// names.
    #[must_use]
    pub fn joined(mut self, aliases: &[(ModelName, Vec<ModelName>)]) -> Self {
        for (model, names) in aliases {
            let model = canonical_model(model.as_str());
            let names = names.iter().map(|name| canonical_model(name.as_str())).filter(|name| *name != model);
            self.aliases.extend(names.map(|name| (name, model.clone())));
        }
        self
    }

    /// The name under which a model has a price: its own, or that of the model whose other name it is.
    fn priced_name(&self, mut key: String, tenant: Option<&str>) -> String {
        let has_price =
            |key: &str| self.history_of(key).is_some() || self.pinned.iter().any(|choice| choice.is_for(key, tenant));
        // An alias may be one of another: no chain is longer than all of them.
        for _ in 0..self.aliases.len() {
            match self.aliases.get(&key) {
                Some(model) if !has_price(&key) => key = model.clone(),
                _ => break,
            }
        }
        key
    }

    /// The priced model of which `model` is probably a misspelling: its name differs by at most two letters and in no
    /// digit, as digits distinguish versions and sizes. `None` also if `model` has a price of its own.
    pub fn misspelt(&self, model: &str) -> Option<&str> {
        const LETTERS: usize = 2;
        let key = canonical_model(model);
        if is_glob(model) || self.history_of(&key).is_some() {
            return None;
        }
        let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
        let of_key = digits(&key);
        let known = self.histories.keys().map(String::as_str).filter(|name| digits(name) == of_key);
        let near = known.map(|name| (damerau_levenshtein(name, &key), name));
        near.filter(|(letters, _)| (1..=LETTERS).contains(letters)).min().map(|(_, name)| name)
    }

    fn history_of(&self, key: &str) -> Option<&Vec<String>> {
        let by_glob = || self.globs.iter().find(|(pattern, _)| glob(pattern, key)).map(|(_, lists)| lists);
        self.histories.get(key).or_else(by_glob)
    }
}
