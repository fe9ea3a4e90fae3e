//! Comparison of watched time with watched time: half the revenue of a span that was watched for half its time is not a
//! loss.

use std::borrow::Cow;

use crate::ledger::Past;
use crate::units::{Span, Timestamp};

const MINUTE: i64 = Span::MINUTE.millis();

/// The watched time of two spans, and of both at the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// The longer of both spans.
    pub whole: Span,
    /// The watched time of the earlier span.
    pub before: Span,
    /// The watched time of the later span.
    pub after: Span,
    /// The time that was watched in both: the minutes that are compared.
    pub both: Span,
}

impl Compared {
    /// Whether both were watched completely.
    pub fn is_whole(&self) -> bool {
        self.both == self.whole
    }
}

/// The watched time of a past: since the ledger began, without its unwatched spans.
pub fn watched(past: &Past) -> Span {
    Span::from_millis(watched_millis(past))
}

/// The watched time of a past, in milliseconds.
pub(super) fn watched_millis(past: &Past) -> i64 {
    watched_millis_of(past, past.since.max(past.began), past.until)
}

/// The watched time between two instants of a past, in milliseconds.
pub(super) fn watched_millis_of(past: &Past, from: Timestamp, to: Timestamp) -> i64 {
    let gap = |(since, until): &(Timestamp, Timestamp)| ((*until).min(to) - (*since).max(from)).millis().max(0);
    let gaps: i64 = past.unwatched.iter().map(gap).sum();
    ((to - from).millis() - gaps).max(0)
}

/// Two spans reduced to the minutes that were watched in both, counted from the beginning of each; each ends after that
/// time. Spans that were watched completely are unchanged.
pub(super) fn common<'a>(before: &'a Past, after: &'a Past) -> (Compared, Cow<'a, Past>, Cow<'a, Past>) {
    let (then, now) = (minutes(before), minutes(after));
    let length = |past: &Past| (past.until - past.since).max(Span::ZERO);
    let both: Vec<bool> = then.iter().zip(&now).map(|(then, now)| *then && *now).collect();
    let whole = length(before).max(length(after));
    if then.iter().chain(&now).all(|watched| *watched) {
        let compared = Compared { whole, before: length(before), after: length(after), both: whole };
        return (compared, Cow::Borrowed(before), Cow::Borrowed(after));
    }
    let span = |millis: i64| Span::from_millis(millis).min(whole);
    let compared =
        Compared { whole, before: span(millis(&then)), after: span(millis(&now)), both: span(millis(&both)) };
    (compared, Cow::Owned(only(before, &both)), Cow::Owned(only(after, &both)))
}

/// The length of so many minutes.
fn millis(minutes: &[bool]) -> i64 {
    minutes.iter().filter(|kept| **kept).map(|_| MINUTE).sum()
}

/// For each minute of a span, whether it was watched completely.
fn minutes(past: &Past) -> Vec<bool> {
    let from = past.since.minute();
    let count = ((past.until - from).millis() + MINUTE - 1).max(0) / MINUTE;
    let is_watched = |nth: i64| {
        let start = (from + Span::from_millis(nth * MINUTE)).max(past.since);
        let end = (from + Span::from_millis((nth + 1) * MINUTE)).min(past.until);
        let in_gap = |(since, until): &(Timestamp, Timestamp)| *since < end && start < *until;
        past.began <= start && !past.unwatched.iter().any(in_gap)
    };
    (0..count).map(is_watched).collect()
}

/// The cells of a span in these minutes.
fn only(past: &Past, minutes: &[bool]) -> Past {
    let from = past.since.minute();
    let kept = |bucket: Timestamp| {
        let nth = usize::try_from((bucket - from).millis().div_euclid(MINUTE)).ok();
        nth.and_then(|nth| minutes.get(nth)).is_some_and(|kept| *kept)
    };
    let mut only = past.clone();
    only.tokens.retain(|cell| kept(cell.bucket));
    only.gpu_times.retain(|cell| kept(cell.bucket));
    only.uncertainty.retain(|cell| kept(cell.bucket));
    // The split of GPU time refers to cells by position. These cells are minutes, which bear their own GPU time.
    only.borne.clear();
    only.until = past.since + Span::from_millis(millis(minutes));
    only.unwatched.clear();
    only
}
