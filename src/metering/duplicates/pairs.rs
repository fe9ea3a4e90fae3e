//! The comparisons of places with each other, found without a copy of either place.

use std::collections::BTreeMap;

use super::Place;
use crate::metering::agreement::{Pair, Side, Verdict};

/// The comparisons by the lower place and then the upper one.
#[derive(Debug, Default)]
pub(super) struct Pairs(BTreeMap<Place, BTreeMap<Place, Pair>>);

/// The lower and the upper of two places, and the side of the first one.
fn sorted<'a>(one: &'a Place, other: &'a Place) -> (&'a Place, &'a Place, Side) {
    if one < other { (one, other, Side::Lower) } else { (other, one, Side::Upper) }
}

/// On which side of their comparison a place is.
pub(super) fn side(place: &Place, other: &Place) -> Side {
    sorted(place, other).2
}

impl Pairs {
    /// The comparison of two places.
    pub(super) fn get(&self, one: &Place, other: &Place) -> Option<&Pair> {
        let (lower, upper, _) = sorted(one, other);
        self.0.get(lower)?.get(upper)
    }

    /// The comparison of two places.
    pub(super) fn get_mut(&mut self, one: &Place, other: &Place) -> Option<&mut Pair> {
        let (lower, upper, _) = sorted(one, other);
        self.0.get_mut(lower)?.get_mut(upper)
    }

    /// The comparison of two places, `or` else this one.
    pub(super) fn entry(&mut self, one: &Place, other: &Place, or: impl FnOnce() -> Pair) -> &mut Pair {
        let (lower, upper, _) = sorted(one, other);
        let uppers = self.0.entry(lower.clone()).or_default();
        uppers.entry(upper.clone()).or_insert_with(or)
    }

    /// Forgets the comparison of two places.
    pub(super) fn remove(&mut self, one: &Place, other: &Place) {
        let (lower, upper, _) = sorted(one, other);
        let Some(uppers) = self.0.get_mut(lower) else { return };
        uppers.remove(upper);
        if uppers.is_empty() {
            self.0.remove(lower);
        }
    }

    /// Whether the tokens of a place are counted at the other one.
    pub(super) fn is_counted_at(&self, place: &Place, other: &Place) -> bool {
        let (lower, upper, side) = sorted(place, other);
        let pair = self.0.get(lower).and_then(|uppers| uppers.get(upper));
        pair.is_some_and(|pair| pair.verdict == Verdict::Same { uncounted: side })
    }
}
