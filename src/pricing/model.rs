//! The prices of one model over time: its lists, the paid share, and the price at an instant.

use super::{PriceList, Provenance, Quote};
use crate::units::{Share, Span, Timestamp};

/// The most changes without an effect on prices that the search for the next price change skips.
const MOST_CHANGES: usize = 64;
/// How far ahead a change is searched for display: a window that excludes holidays may be closed for weeks.
const YEAR: Span = Span::from_secs(400 * 86_400);

/// The prices of one model over time.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelPrice<'a> {
    /// The lists, the oldest first; at least one.
    lists: Vec<&'a PriceList>,
    /// Whether the user chose the list for all dates.
    pinned: bool,
    /// The share of the tokens that is paid, if configured.
    pub paid: Option<Share>,
}

/// The price of a model at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceAnswer<'a> {
    /// The list, the tier and the prices.
    pub quote: Quote<'a>,
    /// The share of the tokens that is paid, if configured.
    pub paid: Option<Share>,
    /// Where the list comes from.
    pub provenance: Provenance,
    /// Whether the user chose the list for all dates.
    pub pinned: bool,
    /// When the list begins, if it has not begun.
    pub begins: Option<Timestamp>,
    /// When the list ended, if it has and no other list followed.
    pub ended: Option<Timestamp>,
    /// The next change of a price.
    pub until: Option<Timestamp>,
}

impl PriceAnswer<'_> {
    /// When the list ended, if it had ended at `at`; also for a list that the user chose.
    pub fn list_ended(&self, at: Timestamp) -> Option<Timestamp> {
        self.quote.list.until.filter(|until| *until <= at)
    }
}

impl<'a> ModelPrice<'a> {
    /// Prices by these lists, the oldest first; `None` if empty.
    pub(super) fn of(lists: Vec<&'a PriceList>, pinned: bool, paid: Option<Share>) -> Option<Self> {
        (!lists.is_empty()).then_some(Self { lists, pinned, paid })
    }

    /// Prices by a single list at all dates.
    pub fn of_list(list: &'a PriceList) -> Self {
        Self { lists: vec![list], pinned: true, paid: None }
    }

    /// The prices with another paid share.
    #[must_use]
    pub fn paid(self, paid: Option<Share>) -> Self {
        Self { paid, ..self }
    }

    /// The price at an instant, in the tier in force or the given one. `None` if no price is known then, or the list has no
    /// such tier.
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

    /// The list in force: the newest that has begun. The first also applies before its start, the last after its end.
    /// `None` if the prices are converted and no exchange rate had begun.
    pub fn list_at(&self, at: Timestamp) -> Option<&'a PriceList> {
        let begun = self.lists.iter().rev().find(|list| list.from.is_none_or(|from| from <= at));
        begun.or_else(|| self.lists.first().filter(|list| list.is_known(at))).copied()
    }

    /// The prices at an instant; `None` if unknown.
    pub fn quote(&self, at: Timestamp) -> Option<Quote<'a>> {
        Some(self.list_at(at)?.quote(at))
    }

    /// The first list, if its prices are converted and no exchange rate had begun.
    pub fn not_converted(&self, at: Timestamp) -> Option<&'a PriceList> {
        self.lists.first().filter(|_| self.list_at(at).is_none()).copied()
    }

    /// Every instant between `after` and `before`, both exclusive, at which the list or the tier changes, in order.
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

    /// The next change of list or tier. A change of tier is only searched within [`PriceList::AHEAD`], so a caller that
    /// keeps the price for longer must ask again then.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let now = self.quote(at);
        let mut changes = self.changes(at, PriceList::AHEAD);
        changes.find(|(_, quote)| !same_tier(quote.as_ref(), now.as_ref())).map(first)
    }

    /// The next change of a price within 400 days. A list or tier with the same prices is not a change.
    pub fn next_price_change(&self, at: Timestamp) -> Option<Timestamp> {
        let now = self.quote(at);
        let same = |quote: &Option<Quote<'_>>| match (quote, &now) {
            (Some(quote), Some(now)) => quote.costs_the_same(now),
            (one, other) => one.is_none() && other.is_none(),
        };
        self.changes(at, YEAR).find(|(_, quote)| !same(quote)).map(first)
    }

    /// When the list that prices the model begins, if that is after `at`.
    pub fn begins(&self, at: Timestamp) -> Option<Timestamp> {
        self.list_at(at)?.from.filter(|from| *from > at)
    }

    /// The instants after `at` at which a list begins or a tier changes, each with the prices from then on.
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

    /// The year of an instant, if the list in force depends on holidays and its calendar does not know those of that year.
    pub fn unknown_holidays(&self, at: Timestamp) -> Option<i16> {
        self.list_at(at)?.unknown_holidays(at)
    }
}

/// Whether both quotes have the same list and tier, or both are `None`.
fn same_tier(one: Option<&Quote<'_>>, other: Option<&Quote<'_>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (&one.list.name, one.tier) == (&other.list.name, other.tier),
        (one, other) => one.is_none() && other.is_none(),
    }
}

fn first<A, B>((first, _): (A, B)) -> A {
    first
}
