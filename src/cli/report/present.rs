//! What the end of the ledger has open: tokens that are held back, and work that is not finished.

use super::context::ReportContext;
use crate::ledger::Past;
use crate::pricing::Bill;
use crate::statement::{By, Period};
use crate::store::Header;
use crate::units::Money;

/// What is open at the end of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PresentWords {
    /// Targets whose tokens are held back until an open question about their counters is settled.
    pub(super) held_back: usize,
    /// What of an engine's work is billed.
    pub(super) bill: Bill,
    /// Tokens of the last day beyond finished requests; `None` where no engine counts those apart.
    pub(super) leakage: Option<LeakageText>,
}

/// Tokens beyond finished requests; those of running ones are among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LeakageText {
    pub(super) prompt_tokens: i64,
    pub(super) output_tokens: i64,
    /// Their worth, at the prices that they were or would have been posted at.
    pub(super) amount: Money,
}

impl PresentWords {
    pub(super) fn of(context: &ReportContext<'_>, past: &Past, header: &Header) -> Self {
        let day = Period::of(By::Day, &header.zone, header.last).begin;
        let mut leakage: Option<LeakageText> = None;
        for (tariff, change) in context.targets.iter().flat_map(|target| target.leakage_of_day(day)) {
            let sum = leakage.get_or_insert_default();
            sum.prompt_tokens += change.miss + change.hit;
            sum.output_tokens += change.output;
            if let Some(tariff) = tariff.and_then(|tariff| past.tariffs.get(tariff.index())) {
                sum.amount += tariff.value_of_change(change);
            }
        }
        let held_back = context.targets.iter().filter(|target| target.holds_back()).count();
        Self { held_back, bill: context.bill, leakage }
    }
}
