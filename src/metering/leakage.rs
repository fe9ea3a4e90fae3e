//! Leakage: what an engine produced that no finished request holds, whichever of the two is billed.
//!
//! Requests that are still in flight are part of it until they finish, so a single page may take from it. It is no
//! posting: the ledger holds what is billed, and this is what stands beside it.

use serde::{Deserialize, Serialize};

use crate::ledger::{Classes, TariffId, TokenChange};
use crate::units::Timestamp;

/// Tokens of one day by the tariff that they were, or would have been, posted at; `None` is "unpriced".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Leakage {
    day: Timestamp,
    lines: Vec<(Option<TariffId>, TokenChange)>,
}

impl Leakage {
    /// Adds what came on a day; what came on another is forgotten. A page over midnight belongs to the day it ends in.
    pub(super) fn add(&mut self, day: Timestamp, tariff: Option<TariffId>, change: TokenChange) {
        if self.day != day {
            *self = Self { day, lines: Vec::new() };
        }
        match self.lines.iter_mut().find(|(known, _)| *known == tariff) {
            Some((_, sum)) => *sum += change,
            None => self.lines.push((tariff, change)),
        }
    }

    /// What came on a day, by tariff.
    pub(crate) fn of_day(&self, day: Timestamp) -> impl Iterator<Item = (Option<TariffId>, TokenChange)> + '_ {
        self.lines.iter().copied().filter(move |_| self.day == day)
    }

    /// Whether nothing came.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// What all requests hold beyond the finished ones.
pub(super) fn beyond(all: Classes, finished: Classes) -> TokenChange {
    let mut change = TokenChange::added(all);
    change += TokenChange::taken_back(finished);
    change
}
