//! The dates of leases in a report, which are finer than the buckets that it is read in.

use crate::lease_history::LeaseDates;
use crate::reading::Label;
use crate::statement::{RowKind, Statement};
use crate::units::{Span, Timestamp};

/// The longest bucket: a day on which clocks are set back.
const BUCKET: Span = Span::from_secs(25 * 3_600);

/// Gives each row the dates of its lease, if that begins or ends in the first or last bucket of the row. A lease that continues
/// beyond the row begins or ends with it. Rounding counts at the lease's end.
pub(super) fn date(statement: &mut Statement, dates: &LeaseDates) {
    for row in statement.rows.iter_mut().filter(|row| row.kind == RowKind::Key) {
        let (Some(start), Some(end)) = (row.start, row.end) else { continue };
        let within = |at: &Timestamp, (first, last): (Timestamp, Timestamp)| first <= *at && *at <= last;
        let last = (start.max(end - BUCKET), end);
        if let Some((from, until)) = dates.get(&row.key) {
            row.start = Some(*from).filter(|from| within(from, (start, end.min(start + BUCKET)))).or(row.start);
            row.end = until.filter(|until| within(until, last)).or(row.end);
            continue;
        }
        let lease = row.key.as_str().strip_suffix(RowKind::Rounding.name()).map(|name| Label::new(name.trim_end()));
        let ended = lease.and_then(|lease| dates.get(&lease)?.1).filter(|until| within(until, last));
        (row.start, row.end) = (ended.or(row.start), ended.or(row.end));
    }
}
