//! Meters energy counters.
//!
//! A counter that falls, or rises by more than its GPU can have drawn, is quarantined for three polls. A fall that stays
//! is a misreading that ended, if the counter had such a value within the last ten minutes; a reset to zero, if the card
//! can have drawn its value since; and otherwise a new baseline. A rise that stays and that no GPU can have produced is
//! disputed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::inventory::Tracked;
use crate::ledger::{CostAccountId, DisputedEnergy, Evidence, Ledger, Marker, apportion};
use crate::reading::{GpuId, GpuReading, Label, NodeName, PromptCount, TargetId, TokenCounters};
use crate::units::{Energy, Moment, Power, Span, Timestamp, Tokens};

/// The power limit of a GPU that reports none, in watts.
const WATTS: f64 = 1500.0;
/// How far above its limit a GPU may draw, as a factor.
const ABOVE: f64 = 1.5;
/// The number of polls that a fall or a jump is quarantined for.
const HELD_POLLS: u8 = 3;
/// How long a first movement is quarantined. Exporters refresh energy this often, so it is not known when the last
/// refresh was.
const REFRESH: Span = Span::from_secs(60);
/// How far apart values are that are kept to compare a fall with.
const KEPT: Span = Span::from_secs(300);
/// How long the values before a movement may return.
const LEFT: Span = Span::from_secs(600);

/// The energy counter of one GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EnergyMeter {
    last: u64,
    /// When it last moved.
    at: Moment,
    held: Option<Held>,
    /// Whether it has moved since it was first seen.
    #[serde(default)]
    moved: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<Left>,
    /// Energy that was posted of growth that is still to come.
    #[serde(default)]
    ahead: u64,
    /// Accepted values: one that is five to ten minutes old, and a later one.
    #[serde(default)]
    earlier: [Option<(u64, Moment)>; 2],
}

/// Quarantined values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    first: u64,
    last: u64,
    polls: u8,
    /// When the first one was read; `None` in states of earlier versions.
    #[serde(default)]
    began: Option<Moment>,
    /// When the last one moved.
    #[serde(default)]
    at: Option<Moment>,
}

/// The counter before a movement that may turn out to be a misreading, and the energy posted since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Left {
    last: u64,
    at: Moment,
    posted: u64,
}

/// The meaning of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Movement {
    /// Nothing to post.
    None,
    /// Energy in millijoules, drawn between two moments.
    Drawn(u64, Moment, Moment),
    /// A movement that no GPU can have produced, and the energy drawn after it.
    Disputed(Jump, u64),
    /// A movement of which nothing is known, and the energy drawn after it.
    Baseline(Jump, u64),
}

/// A movement that no GPU can have produced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Jump {
    before: u64,
    after: u64,
    energy: u64,
    from: Moment,
    to: Moment,
}

/// The place of a meter, and the account that pays for its energy from each instant on, up to the reading's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metered<'a> {
    pub(super) paid: &'a [(Timestamp, Option<CostAccountId>)],
    pub(super) target: &'a TargetId,
    pub(super) node: &'a NodeName,
    pub(super) id: &'a GpuId,
}

/// The energy meters of all GPUs.
#[derive(Debug, Default)]
pub(super) struct EnergyMeters {
    meters: Tracked<GpuId, EnergyMeter>,
    /// Since when the energy of GPUs whose power is paid for is unknown.
    unknown: BTreeMap<GpuId, Moment>,
}

