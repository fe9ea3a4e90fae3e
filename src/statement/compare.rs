//! The same tokens at every list of the book, side by side.

use std::collections::BTreeMap;

use super::Totals;
use super::bucket::OrderedPast;
use super::costed::Costed;
use super::quotes::Ticker;
use super::reprice::posted_quote;
use crate::ledger::{Classes, Past, TariffId};
use crate::natural_order::natural_cmp;
use crate::pricing::{Book, ClassPrices, ModelPrice, PriceList};
use crate::reading::Label;
use crate::units::{Money, Share, Timestamp};

/// The revenue of all tokens of a past at one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevenueAtList {
    /// The list.
    pub list: Label,
    /// The revenue of the tokens of all models; paid shares stay.
    pub revenue: Money,
    /// The part of it whose cost is known.
    pub covered_revenue: Money,
    /// The cost; `None` if no cost is known.
    pub cost: Option<Money>,
    /// How far the revenue may be off, either way, where the list's prices change inside a bucket.
    pub uncertainty: Money,
}

impl RevenueAtList {
    /// The profit; `None` if no cost is known.
    pub fn profit(&self) -> Option<Money> {
        self.cost.map(|cost| self.covered_revenue - cost)
    }

    /// The same with amounts of so many decimals, each rounded once; its profit is that of what it shows, as that of a
    /// what-if is.
    #[must_use]
    pub fn rounded(self, places: u32) -> Self {
        Self {
            revenue: self.revenue.round_to(places),
            covered_revenue: self.covered_revenue.round_to(places),
            cost: self.cost.map(|cost| cost.round_to(places)),
            uncertainty: self.uncertainty.round_to(places),
            ..self
        }
    }
}

/// Tokens of equal value at any list: of one bucket (when it begins and ends), posted at one tariff, their cost known or not.
type EqualTokens = BTreeMap<((Timestamp, Timestamp), Option<TariffId>, bool), Classes>;

/// The past at every list of a book in the ledger's currency, the best first. Ask for quarter hours: lists with windows
/// are among them.
pub fn compare(past: &Past, book: &Book, currency: &str) -> Vec<RevenueAtList> {
    let costed = Costed::of(past);
    let mut alike = EqualTokens::new();
    for bucket in OrderedPast::of(past).iter() {
        for cell in bucket.tokens {
            *alike.entry(((bucket.at, bucket.closes), cell.tariff, costed.knows(cell.account))).or_default() +=
                cell.tokens;
        }
    }
    let totals = Totals::of(past);
    // Overhead by share of revenue is the other revenue's.
    let cost = totals.cost.map(|cost| cost - totals.revenue_overhead);
    let own = book.lists().filter(|list| list.currency == currency);
    let mut lists: Vec<_> = own.filter_map(|list| at(list, past, &alike, cost)).collect();
    lists.sort_by(|a, b| b.revenue.cmp(&a.revenue).then_with(|| natural_cmp(a.list.as_str(), b.list.as_str())));
    lists
}

/// `cost` is the cost without the share of revenue. `None` where the list's prices are not known for all of the past.
fn at(list: &PriceList, past: &Past, alike: &EqualTokens, cost: Option<Money>) -> Option<RevenueAtList> {
    let mut ticker = Ticker::new(ModelPrice::of_list(list), past.since);
    let kept: Vec<_> = past.tariffs.iter().map(|posted| posted_quote(list, posted)).collect();
    let newest = past.tariffs.last();
    let [mut revenue, mut covered, mut overhead, mut uncertainty] = [Money::ZERO; 4];
    for (((from, to), posted, known), tokens) in alike {
        let kept = posted.and_then(|posted| kept[posted.index()]);
        let posted = posted.map(|posted| past.tariff(posted));
        let share = posted.and_then(|posted| posted.paid).unwrap_or(Share::ALL);
        let value = value(kept.or_else(|| ticker.at(*from))?.prices, *tokens, share);
        revenue += value;
        if kept.is_none() {
            let off = ticker.later(*from, *to).flatten().map(|quote| self::value(quote.prices, *tokens, share) - value);
            uncertainty += off.map(|off| off.max(-off)).max().unwrap_or_default();
        }
        if *known {
            covered += value;
            overhead += posted.or(newest).map(|tariff| tariff.overhead_of(value)).unwrap_or_default();
        }
    }
    let cost = cost.map(|cost| cost + overhead);
    Some(RevenueAtList { list: Label::new(&list.name), revenue, covered_revenue: covered, cost, uncertainty })
}

fn value(prices: ClassPrices, tokens: Classes, share: Share) -> Money {
    prices.miss.of_share(tokens.miss, share)
        + prices.hit.of_share(tokens.hit, share)
        + prices.output.of_share(tokens.output, share)
}
