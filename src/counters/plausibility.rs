//! Plausibility: the bounds above which a delta is disputed.

use super::Delta;
use crate::units::{Power, Span};

/// The number of GPUs assumed for a node without known GPUs.
pub const UNKNOWN_GPUS: u32 = 8;

/// Bounds on what one GPU produces, in tokens per second, and on the energy that it draws. They are far above any current
/// engine, so that they find wrong counters, not fast engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plausibility {
    /// Output tokens.
    pub output_per_gpu: u64,
    /// Computed prompt tokens.
    pub computed_per_gpu: u64,
    /// Cached prompt tokens.
    pub cached_per_gpu: u64,
    /// The power limit, in watts, of a GPU that reports none.
    pub watts_per_gpu: u64,
    /// How many times its power limit a GPU draws at most, in thousandths.
    pub energy_thousandths: u32,
}

impl Default for Plausibility {
    fn default() -> Self {
        Self {
            output_per_gpu: 50_000,
            computed_per_gpu: 200_000,
            cached_per_gpu: 5_000_000,
            watts_per_gpu: 1_500,
            energy_thousandths: 1_500,
        }
    }
}

impl Plausibility {
    /// The bound on the energy of a GPU with this power limit; one of zero is not known.
    pub fn energy(&self, limit: Option<Power>) -> EnergyBound {
        let watts = limit.filter(|limit| limit.watts() > 0.0).map_or(self.watts_per_gpu as f64, Power::watts);
        EnergyBound { watts, factor: f64::from(self.energy_thousandths) / 1000.0 }
    }
}

/// The bound on the energy of one GPU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EnergyBound {
    /// The power limit in watts.
    pub watts: f64,
    /// How many times the limit is drawn at most.
    pub factor: f64,
}

impl EnergyBound {
    /// The most energy in a span of at least a second, in millijoules.
    pub fn most(&self, span: Span) -> u64 {
        (self.watts * self.factor * span.max(LEAST).millis() as f64) as u64
    }
}

/// The bounds on the growth of one process. A proxy has none, since it can be in front of any number of GPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounds {
    /// No bounds.
    None,
    /// The bounds of this many GPUs.
    Gpus(Plausibility, u32),
}

/// The minimum time that a delta is checked over, as the tokens of a request may be counted at once when it ends.
const LEAST: Span = Span::from_secs(1);

impl Bounds {
    /// The number of GPUs that it assumes; zero without bounds.
    pub const fn gpus(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Gpus(_, gpus) => gpus as u64,
        }
    }

    /// The bound that a delta exceeds, as text. `since` is the time since each counter last changed, `shows_hits` whether
    /// the engine has counted hits before.
    pub(super) fn exceeded_by(&self, delta: &Delta, since: [Span; 3], shows_hits: bool) -> Option<String> {
        let Self::Gpus(per_gpu, gpus) = *self else { return None };
        // Only an engine that counts hits is known to have a cache that all prompts may have come from.
        let may_be_hits = !delta.hits_known && shows_hits;
        let prompt = if may_be_hits { per_gpu.cached_per_gpu } else { per_gpu.computed_per_gpu };
        let classes = [
            ("prompt tokens", delta.miss, prompt, since[0]),
            ("cached prompt tokens", delta.hit, per_gpu.cached_per_gpu, since[1]),
            ("output tokens", delta.output, per_gpu.output_per_gpu, since[2]),
        ];
        let above = classes.into_iter().find(|(_, tokens, rate, span)| tokens.count() > most(*rate, gpus, *span));
        above.map(|(class, tokens, rate, span)| {
            let seconds = span.max(LEAST).as_secs_f64();
            format!("{} {class} in {seconds:.1} s; {gpus} GPUs produce at most {rate} a second each", tokens.count())
        })
    }
}

