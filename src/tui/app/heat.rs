//! Levels of the heat map, each following its own past, so that a cell does not flicker about an edge.

use crate::snapshot::{NodeRow, Snapshot};
use crate::tui::widgets::heat_cell::HeatLevel as Level;
use crate::units::Ratio;

/// A level for each node of a snapshot and each of its GPUs, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeatMap(Vec<NodeHeat>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct NodeHeat {
    whole: Option<Level>,
    gpus: Box<[Option<Level>]>,
}

impl HeatMap {
    /// The levels of a first snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        Self::default().follow(snapshot, snapshot)
    }

    /// The levels of `now`, given that `self` are those of `before`.
    #[must_use]
    pub fn follow(&self, before: &Snapshot, now: &Snapshot) -> Self {
        let mut expected = 0;
        let levels = now.nodes.iter().map(|node| {
            // Both lists are in the same order, so that the one sought is nearly always the next.
            let place = find_from(&before.nodes, expected, |old| old.name == node.name);
            expected = place.map_or(expected, |place| place + 1);
            let past = place.and_then(|place| Some((before.nodes.get(place)?.as_ref(), self.0.get(place)?)));
            follow_node(past, node)
        });
        Self(levels.collect())
    }

    /// The level of a node.
    pub fn node(&self, node: usize) -> Option<Level> {
        self.0.get(node)?.whole
    }

    /// The level of a GPU of a node, both by their place in the snapshot.
    pub fn gpu(&self, node: usize, gpu: usize) -> Option<Level> {
        *self.0.get(node)?.gpus.get(gpu)?
    }
}

fn find_from<T>(items: &[T], start: usize, is: impl Fn(&T) -> bool) -> Option<usize> {
    let start = start.min(items.len());
    (start..items.len()).chain(0..start).find(|i| is(&items[*i]))
}

fn follow_node(past: Option<(&NodeRow, &NodeHeat)>, node: &NodeRow) -> NodeHeat {
    let gpus = node.gpus.iter().enumerate().map(|(i, gpu)| {
        let same = past.filter(|(row, _)| row.gpus.get(i).is_some_and(|old| old.uuid == gpu.uuid));
        let level = same.and_then(|(_, heat)| *heat.gpus.get(i)?);
        next(level, gpu.heat)
    });
    let gpus = gpus.collect();
    let known: Vec<f64> = node.gpus.iter().filter_map(|gpu| gpu.heat).map(Ratio::get).collect();
    let mean = Ratio::of(known.iter().sum(), known.len() as f64);
    NodeHeat { whole: next(past.and_then(|(_, heat)| heat.whole), mean), gpus }
}

fn next(level: Option<Level>, value: Option<Ratio>) -> Option<Level> {
    let value = value?.get();
    Some(level.map_or_else(|| Level::at(value), |level| level.follow(value)))
}
