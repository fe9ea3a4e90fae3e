//! Quarter hours within the latency objectives.

use std::collections::HashSet;

use super::index::Index;
use super::pools::Pools;
use crate::ledger::{Past, SloDay, SloMinutes};
use crate::units::Timestamp;

/// Quarter hours with tokens of a node, or of a pool that works as one, by the latency objectives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SloQuarters {
    /// Every minute with a latency was within them.
    pub met: u32,
    /// At least one minute was not.
    pub missed: u32,
    /// No minute has a latency.
    pub unknown: u32,
}

/// The objectives of a past's pools.
pub(super) struct Objectives<'a> {
    /// A node's minutes by day, in order, and the position of the last day that was looked up.
    days: Vec<(Vec<(Timestamp, &'a SloDay)>, usize)>,
    /// The nodes of each pool that have objectives.
    nodes: Vec<Vec<usize>>,
    /// Quarter hours in which a node of a pool was outside of its objectives.
    missed: HashSet<(usize, Timestamp)>,
    quarters: Vec<SloQuarters>,
    /// Whether objectives were judged at all.
    any: bool,
}

impl<'a> Objectives<'a> {
    pub(super) fn new(past: &'a Past, pools: &Pools<'a>, index: &Index) -> Self {
        let (mut nodes, mut missed) = (vec![Vec::new(); pools.all.len()], HashSet::new());
        let mut all: Vec<(Vec<(Timestamp, &SloDay)>, usize)> = vec![(Vec::new(), 0); index.len()];
        for (name, days) in past.slo.iter().flat_map(|slo| &slo.days) {
            let Some(node) = index.of_objectives.get(name).copied() else { continue };
            let Some(pool) = index.pool_of[node] else { continue };
            all[node].0 = days.iter().map(|(at, day)| (*at, day)).collect();
            all[node].0.sort_by_key(|(at, _)| *at);
            nodes[pool].push(node);
            let quarters = days.iter().flat_map(|(at, day)| day.missed().map(|after| *at + after));
            missed.extend(quarters.map(|at| (pool, at)));
        }
        let quarters = vec![SloQuarters::default(); pools.all.len()];
        Self { days: all, nodes, missed, quarters, any: past.slo.is_some() }
    }

    /// Whether objectives were judged at all.
    pub(super) const fn any(&self) -> bool {
        self.any
    }

    /// Counts a quarter hour with tokens of a node, or of a pool that works as one.
    pub(super) fn count(&mut self, pool: usize, verdict: Option<bool>) {
        let quarters = &mut self.quarters[pool];
        match verdict {
            Some(true) => quarters.met += 1,
            Some(false) => quarters.missed += 1,
            None => quarters.unknown += 1,
        }
    }

    /// Whether a node was within them in a quarter hour.
    pub(super) fn of_node(&mut self, node: usize, at: Timestamp) -> Option<bool> {
        self.minutes(node, at).verdict()
    }

    /// Whether a pool that works as one was.
    pub(super) fn of_pool(&mut self, pool: usize, at: Timestamp) -> Option<bool> {
        let nodes = std::mem::take(&mut self.nodes[pool]);
        let sum = nodes.iter().fold(SloMinutes::default(), |sum, node| sum.plus(self.minutes(*node, at)));
        self.nodes[pool] = nodes;
        sum.verdict()
    }

    /// Whether a node of a pool was outside of its objectives in a quarter hour.
    pub(super) fn missed(&self, pool: usize, at: Timestamp) -> bool {
        self.missed.contains(&(pool, at))
    }

    /// The quarter hours of a pool; `None` if none has a known result: then none is excluded from measurement.
    pub(super) fn quarters(&self, pool: usize) -> Option<SloQuarters> {
        Some(self.quarters[pool]).filter(|quarters| quarters.met + quarters.missed > 0)
    }

    fn minutes(&mut self, node: usize, at: Timestamp) -> SloMinutes {
        let Some((days, last)) = self.days.get_mut(node) else { return SloMinutes::default() };
        let wanted = SloDay::of(at);
        if days.get(*last).is_none_or(|(day, _)| *day != wanted) {
            *last = days.partition_point(|(day, _)| *day < wanted);
        }
        days.get(*last).filter(|(day, _)| *day == wanted).map(|(_, day)| day.at(at)).unwrap_or_default()
    }
}
