//! Whether a sum covers enough of what it is of.

/// Of how many rows a rate is known and not known. Those whose tokens are quarantined are neither: the total is a lower bound.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Coverable {
    pub(super) known: usize,
    pub(super) unknown: usize,
}

impl Coverable {
    /// The part of the rows that may be left out of a sum, which is a lower bound then: one in so many.
    const SMALL: usize = 8;

    pub(super) fn note(&mut self, is_known: bool, holds_back: bool) {
        self.known += usize::from(is_known);
        self.unknown += usize::from(!is_known && !holds_back);
    }

    /// Whether a sum is unknown, as too much of it is.
    pub(super) const fn lacks(self) -> bool {
        self.unknown * Self::SMALL > self.known + self.unknown
    }

    /// Whether a sum leaves out a part.
    pub(super) const fn is_partial(self) -> bool {
        self.unknown > 0 && !self.lacks()
    }
}
