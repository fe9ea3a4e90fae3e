//! The fleet in the finest form that fits: a row a GPU, a row a node, or a map by unit.

mod map;
mod plan;

use ratatui::layout::Rect;

use super::cells::full;
use super::gpus::{GpuOf, gpu_columns};
use super::list::{By, Col, List, count, figure, said, sort};
use super::nodes;
use super::served::{alerted, name_role};
use super::{Entry, Hits, Order, Place, RowKey, ViewId, list, tables};
use crate::reading::Health;
use crate::snapshot::{Severity, UnitRow};
use crate::tui::app::Pace;
use crate::tui::human;
use crate::tui::scene::{GpuLine, Scene, number};
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;
use crate::tui::widgets::heat_cell::Heat;
use crate::tui::widgets::table::Cell;
use crate::units::{Money, Ratio};

/// GPUs up to which each has a row.
const GPU_ROWS: usize = 16;
/// Nodes up to which each has a row, though they are in units.
const NODE_ROWS: usize = 16;
/// Columns from which units stand as a map and not as a table.
const MAP: u16 = 108;

/// What the rows of the fleet are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Gpus,
    Nodes,
    Units,
    /// There are no GPUs: the engines stand in their place.
    Engines,
}

/// The form for a fleet of this size.
pub(super) fn form(scene: &Scene<'_>) -> Form {
    let snap = scene.snap;
    match (snap.gpus.count, snap.nodes.len()) {
        (0, _) => Form::Engines,
        (gpus, _) if gpus <= GPU_ROWS => Form::Gpus,
        (_, nodes) if snap.units.is_empty() || nodes <= NODE_ROWS => Form::Nodes,
        _ => Form::Units,
    }
}

/// Rows that the form needs with its heading; `None`: as many as there are.
pub(super) fn needs(scene: &Scene<'_>) -> Option<u16> {
    match form(scene) {
        Form::Gpus => Some(gpu_lines(scene).len().max(1) as u16 + 1),
        Form::Nodes if scene.snap.nodes.len() <= NODE_ROWS + 8 => Some(scene.snap.nodes.len() as u16 + 1),
        Form::Engines => Some(0),
        _ => None,
    }
}

/// The rows in their order.
pub(super) fn rows(scene: &Scene<'_>) -> Vec<RowKey> {
    let slow = scene.at(Pace::FiveSeconds);
    match form(scene) {
        Form::Gpus => gpu_lines(&slow).iter().map(gpu_key).collect(),
        Form::Nodes => nodes::lines(&slow, ViewId::Overview).iter().map(nodes::key).collect(),
        Form::Units => units(&slow).iter().map(unit_key).collect(),
        Form::Engines => Vec::new(),
    }
}

/// What they can be sorted by.
pub(super) fn orders(scene: &Scene<'_>) -> Vec<Order> {
    let slow = scene.at(Pace::FiveSeconds);
    match form(scene) {
        Form::Nodes => super::View::orders(&nodes::Nodes, &slow),
        Form::Units if !is_map(scene) => list::orders(&columns(&slow)),
        _ => Vec::new(),
    }
}

/// Where Enter leads.
pub(super) fn enter(scene: &Scene<'_>) -> Entry {
    match (form(scene), chosen(scene)) {
        (Form::Gpus | Form::Nodes, Some(node)) => Entry::Into(Place::about(ViewId::Node, &node)),
        (Form::Units, Some(unit)) => Entry::Into(Place::about(ViewId::Engines, &unit)),
        _ => Entry::Nowhere,
    }
}

/// The node or unit of the chosen row.
pub(super) fn chosen(scene: &Scene<'_>) -> Option<String> {
    let slow = scene.at(Pace::FiveSeconds);
    let at = scene.app.list_of(ViewId::Overview).place(&rows(scene));
    match form(scene) {
        Form::Gpus => gpu_lines(&slow).get(at).map(|line| line.node.name.to_string()),
        Form::Nodes => nodes::chosen(scene, ViewId::Overview),
        Form::Units => units(&slow).get(at).map(|line| line.row.unit.to_string()),
        Form::Engines => None,
    }
}

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) -> Hits {
    let slow = scene.at(Pace::FiveSeconds);
    match form(scene) {
        Form::Gpus => gpus(canvas, area, scene, &slow),
        Form::Nodes => nodes::draw_list(canvas, area, &slow, &nodes::lines(&slow, ViewId::Overview), ViewId::Overview),
        Form::Units if is_map(scene) => map::draw(canvas, area, scene, &units(&slow)),
        Form::Units => unit_table(canvas, area, &slow),
        Form::Engines => Hits::default(),
    }
}

fn is_map(scene: &Scene<'_>) -> bool {
    scene.size.0 >= MAP
}

fn gpu_lines<'a>(scene: &Scene<'a>) -> Vec<GpuLine<'a>> {
    scene.gpu_lines()
}

fn gpu_key(line: &GpuLine<'_>) -> RowKey {
    RowKey::of(("gpu", line.node.name.as_str(), line.gpu.index))
}

