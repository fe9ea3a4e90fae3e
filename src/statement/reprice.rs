//! The same tokens at other prices: today's book, or one list.

use std::collections::HashMap;

use super::bucket::{Bucket, Buckets};
use super::quotes::{Quotes, Ticker};
use crate::ledger::{Past, Tariff, TariffId, TokenCell};
use crate::pricing::{Book, ModelPrice, PriceList, Quote};
use crate::reading::Label;
use crate::units::Share;

/// The past as today's book prices it. What was posted at prices that the book has in the same bucket stays as it was
/// posted, so that edges inside a bucket move nothing; else a cell is priced at the beginning of its bucket. Ask for
/// buckets as fine as they are kept.
#[must_use]
pub fn reprice(past: &Past, book: &Book) -> Past {
    let mut quotes = Quotes::by_book(past, book);
    refold(past, |bucket, cell, posted| {
        let ticker = quotes.of(cell.account)?;
        let (quote, paid) = (ticker.at(bucket.at), ticker.paid());
        let Some(posted) = posted.filter(|posted| posted.paid == paid && !is_quote(posted, &quote)) else {
            return Some((quote, paid));
        };
        let kept = ticker.between(bucket.at, bucket.closes).into_iter().find(|quote| is_quote(posted, quote));
        Some((kept.unwrap_or(quote), paid))
    })
}

/// The past with every token at one list, whatever the date and the model. What was posted at that list stays as it was
/// posted, and the share that was paid stays. Ask for quarter hours where the list has windows.
#[must_use]
pub fn at_list(past: &Past, list: &PriceList) -> Past {
    let mut ticker = Ticker::new(ModelPrice::of_list(list), past.since);
    refold(past, |bucket, _, posted| {
        let kept = posted.and_then(|posted| posted_quote(list, posted));
        Some((kept.unwrap_or_else(|| ticker.at(bucket.at)), posted.and_then(|tariff| tariff.paid)))
    })
}

/// The prices of a list that a tariff was posted at; `None` if the list has them no longer.
pub(super) fn posted_quote<'a>(list: &'a PriceList, posted: &Tariff) -> Option<Quote<'a>> {
    list.quotes().find(|quote| is_quote(posted, quote))
}

/// Whether a tariff was posted at these prices.
fn is_quote(posted: &Tariff, quote: &Quote<'_>) -> bool {
    posted.list.as_str() == quote.list.name && posted.tier.as_str() == quote.tier && posted.prices == quote.prices
}

/// The past with other tariffs: `price` says the prices and the share that is paid, by bucket, cell and what was posted.
fn refold<'a>(
    past: &Past,
    mut price: impl FnMut(&Bucket<'_>, &TokenCell, Option<&Tariff>) -> Option<(Quote<'a>, Option<Share>)>,
) -> Past {
    let mut tariffs = Tariffs::default();
    // What had no price bears overhead as all else does now.
    let overhead = past.tariffs.last().and_then(|newest| newest.overhead);
    let mut tokens = Vec::with_capacity(past.tokens.len());
    for bucket in Buckets::of(past).iter() {
        for cell in bucket.tokens {
            let posted = cell.tariff.map(|tariff| past.tariff(tariff));
            let terms = posted.map_or((overhead, 0), |tariff| (tariff.overhead, tariff.book));
            let priced = price(&bucket, cell, posted);
            let tariff = priced.map(|(quote, paid)| tariffs.number(quote, (paid, terms.0, terms.1)));
            tokens.push(TokenCell { tariff, ..*cell });
        }
    }
    Past { tokens, tariffs: tariffs.rows, ..past.clone() }
}

/// What of a tariff is not the list's: the shares that are paid and that go to overhead, and the book's revision.
type Terms = (Option<Share>, Option<Share>, u64);

/// The tariffs that are used instead.
#[derive(Default)]
struct Tariffs<'a> {
    rows: Vec<Tariff>,
    known: HashMap<(&'a str, &'a str, Terms), TariffId>,
}

impl<'a> Tariffs<'a> {
    fn number(&mut self, quote: Quote<'a>, terms: Terms) -> TariffId {
        let (paid, overhead, book) = terms;
        *self.known.entry((&quote.list.name, quote.tier, terms)).or_insert_with(|| {
            self.rows.push(Tariff {
                list: Label::new(&quote.list.name),
                tier: Label::new(quote.tier),
                prices: quote.prices,
                paid,
                overhead,
                book,
            });
            TariffId::at(self.rows.len() as u32 - 1)
        })
    }
}
