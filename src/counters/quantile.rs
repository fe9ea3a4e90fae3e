//! Quantiles of latency histograms, and the sums and differences of histograms.
//!
//! The quantiles of ranks are never averaged: their histograms are added, and the quantile is that of the sum.

use std::sync::Arc;

use crate::reading::Histogram;

/// The samples between two readings of a histogram, or all samples of one. They are computed on access, without a copy,
/// since hundreds of ranks need them every second.
#[derive(Debug, Clone, Copy)]
pub struct SampleCounts<'h> {
    now: &'h Histogram,
    before: Option<&'h Histogram>,
}

impl<'h> SampleCounts<'h> {
    /// The samples between two readings. After a restart, or with different bounds, all samples of `now`.
    pub fn between(now: &'h Histogram, before: &'h Histogram) -> Self {
        let before = Some(before).filter(|before| now.has_bounds_of(before) && !has_fallen(now, before));
        Self { now, before }
    }

    /// The number of samples at or below the bound of this index.
    fn count(&self, at: usize) -> u64 {
        let before = self.before.and_then(|before| before.counts.get(at)).copied().unwrap_or(0);
        self.now.counts.get(at).map_or(0, |now| now.saturating_sub(before))
    }

    /// The number of samples; `None` without samples, or if the numbers of bounds and counts differ.
    fn total(&self) -> Option<u64> {
        let Histogram { bounds, counts } = self.now;
        let last = counts.len().checked_sub(1).filter(|_| bounds.len() == counts.len())?;
        Some(self.count(last)).filter(|total| *total > 0)
    }

    /// The highest finite bound.
    pub fn top(&self) -> Option<f64> {
        self.now.bounds.iter().rfind(|bound| bound.is_finite()).copied()
    }

    /// Adds the samples to a sum. A sum with other bounds begins anew.
    pub fn add_to(self, sum: &mut Option<Histogram>) {
        match sum {
            Some(sum) if sum.has_bounds_of(self.now) => {
                let all = Arc::make_mut(&mut sum.counts).iter_mut().take(self.now.counts.len());
                all.enumerate().for_each(|(at, all)| *all = all.saturating_add(self.count(at)));
            }
            _ => *sum = Some(self.to_histogram()),
        }
    }

    /// Copies the samples into a histogram.
    pub fn to_histogram(self) -> Histogram {
        let counts = (0..self.now.counts.len()).map(|at| self.count(at)).collect();
        Histogram { bounds: Arc::clone(&self.now.bounds), counts }
    }
}

impl<'h> From<&'h Histogram> for SampleCounts<'h> {
    fn from(now: &'h Histogram) -> Self {
        Self { now, before: None }
    }
}

/// The value below which the share `q` of the samples lies. Samples are assumed to be evenly distributed within a bucket,
/// with the first bucket starting at 0. In the last bucket, which has no upper bound, the result is the highest finite
/// bound.
///
/// `None` without samples, without a finite bound, or for `q` outside 0 to 1.
pub fn quantile<'h>(samples: impl Into<SampleCounts<'h>>, q: f64) -> Option<f64> {
    let samples = samples.into();
    let bounds = &samples.now.bounds;
    let total = samples.total().filter(|_| (0.0..=1.0).contains(&q))?;
    let sought = q * total as f64;
    let reaches = |count: u64| count > 0 && count as f64 >= sought;
    let at = (0..bounds.len()).find(|at| reaches(samples.count(*at)))?;
    if bounds[at].is_infinite() {
        return bounds[..at].last().copied();
    }
    let (below, lower) = match at.checked_sub(1) {
        Some(before) => (samples.count(before), bounds[before]),
        None => (0, bounds[at].min(0.0)),
    };
    let inside = samples.count(at).checked_sub(below).filter(|inside| *inside > 0)?;
    Some(lower + (bounds[at] - lower) * ((sought - below as f64) / inside as f64))
}

