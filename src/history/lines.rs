//! The fleet's vital lines: an hour in steps of five seconds, and a day by the minute, which is the mean of its known
//! steps.

use super::frames::Frames;
use super::money::units;
use super::packed::PackedCell;
use super::query::Measure;
use crate::snapshot::Snapshot;
use crate::units::{Ratio, Span};

/// The time of a fine point.
pub(super) const FINE: Span = Span::from_secs(5);
/// Fine points in a minute.
pub(super) const PER_MINUTE: i64 = 12;
/// An hour, and as long as charts of a still dashboard are behind.
pub(super) const FINE_KEPT: i64 = 62 * PER_MINUTE;
/// A local day has at most 25 hours.
const MINUTES_KEPT: usize = 25 * 60;

/// The measures with a line, in the order of their channels: those that sources report come first.
pub(super) const LINES: [Measure; 11] = [
    Measure::Output,
    Measure::PromptComputed,
    Measure::PromptCached,
    Measure::Prompt,
    Measure::HitRate,
    Measure::Load,
    Measure::Kv,
    Measure::Waiting,
    Measure::Nodes,
    Measure::Revenue,
    Measure::Cost,
];
/// The number of lines that sources report. The others are known also while no source answers.
const REPORTED: usize = 8;

/// The lines.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) fine: Frames<f32>,
    pub(super) minutes: Frames<f32>,
}

impl Default for Lines {
    fn default() -> Self {
        Self { fine: Frames::new(FINE, FINE_KEPT as usize), minutes: Frames::new(Span::from_secs(60), MINUTES_KEPT) }
    }
}

impl Lines {
    /// The channel of a measure.
    pub(super) fn channel(measure: Measure) -> Option<usize> {
        LINES.iter().position(|line| *line == measure)
    }

    /// Whether anything but the inventory and its cost was known at a step.
    pub(super) fn is_known(&self, slot: i64) -> bool {
        self.fine.frame(slot).iter().take(REPORTED).any(|value| !value.is_nan())
    }

    /// Sets these fine steps, the last of which is `slot`, and their minutes.
    pub(super) fn set(&mut self, slot: i64, steps: i64, snapshot: &Snapshot) {
        let frame = frame(snapshot);
        for slot in slot - steps.max(1) + 1..=slot {
            if steps <= 1 || !self.is_known(slot) {
                self.fine.set(slot, frame.clone());
            }
        }
        let minutes = (slot - steps.max(1) + 1).div_euclid(PER_MINUTE)..=slot.div_euclid(PER_MINUTE);
        minutes.for_each(|minute| self.fold(minute));
    }

    /// The mean of a minute's steps in their order, whenever they were set.
    fn fold(&mut self, minute: i64) {
        let steps = minute * PER_MINUTE..(minute + 1) * PER_MINUTE;
        let mean = |channel| mean(steps.clone().filter_map(|slot| self.fine.get(slot, channel).value()));
        let means: Vec<f32> =
            (0..LINES.len()).map(|line| mean(line).map_or(f32::UNKNOWN, |mean| mean as f32)).collect();
        self.minutes.set(minute, means);
    }

    /// Clears everything after a step.
    pub(super) fn forget_from(&mut self, slot: i64) {
        self.fine.forget_from(slot);
        self.minutes.forget_from(slot.div_euclid(PER_MINUTE));
    }
}

/// The mean of some values.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

/// The revenue per hour of engines with a known cost; if no cost is known, all revenue.
fn revenue(snapshot: &Snapshot) -> Option<f64> {
    let money = &snapshot.money;
    let covered = money.profit_per_hour.zip(money.cost_per_hour).map(|(profit, cost)| profit + cost);
    covered.or(money.revenue_per_hour).map(units)
}

fn frame(snapshot: &Snapshot) -> Vec<f32> {
    let tokens = &snapshot.tokens;
    let (prompt, cached) = (tokens.prompt_per_second, tokens.cached_per_second);
    let kv = mean(snapshot.engines.iter().filter_map(|row| row.kv_usage).map(Ratio::get));
    let value = |measure: &Measure| match measure {
        Measure::Output => tokens.output_per_second,
        Measure::PromptComputed => prompt.zip(cached).map(|(prompt, cached)| (prompt - cached).max(0.0)),
        Measure::PromptCached => cached,
        Measure::Prompt => prompt,
        Measure::HitRate => snapshot.cache_hit_rate.map(Ratio::get),
        Measure::Load => snapshot.gpus.utilization.map(Ratio::get),
        Measure::Kv => kv,
        Measure::Waiting => snapshot.requests.waiting.map(|waiting| waiting as f64),
        Measure::Revenue => revenue(snapshot),
        Measure::Cost => snapshot.money.cost_per_hour.map(units),
        _ => Some(snapshot.coverage.nodes_known as f64),
    };
    LINES.iter().map(|measure| value(measure).map_or(f32::UNKNOWN, |value| value as f32)).collect()
}
