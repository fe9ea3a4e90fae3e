//! The ledger: accepts postings, and keeps the day's sums, running sums and the changes to save.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::moved::MovedMinutes;
use super::posted::Posted;
use super::recent::{Recent, RecentPostings};
use super::table::NumberedRows;
use super::tariffs::Tariffs;
use super::{
    Classes, CostAccount, CostAccountId, Dispute, Entry, Marker, PendingPostings, Posting, PostingSource, PostingSums,
    RevenueAccount, RevenueAccountId, SloMinutes, Tariff, TariffId, TokenChange, Uncertainty, cut_minutes,
};
use crate::pricing::Book;
use crate::reading::{Label, NodeName};
use crate::units::{Money, Share, Span, Timestamp, Tokens};

/// How long minutes are kept separately. Older ones are only in the day's sums.
const MINUTES_KEPT: Span = Span::from_secs(3600);
/// The number of latest markers that are kept to avoid duplicates.
const MARKED: usize = 64;
/// The span of the running sums. A posting over a longer interval adds its average over this span.
const RECENT: Span = Span::from_secs(60);

/// The ledger of one currency.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    pub(super) recent: Span,
    pub(super) accounts: NumberedRows<RevenueAccount>,
    pub(super) cost_accounts: NumberedRows<CostAccount>,
    pub(super) tariffs: Tariffs,
    pub(super) day_began: Timestamp,
    pub(super) today: PostingSums,
    pub(super) uncertainty: Uncertainty,
    /// By how much each of the latest minutes may be too high.
    pub(super) excess: BTreeMap<Timestamp, Money>,
    pub(super) minutes: BTreeMap<Timestamp, PostingSums>,
    /// Minutes whose tokens were moved to other accounts.
    pub(super) moved: MovedMinutes,
    pub(super) touched: BTreeSet<Timestamp>,
    pub(super) earned: Vec<Money>,
    pub(super) owed: Vec<Money>,
    /// The recent revenue of each account and the recent cost of each cost account, with the time that they cover.
    pub(super) lately: RecentPostings,
    pub(super) pending: Option<PendingPostings>,
    /// The latest markers. An event reported by many accounts at once is marked once.
    marked: VecDeque<Marker>,
    pub(super) closed: bool,
    /// The totals posted since the day began, to keep every sum in range.
    pub(super) posted: Posted,
    /// Open disputes.
    pub(super) disputes: Vec<Dispute>,
    /// The latest accepted disputes, which the counters may still revert.
    pub(super) accepted: VecDeque<Dispute>,
    /// The number of the latest dispute.
    pub(super) last_dispute: u64,
}

impl Ledger {
    /// An empty ledger that prices by `book`, whose day began at `day_began`.
    pub fn new(book: Book, day_began: Timestamp) -> Self {
        Self { tariffs: Tariffs::new(book), day_began, recent: RECENT, ..Self::default() }
    }

    /// Sets the span of the running sums, a minute by default.
    #[must_use]
    pub fn following(self, recent: Span) -> Self {
        Self { recent, ..self }
    }

    /// Sets the share of revenue that is overhead.
    #[must_use]
    pub fn with_overhead(mut self, overhead: Option<Share>) -> Self {
        self.tariffs.overhead = overhead;
        self
    }

    /// Starts recording changes: from now on every change is also kept for saving.
    pub fn record_changes(&mut self) {
        self.pending.get_or_insert_default();
    }

    /// Takes the changes since the last call; `None` if changes are not recorded.
    pub fn take_changes(&mut self) -> Option<PendingPostings> {
        let mut pending = std::mem::take(self.pending.as_mut()?);
        pending.accounts = self.accounts.take_changes();
        pending.cost_accounts = self.cost_accounts.take_changes();
        pending.tariffs = self.tariffs.take_changes();
        Some(pending)
    }

    /// The price book.
    pub fn book(&self) -> &Book {
        self.tariffs.book()
    }