impl EnergyMeters {
    /// Reads a GPU's counter and posts the energy drawn.
    pub(super) fn read(&mut self, ledger: &mut Ledger, metered: Metered<'_>, reading: &GpuReading, at: Moment) {
        let is_paid = metered.now().is_some();
        let Some(now) = reading.energy.map(Energy::get) else {
            if is_paid {
                self.unknown.entry(metered.id.clone()).or_insert(at);
            } else {
                self.unknown.remove(metered.id);
            }
            return;
        };
        self.unknown.remove(metered.id);
        let Some(meter) = self.meters.get_mut(metered.id) else {
            self.meters.insert(metered.id.clone(), EnergyMeter::new(now, at));
            return;
        };
        match meter.advance(now, at, reading.power_limit) {
            Movement::None => {}
            Movement::Drawn(drawn, from, to) => post(ledger, metered, drawn, (from, to), at),
            Movement::Disputed(jump, drawn) => {
                dispute(ledger, metered, reading, jump, at);
                post(ledger, metered, drawn, (jump.to, at), at);
            }
            Movement::Baseline(jump, drawn) => {
                let gpu = format!("{} GPU {}", metered.node, reading.index);
                let text = format!("energy counter of {gpu} went {}: counted from there", jump.text());
                ledger.mark(Marker { at: at.wall, text: Label::new(&text) });
                post(ledger, metered, drawn, (jump.to, at), at);
            }
        }
    }

    /// Since when the energy of a GPU whose power is paid for is unknown: its counter has no value, or one that fell and
    /// stands still.
    pub(super) fn unknown_since(&self, id: &GpuId) -> Option<Moment> {
        let stuck = || {
            let meter = self.meters.get(id)?;
            meter.held.filter(|held| held.first < meter.last && held.polls > HELD_POLLS)?.began
        };
        self.unknown.get(id).copied().or_else(stuck)
    }

    /// Forgets a GPU's meter, since no lease pays for energy. If one does later, its first reading is the baseline.
    pub(super) fn forget(&mut self, id: &GpuId) {
        self.unknown.remove(id);
        self.meters.remove(id);
    }

    /// When a GPU's counter last moved.
    pub(super) fn moved_at(&self, id: &GpuId) -> Option<Moment> {
        self.meters.get(id).map(|meter| meter.at)
    }

    /// Takes the GPUs whose meters were touched since the last call.
    pub(super) fn take_touched(&mut self) -> BTreeSet<GpuId> {
        self.meters.take_touched()
    }

    /// The meter of a GPU, for saving.
    pub(super) fn saved(&self, id: &GpuId) -> Option<EnergyMeter> {
        // Whether energy is unknown, the next reading says.
        let Self { meters, unknown: _ } = self;
        meters.get(id).copied()
    }

    /// Restores a saved meter.
    pub(super) fn restore(&mut self, id: GpuId, meter: EnergyMeter) {
        self.meters.insert(id, meter);
    }

    /// Renames a node and its GPUs without UUIDs.
    pub(super) fn rename(&mut self, from: &NodeName, to: &NodeName, indices: impl Iterator<Item = u32>) {
        for index in indices {
            if let Some(meter) = self.meters.remove(&GpuId::from_place(from, index)) {
                self.meters.insert(GpuId::from_place(to, index), meter);
            }
        }
    }
}

impl Metered<'_> {
    /// The account that pays now.
    fn now(&self) -> Option<CostAccountId> {
        self.paid.last().and_then(|(_, account)| *account)
    }

    /// The account that pays at an instant.
    fn at(&self, at: Timestamp) -> Option<CostAccountId> {
        let begun = self.paid.iter().rev().find(|(from, _)| *from <= at);
        begun.or(self.paid.first()).and_then(|(_, account)| *account)
    }
}

/// Posts energy that was drawn between two moments, cut where another lease pays. What none pays for is not posted.
fn post(ledger: &mut Ledger, metered: Metered<'_>, drawn: u64, (from, to): (Moment, Moment), now: Moment) {
    let (from, to) = (now.wall - now.since(from), now.wall - now.since(to));
    let inside = |at: &Timestamp| *at > from && *at < to;
    let cuts: Vec<Timestamp> = metered.paid.iter().map(|(start, _)| *start).filter(inside).collect();
    let mut start = from;
    for (end, part) in cuts.iter().copied().chain([to]).zip(apportion(Tokens::new(drawn), from, to, &cuts)) {
        let drawn = i64::try_from(part.count()).ok().filter(|drawn| *drawn > 0);
        if let (Some(account), Some(drawn)) = (metered.at(start), drawn) {
            ledger.meter(account, drawn, start, end);
        }
        start = end;
    }
}

