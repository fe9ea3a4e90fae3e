//! What is earned and owed an hour: what was posted of late over the time that it covers.

use super::Ledger;
use super::recent::{Rate, Recent};
use crate::units::{Moment, Money, Span};

/// Revenue and cost an hour at one moment, by account.
#[derive(Debug, Clone)]
pub struct Pace {
    span: Span,
    /// How long a source may be silent before it is taken to post nothing.
    patience: Span,
    earned: Vec<Rate>,
    owed: Vec<Rate>,
    /// The longest time that any of them is the mean of.
    covers: Span,
}

impl Pace {
    /// Rates over `span`, or as much of it as there is. A source that is silent for less than `patience` posts on; one that
    /// is silent for longer posts nothing meanwhile.
    pub const fn new(span: Span, patience: Span) -> Self {
        Self { span, patience, earned: Vec::new(), owed: Vec::new(), covers: Span::ZERO }
    }

    /// Takes the rates of now.
    pub fn mark(&mut self, ledger: &Ledger, at: Moment) {
        let rate = |recent: &Recent| recent.rate(at.wall, self.span, self.patience).unwrap_or_default();
        let lately = ledger.lately();
        self.earned = lately.earned.iter().map(rate).collect();
        self.owed = lately.owed.iter().map(rate).collect();
        let covers = self.earned.iter().chain(&self.owed).map(|rate| rate.covers);
        self.covers = covers.max().unwrap_or(Span::ZERO);
    }

    /// The longest time that any rate is taken over, once there is one.
    pub fn window(&self) -> Option<Span> {
        (self.covers > Span::ZERO).then_some(self.covers)
    }

    /// Whether all are taken over less than half of the span yet.
    pub fn is_young(&self) -> bool {
        self.covers.millis() * 2 < self.span.millis()
    }

    /// What an account earns an hour.
    pub fn earned_per_hour(&self, account: usize) -> Option<Money> {
        self.window()?;
        self.earned.get(account).map(|rate| rate.per_hour)
    }

    /// What a landlord is owed an hour.
    pub fn owed_per_hour(&self, landlord: usize) -> Option<Money> {
        self.window()?;
        self.owed.get(landlord).map(|rate| rate.per_hour)
    }
}
