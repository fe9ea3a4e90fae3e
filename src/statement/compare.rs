//! The same tokens at every list of the book, side by side.

use std::collections::BTreeMap;

use super::Totals;
use super::bucket::Buckets;
use super::costed::Costed;
use super::quotes::Ticker;
use crate::ledger::{Classes, Past};
use crate::pricing::{Book, ModelPrice, PriceList};
use crate::reading::Label;
use crate::units::{Money, Share, Timestamp};

/// What all tokens of a past would have earned at one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtList {
    /// The list.
    pub list: Label,
    /// What the tokens would have earned, whatever their model; the shares that were paid stay.
    pub revenue: Money,
    /// What of it would have been left; `None` where no cost is known.
    pub profit: Option<Money>,
}

/// Tokens that are worth the same at any list: of one bucket, paid alike, their cost known or not.
type Alike = BTreeMap<(Timestamp, Option<Share>, bool), Classes>;

/// The past at every list of a book in the ledger's currency, the best first. Ask for quarter hours: lists with windows
/// are among them.
pub fn compare(past: &Past, book: &Book, currency: &str) -> Vec<AtList> {
    let costed = Costed::of(past);
    let mut alike = Alike::new();
    for bucket in Buckets::of(past).iter() {
        for cell in bucket.tokens {
            let paid = cell.tariff.and_then(|tariff| past.tariff(tariff).paid);
            *alike.entry((bucket.at, paid, costed.knows(cell.account))).or_default() += cell.tokens;
        }
    }
    let cost = Totals::of(past).cost;
    let mut lists: Vec<_> =
        book.lists().filter(|list| list.currency == currency).map(|list| at(list, past, &alike, cost)).collect();
    lists.sort_by(|a, b| b.revenue.cmp(&a.revenue).then_with(|| a.list.cmp(&b.list)));
    lists
}

fn at(list: &PriceList, past: &Past, alike: &Alike, cost: Option<Money>) -> AtList {
    let mut ticker = Ticker::new(ModelPrice::of_list(list), past.since);
    let (mut revenue, mut covered) = (Money::ZERO, Money::ZERO);
    for ((at, paid, known), tokens) in alike {
        let (prices, share) = (ticker.at(*at).prices, paid.unwrap_or(Share::ALL));
        let value = prices.miss.of_share(tokens.miss, share)
            + prices.hit.of_share(tokens.hit, share)
            + prices.output.of_share(tokens.output, share);
        revenue += value;
        if *known {
            covered += value;
        }
    }
    AtList { list: Label::new(&list.name), revenue, profit: cost.map(|cost| covered - cost) }
}
