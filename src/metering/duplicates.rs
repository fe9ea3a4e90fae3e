//! Duplicates: a process that several addresses show is counted once.
//!
//! A place is one process of one instance at one target. Two places show the same process if they have the same engine kind
//! and start time, to the centisecond, and their values agree (`agreement`), whatever their nodes and the number of
//! instances or processes on either page. The more direct place counts: a page with one instance before an aggregated page,
//! an address with one process before one with several, then the target added first. What the other place posted since both
//! were seen is reversed; between equals, the place seen later does not count. Counting moves (`transfer`) to a more
//! direct place, or away from a place that is stale or whose process was replaced. Processes without a start time are never
//! treated as duplicates; those that agree are reported (`lookalikes`).

use std::collections::{BTreeSet, HashMap, VecDeque};

mod lookalikes;
mod moved;
mod others;
mod pairs;
mod place;
mod saved;
mod succession;
mod transfer;

use serde::{Deserialize, Serialize};

use self::lookalikes::Lookalikes;
pub(super) use self::lookalikes::Sight;
use self::pairs::{Pairs, side};
use self::place::{Directness, OBSERVATIONS};
pub(super) use self::place::{Place, ProcessMark};
pub(super) use self::saved::SavedPlace;
use super::agreement::{Observation, Pair, Side, Values, Verdict};
use crate::counters::ANSWERING;
use crate::inventory::Tracked;
use crate::ledger::{Entry, Ledger};
use crate::reading::{EngineKind, InstanceId, TargetId};
use crate::units::{Moment, Span};

/// How long entries of a process are kept that no other address shows yet.
const ALONE: Span = Span::from_secs(600);
/// How long a place is kept without a page.
const KEPT: Span = Span::from_secs(86_400);
/// The most places with one mark that are all compared; beyond it, only instances of the same name are.
const COMPARED: usize = 64;

/// Entries that may be reversed, posted in the segment of this number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PostedSegment {
    number: u64,
    entries: Vec<Entry>,
}

/// The state of a place.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is another thing that may be known of it")]
struct Known {
    mark: ProcessMark,
    kind: Option<EngineKind>,
    /// `None` until its first page of this run.
    directness: Option<Directness>,
    /// When its last page was requested and received.
    polled: Option<(Moment, Moment)>,
    /// When it appeared, last after a silence.
    appeared: Option<Moment>,
    /// Whether another process replaced it.
    has_ended: bool,
    /// Whether tokens were posted for it, in this run or an earlier one.
    has_posted: bool,
    /// Whether it replaced another process, and a lost window was counted for that.
    lost_window: bool,
    observations: VecDeque<Observation>,
    posted: Vec<PostedSegment>,
    /// Until when entries are kept although no other place has the same mark.
    alone_until: Option<Moment>,
    logs: bool,
}

/// The places of all processes that have a mark, and their comparisons.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    places: Tracked<Place, Known>,
    by_mark: HashMap<ProcessMark, BTreeSet<Place>>,
    pairs: Pairs,
    /// The number of the current segment.
    segment: u64,
    lookalikes: Lookalikes,
}

/// A page of a place, before it is posted.
#[derive(Debug, Clone, Copy)]
pub(super) struct FirstPage {
    pub(super) mark: ProcessMark,
    pub(super) kind: EngineKind,
    pub(super) is_born: bool,
    pub(super) is_baseline: bool,
    pub(super) at: Moment,
}

/// The result of a comparison.
#[derive(Debug)]
pub(super) enum Settled {
    /// The place is a duplicate; these entries are reversed.
    One { place: Place, back: Vec<Entry> },
    /// Two places turned out to show two processes.
    Two,
}

impl PostedSegment {
    fn has_tokens(&self) -> bool {
        self.entries.iter().any(|entry| !entry.tokens.is_zero())
    }
}

impl Known {
    /// Whether its page shows values some time after they were read.
    fn is_aggregated(&self) -> bool {
        self.directness.is_some_and(|(_, is_aggregated, ..)| is_aggregated)
    }
}

