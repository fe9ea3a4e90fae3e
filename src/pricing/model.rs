//! How one model is priced: its lists one after the other, the user's share, and what holds at an instant.

use super::{PriceList, Provenance, Quote};
use crate::units::{Share, Span, Timestamp};

/// The number of changes without an effect on prices that are skipped in the search for one with an effect.
const MOST_CHANGES: usize = 64;
/// How far ahead a change is searched that is shown to people: a window may be off on holidays for weeks.
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

impl PriceAnswer<'_> {
    /// When the list ended, if it had at an instant: also one that the user chose.
    pub fn list_ended(&self, at: Timestamp) -> Option<Timestamp> {
        self.quote.list.until.filter(|until| *until <= at)
    }
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

    /// The description of the price of an instant, in the tier that holds or in another; `None` if no price is known
    /// then, or the list has no such tier.
    pub fn answer(&self, tier: Option<&str>, at: Timestamp) -> Option<PriceAnswer<'a>> {
        let list = self.list_at(at)?;
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

    /// The list in force: the newest that has begun. The first holds before its time and the last after its end. `None`
    /// where prices are converted and no rate of exchange had begun.
    pub fn list_at(&self, at: Timestamp) -> Option<&'a PriceList> {
        let begun = self.lists.iter().rev().find(|list| list.from.is_none_or(|from| from <= at));
        begun.or_else(|| self.lists.first().filter(|list| list.is_known(at))).copied()
    }

    /// The prices at an instant; `None` if unknown.
    pub fn quote(&self, at: Timestamp) -> Option<Quote<'a>> {
        Some(self.list_at(at)?.quote(at))
    }

    /// The list that is converted and whose rate of exchange has not begun.
    pub fn not_converted(&self, at: Timestamp) -> Option<&'a PriceList> {
        self.lists.first().filter(|_| self.list_at(at).is_none()).copied()
    }

    /// Every instant between two at which list or tier changes, in order.
    pub fn edges(&self, after: Timestamp, before: Timestamp) -> Vec<Timestamp> {
        let starts = self.lists.iter().filter_map(|list| list.from).filter(|from| *from > after && *from < before);
        let mut edges: Vec<_> = self.lists.iter().flat_map(|list| list.edges(after, before)).chain(starts).collect();
        edges.sort_unstable();
        edges.dedup();
        edges.retain(|edge| {
            let (left, right) = (self.quote(*edge - Span::from_millis(1)), self.quote(*edge));
            !same_tier(left.as_ref(), right.as_ref())
        });
        edges
    }

    /// When list or tier changes next. A change of tier is looked for in the next [`PriceList::AHEAD`] only: who keeps the
    /// price for longer asks again then.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let now = self.quote(at);
        let mut changes = self.changes(at, PriceList::AHEAD);
        changes.find(|(_, quote)| !same_tier(quote.as_ref(), now.as_ref())).map(first)
    }

    /// When a price changes next, looked for in 400 days: a list or a tier that costs the same changes nothing.
    pub fn next_price_change(&self, at: Timestamp) -> Option<Timestamp> {
        let now = self.quote(at);
        let same = |quote: &Option<Quote<'_>>| match (quote, &now) {
            (Some(quote), Some(now)) => quote.costs_the_same(now),
            (one, other) => one.is_none() && other.is_none(),
        };
        self.changes(at, YEAR).find(|(_, quote)| !same(quote)).map(first)
    }

    /// When the list that prices the model begins, if it has not begun.
    pub fn begins(&self, at: Timestamp) -> Option<Timestamp> {
        self.list_at(at)?.from.filter(|from| *from > at)
    }

    /// The instants after `at` at which a list begins or a tier changes, with what holds then.
    fn changes(&self, at: Timestamp, ahead: Span) -> impl Iterator<Item = (Timestamp, Option<Quote<'a>>)> + '_ {
        let starts = || self.lists.iter().filter_map(|list| list.from);
        let next = move |at: Timestamp| {
            let next_list = starts().filter(|from| *from > at).min();
            let next_tier = self.list_at(at).and_then(|list| list.next_edge(at, ahead));
            next_tier.into_iter().chain(next_list).min()
        };
        std::iter::successors(next(at), move |at| next(*at)).take(MOST_CHANGES).map(|at| (at, self.quote(at)))
    }

    /// When the list that still prices the model ended, if it has.
    pub fn ended(&self, at: Timestamp) -> Option<Timestamp> {
        self.list_at(at)?.until.filter(|until| !self.pinned && *until <= at)
    }

    /// The year of an instant, if the list in force needs its holidays and its calendar does not know them.
    pub fn unknown_holidays(&self, at: Timestamp) -> Option<i16> {
        self.list_at(at)?.unknown_holidays(at)
    }
}

/// Whether both are of one list and tier, or neither is known.
fn same_tier(one: Option<&Quote<'_>>, other: Option<&Quote<'_>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (&one.list.name, one.tier) == (&other.list.name, other.tier),
        (one, other) => one.is_none() && other.is_none(),
    }
}

fn first<A, B>((first, _): (A, B)) -> A {
    first
}