    /// The number of an account.
    pub fn account(&mut self, account: &RevenueAccount) -> RevenueAccountId {
        let id = RevenueAccountId(self.accounts.number(account));
        self.earned.resize(self.accounts.rows().len(), Money::ZERO);
        self.lately.earned.resize_with(self.accounts.rows().len(), Recent::default);
        id
    }

    /// The number of a cost account.
    pub fn cost_account(&mut self, cost_account: &CostAccount) -> CostAccountId {
        let id = CostAccountId(self.cost_accounts.number(cost_account));
        self.owed.resize(self.cost_accounts.rows().len(), Money::ZERO);
        self.lately.owed.resize_with(self.cost_accounts.rows().len(), Recent::default);
        self.lately.energy.resize_with(self.cost_accounts.rows().len(), Recent::default);
        id
    }

    /// Accounts by number.
    pub fn accounts(&self) -> &[RevenueAccount] {
        self.accounts.rows()
    }

    /// Cost accounts by number.
    pub fn cost_accounts(&self) -> &[CostAccount] {
        self.cost_accounts.rows()
    }

    /// Tariffs by number.
    pub fn tariffs(&self) -> &[Tariff] {
        self.tariffs.all()
    }

    /// A tariff by number.
    pub fn tariff(&self, id: TariffId) -> &Tariff {
        self.tariffs.of(id)
    }

    /// The entries that a posting would create: its tokens spread evenly over the interval and split at price changes and
    /// minutes. Writes nothing.
    pub fn draft(&mut self, posting: &Posting) -> Vec<Entry> {
        let mut entries = self.lines(posting, posting);
        entries.retain(|entry| !entry.tokens.is_zero());
        entries
    }

    /// The entries of a posting, a part of `whole`, including empty ones, which the bounds of a gap need.
    fn lines(&mut self, posting: &Posting, whole: &Posting) -> Vec<Entry> {
        let account = &self.accounts.rows()[posting.account.index()];
        let mut cuts = self.tariffs.edges(posting.account, account, posting.from, posting.to);
        cuts.extend(cut_minutes(posting.from, posting.to));
        cuts.sort_unstable();
        cuts.dedup();
        // In an interval without length, the first part has all tokens.
        let before = if posting.from == whole.from { Classes::default() } else { whole.upto(posting.from) };
        let (mut from, mut done) = (posting.from, before);
        let mut entries = Vec::with_capacity(cuts.len() + 1);
        for end in cuts.into_iter().chain([posting.to]) {
            let upto = whole.upto(end);
            let tariff = self.tariff_at(posting.account, from);
            let tokens = upto.less(done);
            let unsure = if posting.hits_known { Tokens::ZERO } else { tokens.miss };
            let (account, minute) = (posting.account, from.minute());
            entries.push(Entry { account, tariff, minute, tokens, unsure, unproven: false });
            (from, done) = (end, upto);
        }
        entries
    }

    /// Posts tokens, spread evenly over the interval and split at price changes and minutes, and calls `entry` with each
    /// entry. A posting that would overflow the ledger is refused as a whole, with a marker. A posting of no tokens writes
    /// nothing but records that the account was observed, so that its rate covers the time.
    pub fn post(&mut self, posting: &Posting, entry: impl FnMut(Entry)) {
        self.post_part(posting, posting, entry);
    }

    /// Posts tokens of a time for which others are posted already: they increase the rate of that whole time.
    pub(crate) fn post_late(&mut self, posting: &Posting, mut entry: impl FnMut(Entry)) {
        let lines = self.lines(posting, posting);
        let Some(earned) = self.admit(&lines) else { return self.refuse(posting) };
        let Posting { from, to, source, .. } = *posting;
        self.lately.earned[posting.account.index()].spread(source, earned, (from, to), self.recent);
        self.enter(posting, &lines, earned, &mut entry);
    }

    /// Records that a posting to an account was produced by a process that began in its interval at an unknown instant, so
    /// that the posting alone has no rate.
    pub(crate) fn note_beginning(
        &mut self,
        source: PostingSource,
        account: RevenueAccountId,
        span: (Timestamp, Timestamp),
    ) {
        self.lately.earned[account.index()].begin(source, span);
    }

