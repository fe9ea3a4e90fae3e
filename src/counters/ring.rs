//! Points at a fixed interval, with gaps.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::units::{Span, Timestamp};

/// The latest points. A step without a known value is a gap.
#[derive(Debug, Clone)]
pub struct Ring {
    step: Span,
    keep: usize,
    newest: Option<i64>,
    points: VecDeque<Option<f32>>,
}

impl Ring {
    /// A ring of `keep` points, `step` apart.
    pub const fn new(step: Span, keep: usize) -> Self {
        Self { step, keep, newest: None, points: VecDeque::new() }
    }

    /// Sets the point of the step that contains `at`. Steps that were skipped are gaps; an older step is not changed.
    pub fn set(&mut self, at: Timestamp, value: Option<f32>) {
        let slot = at.millis().div_euclid(self.step.millis());
        let passed = self.newest.map_or(1, |newest| slot - newest);
        if passed < 0 {
            return;
        }
        let gaps = usize::try_from(passed).unwrap_or(usize::MAX).min(self.keep);
        for _ in 0..gaps {
            self.points.push_back(None);
        }
        while self.points.len() > self.keep {
            self.points.pop_front();
        }
        if let Some(last) = self.points.back_mut() {
            *last = value.or(*last);
        }
        self.newest = Some(slot);
    }

    /// The end of the newest step.
    pub fn until(&self) -> Timestamp {
        Timestamp::from_millis((self.newest.unwrap_or_default() + 1) * self.step.millis())
    }

    /// The points, the newest last.
    pub fn points(&self) -> Arc<[Option<f32>]> {
        self.points.iter().copied().collect()
    }

    /// The change from the mean of the oldest `n` points to the mean of the newest `n`, as a fraction; `None` until the
    /// ring holds three times as many, or if either mean is unknown or the old one zero.
    pub fn change(&self, n: usize) -> Option<f64> {
        if self.points.len() < 3 * n {
            return None;
        }
        let then = mean(self.points.iter().take(n))?;
        let now = mean(self.points.iter().rev().take(n))?;
        (then > 0.0).then(|| (now - then) / then)
    }
}

fn mean<'a>(points: impl Iterator<Item = &'a Option<f32>>) -> Option<f64> {
    let (count, sum) = points.flatten().fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + f64::from(*value)));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn passed_steps_are_gaps_and_the_oldest_leave() {
        let mut ring = Ring::new(Span::from_secs(5), 4);
        ring.set(at(0), Some(1.0));
        ring.set(at(4), Some(2.0));
        ring.set(at(16), Some(3.0));
        assert_eq!(*ring.points(), [Some(2.0), None, None, Some(3.0)]);
        ring.set(at(21), None);
        assert_eq!(*ring.points(), [None, None, Some(3.0), None]);
        ring.set(at(3), Some(9.0));
        assert_eq!(*ring.points(), [None, None, Some(3.0), None]);
        assert_eq!(ring.until(), at(25));
    }

    #[test]
    fn a_long_sleep_costs_no_more_than_the_ring() {
        let mut ring = Ring::new(Span::from_secs(5), 4);
        ring.set(at(0), Some(1.0));
        ring.set(at(1_000_000_000), Some(2.0));
        assert_eq!(*ring.points(), [None, None, None, Some(2.0)]);
    }

    #[test]
    fn change_needs_both_ends() {
        let mut ring = Ring::new(Span::from_secs(1), 9);
        for second in 0..9 {
            ring.set(at(second), Some(if second < 3 { 10.0 } else { 15.0 }));
        }
        assert_eq!(ring.change(3), Some(0.5));
        assert_eq!(Ring::new(Span::from_secs(1), 9).change(3), None);
    }
}
