//! An engine's own counters of how ranks and experts share its work. All are lifetime sums.

use serde::{Deserialize, Serialize};

use crate::units::Ratio;

/// The counters of one row, from `SGLang`: `sglang:dp_attention_pairs_total` and `dp_attention_tokens_total` by `kind`,
/// and the summary `sglang:eplb_balancedness`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct RankWork {
    /// For steps that the ranks take together: the work of this rank, and its difference from that of the busiest rank
    /// in the same step. In attention pairs if they are counted, otherwise in tokens.
    pub steps: Option<[f64; 2]>,
    /// Mean divided by maximum of the tokens of each GPU's experts: the sum and the number of all samples.
    pub experts: Option<[f64; 2]>,
}

impl RankWork {
    /// The share of steps in which this rank waited for the busiest one since `before`; 0 is none. `None` if nothing
    /// was counted since, or a counter fell.
    pub fn waited(self, before: Self) -> Option<Ratio> {
        let [scheduled, missing] = grown(self.steps?, before.steps?)?;
        Ratio::of(missing, scheduled + missing)
    }

    /// The mean balancedness of the experts since `before`: 1 is even; 0.5 means that the busiest GPU had twice the
    /// mean.
    pub fn balancedness(self, before: Self) -> Option<Ratio> {
        let [sum, samples] = grown(self.experts?, before.experts?)?;
        Ratio::of(sum, samples).filter(|mean| mean.get() > 0.0 && mean.get() <= 1.0)
    }
}

fn grown(now: [f64; 2], before: [f64; 2]) -> Option<[f64; 2]> {
    let grown = [now[0] - before[0], now[1] - before[1]];
    grown.iter().all(|grown| *grown >= 0.0).then_some(grown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_what_was_counted_since() {
        let work = |steps, experts| RankWork { steps: Some(steps), experts: Some(experts) };
        let (before, now) = (work([100.0, 50.0], [8.0, 10.0]), work([190.0, 60.0], [10.0, 14.0]));
        assert_eq!(now.waited(before), Ratio::new(0.1));
        assert_eq!(now.balancedness(before), Ratio::new(0.5));
        assert_eq!((before.waited(now), before.balancedness(now)), (None, None), "a restart");
        assert_eq!((now.waited(now), now.balancedness(now)), (None, None), "nothing was counted");
        assert_eq!(now.waited(RankWork::default()), None);
    }
}
