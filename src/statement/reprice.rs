//! The same tokens at other prices: today's book, or one list.

use std::collections::HashMap;

use super::bucket::{Bucket, OrderedPast};
use super::quotes::{Quotes, Ticker};
use crate::ledger::{Classes, Past, Tariff, TariffId, TokenCell, UncertaintyCell};
use crate::pricing::{Book, ModelPrice, PriceList, Quote};
use crate::reading::Label;
use crate::units::{Money, Share};

/// The past priced by today's book. Postings at prices that the book has in the same bucket keep them, so that price
/// changes within a bucket have no effect. Other cells are priced at the beginning of their bucket, and the possible
/// error is uncertainty. Use buckets as fine as the ledger keeps.
#[must_use]
pub fn reprice(past: &Past, book: &Book) -> Past {
    let mut quotes = Quotes::by_book(past, book);
    refold(past, |bucket, cell, posted| {
        let ticker = quotes.of(cell.account)?;
        let (quotes, paid) = (ticker.between(bucket.at, bucket.closes), ticker.paid());
        let posted = posted.filter(|posted| posted.paid == paid);
        Some(Repriced {
            kept: posted.and_then(|posted| quotes.iter().flatten().find(|quote| is_quote(posted, quote)).copied()),
            quotes,
            paid,
        })
    })
}

/// The past with all tokens at one list, whatever their date and model. Postings at that list keep their prices, and
/// paid shares stay. Use quarter hours if the list has windows. If the list's prices change within a bucket, the
/// possible error is uncertainty.
#[must_use]
pub fn at_list(past: &Past, list: &PriceList) -> Past {
    let mut ticker = Ticker::new(ModelPrice::of_list(list), past.since);
    refold(past, |bucket, _, posted| {
        let kept = posted.and_then(|posted| posted_quote(list, posted));
        let quotes = ticker.between(bucket.at, bucket.closes);
        Some(Repriced { kept, quotes, paid: posted.and_then(|tariff| tariff.paid) })
    })
}

/// The prices of a list that a tariff was posted at; `None` if the list does not have them any more.
pub(super) fn posted_quote<'a>(list: &'a PriceList, posted: &Tariff) -> Option<Quote<'a>> {
    list.quotes().find(|quote| is_quote(posted, quote))
}

/// Whether a tariff was posted at these prices.
fn is_quote(posted: &Tariff, quote: &Quote<'_>) -> bool {
    posted.list.as_str() == quote.list.name && posted.tier.as_str() == quote.tier && posted.prices == quote.prices
}

/// The prices of a cell.
struct Repriced<'a> {
    /// The prices that it was posted at, if they are the book's.
    kept: Option<Quote<'a>>,
    /// The prices in its bucket, in order of time; `None` where there are none.
    quotes: Vec<Option<Quote<'a>>>,
    paid: Option<Share>,
}

impl<'a> Repriced<'a> {
    /// The prices of a cell, and the largest error of its value by them.
    fn settled(&self, tokens: Classes) -> Option<(Quote<'a>, Money)> {
        if let Some(kept) = self.kept {
            return Some((kept, Money::ZERO));
        }
        let first = self.quotes.first()?.as_ref()?;
        let share = self.paid.unwrap_or(Share::ALL);
        let value = |quote: &Quote<'_>| {
            let prices = &quote.prices;
            prices.miss.of_share(tokens.miss, share)
                + prices.hit.of_share(tokens.hit, share)
                + prices.output.of_share(tokens.output, share)
        };
        let own = value(first);
        let off = self.quotes.iter().flatten().map(|quote| (value(quote) - own).max(own - value(quote))).max();
        Some((*first, off.unwrap_or_default()))
    }
}

/// The past with other tariffs: `price` gives the prices and the paid share by bucket, cell and posted tariff.
fn refold<'a>(
    past: &Past,
    mut price: impl FnMut(&Bucket<'_>, &TokenCell, Option<&Tariff>) -> Option<Repriced<'a>>,
) -> Past {
    let mut tariffs = OtherTariffs::default();
    // Tokens that had no price bear overhead like all others now.
    let overhead = past.tariffs.last().and_then(|newest| newest.overhead);
    let mut tokens = Vec::with_capacity(past.tokens.len());
    let mut uncertainty = past.uncertainty.clone();
    for bucket in OrderedPast::of(past).iter() {
        for cell in bucket.tokens {
            let posted = cell.tariff.map(|tariff| past.tariff(tariff));
            let terms = posted.map_or((overhead, 0), |tariff| (tariff.overhead, tariff.book));
            let priced = price(&bucket, cell, posted);
            let settled = priced.and_then(|priced| Some((priced.settled(cell.tokens)?, priced.paid)));
            let tariff = settled.map(|((quote, off), paid)| {
                if off > Money::ZERO {
                    let (bucket, timing) = (cell.bucket, off);
                    uncertainty.push(UncertaintyCell { bucket, timing, excess: Money::ZERO, lost_windows: 0 });
                }
                tariffs.number(quote, (paid, terms.0, terms.1))
            });
            tokens.push(TokenCell { tariff, ..*cell });
        }
    }
    uncertainty.sort_by_key(|cell| cell.bucket);
    Past { tokens, uncertainty, tariffs: tariffs.rows, ..past.clone() }
}

/// The parts of a tariff that are not the list's: the paid share, the share of overhead, and the book's revision.
type TariffTerms = (Option<Share>, Option<Share>, u64);

/// The replacement tariffs.
#[derive(Default)]
struct OtherTariffs<'a> {
    rows: Vec<Tariff>,
    known: HashMap<(&'a str, &'a str, TariffTerms), TariffId>,
}

impl<'a> OtherTariffs<'a> {
    fn number(&mut self, quote: Quote<'a>, terms: TariffTerms) -> TariffId {
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
