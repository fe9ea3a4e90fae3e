//! The uncertainty of what was posted: unknown hits, tokens of gaps over price edges, lost windows.

use super::{Entry, Ledger, Posting, Timing, Uncertainty};
use crate::units::{Money, Timestamp, Tokens};

impl Ledger {
    /// Counts a window in which tokens may be missing.
    pub fn lose_window(&mut self, at: Timestamp) {
        self.doubt(at.minute(), Uncertainty { lost_windows: 1, ..Uncertainty::default() });
    }

    /// Takes back a window that turned out to lack no tokens.
    pub fn regain_window(&mut self, at: Timestamp) {
        self.doubt(at.minute(), Uncertainty { lost_windows: -1, ..Uncertainty::default() });
    }

    /// How far the day's true total may lie from what was posted.
    pub fn uncertainty(&self) -> Uncertainty {
        self.uncertainty
    }

    /// Records the uncertainty of the time of a posting's tokens.
    pub(super) fn note_uncertainty(&mut self, posting: &Posting, lines: &[Entry]) {
        if posting.timing != Timing::Estimated {
            return;
        }
        let tariffs = lines.iter().filter_map(|line| line.tariff);
        let values = tariffs.map(|tariff| self.tariff(tariff).value(posting.tokens));
        let (low, high) = (values.clone().min().unwrap_or_default(), values.max().unwrap_or_default());
        let timing = (high - low).scaled(1, 2).unwrap_or_default();
        if !timing.is_zero() {
            self.doubt(posting.last_minute(), Uncertainty { timing, ..Uncertainty::default() });
        }
    }

    /// Records what an entry's unknown hits could take off.
    pub(super) fn note_unknown_hits(&mut self, entry: &Entry) {
        let amount = self.hit_uncertainty(entry);
        self.change_unknown_hits(entry.minute, amount);
    }

    /// Takes back what an entry's unknown hits could take off: they are known, or the entry is taken back.
    pub(crate) fn settle_hits(&mut self, entry: &Entry) {
        let amount = self.hit_uncertainty(entry);
        self.change_unknown_hits(entry.minute, -amount);
    }

    /// Records the same of an entry of an accepted dispute: the store has already written it.
    pub(super) fn accept_unknown_hits(&mut self, entry: &Entry) {
        if entry.minute >= self.day_began.minute() {
            self.uncertainty += Uncertainty { hits: micros_up(self.hit_uncertainty(entry)), ..Uncertainty::default() };
        }
    }

    fn hit_uncertainty(&self, entry: &Entry) -> Money {
        let tariff = entry.tariff.filter(|_| entry.unsure > Tokens::ZERO);
        tariff.map_or(Money::ZERO, |tariff| self.tariff(tariff).hit_uncertainty(entry.unsure))
    }

    /// Changes what unknown hits could take off a minute. A file keeps whole millionths, so the sum is rounded and not each
    /// change: what is taken back leaves nothing.
    fn change_unknown_hits(&mut self, minute: Timestamp, amount: Money) {
        if self.closed || amount.is_zero() {
            return;
        }
        let sum = self.unknown_hits.entry(minute).or_default();
        let before = *sum;
        *sum += amount;
        let hits = micros_up(*sum) - micros_up(before);
        self.doubt(minute, Uncertainty { hits, ..Uncertainty::default() });
    }

    fn doubt(&mut self, minute: Timestamp, uncertainty: Uncertainty) {
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
