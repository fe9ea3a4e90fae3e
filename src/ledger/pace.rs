//! Revenue and cost per hour: recent postings divided by the time that they cover.

use super::Ledger;
use super::recent::{HourlyAverage, Recent};
use crate::units::{Moment, Money, Span};

/// Revenue and cost per hour at one moment, by account.
#[derive(Debug, Clone)]
pub struct Pace {
    span: Span,
    /// How long a source may be silent before its rate falls.
    patience: Span,
    earned: Vec<HourlyAverage>,
    owed: Vec<HourlyAverage>,
    /// Whether each cost account has a rate of energy.
    has_energy: Vec<bool>,
    /// The longest time that any of the rates covers.
    covers: Span,
}

impl Pace {
    /// Rates over `span`, or over the covered part of it. A silence of up to `patience` does not lower a rate; a longer one
    /// counts as time without postings.
    pub const fn new(span: Span, patience: Span) -> Self {
        Self { span, patience, earned: Vec::new(), owed: Vec::new(), has_energy: Vec::new(), covers: Span::ZERO }
    }

    /// Sets for how long a silence does not lower a rate.
    pub const fn set_patience(&mut self, patience: Span) {
        self.patience = patience;
    }

    /// Computes the rates at a moment.
    pub fn mark(&mut self, ledger: &Ledger, at: Moment) {
        let lately = ledger.lately();
        let when = (at.wall, &lately.answered);
        let rate = |recent: &Recent| recent.rate(when, self.span, self.patience).unwrap_or_default();
        self.earned = lately.earned.iter().map(rate).collect();
        let of_time = |recent: &Recent| recent.rate_of_time(when, self.span, self.patience).unwrap_or_default();
        let owed = lately.owed.iter().zip(&lately.energy);
        self.owed = owed.map(|(time, energy)| of_time(time).with(rate(energy))).collect();
        self.has_energy = lately.energy.iter().map(|energy| !energy.is_empty()).collect();
        let covers = self.earned.iter().chain(&self.owed).map(|rate| rate.covers);
        self.covers = covers.max().unwrap_or(Span::ZERO);
    }

    /// The longest time that any rate covers; `None` before the first rate.
    pub fn window(&self) -> Option<Span> {
        (self.covers > Span::ZERO).then_some(self.covers)
    }

    /// Whether all rates cover less than half of the span.
    pub fn is_young(&self) -> bool {
        self.covers.millis() * 2 < self.span.millis()
    }

    /// The revenue of an account per hour.
    pub fn earned_per_hour(&self, account: usize) -> Option<Money> {
        self.window()?;
        self.earned.get(account).map(|rate| rate.per_hour)
    }

    /// Whether energy of a cost account was posted lately, so that its cost per hour includes it.
    pub fn has_energy(&self, cost_account: usize) -> bool {
        self.has_energy.get(cost_account).copied().unwrap_or_default()
    }

    /// The cost of a cost account per hour.
    pub fn owed_per_hour(&self, cost_account: usize) -> Option<Money> {
        self.window()?;
        self.owed.get(cost_account).map(|rate| rate.per_hour)
    }
}
