//! How one model is priced: its lists one after the other, the user's share, and what holds at an instant.

use super::{PriceList, Provenance, Quote};
use crate::units::{Share, Span, Timestamp};

/// How many changes that change nothing are passed over in search of one that does.
const MOST_CHANGES: usize = 64;
/// How far ahead a change that is told to people is looked for: a window may be off on holidays for weeks.
const YEAR: Span = Span::from_secs(400 * 86_400);

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

/// The price of a model at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceAnswer<'a> {
    /// The list, the tier and the prices.
    pub quote: Quote<'a>,
    /// The share of the tokens that is paid, where one is set.
    pub paid: Option<Share>,
    /// The origin of the list.
    pub provenance: Provenance,
    /// Whether the user chose the list, whatever the date.
    pub pinned: bool,
    /// When the list begins, if it has not begun.
    pub begins: Option<Timestamp>,
    /// When the list ended, if it has and no other followed.
    pub ended: Option<Timestamp>,
    /// When a price changes next.
    pub until: Option<Timestamp>,
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

    /// All that is to be said of the price of an instant, in the tier that holds or in another; `None` if the list has no
    /// such tier.
    pub fn answer(&self, tier: Option<&str>, at: Timestamp) -> Option<PriceAnswer<'a>> {
        let list = self.list_at(at);
        let quote = tier.map_or_else(|| Some(list.quote(at)), |tier| list.quote_of(tier))?;
        Some(PriceAnswer {
            quote,
            paid: self.paid,
            provenance: list.provenance,
            pinned: self.pinned,
            begins: self.begins(at),
            ended: self.ended(at),
            until: self.next_price_change(at),
        })
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

    /// When list or tier changes next. A change of tier is looked for in the next [`PriceList::AHEAD`] only: who keeps the
    /// price for longer asks again then.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let now = self.quote(at);
        let is_new = |quote: &Quote<'_>| (&quote.list.name, quote.tier) != (&now.list.name, now.tier);
        self.changes(at, PriceList::AHEAD).find(|(_, quote)| is_new(quote)).map(first)
    }

    /// When a price changes next, looked for in 400 days: a list or a tier that costs the same changes nothing.
    pub fn next_price_change(&self, at: Timestamp) -> Option<Timestamp> {
        let now = self.quote(at);
        self.changes(at, YEAR).find(|(_, quote)| !quote.costs_the_same(&now)).map(first)
    }

    /// When the list that prices the model begins, if it has not begun.
    pub fn begins(&self, at: Timestamp) -> Option<Timestamp> {
        self.list_at(at).from.filter(|from| *from > at)
    }

    /// The instants after `at` at which a list begins or a tier changes, with what holds then.
    fn changes(&self, at: Timestamp, ahead: Span) -> impl Iterator<Item = (Timestamp, Quote<'a>)> + '_ {
        // The first list holds before its time too: its beginning is no change.
        let starts = || self.lists.iter().skip(1).filter_map(|list| list.from);
        let next = move |at: Timestamp| {
            let next_list = starts().filter(|from| *from > at).min();
            self.list_at(at).next_edge(at, ahead).into_iter().chain(next_list).min()
        };
        std::iter::successors(next(at), move |at| next(*at)).take(MOST_CHANGES).map(|at| (at, self.quote(at)))
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

fn first<A, B>((first, _): (A, B)) -> A {
    first
}
