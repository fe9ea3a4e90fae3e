//! Sparklines: 180 points, each of five seconds unless the fleet is simulated.

use super::rates::FleetRates;
use crate::counters::Ring;
use crate::snapshot::{VitalLine, Vitals};
use crate::units::{Span, Timestamp};

/// The number of points.
const KEPT: usize = 180;
/// The number of points at either end that a change is measured over: a minute.
const MINUTE: usize = 12;

/// The rings of the points.
#[derive(Debug)]
pub(super) struct Sparklines {
    step: Span,
    output: Ring,
    prompt_miss: Ring,
    prompt_hit: Ring,
    prompt: Ring,
    hit_rate: Ring,
    load: Ring,
}

impl Sparklines {
    pub(super) fn new(step: Span) -> Self {
        let empty = || Ring::new(step, KEPT);
        let [output, prompt_miss, prompt_hit, prompt, hit_rate, load] = std::array::from_fn(|_| empty());
        Self { step, output, prompt_miss, prompt_hit, prompt, hit_rate, load }
    }

    /// Sets the present point.
    pub(super) fn set(&mut self, at: Timestamp, rates: &FleetRates) {
        let point = |value: Option<f64>| value.map(|value| value as f32);
        let miss = match (rates.prompt, rates.cached) {
            (Some(prompt), Some(cached)) => Some((prompt - cached).max(0.0)),
            _ => None,
        };
        self.output.set(at, point(rates.output));
        self.prompt_miss.set(at, point(miss));
        self.prompt_hit.set(at, point(rates.cached));
        self.prompt.set(at, point(rates.prompt));
        self.hit_rate.set(at, point(rates.hit_rate.map(crate::units::Ratio::get)));
        self.load.set(at, point(rates.load.map(crate::units::Ratio::get)));
    }

    /// The sparklines for the snapshot.
    pub(super) fn vitals(&self) -> Vitals {
        Vitals {
            step: self.step,
            until: self.output.until(),
            output: line(&self.output),
            prompt_miss: line(&self.prompt_miss),
            prompt_hit: line(&self.prompt_hit),
            prompt: line(&self.prompt),
            hit_rate: line(&self.hit_rate),
            load: line(&self.load),
        }
    }
}

fn line(ring: &Ring) -> VitalLine {
    VitalLine { points: ring.points(), change: ring.change(MINUTE) }
}
