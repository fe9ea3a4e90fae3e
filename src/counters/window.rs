//! A sliding window over a few running sums: their growth, in total and per second.

use std::collections::VecDeque;

use crate::units::{Moment, Span};

/// Samples of `N` running sums. The sums take restarts into account and never fall; `None` is a gap.
#[derive(Debug, Clone)]
pub struct Window<const N: usize> {
    span: Span,
    samples: VecDeque<WindowSample<N>>,
}

/// The sums at an instant, in few bytes: there is a window for each of hundreds of ranks.
#[derive(Debug, Clone, Copy)]
struct WindowSample<const N: usize> {
    /// The time since this machine started.
    at: Span,
    sums: [u64; N],
    /// Whether each sum is known.
    known: [bool; N],
}

/// Makes room for one more in a ring of a few samples: there are thousands of rings, and doubling one leaves a third of it unused.
pub fn make_room<T>(ring: &mut VecDeque<T>) {
    if ring.len() == ring.capacity() {
        ring.reserve_exact(4);
    }
}

impl<const N: usize> WindowSample<N> {
    fn sum(&self, i: usize) -> Option<u64> {
        self.known[i].then_some(self.sums[i])
    }
}

impl<const N: usize> Window<N> {
    /// A window of `span`.
    pub const fn new(span: Span) -> Self {
        Self { span, samples: VecDeque::new() }
    }

    /// Adds the sums at an instant and drops what is older than the window.
    pub fn push(&mut self, at: Moment, sums: [Option<u64>; N]) {
        let at = at.boot;
        if self.samples.back().is_some_and(|last| at <= last.at) {
            return;
        }
        let (known, sums) = (sums.map(|sum| sum.is_some()), sums.map(Option::unwrap_or_default));
        while self.samples.get(1).is_some_and(|next| at - next.at >= self.span) {
            self.samples.pop_front();
        }
        make_room(&mut self.samples);
        self.samples.push_back(WindowSample { at, sums, known });
    }

    /// Replaces all samples by one of an earlier instant, since which the sums have not grown.
    pub fn stood_since(&mut self, since: Moment) {
        if let Some(last) = self.samples.back().copied() {
            self.samples.clear();
            self.samples.push_back(WindowSample { at: since.boot, ..last });
        }
    }

    /// Drops all samples.
    pub fn clear(&mut self) {
        self.samples.clear();
    }

    /// The time between the oldest and the newest sample; `None` with fewer than two.
    pub fn covers(&self) -> Option<Span> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        let span = last.at - first.at;
        (span > Span::ZERO).then_some(span)
    }

    /// The growth of sum `i` over the window, from its first known value in it.
    pub fn growth(&self, i: usize) -> Option<u64> {
        self.known(i).map(|(first, last)| last.1.saturating_sub(first.1))
    }

    /// The growth of sum `i` per second, between its first and last known values.
    pub fn per_second(&self, i: usize) -> Option<f64> {
        let (first, last) = self.known(i)?;
        Some(last.1.saturating_sub(first.1) as f64 / (last.0 - first.0).as_secs_f64())
    }

    fn known(&self, i: usize) -> Option<((Span, u64), (Span, u64))> {
        let value = |sample: &WindowSample<N>| sample.sum(i).map(|sum| (sample.at, sum));
        let (first, last) = (self.samples.iter().find_map(value)?, self.samples.iter().rev().find_map(value)?);
        (last.0 > first.0).then_some((first, last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Moment {
        Moment::default() + Span::from_millis(millis)
    }

    #[test]
    fn a_rate_is_seeded_from_the_first_real_difference() {
        let mut window = Window::<1>::new(Span::from_secs(10));
        window.push(at(0), [Some(5000)]);
        assert_eq!(window.per_second(0), None);
        window.push(at(300), [Some(5370)]);
        assert_eq!(window.per_second(0), Some(370.0 / 0.3));
    }

    #[test]
    fn the_window_slides() {
        let mut window = Window::<1>::new(Span::from_secs(2));
        for second in 0..10 {
            window.push(at(second * 1000), [Some(u64::try_from(second * second).unwrap_or(0))]);
        }
        assert_eq!(window.growth(0), Some(81 - 49));
        assert_eq!(window.covers(), Some(Span::from_secs(2)));
    }

    #[test]
    fn a_gap_is_bridged_and_a_late_sample_dropped() {
        let mut window = Window::<1>::new(Span::from_secs(10));
        window.push(at(0), [Some(10)]);
        window.push(at(1000), [None]);
        window.push(at(3000), [Some(40)]);
        window.push(at(2000), [Some(99)]);
        assert_eq!(window.per_second(0), Some(10.0));
    }
}
