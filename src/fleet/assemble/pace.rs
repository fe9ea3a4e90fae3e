//! Money an hour at present, of the fleet, its units and its nodes.

use std::collections::{BTreeMap, BTreeSet};

use super::Fleet;
use super::prices::{is_priced, tables};
use crate::inventory::{Gpu, Node};
use crate::ledger::{CostAccount, CostAccountId, CostKind, RevenueAccount};
use crate::reading::{GpuId, Health, Label, NodeName};
use crate::snapshot::{ModelRow, NonModelProfit};
use crate::statement::{PaceSums, RowKind, paces};
use crate::units::{GpuTime, Money};

/// Money an hour by a key of accounts: revenue where it has a price.
pub(super) fn paces_by<K: Ord>(
    fleet: &Fleet,
    earns: impl Fn(&RevenueAccount) -> Option<K>,
    pays: impl Fn(&CostAccount) -> Option<K>,
) -> BTreeMap<K, PaceSums> {
    let priced = |account: &RevenueAccount| is_priced(fleet, account.model.as_ref(), account.tenant.as_ref());
    let (earned, owed) = (|id| fleet.pace.earned_per_hour(id), |id| fleet.pace.owed_per_hour(id));
    paces(tables(fleet), earned, owed, |account| earns(account).filter(|_| priced(account)), pays)
}

/// The idle part of what each cost account's GPUs cost an hour, by node: as the newest minute of the ledger that has time of
/// it is judged.
pub(super) fn idle_paces(fleet: &Fleet) -> Vec<(NodeName, Money)> {
    let ledger = &fleet.ledger;
    let newest: Vec<_> = ledger.minutes().rev().take(2).map(|(_, sums)| sums).collect();
    let of_minute = |id: CostAccountId| {
        newest.iter().filter_map(|sums| sums.gpu_time(id)).find(|time| time.allocated > GpuTime::ZERO)
    };
    let idle = |id: CostAccountId| {
        let account = &ledger.cost_accounts()[id.index()];
        let node = account.node.clone().filter(|_| account.kind == CostKind::Gpus)?;
        let time = of_minute(id)?;
        let owed = fleet.pace.owed_per_hour(id.index())?;
        Some((node, owed.scaled(time.idle.millis(), time.allocated.millis())?))
    };
    let ids: BTreeSet<_> = newest.iter().flat_map(|sums| sums.gpu_times()).map(|(id, _)| id).collect();
    ids.into_iter().filter_map(idle).collect()
}

/// The fleet's money an hour; the cost holds the overhead.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FleetPace {
    pub(super) revenue: Option<Money>,
    /// The part of the revenue whose cost is known.
    pub(super) covered: Option<Money>,
    pub(super) cost: Option<Money>,
    /// By the hour and by share of revenue.
    pub(super) overhead: Money,
}

/// The fleet's pace; no revenue where nothing is `priced`, or where a row `lacks` a counter that is billed.
pub(super) fn pace(fleet: &Fleet, priced: bool, lacks: bool) -> FleetPace {
    if fleet.pace.window().is_none() {
        return FleetPace::default();
    }
    let (earned, owed) = (|id| fleet.pace.earned_per_hour(id), |id| fleet.pace.owed_per_hour(id));
    let sums = paces(tables(fleet), earned, owed, |_| Some(()), |_| Some(())).remove(&()).unwrap_or_default();
    let cost = sums.owed.filter(|cost| !awaits_any(fleet) && (*cost > Money::ZERO || unrated_nodes(fleet).is_empty()));
    let of_revenue = fleet.config.overhead.of_revenue.map(|share| share.of(sums.covered)).unwrap_or_default();
    let priced = priced && !lacks;
    FleetPace {
        revenue: priced.then(|| sums.earned.unwrap_or_default()),
        covered: priced.then_some(sums.covered),
        cost: cost.map(|cost| cost + of_revenue),
        overhead: sums.overhead + of_revenue,
    }
}

/// Whether what any node costs an hour is not known yet.
pub(super) fn awaits_any(fleet: &Fleet) -> bool {
    fleet.inventory.nodes.values().any(|node| is_awaited(fleet, node)) || !nodes_without_energy(fleet).is_empty()
}

/// Whether a node has not reported since the start: its GPU time is posted when it does, and until then it costs something
/// unknown.
pub(super) fn is_awaited(fleet: &Fleet, node: &Node) -> bool {
    node.awaited && !node.gpus.is_empty() && !fleet.inventory.is_abandoned(node)
}

/// The nodes whose power is paid for, and whose energy counters have not moved yet: they cost more than their rent. Energy
/// that stays unknown has an alert instead.
pub(super) fn nodes_without_energy(fleet: &Fleet) -> BTreeSet<&NodeName> {
    let waits = |(nth, account): (usize, &CostAccount)| {
        account.power.is_some()
            && fleet.pace.owed_per_hour(nth).is_some_and(|owed| owed > Money::ZERO)
            && !fleet.pace.has_energy(nth)
    };
    let answers = |name: &&NodeName| {
        let gpus = fleet.inventory.node(name).into_iter().flat_map(|node| node.gpus.values());
        let live = |id: &&GpuId| {
            let gpu = fleet.inventory.gpus.get(*id);
            gpu.is_some_and(|gpu| fleet.inventory.gpu_health(gpu) == Health::Live)
        };
        let live: Vec<&GpuId> = gpus.filter(live).collect();
        !live.is_empty() && live.into_iter().all(|id| super::lookup::energy_unknown_since(fleet, id).is_none())
    };
    let accounts = fleet.ledger.cost_accounts().iter().enumerate().filter(|account| waits(*account));
    accounts.filter_map(|(_, account)| account.node.as_ref()).filter(answers).collect()
}

/// The nodes that have GPUs without a rate.
pub(super) fn unrated_nodes(fleet: &Fleet) -> BTreeSet<&NodeName> {
    unrated_gpus(fleet).map(|gpu| &gpu.node).collect()
}

/// The GPUs without a rate from a lease, a schedule or an assumption.
pub(super) fn unrated_gpus(fleet: &Fleet) -> impl Iterator<Item = &Gpu> {
    let unrated = fleet.ledger.cost_accounts().iter().filter(|cost_account| cost_account.rate.is_none());
    let places: BTreeSet<_> =
        unrated.filter_map(|cost_account| Some((cost_account.node.as_ref()?, cost_account.gpu.as_str()))).collect();
    // Usually there are none, and no GPU is examined.
    let gpus = (!places.is_empty()).then(|| fleet.inventory.gpus.values()).into_iter().flatten();
    gpus.filter(move |gpu| places.contains(&(&gpu.node, gpu.name())))
}

/// Profit an hour that is in no model's row, by name, so that with it the rows add up to the fleet's.
pub(super) fn beside(
    profit: Option<Money>,
    overhead: Money,
    models: &[ModelRow],
    unpriced: Money,
) -> Vec<NonModelProfit> {
    let Some(profit) = profit else { return Vec::new() };
    let rows: Money = models.iter().filter_map(|row| row.money.profit_per_hour).sum();
    let idle = profit - rows + overhead + unpriced;
    let parts = [(RowKind::Unpriced, -unpriced), (RowKind::Overhead, -overhead), (RowKind::Idle, idle)];
    let row =
        |(kind, profit_per_hour): (RowKind, Money)| NonModelProfit { name: Label::new(kind.name()), profit_per_hour };
    parts.into_iter().filter(|(_, amount)| amount.rounded(6) != 0).map(row).collect()
}
