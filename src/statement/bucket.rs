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
    pub(super) gpu_times: &'a [GpuTimeCell],
}

/// A past whose cells are in the order of their buckets.
#[derive(Debug)]
pub(super) struct OrderedPast<'a> {
    past: &'a Past,
    tokens: Cow<'a, [TokenCell]>,
    gpu_times: Cow<'a, [GpuTimeCell]>,
}

impl<'a> OrderedPast<'a> {
    pub(super) fn of(past: &'a Past) -> Self {
        Self {
            past,
            tokens: sorted_by_time(&past.tokens, |cell| cell.bucket),
            gpu_times: sorted_by_time(&past.gpu_times, |cell| cell.bucket),
        }
    }

    /// Buckets in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Bucket<'_>> {
        let (mut tokens, mut gpu_times) = (&*self.tokens, &*self.gpu_times);
        std::iter::from_fn(move || {
            let at = first(tokens, gpu_times)?;
            let (mine, later) = tokens.split_at(tokens.partition_point(|cell| cell.bucket <= at));
            let (due, owed) = gpu_times.split_at(gpu_times.partition_point(|cell| cell.bucket <= at));
            (tokens, gpu_times) = (later, owed);
            Some(bucket(self.past, at, first(tokens, gpu_times), (mine, due)))
        })
    }
}

/// A bucket that waits for the next one, which says when it ends.
#[derive(Debug, Default)]
pub(super) struct Pending {
    at: Option<Timestamp>,
    tokens: Vec<TokenCell>,
    gpu_times: Vec<GpuTimeCell>,
}

impl Pending {
    /// Emits the bucket that waits, if there is one; the next one begins at `next`.
    pub(super) fn give(&self, past: &Past, next: Option<Timestamp>, each: impl FnOnce(Bucket<'_>)) {
        if let Some(at) = self.at {
            each(bucket(past, at, next, (&self.tokens, &self.gpu_times)));
        }
    }

    /// Replaces it with the next one.
    pub(super) fn take(&mut self, at: Timestamp, tokens: &[TokenCell], gpu_times: &[GpuTimeCell]) {
        self.at = Some(at);
        self.tokens.clear();
        self.tokens.extend_from_slice(tokens);
        self.gpu_times.clear();
        self.gpu_times.extend_from_slice(gpu_times);
    }
}

fn bucket<'a>(
    past: &Past,
    at: Timestamp,
    next: Option<Timestamp>,
    (tokens, gpu_times): (&'a [TokenCell], &'a [GpuTimeCell]),
) -> Bucket<'a> {
    let closes = closes(past, at, next);
    Bucket { at, end: end(past, at, closes), closes, tokens, gpu_times }
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

fn first(tokens: &[TokenCell], gpu_times: &[GpuTimeCell]) -> Option<Timestamp> {
    let firsts = [tokens.first().map(|cell| cell.bucket), gpu_times.first().map(|cell| cell.bucket)];
    firsts.into_iter().flatten().min()
}

/// The cells in order, sorted if necessary: a past that a test made may have them in any order.
fn sorted_by_time<T: Copy>(cells: &[T], at: impl Fn(&T) -> Timestamp) -> Cow<'_, [T]> {
    if cells.is_sorted_by_key(&at) {
        return Cow::Borrowed(cells);
    }
    let mut sorted = cells.to_vec();
    sorted.sort_by_key(&at);
    Cow::Owned(sorted)
}
