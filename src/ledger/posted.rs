//! How much a ledger was given: so that no cell, no sum and no value of it can leave its range.

use super::{Classes, RentChange, Sheet};
use crate::units::{GpuTime, Money, Tokens};

/// All that was posted since the day began, added up whatever was taken back. While it is in range, so is every part of
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Posted {
    tokens: u64,
    worth: Money,
    held: i64,
    energy: i64,
}

/// A quarter of what a cell of the file holds: the day before and the day after share its minutes.
const MOST: i64 = i64::MAX / 4;

impl Posted {
    /// What a sheet holds.
    pub(super) fn of(sheet: &Sheet) -> Self {
        let tokens = sheet.tokens().map(|(.., tokens)| tokens.total()).sum::<Tokens>().count();
        let mut posted = Self { tokens, ..Self::default() };
        for (_, rented) in sheet.rents() {
            posted.held = posted.held.saturating_add(rented.held.millis());
            posted.energy = posted.energy.saturating_add(rented.energy);
        }
        posted
    }

    /// Whether tokens still have room, and their worth has; if so they are counted. A posting of more than a counter can
    /// hold has none.
    pub(super) fn admit(&mut self, tokens: Classes, worth: Money) -> bool {
        let whole = tokens.miss.checked_add(tokens.hit).and_then(|sum| sum.checked_add(tokens.output));
        let Some(whole) = whole.map(Tokens::count) else { return false };
        let fits = [tokens.miss, tokens.hit, tokens.output].into_iter().all(|part| part.count() <= Tokens::LIMIT);
        match (self.tokens.checked_add(whole), self.worth.checked_add(worth)) {
            (Some(tokens), Some(worth)) if fits && tokens <= MOST.unsigned_abs() => {
                (self.tokens, self.worth) = (tokens, worth);
                true
            }
            _ => false,
        }
    }

    /// The same for GPU time and energy that are added.
    pub(super) fn admit_rent(&mut self, change: RentChange) -> bool {
        let held = self.held.checked_add(change.held.max(0)).filter(|held| *held <= MOST);
        let energy = self.energy.checked_add(change.energy.max(0)).filter(|energy| *energy <= MOST);
        let (Some(held), Some(energy)) = (held, energy) else { return false };
        (self.held, self.energy) = (held, energy);
        true
    }
}

/// GPU time as the ledger counts it; `None` where it leaves the range.
pub(super) fn gpu_time(gpus: u32, millis: i64) -> Option<GpuTime> {
    i64::from(gpus).checked_mul(millis.max(0)).map(GpuTime::from_millis)
}