    /// Reduces a source's rate by an amount that was posted for a time and turned out too high.
    pub(crate) fn lower_rate(
        &mut self,
        source: PostingSource,
        account: RevenueAccountId,
        by: Money,
        span: (Timestamp, Timestamp),
    ) {
        self.lately.earned[account.index()].lower(source, by, span);
    }

    /// The value of entries at their tariffs.
    pub(crate) fn worth_of(&self, entries: &[Entry]) -> Money {
        entries.iter().map(|entry| self.worth(entry)).sum()
    }

    /// Records that sources have ended, so that they have no rate.
    pub(crate) fn end_sources(&mut self, has_ended: impl Fn(PostingSource) -> bool) {
        self.lately.earned.iter_mut().for_each(|recent| recent.end(&has_ended));
    }

    /// Records that a source which posted to an account, or to several (`None`), has ended.
    pub(crate) fn end_source(&mut self, source: PostingSource, account: Option<RevenueAccountId>) {
        self.of_source(account).for_each(|recent| recent.end_one(source));
    }

    /// Records that all sources of a row have ended.
    pub(crate) fn end_row(&mut self, row: u64, account: Option<RevenueAccountId>) {
        self.of_source(account).for_each(|recent| drop(recent.take_row(row)));
    }

    /// The recent postings of one account, or of all.
    fn of_source(&mut self, account: Option<RevenueAccountId>) -> impl Iterator<Item = &mut Recent> {
        let all = account.map_or(0..self.lately.earned.len(), |account| account.index()..account.index() + 1);
        self.lately.earned.get_mut(all).into_iter().flatten()
    }

    /// Records that an address answered: its processes without postings were not silent.
    pub(crate) fn hear_address(&mut self, address: u64, at: Timestamp) {
        self.lately.answered.insert(address, at);
    }

    /// Records that what a source posted last was produced since an instant: its rate is over that time.
    pub(crate) fn stretch_rate(&mut self, source: PostingSource, account: Option<RevenueAccountId>, since: Timestamp) {
        self.of_source(account).for_each(|recent| recent.stretch(source, since));
    }

    /// Records that a process replaced the others of a row: its rate continues that of the last of them.
    pub(crate) fn replace_source(&mut self, source: PostingSource, account: Option<RevenueAccountId>) {
        self.of_source(account).for_each(|recent| recent.replace(source));
    }

    /// Whether a source's postings to an account have a rate.
    pub(crate) fn has_rate(&self, source: PostingSource, account: RevenueAccountId) -> bool {
        self.lately.earned.get(account.index()).is_some_and(|recent| recent.has(source))
    }

    /// Posts a part of a posting: the tokens up to an instant are those of the whole up to it, wherever the whole is split.
    pub(crate) fn post_part(&mut self, posting: &Posting, whole: &Posting, mut entry: impl FnMut(Entry)) {
        if posting.tokens.is_zero() {
            self.note_earned(posting, Money::ZERO);
            return;
        }
        let lines = self.lines(posting, whole);
        let Some(earned) = self.admit(&lines) else { return self.refuse(posting) };
        self.note_earned(posting, earned);
        self.enter(posting, &lines, earned, &mut entry);
    }

    /// Writes the entries of an admitted posting.
    fn enter(&mut self, posting: &Posting, lines: &[Entry], earned: Money, entry: &mut impl FnMut(Entry)) {
        if self.closed {
            return;
        }
        for line in lines.iter().filter(|line| !line.tokens.is_zero()) {
            self.write(*line);
            entry(*line);
        }
        let earned = self.recent_part(earned, posting.to - posting.from);
        self.earned[posting.account.index()] += earned;
        self.note_uncertainty(posting, lines);
        for line in lines {
            self.note_excess(line);
        }
    }

