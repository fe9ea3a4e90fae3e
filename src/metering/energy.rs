//! Energy counters to metered power.
//!
//! A counter that falls is held like any other: it may read 0 for one poll, or have begun anew with the driver. What no
//! card could have drawn is not billed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ledger::{LandlordId, Ledger, Marker};
use crate::reading::{GpuId, GpuReading, Label, NodeName};
use crate::units::{Energy, Moment, Power, Span};

/// The power limit of a card of which none is told, in watts.
const WATTS: f64 = 1500.0;
/// How far above its limit a card may draw.
const ABOVE: f64 = 1.5;
/// Polls for which a fall is held.
const HELD_POLLS: u8 = 3;
/// How long a refusal is shown.
const SHOWN: Span = Span::from_secs(600);

/// The energy counter of one GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EnergyMeter {
    last: u64,
    at: Moment,
    held: Option<Held>,
}

/// A fall that is not explained yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    first: u64,
    last: u64,
    polls: u8,
}

/// A movement that no card could have made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refused {
    /// The GPU's node and index.
    pub(crate) subject: Label,
    /// What it would be, in kWh.
    pub(crate) kwh: f64,
    at: Moment,
}

/// All energy counters that are metered.
#[derive(Debug, Default)]
pub(super) struct EnergyMeters {
    meters: BTreeMap<GpuId, EnergyMeter>,
    refused: Vec<Refused>,
}

impl EnergyMeters {
    /// Takes a reading in; what was drawn is posted to `paid`.
    pub(super) fn read(
        &mut self,
        ledger: &mut Ledger,
        paid: LandlordId,
        node: &NodeName,
        id: &GpuId,
        reading: &GpuReading,
        at: Moment,
    ) {
        self.refused.retain(|refused| at.since(refused.at) < SHOWN);
        let Some(now) = reading.energy.map(Energy::get) else { return };
        let Some(meter) = self.meters.get_mut(id) else {
            self.meters.insert(id.clone(), EnergyMeter { last: now, at, held: None });
            return;
        };
        let since = meter.at;
        let Some(drawn) = meter.advance(now, at) else { return };
        let most = most(reading.power_limit, at.since(since));
        match i64::try_from(drawn) {
            Ok(drawn) if drawn.unsigned_abs() <= most => {
                if drawn > 0 {
                    ledger.meter(paid, drawn, at.wall - at.since(since), at.wall);
                }
            }
            _ => {
                let kwh = drawn as f64 / 3.6e9;
                let subject = Label::new(&format!("{node} GPU {}", reading.index));
                let text = format!(
                    "{subject}: its energy counter moved by {kwh:.1} kWh in {:.0} s, not billed",
                    at.since(since).as_secs_f64()
                );
                ledger.mark(Marker { at: at.wall, text: Label::new(&text) });
                self.refused.push(Refused { subject, kwh, at });
            }
        }
    }

    /// What was refused of late.
    pub(super) fn refused(&self) -> impl Iterator<Item = &Refused> {
        self.refused.iter()
    }

    /// The meter of a GPU, to be kept.
    pub(super) fn saved(&self, id: &GpuId) -> Option<EnergyMeter> {
        self.meters.get(id).copied()
    }

    /// Goes on with a meter that was kept.
    pub(super) fn restore(&mut self, id: GpuId, meter: EnergyMeter) {
        self.meters.insert(id, meter);
    }
}

impl EnergyMeter {
    /// The moments that it holds.
    pub(super) const fn moment_mut(&mut self) -> &mut Moment {
        &mut self.at
    }

    /// What was drawn since the last reading that was believed, in millijoules; `None` while a fall is held.
    fn advance(&mut self, now: u64, at: Moment) -> Option<u64> {
        if now >= self.last {
            let drawn = now - self.last;
            *self = Self { last: now, at, held: None };
            return Some(drawn);
        }
        let held = match self.held {
            Some(held) if now >= held.last => Held { last: now, polls: held.polls.saturating_add(1), ..held },
            _ => Held { first: now, last: now, polls: 1 },
        };
        if held.polls >= HELD_POLLS && held.last > held.first {
            *self = Self { last: now, at, held: None };
            return Some(now);
        }
        self.held = Some(held);
        None
    }
}

/// The most that a card draws in a span, in millijoules.
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

    #[test]
    fn a_dip_loses_nothing_and_doubles_nothing() {
        let mut meter = EnergyMeter { last: 5_000, at: at(0), held: None };
        assert_eq!(meter.advance(5_400, at(1)), Some(400));
        assert_eq!(meter.advance(0, at(2)), None);
        assert_eq!(meter.advance(6_200, at(3)), Some(800));
    }

    #[test]
    fn a_counter_that_begins_anew_counts_from_zero_once_it_is_sure() {
        let mut meter = EnergyMeter { last: 5_000_000, at: at(0), held: None };
        assert_eq!([meter.advance(0, at(1)), meter.advance(400, at(2))], [None, None]);
        assert_eq!(meter.advance(800, at(3)), Some(800));
        assert_eq!(meter.advance(1_200, at(4)), Some(400));
    }

    #[test]
    fn no_card_draws_more_than_its_limit() {
        assert_eq!(most(Power::from_watts(400.0), Span::from_secs(10)), 6_000_000);
        assert_eq!(most(None, Span::ZERO), 2_250_000);
    }
}
