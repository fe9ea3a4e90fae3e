//! Who earns, who is paid rent, and at what tariff: small tables of names, so that postings carry numbers.

use crate::pricing::ClassPrices;
use crate::reading::{Label, ModelName, NodeName, Role, UnitName};
use crate::units::{HourlyRate, Money, Share, Tokens};

use super::Classes;

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
}

impl Tariff {
    /// What tokens are worth, exactly.
    pub fn value(&self, tokens: Classes) -> Money {
        let share = self.paid.unwrap_or(Share::ALL);
        self.prices.miss.of_share(tokens.miss, share)
            + self.prices.hit.of_share(tokens.hit, share)
            + self.prices.output.of_share(tokens.output, share)
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
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(super) u32);

        impl $name {
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
