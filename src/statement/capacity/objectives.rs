//! In which quarter hours objectives for latency were held.

use std::collections::{HashMap, HashSet};

use super::SloQuarters;
use super::pools::Pools;
use crate::ledger::{Grain, Past, SloDay, SloMinutes};
use crate::reading::NodeName;
use crate::statement::bucket::Bucket;
use crate::units::Timestamp;

/// The objectives of a past's pools.
pub(super) struct Objectives<'a> {
    past: &'a Past,
    pools: &'a Pools<'a>,
    /// A node's minutes of a day.
    days: HashMap<(&'a NodeName, Timestamp), &'a SloDay>,
    /// The nodes of each pool that have any.
    nodes: Vec<Vec<&'a NodeName>>,
    /// Quarter hours in which a node of a pool missed its objectives.
    missed: HashSet<(usize, Timestamp)>,
    quarters: Vec<SloQuarters>,
}

impl<'a> Objectives<'a> {
    pub(super) fn new(past: &'a Past, pools: &'a Pools<'a>) -> Self {
        let days = past.slo.iter().flat_map(|slo| &slo.days);
        let days = days.flat_map(|(node, days)| days.iter().map(move |(at, day)| ((node, *at), day))).collect();
        let (mut nodes, mut missed) = (vec![Vec::new(); pools.all.len()], HashSet::new());
        for (node, days) in past.slo.iter().flat_map(|slo| &slo.days) {
            let Some(number) = pools.of_node.get(node) else { continue };
            nodes[*number].push(node);
            let quarters = days.iter().flat_map(|(at, day)| day.missed().map(|after| *at + after));
            missed.extend(quarters.map(|at| (*number, at)));
        }
        Self { past, pools, days, nodes, missed, quarters: vec![SloQuarters::default(); pools.all.len()] }
    }

    /// Counts a bucket: that of each node with tokens, or of a pool that works as one.
    pub(super) fn note(&mut self, bucket: &Bucket<'_>) {
        if self.past.slo.is_none() || self.past.grain_of(bucket.at) == Some(Grain::Minute) {
            return;
        }
        let mut seen: Vec<(usize, Option<&NodeName>)> = Vec::new();
        for cell in bucket.tokens.iter().filter(|cell| !cell.tokens.is_zero()) {
            let node = &self.past.account(cell.account).node;
            if let Some(number) = self.pools.of_node.get(node).copied() {
                seen.push((number, Some(node).filter(|_| !self.pools.all[number].joint)));
            }
        }
        seen.sort_unstable();
        seen.dedup();
        for (number, node) in seen {
            let verdict = self.minutes(number, node, bucket.at).verdict();
            let quarters = &mut self.quarters[number];
            match verdict {
                Some(true) => quarters.held += 1,
                Some(false) => quarters.missed += 1,
                None => quarters.unknown += 1,
            }
        }
    }

    /// Whether a quarter hour of a node, or of a pool that works as one, is no measurement: the objectives were missed, or
    /// nothing is known of them while it is in other quarter hours of the pool.
    pub(super) fn excludes(&self, number: usize, node: Option<&NodeName>, at: Timestamp) -> bool {
        self.quarters(number).is_some() && self.minutes(number, node, at).verdict() != Some(true)
    }

    /// Whether a node of a pool missed its objectives in a quarter hour.
    pub(super) fn missed(&self, number: usize, at: Timestamp) -> bool {
        self.missed.contains(&(number, at))
    }

    /// The quarter hours of a pool; `None` if nothing is known of any.
    pub(super) fn quarters(&self, number: usize) -> Option<SloQuarters> {
        Some(self.quarters[number]).filter(|quarters| quarters.held + quarters.missed > 0)
    }

    /// Minutes of a node, or of all nodes of a pool.
    fn minutes(&self, number: usize, node: Option<&NodeName>, at: Timestamp) -> SloMinutes {
        let of = |node: &NodeName| self.days.get(&(node, SloDay::of(at))).map(|day| day.at(at)).unwrap_or_default();
        match node {
            Some(node) => of(node),
            None => self.nodes[number].iter().map(|node| of(node)).fold(SloMinutes::default(), SloMinutes::plus),
        }
    }
}
