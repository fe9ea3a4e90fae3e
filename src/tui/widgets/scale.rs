//! Scales with round ends, which change rarely.

use crate::units::{Span, Timestamp};

/// The round values within a power of ten.
const STEPS: [f64; 8] = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0];
/// How long values must be small before the scale shrinks.
const CALM: Span = Span::from_secs(300);
/// The fraction of the next lower step below which values are small.
const SMALL: f64 = 0.6;
/// One percent.
const PERCENT: f64 = 0.01;

/// The smallest step at or above `value`; 1 if `value` is not positive or not finite.
pub fn step_above(value: f64) -> f64 {
    if !value.is_finite() || value <= 0.0 {
        return 1.0;
    }
    let decade = decade(value);
    // Rounding is expensive, so only candidates near `value` are rounded.
    let near = STEPS.into_iter().map(|step| step * decade).filter(|step| *step >= value * (1.0 - 1e-9));
    let step = near.map(rounded).find(|step| *step >= value);
    step.unwrap_or(f64::MAX)
}

/// The next step below `step`.
pub fn step_below(step: f64) -> f64 {
    let decade = decade(step);
    // Only the next lower step is between half of `step` and `step`.
    let below = STEPS.into_iter().rev().map(|s| rounded(s * decade)).find(|s| *s < step * (1.0 - 1e-9));
    below.unwrap_or_else(|| rounded(decade * 0.75))
}

fn decade(value: f64) -> f64 {
    10_f64.powf(value.clamp(1e-300, 1e300).log10().floor())
}

/// Rounds off the last digits, in which products of a step and a power of ten can differ.
fn rounded(value: f64) -> f64 {
    format!("{value:.12e}").parse().unwrap_or(value)
}

/// The value that a scale must reach so that a few values do not set it: the largest, or 1.25 times the largest but for the
/// `few` largest where the scale is less than half as high then. `None` without a value.
pub fn robust_largest(values: &[Option<f64>], few: usize) -> Option<f64> {
    let mut known: Vec<f64> = values.iter().flatten().copied().filter(|value| value.is_finite()).collect();
    known.sort_by(|a, b| b.total_cmp(a));
    let largest = *known.first()?;
    let few = few.max(known.len() / 16).max(1);
    // Of fewer values none can be called an exception.
    let rest = known.get(few).filter(|rest| **rest > 0.0 && known.len() >= 6 * few).map(|rest| 1.25 * rest);
    Some(rest.filter(|rest| 2.0 * rest < largest).unwrap_or(largest))
}

/// The top of a chart that begins at zero: up at once, down only after five minutes below 60 % of the next lower step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    top: f64,
    /// Since when values are small, and the largest of them.
    calm: Option<(Timestamp, f64)>,
}

impl Scale {
    /// A scale for a first largest value; `None` if it is unknown.
    pub fn new(largest: Option<f64>) -> Self {
        Self { top: step_above(largest.unwrap_or(0.0)), calm: None }
    }

    /// The value at the top.
    pub fn top(&self) -> f64 {
        self.top
    }

    /// The scale after the largest value shown at `now`; unchanged if `largest` is `None`.
    #[must_use]
    pub fn follow(self, largest: Option<f64>, now: Timestamp) -> Self {
        let Some(largest) = largest.filter(|value| value.is_finite()) else { return self };
        if largest > self.top {
            return Self::new(Some(largest));
        }
        if largest >= SMALL * step_below(self.top) {
            return Self { calm: None, ..self };
        }
        let (since, most) = self.calm.map_or((now, largest), |(since, most)| (since.min(now), most.max(largest)));
        if now.millis() - since.millis() < CALM.millis() {
            return Self { calm: Some((since, most)), ..self };
        }
        // Zero has no step of its own.
        if most > 0.0 { Self::new(Some(most)) } else { Self { calm: None, ..self } }
    }
}

/// The scale of a line chart. It widens at once, and narrows after five minutes of values within less than 60 % of its
/// range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LineScale {
    low: f64,
    top: f64,
    calm: Option<(Timestamp, f64, f64)>,
}

impl LineScale {
    /// A scale for a first minimum and maximum.
    pub fn new(values: Option<(f64, f64)>) -> Self {
        let (low, top) = values.filter(|(a, b)| a.is_finite() && b.is_finite()).map_or((0.0, 1.0), |(a, b)| ends(a, b));
        Self { low, top, calm: None }
    }

