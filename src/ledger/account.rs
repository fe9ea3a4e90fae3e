//! Who earns, who is paid rent, and at what tariff: small tables of names, so that postings carry numbers.

use serde::{Deserialize, Serialize};

use crate::pricing::ClassPrices;
use crate::reading::{Label, ModelName, NodeName, Role, UnitName};
use crate::units::{HourlyRate, Money, PowerPrice, Share, Tokens};

use super::{Classes, RentCell, Rented, TokenChange};

/// Who earns: one model on one node in one role.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    /// The node.
    pub node: NodeName,
    /// Its deployment unit.
    pub unit: Option<UnitName>,
    /// The model; `None` where the engine does not name it.
    pub model: Option<ModelName>,
    /// The engine's part.
    pub role: Role,
    /// Whose traffic it is, by the target's label `tenant`.
    pub tenant: Option<Label>,
}

/// What a landlord is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RentKind {
    /// GPUs, for the time that they are held.
    Gpus,
    /// What the provider's rounding adds when a lease ends; its time is not time that a GPU was held.
    Rounding,
    /// Overhead by the hour, of one whole; its time is no GPU's.
    Overhead,
}

/// What is rented: GPUs of one name at one rate on one node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Landlord {
    /// The node; `None` for a lease that names a unit as a whole.
    pub node: Option<NodeName>,
    /// Its deployment unit.
    pub unit: Option<UnitName>,
    /// The GPUs as their rate names them.
    pub gpu: Label,
    /// The rate; `None` where nobody named one: the time is counted, its cost unknown.
    pub rate: Option<HourlyRate>,
    /// What metered energy costs on top: that of owned hardware, never of rented.
    pub power: Option<PowerPrice>,
    /// What is paid for.
    pub kind: RentKind,
    /// The lease as a person would name it; `None` is an assumed rate, or an unknown one.
    pub lease: Option<Label>,
}

/// Prices under which tokens were posted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tariff {
    /// The list's name.
    pub list: Label,
    /// The tier.
    pub tier: Label,
    /// Its prices.
    pub prices: ClassPrices,
    /// The share that is paid, where one is set.
    pub paid: Option<Share>,
    /// The share of what is earned that goes to overhead, where one is set.
    pub overhead: Option<Share>,
    /// The revision of the book that the prices came from.
    pub book: u64,
}

impl Landlord {
    /// What is owed for time and energy; `None` where the rate is unknown.
    pub fn cost_of(&self, rented: Rented) -> Option<Money> {
        let power = self.power.map_or(Money::ZERO, |power| power.of(rented.energy.into()));
        Some(self.rate?.of(rented.held) + power)
    }

    /// The part of it that was idle.
    pub fn idle_cost_of(&self, rented: Rented) -> Option<Money> {
        Some(self.rate?.of(rented.idle))
    }

    /// What is owed for the time and energy of a cell; `None` where the rate is unknown.
    pub fn cost(&self, cell: &RentCell) -> Option<Money> {
        self.cost_of(cell.rented())
    }

    /// The part of it that was idle.
    pub fn idle_cost(&self, cell: &RentCell) -> Option<Money> {
        self.idle_cost_of(cell.rented())
    }
}

impl Tariff {
    /// What tokens are worth, exactly.
    pub fn value(&self, tokens: Classes) -> Money {
        let share = self.paid.unwrap_or(Share::ALL);
        self.prices.miss.of_share(tokens.miss, share)
            + self.prices.hit.of_share(tokens.hit, share)
            + self.prices.output.of_share(tokens.output, share)
    }

    /// The same; `None` where it leaves the range of money.
    pub fn checked_value(&self, tokens: Classes) -> Option<Money> {
        let share = self.paid.unwrap_or(Share::ALL);
        let miss = self.prices.miss.checked_of_share(tokens.miss, share)?;
        let hit = self.prices.hit.checked_of_share(tokens.hit, share)?;
        let output = self.prices.output.checked_of_share(tokens.output, share)?;
        miss.checked_add(hit)?.checked_add(output)
    }

    /// What a change of tokens is worth, exactly; below zero where it takes more than it adds.
    pub fn value_of_change(&self, change: TokenChange) -> Money {
        let part = |sign: i64| {
            let tokens = |count: i64| Tokens::new(u64::try_from(count.saturating_mul(sign)).unwrap_or(0));
            self.value(Classes { miss: tokens(change.miss), hit: tokens(change.hit), output: tokens(change.output) })
        };
        part(1) - part(-1)
    }

    /// The part of what tokens earned that goes to overhead.
    pub fn overhead_of(&self, earned: Money) -> Money {
        self.overhead.map_or(Money::ZERO, |share| share.of(earned))
    }

    /// What a million hits in `tokens` misses would take off: the width of not knowing the hits.
    pub fn hit_doubt(&self, miss: Tokens) -> Money {
        let share = self.paid.unwrap_or(Share::ALL);
        let doubt = self.prices.miss.of_share(miss, share) - self.prices.hit.of_share(miss, share);
        doubt.max(Money::ZERO)
    }
}

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub(super) u32);

        impl $name {
            /// The number of what stands at a place.
            pub const fn at(index: u32) -> Self {
                Self(index)
            }

            /// Its number.
            pub const fn number(self) -> u32 {
                self.0
            }

            /// Its place in the table.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}
index!(
    /// An account's number.
    AccountId
);
index!(
    /// A landlord's number.
    LandlordId
);
index!(
    /// A tariff's number.
    TariffId
);
