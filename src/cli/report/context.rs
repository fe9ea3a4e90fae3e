//! What a report stands on beside the ledger.

use jiff::tz::TimeZone;

use crate::ledger::{Dispute, Past, RevenueAccount};
use crate::metering::SavedTarget;
use crate::pricing::{Bill, Book};
use crate::reading::{Label, ModelName};
use crate::units::{Money, Timestamp};

impl ReportContext<'_> {
    /// Whether anything was made, or a model with a price could have been: of an engine that is watched, or was.
    pub(super) fn may_earn(&self, past: &Past) -> bool {
        let priced = |model: &ModelName, tenant: Option<&Label>| {
            self.book.price_for(model.as_str(), tenant.map(Label::as_str)).is_some()
        };
        let of_accounts = |account: &RevenueAccount| {
            account.model.as_ref().is_some_and(|model| priced(model, account.tenant.as_ref()))
        };
        let mut watched = self.targets.iter().flat_map(SavedTarget::models);
        !past.tokens.is_empty() || past.accounts.iter().any(of_accounts) || watched.any(|model| priced(model, None))
    }
}

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
