//! The ranks that are compared, by what, and how evenly they share the work.

use crate::reading::{EngineRole, NodeName, Rank, TargetId, UnitName};
use crate::units::{Money, Ratio};

/// What the ranks are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Balancer {
    /// Prompt tokens a second of prefill ranks.
    Tokens,
    /// The used share of the KV cache of decode ranks.
    Kv,
    /// Running requests of decode ranks.
    Requests,
    /// What the experts of each GPU get, where the engine counts it: it does not say which GPU is the busiest.
    Experts,
    /// How busy the GPUs of each node of a unit are, where no engine tells of its ranks.
    Load,
}

/// The ranks that are compared: those of a unit, or of an engine that is in none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Group {
    Unit(UnitName),
    Engine(TargetId),
}

/// What one rank carries.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct RankLoad {
    /// Of a node, its name.
    pub rank: Rank,
    pub target: TargetId,
    pub node: NodeName,
    /// In the balancer's unit; `None` where the rank does not report it.
    pub load: Option<f64>,
}

/// The ranks of a group by one balancer.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// Whose ranks.
    pub group: Group,
    /// What they are compared by.
    pub balancer: Balancer,
    /// The ranks in natural order; none where the ranks' parts are not told.
    pub ranks: Vec<RankLoad>,
    /// The mean of the known loads.
    pub mean: f64,
    /// Where the rank with the largest load is in `ranks`.
    pub worst: usize,
    /// The largest load divided by the mean, 1 and up.
    pub over_mean: Ratio,
}

/// A group with its worst balancer.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupBalance {
    /// Whose ranks.
    pub group: Group,
    /// Its engines' role, if they agree.
    pub role: Option<EngineRole>,
    /// By each balancer that at least two ranks report, the worst first.
    pub balances: Vec<Balance>,
    /// The share of its time that ranks wait for the slowest: as the engines count it, else estimated from above by the
    /// worst balancer of the ranks.
    pub waiting: Waiting,
    /// What that costs an hour; `None` where the rent is not known.
    pub waiting_per_hour: Option<Money>,
}

/// A share of time that ranks wait, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Waiting {
    /// The engines count it.
    Counted(f64),
    /// From above: `1 − mean/max`.
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
    /// Those that compare ranks.
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

    /// Whether it balances engines of a role.
    pub(super) const fn is_for(self, role: EngineRole) -> bool {
        match self {
            Self::Tokens => matches!(role, EngineRole::Prefill | EngineRole::Unified),
            Self::Kv | Self::Requests => matches!(role, EngineRole::Decode | EngineRole::Unified),
            Self::Experts | Self::Load => true,
        }
    }
}

impl Balance {
    /// The name of one of its ranks: `r17`, or of a node.
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
