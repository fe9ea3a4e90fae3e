//! Whether a proxy's model and an engine's grow in a constant ratio: then the proxy probably counts the engine's traffic,
//! in its own way or only a part of it. Independent traffic varies.

use crate::units::{Moment, Span};

/// The time between two samples.
const PART: Span = Span::from_secs(30);
/// The least number of parts in which both are compared.
const PARTS: usize = 5;
/// The largest deviation of a part from the ratio of all of them, as one part in this many.
const PART_WITHIN: u128 = 10;
/// The largest difference between the ratios of prompts and of output, as one part in this many.
const MIX_WITHIN: u128 = 20;
/// Growth of fewer tokens in a part is not compared.
const LEAST: u64 = 100;

/// Prompt and output tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct TokenPair {
    pub(super) prompt: u64,
    pub(super) output: u64,
}

/// What both sides had counted at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) proxy: TokenPair,
    pub(super) engine: TokenPair,
}

/// The growth of one class in one part, of the proxy and of the engine.
type PartGrowth = [u64; 2];

impl TokenPair {
    pub(super) const fn total(self) -> u64 {
        self.prompt.saturating_add(self.output)
    }

    pub(super) const fn plus(self, other: Self) -> Self {
        let prompt = self.prompt.saturating_add(other.prompt);
        Self { prompt, output: self.output.saturating_add(other.output) }
    }

    /// The growth since then.
    pub(super) const fn since(self, then: Self) -> Self {
        let prompt = self.prompt.saturating_sub(then.prompt);
        Self { prompt, output: self.output.saturating_sub(then.output) }
    }
}

/// Whether it is time for the next sample.
pub(super) fn is_sampled(last: Moment, at: Moment) -> bool {
    at.since(last) >= PART
}

/// Whether both sides grew in a constant ratio, by samples in order of time. Two loads that never change have a constant
/// ratio by chance; then prompts and output must have the same one.
pub(super) fn is_constant(samples: &[Sample]) -> bool {
    let growths = samples.windows(2).filter_map(|pair| {
        let [then, now] = pair else { return None };
        Some([now.proxy.since(then.proxy), now.engine.since(then.engine)])
    });
    let (prompts, outputs): (Vec<PartGrowth>, Vec<PartGrowth>) =
        growths.map(|[proxy, engine]| ([proxy.prompt, engine.prompt], [proxy.output, engine.output])).unzip();
    let is_steady = is_steady(&prompts) && is_steady(&outputs);
    is_steady && (varies(&prompts) || varies(&outputs) || within(sum(&prompts), sum(&outputs), MIX_WITHIN))
}

/// The parts of a class in which tokens were counted.
fn counted(parts: &[PartGrowth]) -> impl Iterator<Item = &PartGrowth> {
    parts.iter().filter(|[proxy, engine]| *proxy.max(engine) >= LEAST)
}

fn sum(parts: &[PartGrowth]) -> PartGrowth {
    let add = |[proxy, engine]: PartGrowth, part: &PartGrowth| {
        [proxy.saturating_add(part[0]), engine.saturating_add(part[1])]
    };
    counted(parts).fold([0, 0], add)
}

fn is_steady(parts: &[PartGrowth]) -> bool {
    let all = sum(parts);
    all[0] > 0
        && all[1] > 0
        && counted(parts).count() >= PARTS
        && counted(parts).all(|part| within(*part, all, PART_WITHIN))
}

/// Whether the load changed by more than a quarter while it was compared.
fn varies(parts: &[PartGrowth]) -> bool {
    let engine = || parts.iter().map(|[_, engine]| *engine);
    let (least, most) = (engine().min().unwrap_or(0), engine().max().unwrap_or(0));
    most - least > most / 4
}

/// Whether two ratios differ by at most one part in so many.
const fn within(one: PartGrowth, other: PartGrowth, parts: u128) -> bool {
    let (left, right) = (one[0] as u128 * other[1] as u128, one[1] as u128 * other[0] as u128);
    let more = if left > right { left } else { right };
    left.abs_diff(right) <= more / parts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples of a window, by what each side counts in a part.
    fn window(growth: impl Fn(u64) -> [[u64; 2]; 2]) -> Vec<Sample> {
        let mut last = Sample { proxy: TokenPair::default(), engine: TokenPair::default() };
        let mut samples = vec![last];
        for part in 0..10 {
            let [proxy, engine] = growth(part).map(|[prompt, output]| TokenPair { prompt, output });
            last = Sample { proxy: last.proxy.plus(proxy), engine: last.engine.plus(engine) };
            samples.push(last);
        }
        samples
    }

    /// Class: a proxy that counts the engine's traffic by its own measure, or only a part of it.
    #[test]
    fn a_constant_ratio_is_found_whatever_it_is() {
        for percent in [5, 60, 107, 300] {
            let even = |_| [[20 * percent, 10 * percent], [2000, 1000]];
            let uneven = |part: u64| [[(part + 3) * percent, percent], [(part + 3) * 100, 200]];
            assert!(is_constant(&window(even)), "{percent}");
            assert!(is_constant(&window(uneven)), "{percent}");
        }
    }

    /// Class: independent traffic.
    #[test]
    fn traffic_that_varies_by_itself_is_not_constant() {
        assert!(!is_constant(&window(|part| [[2000 + 100 * part, 1000], [2000, 1000]])));
        assert!(!is_constant(&window(|_| [[2000, 3000], [2000, 1000]])), "even loads of another mix");
        assert!(!is_constant(&window(|part| [[2000, 1000], [2000 * (part % 2), 1000 * (part % 2)]])));
        assert!(!is_constant(&window(|_| [[0, 0], [2000, 1000]])), "a proxy that counts nothing");
        assert!(!is_constant(&window(|_| [[1000, 0], [1000, 0]])), "a class that nothing was counted of");
    }
}
