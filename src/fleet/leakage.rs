//! Leakage: what an engine made that no finished request holds, whichever of the two is billed.
//!
//! Requests that are still in flight are part of it until they finish, so a single look may take from it. It is no
//! posting: the ledger holds what is billed, and this is what stands beside it.

use serde::{Deserialize, Serialize};

use crate::counters::FinishedMeter;
use crate::ledger::{Classes, TariffId, TokenChange};
use crate::units::Timestamp;

/// What must be remembered of a row's finished requests.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FinishedMemory {
    /// The last values of their counters.
    pub meter: FinishedMeter,
    /// What leaked today.
    pub leakage: Leakage,
}

/// What one row made today beyond its finished requests, by the tariff that it would have been posted at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Leakage {
    day: Timestamp,
    lines: Vec<(Option<TariffId>, TokenChange)>,
}

impl Leakage {
    /// Adds what leaked on a day; what leaked on another is forgotten. A look over midnight belongs to the day it ends in.
    pub(super) fn add(&mut self, day: Timestamp, tariff: Option<TariffId>, change: TokenChange) {
        if self.day != day {
            *self = Self { day, lines: Vec::new() };
        }
        match self.lines.iter_mut().find(|(known, _)| *known == tariff) {
            Some((_, sum)) => *sum += change,
            None => self.lines.push((tariff, change)),
        }
    }

    /// What leaked on a day, by tariff; `None` is "unpriced".
    pub(super) fn of_day(&self, day: Timestamp) -> impl Iterator<Item = (Option<TariffId>, TokenChange)> + '_ {
        self.lines.iter().copied().filter(move |_| self.day == day)
    }
}

/// What all requests hold beyond the finished ones.
pub(super) fn beyond(all: Classes, finished: Classes) -> TokenChange {
    let mut change = TokenChange::added(all);
    change += TokenChange::taken_back(finished);
    change
}
