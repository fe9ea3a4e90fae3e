//! How far the objectives for latency are met: by engine, and over the fleet.

use std::collections::BTreeMap;

use super::{Fleet, PresentFleet};
use crate::counters::above;
use crate::ledger::LATENCIES;
use crate::metering::{OUTPUT, Row};
use crate::reading::{InstanceId, TargetId};
use crate::snapshot::SloStatus;
use crate::units::Ratio;

/// Samples of each latency that has an objective, and those of them above it.
type SloSamples = [Option<(u64, u64)>; LATENCIES];

/// The samples of an engine and its output tokens a second.
type EngineOutput = (SloSamples, Option<f64>);

/// The objectives, where any is set.
pub(super) fn status(present: &PresentFleet<'_>) -> Option<SloStatus> {
    let fleet = present.fleet;
    let slo = Some(&fleet.config.slo).filter(|slo| slo.is_set())?;
    let mut all = SloSamples::default();
    // An engine may count its tokens by rank and its latencies as a whole.
    let mut engines: BTreeMap<(&TargetId, Option<&InstanceId>), EngineOutput> = BTreeMap::new();
    for view in present.live_rows().filter(|view| view.is_engine() && !view.is_duplicate) {
        let samples = samples(fleet, view.row);
        all = sum(all, samples);
        let key = (&view.target.info.target, view.row.instance.as_ref());
        let (its_samples, its_output) = engines.entry(key).or_default();
        *its_samples = sum(*its_samples, samples);
        if let Some(output) = view.row.window.per_second(OUTPUT).filter(|_| view.counts.outputs) {
            *its_output = Some(its_output.unwrap_or(0.0) + output);
        }
    }
    let within = |(samples, output): &EngineOutput| Some((*output)? * least(*samples)?.get());
    let goodput = engines.values().filter_map(within).reduce(|a, b| a + b);
    Some(SloStatus { within: least(all), goodput_per_second: goodput, ..SloStatus::of(slo) })
}

/// The share of a row's window that is within; `None` without an objective or a sample.
pub(super) fn within(fleet: &Fleet, row: &Row) -> Option<Ratio> {
    least(samples(fleet, row))
}

fn samples(fleet: &Fleet, row: &Row) -> SloSamples {
    let [ttft, itl, e2e] = fleet.config.slo.limits().map(|limit| limit.map(|limit| limit.as_secs_f64()));
    [
        ttft.and_then(|limit| above(row.latency(|latency| latency.ttft.as_ref())?, limit)),
        itl.and_then(|limit| above(row.latency(|latency| latency.itl.as_ref())?, limit)),
        e2e.and_then(|limit| above(row.latency(|latency| latency.e2e.as_ref())?, limit)),
    ]
}

fn sum(a: SloSamples, b: SloSamples) -> SloSamples {
    let mut sum = a;
    for (sum, more) in sum.iter_mut().zip(b) {
        *sum = match (*sum, more) {
            (Some(sum), Some(more)) => Some((sum.0.saturating_add(more.0), sum.1.saturating_add(more.1))),
            (sum, more) => sum.or(more),
        };
    }
    sum
}

/// The least of the shares that are within.
fn least(samples: SloSamples) -> Option<Ratio> {
    let shares = samples.into_iter().flatten();
    let shares = shares.filter_map(|(samples, over)| Ratio::of(samples.saturating_sub(over) as f64, samples as f64));
    shares.min_by(|a, b| a.get().total_cmp(&b.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_objective_decides() {
        let some = [Some((200, 10)), None, Some((100, 1))];
        assert_eq!(least(some), Ratio::new(0.95));
        assert_eq!(least(sum(some, [Some((200, 0)), Some((10, 9)), None])), Ratio::new(0.1));
        assert_eq!(least([Some((0, 0)), None, None]), None, "no sample is no share");
    }
}
