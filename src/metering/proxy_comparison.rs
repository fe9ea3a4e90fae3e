//! Compares the growth of a proxy's row with that of the models of watched engines.

use std::collections::BTreeMap;

use super::steady_ratio::{self, Sample, TokenPair};
use crate::units::{Moment, Span};

/// How long two counters must agree.
pub(super) const WATCHED: Span = Span::from_secs(300);
/// The least growth that is compared, in tokens.
pub(super) const LEAST: u64 = 1000;
/// The largest difference between them, as one part in this many.
const WITHIN: u64 = 20;
/// The same for prompts or output alone, if that is more.
const PART_WITHIN: u64 = 10;
/// Between the names of several models that a proxy counts together.
pub(crate) const TOGETHER: &str = " + ";
/// The most samples of a comparison.
const SAMPLES: usize = 64;

/// Tokens of observed engines' models in this run, by the root of the model's names.
#[derive(Debug, Default)]
pub(super) struct Produced(BTreeMap<String, ModelTokens>);

/// The tokens of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct ModelTokens {
    /// Tokens that engines produced.
    produced: TokenPair,
    /// Tokens that proxies counted under a known name of the model.
    proxied: TokenPair,
}

/// A comparison of a row with the models of observed engines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) since: Moment,
    /// The row's growth since then.
    pub(super) grown: TokenPair,
    /// The engines' tokens by model at its beginning.
    then: BTreeMap<String, ModelTokens>,
    /// Both sides from then on, in order of time.
    samples: Vec<CountedAt>,
}

/// What both sides had counted at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CountedAt {
    at: Moment,
    row: TokenPair,
    engines: BTreeMap<String, ModelTokens>,
}

impl Produced {
    /// Adds tokens that a watched engine produced.
    pub(super) fn note(&mut self, model: String, tokens: TokenPair) {
        let sum = &mut self.0.entry(model).or_default().produced;
        *sum = sum.plus(tokens);
    }

    /// Forgets models that are no longer served.
    pub(super) fn retain(&mut self, is_served: impl Fn(&str) -> bool) {
        self.0.retain(|root, _| is_served(root));
    }

    /// Adds tokens that a proxy counted under a known name of a served model.
    pub(super) fn note_proxied(&mut self, model: &str, tokens: TokenPair) {
        if let Some(sum) = self.0.get_mut(model).map(|model| &mut model.proxied) {
            *sum = sum.plus(tokens);
        }
    }
}

impl Comparison {
    pub(super) fn begin(at: Moment, produced: &Produced) -> Self {
        let first = CountedAt { at, row: TokenPair::default(), engines: produced.0.clone() };
        Self { since: at, grown: TokenPair::default(), then: produced.0.clone(), samples: vec![first] }
    }

    /// Whether it is time to sample both sides.
    pub(super) fn is_sampled(&self, at: Moment) -> bool {
        self.samples.len() < SAMPLES && self.samples.last().is_none_or(|last| steady_ratio::is_sampled(last.at, at))
    }

    pub(super) fn sample(&mut self, at: Moment, produced: &Produced) {
        self.samples.push(CountedAt { at, row: self.grown, engines: produced.0.clone() });
    }

    /// The engines' model that grew in a constant ratio with the row.
    pub(super) fn follows(&self, produced: &Produced) -> Option<String> {
        let of = |both: &CountedAt, model: &String| {
            let engine = both.engines.get(model).copied().unwrap_or_default().produced;
            Sample { proxy: both.row, engine }
        };
        let is_constant = |model: &&String| {
            let samples: Vec<_> = self.samples.iter().map(|both| of(both, model)).collect();
            steady_ratio::is_constant(&samples)
        };
        produced.0.keys().find(is_constant).cloned()
    }

    /// The engines' model that grew by as much, or whose growth beyond what proxies are known to count of it did.
    pub(super) fn moves_with(&self, grown: TokenPair, produced: &Produced) -> Option<String> {
        let close = |(model, now): &(&String, &ModelTokens)| {
            let then = self.then.get(*model).copied().unwrap_or_default();
            let produced = now.produced.since(then.produced);
            let unknown = produced.since(now.proxied.since(then.proxied));
            [produced, unknown].into_iter().any(|part| is_close(part, grown))
        };
        produced.0.iter().find(close).map(|(model, _)| model.clone())
    }

    /// The engines' models that together grew by as much: the proxy distributes one name's requests over them.
    pub(super) fn moves_with_all(&self, grown: TokenPair, produced: &Produced) -> Option<String> {
        let since = |(model, now): (&String, &ModelTokens)| {
            let then = self.then.get(model).copied().unwrap_or_default();
            let part = now.produced.since(then.produced).since(now.proxied.since(then.proxied));
            (part.total() > 0).then(|| (model.clone(), part))
        };
        let (models, parts): (Vec<String>, Vec<TokenPair>) = produced.0.iter().filter_map(since).unzip();
        let sum = parts.into_iter().fold(TokenPair::default(), TokenPair::plus);
        (models.len() > 1 && is_close(sum, grown)).then(|| models.join(TOGETHER))
    }
}

/// Whether two growths agree, in total and in prompts and output: those of independent traffic add up to the same by chance.
pub(super) fn is_close(one: TokenPair, other: TokenPair) -> bool {
    let most = other.total() / WITHIN;
    let part = |one: u64, other: u64| one.abs_diff(other) <= most.max(other / PART_WITHIN);
    one.total().abs_diff(other.total()) <= most && part(one.prompt, other.prompt) && part(one.output, other.output)
}