impl Duplicates {
    /// Whether no place is a duplicate, as no two are compared: nearly always, and answered without a look-up.
    pub(super) fn has_none(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The target that counts a place's process instead, if it is a duplicate.
    pub(super) fn counted_at(&self, place: &Place) -> Option<&TargetId> {
        let mut first = None;
        // The place that counts a duplicate may be a duplicate too; the loop is bounded.
        let mut now = place;
        for _ in 0..OBSERVATIONS {
            let Some(next) = self.winner(now) else { break };
            (first, now) = (Some(&next.target), next);
        }
        first
    }

    /// The mark of a place, if known.
    pub(super) fn mark(&self, place: &Place) -> Option<ProcessMark> {
        self.places.get(place).map(|known| known.mark)
    }

    /// A place that counts instead of this one.
    fn winner(&self, place: &Place) -> Option<&Place> {
        if self.has_none() {
            return None;
        }
        self.alike(place).find(|other| self.pairs.is_counted_at(place, other))
    }

    /// Other places with the same mark, at other targets.
    fn alike<'a>(&'a self, place: &Place) -> impl Iterator<Item = &'a Place> {
        let mark = self.places.get(place).map(|known| known.mark);
        let all = mark.and_then(|mark| self.by_mark.get(&mark)).into_iter().flatten();
        all.filter(|other| other.target != place.target)
    }

    /// Whether another process of a place's target has the same mark.
    pub(super) fn has_sibling(&self, place: &Place) -> bool {
        let mark = self.places.get(place).map(|known| known.mark);
        let all = mark.and_then(|mark| self.by_mark.get(&mark)).into_iter().flatten();
        all.filter(|other| other.target == place.target).nth(1).is_some()
    }

    /// Forgets a place and its comparisons.
    pub(super) fn remove(&mut self, place: &Place) {
        for other in self.alike(place).cloned().collect::<Vec<_>>() {
            self.pairs.remove(place, &other);
        }
        if let Some(known) = self.places.remove(place)
            && let Some(all) = self.by_mark.get_mut(&known.mark)
        {
            all.remove(place);
            if all.is_empty() {
                self.by_mark.remove(&known.mark);
            }
        }
    }

    /// The places of a target.
    fn of_target<'a>(&'a self, target: &'a TargetId) -> impl Iterator<Item = &'a Place> {
        let from = Place::first_of(target, None);
        self.places.from(&from).map(|(place, _)| place).take_while(move |place| place.target == *target)
    }

    /// The places of an instance.
    fn of_instance<'a>(&'a self, target: &'a TargetId, id: Option<&'a InstanceId>) -> impl Iterator<Item = &'a Place> {
        let from = Place::first_of(target, id);
        let is_of = move |place: &&Place| place.target == *target && place.instance.as_ref() == id;
        self.places.from(&from).map(|(place, _)| place).take_while(is_of)
    }

    /// Marks an instance's processes as replaced.
    pub(super) fn end_others(&mut self, target: &TargetId, id: Option<&InstanceId>) {
        for other in self.of_instance(target, id).cloned().collect::<Vec<_>>() {
            if let Some(known) = self.places.get_mut(&other) {
                known.has_ended = true;
            }
        }
    }

    /// Drops a target's places that have not been seen for long.
    pub(super) fn prune(&mut self, target: &TargetId, at: Moment) {
        self.lookalikes.prune(target, at);
        let is_old = |known: &Known| known.polled.is_some_and(|(_, last)| at.since(last) >= KEPT);
        let old = self.of_target(target).filter(|place| self.places.get(place).is_some_and(is_old));
        for place in old.cloned().collect::<Vec<_>>() {
            self.remove(&place);
        }
    }

    /// Records how direct a place is.
    pub(super) fn set_directness(&mut self, place: &Place, directness: Directness) {
        if let Some(known) = self.places.get_mut(place) {
            known.directness = Some(directness);
        }
    }

    /// Forgets the places of an instance.
    pub(super) fn forget_instance(&mut self, target: &TargetId, id: Option<&InstanceId>) {
        self.lookalikes.retain(target, |place, _| place.instance.as_ref() != id);
        for place in self.of_instance(target, id).cloned().collect::<Vec<_>>() {
            self.remove(&place);
        }
    }

    /// Forgets the places of a target.
    pub(super) fn reset(&mut self, target: &TargetId) {
        self.lookalikes.retain(target, |_, _| false);
        for place in self.of_target(target).cloned().collect::<Vec<_>>() {
            self.remove(&place);
        }
    }

    /// Drops all entries, since they were posted to another ledger.
    pub(super) fn forget_posted(&mut self) {
        self.lookalikes.forget_posted();
        self.places.values_mut().for_each(|known| known.posted.clear());
    }

    /// Adds a place with its mark.
    fn add(&mut self, place: &Place, mark: ProcessMark, kind: Option<EngineKind>) -> &mut Known {
        if self.places.get(place).is_some_and(|known| known.mark != mark) {
            self.remove(place);
        }
        self.by_mark.entry(mark).or_default().insert(place.clone());
        let known = self.places.get_or_default(place);
        (known.mark, known.kind) = (mark, kind.or(known.kind));
        known
    }

    /// Finds the places that may show the same process, before its page is posted.
    pub(super) fn find_alike(&mut self, place: &Place, page: FirstPage, is_known: impl Fn(&TargetId) -> bool) {
        let known = self.add(place, page.mark, Some(page.kind));
        let is_new = known.polled.is_none();
        known.has_ended = false;
        if known.alone_until.is_none() && (page.is_born || !known.posted.is_empty()) {
            known.alone_until = Some(page.at + ALONE);
        }
        let alike: Vec<Place> = self.alike(place).cloned().collect();
        let crowded = alike.len() > COMPARED;
        for other in alike {
            let Some(theirs) = self.places.get(&other) else { continue };
            let may_be = theirs.kind.is_none_or(|kind| kind == page.kind)
                && is_known(&other.target)
                && (!crowded || other.instance == place.instance);
            if may_be && self.pairs.get(place, &other).is_none() {
                let late = (is_new && page.is_baseline && theirs.has_posted).then(|| side(place, &other));
                let since = if page.is_born { 0 } else { self.next_segment() };
                let pair = self.new_pair(place, &other, (since, late));
                self.pairs.entry(place, &other, || pair);
            }
        }
        let logs = self.is_undecided(place);
        if let Some(known) = self.places.get_mut(place) {
            known.logs = logs || known.alone_until.is_some_and(|until| until.boot > page.at.boot);
            if !known.logs {
                known.posted.clear();
            }
        }
    }

    /// Whether two answering addresses may show the same process, so that postings of one of them may be reversed.
    pub(super) fn may_take_back(&self, now: Moment) -> bool {
        let posts = |place: &Place| {
            self.places.get(place).is_some_and(|known| {
                let answers = known.polled.is_some_and(|(_, last)| now.since(last) < ANSWERING);
                answers && !known.has_ended && known.posted.iter().any(|segment| !segment.entries.is_empty())
            })
        };
        self.pairs.undecided().any(|places| places.into_iter().all(posts))
    }

    /// Pairs of places that may show the same process and both count.
    pub(super) fn lookalikes(&self, now: Moment) -> impl Iterator<Item = [&Place; 2]> {
        self.lookalikes.marked(now)
    }

    /// Compares a page with places that may show the same process without a start time.
    pub(super) fn compare(&mut self, sight: Sight, ledger: &mut Ledger) {
        if self.winner(&sight.place).is_some() {
            return self.lookalikes.leave(&sight.place, ledger);
        }
        self.lookalikes.observe(sight, ledger);
    }

    fn next_segment(&mut self) -> u64 {
        self.segment += 1;
        self.segment
    }

    fn is_undecided(&self, place: &Place) -> bool {
        let is_open = |other| self.pairs.get(place, other).is_some_and(|pair| pair.verdict == Verdict::Undecided);
        self.alike(place).any(is_open)
    }

    /// Keeps an entry that may be reversed.
    pub(super) fn note(&mut self, place: &Place, entry: Entry) {
        if !entry.tokens.is_zero() {
            self.lookalikes.note(place, entry);
        }
        let number = self.segment;
        let Some(known) = self.places.get_mut(place).filter(|_| !entry.tokens.is_zero()) else { return };
        known.has_posted = true;
        if !known.logs {
            return;
        }
        match known.posted.last_mut().filter(|last| last.number == number) {
            Some(segment) => super::entries::remember(&mut segment.entries, entry),
            None => known.posted.push(PostedSegment { number, entries: vec![entry] }),
        }
    }

    /// Changes misses of a kept entry into hits.
    pub(super) fn move_entry(&mut self, place: &Place, misses: &Entry, hits: Entry) {
        self.lookalikes.drop_entries(place, std::slice::from_ref(misses));
        self.lookalikes.note(place, hits);
        let Some(known) = self.places.get_mut(place) else { return };
        let of = |segment: &&mut PostedSegment| segment.entries.iter().any(|kept| kept.merges(misses));
        if let Some(segment) = known.posted.iter_mut().rev().find(of) {
            super::entries::subtract(&mut segment.entries, std::slice::from_ref(misses));
            super::entries::remember(&mut segment.entries, hits);
        }
    }

    /// Drops kept entries that were reversed for another reason.
    pub(super) fn drop_entries(&mut self, place: &Place, taken: &[Entry]) {
        self.lookalikes.drop_entries(place, taken);
        let Some(known) = self.places.get_mut(place) else { return };
        known.posted.iter_mut().rev().for_each(|segment| super::entries::subtract(&mut segment.entries, taken));
    }

    /// Adds an observation, and compares it with those of places that may show the same process.
    pub(super) fn observe(
        &mut self,
        place: &Place,
        values: Option<Values>,
        stale: bool,
        (from, at): (Moment, Moment),
    ) -> Vec<Settled> {
        let is_open = |other: &&Place| self.pairs.get(place, other).is_some_and(|pair| pair.verdict != Verdict::Differ);
        let open: Vec<Place> = self.alike(place).filter(is_open).cloned().collect();
        let together = self.has_sibling(place) || {
            let targets: BTreeSet<&TargetId> = self.alike(place).map(|other| &other.target).collect();
            targets.len() < self.alike(place).count()
        };
        let Some(known) = self.places.get_mut(place) else { return Vec::new() };
        let before = known.polled.replace((from, at)).map(|(_, at)| at);
        if open.is_empty() {
            known.observations.clear();
            return Vec::new();
        }
        let Some(values) = values else { return Vec::new() };
        if stale && known.observations.back().is_some_and(|last| last.values == values) {
            return Vec::new();
        }
        let from = if stale { before } else { Some(from) };
        let now = Observation { from, to: at, values };
        let mut settled = Vec::new();
        for other in open {
            let Some(pair) = self.pairs.get_mut(place, &other) else { continue };
            let Some(theirs) = self.places.get(&other) else { continue };
            let was = pair.verdict;
            let is_before = |then: &&Observation| now.from.is_some_and(|from| from.since(then.to) >= Span::ZERO);
            let then = theirs.observations.iter().rev().find(is_before);
            // Of two processes of one page that started together, only the time of the values tells which one matches.
            let any_time = (stale || theirs.is_aggregated() || pair.was_same()) && !together;
            match then {
                Some(then) if !any_time || now.values.reaches(&then.values) => {
                    pair.compare(side(place, &other), &now.values, &then.values);
                }
                _ if any_time => {
                    let before = self.places.get(place).and_then(|ours| ours.observations.back());
                    pair.compare_at_any_time(before.map(|before| &before.values), &now.values, &theirs.observations);
                }
                _ => continue,
            }
            match (was, pair.verdict) {
                (Verdict::Same { .. }, Verdict::Differ) => {
                    // They are compared again, with what both post from here on.
                    self.segment += 1;
                    pair.restart(self.segment);
                    settled.push(Settled::Two);
                }
                (Verdict::Undecided, Verdict::Undecided) if pair.agrees() => {
                    let joined = self.join(place, &other);
                    if let Some(Settled::One { place: double, .. }) = &joined {
                        let counted = if double == place { &other } else { place };
                        settled.extend(self.join_former(double, counted));
                    }
                    settled.extend(joined);
                }
                _ => {}
            }
        }
        if let Some(known) = self.places.get_mut(place) {
            known.observations.push_back(now);
            if known.observations.len() > OBSERVATIONS {
                known.observations.pop_front();
            }
        }
        settled
    }

    /// Decides which of two agreeing places counts. A place that is a duplicate already does not count against the other;
    /// two duplicates are decided when one counts again.
    fn join(&mut self, one: &Place, other: &Place) -> Option<Settled> {
        let (lower, upper) = if one < other { (one, other) } else { (other, one) };
        let late = self.pairs.get(lower, upper)?.late.unwrap_or_else(|| {
            let directness = |place: &Place| self.places.get(place).map(|known| known.directness);
            if directness(lower) <= directness(upper) { Side::Upper } else { Side::Lower }
        });
        self.join_without(lower, upper, late)
    }

    /// As [`Self::join`], for two ordered places: if both count, the one on the side `either` stops counting.
    fn join_without(&mut self, lower: &Place, upper: &Place, either: Side) -> Option<Settled> {
        let uncounted = match (self.winner(lower).is_some(), self.winner(upper).is_some()) {
            (true, true) => return None,
            (true, false) => Side::Lower,
            (false, true) => Side::Upper,
            (false, false) => either,
        };
        let place = if uncounted == Side::Lower { lower } else { upper };
        let pair = self.pairs.get_mut(lower, upper)?;
        self.segment += 1;
        pair.decide(Verdict::Same { uncounted }, self.segment);
        let since = pair.since;
        let known = self.places.get_mut(place)?;
        let kept = std::mem::take(&mut known.posted).into_iter().filter(|segment| segment.number >= since);
        let back: Vec<Entry> =
            kept.flat_map(|segment| segment.entries).filter(|entry| !entry.tokens.is_zero()).collect();
        Some(Settled::One { place: place.clone(), back })
    }

    /// Takes the targets whose places or comparisons changed since the last call.
    pub(super) fn take_touched(&mut self) -> impl Iterator<Item = TargetId> {
        let pairs = self.pairs.take_touched();
        pairs.into_iter().chain(self.places.take_touched().into_iter().map(|place| place.target))
    }
}
