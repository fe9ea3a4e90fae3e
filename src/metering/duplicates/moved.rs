//! A process that moves from one address to another, and is never at both at once.
//!
//! Its values at the two addresses are never of the same time, so they cannot be compared as those of duplicates. The
//! process is recognized by its start time, and by values that continue from the last ones.

use super::{Duplicates, Place, Settled, Verdict, pairs};
use crate::metering::agreement::Values;
use crate::metering::{Context, Engine, Metering};
use crate::reading::{EngineReading, InstanceId};
use crate::units::{Moment, Span, Timestamp};

impl Metering {
    /// Compares a place that appeared lately with those where its process may have answered before. If the page's values
    /// continue from those of the other place, the process is the same and the counting moves here; otherwise tokens may be
    /// missing. This comes before the page is applied: what the place posted is reversed and posted again, with the tokens
    /// since the other place's last page, in one step.
    pub(in crate::metering) fn settle_moved(
        &mut self,
        context: &mut Context<'_>,
        engine: &mut Engine,
        id: Option<&InstanceId>,
        (start, page): (Option<Timestamp>, &[&EngineReading]),
    ) {
        let Some((place, mark)) = self.place_on(context, engine, id, start) else { return };
        let silence = context.config.stale_after();
        self.duplicates.note_silence(&place, context.at, silence);
        let others = self.duplicates.places_before(&place, context.at, silence);
        if others.is_empty() {
            return;
        }
        let Some(ours) = engine.process(id, place.process) else { return };
        let values = mark.values(Values::on(page, ours));
        for other in others {
            let known = self.engines.get(&other.target).or_else(|| self.unwatched.get(&other.target));
            let theirs = known.and_then(|engine| engine.process(other.instance.as_ref(), other.process));
            let goes_on = theirs.is_some_and(|theirs| values.goes_on_from(&mark.values(Values::of(theirs))));
            if let Some(settled) = self.duplicates.judge_moved(&place, &other, goes_on) {
                self.settle(context, engine, settled);
            }
        }
    }
}

impl Duplicates {
    /// Records a page of a place, before the place is compared.
    pub(in crate::metering) fn note_silence(&mut self, place: &Place, at: Moment, silence: Span) {
        if let Some(known) = self.places.get_mut(place)
            && known.polled.is_none_or(|(_, last)| at.since(last) >= silence)
        {
            known.appeared = Some(at);
        }
    }

    /// The places that may have shown the same process before a place appeared: they have not answered since, and have no
    /// verdict.
    fn places_before(&self, place: &Place, now: Moment, silence: Span) -> Vec<Place> {
        let Some(appeared) = self.places.get(place).and_then(|known| known.appeared) else { return Vec::new() };
        if now.since(appeared) < silence || self.has_sibling(place) {
            return Vec::new();
        }
        let is_undecided =
            |other: &Place| self.pairs.get(place, other).is_some_and(|pair| pair.verdict == Verdict::Undecided);
        let is_before = |other: &Place| {
            let last = self.places.get(other).and_then(|known| known.polled);
            last.is_none_or(|(_, last)| appeared.since(last) > Span::ZERO)
        };
        self.alike(place).filter(|other| is_undecided(other) && is_before(other)).cloned().collect()
    }

    /// Sets whether a place's process is the one seen at another place before.
    fn judge_moved(&mut self, place: &Place, other: &Place, goes_on: bool) -> Option<Settled> {
        if !goes_on {
            self.segment += 1;
            let decided = self.segment;
            self.pairs.get_mut(place, other)?.decide(Verdict::Differ, decided);
            return Some(Settled::Two);
        }
        let (lower, upper, ours) = pairs::sorted(place, other);
        self.join_without(lower, upper, ours)
    }
}
