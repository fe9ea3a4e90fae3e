//! Watched time against watched time: a span of which half was not watched is no span of half the revenue.

use std::borrow::Cow;

use crate::ledger::Past;
use crate::units::{Span, Timestamp};

const MINUTE: i64 = 60_000;

/// How much of two spans was watched, and in both at the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// The longer of both spans.
    pub whole: Span,
    /// What of the earlier one was watched.
    pub before: Span,
    /// What of the later one was watched.
    pub after: Span,
    /// What of both was: the minutes that are compared.
    pub both: Span,
}

impl Compared {
    /// Whether all of both was watched.
    pub fn is_whole(&self) -> bool {
        self.both == self.whole
    }
}

/// How long was watched of a past: since the ledger began, but for its unwatched spans.
pub fn watched(past: &Past) -> Span {
    Span::from_millis(watched_millis(past))
}

/// How long was watched of a past, in milliseconds.
pub(super) fn watched_millis(past: &Past) -> i64 {
    watched_millis_of(past, past.since.max(past.began), past.until)
}

/// How long was watched between two instants of a past, in milliseconds.
pub(super) fn watched_millis_of(past: &Past, from: Timestamp, to: Timestamp) -> i64 {
    let gap = |(since, until): &(Timestamp, Timestamp)| ((*until).min(to) - (*since).max(from)).millis().max(0);
    let gaps: i64 = past.unwatched.iter().map(gap).sum();
    ((to - from).millis() - gaps).max(0)
}

/// Two spans with the minutes alone that were watched in both, counted from the beginning of each; each ends where so much
/// time is over. Where all of both was watched they are as they were.
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

/// How long so many minutes are.
fn millis(minutes: &[bool]) -> i64 {
    minutes.iter().filter(|kept| **kept).map(|_| MINUTE).sum()
}

/// Whether each minute of a span was watched from its beginning to its end.
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

/// A span's cells of these minutes alone.
fn only(past: &Past, minutes: &[bool]) -> Past {
    let from = past.since.minute();
    let kept = |bucket: Timestamp| {
        let nth = usize::try_from((bucket - from).millis().div_euclid(MINUTE)).ok();
        nth.and_then(|nth| minutes.get(nth)).is_some_and(|kept| *kept)
    };
    let mut only = past.clone();
    only.tokens.retain(|cell| kept(cell.bucket));
    only.rents.retain(|cell| kept(cell.bucket));
    only.uncertainty.retain(|cell| kept(cell.bucket));
    // It tells of cells by their places. These are minutes, which bear their own GPU time.
    only.borne.clear();
    only.until = past.since + Span::from_millis(millis(minutes));
    only.unwatched.clear();
    only
}
