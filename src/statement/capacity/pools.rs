//! Pools: nodes that can do each other's work.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::ledger::{CostKind, Past};
use crate::reading::{Label, NodeName, UnitName};

/// A pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pool {
    /// Its unit, or else its models.
    pub(super) name: Label,
    /// Whether it works as one: one of its nodes has no tokens of its own and works when the unit does.
    pub(super) joint: bool,
}

/// The pools of a past, and the pool of each node.
#[derive(Debug, Default)]
pub(super) struct Pools<'a> {
    pub(super) all: Vec<Pool>,
    pub(super) of_node: HashMap<&'a NodeName, usize>,
    /// Units that are leased as a whole: their number of nodes is not in the ledger.
    pub(super) unmeasured: Vec<Label>,
}

/// The identity of a pool: its unit, and the models of its nodes unless the unit works as one.
type PoolKey<'a> = (Option<&'a UnitName>, BTreeSet<String>);

impl<'a> Pools<'a> {
    /// Nodes of one unit that serve the same models in the same roles are a pool; so is a unit that works as one. Nodes
    /// that served nothing are a separate pool.
    pub(super) fn of(past: &'a Past) -> Self {
        let mut pools = Self::default();
        let served = served(past);
        let units: HashMap<&NodeName, &UnitName> = past.cost_accounts.iter().filter_map(unit_of).collect();
        let whole = leased_as_a_whole(past);
        let follows = |node: &NodeName| {
            let unit = units.get(node).filter(|unit| served.values().any(|(of, _)| *of == Some(**unit)));
            unit.copied().filter(|_| !served.contains_key(node))
        };
        let joint: HashSet<&UnitName> = past.cost_accounts.iter().filter_map(|a| follows(a.node.as_ref()?)).collect();
        let mut numbers: BTreeMap<PoolKey<'a>, usize> = BTreeMap::new();
        let allocated = past.cost_accounts.iter().filter(|account| account.kind == CostKind::Gpus);
        for node in allocated.filter_map(|account| account.node.as_ref()).chain(served.keys().copied()) {
            let (unit, work) = match (served.get(node), follows(node)) {
                (Some((unit, work)), _) => (*unit, work.clone()),
                (None, unit) => (unit, BTreeSet::new()),
            };
            if unit.is_some_and(|unit| whole.contains(unit)) {
                continue;
            }
            let is_joint = unit.is_some_and(|unit| joint.contains(unit));
            let key = (unit, if is_joint { BTreeSet::new() } else { work });
            let number = *numbers.entry(key.clone()).or_insert_with(|| {
                pools.all.push(Pool { name: name_of(&key), joint: is_joint });
                pools.all.len() - 1
            });
            pools.of_node.insert(node, number);
        }
        pools.unmeasured = whole.into_iter().map(|unit| Label::new(unit.as_str())).collect();
        pools
    }
}

/// The unit of each node with tokens, and its models.
fn served(past: &Past) -> BTreeMap<&NodeName, (Option<&UnitName>, BTreeSet<String>)> {
    // In the order of accounts: a node that moved is in the unit of its newest account.
    let used: BTreeMap<_, _> = past
        .tokens
        .iter()
        .filter(|cell| !cell.tokens.is_zero())
        .map(|cell| (cell.account.index(), cell.account))
        .collect();
    let mut served: BTreeMap<&NodeName, (Option<&UnitName>, BTreeSet<String>)> = BTreeMap::new();
    for id in used.into_values() {
        let account = past.account(id);
        let (unit, work) = served.entry(&account.node).or_default();
        *unit = account.unit.as_ref().or(*unit);
        let model = account.model.as_ref().map_or("(no model)", |model| model.as_str());
        work.insert(format!("{model} {}", account.role));
    }
    served
}

fn unit_of(account: &crate::ledger::CostAccount) -> Option<(&NodeName, &UnitName)> {
    account.node.as_ref().zip(account.unit.as_ref()).filter(|_| account.kind == CostKind::Gpus)
}

fn leased_as_a_whole(past: &Past) -> BTreeSet<&UnitName> {
    let whole = past.cost_accounts.iter().filter(|a| a.kind == CostKind::Gpus && a.node.is_none());
    whole.filter_map(|account| account.unit.as_ref()).collect()
}

fn name_of((unit, work): &PoolKey<'_>) -> Label {
    let work = work.iter().map(String::as_str).collect::<Vec<_>>().join(" + ");
    match (unit, work.as_str()) {
        (None, "") => Label::new("(serving nothing)"),
        (None, work) => Label::new(work),
        (Some(unit), "") => Label::new(unit.as_str()),
        (Some(unit), work) => Label::new(&format!("{unit}: {work}")),
    }
}
