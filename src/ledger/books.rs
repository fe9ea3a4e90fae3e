//! The ledger itself: postings in, today's sheet and running sums out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use super::apportion::running;
use super::{Account, AccountId, Classes, Landlord, LandlordId, Sheet, Tariff, TariffId, cut_minutes};
use crate::pricing::{Book, ModelPrice, Quote};
use crate::reading::Label;
use crate::units::{GpuTime, Money, Span, Timestamp, Tokens};

/// How long minutes are kept apart; older ones are in the day's sheet only.
const MINUTES_KEPT: Span = Span::from_secs(3600);
/// The end of a tariff that nothing ends.
const FOREVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// How sure it is when the tokens of a posting were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// Between two looks one interval apart.
    Seen,
    /// Somewhere in a gap: where a price edge lies in it, the bounds are kept.
    Estimated,
}

/// Tokens made in `(from, to]`.
#[derive(Debug, Clone, Copy)]
pub struct Posting {
    /// Who earned.
    pub account: AccountId,
    /// The earlier look.
    pub from: Timestamp,
    /// The later look.
    pub to: Timestamp,
    /// What was made.
    pub tokens: Classes,
    /// Whether the hits are known; unknown ones are priced as misses and said.
    pub hits_known: bool,
    /// How sure the instants are.
    pub timing: Timing,
}

/// One line of the ledger, so that it can be taken back by its counter-entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    account: AccountId,
    tariff: Option<TariffId>,
    minute: Timestamp,
    tokens: Classes,
}

impl Entry {
    /// Whether another line is for the same account, tariff and minute.
    pub fn merges(&self, other: &Self) -> bool {
        (self.account, self.tariff, self.minute) == (other.account, other.tariff, other.minute)
    }

    /// Adds the other line's tokens.
    pub fn merge(&mut self, other: Self) {
        self.tokens += other.tokens;
    }
}

/// A table of names with their numbers.
#[derive(Debug, Clone)]
struct Table<T> {
    rows: Vec<T>,
    index: HashMap<T, u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), index: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Table<T> {
    fn number(&mut self, row: &T) -> u32 {
        if let Some(number) = self.index.get(row) {
            return *number;
        }
        let number = self.rows.len() as u32;
        self.rows.push(row.clone());
        self.index.insert(row.clone(), number);
        number
    }
}

/// The tariff of an account and how long it holds.
#[derive(Debug, Clone, Copy)]
struct Standing {
    from: Timestamp,
    until: Timestamp,
    tariff: Option<TariffId>,
}

/// The ledger of one currency.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    book: Book,
    accounts: Table<Account>,
    landlords: Table<Landlord>,
    tariffs: Table<Tariff>,
    standing: Vec<Option<Standing>>,
    day_began: Timestamp,
    today: Sheet,
    minutes: BTreeMap<Timestamp, Sheet>,
    touched: BTreeSet<Timestamp>,
    earned: Vec<Money>,
    owed: Vec<Money>,
    doubt: Money,
    estimate: Money,
    unknown_hits: bool,
}

impl Ledger {
    /// An empty ledger that prices by `book`, whose day began at `day_began`.
    pub fn new(book: Book, day_began: Timestamp) -> Self {
        Self { book, day_began, ..Self::default() }
    }

    /// The price book.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The number of an account.
    pub fn account(&mut self, account: &Account) -> AccountId {
        let id = AccountId(self.accounts.number(account));
        self.earned.resize(self.accounts.rows.len(), Money::ZERO);
        self.standing.resize(self.accounts.rows.len(), None);
        id
    }

    /// The number of a landlord.
    pub fn landlord(&mut self, landlord: &Landlord) -> LandlordId {
        let id = LandlordId(self.landlords.number(landlord));
        self.owed.resize(self.landlords.rows.len(), Money::ZERO);
        id
    }

