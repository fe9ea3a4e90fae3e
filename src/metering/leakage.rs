//! Leakage: tokens produced beyond finished requests, whichever of the two is billed.
//!
//! It includes running requests, so it can decrease when they finish. Leakage is not posted: the ledger has what is billed.

use serde::{Deserialize, Serialize};

use crate::ledger::{Classes, TariffId, TokenChange};
use crate::units::Timestamp;

/// The tokens of one day, by the tariff that they were or would have been posted at; `None` is "unpriced".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Leakage {
    day: Timestamp,
    lines: Vec<(Option<TariffId>, TokenChange)>,
}

impl Leakage {
    /// Adds tokens to a day and drops those of another. A page over midnight belongs to the day that it ends in.
    pub(super) fn add(&mut self, day: Timestamp, tariff: Option<TariffId>, change: TokenChange) {
        if self.day != day {
            *self = Self { day, lines: Vec::new() };
        }
        match self.lines.iter_mut().find(|(known, _)| *known == tariff) {
            Some((_, sum)) => *sum += change,
            None => self.lines.push((tariff, change)),
        }
    }

    /// The tokens of a day, by tariff.
    pub(crate) fn of_day(&self, day: Timestamp) -> impl Iterator<Item = (Option<TariffId>, TokenChange)> + '_ {
        self.lines.iter().copied().filter(move |_| self.day == day)
    }

    /// Whether there are no tokens.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// The tokens of all requests minus those of finished ones.
pub(super) fn beyond(all: Classes, finished: Classes) -> TokenChange {
    let mut change = TokenChange::added(all);
    change += TokenChange::taken_back(finished);
    change
}
