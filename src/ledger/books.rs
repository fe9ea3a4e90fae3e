//! The ledger itself: postings in; today's sheet, running sums and what must be kept out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::table::Table;
use super::tariffs::Tariffs;
use super::{
    Account, AccountId, DoubtCell, Doubts, Entry, Journal, Landlord, LandlordId, Marker, Posting, RentCell, RentChange,
    Sheet, Tariff, TariffId, Timing, TokenCell, TokenChange, cut_minutes,
};
use crate::pricing::Book;
use crate::units::{GpuTime, Money, Share, Span, Timestamp, Tokens};

/// How long minutes are kept apart; older ones are in the day's sheet only.
const MINUTES_KEPT: Span = Span::from_secs(3600);
/// How many named moments are known, so as not to be named again.
const MARKED: usize = 64;
/// What running sums follow: of anything longer, only the average of so long is new.
const RECENT: Span = Span::from_secs(60);

/// What was kept of a ledger: its tables, the day so far, and its last minutes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Accounts by number.
    pub accounts: Vec<Account>,
    /// Landlords by number.
    pub landlords: Vec<Landlord>,
    /// Tariffs by number.
    pub tariffs: Vec<Tariff>,
    /// The day's tokens.
    pub tokens: Vec<TokenCell>,
    /// The day's rent.
    pub rents: Vec<RentCell>,
    /// The day's doubts.
    pub doubts: Vec<DoubtCell>,
    /// Tokens of the last minutes.
    pub minute_tokens: Vec<TokenCell>,
    /// Rent of the last minutes.
    pub minute_rents: Vec<RentCell>,
}

/// The ledger of one currency.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    recent: Span,
    accounts: Table<Account>,
    landlords: Table<Landlord>,
    tariffs: Tariffs,
    day_began: Timestamp,
    today: Sheet,
    doubts: Doubts,
    minutes: BTreeMap<Timestamp, Sheet>,
    touched: BTreeSet<Timestamp>,
    earned: Vec<Money>,
    owed: Vec<Money>,
    journal: Option<Journal>,
    /// The last moments that were named: what many accounts see at once is named once.
    marked: VecDeque<Marker>,
    closed: bool,
}

impl Ledger {
    /// An empty ledger that prices by `book`, whose day began at `day_began`.
    pub fn new(book: Book, day_began: Timestamp) -> Self {
        Self { tariffs: Tariffs::new(book), day_began, recent: RECENT, ..Self::default() }
    }

    /// Follows the recent past over `recent` instead of a minute.
    #[must_use]
    pub fn following(self, recent: Span) -> Self {
        Self { recent, ..self }
    }

    /// Takes a share of what is earned as overhead.
    #[must_use]
    pub fn with_overhead(mut self, overhead: Option<Share>) -> Self {
        self.tariffs.overhead = overhead;
        self
    }

    /// From now on, what is written is also noted, to be handed on.
    pub fn keep_journal(&mut self) {
        self.journal.get_or_insert_default();
    }

    /// Hands on what was written since this was last asked; `None` if no journal is kept.
    pub fn hand_on(&mut self) -> Option<Journal> {
        let mut journal = std::mem::take(self.journal.as_mut()?);
        journal.accounts = self.accounts.hand_on();
        journal.landlords = self.landlords.hand_on();
        journal.tariffs = self.tariffs.hand_on();
        Some(journal)
    }

    /// Goes on from what was kept. The day's sheet is replaced; what is not handed on yet is dropped with it.
    pub fn recall(&mut self, kept: Kept) {
        self.today = Sheet::default();
        self.today.recall(&kept.tokens, &kept.rents);
        self.doubts = kept.doubts.iter().fold(Doubts::default(), |mut sum, cell| {
            sum += Doubts { timing: cell.timing, hits: cell.hits, lost_windows: cell.lost_windows };
            sum
        });
        self.minutes.clear();
        for cell in &kept.minute_tokens {
            self.minutes.entry(cell.bucket).or_default().recall(std::slice::from_ref(cell), &[]);
        }
        for cell in &kept.minute_rents {
            self.minutes.entry(cell.bucket).or_default().recall(&[], std::slice::from_ref(cell));
        }
        self.accounts = Table::of(kept.accounts);
        self.landlords = Table::of(kept.landlords);
        self.tariffs.recall(kept.tariffs);
        self.sum_up();
        if let Some(journal) = &mut self.journal {
            *journal = Journal::default();
        }
    }

