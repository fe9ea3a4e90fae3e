//! Where today's book would price otherwise than what was posted.

use std::collections::BTreeMap;

use super::bucket::{Bucket, Buckets};
use super::quotes::{Quotes, Ticker};
use crate::ledger::{Past, Tariff, TariffId};
use crate::pricing::{Book, Quote};
use crate::reading::{Label, ModelName};
use crate::units::{Money, Share, Timestamp, Tokens};

/// A list and a tier of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Basis {
    /// The list.
    pub list: Label,
    /// The tier.
    pub tier: Label,
}

/// Tokens of a model that today's book would price otherwise. `None` is "unpriced".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The model.
    pub model: Option<ModelName>,
    /// What was in force when they were posted.
    pub posted: Option<Basis>,
    /// What today's book says of the first of them.
    pub today: Option<Basis>,
    /// The first bucket that differs.
    pub since: Timestamp,
    /// When the last one ends.
    pub until: Timestamp,
    /// How many tokens.
    pub tokens: Tokens,
    /// What they earned as they were posted.
    pub revenue: Money,
}

/// Where today's book would differ, by revenue. A bucket of a day differs if none of the prices that the book has for
/// that day is what was posted.
pub fn differences(past: &Past, book: &Book) -> Vec<Difference> {
    let mut quotes = Quotes::by_book(past, book);
    let mut found: BTreeMap<(Option<&ModelName>, Option<Basis>), Difference> = BTreeMap::new();
    let mut judged = Judged::new();
    for bucket in Buckets::of(past).iter() {
        for cell in bucket.tokens {
            let model = past.account(cell.account).model.as_ref();
            let posted = cell.tariff.map(|tariff| past.tariff(tariff));
            let mut ticker = quotes.of(cell.account);
            if agrees(ticker.as_deref_mut().map(|ticker| (ticker.at(bucket.at), ticker.paid())), posted) {
                continue;
            }
            let place = (model, cell.tariff.map(TariffId::index));
            let known = judged.get(&place).filter(|(at, _)| *at == bucket.at).map(|(_, verdict)| *verdict);
            let verdict = known.unwrap_or_else(|| agrees_later(ticker.as_deref_mut(), posted, &bucket));
            judged.insert(place, (bucket.at, verdict));
            if verdict {
                continue;
            }
            let posted_basis = posted.map(|tariff| Basis { list: tariff.list.clone(), tier: tariff.tier.clone() });
            let difference = found.entry((model, posted_basis.clone())).or_insert_with(|| Difference {
                model: model.cloned(),
                posted: posted_basis,
                today: ticker.map(|ticker| basis(&ticker.at(bucket.at))),
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
    all.sort_by(|a, b| b.revenue.cmp(&a.revenue).then_with(|| (&a.model, &a.posted).cmp(&(&b.model, &b.posted))));
    all
}

/// Whether a model's tariff agrees with the book later in a bucket, by model and tariff: the last bucket's verdict.
type Judged<'a> = BTreeMap<(Option<&'a ModelName>, Option<usize>), (Timestamp, bool)>;

/// Whether the book says what was posted.
fn agrees(today: Option<(Quote<'_>, Option<Share>)>, posted: Option<&Tariff>) -> bool {
    match (today, posted) {
        (None, None) => true,
        (Some((quote, paid)), Some(tariff)) => tariff.prices == quote.prices && tariff.paid == paid,
        _ => false,
    }
}

/// Whether the book says so at any time of a bucket.
fn agrees_later(ticker: Option<&mut Ticker<'_>>, posted: Option<&Tariff>, bucket: &Bucket<'_>) -> bool {
    let Some(ticker) = ticker else { return false };
    let paid = ticker.paid();
    ticker.between(bucket.at, bucket.end).into_iter().any(|quote| agrees(Some((quote, paid)), posted))
}

fn basis(quote: &Quote<'_>) -> Basis {
    Basis { list: Label::new(&quote.list.name), tier: Label::new(quote.tier) }
}
