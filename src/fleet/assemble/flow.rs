//! The token rates and the cache hits of a set of rows.

use super::coverable::Coverable;
use super::present::CountedRow;
use super::sums::add;
use crate::metering::{CACHED, OUTPUT, PROMPT};
use crate::units::Ratio;

/// The token rates and the cache hits of a set of rows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flow {
    pub(super) prompt: RateSum,
    pub(super) cached: RateSum,
    pub(super) output: RateSum,
    pub(super) prompts_with_hits: u64,
    pub(super) hits: u64,
}

impl Flow {
    /// Adds a row's counted tokens, if its rates are shown.
    pub(super) fn add(&mut self, view: CountedRow<'_>) {
        let window = &view.row.window;
        if !view.engine.draws(view.row) {
            return;
        }
        let counts = view.counts;
        if counts.prompts {
            self.prompt.add(view, PROMPT);
            self.cached.add(view, CACHED);
            if let (Some(prompt), Some(hits)) = (window.growth(PROMPT), window.growth(CACHED)) {
                self.prompts_with_hits += prompt;
                self.hits += hits;
            }
        }
        if counts.outputs {
            self.output.add(view, OUTPUT);
        }
    }

    pub(super) fn hit_rate(&self) -> Option<Ratio> {
        Ratio::of(self.hits as f64, self.prompts_with_hits as f64)
    }
}

/// The sum of the rates of rows that have one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RateSum {
    pub(super) known: Option<f64>,
    pub(super) of: Coverable,
}

impl RateSum {
    pub(super) fn add(&mut self, view: CountedRow<'_>, i: usize) {
        let rate = view.row.window.per_second(i);
        add(&mut self.known, rate);
        if rate.is_some() || view.row.reports(i) {
            self.of.note(rate.is_some(), view.holds_back);
        }
    }

    /// The sum, if so few rows are left out that it is one.
    pub(super) fn get(self) -> Option<f64> {
        self.known.filter(|_| !self.of.lacks())
    }
}
