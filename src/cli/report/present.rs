//! What is open at the end of the ledger: quarantined counters, and unfinished requests.

use super::context::ReportContext;
use crate::fleet::Marks;
use crate::ledger::Past;
use crate::pricing::Bill;
use crate::statement::{By, Period};
use crate::store::Header;
use crate::units::{Money, Span, Timestamp};

/// How long posted tokens may be taken back.
const MARKED_FOR: Span = Span::from_secs(600);

/// What is open at the end of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PresentWords {
    /// Targets with a quarantined counter: their tokens are not posted until its movement is explained.
    pub(super) quarantined_targets: usize,
    /// Other reasons why the total may be too high or too low.
    pub(super) marks: Marks,
    /// Which of an engine's tokens are billed.
    pub(super) bill: Bill,
    /// Tokens of the last day beyond finished requests; `None` where no engine counts those apart.
    pub(super) leakage: Option<LeakageText>,
}

/// Tokens beyond finished requests; those of running ones are among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LeakageText {
    pub(super) prompt_tokens: i64,
    pub(super) output_tokens: i64,
    /// Their value at the prices that they were or would have been posted at.
    pub(super) amount: Money,
}

impl PresentWords {
    /// For a span that ends before the ledger does: only what may have been posted in it.
    pub(super) fn of(context: &ReportContext<'_>, past: &Past, header: &Header, until: Timestamp) -> Self {
        let marks = if until > header.last - MARKED_FOR { header.marks } else { Marks::default() };
        // What is not posted, since a counter has no value, is missing also where nothing is.
        let lacks_counter = marks.lacks_counter;
        let marks = if past.tokens.is_empty() { Marks { lacks_counter, ..Marks::default() } } else { marks };
        if until < header.last {
            return Self { marks: Marks { lacks_counter: false, ..marks }, ..Self::default() };
        }
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
        let quarantined_targets = context.targets.iter().filter(|target| target.holds_back()).count();
        Self { quarantined_targets, marks, bill: context.bill, leakage }
    }
}