    /// A scale of shares, from 0 to 1, with a range of at least two percentage points, so that a flat line looks flat.
    pub fn of_shares(values: Option<(f64, f64)>) -> Self {
        let scale = Self::new(values);
        let values = values.filter(|(least, largest)| largest - least < 3.0 * PERCENT);
        let Some((least, largest)) = values.filter(|(a, b)| a.is_finite() && b.is_finite()) else { return scale };
        let (least, largest) = (least / PERCENT, largest / PERCENT);
        let (low, top) = match ((least + 1e-9).floor(), (largest - 1e-9).ceil()) {
            (low, top) if top <= low => (low - 1.0, top + 1.0),
            (low, top) if top - low >= 2.0 => (low, top),
            (low, top) if least - low < top - largest => (low - 1.0, top),
            (low, top) => (low, top + 1.0),
        };
        let low = low.clamp(0.0, 98.0);
        Self { low: rounded(low * PERCENT), top: rounded(top.clamp(low + 2.0, 100.0) * PERCENT), calm: None }
    }

    /// A scale of amounts, with a range of at least a quarter of the largest, so that a small change looks small.
    pub fn of_amounts(values: Option<(f64, f64)>) -> Self {
        let widened = values.map(|(least, largest)| {
            let (middle, half) = (least / 2.0 + largest / 2.0, least.abs().max(largest.abs()) / 8.0);
            (least.min(middle - half), largest.max(middle + half))
        });
        Self::new(widened)
    }

    /// The values at the bottom and the top.
    pub fn ends(&self) -> (f64, f64) {
        (self.low, self.top)
    }

    /// The scale after the minimum and maximum shown at `now`.
    #[must_use]
    pub fn follow(self, values: Option<(f64, f64)>, now: Timestamp) -> Self {
        let Some((least, largest)) = values.filter(|(a, b)| a.is_finite() && b.is_finite()) else { return self };
        if least < self.low || largest > self.top {
            return Self::new(Some((least.min(self.low), largest.max(self.top))));
        }
        let (low, top) = ends(least, largest);
        if top - low >= SMALL * (self.top - self.low) {
            return Self { calm: None, ..self };
        }
        let (since, low, top) =
            self.calm.map_or((now, least, largest), |(since, a, b)| (since.min(now), a.min(least), b.max(largest)));
        if now.millis() - since.millis() < CALM.millis() {
            return Self { calm: Some((since, low, top)), ..self };
        }
        Self::new(Some((low, top)))
    }
}