/// Opens a dispute about a jump.
fn dispute(ledger: &mut Ledger, metered: Metered<'_>, reading: &GpuReading, jump: Jump, at: Moment) {
    let Metered { target, node, id, .. } = metered;
    let Some(paid) = metered.now() else { return };
    let Jump { before, after, energy, from, to } = jump;
    let elapsed = to.since(from);
    let (to, from) = (at.wall - at.since(to), at.wall - at.since(from));
    let unknown = TokenCounters { prompt: PromptCount::Unknown, cached: None, output: None };
    let watts = reading.power_limit.map_or(WATTS, Power::watts);
    let evidence = Evidence {
        before: unknown,
        after: unknown,
        start_before: None,
        start_after: None,
        from,
        to,
        bound: format!(
            "its counter went {}: {:.0} J in {:.1} s is above {ABOVE} times {watts:.0} W",
            jump.text(),
            energy as f64 / 1000.0,
            elapsed.as_secs_f64()
        ),
    };
    let entries = ledger.draft_energy(paid, energy, from, to);
    let energy = DisputedEnergy { node: node.clone(), gpu: id.clone(), index: reading.index, before, after, entries };
    ledger.dispute_energy(target.clone(), energy, evidence);
}

impl Jump {
    fn text(&self) -> String {
        let joules = |energy: u64| format!("{}.{:03} J", energy / 1000, energy % 1000);
        format!("from {} to {}", joules(self.before), joules(self.after))
    }
}

impl EnergyMeter {
    fn new(last: u64, at: Moment) -> Self {
        Self { last, at, held: None, moved: false, left: None, ahead: 0, earlier: [None; 2] }
    }

