//! How one model is priced: its lists one after the other, the user's share, and what holds at an instant.

use super::{PriceList, Quote};
use crate::units::{Share, Span, Timestamp};

/// How one model is priced.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelPrice<'a> {
    /// Its lists, oldest first, at least one.
    lists: Vec<&'a PriceList>,
    /// Whether the user chose the list, whatever the date.
    pinned: bool,
    /// The share of its tokens that is paid, where one is set.
    pub paid: Option<Share>,
}

impl<'a> ModelPrice<'a> {
    /// A price by these lists, oldest first; `None` without any.
    pub(super) fn of(lists: Vec<&'a PriceList>, pinned: bool, paid: Option<Share>) -> Option<Self> {
        (!lists.is_empty()).then_some(Self { lists, pinned, paid })
    }

    /// A price by one list alone, whatever the date.
    pub fn of_list(list: &'a PriceList) -> Self {
        Self { lists: vec![list], pinned: true, paid: None }
    }

    /// The same price with another share of the tokens paid.
    #[must_use]
    pub fn paid(self, paid: Option<Share>) -> Self {
        Self { paid, ..self }
    }

    /// The list in force: the newest that has begun. The first holds before its time and the last after its end.
    pub fn list_at(&self, at: Timestamp) -> &'a PriceList {
        let begun = self.lists.iter().rev().find(|list| list.from.is_none_or(|from| from <= at));
        begun.copied().unwrap_or(self.lists[0])
    }

    /// The prices of an instant.
    pub fn quote(&self, at: Timestamp) -> Quote<'a> {
        self.list_at(at).quote(at)
    }

    /// Every instant between two at which list or tier changes, in order.
    pub fn edges(&self, after: Timestamp, before: Timestamp) -> Vec<Timestamp> {
        let starts =
            self.lists.iter().skip(1).filter_map(|list| list.from).filter(|from| *from > after && *from < before);
        let mut edges: Vec<_> = self.lists.iter().flat_map(|list| list.edges(after, before)).chain(starts).collect();
        edges.sort_unstable();
        edges.dedup();
        edges.retain(|edge| {
            let (left, right) = (self.quote(*edge - Span::from_millis(1)), self.quote(*edge));
            (left.list.name.as_str(), left.tier) != (right.list.name.as_str(), right.tier)
        });
        edges
    }

    /// When list or tier changes next.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let next_list = self.lists.iter().filter_map(|list| list.from).filter(|from| *from > at).min();
        self.list_at(at).next_edge(at).into_iter().chain(next_list).min()
    }

    /// When the list that still prices the model ended, if it has.
    pub fn ended(&self, at: Timestamp) -> Option<Timestamp> {
        self.list_at(at).until.filter(|until| !self.pinned && *until <= at)
    }

    /// The year of an instant, if the list in force needs its holidays and its calendar does not know them.
    pub fn unknown_holidays(&self, at: Timestamp) -> Option<i16> {
        self.list_at(at).unknown_holidays(at)
    }
}