/// The most tokens that `gpus` GPUs produce in a span of at least a second, at `per_gpu` tokens per second each.
pub fn most(per_gpu: u64, gpus: u32, span: Span) -> u64 {
    let millis = u128::from(span.max(LEAST).millis().unsigned_abs());
    let most = u128::from(per_gpu) * u128::from(gpus) * millis / 1000;
    u64::try_from(most).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Tokens;

    const BOUNDS: Bounds = Bounds::Gpus(
        Plausibility {
            output_per_gpu: 50_000,
            computed_per_gpu: 200_000,
            cached_per_gpu: 5_000_000,
            watts_per_gpu: 1_500,
            energy_thousandths: 1_500,
        },
        2,
    );

    fn grown(miss: u64, hit: u64, output: u64) -> Delta {
        let [miss, hit, output] = [miss, hit, output].map(Tokens::new);
        Delta { miss, hit, output, hits_known: true }
    }

    fn exceeded(bounds: Bounds, delta: &Delta, seconds: i64) -> bool {
        bounds.exceeded_by(delta, [Span::from_secs(seconds); 3], true).is_some()
    }

    #[test]
    fn the_bounds_are_those_of_the_rules() {
        let per_gpu = Plausibility::default();
        assert_eq!(
            [per_gpu.output_per_gpu, per_gpu.computed_per_gpu, per_gpu.cached_per_gpu],
            [50_000, 200_000, 5_000_000]
        );
        assert_eq!((UNKNOWN_GPUS, Bounds::Gpus(per_gpu, 2)), (8, BOUNDS));
    }

    #[test]
    fn energy_is_bounded_by_the_power_limit_or_the_watts_assumed() {
        let most = |bounds: Plausibility, limit, seconds| bounds.energy(limit).most(Span::from_secs(seconds));
        let usual = Plausibility::default();
        assert_eq!(most(usual, None, 10), 10 * 1_500 * 1_500);
        assert_eq!(most(usual, Power::from_watts(400.0), 10), 10 * 400 * 1_500);
        assert_eq!(most(usual, Power::from_watts(400.0), 0), 400 * 1_500, "at least a second");
        let lower = Plausibility { watts_per_gpu: 700, energy_thousandths: 1_250, ..usual };
        assert_eq!([most(lower, None, 1), most(lower, Power::from_watts(400.0), 1)], [875_000, 500_000]);
    }

    #[test]
    fn each_class_has_its_own_bound_for_the_time_that_it_grew_in() {
        for seconds in [1_i64, 10, 3600] {
            let most = [400_000, 10_000_000, 100_000].map(|a_second| a_second * seconds.unsigned_abs());
            assert!(!exceeded(BOUNDS, &grown(most[0], most[1], most[2]), seconds), "{seconds} s");
            for class in 0..3 {
                let mut more = most;
                more[class] += 1;
                assert!(exceeded(BOUNDS, &grown(more[0], more[1], more[2]), seconds), "class {class}, {seconds} s");
            }
        }
    }

    #[test]
    fn growth_is_checked_over_at_least_a_second() {
        let within = |millis| BOUNDS.exceeded_by(&grown(0, 0, 100_000), [Span::from_millis(millis); 3], true);
        assert_eq!([within(0), within(250), within(1000)], [None, None, None]);
    }

    #[test]
    fn prompts_that_may_all_be_hits_have_the_bound_of_hits() {
        let unknown = Delta { hits_known: false, ..grown(9_000_000, 0, 0) };
        let exceeded = |shows_hits| BOUNDS.exceeded_by(&unknown, [Span::from_secs(1); 3], shows_hits).is_some();
        assert_eq!([exceeded(true), exceeded(false)], [false, true]);
    }

    #[test]
    fn a_proxy_has_no_bound() {
        assert!(!exceeded(Bounds::None, &grown(u64::MAX / 4, u64::MAX / 4, u64::MAX / 4), 1));
        assert_eq!(Bounds::None.gpus(), 0);
    }
}