    /// Closes the ledger: somebody else keeps it, and nothing is posted here. Or opens it again.
    pub fn set_closed(&mut self, closed: bool) {
        self.closed = closed;
    }

    /// Whether somebody else keeps it.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The price book.
    pub fn book(&self) -> &Book {
        self.tariffs.book()
    }

    /// The number of an account.
    pub fn account(&mut self, account: &Account) -> AccountId {
        let id = AccountId(self.accounts.number(account));
        self.earned.resize(self.accounts.rows().len(), Money::ZERO);
        id
    }

    /// The number of a landlord.
    pub fn landlord(&mut self, landlord: &Landlord) -> LandlordId {
        let id = LandlordId(self.landlords.number(landlord));
        self.owed.resize(self.landlords.rows().len(), Money::ZERO);
        id
    }

    /// Accounts by number.
    pub fn accounts(&self) -> &[Account] {
        self.accounts.rows()
    }

    /// Landlords by number.
    pub fn landlords(&self) -> &[Landlord] {
        self.landlords.rows()
    }

    /// A tariff by number.
    pub fn tariff(&self, id: TariffId) -> &Tariff {
        self.tariffs.of(id)
    }

    /// Posts tokens: spread evenly over the interval, cut at price edges and minutes. `entry` is told each line.
    pub fn post(&mut self, posting: &Posting, mut entry: impl FnMut(Entry)) {
        if posting.tokens.is_zero() || self.closed {
            return;
        }
        let account = &self.accounts.rows()[posting.account.index()];
        let mut cuts = self.tariffs.edges(posting.account, account, posting.from, posting.to);
        cuts.extend(cut_minutes(posting.from, posting.to));
        cuts.sort_unstable();
        cuts.dedup();
        let (mut from, mut done, mut earned) = (posting.from, super::Classes::default(), Money::ZERO);
        let mut tariffs = Vec::with_capacity(cuts.len() + 1);
        for end in cuts.into_iter().chain([posting.to]) {
            let upto = posting.upto(end);
            let tariff = self.tariff_at(posting.account, from);
            let line = Entry { account: posting.account, tariff, minute: from.minute(), tokens: upto.less(done) };
            if !line.tokens.is_zero() {
                earned += tariff.map_or(Money::ZERO, |tariff| self.tariff(tariff).value(line.tokens));
                self.write(line);
                entry(line);
            }
            tariffs.extend(tariff);
            (from, done) = (end, upto);
        }
        let earned = self.recent_part(earned, posting.to - posting.from);
        self.earned[posting.account.index()] += earned;
        self.note_doubts(posting, &tariffs);
    }

    /// Takes lines back that were posted before: a counter-entry.
    pub fn reverse(&mut self, entries: &[Entry]) {
        for entry in entries.iter().filter(|_| !self.closed) {
            let tariff = entry.tariff.map(|tariff| self.tariff(tariff));
            let value = tariff.map_or(Money::ZERO, |tariff| tariff.value(entry.tokens));
            self.earned[entry.account.index()] -= value;
            if entry.minute >= self.day_began.minute() {
                self.today.take_back(entry.account, entry.tariff, entry.tokens);
            }
            self.minutes.entry(entry.minute).or_default().take_back(entry.account, entry.tariff, entry.tokens);
            self.touched.insert(entry.minute);
            if let Some(journal) = &mut self.journal {
                let key = (entry.minute, entry.account, entry.tariff);
                *journal.tokens.entry(key).or_default() += TokenChange::taken_back(entry.tokens);
            }
        }
    }

    /// Posts the rent of `gpus` GPUs held from one instant to another.
    pub fn rent(&mut self, landlord: LandlordId, gpus: u32, from: Timestamp, to: Timestamp) {
        self.write_rent(landlord, gpus, from, to, 1);
    }

