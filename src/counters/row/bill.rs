//! What is billed of a row: finished requests or all, and hits that were posted late.

use super::RowCounters;
use crate::units::Tokens;

impl RowCounters {
    /// Whether finished requests are counted separately.
    pub const fn counts_finished(&self) -> bool {
        self.finished.counts()
    }

    /// Continues with finished requests or with all requests as what is billed. Returns whether tokens may be missing.
    pub(in crate::counters) fn change_bill(&mut self, to_finished: bool) -> bool {
        self.finished.change_bill(to_finished)
    }

    /// Reverts corrections that the ledger could not make.
    pub fn give_back(&mut self, corrected: Tokens) {
        self.hits.give_back(corrected.count());
    }
}
