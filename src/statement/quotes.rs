//! A book's prices for the accounts of a past, cell by cell. Prices of a model are looked up once while they hold.

use std::collections::HashMap;

use crate::ledger::{Past, RevenueAccountId};
use crate::pricing::{Book, ModelPrice, PriceList, Quote};
use crate::reading::Label;
use crate::units::{Share, Timestamp};

/// The prices of one model.
#[derive(Debug)]
pub(super) struct Ticker<'a> {
    price: ModelPrice<'a>,
    from: Timestamp,
    until: Timestamp,
    quote: Option<Quote<'a>>,
}

/// The prices of all accounts.
#[derive(Debug)]
pub(super) struct Quotes<'a> {
    tickers: Vec<Ticker<'a>>,
    of_account: Vec<Option<usize>>,
}

impl<'a> Ticker<'a> {
    /// Prices from an instant on.
    pub(super) fn new(price: ModelPrice<'a>, at: Timestamp) -> Self {
        let quote = price.quote(at);
        let mut ticker = Self { price, from: at, until: at, quote };
        ticker.turn(at);
        ticker
    }

    /// The prices at an instant; `None` if there are none.
    pub(super) fn at(&mut self, at: Timestamp) -> Option<Quote<'a>> {
        if at < self.from || self.until <= at {
            self.turn(at);
        }
        self.quote
    }

    fn turn(&mut self, at: Timestamp) {
        // Tier changes are looked up only this far ahead, and a list may begin later.
        let far = at + PriceList::AHEAD;
        self.quote = self.price.quote(at);
        (self.from, self.until) = (at, self.price.next_change(at).map_or(far, |until| until.min(far)));
    }

    /// All prices between two instants.
    pub(super) fn between(&mut self, from: Timestamp, to: Timestamp) -> Vec<Option<Quote<'a>>> {
        let first = self.at(from);
        std::iter::once(first).chain(self.later(from, to)).collect()
    }

    /// Prices between two instants, after those of the first.
    pub(super) fn later(&mut self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Option<Quote<'a>>> {
        self.at(from);
        let edges = if self.until < to { self.price.edges(from, to) } else { Vec::new() };
        edges.into_iter().map(|edge| self.price.quote(edge))
    }

    /// The paid share according to the book.
    pub(super) const fn paid(&self) -> Option<Share> {
        self.price.paid
    }
}

impl<'a> Quotes<'a> {
    /// Prices by a book.
    pub(super) fn by_book(past: &Past, book: &'a Book) -> Self {
        let mut tickers = Vec::new();
        let mut known: HashMap<(&str, Option<&Label>), Option<usize>> = HashMap::new();
        let mut number = |model: &str, tenant: Option<&Label>| {
            let price = book.price_for(model, tenant.map(Label::as_str))?;
            tickers.push(Ticker::new(price, past.since));
            Some(tickers.len() - 1)
        };
        let of_account = past.accounts.iter().map(|account| {
            let model = account.model.as_ref()?.as_str();
            let tenant = account.tenant.as_ref();
            *known.entry((model, tenant)).or_insert_with(|| number(model, tenant))
        });
        let of_account = of_account.collect();
        Self { tickers, of_account }
    }

    /// The prices of an account; `None` is unpriced.
    pub(super) fn of(&mut self, account: RevenueAccountId) -> Option<&mut Ticker<'a>> {
        let ticker = (*self.of_account.get(account.index())?)?;
        self.tickers.get_mut(ticker)
    }
}
