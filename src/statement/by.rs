//! The groupings of a statement.

use std::fmt;
use std::str::FromStr;

/// The grouping of a statement: one row for each of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum By {
    /// Hours of the ledger's zone.
    Hour,
    /// Days of the ledger's zone; 23 or 25 hours where clocks are set.
    #[default]
    Day,
    /// Months of the ledger's zone.
    Month,
    /// Models.
    Model,
    /// Nodes.
    Node,
    /// Deployment units.
    Unit,
    /// Roles of engines.
    Role,
    /// Tenants: targets' label `tenant`.
    Tenant,
    /// Tiers of price lists.
    Tier,
    /// Leases, to compare with an invoice.
    Lease,
}

/// The error of a word that is not in [`By::ALL`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotBy;

impl By {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 10] = [
        Self::Hour,
        Self::Day,
        Self::Month,
        Self::Model,
        Self::Node,
        Self::Unit,
        Self::Role,
        Self::Tenant,
        Self::Tier,
        Self::Lease,
    ];

    /// Its word: `hour`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Model => "model",
            Self::Node => "node",
            Self::Unit => "unit",
            Self::Role => "role",
            Self::Tenant => "tenant",
            Self::Tier => "tier",
            Self::Lease => "lease",
        }
    }

    /// Whether rows are nodes or units, which have GPUs of their own.
    pub const fn is_place(self) -> bool {
        matches!(self, Self::Node | Self::Unit)
    }

    /// Whether a row is a span of time: then it has all rent of that time.
    pub const fn is_time(self) -> bool {
        matches!(self, Self::Hour | Self::Day | Self::Month)
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for By {
    type Err = NotBy;
    fn from_str(text: &str) -> Result<Self, NotBy> {
        Self::ALL.into_iter().find(|by| by.name() == text).ok_or(NotBy)
    }
}