fn gpus(canvas: &mut Canvas<'_>, area: Rect, live: &Scene<'_>, slow: &Scene<'_>) -> Hits {
    let several = slow.snap.nodes.len() > 1;
    // Loads move every second, the rest with the tables.
    let now = live.gpu_lines();
    let lines: Vec<GpuOf<'_>> = gpu_lines(slow)
        .into_iter()
        .map(|line| {
            let same = now.iter().find(|now| now.node.name == line.node.name && now.gpu.uuid == line.gpu.uuid);
            let gpu = same.filter(|now| now.gpu.state != line.gpu.state).map_or(line.gpu, |now| now.gpu);
            GpuOf { node: line.node, gpu, at: several.then(|| line.node.name.as_str()) }
        })
        .collect();
    let columns = gpu_columns(slow, &lines, area.width);
    let key = |line: &GpuOf<'_>| RowKey::of(("gpu", line.node.name.as_str(), line.gpu.index));
    let state = Some(slow.app.list_of(ViewId::Overview));
    List { key: &key, state, ..List::plain("GPUs", &columns, &lines) }.draw(canvas, area)
}

/// A unit with its gravest alert.
struct UnitLine<'a> {
    row: &'a UnitRow,
    gravest: Option<Severity>,
}

impl UnitLine<'_> {
    fn profit(&self) -> Option<Money> {
        Some(self.row.revenue_per_hour? - self.row.cost_per_hour?)
    }
}

fn unit_key(line: &UnitLine<'_>) -> RowKey {
    RowKey::of(("unit", line.row.unit.as_str()))
}

/// Units that the filter passes: by name on a map, the worst first in a table.
fn units<'a>(scene: &Scene<'a>) -> Vec<UnitLine<'a>> {
    let alerts = alerted(&scene.snap.alerts);
    // What is wrong with a node is wrong with its unit.
    let of_nodes = |unit: &UnitRow| {
        let nodes = scene.snap.nodes.iter().filter(|node| node.unit.as_ref() == Some(&unit.unit));
        nodes.filter_map(|node| alerts.get(node.name.as_str())).max().copied()
    };
    let accepted = |unit: &&UnitRow| scene.app.filter.accepts(&[("unit", unit.unit.as_str())]);
    let line = |row: &'a UnitRow| UnitLine { row, gravest: alerts.get(row.unit.as_str()).copied().max(of_nodes(row)) };
    let mut lines: Vec<UnitLine<'a>> = scene.snap.units.iter().filter(accepted).map(line).collect();
    if is_map(scene) {
        lines.sort_by_cached_key(|line| human::natural(line.row.unit.as_str()));
    } else {
        sort(&mut lines, &columns(scene), scene.app.list_of(ViewId::Overview));
    }
    lines
}

fn columns<'s, 'a: 's>(scene: &'s Scene<'a>) -> Vec<Col<'s, UnitLine<'a>>> {
    type C<'s, 'a> = Col<'s, UnitLine<'a>>;
    vec![
        C::left("Units", 10, |line| said(name_role(line.gravest), line.row.unit.to_string()))
            .stretch(1, 18)
            .rising(|line| By::Name(line.row.unit.to_string())),
        C::left("load, a cell a node", 18, |line| Cell::Heat(node_cells(scene, line.row))).rank(2).stretch(1, 24),
        C::right("now", 5, |line| figure(&human::percent(line.row.utilization)))
            .falling(|line| By::Number(line.row.utilization.map(Ratio::get))),
        C::right("KV", 5, |line| full(line.row.kv_usage)).falling(|line| By::Number(line.row.kv_usage.map(Ratio::get))),
        C::right("queue", 5, |line| count(line.row.waiting))
            .falling(|line| By::Number(line.row.waiting.map(|n| n as f64))),
        C::right("worst rank", 10, worst).rank(1),
        C::right("profit/h", 9, |line| tables::profit(line.profit()))
            .rising(|line| By::Number(number(line.profit())))
            .first(),
    ]
}

fn worst(line: &UnitLine<'_>) -> Cell<'static> {
    line.row.worst.as_ref().map_or_else(Cell::unknown, |worst| {
        let text = format!("r{} {:.2}x", human::shorten(worst.rank.as_str(), 4), worst.over_mean.get().min(99.0));
        if worst.over_mean.get() >= 1.2 { said(Role::Warning, text) } else { Cell::dim(text) }
    })
}

fn node_cells(scene: &Scene<'_>, unit: &UnitRow) -> Vec<Heat> {
    let ten = scene.at(Pace::TenSeconds);
    let nodes = ten.snap.nodes.iter().enumerate().filter(|(_, node)| node.unit.as_ref() == Some(&unit.unit));
    nodes.map(|(at, _)| map::node_cell(&ten, at)).collect()
}

fn unit_table(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) -> Hits {
    let lines = units(scene);
    let columns = columns(scene);
    let state = Some(scene.app.list_of(ViewId::Overview));
    List { key: &unit_key, state, ..List::plain("Units", &columns, &lines) }.draw(canvas, area)
}

/// The state of a node that is drawn in one cell: lost as soon as one of its GPUs is.
fn state_of(node: &crate::snapshot::NodeRow) -> Health {
    let one_is_lost = node.gpus.iter().any(|gpu| gpu.state == Health::Lost);
    if one_is_lost { Health::Lost } else { node.state }
}
