//! Meters energy counters.
//!
//! A counter that falls, or rises by more than its GPU can have drawn, is quarantined for three polls: it may be a
//! misreading, or the driver may have reset it. A movement that stays and that no GPU can have produced is disputed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ledger::{CostAccountId, DisputedEnergy, Evidence, Ledger};
use crate::reading::{GpuId, GpuReading, NodeName, PromptCount, TargetId, TokenCounters};
use crate::units::{Energy, Moment, Power, Span};

/// The power limit of a GPU that reports none, in watts.
const WATTS: f64 = 1500.0;
/// How far above its limit a GPU may draw, as a factor.
const ABOVE: f64 = 1.5;
/// The number of polls that a fall or a jump is quarantined for.
const HELD_POLLS: u8 = 3;
/// How long a first movement is quarantined. Exporters refresh energy this often, so it is not known when the last
/// refresh was.
const REFRESH: Span = Span::from_secs(60);
/// How long the values before a disputed jump may return.
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

/// The counter before a disputed jump, and the energy posted since.
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

/// The place of a meter, and the account that pays for its energy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metered<'a> {
    pub(super) paid: CostAccountId,
    pub(super) target: &'a TargetId,
    pub(super) node: &'a NodeName,
    pub(super) id: &'a GpuId,
}

/// The energy meters of all GPUs.
#[derive(Debug, Default)]
pub(super) struct EnergyMeters {
    meters: BTreeMap<GpuId, EnergyMeter>,
}

impl EnergyMeters {
    /// Reads a GPU's counter and posts the energy drawn.
    pub(super) fn read(&mut self, ledger: &mut Ledger, metered: Metered<'_>, reading: &GpuReading, at: Moment) {
        let Some(now) = reading.energy.map(Energy::get) else { return };
        let Some(meter) = self.meters.get_mut(metered.id) else {
            self.meters.insert(metered.id.clone(), EnergyMeter::new(now, at));
            return;
        };
        match meter.advance(now, at, reading.power_limit) {
            Movement::None => {}
            Movement::Drawn(drawn, from, to) => post(ledger, metered.paid, drawn, (from, to), at),
            Movement::Disputed(jump, drawn) => {
                dispute(ledger, metered, reading, jump, at);
                post(ledger, metered.paid, drawn, (jump.to, at), at);
            }
        }
    }

    /// The meter of a GPU, for saving.
    pub(super) fn saved(&self, id: &GpuId) -> Option<EnergyMeter> {
        self.meters.get(id).copied()
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

/// Posts energy that was drawn between two moments.
fn post(ledger: &mut Ledger, paid: CostAccountId, drawn: u64, (from, to): (Moment, Moment), now: Moment) {
    if let Some(drawn) = i64::try_from(drawn).ok().filter(|drawn| *drawn > 0) {
        ledger.meter(paid, drawn, now.wall - now.since(from), now.wall - now.since(to));
    }
}

/// Opens a dispute about a jump.
fn dispute(ledger: &mut Ledger, metered: Metered<'_>, reading: &GpuReading, jump: Jump, at: Moment) {
    let Metered { paid, target, node, id } = metered;
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
            "{:.0} J in {:.1} s is above {ABOVE} times {watts:.0} W",
            energy as f64 / 1000.0,
            elapsed.as_secs_f64()
        ),
    };
    let entries = ledger.draft_energy(paid, energy, from, to);
    let energy = DisputedEnergy { node: node.clone(), gpu: id.clone(), index: reading.index, before, after, entries };
    ledger.dispute_energy(target.clone(), energy, evidence);
}

impl EnergyMeter {
    fn new(last: u64, at: Moment) -> Self {
        Self { last, at, held: None, moved: false, left: None }
    }

