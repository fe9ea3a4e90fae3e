//! Whether the ranks of a deployment unit share its work: the three balancers of the published DeepSeek system, prefill by
//! input tokens, decode by KV cache and requests, experts where the engine reports them.
//!
//! Ranks that step together wait for the slowest one: of their time the share `1 − mean/max` is spent waiting. The cost of
//! it is an estimate from above, marked `≈` wherever it is shown, and never enters the ledger.

mod cost;
mod load;

use crate::reading::{NodeName, Rank, Role, TargetId, UnitName};
use crate::snapshot::Snapshot;
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
    /// The ranks in natural order.
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
    pub role: Option<Role>,
    /// By each balancer that at least two ranks report, the worst first.
    pub balances: Vec<Balance>,
    /// What waiting for the slowest rank costs an hour, estimated from above by the worst balancer; `None` where the rent
    /// is not known.
    pub waiting_per_hour: Option<Money>,
}

impl Balancer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Tokens, Self::Kv, Self::Requests];

    /// Its name on the screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Kv => "KV",
            Self::Requests => "requests",
        }
    }

    /// Whether it balances engines of a role.
    const fn is_for(self, role: Role) -> bool {
        match self {
            Self::Tokens => matches!(role, Role::Prefill | Role::Unified),
            Self::Kv | Self::Requests => matches!(role, Role::Decode | Role::Unified),
        }
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

/// The groups of at least two live ranks, the worst balanced first.
pub fn balances(snapshot: &Snapshot) -> Vec<GroupBalance> {
    let mut groups: Vec<GroupBalance> = load::groups(snapshot)
        .into_iter()
        .filter_map(|(group, rows)| {
            let mut balances: Vec<_> =
                Balancer::ALL.into_iter().filter_map(|balancer| load::balance(&group, &rows, balancer)).collect();
            balances.sort_by(|a, b| b.over_mean.get().total_cmp(&a.over_mean.get()));
            let worst = balances.first()?;
            let waiting_per_hour = cost::waiting(snapshot, &group, worst);
            let role = rows.first().map(|row| row.role).filter(|role| rows.iter().all(|row| row.role == *role));
            Some(GroupBalance { group, role, balances, waiting_per_hour })
        })
        .collect();
    let over = |group: &GroupBalance| group.balances.first().map_or(0.0, |worst| worst.over_mean.get());
    groups.sort_by(|a, b| over(b).total_cmp(&over(a)).then_with(|| a.group.cmp(&b.group)));
    groups
}
