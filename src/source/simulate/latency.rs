//! Latency histograms of two kinds of requests, quick and slow, each with its own distribution over the engine's bounds.

/// The number of requests of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct RequestsBySpeed {
    pub(super) quick: u64,
    pub(super) slow: u64,
}

/// An engine's bounds for one histogram, and the distribution of each kind over them.
#[derive(Debug)]
pub(super) struct DelayBuckets {
    /// The label such as `le="0.5"`, and how many in a million samples of each kind are at or below the bound.
    bounds: Vec<(String, u64, u64)>,
    /// The median of each kind, in seconds.
    medians: (f64, f64),
}

const MILLION: u64 = 1_000_000;

impl DelayBuckets {
    /// Buckets with these upper bounds in seconds, without the infinite one.
    pub(super) fn new(bounds: &[f64], quick_median: f64, slow_median: f64) -> Self {
        let mut rows: Vec<_> = bounds
            .iter()
            .map(|bound| (format!("le=\"{bound:?}\""), share(*bound, quick_median), share(*bound, slow_median)))
            .collect();
        rows.push(("le=\"+Inf\"".to_owned(), MILLION, MILLION));
        Self { bounds: rows, medians: (quick_median, slow_median) }
    }

    /// The cumulative count of each bucket, which does not fall while neither number of samples falls.
    pub(super) fn counts(&self, lots: RequestsBySpeed) -> impl Iterator<Item = (&str, u64)> {
        self.bounds
            .iter()
            .map(move |(le, quick, slow)| (le.as_str(), part(lots.quick, *quick) + part(lots.slow, *slow)))
    }

    /// The sum of all samples in seconds, to the millisecond.
    pub(super) fn sum(&self, lots: RequestsBySpeed) -> f64 {
        // A heavy tail: the mean is above the median.
        const MEAN: f64 = 1.3;
        ((lots.quick as f64 * self.medians.0 + lots.slow as f64 * self.medians.1) * MEAN * 1000.0).floor() / 1000.0
    }
}

/// The millionths of samples at or below `bound`: log-logistic around the median.
fn share(bound: f64, median: f64) -> u64 {
    const STEEPNESS: f64 = 2.5;
    (MILLION as f64 / (1.0 + (median / bound).powf(STEEPNESS))) as u64
}

fn part(lot: u64, millionths: u64) -> u64 {
    (u128::from(lot) * u128::from(millionths) / u128::from(MILLION)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_end_with_all() {
        let buckets = DelayBuckets::new(&[0.1, 0.5, 2.5], 0.3, 4.0);
        let counts: Vec<_> = buckets.counts(RequestsBySpeed { quick: 1000, slow: 100 }).collect();
        assert!(counts.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{counts:?}");
        assert_eq!(counts.last(), Some(&("le=\"+Inf\"", 1100)));
        assert_eq!(counts.first().map(|c| c.0), Some("le=\"0.1\""));
    }
}
