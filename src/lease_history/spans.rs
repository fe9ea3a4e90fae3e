//! The payments of each lease as spans that add up. If the likely dates and number of GPUs do not add up to the paid
//! GPU time, the number is left out.
//!
//! A ledger keeps GPU time by the minute. Terms of one lease that share a minute are placed one after the other in it.

use std::collections::BTreeMap;

use super::records::{LeaseRecords, group, key};
use crate::ledger::AllocatedTime;
use crate::store::LeaseTime;
use crate::units::{Span, Timestamp};

/// The largest distance of a beginning from the one that the paid time gives: GPUs are seen at a poll.
const SLACK: Span = Span::from_secs(2);
/// The largest difference of GPU time from whole GPUs over a span, in milliseconds per GPU: the times of polls vary.
const OFF: i64 = 20;
/// The most minutes that terms of one lease share; with more, they are paid at the same time.
const MOST_SHARED: usize = 8;

/// GPUs of one account over a span.
#[derive(Debug, Clone)]
pub(super) struct Paid<'a> {
    pub(super) row: &'a LeaseTime,
    pub(super) time: AllocatedTime,
    /// The number of GPUs; `None` if it is unknown or changed.
    pub(super) gpus: Option<u32>,
    pub(super) from: Option<Timestamp>,
    /// Its end; `None` while it runs.
    pub(super) until: Option<Timestamp>,
}

/// The number of GPUs that have this time in a span, if it is a whole one.
fn count(allocated: i64, span: Span) -> Option<u32> {
    let millis = span.millis();
    if millis <= 0 {
        return None;
    }
    let gpus = (allocated + millis / 2) / millis;
    u32::try_from(gpus).ok().filter(|gpus| *gpus > 0 && fits(*gpus, allocated, span))
}

fn fits(gpus: u32, allocated: i64, span: Span) -> bool {
    let gpus = i64::from(gpus);
    span > Span::ZERO && (allocated - gpus.saturating_mul(span.millis())).abs() <= gpus * OFF
}