/// The samples and those of them above `limit`, both in millionths of a sample: as in [`quantile`], samples are assumed to
/// be evenly distributed within a bucket, so that one whose bucket the limit divides is above it in part. Those of the last
/// bucket, which has no upper bound, are above any limit.
///
/// `None` without samples or bounds.
pub fn above<'h>(samples: impl Into<SampleCounts<'h>>, limit: f64) -> Option<(u64, u64)> {
    let samples = samples.into();
    let bounds = &samples.now.bounds;
    let total = samples.total()?;
    let at = bounds.iter().position(|bound| *bound > limit).unwrap_or(bounds.len() - 1);
    let (below, lower) = at.checked_sub(1).map_or((0, 0.0), |before| (samples.count(before), bounds[before]));
    let part = ((limit - lower) / (bounds[at] - lower)).clamp(0.0, 1.0);
    let inside = samples.count(at).saturating_sub(below);
    let within =
        if bounds[at].is_finite() { (inside.saturating_mul(ONE_SAMPLE) as f64 * part).round() as u64 } else { 0 };
    let (total, below) = (total.saturating_mul(ONE_SAMPLE), below.saturating_mul(ONE_SAMPLE));
    Some((total, total.saturating_sub(below.saturating_add(within))))
}

/// One sample, as [`above`] counts them.
pub const ONE_SAMPLE: u64 = 1_000_000;

fn has_fallen(now: &Histogram, before: &Histogram) -> bool {
    now.counts.iter().zip(before.counts.iter()).any(|(now, before)| now < before)
}

/// The samples between two readings of a histogram. After a restart, or with different bounds, all samples of `now`.
pub fn growth(now: &Histogram, before: &Histogram) -> Histogram {
    SampleCounts::between(now, before).to_histogram()
}

/// The samples between two readings of a histogram; `None` without samples, after a fall, or with different bounds.
pub fn steady_growth<'h>(now: &'h Histogram, before: &'h Histogram) -> Option<SampleCounts<'h>> {
    if !now.has_bounds_of(before) || now.counts == before.counts || has_fallen(now, before) {
        return None;
    }
    Some(SampleCounts { now, before: Some(before) }).filter(|grown| grown.total().is_some())
}

/// Adds a histogram to sums of histograms, each of one set of bounds.
pub fn add_by_bounds(sums: &mut Vec<Histogram>, more: &Histogram) {
    let Some(sum) = sums.iter_mut().find(|sum| sum.has_bounds_of(more)) else {
        sums.push(more.clone());
        return;
    };
    for (count, more) in Arc::make_mut(&mut sum.counts).iter_mut().zip(more.counts.iter()) {
        *count = count.saturating_add(*more);
    }
}

/// The sum of several histograms; `None` for an empty list. Those of one set of bounds are added exactly. The sum of different ones
/// has the bounds of all, and samples lie evenly within their bucket, as in [`quantile`]: so its quantiles lie between those of its
/// parts. Where samples of one of them lie above its highest bound, higher bounds say nothing of the sum.
pub fn sum<'h>(histograms: impl IntoIterator<Item = &'h Histogram>) -> Option<Histogram> {
    let mut sums: Vec<Histogram> = Vec::new();
    histograms.into_iter().for_each(|histogram| add_by_bounds(&mut sums, histogram));
    if sums.len() <= 1 {
        return sums.pop();
    }
    let known = sums.iter().filter(|sum| SampleCounts::from(*sum).total().is_some());
    let limit = known.clone().filter_map(highest).fold(f64::INFINITY, f64::min);
    let mut bounds: Vec<f64> = known.flat_map(|sum| sum.bounds.iter().copied()).collect();
    bounds.retain(|bound| *bound <= limit || bound.is_infinite());
    bounds.push(f64::INFINITY);
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
    let counts = bounds.iter().map(|bound| sums.iter().map(|sum| at_or_below(sum, *bound)).sum::<f64>().round() as u64);
    let counts: Vec<u64> = counts.collect();
    Some(Histogram { bounds: bounds.into(), counts: counts.into() })
}

