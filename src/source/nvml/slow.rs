//! Slow calls: hardware activity counters (GPM, from Hopper on), and PCIe throughput, which older drivers measure by
//! sleeping 20 ms per call.

use std::collections::HashMap;

use nvml_wrapper::enum_wrappers::device::PcieUtilCounter;
use nvml_wrapper::enums::gpm::GpmMetricId;
use nvml_wrapper::gpm::gpm_metrics_get;
use nvml_wrapper::{Device, GpmSample};

use super::card::{Call, Stop, Visit};
use super::lane::GpuCalls;
use super::poll::reported;
use crate::reading::{Activity, Pcie};
use crate::units::{BytesPerSecond, Ratio};

/// The metrics that are read, in this order.
const METRICS: [GpmMetricId; 6] = [
    GpmMetricId::GraphicsUtil,
    GpmMetricId::SmUtil,
    GpmMetricId::AnyTensorUtil,
    GpmMetricId::DramBwUtil,
    GpmMetricId::PcieTxPerSec,
    GpmMetricId::PcieRxPerSec,
];
const MIB: f64 = 1024.0 * 1024.0;

/// The slow passes of one thread.
#[derive(Default)]
pub(super) struct Slow {
    cards: HashMap<u32, Gpm>,
}

/// The state of a GPU's activity counters.
enum Gpm {
    /// The GPU has none.
    Absent,
    /// The last sample, once there is one.
    Present(Option<GpmSample<'static>>),
}

/// The results of a slow visit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct SlowFigures {
    pub(super) activity: Activity,
    pub(super) pcie: Option<Pcie>,
}

impl GpuCalls for Slow {
    type Output = SlowFigures;

    fn visit(&mut self, at: &Visit<'_>) -> Result<SlowFigures, Stop> {
        if let Gpm::Present(last) = self.gpm(at)? {
            let Some(sample) = at.ask(Call::Gpm, Device::gpm_sample)? else { return Ok(SlowFigures::default()) };
            let figures = match &last {
                Some(before) => at.ask(Call::Gpm, |d| {
                    let metrics = gpm_metrics_get(d.nvml(), before, &sample, &METRICS)?;
                    let values: Vec<_> = metrics.into_iter().map(|m| m.ok().map(|m| m.value)).collect();
                    Ok(figures(&values))
                })?,
                None => None,
            };
            *last = Some(sample);
            return Ok(figures.unwrap_or_default());
        }
        // The driver reports kB/s.
        let throughput = |call, counter| {
            let answer = at.ask(call, |d| d.pcie_throughput(counter))?;
            Ok(answer.and_then(reported).map(|kb| BytesPerSecond::new(u64::from(kb) * 1000)))
        };
        let sent = throughput(Call::PcieSent, PcieUtilCounter::Send)?;
        let received = throughput(Call::PcieReceived, PcieUtilCounter::Receive)?;
        Ok(SlowFigures { pcie: pcie(sent, received), ..SlowFigures::default() })
    }
}

impl Slow {
    /// Whether the GPU has activity counters. The driver is asked once.
    fn gpm(&mut self, at: &Visit<'_>) -> Result<&mut Gpm, Stop> {
        use std::collections::hash_map::Entry;
        Ok(match self.cards.entry(at.card.index) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let supported = at.ask(Call::Gpm, Device::gpm_support)? == Some(true);
                if !supported {
                    at.card.refuse(Call::Gpm);
                }
                new.insert(if supported { Gpm::Present(None) } else { Gpm::Absent })
            }
        })
    }
}

/// The values of [`METRICS`]: four percentages and two rates in MiB/s.
fn figures(values: &[Option<f64>]) -> SlowFigures {
    let value = |place: usize| values.get(place).copied().flatten();
    let ratio = |place| value(place).and_then(Ratio::from_percent);
    let rate =
        |place| value(place).filter(|v| v.is_finite() && *v >= 0.0).map(|v| BytesPerSecond::new((v * MIB) as u64));
    SlowFigures {
        activity: Activity { engine: ratio(0), sm: ratio(1), tensor: ratio(2), dram: ratio(3) },
        pcie: pcie(rate(4), rate(5)),
    }
}

fn pcie(tx: Option<BytesPerSecond>, rx: Option<BytesPerSecond>) -> Option<Pcie> {
    Some(Pcie { tx: tx?, rx: rx? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_that_is_missing_or_no_number_is_unknown() {
        let found = figures(&[Some(50.0), None, Some(f64::NAN), Some(12.5), Some(2.0), None]);
        assert_eq!(found.activity.engine, Ratio::new(0.5));
        assert_eq!((found.activity.sm, found.activity.tensor), (None, None));
        assert_eq!(found.pcie, None);
    }
}
