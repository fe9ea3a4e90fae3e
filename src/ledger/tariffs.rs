//! The tariff of each account: looked up in the price book, and cached until it changes.

use super::table::NumberedRows;
use super::{Marker, RevenueAccount, RevenueAccountId, Tariff, TariffId};
use crate::pricing::{Book, ModelPrice, PriceList, Quote};
use crate::reading::Label;
use crate::units::{Share, Timestamp};

/// The end of the standing of an account without a price.
const FOREVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// The tariff of an account, and until when it applies.
#[derive(Debug, Clone, Copy)]
struct CurrentTariff {
    from: Timestamp,
    until: Timestamp,
    tariff: Option<TariffId>,
}

/// The price book, every tariff in use, and the current tariff of each account.
#[derive(Debug, Clone, Default)]
pub(super) struct Tariffs {
    book: Book,
    revision: u64,
    pub(super) overhead: Option<Share>,
    table: NumberedRows<Tariff>,
    standing: Vec<Option<CurrentTariff>>,
}

impl Tariffs {
    /// A book without tariffs in use.
    pub(super) fn new(book: Book) -> Self {
        Self { revision: book.revision(), book, ..Self::default() }
    }

    /// Restores saved tariffs.
    pub(super) fn restore(&mut self, tariffs: Vec<Tariff>) {
        self.table = NumberedRows::of(tariffs);
        self.standing.clear();
    }

    /// The price book.
    pub(super) fn book(&self) -> &Book {
        &self.book
    }

    /// Every tariff by number.
    pub(super) fn all(&self) -> &[Tariff] {
        self.table.rows()
    }

    /// A tariff by its number.
    pub(super) fn of(&self, id: TariffId) -> &Tariff {
        &self.table.rows()[id.index()]
    }

    /// Takes the tariffs that are new since the last call.
    pub(super) fn take_changes(&mut self) -> Vec<Tariff> {
        self.table.take_changes()
    }

    /// The instants inside an interval at which an account's prices change; empty if its current tariff covers the
    /// interval.
    pub(super) fn edges(
        &self,
        id: RevenueAccountId,
        account: &RevenueAccount,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Timestamp> {
        let standing = self.standing.get(id.index()).copied().flatten();
        if standing.is_some_and(|standing| standing.from <= from && to <= standing.until) {
            return Vec::new();
        }
        self.price(account).map(|price| price.edges(from, to)).unwrap_or_default()
    }

    /// The tariff of an account at an instant, with a marker if the account has just changed to it.
    pub(super) fn at(
        &mut self,
        id: RevenueAccountId,
        account: &RevenueAccount,
        at: Timestamp,
    ) -> (Option<TariffId>, Option<Marker>) {
        if self.standing.len() <= id.index() {
            self.standing.resize(id.index() + 1, None);
        }
        let before = self.standing[id.index()];
        if let Some(standing) = before.filter(|standing| standing.from <= at && at < standing.until) {
            return (standing.tariff, None);
        }
        let found = self.price(account).map(|price| {
            let tariff = price.quote(at).map(|quote| self.tariff(&quote, &price));
            (tariff, price.next_change(at))
        });
        let (tariff, until) = match found {
            // Changes of tier are only searched this far ahead, and a list may begin later.
            Some((tariff, until)) => {
                let far = at + PriceList::AHEAD;
                let tariff = tariff.map(|tariff| TariffId(self.table.number(&tariff)));
                (tariff, until.map_or(far, |until| until.min(far)))
            }
            None => (None, FOREVER),
        };
        self.standing[id.index()] = Some(CurrentTariff { from: at, until, tariff });
        // Tokens of a gap are posted at earlier tariffs, which is not a change.
        let left = before.filter(|standing| standing.until <= at && standing.tariff != tariff);
        (tariff, left.zip(tariff).map(|(left, tariff)| self.change(account, tariff, left.until)))
    }

    fn price(&self, account: &RevenueAccount) -> Option<ModelPrice<'_>> {
        self.book.price_for(account.model.as_ref()?.as_str(), account.tenant.as_ref().map(Label::as_str))
    }

    fn tariff(&self, quote: &Quote<'_>, price: &ModelPrice<'_>) -> Tariff {
        Tariff {
            list: Label::new(&quote.list.name),
            tier: Label::new(quote.tier),
            prices: quote.prices,
            paid: price.paid,
            overhead: self.overhead,
            book: self.revision,
        }
    }

    fn change(&self, account: &RevenueAccount, tariff: TariffId, at: Timestamp) -> Marker {
        let tariff = self.of(tariff);
        let model = account.model.as_ref().map_or("", |model| model.as_str());
        Marker::price(at, model, &tariff.list, &tariff.tier)
    }
}
