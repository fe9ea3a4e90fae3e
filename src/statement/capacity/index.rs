//! Numbers of nodes, and the node of each account, since a span of a year has millions of cells.

use std::collections::HashMap;

use super::pools::Pools;
use crate::ledger::{CostKind, Past};
use crate::reading::NodeName;

/// The nodes of a past by number.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The pool of each node; `None` for a node that is leased with a whole unit.
    pub(super) pool_of: Vec<Option<usize>>,
    /// The node of each account.
    pub(super) of_account: Vec<usize>,
    /// The node of each cost account of GPUs.
    pub(super) of_cost_account: Vec<Option<usize>>,
    /// The numbers of nodes with latency objectives, in the order of the past.
    pub(super) of_objectives: HashMap<NodeName, usize>,
}

impl Index {
    /// The nodes of all accounts and cost accounts.
    pub(super) fn of<'a>(past: &'a Past, pools: &Pools<'a>) -> Self {
        let (mut numbers, mut index) = (HashMap::new(), Self::default());
        let mut number = |node: &'a NodeName| {
            *numbers.entry(node).or_insert_with(|| {
                index.pool_of.push(pools.of_node.get(node).copied());
                index.pool_of.len() - 1
            })
        };
        let of_account = past.accounts.iter().map(|account| number(&account.node)).collect();
        let gpus =
            |account: &'a crate::ledger::CostAccount| account.node.as_ref().filter(|_| account.kind == CostKind::Gpus);
        let of_cost_account = past.cost_accounts.iter().map(|account| gpus(account).map(&mut number)).collect();
        let named = past.slo.iter().flat_map(|slo| slo.days.keys());
        let of_objectives = named.filter_map(|node| Some((node.clone(), *numbers.get(node)?))).collect();
        Self { of_account, of_cost_account, of_objectives, ..index }
    }

    /// The number of nodes.
    pub(super) fn len(&self) -> usize {
        self.pool_of.len()
    }
}
