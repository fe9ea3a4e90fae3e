//! A file beside the ledger: line by line, what differs and the likely causes.

use crate::reading::Label;
use crate::units::{Money, Timestamp};

/// A part of a difference, and what it is likely to come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LikelyCause {
    /// A word: `rounding`, `hours`, `rate`, `unknown`, `cached as misses`, `aborted work`, `no tenant`, `unpriced`.
    pub(super) word: &'static str,
    /// How much of the difference it explains, where that is known.
    pub(super) amount: Option<Money>,
    pub(super) text: String,
}

/// One line of the file beside the ledger; the quantity is GPU-hours in millionths, or tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReconciledLine {
    pub(super) key: Label,
    pub(super) theirs: Money,
    /// `None` where the ledger does not know it.
    pub(super) ours: Option<Money>,
    pub(super) their_quantity: Option<i128>,
    pub(super) our_quantity: Option<i128>,
    pub(super) causes: Vec<LikelyCause>,
}

impl ReconciledLine {
    /// The file's amount minus the ledger's, each as printed with these decimals.
    pub(super) fn difference(&self, places: u32) -> Money {
        self.theirs.round_to(places) - self.ours.unwrap_or_default().round_to(places)
    }
}

/// Which of both a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    Invoice,
    Spend,
}

/// All that is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reconciled {
    pub(super) kind: FileKind,
    pub(super) currency: String,
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
    /// What is to be known of the comparison.
    pub(super) notes: Vec<String>,
    pub(super) lines: Vec<ReconciledLine>,
    /// What the ledger has in the span and the file has not.
    pub(super) missing: Vec<ReconciledLine>,
}
