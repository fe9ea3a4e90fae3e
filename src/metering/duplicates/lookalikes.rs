//! Lookalikes: two places with agreeing values that may show one process: at two addresses, at least one without a start
//! time or with one in whole seconds, or on one page under two sets of labels, with one start time or at least one without.
//!
//! Two engines under the same load may agree for long, so both stay posted. As they may be one engine, what the less direct
//! place posted since the first comparison is uncertain.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::{Hash, Hasher};

use super::place::{Directness, OBSERVATIONS, Place, ProcessMark};
use crate::counters::ANSWERING;
use crate::ledger::{Entry, Ledger};
use crate::metering::agreement::{Observation, Values, fits};
use crate::metering::entries;
use crate::reading::{EngineKind, TargetId};
use crate::units::{Moment, Money, Span, Timestamp};

/// The number of new values that must agree.
const ENOUGH: u8 = 6;
/// The number of contradictions after which two places never become lookalikes.
const CONTRADICTIONS: u8 = 3;
/// The number of consecutive agreeing values after which earlier contradictions are ignored.
const FORGIVEN: u8 = 32;
/// The most places that a place is compared with.
const COMPARED: usize = 8;
/// The most entries kept for a place without a lookalike, and the most minutes for a place with one.
const KEPT_ENTRIES: usize = 64;
const KEPT_MINUTES: usize = 1440;
/// How long a place is kept without a page.
const KEPT: Span = Span::from_secs(3600);

/// A page of a place.
#[derive(Debug)]
pub(in crate::metering) struct Sight {
    pub(in crate::metering) place: Place,
    pub(in crate::metering) kind: EngineKind,
    pub(in crate::metering) mark: Option<ProcessMark>,
    /// Whether another instance of its page has the same start time.
    pub(in crate::metering) has_twin: bool,
    pub(in crate::metering) directness: Directness,
    pub(in crate::metering) values: Values,
    /// When the page was requested and received.
    pub(in crate::metering) polled: (Moment, Moment),
}

/// The comparison of two places.
#[derive(Debug, Default)]
struct ValueComparison {
    agreed: u8,
    contradictions: u8,
    /// The prompt and output tokens of the last values that agreed.
    proven: [u64; 2],
}

/// The state of a place.
#[derive(Debug)]
struct Seen {
    place: Place,
    kind_and_ranks: u64,
    mark: Option<ProcessMark>,
    directness: Directness,
    polled: Moment,
    /// The totals of its latest pages, the newest last.
    totals: VecDeque<u64>,
    /// Its last values, if it is compared.
    observations: VecDeque<Observation>,
    others: BTreeSet<u32>,
    has_posted: bool,
    posted: Vec<Entry>,
    taken: Vec<Entry>,
    /// The uncertain amount of each minute.
    uncertain: BTreeMap<Timestamp, Money>,
}

/// The places that may show the same processes, and their comparisons.
#[derive(Debug, Default)]
pub(in crate::metering) struct Lookalikes {
    numbers: BTreeMap<Place, u32>,
    last_number: u32,
    seen: HashMap<u32, Seen>,
    /// The number of places without an exact start time, by kind and ranks; without any, nothing is compared.
    inexact: HashMap<u64, usize>,
    by_total: BTreeSet<(u64, u64, u32)>,
    pairs: BTreeMap<(u32, u32), ValueComparison>,
    marked: BTreeSet<(u32, u32)>,
}

const fn has_start(mark: Option<ProcessMark>) -> bool {
    matches!(mark, Some(ProcessMark::Start(_)))
}

/// Whether it is a start time with a fraction of a second. Some exporters say whole seconds alone.
const fn is_exact(mark: Option<ProcessMark>) -> bool {
    matches!(mark, Some(ProcessMark::Start(centis)) if centis % 100 != 0)
}

/// Whether two start times may be one, of which one was rounded to a whole second.
const fn may_be_rounded(one: Option<ProcessMark>, other: Option<ProcessMark>) -> bool {
    match (one, other) {
        (Some(ProcessMark::Start(one)), Some(ProcessMark::Start(other))) => {
            one != other && one.abs_diff(other) < 100 && (one % 100 == 0 || other % 100 == 0)
        }
        _ => false,
    }
}

