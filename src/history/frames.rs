//! A ring of steps, each with one value of every channel. The values of a step are stored together, so that many
//! subjects cost no more than their values; equal steps share them.

use std::collections::VecDeque;
use std::sync::Arc;

use super::packed::PackedCell;
use crate::units::{Span, Timestamp};

/// The latest steps. A step that was never set, and a channel that it lacks, are unknown.
#[derive(Debug)]
pub(super) struct Frames<T> {
    step: i64,
    keep: usize,
    newest: Option<i64>,
    ring: VecDeque<Arc<Vec<T>>>,
    nothing: Arc<Vec<T>>,
}

impl<T: PackedCell> Frames<T> {
    /// A ring of `keep` steps.
    pub(super) fn new(step: Span, keep: usize) -> Self {
        let step = step.millis().max(1);
        Self { step, keep, newest: None, ring: VecDeque::new(), nothing: Arc::default() }
    }

    /// The step that contains an instant.
    pub(super) const fn slot(&self, at: Timestamp) -> i64 {
        at.millis().div_euclid(self.step)
    }

    pub(super) const fn newest(&self) -> Option<i64> {
        self.newest
    }

    /// All channels of a step; empty if it is unknown.
    pub(super) fn frame(&self, slot: i64) -> &[T] {
        self.place(slot).map_or(&[], |place| &self.ring[place])
    }

    /// The value of a channel at a step.
    pub(super) fn get(&self, slot: i64, channel: usize) -> T {
        self.frame(slot).get(channel).copied().unwrap_or(T::UNKNOWN)
    }

    /// Sets all channels of a step, which may be newer or older than all others; one that is too old is not kept.
    pub(super) fn set(&mut self, slot: i64, frame: Vec<T>) {
        let Some(place) = self.reach(slot) else { return };
        if *self.ring[place] == frame {
            return;
        }
        let same = |frames: &VecDeque<Arc<Vec<T>>>, place: Option<usize>| {
            place.and_then(|place| frames.get(place)).filter(|other| ***other == frame).cloned()
        };
        let shared = same(&self.ring, place.checked_sub(1)).or_else(|| same(&self.ring, Some(place + 1)));
        self.ring[place] = shared.unwrap_or_else(|| {
            let mut frame = frame;
            frame.shrink_to_fit();
            Arc::new(frame)
        });
    }

    /// Clears a channel for another subject.
    pub(super) fn clear(&mut self, channels: std::ops::Range<usize>) {
        let mut last: Option<Arc<Vec<T>>> = None;
        for frame in &mut self.ring {
            let known = channels.clone().any(|channel| frame.get(channel).is_some_and(|cell| *cell != T::UNKNOWN));
            if known {
                let end = channels.end.min(frame.len());
                Arc::make_mut(frame)[channels.start.min(end)..end].fill(T::UNKNOWN);
            }
            if let Some(last) = last.filter(|last| last == frame) {
                *frame = last;
            }
            last = Some(Arc::clone(frame));
        }
    }

    /// Clears all steps from one on, as the clock was set back.
    pub(super) fn forget_from(&mut self, slot: i64) {
        while self.newest.is_some_and(|newest| newest >= slot) && !self.ring.is_empty() {
            self.ring.pop_back();
            self.newest = self.newest.map(|newest| newest - 1);
        }
        if self.ring.is_empty() {
            self.newest = None;
        }
    }

    /// The size of all values in bytes.
    pub(super) fn bytes(&self) -> usize {
        let mut seen = std::collections::HashSet::new();
        let own = self.ring.iter().filter(|frame| seen.insert(Arc::as_ptr(frame)));
        let of = |frame: &Arc<Vec<T>>| frame.capacity() * size_of::<T>() + size_of::<Vec<T>>() + 2 * size_of::<usize>();
        own.map(of).sum::<usize>() + self.ring.capacity() * size_of::<Arc<Vec<T>>>()
    }

    fn place(&self, slot: i64) -> Option<usize> {
        let behind = usize::try_from(self.newest?.checked_sub(slot)?).ok()?;
        self.ring.len().checked_sub(behind + 1)
    }

    /// The position of a step; inserts unset steps up to it.
    fn reach(&mut self, slot: i64) -> Option<usize> {
        let newest = *self.newest.get_or_insert(slot - 1);
        let ahead = usize::try_from(slot.saturating_sub(newest)).unwrap_or(0).min(self.keep);
        self.ring.extend(std::iter::repeat_n(&self.nothing, ahead).cloned());
        self.newest = Some(newest.max(slot));
        let behind = usize::try_from(self.newest?.saturating_sub(slot)).ok().filter(|behind| *behind < self.keep)?;
        while self.ring.len() <= behind {
            self.ring.push_front(Arc::clone(&self.nothing));
        }
        while self.ring.len() > self.keep {
            self.ring.pop_front();
        }
        self.ring.len().checked_sub(behind + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> Frames<f32> {
        Frames::new(Span::from_secs(5), 4)
    }

    fn values(ring: &Frames<f32>, slots: std::ops::Range<i64>) -> Vec<Option<f64>> {
        slots.map(|slot| ring.get(slot, 0).value()).collect()
    }

    #[test]
    fn steps_that_were_skipped_are_unknown_and_the_oldest_leave() {
        let mut ring = ring();
        for (slot, value) in [(10, 1.0), (12, 2.0), (14, 3.0)] {
            ring.set(slot, vec![value]);
        }
        assert_eq!(values(&ring, 10..16), [None, None, Some(2.0), None, Some(3.0), None]);
        ring.set(11, vec![9.0]);
        assert_eq!(values(&ring, 10..15), [None, Some(9.0), Some(2.0), None, Some(3.0)]);
        ring.set(10, vec![9.0]);
        assert_eq!(ring.get(10, 0).value(), None, "too old");
        ring.set(1_000_000_000_000, vec![4.0]);
        assert_eq!(values(&ring, 999_999_999_997..1_000_000_000_001), [None, None, None, Some(4.0)]);
        assert_eq!(ring.ring.len(), 4);
    }

    #[test]
    fn the_past_may_come_after_the_present() {
        let mut ring = ring();
        ring.set(10, vec![1.0]);
        ring.set(8, vec![2.0]);
        assert_eq!(values(&ring, 7..11), [None, Some(2.0), None, Some(1.0)]);
    }

    #[test]
    fn a_clock_that_is_set_back_forgets_what_is_ahead() {
        let mut ring = ring();
        (10..14).for_each(|slot| ring.set(slot, vec![1.0]));
        ring.forget_from(12);
        assert_eq!((values(&ring, 10..14), ring.newest()), (vec![Some(1.0), Some(1.0), None, None], Some(11)));
        ring.forget_from(0);
        assert_eq!((ring.newest(), ring.ring.len()), (None, 0));
    }

    #[test]
    fn steps_that_are_alike_share_their_values() {
        let mut ring: Frames<super::super::packed::TwoByteFloat> = Frames::new(Span::from_secs(60), 1440);
        let frame = vec![super::super::packed::TwoByteFloat::of(Some(16.0)); 278];
        (0..1440).for_each(|slot| ring.set(slot, frame.clone()));
        assert!(ring.bytes() < 30_000, "{}", ring.bytes());
        ring.clear(3..5);
        assert_eq!((ring.get(7, 3).value(), ring.get(7, 5).value()), (None, Some(16.0)));
    }
}