    /// Reverses posted entries by counter-entries. The caller ends or reduces the rates of their sources.
    pub fn reverse(&mut self, entries: &[Entry]) {
        if self.closed {
            return;
        }
        for entry in entries {
            let entry = &self.moved.of(*entry);
            let worth = self.worth(entry);
            self.earned[entry.account.index()] -= worth;
            if entry.minute >= self.day_began.minute() {
                self.today.take_back(entry.account, entry.tariff, entry.tokens);
            }
            self.minutes.entry(entry.minute).or_default().take_back(entry.account, entry.tariff, entry.tokens);
            self.touched.insert(entry.minute);
            if let Some(pending) = &mut self.pending {
                let key = (entry.minute, entry.account, entry.tariff);
                *pending.tokens.entry(key).or_default() += TokenChange::taken_back(entry.tokens);
            }
            self.settle_excess(entry);
        }
    }

    /// Posts entries unchanged. With [`Ledger::reverse`], this moves tokens to another class at the same tariff in the same
    /// minute.
    pub fn repost(&mut self, entries: &[Entry]) {
        if self.closed || entries.is_empty() {
            return;
        }
        if self.admit(entries).is_none() {
            let (at, account) = (entries[0].minute, entries[0].account);
            return self.say_refused(at, account, entries.iter().map(|entry| entry.tokens.total()).sum());
        }
        for entry in entries {
            let entry = &self.moved.of(*entry);
            let worth = self.worth(entry);
            self.earned[entry.account.index()] += worth;
            self.write(*entry);
            self.note_excess(entry);
        }
    }

    /// Adds a marker, unless it is among the latest ones.
    pub fn mark(&mut self, marker: Marker) {
        if let Some(pending) = self.pending.as_mut().filter(|_| !self.closed && !self.marked.contains(&marker)) {
            pending.markers.push(marker.clone());
            self.marked.push_front(marker);
            self.marked.truncate(MARKED);
        }
    }

    /// Records a span in which nothing was observed.
    pub fn note_unwatched(&mut self, from: Timestamp, to: Timestamp) {
        if let Some(pending) = self.pending.as_mut().filter(|_| !self.closed) {
            pending.unwatched.push((from, to));
        }
    }

    /// Records whether a node's latency objectives were met in a minute.
    pub fn note_slo(&mut self, slo: &Label, node: &NodeName, minute: Timestamp, is_met: bool) {
        if let Some(pending) = self.pending.as_mut().filter(|_| !self.closed) {
            let quarter = minute - Span::from_millis(minute.millis().rem_euclid(900_000));
            let minutes = pending.slo_minutes.entry((slo.clone(), node.clone(), quarter)).or_default();
            *minutes = minutes.plus(SloMinutes::one(is_met));
        }
    }

    /// Begins the sums of a new day.
    pub fn begin_day(&mut self, began: Timestamp) {
        self.day_began = began;
        self.today = PostingSums::default();
        self.uncertainty = Uncertainty::default();
        self.posted = Posted::default();
    }

    /// Drops minutes that ended more than an hour before `now`.
    pub fn settle(&mut self, now: Timestamp) {
        let from = (now - MINUTES_KEPT).minute();
        self.minutes = self.minutes.split_off(&from);
        self.excess = self.excess.split_off(&from);
        self.moved.settle(from);
        self.lately.settle(now);
    }

    /// Shifts recent postings after the calendar was set by `step` relative to the boot clock.
    pub fn set_calendar(&mut self, step: Span) {
        self.lately.shift(step);
    }

    /// The day's sums.
    pub fn today(&self) -> &PostingSums {
        &self.today
    }

    /// When the day began.
    pub fn day_began(&self) -> Timestamp {
        self.day_began
    }

    /// The minutes of the last hour.
    pub fn minutes(&self) -> impl DoubleEndedIterator<Item = (Timestamp, &PostingSums)> {
        self.minutes.iter().map(|(minute, sums)| (*minute, sums))
    }

    /// Takes the kept minutes that were written to since the last call.
    pub fn take_touched(&mut self) -> BTreeSet<Timestamp> {
        std::mem::take(&mut self.touched)
    }

    /// The sums of a minute.
    pub fn minute_sums(&self, minute: Timestamp) -> Option<&PostingSums> {
        self.minutes.get(&minute)
    }

