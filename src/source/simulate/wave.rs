//! Loads over time with their exact integrals, so that a rate always matches its counter.

use std::f64::consts::TAU;

/// A sum of sines around a mean, over time in seconds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wave {
    mean: f64,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Term {
    amplitude: f64,
    /// In radians per second.
    pace: f64,
    phase: f64,
}

impl Wave {
    /// A constant load.
    pub(super) const fn steady(mean: f64) -> Self {
        Self { mean, terms: Vec::new() }
    }

    /// The wave with a sine of `period` seconds that peaks at `peak` seconds.
    #[must_use]
    pub(super) fn with(mut self, amplitude: f64, period: f64, peak: f64) -> Self {
        let pace = TAU / period;
        self.terms.push(Term { amplitude, pace, phase: TAU / 4.0 - pace * peak });
        self
    }

    /// The wave multiplied by `factor`.
    #[must_use]
    pub(super) fn scaled(&self, factor: f64) -> Self {
        let terms = self.terms.iter().map(|term| Term { amplitude: term.amplitude * factor, ..*term }).collect();
        Self { mean: self.mean * factor, terms }
    }

    /// The sum of two waves.
    #[must_use]
    pub(super) fn plus(&self, other: &Self) -> Self {
        let terms = self.terms.iter().chain(&other.terms).copied().collect();
        Self { mean: self.mean + other.mean, terms }
    }

    /// The load at `time`.
    pub(super) fn at(&self, time: f64) -> f64 {
        self.mean + self.terms.iter().map(|term| term.amplitude * (term.pace * time + term.phase).sin()).sum::<f64>()
    }

    /// The integral between two times, never negative.
    pub(super) fn between(&self, from: f64, until: f64) -> f64 {
        (self.gathered(until) - self.gathered(from)).max(0.0)
    }

    fn gathered(&self, time: f64) -> f64 {
        let turned = |term: &Term| -(term.pace * time + term.phase).cos() * term.amplitude / term.pace;
        self.mean * time + self.terms.iter().map(turned).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gathers_is_the_integral_of_the_load() {
        let wave = Wave::steady(3.0).with(1.0, 60.0, 15.0).with(0.5, 7.0, 0.0).scaled(2.0);
        let step = 0.001;
        let sum: f64 = (0..20_000).map(|i| wave.at((f64::from(i) + 0.5) * step) * step).sum();
        assert!((wave.between(0.0, 20.0) - sum).abs() < 1e-4, "{sum}");
        assert!((wave.at(15.0) - wave.with(0.0, 1.0, 0.0).at(15.0)).abs() < 1e-12);
    }

    #[test]
    fn a_wave_peaks_at_its_set_time() {
        let wave = Wave::steady(0.0).with(1.0, 86_400.0, 54_000.0);
        assert!((wave.at(54_000.0) - 1.0).abs() < 1e-9);
    }
}
