//! What the other places of a target's processes are, and what they posted.

use std::collections::BTreeSet;

use super::{Duplicates, Place, PostedSegment, Verdict};
use crate::ledger::Entry;
use crate::reading::{InstanceId, TargetId};
use crate::units::{Moment, Span};

impl Duplicates {
    /// The targets of an instance's duplicates.
    pub(in crate::metering) fn duplicates_of(&self, target: &TargetId, id: Option<&InstanceId>) -> BTreeSet<&TargetId> {
        let mut others = BTreeSet::new();
        if self.has_none() {
            return others;
        }
        let from = Place::first_of(target, id);
        let ours = self.places.from(&from);
        let ours = ours.take_while(|(place, _)| place.target == *target && place.instance.as_ref() == id);
        for (place, known) in ours {
            let alike = self.by_mark.get(&known.mark).into_iter().flatten();
            let is_ours = |other: &&Place| self.pairs.is_counted_at(other, place) && self.winner(other) == Some(place);
            others.extend(alike.filter(is_ours).map(|other| &other.target));
        }
        others
    }

    /// Whether another target has a place with the mark of one of the instance's places.
    pub(in crate::metering) fn is_seen_elsewhere(&self, target: &TargetId, id: Option<&InstanceId>) -> bool {
        self.of_instance(target, id).any(|place| self.alike(place).next().is_some())
    }

    /// The entries of a target's places that other places may have posted, too, since they were first compared.
    pub(in crate::metering) fn posted_twice(&self, target: &TargetId) -> Vec<(Place, Vec<Entry>)> {
        let since = |place: &Place, other: &Place| {
            let pair = self.pairs.get(place, other).filter(|pair| pair.verdict == Verdict::Undecided)?;
            let theirs = self.places.get(other)?.posted.iter();
            theirs.filter(|segment| segment.number >= pair.since).any(PostedSegment::has_tokens).then_some(pair.since)
        };
        let twice = |place: &Place| {
            let since = self.alike(place).filter_map(|other| since(place, other)).min()?;
            let posted = self.places.get(place)?.posted.iter().filter(|segment| segment.number >= since);
            let entries = posted.flat_map(|segment| &segment.entries).filter(|entry| !entry.tokens.is_zero());
            Some((place.clone(), entries.copied().collect()))
        };
        self.of_target(target).filter_map(twice).collect()
    }

    /// The targets and instances that do not count as a target's places count for them.
    pub(in crate::metering) fn counted_by(&self, target: &TargetId) -> BTreeSet<(TargetId, Option<InstanceId>)> {
        let places = self.of_target(target).filter(|_| !self.has_none());
        let others = places.flat_map(|place| {
            self.alike(place).filter(move |other| self.pairs.is_counted_at(other, place)).collect::<Vec<_>>()
        });
        others.map(|other| (other.target.clone(), other.instance.clone())).collect()
    }

    /// Since when both a duplicate and the place that counts it have answered without a break.
    pub(in crate::metering) fn seen_together_since(&self, place: &Place) -> Option<Moment> {
        let appeared = |place: &Place| self.places.get(place)?.appeared;
        let (ours, theirs) = (appeared(place)?, appeared(self.winner(place)?)?);
        Some(if ours.since(theirs) > Span::ZERO { ours } else { theirs })
    }
}