fn sorted(one: u32, other: u32) -> (u32, u32) {
    if one < other { (one, other) } else { (other, one) }
}

impl Seen {
    fn total(&self) -> u64 {
        self.totals.back().copied().unwrap_or_default()
    }

    /// Whether the two need to be compared here: places at two addresses that both have start times, or one page, are
    /// compared elsewhere.
    fn may_be(&self, other: &Self) -> bool {
        let have_starts = [self, other].map(|seen| has_start(seen.mark));
        if self.place.target == other.place.target {
            return self.is_instance()
                && other.is_instance()
                && self.place.instance != other.place.instance
                && (self.mark == other.mark || have_starts != [true, true]);
        }
        let is_judged = have_starts == [true, true] && !may_be_rounded(self.mark, other.mark)
            || self.mark.is_some() && self.mark == other.mark;
        !is_judged
    }

    /// Whether it is one of several processes on its page. Versions of a model share theirs.
    fn is_instance(&self) -> bool {
        self.place.instance.as_ref().is_none_or(|id| !id.is_version())
    }
}

impl Lookalikes {
    /// Applies a page of a counting place.
    pub(in crate::metering) fn observe(&mut self, sight: Sight, ledger: &mut Ledger) {
        let mut hasher = DefaultHasher::new();
        (sight.kind, sight.values.ranks()).hash(&mut hasher);
        let kind_and_ranks = hasher.finish();
        let known = self.numbers.get(&sight.place).and_then(|number| self.seen.get(number));
        if known.is_some_and(|seen| (seen.kind_and_ranks, seen.mark) != (kind_and_ranks, sight.mark)) {
            self.forget(&sight.place);
        }
        if is_exact(sight.mark) && !sight.has_twin && !self.inexact.contains_key(&kind_and_ranks) {
            return self.forget(&sight.place);
        }
        let number = self.add(&sight, kind_and_ranks);
        self.follow(number, &sight);
        let others = self.seen.get(&number).map(|seen| seen.others.clone()).unwrap_or_default();
        for other in others {
            self.compare(number, other, &sight, ledger);
        }
        if let Some(seen) = self.seen.get_mut(&number) {
            if seen.others.is_empty() {
                seen.observations.clear();
            } else if seen.observations.back().is_none_or(|last| last.values != sight.values) {
                let from = sight.directness.1.then_some(seen.polled).or(Some(sight.polled.0));
                seen.observations.push_back(Observation { from, to: sight.polled.1, values: sight.values });
                if seen.observations.len() > OBSERVATIONS {
                    seen.observations.pop_front();
                }
            }
            seen.polled = sight.polled.1;
        }
        self.settle(number, ledger);
    }

    fn add(&mut self, sight: &Sight, kind_and_ranks: u64) -> u32 {
        if let Some(number) = self.numbers.get(&sight.place) {
            return *number;
        }
        self.last_number = self.last_number.wrapping_add(1);
        let number = self.last_number;
        self.numbers.insert(sight.place.clone(), number);
        if !is_exact(sight.mark) {
            *self.inexact.entry(kind_and_ranks).or_default() += 1;
        }
        let seen = Seen {
            place: sight.place.clone(),
            kind_and_ranks,
            mark: sight.mark,
            directness: sight.directness,
            polled: sight.polled.1,
            totals: VecDeque::new(),
            observations: VecDeque::new(),
            others: BTreeSet::new(),
            has_posted: false,
            posted: Vec::new(),
            taken: Vec::new(),
            uncertain: BTreeMap::new(),
        };
        self.seen.insert(number, seen);
        number
    }

