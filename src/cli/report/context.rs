//! What a report stands on beside the ledger.

use jiff::tz::TimeZone;

use crate::ledger::Dispute;
use crate::metering::SavedTarget;
use crate::pricing::{Bill, Book};
use crate::units::{Money, Timestamp};

/// What the report stands on beside the ledger.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReportContext<'a> {
    /// Today's book.
    pub(super) book: &'a Book,
    /// What may be spent in a month.
    pub(super) budget: Option<Money>,
    /// Open disputes.
    pub(super) disputes: &'a [Dispute],
    /// The state of the targets as the ledger last knew it.
    pub(super) targets: &'a [SavedTarget],
    /// What of an engine's work is billed.
    pub(super) bill: Bill,
    /// The present.
    pub(super) now: Timestamp,
    /// The zone in which the days of rates of exchange begin.
    pub(super) exchange_zone: &'a TimeZone,
}