    /// The running revenue of each account, by number; the difference between two calls is the current revenue. A posting
    /// over a longer interval than the recent span adds its average.
    pub fn earned(&self) -> &[Money] {
        &self.earned
    }

    /// The running cost of each cost account, by number, computed the same way.
    pub fn owed(&self) -> &[Money] {
        &self.owed
    }

    /// The recent revenue and cost of each account, by number, with the time that they cover.
    pub(super) fn lately(&self) -> &RecentPostings {
        &self.lately
    }

    fn note_earned(&mut self, posting: &Posting, earned: Money) {
        let Posting { account, from, to, source, .. } = *posting;
        self.lately.earned[account.index()].add(source, earned, (from, to), self.recent);
    }

    /// The value of the entries; `None` if the ledger cannot hold them besides everything posted since the day began.
    fn admit(&mut self, lines: &[Entry]) -> Option<Money> {
        let (mut tokens, mut worth) = (Classes::default(), Money::ZERO);
        for line in lines {
            tokens = tokens.checked_add(line.tokens)?;
            let value = line.tariff.map_or(Some(Money::ZERO), |tariff| self.tariff(tariff).checked_value(line.tokens));
            worth = worth.checked_add(value?)?;
        }
        self.posted.admit(tokens, worth).then_some(worth)
    }

    /// The value of an entry; zero without a price.
    fn worth(&self, entry: &Entry) -> Money {
        entry.tariff.map_or(Money::ZERO, |tariff| self.tariff(tariff).value(entry.tokens))
    }

    fn refuse(&mut self, posting: &Posting) {
        let Classes { miss, hit, output } = posting.tokens;
        self.say_refused(posting.last_minute(), posting.account, miss + hit + output);
    }

    /// Adds a marker about tokens that the ledger cannot hold, and counts a lost window.
    fn say_refused(&mut self, at: Timestamp, account: RevenueAccountId, tokens: Tokens) {
        let RevenueAccount { node, model, .. } = &self.accounts.rows()[account.index()];
        let model = model.as_ref().map_or("an unnamed model", |model| model.as_str());
        let text =
            format!("{} tokens of {model} on {node} are more than a ledger can hold: not posted", tokens.count());
        self.mark(Marker { at, text: Label::new(&text) });
        self.lose_window(at);
    }

    /// Renames a node. Its past revenue and cost move to the new name.
    pub fn rename_node(&mut self, from: &NodeName, to: &NodeName) {
        self.accounts.change(|account| {
            if account.node == *from {
                account.node = to.clone();
            }
        });
        self.cost_accounts.change(|account| {
            if account.node.as_ref() == Some(from) {
                account.node = Some(to.clone());
            }
        });
        if let Some(pending) = self.pending.as_mut().filter(|_| !self.closed) {
            pending.renames.push((from.clone(), to.clone()));
        }
    }

    pub(super) fn recent_part(&self, amount: Money, over: Span) -> Money {
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
        if let Some(pending) = &mut self.pending {
            let key = (line.minute, line.account, line.tariff);
            *pending.tokens.entry(key).or_default() += TokenChange::added(line.tokens);
        }
    }

    /// Records that a source posted to `before` until `at`, and posts to `after` from then on.
    pub fn change_account(&mut self, source: PostingSource, [before, after]: [RevenueAccountId; 2], at: Timestamp) {
        if before == after {
            return;
        }
        let mut other = std::mem::take(&mut self.lately.earned[before.index()]);
        self.lately.earned[after.index()].adopt(&mut other, source, at);
        self.lately.earned[before.index()] = other;
    }

    /// The tariff of an account at an instant; `None` is "unpriced". A change of tariff adds a marker.
    pub fn tariff_at(&mut self, account: RevenueAccountId, at: Timestamp) -> Option<TariffId> {
        let (tariff, change) = self.tariffs.at(account, &self.accounts.rows()[account.index()], at);
        if let Some(change) = change {
            self.mark(change);
        }
        tariff
    }
}
