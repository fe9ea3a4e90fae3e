//! Units as a map: a cell a GPU or a node, with what each unit earns beside it.

use std::collections::HashMap;

use ratatui::layout::Rect;

use super::plan::{Grain, Plan, PlanRow, Slot, Unit, ending};
use super::{UnitLine, state_of, unit_key};
use crate::reading::Health;
use crate::tui::app::{Cells, Pace};
use crate::tui::human;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::view::served::name_role;
use crate::tui::view::{Hit, Hits, RowKey, ViewId};
use crate::tui::widgets::heat_cell::{Heat, HeatLevel, legend};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment, Spot};
use crate::units::{Money, Ratio};

/// Cells of a unit's figures: load, KV, queue, profit an hour.
const FIGURES: u16 = 26;
/// Cells of names, and of those on wide screens.
const LABEL: u16 = 8;

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, units: &[UnitLine<'_>]) -> Hits {
    let ten = scene.at(Pace::TenSeconds);
    let nodes = nodes_of(&ten);
    let widest = ten.snap.nodes.iter().map(|node| node.gpus.len()).max().unwrap_or(1).clamp(1, 32);
    let named = units.iter().filter(|line| of(&nodes, line).len() > 8);
    let label = named.map(|line| human::width(line.row.unit.as_str())).max().unwrap_or(0).clamp(usize::from(LABEL), 16)
        as u16
        + 1;
    let cells = area.width.saturating_sub(label + FIGURES + 1);
    let sizes: Vec<Unit<'_>> =
        units.iter().map(|line| Unit { name: line.row.unit.as_str(), nodes: of(&nodes, line).len() }).collect();
    let room = usize::from(area.height.saturating_sub(1));
    let plan = Plan::new(&sizes, widest, [label, cells, area.width.saturating_sub(label)].map(usize::from), room);
    let map = Map { scene, ten: &ten, units, nodes: &nodes, plan: &plan };
    map.heading(canvas, area);
    let is_cut = plan.rows.len() > room;
    let shown = if is_cut { room.saturating_sub(1) } else { plan.rows.len() };
    let keys: Vec<RowKey> = units.iter().map(unit_key).collect();
    let chosen = scene.app.list_of(ViewId::Overview).key(&keys);
    let mut hits = Hits::of_page(shown);
    for (y, row) in (area.y + 1..).zip(plan.rows.iter().take(shown)) {
        let line = Rect { y, height: 1, ..area }.intersection(area);
        hits.extend(map.row(canvas, line, label, row, chosen));
    }
    if is_cut && area.height > 1 {
        let hidden = units.len().saturating_sub(plan.shown(shown));
        let last = Rect { y: area.bottom() - 1, height: 1, ..area };
        canvas.pen(last, 0).put(Role::Dim, &format!("… {} more units: 4 lists them", human::grouped(hidden as u128)));
    }
    hits
}

/// The places of each unit's nodes.
fn nodes_of<'a>(scene: &Scene<'a>) -> HashMap<&'a str, Vec<usize>> {
    let mut nodes: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, node) in scene.snap.nodes.iter().enumerate() {
        if let Some(unit) = &node.unit {
            nodes.entry(unit.as_str()).or_default().push(at);
        }
    }
    nodes
}

fn of<'m>(nodes: &'m HashMap<&str, Vec<usize>>, line: &UnitLine<'_>) -> &'m [usize] {
    nodes.get(line.row.unit.as_str()).map_or(&[], Vec::as_slice)
}

struct Map<'m, 'a> {
    scene: &'m Scene<'a>,
    ten: &'m Scene<'a>,
    units: &'m [UnitLine<'a>],
    nodes: &'m HashMap<&'a str, Vec<usize>>,
    plan: &'m Plan,
}

impl Map<'_, '_> {
    fn heading(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let (what, range) = self.scene.app.charts.cells.names();
        let a_cell = if self.plan.grain == Grain::Node { "a node" } else { "a GPU" };
        let is_wide = area.width >= 160;
        let title = if is_wide { "Fleet by unit" } else { "Units" };
        let text = if is_wide { format!("{range}, mean of 10 s, a cell is {a_cell} · ") } else { a_cell.to_owned() };
        let mut rule = TitledRule::new(title);
        rule.title.push(Segment::dim(" "));
        rule.title.extend(legend(what, ""));
        rule.title.push(Segment::dim(text));
        if is_wide {
            rule.title.extend([
                Segment::new(Role::Critical, "×"),
                Segment::dim(" lost "),
                Segment::new(Role::Warning, "?"),
                Segment::dim(" silent"),
            ]);
        }
        rule.right([Segment::dim("load   KV queue profit/h")]).draw(canvas, Rect { height: 1, ..area });
    }

    fn row(&self, canvas: &mut Canvas<'_>, area: Rect, label: u16, row: &PlanRow, chosen: Option<RowKey>) -> Hits {
        let mut hits = Hits::default();
        if let Some(prefix) = &row.prefix {
            canvas.pen(area, 0).name(Role::Dim, prefix, usize::from(label.saturating_sub(1)));
        }
        for slot in &row.slots {
            let Some(line) = self.units.get(slot.unit) else { continue };
            let is_chosen = chosen == Some(unit_key(line));
            let place = self.slot(canvas, area, row, slot, is_chosen);
            hits.push(place, Hit::Row(unit_key(line)));
        }
        let is_first = row.slots.first().is_some_and(|slot| slot.nodes.start == 0);
        if is_first && (!row.is_shared || self.plan.has_shared_figures) {
            self.figures(canvas, area, row);
        }
        hits
    }