/// Round values that enclose `least` and `largest`.
fn ends(least: f64, largest: f64) -> (f64, f64) {
    let (least, largest) = (least.min(largest), least.max(largest));
    let range = largest - least;
    let range = if range > 0.0 { range } else { least.abs().max(1e-9) * 0.02 };
    let step = step_above(range / 3.0);
    let low = rounded((least / step).floor() * step);
    let top = rounded((largest / step).ceil() * step);
    if top > low { (low, top) } else { (low, rounded(low + step)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn same(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
    }

    #[test]
    fn steps_are_the_next_round_number() {
        let cases = [
            (0.0, 1.0),
            (-5.0, 1.0),
            (f64::NAN, 1.0),
            (f64::INFINITY, 1.0),
            (1.0, 1.0),
            (1.01, 1.5),
            (1.6, 2.0),
            (2.93e6, 3e6),
            (3.2e6, 4e6),
            (4.1, 5.0),
            (5.1, 7.5),
            (7.6, 10.0),
            (28_972.0, 30_000.0),
            (30_465.0, 40_000.0),
            (1e-6, 1e-6),
            (1.1e-6, 1.5e-6),
            (1e15, 1e15),
            (9e15, 1e16),
        ];
        for (value, step) in cases {
            assert!(same(step_above(value), step), "{value} {}", step_above(value));
        }
        for (step, below) in [(1.0, 0.75), (1.5, 1.0), (10.0, 7.5), (4e6, 3e6), (2e-6, 1.5e-6)] {
            assert!(same(step_below(step), below), "{step} {}", step_below(step));
        }
        assert!(step_above(f64::MAX).is_finite() && step_above(5e-324) > 0.0);
    }

    #[test]
    fn one_bad_minute_does_not_set_a_scale() {
        let mut values = vec![Some(2.0); 60];
        assert_eq!(robust_largest(&values, 2), Some(2.0));
        (values[7], values[8]) = (Some(60.0), Some(58.0));
        assert_eq!(robust_largest(&values, 2), Some(2.5));
        assert_eq!(robust_largest(&values[..11], 2), Some(60.0), "too few to tell");
        let slow: Vec<Option<f64>> =
            values.iter().enumerate().map(|(n, v)| if n < 20 { Some(60.0) } else { *v }).collect();
        assert_eq!(robust_largest(&slow, 2), Some(60.0), "a bad third is no exception");
        (values[7], values[8]) = (Some(4.9), Some(4.9));
        assert_eq!(robust_largest(&values, 2), Some(4.9), "less than twice as high");
        let mut idle = vec![Some(0.0); 60];
        idle[3] = Some(5.0);
        assert_eq!(robust_largest(&idle, 2), Some(5.0), "nothing else is above zero");
        assert_eq!(robust_largest(&[None, Some(f64::NAN)], 2), None);
    }

    #[test]
    fn up_at_once_and_down_after_five_calm_minutes() {
        let mut scale = Scale::new(Some(2.9));
        assert!(same(scale.top(), 3.0));
        scale = scale.follow(Some(3.1), at(0));
        assert!(same(scale.top(), 4.0));
        // 1.9 is above 60 % of 3, so the five minutes do not begin.
        scale = scale.follow(Some(1.9), at(10)).follow(Some(1.9), at(1000));
        assert!(same(scale.top(), 4.0));
        scale = scale.follow(Some(1.7), at(1010)).follow(Some(1.2), at(1309));
        assert!(same(scale.top(), 4.0));
        let later = scale.follow(Some(1.0), at(1310));
        assert!(same(later.top(), 2.0), "down to the largest of the five minutes: {}", later.top());
        let woken = scale.follow(Some(2.5), at(1309)).follow(Some(1.0), at(1311));
        assert!(same(woken.follow(Some(1.0), at(1400)).top(), 4.0), "a peak begins the five minutes anew");
        assert_eq!(scale.follow(None, at(9999)), scale);
        let zero = Scale::new(Some(50.0)).follow(Some(0.0), at(0)).follow(Some(0.0), at(400));
        assert!(same(zero.top(), 50.0));
    }

    #[test]
    fn a_lines_scale_has_two_round_ends() {
        assert_eq!(LineScale::new(Some((0.553, 0.578))).ends(), (0.55, 0.58));
        assert_eq!(LineScale::of_shares(Some((0.562, 0.5634))).ends(), (0.55, 0.57));
        assert_eq!(LineScale::of_shares(Some((0.5, 0.5))).ends(), (0.49, 0.51));
        assert_eq!(LineScale::of_shares(Some((0.0, 0.0))).ends(), (0.0, 0.02));
        assert_eq!(LineScale::of_shares(Some((0.999, 1.0))).ends(), (0.98, 1.0));
        assert_eq!(LineScale::of_shares(Some((0.41, 0.57))).ends(), LineScale::new(Some((0.41, 0.57))).ends());
        let (low, top) = LineScale::of_amounts(Some((26_000.0, 26_600.0))).ends();
        assert!(low <= 23_500.0 && top >= 29_000.0, "{low} {top}");
        assert_eq!(LineScale::of_amounts(Some((-288.0, 2_110.0))), LineScale::new(Some((-288.0, 2_110.0))));
        let flat = LineScale::new(Some((0.5, 0.5))).ends();
        assert!(flat.0 <= 0.5 && flat.1 >= 0.5 && flat.0 < flat.1, "{flat:?}");
        let scale = LineScale::new(Some((0.553, 0.578)));
        let wider = scale.follow(Some((0.51, 0.57)), at(0));
        assert!(wider.ends().0 <= 0.51 && wider.ends().1 >= 0.58, "{:?}", wider.ends());
        let calm = wider.follow(Some((0.56, 0.565)), at(1)).follow(Some((0.56, 0.565)), at(301));
        assert!(calm.ends().1 - calm.ends().0 < 0.02, "{:?}", calm.ends());
        assert_eq!(LineScale::new(None).ends(), (0.0, 1.0));
        for (a, b) in [(1e15, 2e15), (-3e-6, -1e-6), (0.0, 0.0)] {
            let (low, top) = LineScale::new(Some((a, b))).ends();
            assert!(low <= a && top >= b && low < top, "{a} {b}: {low} {top}");
        }
    }
}
