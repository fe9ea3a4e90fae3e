//! The uncertainty of postings: unknown hits, tokens of gaps that span price changes, lost windows.

use super::{Entry, Ledger, Posting, Timing, Uncertainty};
use crate::units::{Money, Timestamp, Tokens};

impl Ledger {
    /// Counts a window in which tokens may be missing.
    pub fn lose_window(&mut self, at: Timestamp) {
        self.add_uncertainty(at.minute(), Uncertainty { lost_windows: 1, ..Uncertainty::default() });
    }

    /// Removes a lost window that turned out to be complete.
    pub fn regain_window(&mut self, at: Timestamp) {
        self.add_uncertainty(at.minute(), Uncertainty { lost_windows: -1, ..Uncertainty::default() });
    }

    /// The bounds of the difference between the day's true total and the posted one.
    pub fn uncertainty(&self) -> Uncertainty {
        self.uncertainty
    }

    /// Records the uncertainty of the time of a posting's tokens.
    pub(crate) fn note_uncertainty(&mut self, posting: &Posting, lines: &[Entry]) {
        if posting.timing != Timing::Estimated {
            return;
        }
        let tariffs = lines.iter().filter_map(|line| line.tariff);
        let values = tariffs.map(|tariff| self.tariff(tariff).value(posting.tokens));
        let (low, high) = (values.clone().min().unwrap_or_default(), values.max().unwrap_or_default());
        let timing = (high - low).scaled(1, 2).unwrap_or_default();
        if !timing.is_zero() {
            self.add_uncertainty(posting.last_minute(), Uncertainty { timing, ..Uncertainty::default() });
        }
    }

    /// Records the uncertainty of a posting whose tokens may have been produced since an earlier instant, at other prices.
    pub(crate) fn note_price_uncertainty(&mut self, posting: &Posting, since: Timestamp) {
        if posting.tokens.is_zero() {
            return;
        }
        let account = &self.accounts.rows()[posting.account.index()];
        let edges = self.tariffs.edges(posting.account, account, since, posting.to);
        if edges.is_empty() {
            return;
        }
        let tariffs: Vec<_> =
            std::iter::once(since).chain(edges).map(|at| self.tariff_at(posting.account, at)).collect();
        let values = tariffs.into_iter().flatten().map(|tariff| self.tariff(tariff).value(posting.tokens));
        let (low, high) = (values.clone().min().unwrap_or_default(), values.max().unwrap_or_default());
        let timing = high - low;
        self.add_uncertainty(posting.last_minute(), Uncertainty { timing, ..Uncertainty::default() });
    }

    /// Records by how much an entry may be too high.
    pub(super) fn note_excess(&mut self, entry: &Entry) {
        let amount = self.excess(entry);
        self.change_excess(entry.minute, amount);
    }

    /// Removes the excess of an entry, since its hits are known or it is reversed.
    pub(crate) fn settle_excess(&mut self, entry: &Entry) {
        let amount = self.excess(entry);
        self.change_excess(entry.minute, -amount);
    }

    /// Marks entries as unproven: they may have been produced before the source was observed.
    pub(crate) fn mark_unproven(&mut self, entries: &mut [Entry]) {
        for entry in entries {
            self.settle_excess(entry);
            entry.unproven = true;
            self.note_excess(entry);
        }
    }

    /// Records the excess of an entry of an accepted dispute, which the store has written already.
    pub(super) fn accept_excess(&mut self, entry: &Entry) {
        if entry.minute >= self.day_began.minute() {
            self.uncertainty += Uncertainty { excess: micros_up(self.excess(entry)), ..Uncertainty::default() };
        }
    }

    fn excess(&self, entry: &Entry) -> Money {
        let tariff = entry.tariff.filter(|_| entry.unproven || entry.unsure > Tokens::ZERO);
        tariff.map_or(Money::ZERO, |tariff| match self.tariff(tariff) {
            tariff if entry.unproven => tariff.value(entry.tokens),
            tariff => tariff.hit_uncertainty(entry.unsure),
        })
    }

    /// Changes by how much a minute may be too high. A file has millionths, so the sum is rounded instead of each change: a
    /// reversal leaves nothing behind.
    pub(crate) fn change_excess(&mut self, minute: Timestamp, amount: Money) {
        if self.closed || amount.is_zero() {
            return;
        }
        let sum = self.excess.entry(minute).or_default();
        let before = *sum;
        *sum += amount;
        let excess = micros_up(*sum) - micros_up(before);
        self.add_uncertainty(minute, Uncertainty { excess, ..Uncertainty::default() });
    }

    fn add_uncertainty(&mut self, minute: Timestamp, uncertainty: Uncertainty) {
        if self.closed || uncertainty == Uncertainty::default() {
            return;
        }
        if minute >= self.day_began.minute() {
            self.uncertainty += uncertainty;
        }
        if let Some(pending) = &mut self.pending {
            *pending.uncertainty.entry(minute).or_default() += uncertainty;
        }
    }
}

/// Whole millionths of the currency, rounded away from zero.
fn micros_up(amount: Money) -> Money {
    let micro = Money::from_micros(1).grains();
    let grains = amount.grains();
    let up = (grains.abs() + micro - 1).div_euclid(micro) * micro;
    Money::from_grains(up * grains.signum())
}