    fn slot(&self, canvas: &mut Canvas<'_>, area: Rect, row: &PlanRow, slot: &Slot, is_chosen: bool) -> Rect {
        let Some(line) = self.units.get(slot.unit) else { return Rect::default() };
        let nodes = of(self.nodes, line).get(slot.nodes.clone()).unwrap_or(&[]);
        let x = area.x.saturating_add(slot.cells as u16);
        let width = self.plan.grain.cells(nodes.len()) as u16;
        let begin = area.x.saturating_add(slot.label as u16);
        let name = Rect { x: begin, width: (slot.cells - slot.label) as u16, ..area }.intersection(area);
        let text = if row.is_shared { ending(line.row.unit.as_str()) } else { line.row.unit.as_str() };
        let role = match name_role(line.gravest) {
            Role::Text if row.is_shared => Role::Dim,
            role => role,
        };
        if slot.nodes.start == 0 {
            let room =
                if self.plan.has_shared_figures || !row.is_shared { name.width.saturating_sub(1) } else { name.width };
            canvas.pen(name, 0).name(role, text, usize::from(room));
        }
        let mut clip = canvas.clip(Rect { x, width, ..area }.intersection(area));
        let mut cell = 0;
        let mut spots = Vec::new();
        for at in nodes {
            let (cells, has_parts) = match self.plan.grain {
                Grain::Node => (1, false),
                Grain::Gpu(gpus) => (gpus as u16, true),
            };
            spots.push(Spot { area: Rect { x: x.saturating_add(cell), width: cells, ..area }, of: *at, has_parts });
            match self.plan.grain {
                Grain::Node => {
                    node_cell(self.ten, *at).draw(&mut clip, cell, 0);
                    cell += 1;
                }
                Grain::Gpu(gpus) => {
                    for gpu in 0..gpus {
                        if let Some(heat) = gpu_cell(self.ten, *at, gpu) {
                            heat.draw(&mut clip, cell + gpu as u16, 0);
                        }
                    }
                    cell += gpus as u16 + 1;
                }
            }
        }
        canvas.spots.extend(spots);
        if is_chosen {
            canvas.ground(name, Role::Panel);
        }
        Rect { x: begin, width: (x + width).saturating_sub(begin), ..area }.intersection(area)
    }

    /// Load, KV, queue and profit of the row's units together.
    fn figures(&self, canvas: &mut Canvas<'_>, area: Rect, row: &PlanRow) {
        let units: Vec<_> = row.slots.iter().filter_map(|slot| self.units.get(slot.unit)).collect();
        let mean = |of: fn(&UnitLine<'_>) -> Option<Ratio>| {
            let known: Vec<f64> = units.iter().filter_map(|line| of(line)).map(Ratio::get).collect();
            Ratio::of(known.iter().sum(), known.len() as f64)
        };
        let load = human::percent(mean(|line| line.row.utilization));
        let kv = mean(|line| line.row.kv_usage);
        let waiting = units.iter().filter_map(|line| line.row.waiting).reduce(|a, b| a + b);
        let profit = units.iter().map(|line| line.profit()).collect::<Option<Vec<Money>>>();
        let profit = profit.map(|all| all.into_iter().fold(Money::ZERO, |a, b| a + b));
        let place = Rect { x: area.right().saturating_sub(FIGURES), width: FIGURES, ..area }.intersection(area);
        let mut pen = canvas.pen(place, 0);
        let role = |text: &str| if text.trim() == human::UNKNOWN { Role::Dim } else { Role::Text };
        pen.right(role(&load), load.trim(), 5);
        let text = human::percent(kv);
        let is_full = kv.is_some_and(|kv| kv.get() >= 0.9);
        pen.right(if is_full { Role::Warning } else { role(&text) }, text.trim(), 6);
        let text = waiting.map_or(human::UNKNOWN.to_owned(), human::compact);
        pen.right(if waiting.is_some_and(|n| n > 20) { Role::Warning } else { role(&text) }, &text, 6);
        let (role, text) = match profit {
            None => (Role::Dim, human::UNKNOWN.to_owned()),
            Some(profit) if profit < Money::ZERO => (Role::Loss, human::signed(profit, 9)),
            Some(profit) => (Role::Gain, human::signed(profit, 9)),
        };
        pen.right(role, &text, 9);
    }
}

/// The cell of a node: the mean of its GPUs.
pub(super) fn node_cell(scene: &Scene<'_>, at: usize) -> Heat {
    let Some(node) = scene.snap.nodes.get(at) else { return Heat::Unknown };
    match state_of(node) {
        Health::Live => match scene.app.charts.cells {
            Cells::Load => scene.app.heat.node(at).map_or(Heat::Unknown, Heat::Level),
            cells => {
                let known: Vec<f64> = node.gpus.iter().filter_map(|gpu| cells.share(gpu)).collect();
                Heat::of(Ratio::of(known.iter().sum(), known.len() as f64).map(Ratio::get))
            }
        },
        state => silent(state),
    }
}

fn gpu_cell(scene: &Scene<'_>, at: usize, gpu: usize) -> Option<Heat> {
    let row = scene.snap.nodes.get(at)?.gpus.get(gpu)?;
    Some(match (row.state, scene.app.charts.cells) {
        (Health::Live, Cells::Load) => scene.app.heat.gpu(at, gpu).map_or(Heat::Unknown, Heat::Level),
        (Health::Live, cells) => cells.share(row).map_or(Heat::Unknown, |share| Heat::Level(HeatLevel::at(share))),
        (state, _) => silent(state),
    })
}

fn silent(state: Health) -> Heat {
    match state {
        Health::Lost => Heat::Lost,
        Health::Stale => Heat::Silent,
        Health::Live | Health::Never => Heat::Unknown,
    }
}