    /// Takes rent back that was posted for GPUs which turn out to have been released before: a counter-entry.
    pub fn refund(&mut self, landlord: LandlordId, gpus: u32, from: Timestamp, to: Timestamp) {
        self.write_rent(landlord, gpus, from, to, -1);
    }

    /// Posts energy that was drawn between two instants, in millijoules, spread evenly.
    pub fn meter(&mut self, landlord: LandlordId, drawn: i64, from: Timestamp, to: Timestamp) {
        let drawn = Tokens::new(u64::try_from(drawn).unwrap_or_default());
        let cuts: Vec<Timestamp> = cut_minutes(from, to).collect();
        let parts = super::apportion(drawn, from, to, &cuts);
        for (start, part) in std::iter::once(from).chain(cuts).zip(parts) {
            let energy = i64::try_from(part.count()).unwrap_or(i64::MAX);
            self.charge(landlord, start, RentChange { energy, ..RentChange::default() });
        }
        let power = self.landlords.rows()[landlord.index()].power.filter(|_| !self.closed);
        let owed = power.map_or(Money::ZERO, |power| power.of(drawn.count().into()));
        let owed = self.recent_part(owed, to - from);
        self.owed[landlord.index()] += owed;
    }

    /// Posts time and energy that belong to one minute: a line at a lease's end, a meter's reading.
    pub fn charge(&mut self, landlord: LandlordId, at: Timestamp, change: RentChange) {
        if self.closed {
            return;
        }
        let minute = at.minute();
        if minute >= self.day_began.minute() {
            change_rent(&mut self.today, landlord, change);
        }
        change_rent(self.minutes.entry(minute).or_default(), landlord, change);
        self.touched.insert(minute);
        if let Some(journal) = &mut self.journal {
            *journal.rents.entry((minute, landlord)).or_default() += change;
        }
    }

    /// Judges how much of a landlord's minute was idle.
    pub fn judge_idle(&mut self, minute: Timestamp, landlord: LandlordId, idle: GpuTime) {
        let Some(sheet) = self.minutes.get_mut(&minute).filter(|_| !self.closed) else { return };
        let line = sheet.rented_mut(landlord);
        let change = RentChange { idle: idle.millis() - line.idle.millis(), ..RentChange::default() };
        if change.idle == 0 {
            return;
        }
        line.idle = idle;
        if minute >= self.day_began.minute() {
            change_rent(&mut self.today, landlord, change);
        }
        if let Some(journal) = &mut self.journal {
            *journal.rents.entry((minute, landlord)).or_default() += change;
        }
    }

    /// Counts windows of which tokens may be missing.
    pub fn lose_window(&mut self, at: Timestamp) {
        self.doubt(at.minute(), Doubts { lost_windows: 1, ..Doubts::default() });
    }

    /// Names a moment, once.
    pub fn mark(&mut self, marker: Marker) {
        if let Some(journal) = self.journal.as_mut().filter(|_| !self.closed && !self.marked.contains(&marker)) {
            journal.markers.push(marker.clone());
            self.marked.push_front(marker);
            self.marked.truncate(MARKED);
        }
    }

    /// Notes a span that nobody watched.
    pub fn note_unwatched(&mut self, from: Timestamp, to: Timestamp) {
        if let Some(journal) = self.journal.as_mut().filter(|_| !self.closed) {
            journal.unwatched.push((from, to));
        }
    }

