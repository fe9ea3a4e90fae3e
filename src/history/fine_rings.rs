//! The figures of the first subjects of a fleet in steps of five seconds for an hour, so that their young charts are as
//! fine as those of the fleet. Those of further subjects are kept by the minute only.

use super::frames::Frames;
use super::gather::PlaceFigures;
use super::lines::{FINE, FINE_KEPT, mean};
use super::packed::{PackedCell, TwoByteFloat};
use super::places::{RingPlace, WIDE};
use super::query::Measure;

/// The measures of each subject besides [`WIDE`].
const FURTHER: [Measure; 3] = [Measure::Power, Measure::Revenue, Measure::Cost];
const MEASURES: usize = WIDE.len() + FURTHER.len();
/// The most subjects, which take at most 650 kB: a dozen nodes with their engines, units and models.
const SUBJECTS: usize = 32;

/// The rings.
#[derive(Debug)]
pub(super) struct FineRings(Frames<TwoByteFloat>);

impl Default for FineRings {
    fn default() -> Self {
        Self(Frames::new(FINE, FINE_KEPT as usize))
    }
}

impl FineRings {
    /// The channel of a subject's measure, if it has one.
    pub(super) fn channel(place: RingPlace, measure: Measure) -> Option<usize> {
        let nth = WIDE.iter().chain(&FURTHER).position(|kept| *kept == measure)?;
        Some(first(place.first)? + nth)
    }

    /// Puts a subject's figures into the frame of a step.
    pub(super) fn put(frame: &mut Vec<TwoByteFloat>, place: RingPlace, figures: &PlaceFigures) {
        let Some(first) = first(place.first) else { return };
        if frame.len() < first + MEASURES {
            frame.resize(first + MEASURES, TwoByteFloat::UNKNOWN);
        }
        for (cell, measure) in frame[first..].iter_mut().zip(WIDE.iter().chain(&FURTHER)) {
            *cell = TwoByteFloat::of(figures.value(*measure));
        }
    }

    /// Sets steps to a frame.
    pub(super) fn set(&mut self, slots: std::ops::RangeInclusive<i64>, frame: &[TwoByteFloat]) {
        slots.for_each(|slot| self.0.set(slot, frame.to_vec()));
    }

    /// The mean of the known values of steps.
    pub(super) fn mean(&self, channel: usize, slots: std::ops::RangeInclusive<i64>) -> Option<f64> {
        mean(slots.filter_map(|slot| self.0.get(slot, channel).value()))
    }

    /// Clears everything after a step.
    pub(super) fn forget_from(&mut self, slot: i64) {
        self.0.forget_from(slot);
    }

    /// Clears the channels of a subject that is gone, given the first of its wide ones.
    pub(super) fn clear(&mut self, wide: u32) {
        if let Some(first) = first(wide) {
            self.0.clear(first..first + MEASURES);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

/// The first channel of the subject with this first wide channel.
fn first(wide: u32) -> Option<usize> {
    let nth = wide as usize / WIDE.len();
    (nth < SUBJECTS).then_some(nth * MEASURES)
}
