//! Meters energy counters.
//!
//! `meter` classifies the changes of a counter; this module posts the energy to the account that pays for it.

mod meter;

use std::collections::BTreeMap;

use crate::counters::{EnergyBound, Plausibility};
use crate::inventory::Tracked;
use crate::ledger::{CostAccountId, DisputedEnergy, Evidence, Ledger, Marker, apportion};
use crate::reading::{GpuId, GpuReading, Label, NodeName, PromptCount, TargetId, TokenCounters};
use crate::units::{Energy, Moment, Power, Timestamp, Tokens};
pub(super) use meter::EnergyMeter;
use meter::{Jump, Movement};

/// The energy-related part of a GPU reading.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EnergyReading {
    index: u32,
    energy: Option<Energy>,
    power_limit: Option<Power>,
}

impl EnergyReading {
    /// Extracts the part from a reading.
    pub(crate) const fn of(reading: &GpuReading) -> Self {
        Self { index: reading.index, energy: reading.energy, power_limit: reading.power_limit }
    }

    /// The power limit, if the GPU reports one.
    pub(super) const fn power_limit(&self) -> Option<Power> {
        self.power_limit
    }
}

/// The GPU of a meter, and the account that pays for its energy from each instant on, up to that of the reading.
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
    /// For GPUs whose power is paid for: since when the energy is unknown.
    unknown: BTreeMap<GpuId, Moment>,
}

impl EnergyMeters {
    /// Applies a reading of a GPU's counter and posts the energy drawn.
    pub(super) fn read(
        &mut self,
        ledger: &mut Ledger,
        metered: Metered<'_>,
        reading: &EnergyReading,
        bounds: Plausibility,
        at: Moment,
    ) {
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
        let bound = bounds.energy(reading.power_limit);
        match meter.advance(now, at, bound) {
            Movement::None => {
                if let Some(since) = meter.still_since(at).filter(|_| is_paid) {
                    self.unknown.insert(metered.id.clone(), since);
                }
            }
            Movement::Drawn(drawn, from, to) => post(ledger, metered, drawn, (from, to), at),
            Movement::Returned(drawn, from, to, left) => {
                let is_of_gpu = |energy: &DisputedEnergy| energy.gpu == *metered.id;
                ledger
                    .withdraw_since(at.wall - at.since(left), |dispute| dispute.energy.as_ref().is_some_and(is_of_gpu));
                post(ledger, metered, drawn, (from, to), at);
            }
            Movement::Disputed(jump, drawn) => {
                dispute(ledger, metered, (reading.index, bound), jump, at);
                post(ledger, metered, drawn, (jump.to, at), at);
            }
            Movement::Baseline(jump, drawn) => {
                mark(ledger, &metered, reading.index, jump, "counted from there", at);
                post(ledger, metered, drawn, (jump.to, at), at);
            }
            Movement::Reset(jump, drawn) => {
                let what =
                    "reset, counted from zero; what it drew before the reset since its last reading is not billed";
                mark(ledger, &metered, reading.index, jump, what, at);
                post(ledger, metered, jump.energy, (jump.from, jump.to), at);
                // The rate is that of the energy whose time is known.
                if let Some(account) = metered.now() {
                    ledger.end_energy_rate(account, at.wall - at.since(jump.to));
                }
                post(ledger, metered, drawn, (jump.to, at), at);
            }
        }
    }

    /// Since when the energy of a GPU whose power is paid for is unknown: its counter has no value, has never moved, fell and
    /// has stopped, or grows by more than the GPU can draw.
    pub(super) fn unknown_since(&self, id: &GpuId) -> Option<Moment> {
        self.unknown.get(id).copied().or_else(|| self.meters.get(id)?.stuck_since())
    }

    /// Drops a GPU's meter, since no lease pays for energy. Should one do so later, the first reading is the baseline.
    pub(super) fn forget(&mut self, id: &GpuId) {
        self.unknown.remove(id);
        self.meters.remove(id);
    }

    /// When a GPU's counter last changed.
    pub(super) fn moved_at(&self, id: &GpuId) -> Option<Moment> {
        self.meters.get(id).map(|meter| meter.at)
    }

    /// Takes the GPUs whose meters changed since the last call.
    pub(super) fn take_touched(&mut self) -> Vec<GpuId> {
        self.meters.take_touched()
    }

    /// The meter of a GPU, for saving.
    pub(super) fn saved(&self, id: &GpuId) -> Option<EnergyMeter> {
        // The next reading shows whether the energy is known.
        let Self { meters, unknown: _ } = self;
        meters.get(id).copied()
    }

    /// Restores a saved meter.
    pub(super) fn restore(&mut self, id: GpuId, meter: &EnergyMeter) {
        self.meters.insert(id, *meter);
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

/// Adds a marker about a change of an energy counter.
fn mark(ledger: &mut Ledger, metered: &Metered<'_>, index: u32, jump: Jump, what: &str, at: Moment) {
    let text = format!("energy counter of {} GPU {index} went {}: {what}", metered.node, jump.text());
    ledger.mark(Marker { at: at.wall, text: Label::new(&text) });
}

/// Posts the energy drawn between two moments, split where the paying account changes. Energy without an account is not
/// posted.
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
fn dispute(ledger: &mut Ledger, metered: Metered<'_>, (index, bound): (u32, EnergyBound), jump: Jump, at: Moment) {
    let Metered { target, node, id, .. } = metered;
    let Some(paid) = metered.now() else { return };
    let Jump { before, after, energy, from, to } = jump;
    let elapsed = to.since(from);
    let (to, from) = (at.wall - at.since(to), at.wall - at.since(from));
    let unknown = TokenCounters { prompt: PromptCount::Unknown, cached: None, output: None };
    let EnergyBound { watts, factor } = bound;
    let evidence = Evidence {
        before: unknown,
        after: unknown,
        start_before: None,
        start_after: None,
        from,
        to,
        bound: format!(
            "its counter went {}: {:.0} J in {:.1} s is above {factor} times {watts:.0} W",
            jump.text(),
            energy as f64 / 1000.0,
            elapsed.as_secs_f64()
        ),
    };
    let entries = ledger.draft_energy(paid, energy, from, to);
    let energy = DisputedEnergy { node: node.clone(), gpu: id.clone(), index, before, after, entries };
    ledger.dispute_energy(target.clone(), energy, evidence);
}

#[cfg(test)]
mod tests;