    /// Accounts by number.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts.rows
    }

    /// Landlords by number.
    pub fn landlords(&self) -> &[Landlord] {
        &self.landlords.rows
    }

    /// A tariff by number.
    pub fn tariff(&self, id: TariffId) -> &Tariff {
        &self.tariffs.rows[id.index()]
    }

    /// Posts tokens: spread evenly over the interval, cut at price edges and minutes. `entry` is told each line.
    pub fn post(&mut self, posting: &Posting, mut entry: impl FnMut(Entry)) {
        if posting.tokens.is_zero() {
            return;
        }
        let edges = self.price_edges(posting);
        let mut segments = Vec::with_capacity(edges.len() + 1);
        let mut from = posting.from;
        let mut done = Classes::default();
        let mut cuts: Vec<Timestamp> = edges.iter().copied().chain(cut_minutes(posting.from, posting.to)).collect();
        cuts.sort_unstable();
        cuts.dedup();
        for end in cuts.into_iter().chain([posting.to]) {
            let upto = running_classes(posting, end);
            let part = difference(upto, done);
            let tariff = self.tariff_at(posting.account, from);
            self.write(Entry { account: posting.account, tariff, minute: from.minute(), tokens: part }, &mut entry);
            segments.extend(tariff);
            (from, done) = (end, upto);
        }
        self.note_doubts(posting, &segments);
    }

    /// Takes lines back that were posted before: a counter-entry.
    pub fn reverse(&mut self, entries: &[Entry]) {
        for entry in entries {
            let value = entry.tariff.map_or(Money::ZERO, |tariff| self.tariff(tariff).value(entry.tokens));
            self.earned[entry.account.index()] -= value;
            if entry.minute >= self.day_began.minute() {
                self.today.take_back(entry.account, entry.tariff, entry.tokens);
            }
            self.minute(entry.minute).take_back(entry.account, entry.tariff, entry.tokens);
        }
    }

    /// Posts the rent of `gpus` GPUs held from one instant to another.
    pub fn rent(&mut self, landlord: LandlordId, gpus: u32, from: Timestamp, to: Timestamp) {
        let mut start = from;
        for end in cut_minutes(from, to).chain([to]) {
            let time = GpuTime::of(gpus, end - start);
            if start >= self.day_began {
                self.today.add_rent(landlord, time);
            }
            self.minute(start).add_rent(landlord, time);
            start = end;
        }
        if let Some(rate) = self.landlords.rows[landlord.index()].rate {
            self.owed[landlord.index()] += rate.of(GpuTime::of(gpus, to - from));
        }
    }

    /// Takes rent back that was posted for GPUs which turn out to have been released before: a counter-entry.
    pub fn refund(&mut self, landlord: LandlordId, gpus: u32, from: Timestamp, to: Timestamp) {
        let mut start = from;
        for end in cut_minutes(from, to).chain([to]) {
            let time = GpuTime::of(gpus, end - start);
            if start >= self.day_began {
                self.today.take_back_rent(landlord, time);
            }
            self.minute(start).take_back_rent(landlord, time);
            start = end;
        }
        if let Some(rate) = self.landlords.rows[landlord.index()].rate {
            self.owed[landlord.index()] -= rate.of(GpuTime::of(gpus, to - from));
        }
    }

    /// Begins a new day's sheet.
    pub fn begin_day(&mut self, began: Timestamp) {
        self.day_began = began;
        self.today = Sheet::default();
        (self.doubt, self.estimate, self.unknown_hits) = (Money::ZERO, Money::ZERO, false);
    }

    /// Forgets minutes that ended long before `now`.
    pub fn settle(&mut self, now: Timestamp) {
        self.minutes = self.minutes.split_off(&(now - MINUTES_KEPT).minute());
    }

    /// The day's sheet.
    pub fn today(&self) -> &Sheet {
        &self.today
    }

    /// When the day began.
    pub fn day_began(&self) -> Timestamp {
        self.day_began
    }

    /// The minutes of the last hour.
    pub fn minutes(&self) -> impl DoubleEndedIterator<Item = (Timestamp, &Sheet)> {
        self.minutes.iter().map(|(minute, sheet)| (*minute, sheet))
    }

    /// The minutes that were written to since this was last asked, of those that are kept.
    pub fn take_touched(&mut self) -> BTreeSet<Timestamp> {
        std::mem::take(&mut self.touched)
    }

    /// A minute's sheet.
    pub fn minute_sheet(&self, minute: Timestamp) -> Option<&Sheet> {
        self.minutes.get(&minute)
    }

    /// What each account has earned since the ledger began, by number.
    pub fn earned(&self) -> &[Money] {
        &self.earned
    }

    /// What each landlord is owed since the ledger began, by number.
    pub fn owed(&self) -> &[Money] {
        &self.owed
    }

    /// Half the width between the bounds of estimated timing, plus what unknown hits could take; of the day.
    pub fn uncertainty(&self) -> Money {
        self.estimate + self.doubt
    }

    /// Whether misses of the day may have been hits.
    pub fn has_unknown_hits(&self) -> bool {
        self.unknown_hits
    }

    fn minute(&mut self, at: Timestamp) -> &mut Sheet {
        self.touched.insert(at.minute());
        self.minutes.entry(at.minute()).or_default()
    }

    fn write(&mut self, line: Entry, told: &mut impl FnMut(Entry)) {
        if line.tokens.is_zero() {
            return;
        }
        if let Some(tariff) = line.tariff {
            let value = self.tariff(tariff).value(line.tokens);
            self.earned[line.account.index()] += value;
        }
        if line.minute >= self.day_began.minute() {
            self.today.add_tokens(line.account, line.tariff, line.tokens);
        }
        self.minute(line.minute).add_tokens(line.account, line.tariff, line.tokens);
        told(line);
    }

    fn price(&self, account: AccountId) -> Option<ModelPrice<'_>> {
        let model = self.accounts.rows[account.index()].model.as_ref()?;
        self.book.price_of(model.as_str())
    }

    /// Where the account's prices change inside the posting's interval; none if its standing tariff covers it.
    fn price_edges(&self, posting: &Posting) -> Vec<Timestamp> {
        let covered =
            self.standing[posting.account.index()].is_some_and(|s| s.from <= posting.from && posting.to <= s.until);
        if covered {
            return Vec::new();
        }
        self.price(posting.account).map(|price| price.edges(posting.from, posting.to)).unwrap_or_default()
    }

    fn tariff_at(&mut self, account: AccountId, at: Timestamp) -> Option<TariffId> {
        if let Some(standing) = self.standing[account.index()]
            && standing.from <= at
            && at < standing.until
        {
            return standing.tariff;
        }
        let found = self.price(account).map(|price| (tariff_of(&price.quote(at), &price), price.next_change(at)));
        let (tariff, until) = match found {
            Some((tariff, until)) => (Some(TariffId(self.tariffs.number(&tariff))), until.unwrap_or(FOREVER)),
            None => (None, FOREVER),
        };
        self.standing[account.index()] = Some(Standing { from: at, until, tariff });
        tariff
    }

    /// Keeps how far the truth may lie from what was posted.
    fn note_doubts(&mut self, posting: &Posting, tariffs: &[TariffId]) {
        if posting.to < self.day_began {
            return;
        }
        if posting.timing == Timing::Estimated {
            let values = tariffs.iter().map(|tariff| self.tariff(*tariff).value(posting.tokens));
            let (low, high) = (values.clone().min().unwrap_or_default(), values.max().unwrap_or_default());
            self.estimate += (high - low).scaled(1, 2).unwrap_or_default();
        }
        if !posting.hits_known && posting.tokens.miss > Tokens::ZERO {
            self.unknown_hits = true;
            let doubt = tariffs.last().map(|tariff| self.tariff(*tariff).hit_doubt(posting.tokens.miss));
            self.doubt += doubt.unwrap_or_default();
        }
    }
}

fn tariff_of(quote: &Quote<'_>, price: &ModelPrice<'_>) -> Tariff {
    Tariff {
        list: Label::new(&quote.list.name),
        tier: Label::new(quote.tier),
        prices: quote.prices,
        paid: price.paid,
        overhead: None,
        book: 0,
    }
}

fn running_classes(posting: &Posting, end: Timestamp) -> Classes {
    let part = |tokens| Tokens::new(running(tokens, posting.from, posting.to, end));
    Classes { miss: part(posting.tokens.miss), hit: part(posting.tokens.hit), output: part(posting.tokens.output) }
}

fn difference(upto: Classes, done: Classes) -> Classes {
    Classes {
        miss: upto.miss.saturating_sub(done.miss),
        hit: upto.hit.saturating_sub(done.hit),
        output: upto.output.saturating_sub(done.output),
    }
}
