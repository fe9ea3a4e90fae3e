//! The mean of the present minute for many channels. Sums are integers, so that the order of the minute's snapshots
//! does not matter.

/// The unit of a sum: 1/1024.
const UNIT: f64 = 1024.0;
/// The largest value that is counted. The sum of 255 of them does not overflow.
const LARGEST: f64 = (1_u64 << 44) as f64;

/// Sums and counts by channel.
#[derive(Debug, Default)]
pub(super) struct Means {
    sums: Vec<i64>,
    counts: Vec<u8>,
}

impl Means {
    /// Adds a known value.
    pub(super) fn add(&mut self, channel: usize, value: Option<f64>) {
        let Some(value) = value.filter(|value| !value.is_nan()) else { return };
        if channel >= self.counts.len() {
            grow(&mut self.counts, channel + 1);
            grow(&mut self.sums, channel + 1);
        }
        if self.counts[channel] < u8::MAX {
            self.counts[channel] += 1;
            self.sums[channel] += (value.clamp(-LARGEST, LARGEST) * UNIT).round() as i64;
        }
    }

    /// The mean of the known values.
    pub(super) fn mean(&self, channel: usize) -> Option<f64> {
        let count = *self.counts.get(channel)?;
        (count > 0).then(|| self.sums[channel] as f64 / UNIT / f64::from(count))
    }

    /// The number of channels.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Begins a new minute.
    pub(super) fn clear(&mut self) {
        self.sums.fill(0);
        self.counts.fill(0);
    }

    pub(super) fn bytes(&self) -> usize {
        self.sums.capacity() * size_of::<i64>() + self.counts.capacity()
    }
}

/// Extends a list with little spare capacity: doubling a list of thousands of channels would waste much of it.
fn grow<T: Clone + Default>(list: &mut Vec<T>, len: usize) {
    if len > list.capacity() {
        list.reserve_exact(len.next_multiple_of(256) - list.len());
    }
    list.resize(len, T::default());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_unknown_is_no_zero() {
        let mut means = Means::default();
        for value in [Some(2.0), None, Some(4.0), Some(f64::NAN)] {
            means.add(3, value);
        }
        assert_eq!((means.mean(3), means.mean(2), means.mean(9)), (Some(3.0), None, None));
        means.clear();
        assert_eq!(means.mean(3), None);
    }

    proptest! {
        #[test]
        fn the_order_does_not_matter(mut values in prop::collection::vec(-1e18..1e18_f64, 1..60), seed: u64) {
            let mean = |values: &[f64]| {
                let mut means = Means::default();
                for value in values {
                    means.add(0, Some(*value));
                }
                means.mean(0)
            };
            let before = mean(&values);
            let len = values.len() as u64;
            (0..values.len()).for_each(|i| values.swap(i, (seed.wrapping_mul(i as u64 + 7) % len) as usize));
            prop_assert_eq!(before, mean(&values));
        }
    }
}