/// The highest finite bound of a histogram with samples above it.
fn highest(histogram: &Histogram) -> Option<f64> {
    let samples = SampleCounts::from(histogram);
    let place = histogram.bounds.iter().rposition(|bound| bound.is_finite())?;
    (samples.count(place) < samples.total()?).then_some(histogram.bounds[place])
}

/// How many samples lie at or below a value.
fn at_or_below(histogram: &Histogram, value: f64) -> f64 {
    let Histogram { bounds, counts } = histogram;
    let count = |at: usize| counts.get(at).map_or(0.0, |count| *count as f64);
    let Some(at) = bounds.iter().position(|bound| *bound >= value) else {
        return count(bounds.len().saturating_sub(1));
    };
    let (below, lower) = at.checked_sub(1).map_or((0.0, bounds[at].min(0.0)), |before| (count(before), bounds[before]));
    if bounds[at] <= value {
        return count(at);
    }
    if bounds[at].is_infinite() {
        return below;
    }
    below + (count(at) - below) * ((value - lower) / (bounds[at] - lower)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn histogram(bounds: &[f64], counts: &[u64]) -> Histogram {
        Histogram { bounds: bounds.into(), counts: counts.into() }
    }

    const INF: f64 = f64::INFINITY;

    /// Class: a fleet of two kinds of engines has a worse latency than either.
    #[test]
    fn a_quantile_of_different_bounds_lies_between_those_of_its_parts() {
        let quick = histogram(&[0.1, 0.4, 1.0, 5.0, INF], &[0, 90, 99, 100, 100]);
        let slow = histogram(&[0.3, 0.5, 2.5, 5.0, INF], &[0, 60, 98, 100, 100]);
        let both = sum([&quick, &slow]).unwrap_or_else(|| histogram(&[], &[]));
        assert_eq!(both.counts.last(), Some(&200));
        for q in [0.5, 0.9, 0.99] {
            let of = |one: &Histogram| quantile(one, q).unwrap_or_default();
            let (least, most) = (of(&quick).min(of(&slow)), of(&quick).max(of(&slow)));
            assert!((least..=most).contains(&of(&both)), "{q}: {least} {} {most}", of(&both));
        }
        // What lies above the highest bound of one of them may lie anywhere above it.
        let beyond = histogram(&[1.0, INF], &[0, 10]);
        let sum = sum([&beyond, &histogram(&[0.5, 8.0, INF], &[1, 1, 1])]).unwrap_or_else(|| histogram(&[], &[]));
        assert_eq!(quantile(&sum, 0.99), Some(1.0));
    }

    #[test]
    fn samples_lie_evenly_within_a_bucket() {
        let h = histogram(&[1.0, 2.0, 4.0, INF], &[0, 10, 20, 20]);
        for (q, expected) in [(0.0, 1.0), (0.25, 1.5), (0.5, 2.0), (0.75, 3.0), (1.0, 4.0)] {
            assert_eq!(quantile(&h, q), Some(expected), "{q}");
        }
        assert_eq!(quantile(&histogram(&[1.0, INF], &[10, 10]), 0.5), Some(0.5));
    }

    #[test]
    fn beyond_the_last_bound_is_at_least_the_last_bound() {
        assert_eq!(quantile(&histogram(&[1.0, 2.0, INF], &[0, 1, 100]), 0.99), Some(2.0));
        assert_eq!(quantile(&histogram(&[INF], &[5]), 0.5), None);
    }

    #[test]
    fn samples_above_a_limit() {
        let h = histogram(&[1.0, 2.0, 4.0, INF], &[0, 10, 20, 30]);
        for (limit, over) in [(0.5, 30), (1.0, 30), (1.5, 25), (2.0, 20), (3.0, 15), (4.0, 10), (100.0, 10)] {
            assert_eq!(above(&h, limit), Some((30 * ONE_SAMPLE, over * ONE_SAMPLE)), "{limit}");
        }
        assert_eq!(above(&histogram(&[1.0, INF], &[0, 0]), 1.0), None);
        assert_eq!(above(&histogram(&[], &[]), 1.0), None);
        assert_eq!(
            above(&histogram(&[INF], &[5]), 1.0),
            Some((5 * ONE_SAMPLE, 5 * ONE_SAMPLE)),
            "what has no bound is above it"
        );
    }

    /// Class: a share of samples and a quantile of the same histogram that contradict each other.
    #[test]
    fn a_sample_is_above_a_limit_in_part() {
        let h = histogram(&[5.0, 7.5, INF], &[40, 41, 41]);
        let p99 = quantile(&h, 0.99).unwrap_or_default();
        assert!((p99 - 6.475).abs() < 1e-9, "{p99}");
        assert_eq!(above(&h, 7.0), Some((41 * ONE_SAMPLE, ONE_SAMPLE / 5)), "a fifth of the bucket is above 7");
        assert_eq!(above(&h, p99), Some((41 * ONE_SAMPLE, 41 * ONE_SAMPLE / 100)));
    }

    #[test]
    fn no_samples_have_no_quantile() {
        assert_eq!(quantile(&histogram(&[1.0, INF], &[0, 0]), 0.5), None);
        assert_eq!(quantile(&histogram(&[], &[]), 0.5), None);
        assert_eq!(quantile(&histogram(&[1.0, INF], &[1, 1]), f64::NAN), None);
        assert_eq!(quantile(&histogram(&[1.0, INF], &[1, 1]), 1.5), None);
    }

    #[test]
    fn a_restart_counts_from_zero() {
        let before = histogram(&[1.0, INF], &[5, 10]);
        assert_eq!(growth(&histogram(&[1.0, INF], &[6, 12]), &before), histogram(&[1.0, INF], &[1, 2]));
        assert_eq!(growth(&histogram(&[1.0, INF], &[0, 3]), &before), histogram(&[1.0, INF], &[0, 3]));
        assert_eq!(growth(&histogram(&[2.0, INF], &[9, 30]), &before), histogram(&[2.0, INF], &[9, 30]));
    }

    #[test]
    fn a_sum_has_the_bounds_of_all_up_to_where_one_knows_nothing_more() {
        let fine = histogram(&[1.0, 2.0, 3.0, INF], &[1, 2, 3, 4]);
        let coarse = histogram(&[1.0, 3.0, 9.0, INF], &[10, 20, 30, 40]);
        // One of the fine samples lies above its highest bound.
        assert_eq!(sum([&fine, &coarse]), Some(histogram(&[1.0, 2.0, 3.0, INF], &[11, 17, 23, 44])));
        assert_eq!(sum([&coarse, &fine]), sum([&fine, &coarse]));
        assert_eq!(sum([]), None);
    }

    proptest! {
        #[test]
        fn the_share_within_a_limit_agrees_with_the_quantile(
            steps in prop::collection::vec(0u64..50, 4),
            limit in 0.01..4.9,
        ) {
            let mut total = 0;
            let counts: Vec<u64> = steps.iter().map(|step| { total += step; total }).collect();
            let h = histogram(&[0.1, 0.5, 1.0, 5.0], &counts);
            if let (Some(p99), Some((samples, over))) = (quantile(&h, 0.99), above(&h, limit)) {
                let near = (over as f64 - samples as f64 / 100.0).abs() < 2.0;
                prop_assert!(near || (p99 <= limit) == (over * 100 <= samples), "{p99} {limit} {over}/{samples}");
            }
        }

        #[test]
        fn a_quantile_lies_within_the_bounds_and_grows(steps in prop::collection::vec(0u64..50, 5), a in 0.0..=1.0, b in 0.0..=1.0) {
            let mut total = 0;
            let counts: Vec<u64> = steps.iter().map(|step| { total += step; total }).collect();
            let h = histogram(&[0.1, 0.5, 1.0, 5.0, INF], &counts);
            let (low, high) = (quantile(&h, f64::min(a, b)), quantile(&h, f64::max(a, b)));
            prop_assert_eq!(low.is_some(), total > 0);
            if let (Some(low), Some(high)) = (low, high) {
                prop_assert!((0.0..=5.0).contains(&low) && low <= high && high <= 5.0);
            }
        }
    }
}
