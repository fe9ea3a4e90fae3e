//! The fleet as a map: one cell a GPU, or a node where GPUs would not fit, in rows by unit.

use ratatui::layout::Rect;

use crate::reading::Health;
use crate::snapshot::{NodeRow, Snapshot};
use crate::tui::human;
use crate::tui::scene::{Scene, mark};
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Level};

/// Cells of a row's name and the space behind it.
const LABEL: u16 = 12;
/// Cells between two panels.
const GUTTER: u16 = 2;
/// The most panels side by side.
const PANELS: u16 = 6;

/// What one cell stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Grain {
    /// A GPU, with so many cells between two nodes.
    Gpu { gap: u16 },
    /// A node.
    #[default]
    Node,
}

/// One row of a panel: nodes by their place in the snapshot, under a name at the first row of a unit.
struct MapRow<'a> {
    name: &'a str,
    nodes: std::ops::Range<usize>,
}

/// How a fleet is laid out in a number of cells.
#[derive(Default)]
pub struct HeatPlan<'a> {
    grain: Grain,
    panels: u16,
    panel_width: u16,
    order: Vec<usize>,
    rows: Vec<MapRow<'a>>,
    widest: u16,
    by_unit: bool,
}

impl<'a> HeatPlan<'a> {
    /// The finest grain and the fewest panels at which the whole fleet fits `width` x `height`; the heading is one of the
    /// rows. Where nothing fits, the densest.
    pub fn new(snapshot: &'a Snapshot, width: u16, height: u16) -> Self {
        let room = usize::from(height.saturating_sub(1));
        let orders = [false, true].map(|by_unit| node_order(snapshot, by_unit));
        let at = |grain, panels, by_unit: bool| {
            Self::at(snapshot, &orders[usize::from(by_unit)], width, grain, panels, by_unit)
        };
        let gpu = [Grain::Gpu { gap: 1 }, Grain::Gpu { gap: 0 }];
        let by_gpu = [true, false].into_iter().flat_map(|by_unit| gpu.map(|grain| (grain, by_unit)));
        let wishes = by_gpu.chain([(Grain::Node, true), (Grain::Node, false)]);
        let units = !snapshot.units.is_empty();
        wishes
            .filter(|(_, by_unit)| units || !by_unit)
            .flat_map(|(grain, by_unit)| (1..=PANELS).map(move |panels| (grain, panels, by_unit)))
            .filter_map(|(grain, panels, by_unit)| at(grain, panels, by_unit))
            .find(|plan| plan.rows.len() <= room * usize::from(plan.panels))
            .or_else(|| at(Grain::Node, 1, false))
            .unwrap_or_default()
    }

    /// The plan of so many panels; `None` if not even one node fits a row of a panel.
    fn at(
        snapshot: &'a Snapshot,
        order: &[usize],
        width: u16,
        grain: Grain,
        panels: u16,
        by_unit: bool,
    ) -> Option<Self> {
        let widest = snapshot.nodes.iter().map(|node| node.gpus.len()).max().unwrap_or(0).clamp(1, 1000) as u16;
        let panel_width = (width + GUTTER) / panels.max(1);
        let cells = panel_width.saturating_sub(LABEL + GUTTER);
        let per_row = match grain {
            // The last node of a row needs no space behind it.
            Grain::Gpu { gap } => (cells + gap) / (widest + gap),
            Grain::Node => cells,
        };
        let rows = rows(snapshot, order, usize::from(per_row.max(1)), by_unit);
        (per_row > 0).then(|| Self { grain, panels, panel_width, order: order.to_vec(), rows, widest, by_unit })
    }

    /// Rows of the screen that it takes, the heading included.
    pub fn height(&self) -> u16 {
        1 + self.rows.len().div_ceil(usize::from(self.panels.max(1))) as u16
    }
}

/// The places of the nodes, those of a unit together.
fn node_order(snapshot: &Snapshot, by_unit: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..snapshot.nodes.len()).collect();
    if by_unit {
        let unit = |i: usize| snapshot.nodes.get(i).and_then(|node| node.unit.as_ref());
        order.sort_by(|a, b| (unit(*a).is_none(), unit(*a), a).cmp(&(unit(*b).is_none(), unit(*b), b)));
    }
    order
}

