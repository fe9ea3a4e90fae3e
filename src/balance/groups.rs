//! Groups of ranks that are compared, the measure, and how evenly they share the work.

use crate::reading::{EngineRole, NodeName, Rank, TargetId, UnitName};
use crate::units::{Money, Ratio};

/// The measure by which ranks are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Balancer {
    /// Prompt tokens per second of prefill ranks.
    Tokens,
    /// The used share of the KV cache of decode ranks.
    Kv,
    /// Running requests of decode ranks.
    Requests,
    /// The load of each GPU's experts, if the engine counts it. It does not report which GPU is the busiest.
    Experts,
    /// The utilization of each node of a unit, if no engine reports its ranks.
    Load,
}

/// The group whose ranks are compared: a unit, or an engine that is in none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Group {
    Unit(UnitName),
    Engine(TargetId),
}

/// The load of one rank.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct RankLoad {
    /// The node, if the load is a node's.
    pub rank: Rank,
    pub target: TargetId,
    pub node: NodeName,
    /// The load in the balancer's unit; `None` if the rank does not report it.
    pub load: Option<f64>,
}

/// The ranks of a group compared by one balancer.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// The group.
    pub group: Group,
    /// The balancer.
    pub balancer: Balancer,
    /// The ranks in natural order; empty if their loads are not reported one by one.
    pub ranks: Vec<RankLoad>,
    /// The mean of the known loads.
    pub mean: f64,
    /// The index in `ranks` of the rank with the largest load.
    pub worst: usize,
    /// The largest load divided by the mean: 1 or more.
    pub over_mean: Ratio,
}

/// A group with its worst balancer.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupBalance {
    /// The group.
    pub group: Group,
    /// Its engines' role, if they agree.
    pub role: Option<EngineRole>,
    /// The balancers that at least two ranks report, the least even first.
    pub balances: Vec<Balance>,
    /// The share of time that ranks wait for the slowest: as the engines count it, otherwise an upper bound from the
    /// least even balancer.
    pub waiting: Waiting,
    /// The cost of that per hour; `None` if the rent is unknown.
    pub waiting_per_hour: Option<Money>,
}

/// A share of time that ranks wait, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Waiting {
    /// As counted by the engines.
    Counted(f64),
    /// An upper bound: `1 − mean/max`.
    Estimated(f64),
}

impl Waiting {
    /// The share.
    pub const fn share(self) -> f64 {
        match self {
            Self::Counted(share) | Self::Estimated(share) => share,
        }
    }
}

impl Balancer {
    /// The balancers that compare ranks.
    pub(super) const OF_RANKS: [Self; 3] = [Self::Tokens, Self::Kv, Self::Requests];

    /// Its name on the screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Kv => "KV",
            Self::Requests => "requests",
            Self::Experts => "experts",
            Self::Load => "GPU load",
        }
    }

    /// Whether it applies to engines of a role.
    pub(super) const fn is_for(self, role: EngineRole) -> bool {
        match self {
            Self::Tokens => matches!(role, EngineRole::Prefill | EngineRole::Unified),
            Self::Kv | Self::Requests => matches!(role, EngineRole::Decode | EngineRole::Unified),
            Self::Experts | Self::Load => true,
        }
    }
}

impl Balance {
    /// The name of one of its ranks: `r17`, or a node's name.
    pub fn name_of(&self, rank: &RankLoad) -> String {
        if self.balancer == Balancer::Load { rank.node.to_string() } else { format!("r{}", rank.rank) }
    }
}

impl Group {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Unit(unit) => unit.as_str(),
            Self::Engine(target) => target.as_str(),
        }
    }
}
