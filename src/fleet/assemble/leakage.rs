//! Today's leakage: the tokens of all rows beyond their finished requests.

use super::{PresentFleet, RowView};
use crate::metering::Counts;
use crate::pricing::Bill;
use crate::snapshot::LeakageView;
use crate::units::Money;

/// Today's leakage, where so many output tokens were posted; `None` if no engine counts its finished requests apart.
pub(super) fn view(present: &PresentFleet<'_>, posted_output: u64) -> Option<LeakageView> {
    let fleet = present.fleet;
    let counting = |view: &&RowView<'_>| view.counts != Counts::NOTHING && view.engine.counts_finished(view.row);
    let day = fleet.ledger.day_began();
    let mut rows = present.rows.iter().filter(counting).peekable();
    rows.peek()?;
    let mut leakage = LeakageView { of_output: posted_output, ..LeakageView::default() };
    for (tariff, change) in rows.flat_map(|view| view.row.leakage.of_day(day)) {
        leakage.prompt_tokens += change.miss + change.hit;
        leakage.output_tokens += change.output;
        if let Some(tariff) = tariff {
            *leakage.amount.get_or_insert(Money::ZERO) += fleet.ledger.tariff(tariff).value_of_change(change);
        }
    }
    if fleet.config.bill == Bill::Finished {
        // What leaked is not posted then.
        leakage.of_output = posted_output.saturating_add(leakage.output_tokens.max(0).unsigned_abs());
    }
    Some(leakage)
}
