//! The result of a reconciliation: line by line, the difference and its likely causes.

use crate::reading::Label;
use crate::units::{Money, Timestamp};

/// A part of a difference, and its likely cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LikelyCause {
    /// A word: `rounding`, `hours`, `rate`, `unknown`, `cached as misses`, `aborted work`, `no tenant`, `unpriced`.
    pub(crate) word: &'static str,
    /// The part of the difference that it explains, if that is known.
    pub(crate) amount: Option<Money>,
    pub(crate) text: String,
}

/// One line of the file and of the ledger; the quantity is GPU-hours in millionths, or tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReconciledLine {
    pub(crate) key: Label,
    pub(crate) theirs: Money,
    /// `None` if the ledger does not have it.
    pub(crate) ours: Option<Money>,
    pub(crate) their_quantity: Option<i128>,
    pub(crate) our_quantity: Option<i128>,
    pub(crate) causes: Vec<LikelyCause>,
}

impl ReconciledLine {
    /// The file's amount minus the ledger's, each as printed with these decimals.
    pub(crate) fn difference(&self, places: u32) -> Money {
        self.theirs.round_to(places) - self.ours.unwrap_or_default().round_to(places)
    }
}

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Invoice,
    Spend,
}

/// All that is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reconciled {
    pub(crate) kind: FileKind,
    pub(crate) currency: String,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    /// Remarks on the comparison.
    pub(crate) notes: Vec<String>,
    pub(crate) lines: Vec<ReconciledLine>,
    /// What is in the ledger in the span and not in the file.
    pub(crate) missing: Vec<ReconciledLine>,
}
