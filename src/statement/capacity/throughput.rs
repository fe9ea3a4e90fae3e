//! The best measured throughput per node, and the number of nodes that a load needs by it.

use crate::ledger::Classes;
use crate::units::Span;

/// A node in millionths, the unit of needs.
pub(super) const NODE: i64 = 1_000_000;

/// Computed prompt and output tokens of some nodes' time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Point {
    miss: u64,
    output: u64,
    /// In milliseconds of one node.
    node_millis: i64,
}

/// The tokens of a node in a quarter hour, its part of it, and the GPU time allocated meanwhile. Whether the node was
/// allocated all the time is known only after all buckets.
#[derive(Debug, Clone, Copy)]
struct Measurement {
    point: Point,
    gpu_millis: i64,
}

/// The measurements of one node that no other exceeds in prompt tokens, output tokens and number of GPUs.
#[derive(Debug, Clone, Default)]
pub(super) struct Measurements(Vec<Measurement>);

impl Measurements {
    /// Adds a measurement of a node: its time and GPU time.
    pub(super) fn note(&mut self, tokens: Classes, millis: i64, gpu_millis: i64) {
        let point = Point { miss: tokens.miss.count(), output: tokens.output.count(), node_millis: millis };
        let new = Measurement { point, gpu_millis };
        if millis <= 0 || tokens.is_zero() || self.0.iter().any(|known| known.covers(&new)) {
            return;
        }
        self.0.retain(|known| !new.covers(known));
        self.0.push(new);
    }

    /// Adds the measurements in which the node was allocated all the time to the best.
    pub(super) fn give(&self, best: &mut Best, is_whole: impl Fn(i64, i64) -> bool) {
        for Measurement { point, gpu_millis } in &self.0 {
            if is_whole(point.node_millis, *gpu_millis) {
                best.add(*point);
            }
        }
    }
}

impl Measurement {
    fn covers(&self, other: &Self) -> bool {
        let gpus = |of: &Self, over: &Self| i128::from(of.gpu_millis) * i128::from(over.point.node_millis);
        self.point.covers(&other.point) && gpus(self, other) >= gpus(other, self)
    }
}

/// The measurements that no other exceeds in both prompt and output tokens.
#[derive(Debug, Clone, Default)]
pub(super) struct Best {
    points: Vec<Point>,
}

impl Best {
    /// Adds a measurement of nodes over their time.
    pub(super) fn note(&mut self, tokens: Classes, node_millis: i64) {
        let point = Point { miss: tokens.miss.count(), output: tokens.output.count(), node_millis };
        if node_millis > 0 && !tokens.is_zero() {
            self.add(point);
        }
    }

    fn add(&mut self, point: Point) {
        if self.points.iter().any(|known| known.covers(&point)) {
            return;
        }
        self.points.retain(|known| !point.covers(known));
        self.points.push(point);
    }

    /// The number of nodes that a load of so much time needs, in millionths of a node, rounded up: the fewest that, at
    /// the rates of one measured quarter hour, produce both its computed prompt and its output tokens. `None` if no
    /// measurement has both.
    pub(super) fn need(&self, load: Classes, time: Span) -> Option<i64> {
        if load.miss.count() == 0 && load.output.count() == 0 {
            return Some(0);
        }
        let time = u128::try_from(time.millis()).ok().filter(|millis| *millis > 0)?;
        let need = |load: u64, made: u64, node_millis: i64| {
            let wanted = u128::from(load) * u128::from(node_millis.unsigned_abs()) * u128::from(NODE.unsigned_abs());
            if load == 0 {
                Some(0)
            } else {
                wanted.checked_add(time * u128::from(made) - 1)?.checked_div(time * u128::from(made))
            }
        };
        let needs = self.points.iter().filter_map(|point| {
            let made =
                |load: u64, made: u64| if load > 0 && made == 0 { None } else { need(load, made, point.node_millis) };
            Some(made(load.miss.count(), point.miss)?.max(made(load.output.count(), point.output)?))
        });
        needs.min().and_then(|need| i64::try_from(need).ok())
    }

    /// The largest numbers of computed prompt and of output tokens of a node, in tokens an hour, rounded down.
    pub(super) fn per_hour(&self) -> Option<(u64, u64)> {
        let hour = |made: u64, point: &Point| {
            u64::try_from(u128::from(made) * 3_600_000 / u128::from(point.node_millis.unsigned_abs()))
                .unwrap_or(u64::MAX)
        };
        let miss = self.points.iter().map(|point| hour(point.miss, point)).max()?;
        Some((miss, self.points.iter().map(|point| hour(point.output, point)).max()?))
    }
}

impl Point {
    /// Whether it is at least as large per node and time, in both.
    fn covers(&self, other: &Self) -> bool {
        let rate = |made: u64, of: &Self| u128::from(made) * u128::from(of.node_millis.unsigned_abs());
        rate(self.miss, other) >= rate(other.miss, self) && rate(self.output, other) >= rate(other.output, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Tokens;

    fn classes(miss: u64, output: u64) -> Classes {
        Classes { miss: Tokens::new(miss), hit: Tokens::ZERO, output: Tokens::new(output) }
    }

    #[test]
    fn a_load_needs_the_larger_of_both_at_one_measured_mix() {
        let mut best = Best::default();
        best.note(classes(900, 100), Span::QUARTER_HOUR.millis());
        best.note(classes(100, 900), Span::QUARTER_HOUR.millis());
        best.note(classes(90, 90), Span::QUARTER_HOUR.millis());
        assert_eq!(best.need(classes(1800, 200), Span::QUARTER_HOUR), Some(2 * NODE));
        // No node was measured with 900 of both: nine nodes by the worse of the two measurements.
        assert_eq!(best.need(classes(900, 900), Span::QUARTER_HOUR), Some(9 * NODE));
        assert_eq!(best.need(classes(900, 0), Span::QUARTER_HOUR), Some(NODE));
        assert_eq!(best.need(classes(0, 0), Span::QUARTER_HOUR), Some(0));
        assert_eq!(best.need(classes(1, 0), Span::QUARTER_HOUR), Some(1112), "rounded up");
    }

    #[test]
    fn what_was_never_made_has_no_need() {
        let mut best = Best::default();
        assert_eq!(best.need(classes(1, 1), Span::QUARTER_HOUR), None);
        best.note(classes(100, 0), Span::QUARTER_HOUR.millis());
        assert_eq!(best.need(classes(1, 1), Span::QUARTER_HOUR), None);
        assert_eq!(best.per_hour(), Some((400, 0)));
    }
}
