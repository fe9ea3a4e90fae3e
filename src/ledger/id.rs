//! Numbers of accounts and tariffs, by which postings refer to them.

use serde::{Deserialize, Serialize};

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub(super) u32);

        impl $name {
            /// The number of the row at an index.
            pub const fn at(index: u32) -> Self {
                Self(index)
            }

            /// Its number.
            pub const fn number(self) -> u32 {
                self.0
            }

            /// The index in the table.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}
index!(
    /// The number of a revenue account.
    RevenueAccountId
);
index!(
    /// The number of a cost account.
    CostAccountId
);
index!(
    /// The number of a tariff.
    TariffId
);
