//! The cells of a past, one bucket after another.

use std::borrow::Cow;

use crate::ledger::{GpuTimeCell, Past, TokenCell};
use crate::units::{Span, Timestamp};

/// All that was posted in one bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket<'a> {
    /// When it begins.
    pub(super) at: Timestamp,
    /// When it ends at the latest: where the next one, the past's end or an unwatched span begins.
    pub(super) end: Timestamp,
    pub(super) tokens: &'a [TokenCell],
    pub(super) rents: &'a [GpuTimeCell],
}

/// A past whose cells are in the order of their buckets.
#[derive(Debug)]
pub(super) struct Buckets<'a> {
    past: &'a Past,
    tokens: Cow<'a, [TokenCell]>,
    rents: Cow<'a, [GpuTimeCell]>,
}

impl<'a> Buckets<'a> {
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
            let end = self.end(at, first(tokens, rents));
            Some(Bucket { at, end, tokens: mine, rents: due })
        })
    }

    /// A cell does not say how long it is: at most a day of 25 hours.
    fn end(&self, at: Timestamp, next: Option<Timestamp>) -> Timestamp {
        const LONGEST: Span = Span::from_secs(25 * 3600);
        let unwatched = self.past.unwatched.iter().map(|(from, _)| *from).filter(|from| *from > at).min();
        let ends = [Some(next.unwrap_or(self.past.until)), unwatched, Some(at + LONGEST)];
        ends.into_iter().flatten().min().unwrap_or(at).max(at)
    }
}

fn first(tokens: &[TokenCell], rents: &[GpuTimeCell]) -> Option<Timestamp> {
    let firsts = [tokens.first().map(|cell| cell.bucket), rents.first().map(|cell| cell.bucket)];
    firsts.into_iter().flatten().min()
}

/// Cells as they stand, or sorted if they are not: a past made by hand may have them in any order.
fn in_order<T: Copy>(cells: &[T], at: impl Fn(&T) -> Timestamp) -> Cow<'_, [T]> {
    if cells.is_sorted_by_key(&at) {
        return Cow::Borrowed(cells);
    }
    let mut sorted = cells.to_vec();
    sorted.sort_by_key(&at);
    Cow::Owned(sorted)
}