    /// Begins a new day's sheet.
    pub fn begin_day(&mut self, began: Timestamp) {
        self.day_began = began;
        self.today = Sheet::default();
        self.doubts = Doubts::default();
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

    /// What each account has earned of late, by number: running sums whose differences are the present's pace. What was
    /// made over longer than the recent past adds its average.
    pub fn earned(&self) -> &[Money] {
        &self.earned
    }

    /// What each landlord is owed of late, by number, likewise.
    pub fn owed(&self) -> &[Money] {
        &self.owed
    }

    /// How far the truth of the day may lie from what was posted.
    pub fn doubts(&self) -> Doubts {
        self.doubts
    }

    /// Takes the day's sums as the running ones.
    fn sum_up(&mut self) {
        self.earned = vec![Money::ZERO; self.accounts.rows().len()];
        self.owed = vec![Money::ZERO; self.landlords.rows().len()];
        for (account, tariff, tokens) in self.today.tokens() {
            let value = tariff.map(|tariff| self.tariffs.of(tariff).value(tokens));
            self.earned[account.index()] += value.unwrap_or_default();
        }
        for (landlord, rented) in self.today.rents() {
            let owed = self.landlords.rows()[landlord.index()].cost_of(rented);
            self.owed[landlord.index()] += owed.unwrap_or_default();
        }
    }

    fn recent_part(&self, amount: Money, over: Span) -> Money {
        if over <= self.recent {
            return amount;
        }
        amount.scaled(self.recent.millis(), over.millis()).unwrap_or_default()
    }

    fn write(&mut self, line: Entry) {
        if line.minute >= self.day_began.minute() {
            self.today.add_tokens(line.account, line.tariff, line.tokens);
        }
        self.minutes.entry(line.minute).or_default().add_tokens(line.account, line.tariff, line.tokens);
        self.touched.insert(line.minute);
        if let Some(journal) = &mut self.journal {
            let key = (line.minute, line.account, line.tariff);
            *journal.tokens.entry(key).or_default() += TokenChange::added(line.tokens);
        }
    }

    fn write_rent(&mut self, landlord: LandlordId, gpus: u32, from: Timestamp, to: Timestamp, sign: i64) {
        if self.closed {
            return;
        }
        let mut start = from;
        for end in cut_minutes(from, to).chain([to]) {
            let held = GpuTime::of(gpus, end - start).millis() * sign;
            self.charge(landlord, start, RentChange { held, ..RentChange::default() });
            start = end;
        }
        if let Some(rate) = self.landlords.rows()[landlord.index()].rate {
            let owed = self.recent_part(rate.of(GpuTime::of(gpus, to - from)), to - from);
            self.owed[landlord.index()] += if sign < 0 { -owed } else { owed };
        }
    }

    /// The tariff of an account at an instant; `None` is "unpriced". A change of it is a named moment.
    pub fn tariff_at(&mut self, account: AccountId, at: Timestamp) -> Option<TariffId> {
        let (tariff, change) = self.tariffs.at(account, &self.accounts.rows()[account.index()], at);
        if let Some(change) = change {
            self.mark(change);
        }
        tariff
    }

    /// Keeps how far the truth may lie from what was posted.
    fn note_doubts(&mut self, posting: &Posting, tariffs: &[TariffId]) {
        let mut doubts = Doubts::default();
        if posting.timing == Timing::Estimated {
            let values = tariffs.iter().map(|tariff| self.tariff(*tariff).value(posting.tokens));
            let (low, high) = (values.clone().min().unwrap_or_default(), values.max().unwrap_or_default());
            doubts.timing = (high - low).scaled(1, 2).unwrap_or_default();
        }
        if !posting.hits_known && posting.tokens.miss > Tokens::ZERO {
            let doubt = tariffs.last().map(|tariff| self.tariff(*tariff).hit_doubt(posting.tokens.miss));
            doubts.hits = doubt.unwrap_or_default();
        }
        if doubts != Doubts::default() {
            self.doubt(posting.last_minute(), doubts);
        }
    }

    fn doubt(&mut self, minute: Timestamp, doubts: Doubts) {
        if self.closed {
            return;
        }
        if minute >= self.day_began.minute() {
            self.doubts += doubts;
        }
        if let Some(journal) = &mut self.journal {
            *journal.doubts.entry(minute).or_default() += doubts;
        }
    }
}

fn change_rent(sheet: &mut Sheet, landlord: LandlordId, change: RentChange) {
    let line = sheet.rented_mut(landlord);
    line.held = line.held.plus_millis(change.held);
    line.idle = line.idle.plus_millis(change.idle);
    line.energy += change.energy;
}