fn rows<'a>(snapshot: &'a Snapshot, order: &[usize], per_row: usize, by_unit: bool) -> Vec<MapRow<'a>> {
    let node = |place: usize| order.get(place).and_then(|i| snapshot.nodes.get(*i));
    let unit = |place: usize| node(place).and_then(|n| n.unit.as_ref());
    let mut rows = Vec::new();
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && end - start < per_row && (!by_unit || unit(end) == unit(start)) {
            end += 1;
        }
        let name = match (by_unit, unit(start)) {
            (true, name) if start > 0 && unit(start - 1) == name => "",
            (true, Some(name)) => name.as_str(),
            (true, None) => "no unit",
            (false, _) => node(start).map_or("", |n| n.name.as_str()),
        };
        rows.push(MapRow { name, nodes: start..end });
        start = end;
    }
    rows
}

/// Draws it.
pub fn heat_map(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, plan: &HeatPlan<'_>) {
    let room = usize::from(area.height.saturating_sub(1));
    let fits = room * usize::from(plan.panels);
    let hidden: usize = plan.rows.iter().skip(fits).map(|row| row.nodes.len()).sum();
    heading(canvas, area, plan, hidden);
    // Panels are filled evenly, so that none stands half empty beside full ones.
    let per_panel = plan.rows.len().div_ceil(usize::from(plan.panels.max(1))).clamp(1, room.max(1));
    for (i, row) in plan.rows.iter().take(fits).enumerate() {
        let (panel, line) = ((i / per_panel) as u16, (i % per_panel) as u16);
        let x = area.x + panel * plan.panel_width;
        let line_area = Rect { x, y: area.y + 1 + line, width: plan.panel_width, height: 1 }.intersection(area);
        draw_row(canvas, line_area, scene, plan, row);
    }
}

fn heading(canvas: &mut Canvas<'_>, area: Rect, plan: &HeatPlan<'_>, hidden: usize) {
    let mut pen = canvas.pen(area, 0);
    let what = match (plan.grain, plan.by_unit) {
        (Grain::Gpu { .. }, true) => "GPUs by unit",
        (Grain::Gpu { .. }, false) => "GPUs by node",
        (Grain::Node, true) => "NODES by unit",
        (Grain::Node, false) => "NODES",
    };
    pen.put(Role::Accent, what).skip(3);
    for level in [Level::Idle, Level::Low, Level::High, Level::Peak] {
        pen.put(level.role(), level.glyph());
    }
    pen.put(Role::Dim, " load").skip(2);
    pen.put(Role::Critical, "×").put(Role::Dim, " lost").skip(2).put(Role::Dim, "?").put(Role::Dim, " stale").skip(2);
    if plan.grain == Grain::Node && plan.widest > 1 {
        pen.put(Role::Dim, &format!("1 cell = {} GPUs", plan.widest)).skip(2);
    }
    if hidden > 0 {
        pen.put(Role::Warning, &format!("{} nodes not shown: 2 lists them", human::grouped(hidden as u128)));
    }
}

fn draw_row(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, plan: &HeatPlan<'_>, row: &MapRow<'_>) {
    canvas.pen(area, 0).name(Role::Dim, row.name, usize::from(LABEL - 1));
    let mut x = area.x + LABEL;
    for place in row.nodes.clone() {
        let Some(at) = plan.order.get(place).copied() else { continue };
        let Some(node) = scene.snap.nodes.get(at) else { continue };
        match plan.grain {
            Grain::Node => {
                let (role, glyph) = node_cell(node, scene.app.heat.node(at));
                put(canvas, area, x, role, glyph);
                x += 1;
            }
            Grain::Gpu { gap } => {
                for (i, gpu) in (0..plan.widest).zip(&node.gpus) {
                    let (role, glyph) = cell(gpu.state, scene.app.heat.gpu(at, usize::from(i)));
                    put(canvas, area, x + i, role, glyph);
                }
                x += plan.widest + gap;
            }
        }
    }
}

fn put(canvas: &mut Canvas<'_>, area: Rect, x: u16, role: Role, glyph: &str) {
    if x < area.right() {
        canvas.cell(x, area.y, glyph, canvas.theme.style(role));
    }
}

fn node_cell(node: &NodeRow, level: Option<Level>) -> (Role, &'static str) {
    let one_is_lost = node.gpus.iter().any(|gpu| gpu.state == Health::Lost);
    cell(if one_is_lost { Health::Lost } else { node.state }, level)
}

fn cell(state: Health, level: Option<Level>) -> (Role, &'static str) {
    match (state, level) {
        (Health::Live, Some(level)) => (level.role(), level.glyph()),
        (Health::Live, None) => (Role::Rule, "·"),
        (Health::Stale, _) => (Role::Dim, mark(Health::Stale).1),
        (other, _) => mark(other),
    }
}
