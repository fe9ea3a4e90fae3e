//! The cells of a past, one bucket after another.

use std::borrow::Cow;

use crate::ledger::{GpuTimeCell, Grain, Past, TokenCell};
use crate::units::{Span, Timestamp};

/// All that was posted in one bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket<'a> {
    /// When it begins.
    pub(super) at: Timestamp,
    /// When it ends at the latest: where the next one, the past's end or an unwatched span begins.
    pub(super) end: Timestamp,
    /// The same whether or not a part of it was watched.
    pub(super) closes: Timestamp,
    pub(super) tokens: &'a [TokenCell],
    pub(super) rents: &'a [GpuTimeCell],
}

/// A past whose cells are in the order of their buckets.
#[derive(Debug)]
pub(super) struct OrderedPast<'a> {
    past: &'a Past,
    tokens: Cow<'a, [TokenCell]>,
    rents: Cow<'a, [GpuTimeCell]>,
}

impl<'a> OrderedPast<'a> {
    pub(super) fn of(past: &'a Past) -> Self {
        Self {
            past,
            tokens: in_order(&past.tokens, |cell| cell.bucket),
            rents: in_order(&past.rents, |cell| cell.bucket),
        }
    }

    /// Buckets in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Bucket<'_>> {
        let (mut tokens, mut rents) = (&*self.tokens, &*self.rents);
        std::iter::from_fn(move || {
            let at = first(tokens, rents)?;
            let (mine, later) = tokens.split_at(tokens.partition_point(|cell| cell.bucket <= at));
            let (due, owed) = rents.split_at(rents.partition_point(|cell| cell.bucket <= at));
            (tokens, rents) = (later, owed);
            Some(bucket(self.past, at, first(tokens, rents), (mine, due)))
        })
    }
}

/// A bucket that waits for the next one, which says when it ends.
#[derive(Debug, Default)]
pub(super) struct Pending {
    at: Option<Timestamp>,
    tokens: Vec<TokenCell>,
    rents: Vec<GpuTimeCell>,
}

impl Pending {
    /// Emits the bucket that waits, if there is one; the next one begins at `next`.
    pub(super) fn give(&self, past: &Past, next: Option<Timestamp>, each: impl FnOnce(Bucket<'_>)) {
        if let Some(at) = self.at {
            each(bucket(past, at, next, (&self.tokens, &self.rents)));
        }
    }

    /// Replaces it with the next one.
    pub(super) fn take(&mut self, at: Timestamp, tokens: &[TokenCell], rents: &[GpuTimeCell]) {
        self.at = Some(at);
        self.tokens.clear();
        self.tokens.extend_from_slice(tokens);
        self.rents.clear();
        self.rents.extend_from_slice(rents);
    }
}

fn bucket<'a>(
    past: &Past,
    at: Timestamp,
    next: Option<Timestamp>,
    (tokens, rents): (&'a [TokenCell], &'a [GpuTimeCell]),
) -> Bucket<'a> {
    let closes = closes(past, at, next);
    Bucket { at, end: end(past, at, closes), closes, tokens, rents }
}

/// A cell does not say how long it is: as long as its grain, where that is known, at most a day of 25 hours.
fn closes(past: &Past, at: Timestamp, next: Option<Timestamp>) -> Timestamp {
    let longest = match past.grain_of(at) {
        Some(Grain::Minute) => Span::from_secs(60),
        Some(Grain::Quarter) => Span::from_secs(900),
        Some(Grain::Day) | None => Span::from_secs(25 * 3600),
    };
    next.unwrap_or(past.until).min(at + longest).min(past.until.max(at)).max(at)
}

fn end(past: &Past, at: Timestamp, closes: Timestamp) -> Timestamp {
    let unwatched = past.unwatched.iter().map(|(from, _)| *from).filter(|from| *from > at).min();
    unwatched.map_or(closes, |from| from.min(closes))
}

fn first(tokens: &[TokenCell], rents: &[GpuTimeCell]) -> Option<Timestamp> {
    let firsts = [tokens.first().map(|cell| cell.bucket), rents.first().map(|cell| cell.bucket)];
    firsts.into_iter().flatten().min()
}

/// The cells in order, sorted if necessary: a past that a test made may have them in any order.
fn in_order<T: Copy>(cells: &[T], at: impl Fn(&T) -> Timestamp) -> Cow<'_, [T]> {
    if cells.is_sorted_by_key(&at) {
        return Cow::Borrowed(cells);
    }
    let mut sorted = cells.to_vec();
    sorted.sort_by_key(&at);
    Cow::Owned(sorted)
}
