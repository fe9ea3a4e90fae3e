//! What a report needs besides the ledger.

use jiff::tz::TimeZone;

use crate::ledger::{Dispute, Past, RevenueAccount};
use crate::metering::SavedTarget;
use crate::pricing::{Bill, Book};
use crate::reading::{Label, ModelName};
use crate::units::{Money, Timestamp};

impl ReportContext<'_> {
    /// Whether tokens were produced, or a watched engine could have produced tokens of a priced model.
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

/// What the report needs besides the ledger.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReportContext<'a> {
    /// Today's book.
    pub(super) book: &'a Book,
    /// The budget of a month.
    pub(super) budget: Option<Money>,
    /// Open disputes.
    pub(super) disputes: &'a [Dispute],
    /// The last state of the targets in the ledger.
    pub(super) targets: &'a [SavedTarget],
    /// Which of an engine's tokens are billed.
    pub(super) bill: Bill,
    /// The present.
    pub(super) now: Timestamp,
    /// The zone in which the days of rates of exchange begin.
    pub(super) exchange_zone: &'a TimeZone,
}