    /// Records a place's total, and finds places whose recent totals include it.
    fn follow(&mut self, number: u32, sight: &Sight) {
        let Some(seen) = self.seen.get_mut(&number) else { return };
        seen.directness = sight.directness;
        let (total, kind_and_ranks) = (sight.values.total(), seen.kind_and_ranks);
        if seen.totals.back() == Some(&total) {
            return;
        }
        self.by_total.remove(&(kind_and_ranks, seen.total(), number));
        self.by_total.insert((kind_and_ranks, total, number));
        seen.totals.push_back(total);
        if seen.totals.len() > OBSERVATIONS {
            seen.totals.pop_front();
        }
        let Some(first) = seen.totals.front().copied().filter(|first| *first < total) else { return };
        let among = self.by_total.range((kind_and_ranks, first, 0)..=(kind_and_ranks, total, u32::MAX));
        let near: Vec<u32> = among.rev().take(OBSERVATIONS).map(|(.., other)| *other).collect();
        for other in near {
            let (Some(ours), Some(theirs)) = (self.seen.get(&number), self.seen.get(&other)) else { continue };
            let is_full = ours.others.len() >= COMPARED || theirs.others.len() >= COMPARED;
            let key = sorted(number, other);
            if is_full || !ours.may_be(theirs) || self.pairs.contains_key(&key) {
                continue;
            }
            self.pairs.insert(key, ValueComparison::default());
            for (one, two) in [(number, other), (other, number)] {
                self.seen.entry(one).and_modify(|seen| _ = seen.others.insert(two));
            }
        }
    }

    /// Compares a place's new values with those of another place.
    fn compare(&mut self, number: u32, other: u32, sight: &Sight, ledger: &mut Ledger) {
        let key = sorted(number, other);
        let (Some(ours), Some(theirs)) = (self.seen.get(&number), self.seen.get(&other)) else { return };
        let Some(comparison) = self.pairs.get_mut(&key) else { return };
        let before = ours.observations.back();
        if before.is_some_and(|before| before.values == sight.values) {
            return;
        }
        let any_time = sight.directness.1 || theirs.directness.1;
        let seen = before.map(|before| &before.values);
        if let Some(all) = fits(&sight.values, sight.polled.0, seen, &theirs.observations, any_time) {
            for value in all {
                comparison.prove(value);
            }
        } else {
            (comparison.agreed, comparison.contradictions) = (0, comparison.contradictions + 1);
        }
        if comparison.contradictions >= CONTRADICTIONS {
            self.marked.remove(&key);
            for (one, two) in [(number, other), (other, number)] {
                self.seen.entry(one).and_modify(|seen| _ = seen.others.remove(&two));
                self.regain(one, ledger);
            }
        } else if comparison.agreed >= ENOUGH && comparison.contradictions == 0 {
            self.marked.insert(key);
        }
    }

    /// The less direct of two lookalikes.
    fn later(&self, (one, other): (u32, u32)) -> Option<u32> {
        let rank = |number| self.seen.get(&number).map(|seen| (seen.directness, &seen.place));
        Some(if rank(one)? > rank(other)? { one } else { other })
    }

    /// Whether a place is the less direct of two lookalikes.
    fn may_be_double(&self, number: u32) -> bool {
        let others = self.seen.get(&number).into_iter().flat_map(|seen| &seen.others);
        let mut pairs = others.map(|other| sorted(number, *other));
        pairs.any(|pair| self.marked.contains(&pair) && self.later(pair) == Some(number))
    }

    /// Removes the uncertainty of a place without lookalikes.
    fn regain(&mut self, number: u32, ledger: &mut Ledger) {
        if self.may_be_double(number) {
            return;
        }
        let Some(seen) = self.seen.get_mut(&number) else { return };
        for (minute, amount) in std::mem::take(&mut seen.uncertain) {
            ledger.change_excess(minute, -amount);
        }
    }

    /// Records the uncertain amount of a place's postings, if it has a lookalike.
    fn settle(&mut self, number: u32, ledger: &mut Ledger) {
        let is_double = self.may_be_double(number);
        let Some(seen) = self.seen.get_mut(&number) else { return };
        let value = |ledger: &Ledger, entry: &Entry| {
            let tariff = entry.tariff.filter(|_| !entry.unproven);
            tariff.map_or(Money::ZERO, |tariff| ledger.tariff(tariff).value(entry.tokens))
        };
        if is_double {
            for entry in seen.posted.drain(..) {
                let amount = value(ledger, &entry);
                *seen.uncertain.entry(entry.minute).or_default() += amount;
                ledger.change_excess(entry.minute, amount);
            }
        }
        for entry in seen.taken.drain(..) {
            let Some(left) = seen.uncertain.get_mut(&entry.minute) else { continue };
            let amount = value(ledger, &entry).min(*left);
            *left -= amount;
            ledger.change_excess(entry.minute, -amount);
        }
        while seen.uncertain.len() > KEPT_MINUTES {
            seen.uncertain.pop_first();
        }
    }

