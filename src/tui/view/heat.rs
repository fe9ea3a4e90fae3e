//! The cells of the fleet: the figure that each shows for its node or GPU, in the map and in the list of nodes.

use std::collections::HashMap;

use crate::reading::{Health, NodeName};
use crate::snapshot::{GpuRow, NodeRow};
use crate::tui::app::Cells;
use crate::tui::figures_of::number;
use crate::tui::frame_input::FrameInput;
use crate::tui::view::served::{ServedTogether, by_node};
use crate::tui::widgets::heat_cell::{Heat, HeatLevel};
use crate::units::Ratio;

/// The figures behind the cells of one frame.
pub(in crate::tui::view) struct FleetHeat<'a> {
    input: FrameInput<'a>,
    cells: Cells,
    /// The engines by node; filled only if the cells show KV cache usage.
    served: HashMap<&'a str, ServedTogether<'a>>,
    /// The end of the scale, where it is the highest value: the largest absolute profit of a node, or the largest power
    /// of a GPU whose limit is unknown.
    top: f64,
}

impl<'a> FleetHeat<'a> {
    /// Computes the figures from a snapshot that changes at the cells' refresh pace.
    pub(in crate::tui::view) fn new(input: FrameInput<'a>) -> Self {
        let cells = input.app.charts.cells;
        let served = if cells == Cells::Kv { by_node(input.snap) } else { HashMap::new() };
        Self { input, cells, served, top: top(&input, cells) }
    }

    /// The cells of a node's GPUs: their own figures, or their node's where the measure is of nodes only.
    pub(in crate::tui::view) fn gpus(&self, name: &NodeName) -> Vec<Heat> {
        let Some(place) = self.input.snap.nodes.iter().position(|node| node.name == *name) else { return Vec::new() };
        let count = self.input.snap.nodes.get(place).map_or(0, |node| node.gpus.len());
        if self.cells.is_of_gpus() {
            return (0..count).filter_map(|gpu| self.gpu(place, gpu)).collect();
        }
        vec![self.node(place); count]
    }

    /// The cell of a node, by its index in the snapshot.
    pub(in crate::tui::view) fn node(&self, place: usize) -> Heat {
        let Some(node) = self.input.snap.nodes.get(place) else { return Heat::Unknown };
        match state_of(node) {
            Health::Live => self.live(place, node),
            state => silent(state),
        }
    }

    fn live(&self, place: usize, node: &NodeRow) -> Heat {
        match self.cells {
            Cells::Load => self.input.app.heat.node(place).map_or(Heat::Unknown, Heat::Level),
            Cells::Kv => Heat::of(self.served.get(node.name.as_str()).and_then(ServedTogether::kv).map(Ratio::get)),
            Cells::Hits => Heat::of(node.cache_hit_rate.map(Ratio::get)),
            Cells::Profit => profit(number(node.profit_per_hour), self.top),
            cells => {
                let known: Vec<f64> = node.gpus.iter().filter_map(|gpu| self.share(cells, gpu)).collect();
                Heat::of(Ratio::of(known.iter().sum(), known.len() as f64).map(Ratio::get))
            }
        }
    }

    /// A GPU's position on the scale. Exporters tell the power of a GPU, but seldom its limit.
    fn share(&self, cells: Cells, gpu: &GpuRow) -> Option<f64> {
        let of_highest = || Some(gpu.power_watts.filter(|_| cells == Cells::Power && self.top > 0.0)? / self.top);
        cells.share(gpu).or_else(of_highest)
    }

    /// The cell of a GPU; `None` if its node has no GPU at this index.
    pub(in crate::tui::view) fn gpu(&self, place: usize, gpu: usize) -> Option<Heat> {
        let row = self.input.snap.nodes.get(place)?.gpus.get(gpu)?;
        Some(match (row.state, self.cells) {
            (Health::Live, Cells::Load) => self.input.app.heat.gpu(place, gpu).map_or(Heat::Unknown, Heat::Level),
            (Health::Live, cells) => Heat::of(self.share(cells, row)),
            (state, _) => silent(state),
        })
    }
}

/// The end of the scale of a measure whose scale ends at the highest value.
fn top(input: &FrameInput<'_>, cells: Cells) -> f64 {
    let nodes = || input.snap.nodes.iter();
    match cells {
        Cells::Profit => nodes().filter_map(|node| number(node.profit_per_hour)).map(f64::abs).fold(0.0, f64::max),
        Cells::Power => nodes().flat_map(|node| &node.gpus).filter_map(|gpu| gpu.power_watts).fold(0.0, f64::max),
        _ => 0.0,
    }
}

/// Whether no GPU says its power limit, so that the scale of power ends at the highest.
pub(in crate::tui::view) fn has_no_limits(input: &FrameInput<'_>) -> bool {
    !input.snap.nodes.iter().flat_map(|node| &node.gpus).any(|gpu| gpu.power_limit_watts.is_some())
}

/// The height is relative to the largest absolute profit, `top`.
fn profit(profit: Option<f64>, top: f64) -> Heat {
    let Some(profit) = profit else { return Heat::Unknown };
    let level = HeatLevel::at(if top > 0.0 { profit.abs() / top } else { 0.0 });
    if profit < 0.0 { Heat::Loss(level) } else { Heat::Level(level) }
}

fn silent(state: Health) -> Heat {
    match state {
        Health::Lost => Heat::Lost,
        Health::Stale => Heat::Silent,
        Health::Live | Health::Never => Heat::Unknown,
    }
}

/// The state of a node drawn in one cell: lost if any of its GPUs is lost.
fn state_of(node: &NodeRow) -> Health {
    let one_is_lost = node.gpus.iter().any(|gpu| gpu.state == Health::Lost);
    if one_is_lost { Health::Lost } else { node.state }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_has_its_own_role_and_its_height() {
        assert_eq!(profit(Some(-8.0), 8.0), Heat::Loss(HeatLevel::at(1.0)));
        assert_eq!(profit(Some(4.0), 8.0), Heat::Level(HeatLevel::at(0.5)));
        assert_eq!(profit(Some(0.0), 0.0), Heat::Level(HeatLevel::at(0.0)));
        assert_eq!(profit(None, 8.0), Heat::Unknown);
    }
}
