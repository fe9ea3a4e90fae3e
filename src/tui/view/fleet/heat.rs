//! The cells of the fleet map: the figure that each shows for its node or GPU.

use std::collections::HashMap;

use crate::reading::Health;
use crate::snapshot::NodeRow;
use crate::tui::app::Cells;
use crate::tui::figures_of::number;
use crate::tui::scene::Scene;
use crate::tui::view::served::{ServedTogether, by_node};
use crate::tui::widgets::heat_cell::{Heat, HeatLevel};
use crate::units::Ratio;

/// The figures behind the cells of one frame.
pub(super) struct FleetHeat<'a> {
    scene: Scene<'a>,
    cells: Cells,
    /// The engines by node; filled only if the cells show KV cache usage.
    served: HashMap<&'a str, ServedTogether<'a>>,
    /// The largest absolute profit of a node, the scale of cells that show profit.
    top: f64,
}

impl<'a> FleetHeat<'a> {
    /// Computes the figures from a snapshot that changes at the cells' refresh pace.
    pub(super) fn new(scene: Scene<'a>) -> Self {
        let cells = scene.app.charts.cells;
        let served = if cells == Cells::Kv { by_node(scene.snap) } else { HashMap::new() };
        let profits = scene.snap.nodes.iter().filter_map(|node| number(node.profit_per_hour));
        let top = if cells == Cells::Profit { profits.map(f64::abs).fold(0.0, f64::max) } else { 0.0 };
        Self { scene, cells, served, top }
    }

    /// The cell of a node, by its index in the snapshot.
    pub(super) fn node(&self, place: usize) -> Heat {
        let Some(node) = self.scene.snap.nodes.get(place) else { return Heat::Unknown };
        match state_of(node) {
            Health::Live => self.live(place, node),
            state => silent(state),
        }
    }

    fn live(&self, place: usize, node: &NodeRow) -> Heat {
        match self.cells {
            Cells::Load => self.scene.app.heat.node(place).map_or(Heat::Unknown, Heat::Level),
            Cells::Kv => Heat::of(self.served.get(node.name.as_str()).and_then(ServedTogether::kv).map(Ratio::get)),
            Cells::Hits => Heat::of(node.cache_hit_rate.map(Ratio::get)),
            Cells::Profit => profit(number(node.profit_per_hour), self.top),
            cells => {
                let known: Vec<f64> = node.gpus.iter().filter_map(|gpu| cells.share(gpu)).collect();
                Heat::of(Ratio::of(known.iter().sum(), known.len() as f64).map(Ratio::get))
            }
        }
    }

    /// The cell of a GPU; `None` if its node has no GPU at this index.
    pub(super) fn gpu(&self, place: usize, gpu: usize) -> Option<Heat> {
        let row = self.scene.snap.nodes.get(place)?.gpus.get(gpu)?;
        Some(match (row.state, self.cells) {
            (Health::Live, Cells::Load) => self.scene.app.heat.gpu(place, gpu).map_or(Heat::Unknown, Heat::Level),
            (Health::Live, cells) => Heat::of(cells.share(row)),
            (state, _) => silent(state),
        })
    }
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
