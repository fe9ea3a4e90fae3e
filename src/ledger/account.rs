//! Revenue accounts, cost accounts and tariffs: tables of names, so that postings refer to them by number.

use crate::pricing::ClassPrices;
use crate::reading::{EngineRole, Label, ModelName, NodeName, UnitName};
use crate::units::{HourlyRate, Money, PowerPrice, Share, Tokens};

use super::{AllocatedTime, Classes, GpuTimeCell, TokenChange};

/// The account that revenue is posted to: one model on one node in one role, for one tenant, with a known cost or not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RevenueAccount {
    /// The node.
    pub node: NodeName,
    /// Its deployment unit.
    pub unit: Option<UnitName>,
    /// The model; `None` if the engine does not name it.
    pub model: Option<ModelName>,
    /// The engine's role.
    pub role: EngineRole,
    /// The tenant, from the target's label `tenant`.
    pub tenant: Option<Label>,
    /// Whether the cost of its GPUs was known when its tokens were produced. A rate that becomes known later does not
    /// change earlier postings.
    pub costed: bool,
}

/// The kind of cost that an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CostKind {
    /// GPUs, for the time that they are time.
    Gpus,
    /// The rounding that the provider adds at the end of a lease. Its time is not allocated GPU time.
    Rounding,
    /// Overhead per hour, posted as one GPU. Its time is not GPU time.
    Overhead,
}

/// The account that cost is posted to: GPUs of one name at one rate on one node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CostAccount {
    /// The node; `None` for a lease of a whole unit.
    pub node: Option<NodeName>,
    /// Its deployment unit.
    pub unit: Option<UnitName>,
    /// The GPUs, by the name that their rate matched.
    pub gpu: Label,
    /// The rate; `None` if unknown, so that the time is counted without a cost.
    pub rate: Option<HourlyRate>,
    /// The price of metered energy, for GPUs that the operator owns.
    pub power: Option<PowerPrice>,
    /// The kind of cost.
    pub kind: CostKind,
    /// The lease by its readable name; `None` for an assumed or unknown rate.
    pub lease: Option<Label>,
}

/// The prices that tokens are posted at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tariff {
    /// The list's name.
    pub list: Label,
    /// The tier.
    pub tier: Label,
    /// The prices.
    pub prices: ClassPrices,
    /// The paid share of the list price, if one is set.
    pub paid: Option<Share>,
    /// The share of revenue that is overhead, if one is set.
    pub overhead: Option<Share>,
    /// The revision of the price book.
    pub book: u64,
}

impl CostAccount {
    /// The cost of time and energy; `None` if the rate is unknown.
    pub fn cost_of(&self, time: AllocatedTime) -> Option<Money> {
        let power = self.power.map_or(Money::ZERO, |power| power.of(time.energy.into()));
        Some(self.rate?.of(time.allocated) + power)
    }

    /// The part of the cost that falls on idle time.
    pub fn idle_cost_of(&self, time: AllocatedTime) -> Option<Money> {
        Some(self.rate?.of(time.idle))
    }

    /// The cost of a cell's time and energy; `None` if the rate is unknown.
    pub fn cost(&self, cell: &GpuTimeCell) -> Option<Money> {
        self.cost_of(cell.allocated())
    }

    /// The part of the cost that falls on idle time.
    pub fn idle_cost(&self, cell: &GpuTimeCell) -> Option<Money> {
        self.idle_cost_of(cell.allocated())
    }
}

impl Tariff {
    /// The exact value of tokens.
    pub fn value(&self, tokens: Classes) -> Money {
        let share = self.paid.unwrap_or(Share::ALL);
        self.prices.miss.of_share(tokens.miss, share)
            + self.prices.hit.of_share(tokens.hit, share)
            + self.prices.output.of_share(tokens.output, share)
    }

    /// The exact value of tokens; `None` on overflow.
    pub fn checked_value(&self, tokens: Classes) -> Option<Money> {
        let share = self.paid.unwrap_or(Share::ALL);
        let miss = self.prices.miss.checked_of_share(tokens.miss, share)?;
        let hit = self.prices.hit.checked_of_share(tokens.hit, share)?;
        let output = self.prices.output.checked_of_share(tokens.output, share)?;
        miss.checked_add(hit)?.checked_add(output)
    }

    /// The exact value of a change of tokens; negative if it removes more than it adds.
    pub fn value_of_change(&self, change: TokenChange) -> Money {
        let part = |sign: i64| {
            let tokens = |count: i64| Tokens::new(u64::try_from(count.saturating_mul(sign)).unwrap_or(0));
            self.value(Classes { miss: tokens(change.miss), hit: tokens(change.hit), output: tokens(change.output) })
        };
        part(1) - part(-1)
    }

    /// The part of this revenue that is overhead.
    pub fn overhead_of(&self, earned: Money) -> Money {
        self.overhead.map_or(Money::ZERO, |share| share.of(earned))
    }

    /// By how much the value of `miss` tokens would be lower if all were hits: the width of the bounds for unknown hits.
    pub fn hit_uncertainty(&self, miss: Tokens) -> Money {
        let share = self.paid.unwrap_or(Share::ALL);
        let uncertainty = self.prices.miss.of_share(miss, share) - self.prices.hit.of_share(miss, share);
        uncertainty.max(Money::ZERO)
    }
}
