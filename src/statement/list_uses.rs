//! The tariffs that were used, and the uncertainty of a statement.

use std::collections::BTreeMap;

use super::row::{ListUse, Statement};
use crate::ledger::{Past, Tariff, TokenCell};
use crate::pricing::ClassPrices;
use crate::reading::Label;
use crate::units::{Money, Share, Timestamp, Tokens};

/// The tariffs that were used, with their amounts.
pub(super) struct ListUses<'a> {
    past: &'a Past,
    by_tariff: Vec<Used>,
}

/// Postings at one tariff, with the first and the last of their buckets.
#[derive(Debug, Clone, Copy, Default)]
struct Used {
    tokens: Tokens,
    revenue: Money,
    span: Option<(Timestamp, Timestamp)>,
}

/// Prices per token under the name and tier of a list.
type ListCost = (ClassPrices, Option<Share>);

/// Postings on equal terms, and the revision of their book.
type Use = (ListCost, Used, u64);

impl<'a> ListUses<'a> {
    pub(super) fn new(past: &'a Past) -> Self {
        Self { past, by_tariff: vec![Used::default(); past.tariffs.len()] }
    }

    /// The revenue of a cell; `None` is unpriced.
    pub(super) fn note(&mut self, cell: &TokenCell) -> Option<(&'a Tariff, Money)> {
        let id = cell.tariff?;
        let tariff = self.past.tariff(id);
        let value = tariff.value(cell.tokens);
        self.by_tariff[id.index()].add(cell.tokens.total(), value, (cell.bucket, cell.bucket));
        Some((tariff, value))
    }

    /// Adds the lists in force and the uncertainty to a statement.
    pub(super) fn sign(self, statement: &mut Statement) {
        let mut named: BTreeMap<(&Label, &Label), Vec<Use>> = BTreeMap::new();
        let mut paid_shares = Vec::new();
        for (tariff, used) in self.past.tariffs.iter().zip(&self.by_tariff) {
            let (Some(span), true) = (used.span, used.tokens > Tokens::ZERO) else { continue };
            paid_shares.push(tariff.paid);
            let all = named.entry((&tariff.list, &tariff.tier)).or_default();
            let terms = (tariff.prices, tariff.paid);
            match all.iter_mut().find(|(known, _, book)| (*known, *book) == (terms, tariff.book)) {
                Some((_, sum, _)) => sum.add(used.tokens, used.revenue, span),
                None => all.push((terms, *used, tariff.book)),
            }
        }
        let mut lists: Vec<_> = named.into_iter().flat_map(|(name, uses)| by_share(self.past, name, uses)).collect();
        lists.sort_by(|a, b| {
            let name = |list: &ListUse| (list.list.clone(), list.tier.clone(), list.from, list.paid);
            b.revenue.cmp(&a.revenue).then_with(|| name(a).cmp(&name(b)))
        });
        statement.lists = lists;
        statement.theoretical = paid_shares.is_empty() || paid_shares.iter().any(Option::is_none);
        statement.any_paid = paid_shares.iter().any(Option::is_some);
        let mut lost = 0_i64;
        for part in &self.past.uncertainty {
            statement.uncertainty += part.timing + part.excess;
            statement.upper_bound |= !part.excess.is_zero();
            lost += part.lost_windows;
        }
        statement.lost_windows = u64::try_from(lost).unwrap_or_default();
        statement.total.lower_bound |= statement.lost_windows > 0;
    }
}

impl Used {
    fn add(&mut self, tokens: Tokens, revenue: Money, (from, to): (Timestamp, Timestamp)) {
        self.tokens += tokens;
        self.revenue += revenue;
        let (first, last) = self.span.unwrap_or((from, to));
        self.span = Some((first.min(from), last.max(to)));
    }
}

/// The uses of one name and tier: one, or one before and one after each change of its prices. Different paid shares at
/// the same time, as of two tenants, are separate uses; different prices at the same time are one use.
fn by_share(past: &Past, name: (&Label, &Label), mut all: Vec<Use>) -> Vec<ListUse> {
    all.sort_by_key(|(_, used, _)| used.span);
    let mut shares: Vec<Option<Share>> = all.iter().map(|((_, paid), ..)| *paid).collect();
    shares.sort_unstable();
    shares.dedup();
    if shares.len() < 2 || in_turn(&all) {
        return by_time(past, name, all);
    }
    let of_share = |paid: Option<Share>| all.iter().filter(move |((_, known), ..)| *known == paid).copied().collect();
    shares.into_iter().flat_map(|paid| by_time(past, name, of_share(paid))).collect()
}

/// Whether uses follow each other. A different share in the same revision of the book belongs to another tenant.
fn in_turn(all: &[Use]) -> bool {
    let follows = |(earlier, later): (&Use, &Use)| match (earlier.1.span, later.1.span) {
        // A bucket may be a day. If the book was changed, two uses in one bucket follow each other.
        (Some((_, end)), Some((begin, _))) if earlier.2 != later.2 => end <= begin,
        (Some((_, end)), Some((begin, _))) => end < begin && earlier.0.1 == later.0.1,
        _ => false,
    };
    all.iter().zip(all.iter().skip(1)).all(follows)
}

fn by_time(past: &Past, (list, tier): (&Label, &Label), mut all: Vec<Use>) -> Vec<ListUse> {
    // Prices that return after others are a separate use; those of several successive revisions are one use.
    all.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            earlier.1.add(later.1.tokens, later.1.revenue, later.1.span.unwrap_or_default());
        }
        same
    });
    let of = |used: &Used, paid, from, until| ListUse {
        list: list.clone(),
        tier: tier.clone(),
        paid,
        from,
        until,
        tokens: used.tokens,
        revenue: used.revenue,
    };
    let Some(((_, paid), ..)) = all.first().copied() else { return Vec::new() };
    if !in_turn(&all) {
        let mut sum = Used::default();
        for (_, used, _) in &all {
            sum.add(used.tokens, used.revenue, used.span.unwrap_or_default());
        }
        return vec![of(&sum, paid, None, None)];
    }
    let edge = |used: &Used, book: u64| {
        let (first, _) = used.span?;
        let noted = past.books.iter().find(|(revision, _)| *revision == book).map(|(_, noted)| *noted);
        // A bucket may be as long as a day; the book gives the instant within it.
        Some(noted.filter(|noted| first <= *noted && *noted < past.until).unwrap_or(first))
    };
    let edges: Vec<_> = all.iter().skip(1).map(|(_, used, book)| edge(used, *book)).collect();
    let uses = all.iter().enumerate().map(|(nth, ((_, paid), used, _))| {
        let from = nth.checked_sub(1).and_then(|before| edges[before]);
        of(used, *paid, from, edges.get(nth).copied().flatten())
    });
    uses.collect()
}