    /// Keeps an entry that may have been posted twice.
    pub(super) fn note(&mut self, place: &Place, entry: Entry) {
        let number = self.numbers.get(place);
        let Some(seen) = number.and_then(|number| self.seen.get_mut(number)) else { return };
        seen.has_posted = true;
        entries::remember(&mut seen.posted, entry);
        if seen.posted.len() > KEPT_ENTRIES {
            seen.posted.remove(0);
        }
    }

    /// Drops entries that were reversed.
    pub(super) fn drop_entries(&mut self, place: &Place, taken: &[Entry]) {
        let number = self.numbers.get(place);
        let Some(seen) = number.and_then(|number| self.seen.get_mut(number)) else { return };
        entries::subtract(&mut seen.posted, taken);
        seen.taken.extend(taken);
    }

    /// The places of lookalikes that both answer and post.
    pub(super) fn marked(&self, now: Moment) -> impl Iterator<Item = [&Place; 2]> {
        let posts = move |number: &u32| {
            let seen = self.seen.get(number)?;
            (seen.has_posted && now.since(seen.polled) < ANSWERING).then_some(&seen.place)
        };
        self.marked.iter().filter_map(move |(one, other)| Some([posts(one)?, posts(other)?]))
    }

    /// Drops a place that became a duplicate; its postings are reversed.
    pub(super) fn leave(&mut self, place: &Place, ledger: &mut Ledger) {
        let Some(number) = self.numbers.get(place).copied() else { return };
        self.marked.retain(|(one, other)| *one != number && *other != number);
        self.regain(number, ledger);
        self.forget(place);
    }

    /// Forgets a place and its comparisons.
    pub(super) fn forget(&mut self, place: &Place) {
        let Some(number) = self.numbers.remove(place) else { return };
        let Some(seen) = self.seen.remove(&number) else { return };
        self.by_total.remove(&(seen.kind_and_ranks, seen.total(), number));
        if !is_exact(seen.mark)
            && let Some(count) = self.inexact.get_mut(&seen.kind_and_ranks)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.inexact.remove(&seen.kind_and_ranks);
            }
        }
        let is_its = |(one, other): &(u32, u32)| *one == number || *other == number;
        self.pairs.retain(|pair, _| !is_its(pair));
        self.marked.retain(|pair| !is_its(pair));
        for other in seen.others {
            self.seen.entry(other).and_modify(|seen| _ = seen.others.remove(&number));
        }
    }

    /// Forgets the places of a target for which `is_kept` is false.
    pub(super) fn retain(&mut self, target: &TargetId, is_kept: impl Fn(&Place, Moment) -> bool) {
        let from = Place::first_of(target, None);
        let ours = self.numbers.range(from..).take_while(|(place, _)| place.target == *target);
        let is_gone =
            |(place, number): &(&Place, &u32)| self.seen.get(number).is_none_or(|seen| !is_kept(place, seen.polled));
        for place in ours.filter(is_gone).map(|(place, _)| place.clone()).collect::<Vec<_>>() {
            self.forget(&place);
        }
    }

    /// Forgets a target's places that have not been seen for long.
    pub(super) fn prune(&mut self, target: &TargetId, now: Moment) {
        self.retain(target, |_, polled| now.since(polled) < KEPT);
    }

    /// Drops all entries, since they were posted to another ledger.
    pub(super) fn forget_posted(&mut self) {
        for seen in self.seen.values_mut() {
            seen.posted.clear();
            seen.taken.clear();
            seen.uncertain.clear();
        }
    }
}

impl ValueComparison {
    /// Records agreeing values, if both prompt and output tokens grew.
    fn prove(&mut self, value: [u64; 2]) {
        if value[0] > self.proven[0] && value[1] > self.proven[1] {
            self.proven = value;
            self.agreed = self.agreed.saturating_add(1);
            if self.agreed >= FORGIVEN {
                self.contradictions = 0;
            }
        }
    }
}
