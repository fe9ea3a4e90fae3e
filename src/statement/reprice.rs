//! The same tokens at other prices: today's book, or one list.

use std::collections::HashMap;

use super::bucket::Buckets;
use super::quotes::Quotes;
use crate::ledger::{Past, Tariff, TariffId, TokenCell};
use crate::pricing::{Book, PriceList, Quote};
use crate::reading::Label;
use crate::units::Share;

/// The past as today's book prices it. Each cell is priced at the beginning of its bucket, so ask for quarter hours:
/// every price edge falls on one.
#[must_use]
pub fn reprice(past: &Past, book: &Book) -> Past {
    refold(past, Quotes::by_book(past, book), |today, _| today)
}

/// The past with every token at one list, whatever the date and the model. The share that was paid stays. Ask for
/// quarter hours where the list has windows.
#[must_use]
pub fn at_list(past: &Past, list: &PriceList) -> Past {
    refold(past, Quotes::by_list(past, list), |_, posted| posted.and_then(|tariff| tariff.paid))
}

/// The past with other tariffs. `paid` says which share is paid, by the book and by what was posted.
fn refold(past: &Past, mut quotes: Quotes<'_>, paid: impl Fn(Option<Share>, Option<&Tariff>) -> Option<Share>) -> Past {
    let mut tariffs = Tariffs::default();
    let mut tokens = Vec::with_capacity(past.tokens.len());
    for cell in Buckets::of(past).iter().flat_map(|bucket| bucket.tokens) {
        let posted = cell.tariff.map(|tariff| past.tariff(tariff));
        let tariff = quotes.of(cell.account).map(|ticker| {
            let share = paid(ticker.paid(), posted);
            tariffs.number(ticker.at(cell.bucket), share, posted)
        });
        tokens.push(TokenCell { tariff, ..*cell });
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
    fn number(&mut self, quote: Quote<'a>, paid: Option<Share>, posted: Option<&Tariff>) -> TariffId {
        let (overhead, book) = posted.map_or((None, 0), |tariff| (tariff.overhead, tariff.book));
        *self.known.entry((&quote.list.name, quote.tier, (paid, overhead, book))).or_insert_with(|| {
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
