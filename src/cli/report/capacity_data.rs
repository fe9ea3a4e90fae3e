//! The data of `report --capacity`: the capacity of a span, and its basis.

use jiff::tz::TimeZone;

use super::data::span;
use super::query::{Format, ReportQuery};
use crate::cli::Failure;
use crate::ledger::{Past, Slo};
use crate::statement::{Capacity, HourCapacity};
use crate::store::{Header, Reader};
use crate::units::{Span, Timestamp};

/// A function that folds the capacity of a span, and returns the span that it used.
pub(super) type FoldCapacity<'a> =
    dyn Fn(Timestamp, Timestamp) -> Result<(Capacity, (Timestamp, Timestamp)), Failure> + 'a;

/// The capacity of a span of a ledger, read bucket after bucket.
pub(super) fn fold(
    reader: &Reader,
    header: &Header,
    since: Timestamp,
    until: Timestamp,
) -> Result<(Capacity, (Timestamp, Timestamp)), Failure> {
    let folded = reader.fold_quarters(since, until, |past, read| {
        let taken = (past.since, past.until);
        let past = inside(past.clone(), header);
        Ok((Capacity::of_read(&past, &header.zone, |each| read(each))?, taken))
    });
    Ok(folded?)
}

/// A past without the time outside the ledger, for which nothing is known.
pub(super) fn inside(mut past: Past, header: &Header) -> Past {
    let (since, until) = (past.since, past.until);
    (past.since, past.until) = (since.max(past.began).min(until), until.min(header.last).max(since));
    past
}

/// The data of the report.
pub(super) struct CapacityReport {
    pub(super) currency: String,
    pub(super) zone: TimeZone,
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
    /// Whether it is of the last month because the call names no span.
    pub(super) usual: bool,
    /// The objectives of the configuration, if there are any.
    pub(super) configured: Option<String>,
    pub(super) capacity: Capacity,
}

/// The default span: the last month, by the hour.
const USUAL: Span = Span::from_secs(31 * 86_400);

impl CapacityReport {
    pub(super) fn new(
        query: &ReportQuery,
        header: &Header,
        slo: &Slo,
        fold: &FoldCapacity<'_>,
    ) -> Result<Self, Failure> {
        let (since, until) = span(query, header, header.last)?;
        let usual = query.since.is_none() && until - since > USUAL;
        let since = if usual { until - USUAL } else { since };
        let (capacity, (since, until)) = fold(since, until)?;
        let capacity = capacity.rounded(if query.format == Format::Table { 2 } else { 6 });
        let configured = slo.is_set().then(|| slo.to_string());
        Ok(Self {
            currency: header.currency.clone(),
            zone: header.zone.clone(),
            since,
            until,
            usual,
            configured,
            capacity,
        })
    }
}

/// The number of allocated nodes in an hour, in millionths.
pub(super) fn allocated(hour: &HourCapacity) -> Option<i64> {
    let ppm = i128::from(hour.allocated_millis) * 1_000_000;
    i64::try_from(ppm.checked_div(i128::from(hour.measured.millis()))?).ok()
}

pub(super) fn per_second(per_hour: u64) -> f64 {
    per_hour as f64 / 3600.0
}
