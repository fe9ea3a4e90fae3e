//! The comparisons between places, looked up without copying a place.

use std::collections::{BTreeMap, BTreeSet};

use super::place::Place;
use crate::metering::agreement::{Pair, Side, Verdict};
use crate::reading::TargetId;

/// The comparisons, by the lower and then the upper place. Each change marks the targets of both as touched, since both
/// save it.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    all: BTreeMap<Place, BTreeMap<Place, Pair>>,
    touched: BTreeSet<TargetId>,
}

/// The lower and the upper of two places, and the side of the first one.
pub(super) fn sorted<'a>(one: &'a Place, other: &'a Place) -> (&'a Place, &'a Place, Side) {
    if one < other { (one, other, Side::Lower) } else { (other, one, Side::Upper) }
}

/// The side of `place` in its comparison with `other`.
pub(super) fn side(place: &Place, other: &Place) -> Side {
    sorted(place, other).2
}

fn touch(touched: &mut BTreeSet<TargetId>, places: [&Place; 2]) {
    for place in places {
        if !touched.contains(&place.target) {
            touched.insert(place.target.clone());
        }
    }
}

impl Pairs {
    /// Whether no two places are compared: then none is a duplicate.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The comparison of two places.
    pub(super) fn get(&self, one: &Place, other: &Place) -> Option<&Pair> {
        let (lower, upper, _) = sorted(one, other);
        self.all.get(lower)?.get(upper)
    }

    /// The comparison of two places.
    pub(super) fn get_mut(&mut self, one: &Place, other: &Place) -> Option<&mut Pair> {
        let (lower, upper, _) = sorted(one, other);
        let pair = self.all.get_mut(lower)?.get_mut(upper)?;
        touch(&mut self.touched, [lower, upper]);
        Some(pair)
    }

    /// The comparison of two places; `or` creates a new one.
    pub(super) fn entry(&mut self, one: &Place, other: &Place, or: impl FnOnce() -> Pair) -> &mut Pair {
        let (lower, upper, _) = sorted(one, other);
        touch(&mut self.touched, [lower, upper]);
        let uppers = self.all.entry(lower.clone()).or_default();
        uppers.entry(upper.clone()).or_insert_with(or)
    }

    /// Forgets the comparison of two places.
    pub(super) fn remove(&mut self, one: &Place, other: &Place) {
        let (lower, upper, _) = sorted(one, other);
        let Some(uppers) = self.all.get_mut(lower) else { return };
        if uppers.remove(upper).is_some() {
            touch(&mut self.touched, [lower, upper]);
        }
        if uppers.is_empty() {
            self.all.remove(lower);
        }
    }

    /// The pairs of places without a verdict.
    pub(super) fn undecided(&self) -> impl Iterator<Item = [&Place; 2]> {
        let all =
            self.all.iter().flat_map(|(lower, uppers)| uppers.iter().map(move |(upper, pair)| (lower, upper, pair)));
        all.filter(|(.., pair)| pair.verdict == Verdict::Undecided).map(|(lower, upper, _)| [lower, upper])
    }

    /// Takes the targets whose comparisons changed since the last call.
    pub(super) fn take_touched(&mut self) -> BTreeSet<TargetId> {
        std::mem::take(&mut self.touched)
    }

    /// Whether the tokens of a place are counted at the other one.
    pub(super) fn is_counted_at(&self, place: &Place, other: &Place) -> bool {
        let (lower, upper, side) = sorted(place, other);
        let pair = self.all.get(lower).and_then(|uppers| uppers.get(upper));
        pair.is_some_and(|pair| pair.verdict == Verdict::Same { uncounted: side })
    }
}
