//! The age of a row's figures, which a page that answers may have of earlier.

use super::Fleet;
use crate::inventory::Target;
use crate::metering::Row;
use crate::units::Span;

/// How old the figures of a row are: its newest sample, if the page has the times of samples, otherwise the page.
pub(super) fn age(fleet: &Fleet, target: &Target, row: &Row) -> Span {
    let sampled = row.reading.sampled.map_or(Span::ZERO, |sampled| target.samples.age(sampled, row.seen));
    fleet.now().since(row.seen).max(Span::ZERO) + sampled
}

/// Whether the samples of a row are older than they are where its server is reached.
pub(super) fn is_old(fleet: &Fleet, target: &Target, row: &Row) -> bool {
    row.reading.sampled.is_some() && age(fleet, target, row) >= target.samples.patience(fleet.config.stale_after())
}