impl LeaseRecords<'_> {
    /// The payments of these rows, in their order.
    pub(super) fn spans<'a>(&'a self, rows: &[&'a LeaseTime]) -> Vec<Paid<'a>> {
        let mut groups: BTreeMap<_, Vec<Paid<'a>>> = BTreeMap::new();
        for row in rows {
            groups.entry(group(&row.account)).or_default().push(self.settled(row));
        }
        let mut spans: Vec<_> = groups.into_values().flat_map(|paid| self.apart(paid)).collect();
        let place = |paid: &Paid<'a>| (paid.row.account.node.clone(), paid.row.account.unit.clone());
        spans.sort_by_cached_key(|paid| (place(paid), paid.from, paid.row.number));
        spans
    }

    /// The span in which a row was paid.
    fn bounds(&self, row: &LeaseTime) -> Option<(Timestamp, Timestamp)> {
        let (first, last) = row.first.zip(row.last)?;
        Some((self.began.map_or(first, |began| first.max(began)), (last + Span::MINUTE).min(self.last)))
    }

    /// The likely span of a row, if it adds up to the paid time.
    fn settled<'a>(&self, row: &'a LeaseTime) -> Paid<'a> {
        let gpus = self.gpus(row);
        let until = self.until(row).filter(|until| *until <= self.last);
        let paid = |from, until, gpus| Paid { row, time: row.time, gpus, from, until };
        let from = self.from(row);
        if row.part.is_some() {
            return paid(from, until, gpus);
        }
        // After minutes are deleted, nothing better is known.
        let Some(((first, last), likely)) = self.bounds(row).zip(from).filter(|_| row.is_kept) else {
            return paid(from.filter(|from| until.is_none_or(|until| *from < until)), until, gpus);
        };
        let (allocated, likely) = (row.time.allocated.millis(), likely.max(first));
        let end = until.map_or(last, |until| until.min(last));
        let ends = until.map(|_| last);
        let Some(gpus) = gpus else {
            return if likely < end { paid(Some(likely), until, None) } else { paid(Some(first), ends, None) };
        };
        if fits(gpus, allocated, end - likely) {
            return paid(Some(likely), until.map(|_| end), Some(gpus));
        }
        let time = Span::from_millis(allocated / i64::from(gpus));
        let (begins, stops) = (end - time, likely + time);
        if begins >= first && begins - likely <= SLACK && likely - begins <= SLACK {
            return paid(Some(begins), until.map(|_| end), Some(gpus));
        }
        if until.is_some() && stops <= last && self.is_by_terms(row) {
            return paid(Some(likely), Some(stops), Some(gpus));
        }
        paid(Some(first), ends, count(allocated, last - first))
    }

    /// The same without two at one time, if terms share a few minutes.
    fn apart<'a>(&'a self, paid: Vec<Paid<'a>>) -> Vec<Paid<'a>> {
        let end = |paid: &Paid<'a>| paid.until.unwrap_or(self.last);
        let mut sorted: Vec<_> = paid.iter().collect();
        sorted.sort_by_key(|paid| paid.from);
        let overlap = sorted.windows(2).any(|pair| pair[1].from < Some(end(pair[0])));
        let is_empty = paid.iter().any(|paid| paid.from >= Some(end(paid)));
        if paid.len() < 2 || !(overlap || is_empty) {
            return paid;
        }
        self.laid_out(&paid).unwrap_or(paid)
    }

    /// Spans minute by minute; `None` if minutes are not kept, or more than a few are shared.
    fn laid_out<'a>(&self, paid: &[Paid<'a>]) -> Option<Vec<Paid<'a>>> {
        let mut minutes: BTreeMap<Timestamp, Vec<(usize, AllocatedTime)>> = BTreeMap::new();
        for (nth, paid) in paid.iter().enumerate() {
            let (first, last) = paid.row.first.zip(paid.row.last).filter(|_| paid.row.is_kept)?;
            let kept = self.minutes.get(&key(paid.row))?.iter();
            for (minute, time) in kept.filter(|(minute, _)| (first..=last).contains(minute)) {
                minutes.entry(*minute).or_default().push((nth, *time));
            }
        }
        if minutes.values().filter(|rows| rows.len() > 1).count() > MOST_SHARED {
            return None;
        }
        let mut spans: Vec<Paid<'a>> = Vec::new();
        for (minute, rows) in &mut minutes {
            rows.sort_by_key(|(nth, _)| (goes_on(paid, *nth, *minute), *nth));
            for (nth, time, from, until) in self.in_minute(*minute, rows, paid) {
                let row = paid[nth].row;
                match spans.last_mut().filter(|span| std::ptr::eq(span.row, row) && span.until == Some(from)) {
                    Some(span) => {
                        span.time = span.time + time;
                        span.until = Some(until);
                    }
                    None => spans.push(Paid { row, time, gpus: None, from: Some(from), until: Some(until) }),
                }
            }
        }
        for span in &mut spans {
            let (from, until) = span.from.zip(span.until)?;
            span.gpus = count(span.time.allocated.millis(), until - from);
        }
        if let Some(last) = spans.last_mut().filter(|span| span.until == Some(self.last)) {
            let runs = paid.iter().any(|paid| std::ptr::eq(paid.row, last.row) && paid.until.is_none());
            last.until = last.until.filter(|_| !runs);
        }
        Some(spans)
    }

    /// The part of each row in a minute, one after the other.
    fn in_minute(
        &self,
        minute: Timestamp,
        rows: &[(usize, AllocatedTime)],
        paid: &[Paid<'_>],
    ) -> Vec<(usize, AllocatedTime, Timestamp, Timestamp)> {
        let from = self.began.map_or(minute, |began| minute.max(began));
        let until = (minute + Span::MINUTE).min(self.last);
        let span = (until - from).millis();
        let allocated: Vec<i64> = rows.iter().map(|(_, time)| time.allocated.millis().max(1)).collect();
        let all: i64 = allocated.iter().sum();
        // Each at its own number of GPUs if that fills the minute, otherwise all at the same number.
        let own: Option<Vec<i64>> = rows
            .iter()
            .zip(&allocated)
            .map(|((nth, _), allocated)| Some(allocated / i64::from(paid[*nth].gpus?)))
            .collect();
        let fills = |parts: &Vec<i64>| (parts.iter().sum::<i64>() - span).abs() <= parts.iter().map(|_| OFF).sum();
        let parts = own.filter(fills).unwrap_or_else(|| {
            allocated
                .iter()
                .map(|allocated| {
                    i64::try_from(i128::from(*allocated) * i128::from(span) / i128::from(all)).unwrap_or(0)
                })
                .collect()
        });
        let (mut at, mut spans) = (from, Vec::new());
        for (place, ((nth, time), part)) in rows.iter().zip(parts).enumerate() {
            let is_last = place + 1 == rows.len();
            let end = if is_last { until } else { (at + Span::from_millis(part.max(1))).min(until) };
            spans.push((*nth, *time, at, end));
            at = end;
        }
        spans
    }
}

/// Whether a row continues after a minute that it shares: in a later minute, or until now.
fn goes_on(paid: &[Paid<'_>], nth: usize, minute: Timestamp) -> bool {
    let Paid { row, until, .. } = &paid[nth];
    row.last > Some(minute) || until.is_none()
}
