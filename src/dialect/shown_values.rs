//! The figures of a GPU that a page shows under several sets of labels.
//!
//! dcgm-exporter adds the pod that uses a GPU to its labels. Where the pod changes, a federated page has the series of the
//! former pod for minutes beside those of the present one: they stand still and are the same GPU's.

use std::cmp::Ordering;

use super::gpu_field::GpuFieldKind;
use crate::units::Timestamp;

/// The most sets of labels of a GPU whose figures are kept apart; those beyond them are added to the last one.
const SETS: usize = 128;

/// The figures of a GPU that are one number each.
#[derive(Debug, Clone, Default)]
pub(super) struct GpuValues(pub(super) [Option<f64>; GpuFieldKind::FIGURES]);

impl GpuValues {
    /// Stores a figure. A known one is kept if it is repeated without a value.
    pub(super) fn note(&mut self, what: GpuFieldKind, value: Option<f64>) {
        if let Some(known) = self.0.get_mut(what as usize) {
            *known = value.or(*known);
        }
    }
}

/// The figures of a GPU, by labels.
#[derive(Debug, Default)]
pub(super) struct ShownValues<'p> {
    sets: Vec<LabelledValues<'p>>,
    /// The set of the last figure.
    last: usize,
}

#[derive(Debug)]
struct LabelledValues<'p> {
    labels: &'p [u8],
    sampled: Option<Timestamp>,
    values: GpuValues,
}

impl<'p> ShownValues<'p> {
    /// Stores a figure that has these labels and this time of its sample.
    pub(super) fn note(
        &mut self,
        what: GpuFieldKind,
        value: Option<f64>,
        (labels, sampled): (&'p [u8], Option<Timestamp>),
    ) {
        let has = |set: &LabelledValues<'p>| set.labels == labels;
        let at =
            if self.sets.get(self.last).is_some_and(has) { Some(self.last) } else { self.sets.iter().position(has) };
        let at = at.unwrap_or_else(|| {
            if self.sets.len() < SETS {
                self.sets.push(LabelledValues { labels, sampled, values: GpuValues::default() });
            }
            self.sets.len() - 1
        });
        self.last = at;
        let set = &mut self.sets[at];
        set.sampled = set.sampled.max(sampled);
        set.values.note(what, value);
    }

    /// Whether a figure has several values.
    pub(super) fn is_repeated(&self) -> bool {
        let has = |set: &LabelledValues<'p>, place: usize| set.values.0[place].is_some();
        self.sets.len() > 1
            && (0..GpuFieldKind::FIGURES).any(|place| self.sets.iter().filter(|set| has(set, place)).nth(1).is_some())
    }

    /// One value of each figure: that of the set that goes on. Its samples are the newest; where the page does not say when
    /// they are from, its energy is the highest, since a counter that stands still is overtaken. Sets that are alike in both
    /// are in the order of their figures, whatever the order of the lines.
    pub(super) fn merged(&self) -> GpuValues {
        let mut order: Vec<&LabelledValues<'p>> = self.sets.iter().collect();
        order.sort_by(|a, b| a.against(b));
        let mut merged = GpuValues::default();
        for set in order {
            merged.0.iter_mut().zip(set.values.0).for_each(|(known, value)| *known = value.or(*known));
        }
        merged
    }
}

impl LabelledValues<'_> {
    /// The order in which sets overwrite each other's figures.
    fn against(&self, other: &Self) -> Ordering {
        let energy = |set: &Self| set.values.0[GpuFieldKind::Millijoules as usize].unwrap_or(-1.0);
        let by_figure = || {
            let figures = self.values.0.iter().zip(&other.values.0);
            figures.map(|(a, b)| a.unwrap_or(-1.0).total_cmp(&b.unwrap_or(-1.0))).find(|order| order.is_ne())
        };
        let by_time = self.sampled.cmp(&other.sampled);
        by_time
            .then_with(|| energy(self).total_cmp(&energy(other)))
            .then_with(|| by_figure().unwrap_or(Ordering::Equal))
    }
}