    /// All moments in the state, to move them to another boot's clock.
    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { last: _, at, held, moved: _, left } = self;
        let held = held.iter_mut().flat_map(|held| {
            let Held { first: _, last: _, polls: _, began, at } = held;
            began.iter_mut().chain(at)
        });
        std::iter::once(at).chain(held).chain(left.iter_mut().map(|left| &mut left.at))
    }

    /// Takes a reading of the counter.
    fn advance(&mut self, now: u64, at: Moment, limit: Option<Power>) -> Movement {
        self.left = self.left.filter(|left| at.since(left.at) < LEFT);
        if let Some(drawn) = growth(self.last, self.at, now, at, limit) {
            let since = self.at;
            // A quarantined value moved when it was first read.
            let moved = self.held.take().filter(|held| held.last == now).and_then(|held| held.at).unwrap_or(at);
            if drawn == 0 {
                return Movement::None;
            }
            if let Some(left) = &mut self.left {
                left.posted = left.posted.saturating_add(drawn);
            }
            (self.last, self.at, self.moved) = (now, moved, true);
            return Movement::Drawn(drawn, since, moved);
        }
        // A disputed jump that was a misreading: the values from before it continue.
        if let Some(left) = self.left
            && let Some(drawn) = growth(left.last, left.at, now, at, limit)
        {
            let since = self.at;
            *self = Self { moved: true, ..Self::new(now, at) };
            return Movement::Drawn(drawn.saturating_sub(left.posted), since, at);
        }
        let held = self.hold(now, at, limit);
        if !self.is_over(held, at) {
            self.held = Some(held);
            return Movement::None;
        }
        self.settle(held, at, limit)
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

    /// Accepts the quarantined values as the counter's: it was reset to zero, or it jumped.
    fn settle(&mut self, held: Held, at: Moment, limit: Option<Power>) -> Movement {
        let Self { last: before, at: from, .. } = *self;
        *self = Self { moved: true, ..Self::new(held.last, held.at.unwrap_or(at)) };
        if held.first < before && held.last <= most(limit, at.since(from)) {
            self.at = at;
            return Movement::Drawn(held.last, from, at);
        }
        let energy = held.first.checked_sub(before).unwrap_or(held.first);
        let drawn = held.last.saturating_sub(held.first);
        self.left = Some(Left { last: before, at: from, posted: drawn });
        let to = held.began.unwrap_or(from);
        Movement::Disputed(Jump { before, after: held.first, energy, from, to }, drawn)
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
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::default() + Span::from_secs(seconds)
    }

    /// The energy drawn and the energy disputed when these values are read a second apart.
    fn read(values: &[u64]) -> (u64, Vec<u64>) {
        let mut meter = EnergyMeter::new(values[0], at(0));
        let (mut posted, mut disputed) = (0, Vec::new());
        for (value, second) in values.iter().zip(0..).skip(1) {
            match meter.advance(*value, at(second), Power::from_watts(400.0)) {
                Movement::None => {}
                Movement::Drawn(drawn, ..) => posted += drawn,
                Movement::Disputed(jump, drawn) => {
                    posted += drawn;
                    disputed.push(jump.energy);
                }
            }
        }
        (posted, disputed)
    }

    const BASE: u64 = 5_000_000_000_000;

    /// A GPU that draws 400 W for 20 s; at some seconds its counter reads another value.
    fn with(shown: impl Fn(u64, u64) -> u64) -> (u64, Vec<u64>) {
        let values: Vec<u64> = (0..=20).map(|second| shown(second, BASE + second * 400_000)).collect();
        read(&values)
    }

    #[test]
    fn a_dip_loses_nothing_and_doubles_nothing() {
        for dips in [1, 2, 5] {
            let dipped = with(|second, value| if (4..4 + dips).contains(&second) { 0 } else { value });
            assert_eq!(dipped, (8_000_000, vec![]));
        }
    }

    #[test]
    fn a_counter_that_begins_anew_counts_from_zero_once_it_is_sure() {
        let anew = with(|second, value| if second < 5 { value } else { (second - 4) * 400_000 });
        assert_eq!(anew, (8_000_000, vec![]));
    }

    /// Class: a value that is too high for a while, after which the old values return.
    #[test]
    fn a_value_too_high_for_once_is_nothing() {
        for polls in [1, 2] {
            let high = with(|second, value| value + if (5..5 + polls).contains(&second) { 3_600_000_000 } else { 0 });
            assert_eq!(high, (8_000_000, vec![]));
        }
    }

    /// Class: a value that is too high for so long that it is believed: one dispute, and the final energy is right.
    #[test]
    fn a_jump_that_goes_back_is_one_dispute_and_no_energy_is_lost() {
        for polls in [3, 4, 9] {
            let high = with(|second, value| value + if (5..5 + polls).contains(&second) { 3_600_000_000 } else { 0 });
            assert_eq!(high, (8_000_000, vec![3_600_400_000]), "{polls}");
        }
    }

    #[test]
    fn a_jump_that_stays_is_disputed_and_what_follows_is_billed() {
        let high = with(|second, value| value + if second >= 5 { 3_600_000_000 } else { 0 });
        assert_eq!(high, (7_600_000, vec![3_600_400_000]));
    }

    /// Class: an exporter that refreshes the counter less often than it is polled.
    #[test]
    fn a_counter_that_is_refreshed_seldom_is_no_jump() {
        for first in [1, 2, 9] {
            let values: Vec<u64> = (0..100).map(|second| BASE + (second + first) / 10 * 4_000_000).collect();
            let (posted, disputed) = read(&values);
            assert_eq!((posted, disputed), (values[99] - values[0], vec![]), "{first}");
        }
    }

    #[test]
    fn no_card_draws_more_than_its_limit() {
        assert_eq!(most(Power::from_watts(400.0), Span::from_secs(10)), 6_000_000);
        assert_eq!(most(None, Span::ZERO), 2_250_000);
    }
}