    /// All moments in the state, to move them to another boot's clock.
    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { last: _, at, held, moved: _, left, ahead: _, earlier } = self;
        let held = held.iter_mut().flat_map(|held| {
            let Held { first: _, last: _, polls: _, began, at } = held;
            began.iter_mut().chain(at)
        });
        let left = left.iter_mut().map(|left| {
            let Left { last: _, at, posted: _ } = left;
            at
        });
        let earlier = earlier.iter_mut().flatten().map(|(_, at)| at);
        std::iter::once(at).chain(held).chain(left).chain(earlier)
    }

    /// Takes a reading of the counter.
    fn advance(&mut self, now: u64, at: Moment, limit: Option<Power>) -> Movement {
        if let Some(drawn) = growth(self.last, self.at, now, at, limit) {
            let since = self.at;
            // A quarantined value moved when it was first read.
            let moved = self.held.take().filter(|held| held.last == now).and_then(|held| held.at).unwrap_or(at);
            if drawn == 0 {
                return Movement::None;
            }
            self.note_earlier(at);
            (self.last, self.at, self.moved) = (now, moved, true);
            return Movement::Drawn(self.due(drawn), since, moved);
        }
        // The values from before a movement continue: it was a misreading.
        if let Some(left) = self.left.filter(|left| at.since(left.at) < LEFT)
            && let Some(drawn) = growth(left.last, left.at, now, at, limit)
        {
            let since = self.at;
            *self = Self { moved: true, ahead: left.posted, ..Self::new(now, at) };
            return Movement::Drawn(self.due(drawn), since, at);
        }
        let held = self.hold(now, at, limit);
        if !self.is_over(held, at) {
            self.held = Some(held);
            return Movement::None;
        }
        self.settle(held, at, limit)
    }

    /// The part of a growth that was not posted before.
    fn due(&mut self, drawn: u64) -> u64 {
        let posted = self.ahead.min(drawn);
        self.ahead -= posted;
        if let Some(left) = &mut self.left {
            left.posted = left.posted.saturating_add(drawn - posted);
        }
        drawn - posted
    }

    /// Keeps an accepted value for as long as a fall may lead back to it.
    fn note_earlier(&mut self, at: Moment) {
        let [_, later] = self.earlier;
        if later.is_none_or(|(_, noted)| at.since(noted) >= KEPT) {
            self.earlier = [later, Some((self.last, self.at))];
        }
    }

    /// Whether the counter had a value within the last ten minutes.
    fn had(&self, value: u64, at: Moment) -> bool {
        let recent = |(_, noted): &(u64, Moment)| at.since(*noted) < LEFT;
        self.earlier.into_iter().flatten().find(recent).is_some_and(|(earlier, _)| earlier <= value)
    }

    /// The quarantined values with one more. A value that does not continue them replaces them.
    fn hold(&self, now: u64, at: Moment, limit: Option<Power>) -> Held {
        let goes_on = |held: &Held| growth(held.last, held.at.unwrap_or(self.at), now, at, limit);
        match self.held.and_then(|held| Some((held, goes_on(&held)?))) {
            Some((held, grown)) => Held {
                last: now,
                polls: held.polls.saturating_add(1),
                at: if grown > 0 { Some(at) } else { held.at },
                ..held
            },
            None => Held { first: now, last: now, polls: 1, began: Some(at), at: Some(at) },
        }
    }

    /// Whether the quarantined values have stayed long enough. After a fall they must also grow, since a failed counter
    /// stands still.
    fn is_over(&self, held: Held, at: Moment) -> bool {
        let grows = held.last > held.first;
        let has_stayed = || self.moved || at.since(held.began.unwrap_or(self.at)) >= REFRESH;
        held.polls >= HELD_POLLS && (grows || held.first >= self.last && has_stayed())
    }

    /// Accepts the quarantined values as the counter's.
    fn settle(&mut self, held: Held, at: Moment, limit: Option<Power>) -> Movement {
        let Self { last: before, at: from, ahead, earlier, left, moved, .. } = *self;
        let has_fallen = held.first < before;
        let returned_to = self.had(held.first, at);
        *self = Self { moved: true, ..Self::new(held.last, held.at.unwrap_or(at)) };
        if has_fallen && held.last <= most(limit, at.since(from)) {
            self.at = at;
            self.left = Some(Left { last: before, at: from, posted: held.last });
            return Movement::Drawn(held.last, from, at);
        }
        if has_fallen && returned_to {
            // What was posted up to the misread value is a part of what the counter has still to show.
            (self.earlier, self.left) = (earlier, left);
            self.ahead = ahead.saturating_add(before.saturating_sub(held.last));
            return Movement::None;
        }
        let drawn = held.last.saturating_sub(held.first);
        let energy = held.first.saturating_sub(before);
        let jump = Jump { before, after: held.first, energy, from, to: held.began.unwrap_or(from) };
        // Values from before a fall that return late, and the first value after a counter that showed none.
        let is_known = left.is_some_and(|left| growth(left.last, left.at, held.first, at, limit).is_some());
        let is_first = before == 0 && !moved;
        self.left = Some(Left { last: before, at: from, posted: drawn });
        if has_fallen || is_known || is_first {
            return Movement::Baseline(jump, drawn);
        }
        Movement::Disputed(jump, drawn)
    }
}

/// The growth of a counter in millijoules; `None` if it fell, or if it exceeds what a GPU can draw.
fn growth(last: u64, since: Moment, now: u64, at: Moment, limit: Option<Power>) -> Option<u64> {
    now.checked_sub(last).filter(|drawn| *drawn <= most(limit, at.since(since)))
}

/// The most that a GPU can draw in a span, in millijoules.
fn most(limit: Option<Power>, span: Span) -> u64 {
    let watts = limit.map_or(WATTS, Power::watts) * ABOVE;
    (watts * span.max(Span::from_secs(1)).millis() as f64) as u64
}

#[cfg(test)]
mod tests;
