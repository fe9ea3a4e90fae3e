//! What leaked today: all that rows made beyond their finished requests.

use super::{Fleet, Row, Target, all_rows, row_counts};
use crate::snapshot::Leakage;
use crate::units::Money;

/// `None` where no engine counts its finished requests apart.
pub(super) fn view(fleet: &Fleet) -> Option<Leakage> {
    let counting = |(target, row): &(&Target, &Row)| {
        row.finished.meter.counts() && row_counts(fleet, target, row) != (false, false)
    };
    let day = fleet.ledger.day_began();
    let mut rows = all_rows(fleet).filter(counting).map(|(_, row)| row).peekable();
    rows.peek()?;
    let mut leakage = Leakage::default();
    for (tariff, change) in rows.flat_map(|row| row.finished.leakage.of_day(day)) {
        leakage.prompt_tokens += change.miss + change.hit;
        leakage.output_tokens += change.output;
        if let Some(tariff) = tariff {
            *leakage.amount.get_or_insert(Money::ZERO) += fleet.ledger.tariff(tariff).value_of_change(change);
        }
    }
    Some(leakage)
}
