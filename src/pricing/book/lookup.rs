//! Finds the price in force. Every figure uses this function.

use super::Book;
use crate::pricing::name::glob;
use crate::pricing::{ModelPrice, PriceAnswer, PriceList};
use crate::reading::canonical_model;
use crate::units::Timestamp;

/// The query for a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceQuery<'q> {
    /// The model, as any page or person spells it.
    pub model: &'q str,
    /// The tenant; `None` if unknown.
    pub tenant: Option<&'q str>,
    /// A tier of the list; `None` is the one that holds at the instant.
    pub tier: Option<&'q str>,
    /// The instant.
    pub at: Timestamp,
}

impl Book {
    /// The price of a model for a tenant, in a tier, at an instant, with where it comes from. `None` is "unpriced", or a
    /// tier that the list does not have.
    pub fn look_up(&self, query: PriceQuery<'_>) -> Option<PriceAnswer<'_>> {
        self.price_for(query.model, query.tenant)?.answer(query.tier, query.at)
    }

    /// How a model's tokens are priced when the tenant is unknown; `None` is "unpriced".
    pub fn price_of(&self, model: &str) -> Option<ModelPrice<'_>> {
        self.price_for(model, None)
    }

    /// How a tenant's tokens of a model are priced at any instant; `None` is "unpriced".
    pub fn price_for(&self, model: &str, tenant: Option<&str>) -> Option<ModelPrice<'_>> {
        let key = canonical_model(model);
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

    fn history_of(&self, key: &str) -> Option<&Vec<String>> {
        let by_glob = || self.globs.iter().find(|(pattern, _)| glob(pattern, key)).map(|(_, lists)| lists);
        self.histories.get(key).or_else(by_glob)
    }
}
