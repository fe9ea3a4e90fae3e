//! Differences between posted prices and today's book.

use std::collections::{BTreeMap, HashMap};

use super::bucket::{Bucket, OrderedPast};
use super::quotes::{Quotes, Ticker};
use crate::ledger::{Past, Tariff, TariffId};
use crate::natural_order::natural_cmp;
use crate::pricing::{Book, ClassPrices, Quote};
use crate::reading::{Label, ModelName};
use crate::units::{Money, Share, Timestamp, Tokens};

/// A tier of a list, with its prices.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Basis {
    /// The list.
    pub list: Label,
    /// The tier.
    pub tier: Label,
    /// Its prices.
    pub prices: ClassPrices,
    /// The paid share, if one is set.
    pub paid: Option<Share>,
}

/// Tokens of a model that today's book prices differently. A price of `None` is "unpriced".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceDifference {
    /// The model.
    pub model: Option<ModelName>,
    /// The price in force when they were posted.
    pub posted: Option<Basis>,
    /// The price of the first of them in today's book.
    pub today: Option<Basis>,
    /// The first bucket that differs.
    pub since: Timestamp,
    /// The end of the last one.
    pub until: Timestamp,
    /// The number of tokens.
    pub tokens: Tokens,
    /// Their posted revenue.
    pub revenue: Money,
}

/// The tokens that today's book prices differently, by revenue. A bucket of a day differs if the posted price is none
/// of the prices that the book has for that day.
pub fn differences(past: &Past, book: &Book) -> Vec<PriceDifference> {
    let mut quotes = Quotes::by_book(past, book);
    let mut found: HashMap<(Option<&ModelName>, Option<Basis>), PriceDifference> = HashMap::new();
    let mut judged = Judged::new();
    for bucket in OrderedPast::of(past).iter() {
        for cell in bucket.tokens {
            let model = past.account(cell.account).model.as_ref();
            let posted = cell.tariff.map(|tariff| past.tariff(tariff));
            let mut ticker = quotes.of(cell.account);
            if agrees(ticker.as_deref_mut().and_then(|ticker| Some((ticker.at(bucket.at)?, ticker.paid()))), posted) {
                continue;
            }
            let place = (model, cell.tariff.map(TariffId::index));
            let known = judged.get(&place).filter(|(at, _)| *at == bucket.at).map(|(_, verdict)| *verdict);
            let verdict = known.unwrap_or_else(|| agrees_later(ticker.as_deref_mut(), posted, &bucket));
            judged.insert(place, (bucket.at, verdict));
            if verdict {
                continue;
            }
            let posted_basis = posted.map(Basis::of_tariff);
            let difference = found.entry((model, posted_basis.clone())).or_insert_with(|| PriceDifference {
                model: model.cloned(),
                posted: posted_basis,
                today: ticker.and_then(|ticker| Some(Basis::of_quote(&ticker.at(bucket.at)?, ticker.paid()))),
                since: bucket.at,
                until: bucket.end,
                tokens: Tokens::ZERO,
                revenue: Money::ZERO,
            });
            difference.until = difference.until.max(bucket.end);
            difference.tokens += cell.tokens.total();
            difference.revenue += posted.map(|tariff| tariff.value(cell.tokens)).unwrap_or_default();
        }
    }
    let mut all: Vec<_> = found.into_values().collect();
    let order = |difference: &PriceDifference| {
        let posted = difference.posted.as_ref().map(|basis| (basis.list.clone(), basis.tier.clone(), basis.paid));
        (posted, difference.since, difference.until, difference.tokens)
    };
    let name = |difference: &PriceDifference| difference.model.as_ref().map_or_else(String::new, ToString::to_string);
    let by_model = |a: &PriceDifference, b: &PriceDifference| natural_cmp(&name(a), &name(b));
    all.sort_by(|a, b| b.revenue.cmp(&a.revenue).then_with(|| by_model(a, b)).then_with(|| order(a).cmp(&order(b))));
    all
}

/// Whether all prices that today's book has for each bucket are the posted ones. Then no finer buckets differ either.
pub fn agrees_throughout(past: &Past, book: &Book) -> bool {
    let mut quotes = Quotes::by_book(past, book);
    OrderedPast::of(past).iter().all(|bucket| {
        bucket.tokens.iter().all(|cell| {
            let posted = cell.tariff.map(|tariff| past.tariff(tariff));
            let Some(ticker) = quotes.of(cell.account) else { return posted.is_none() };
            let paid = ticker.paid();
            let first = ticker.at(bucket.at);
            let mut quotes = std::iter::once(first).chain(ticker.later(bucket.at, bucket.closes));
            quotes.all(|quote| agrees(quote.map(|quote| (quote, paid)), posted))
        })
    })
}

/// The last verdict by model and tariff: whether the book agrees with the tariff from a bucket on.
type Judged<'a> = BTreeMap<(Option<&'a ModelName>, Option<usize>), (Timestamp, bool)>;

/// Whether the book has the posted price.
fn agrees(today: Option<(Quote<'_>, Option<Share>)>, posted: Option<&Tariff>) -> bool {
    match (today, posted) {
        (None, None) => true,
        (Some((quote, paid)), Some(tariff)) => tariff.prices == quote.prices && tariff.paid == paid,
        _ => false,
    }
}

/// Whether the book has the posted price at any time of a bucket.
fn agrees_later(ticker: Option<&mut Ticker<'_>>, posted: Option<&Tariff>, bucket: &Bucket<'_>) -> bool {
    let Some(ticker) = ticker else { return false };
    let paid = ticker.paid();
    ticker.between(bucket.at, bucket.end).into_iter().any(|quote| agrees(quote.map(|quote| (quote, paid)), posted))
}

impl Basis {
    fn of_tariff(tariff: &Tariff) -> Self {
        let Tariff { list, tier, prices, paid, .. } = tariff.clone();
        Self { list, tier, prices, paid }
    }

    fn of_quote(quote: &Quote<'_>, paid: Option<Share>) -> Self {
        Self { list: Label::new(&quote.list.name), tier: Label::new(quote.tier), prices: quote.prices, paid }
    }
}
