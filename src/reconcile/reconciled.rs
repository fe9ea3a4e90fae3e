//! The result of a reconciliation: line by line, the difference and its likely causes.

use crate::reading::Label;
use crate::units::{Money, Timestamp};

/// A part of a difference, and its likely cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LikelyCause {
    /// A word: `rounding`, `hours`, `rate`, `unknown`, `cached as misses`, `aborted work`, `no tenant`, `unpriced`.
    pub(super) word: &'static str,
    /// The part of the difference that it explains, if that is known.
    pub(super) amount: Option<Money>,
    pub(super) text: String,
}

/// One line of the file and of the ledger; the quantity is GPU-hours in millionths, or tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReconciledLine {
    pub(super) key: Label,
    pub(super) theirs: Money,
    /// `None` if the ledger does not have it.
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

/// The kind of a file.
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
    /// Remarks on the comparison.
    pub(super) notes: Vec<String>,
    pub(super) lines: Vec<ReconciledLine>,
    /// What is in the ledger in the span and not in the file.
    pub(super) missing: Vec<ReconciledLine>,
}
