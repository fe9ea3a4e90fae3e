//! Tokens and revenue by model, from which the profit bridge is computed.

use std::collections::BTreeMap;

use super::costed::Costed;
use crate::ledger::{Classes, Past};
use crate::reading::ModelName;
use crate::units::{Money, Tokens};

/// Tokens of one model whose cost is known.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ModelVolume {
    /// Tokens with a price.
    priced: Classes,
    /// Tokens without a price.
    unpriced: Classes,
    /// The revenue of the priced ones by class, less the overhead that is a share of it.
    miss: Money,
    hit: Money,
    output: Money,
}

/// By model.
pub(super) type Volumes<'a> = BTreeMap<Option<&'a ModelName>, ModelVolume>;

/// The volumes of a past.
pub(super) fn volumes(past: &Past) -> Volumes<'_> {
    let costed = Costed::of(past);
    let mut all = Volumes::new();
    for cell in past.tokens.iter().filter(|cell| costed.knows(cell.account)) {
        let volume = all.entry(past.account(cell.account).model.as_ref()).or_default();
        let Some(tariff) = cell.tariff.map(|tariff| past.tariff(tariff)) else {
            volume.unpriced += cell.tokens;
            continue;
        };
        let Classes { miss, hit, output } = cell.tokens;
        volume.priced += cell.tokens;
        let earned = |tokens: Classes| {
            let value = tariff.value(tokens);
            value - tariff.overhead_of(value)
        };
        volume.miss += earned(Classes { miss, ..Classes::default() });
        volume.hit += earned(Classes { hit, ..Classes::default() });
        volume.output += earned(Classes { output, ..Classes::default() });
    }
    all
}

impl ModelVolume {
    /// All tokens.
    pub(super) fn tokens(&self) -> Classes {
        let mut all = self.priced;
        all += self.unpriced;
        all
    }

    /// Tokens that had a price in `before` and have none here; none of a model of which some had no price then.
    pub(super) fn lost_price(&self, before: &Self) -> Classes {
        if before.unpriced.is_zero() { self.unpriced } else { Classes::default() }
    }

    /// The tokens that would have a price if those that had one `before` still had it.
    pub(super) fn priced_like(&self, before: &Self) -> Classes {
        let mut tokens = self.priced;
        tokens += self.lost_price(before);
        tokens
    }

    /// Whether any has a price.
    pub(super) fn is_priced(&self) -> bool {
        !self.priced.is_zero()
    }

    /// Their revenue.
    pub(super) fn revenue(&self) -> Money {
        self.miss + self.hit + self.output
    }

    /// The revenue of other tokens at these prices; a class without tokens here has its price of `there`.
    pub(super) fn worth(&self, there: &Self, tokens: Classes) -> Money {
        let at = |earned: Money, of: Tokens, tokens: Tokens| {
            earned.scaled(i64::try_from(tokens.count()).ok()?, i64::try_from(of.count()).ok()?)
        };
        let class = |here: (Money, Tokens), there: (Money, Tokens), tokens: Tokens| {
            at(here.0, here.1, tokens).or_else(|| at(there.0, there.1, tokens)).unwrap_or_default()
        };
        class((self.miss, self.priced.miss), (there.miss, there.priced.miss), tokens.miss)
            + class((self.hit, self.priced.hit), (there.hit, there.priced.hit), tokens.hit)
            + class((self.output, self.priced.output), (there.output, there.priced.output), tokens.output)
    }

    /// The same tokens with the hit rate of `before`.
    pub(super) fn with_hits_of(&self, before: &Self) -> Classes {
        let (then, tokens) = (before.priced, self.priced_like(before));
        let (prompts, prompt) = (then.miss + then.hit, tokens.miss + tokens.hit);
        if prompts == Tokens::ZERO {
            return tokens;
        }
        let hit = u128::from(prompt.count()) * u128::from(then.hit.count()) / u128::from(prompts.count());
        let hit = Tokens::new(hit as u64);
        Classes { miss: prompt.saturating_sub(hit), hit, output: tokens.output }
    }
}
