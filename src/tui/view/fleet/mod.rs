//! The fleet in the finest form that fits: a row for each GPU, a row for each node, or a map by unit.

mod group_table;
mod groups;
mod map;
mod plan;

use super::node_parts;
use std::collections::HashMap;

use ratatui::layout::Rect;

use super::gpus::{GpuOf, gpu_columns, with_load_line};
use super::list::{List, sort};
use super::nodes;
use super::{Hits, ListKey, OnEnter, SortOrder, ViewId, ViewPlace, list};
use crate::snapshot::NodeRow;
use crate::tui::app::RefreshPace;
use crate::tui::frame_input::{FrameInput, GpuLine};
use crate::tui::widgets::Canvas;
use groups::{FleetGroup, GroupKind, folded, groups};

/// The number of GPUs up to which each has a row.
const GPU_ROWS: usize = 16;
/// The number of nodes up to which each has a row, even if they belong to units.
const NODE_ROWS: usize = 16;
/// The width in columns from which units are a map instead of a table.
const MAP: u16 = 108;

/// What the rows of the fleet are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Gpus,
    Nodes,
    /// Units, and nodes without a unit.
    Groups,
    /// Without GPUs: the engines.
    Engines,
}

/// The form for a fleet of this size.
pub(super) fn form(input: &FrameInput<'_>) -> Form {
    let snap = input.snap;
    match (snap.gpus.count, snap.nodes.len()) {
        (0, _) => Form::Engines,
        (gpus, _) if gpus <= GPU_ROWS => Form::Gpus,
        (_, nodes) if nodes <= NODE_ROWS => Form::Nodes,
        (_, nodes) if snap.units.is_empty() && (nodes <= NODE_ROWS + 8 || !is_map(input)) => Form::Nodes,
        _ => Form::Groups,
    }
}

/// The rows that the form needs with its heading; `None` if it takes as many as there are.
pub(super) fn needs(input: &FrameInput<'_>) -> Option<u16> {
    match form(input) {
        Form::Gpus => Some(gpu_lines(input).len().max(1) as u16 + 1),
        Form::Nodes if input.snap.nodes.len() <= NODE_ROWS + 8 => Some(input.snap.nodes.len() as u16 + 1),
        Form::Engines => Some(0),
        _ => None,
    }
}

/// The rows that all entries take with their heading in `area`, where [`needs`] returns `None`.
pub(super) fn needs_of_all(input: &FrameInput<'_>, area: Rect) -> u16 {
    let slow = input.at(RefreshPace::FiveSeconds);
    match form(input) {
        Form::Groups if is_map(input) => map::needs(groups(&slow), input, area),
        Form::Groups => folded(&slow, groups(&slow)).len().min(1_000) as u16 + 1,
        _ => input.snap.nodes.len().min(1_000) as u16 + 1,
    }
}

/// Whether `area` shows all groups as a map with a cell for each GPU.
pub(super) fn has_gpu_cells(input: &FrameInput<'_>, area: Rect) -> bool {
    let slow = input.at(RefreshPace::FiveSeconds);
    form(input) == Form::Groups && is_map(input) && map::has_gpu_cells(groups(&slow), input, area)
}

/// Draws the detail of the chosen row of `list`: a node, or the nodes of a unit.
pub(super) fn detail(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, list: Rect) {
    match chosen(input, list) {
        Some(Chosen::Node(name)) => node_parts::summary(canvas, area, input, &name),
        Some(Chosen::Unit(unit)) => {
            let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
            nodes::of_group(canvas, below, &input.at(RefreshPace::FiveSeconds), &unit);
        }
        Some(Chosen::Model(model)) => {
            let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
            nodes::of_model(canvas, below, &input.at(RefreshPace::FiveSeconds), &model);
        }
        None => {}
    }
}

/// The keys of the rows, in order.
pub(super) fn rows(input: &FrameInput<'_>, area: Rect) -> Vec<ListKey> {
    let slow = input.at(RefreshPace::FiveSeconds);
    match form(input) {
        Form::Gpus => gpu_lines(&slow).iter().map(gpu_key).collect(),
        Form::Nodes => nodes::lines(&slow, ViewId::Overview).iter().map(nodes::key).collect(),
        Form::Groups => ordered(&slow, area).iter().map(FleetGroup::key).collect(),
        Form::Engines => Vec::new(),
    }
}

/// The indexes of the nodes that match the filter: those of matching units, and those of which all GPUs match.
pub(super) fn passing(input: &FrameInput<'_>) -> Vec<usize> {
    let slow = input.at(RefreshPace::FiveSeconds);
    let places = |names: &HashMap<&str, usize>| {
        let is_whole = |node: &NodeRow| names.get(node.name.as_str()).is_some_and(|gpus| *gpus >= node.gpus.len());
        let nodes = input.snap.nodes.iter().enumerate().filter(|(_, node)| is_whole(node));
        nodes.map(|(place, _)| place).collect()
    };
    match form(input) {
        Form::Gpus => {
            let lines = gpu_lines(&slow);
            let mut counts = HashMap::new();
            for line in &lines {
                *counts.entry(line.node.name.as_str()).or_default() += 1;
            }
            places(&counts)
        }
        Form::Nodes => {
            let lines = nodes::lines(&slow, ViewId::Overview);
            places(&lines.iter().map(|line| (line.row.name.as_str(), usize::MAX)).collect())
        }
        Form::Groups => groups(&slow).into_iter().flat_map(|group| group.nodes).collect(),
        Form::Engines => Vec::new(),
    }
}

/// The sort orders of the form.
pub(super) fn orders(input: &FrameInput<'_>) -> Vec<SortOrder> {
    let slow = input.at(RefreshPace::FiveSeconds);
    match form(input) {
        Form::Nodes => super::View::orders(&nodes::Nodes, &slow),
        Form::Groups if !is_map(input) => list::orders(&group_table::columns(&slow, group_table::NAME)),
        _ => Vec::new(),
    }
}

/// Where Enter leads.
pub(super) fn enter(input: &FrameInput<'_>, area: Rect) -> OnEnter {
    match chosen(input, area) {
        Some(Chosen::Node(node)) => OnEnter::Into(ViewPlace::about(ViewId::Node, &node)),
        Some(Chosen::Unit(name) | Chosen::Model(name)) => OnEnter::Into(ViewPlace::about(ViewId::Engines, &name)),
        None => OnEnter::Nowhere,
    }
}

/// The kind of the chosen row.
pub(super) enum Chosen {
    Node(String),
    Unit(String),
    /// Nodes without a unit that serve this model.
    Model(String),
}

impl Chosen {
    /// The name.
    pub(super) fn into_name(self) -> String {
        match self {
            Self::Node(name) | Self::Unit(name) | Self::Model(name) => name,
        }
    }
}

/// The chosen row as a node, unit or model.
pub(super) fn chosen(input: &FrameInput<'_>, area: Rect) -> Option<Chosen> {
    let slow = input.at(RefreshPace::FiveSeconds);
    let at = input.app.list_of(ViewId::Overview).place(&rows(input, area));
    match form(input) {
        Form::Gpus => gpu_lines(&slow).get(at).map(|line| Chosen::Node(line.node.name.to_string())),
        Form::Nodes => nodes::chosen(input, ViewId::Overview).map(Chosen::Node),
        Form::Groups => ordered(&slow, area).get(at).map(|group| {
            let name = group.name.to_owned();
            match group.kind {
                GroupKind::Unit => Chosen::Unit(name),
                GroupKind::Node => Chosen::Node(name),
                GroupKind::Model => Chosen::Model(name),
            }
        }),
        Form::Engines => None,
    }
}

/// The groups in the order in which `area` shows them.
fn ordered<'a>(input: &FrameInput<'a>, area: Rect) -> Vec<FleetGroup<'a>> {
    let groups = groups(input);
    if is_map(input) {
        return map::ordered(groups, input, area);
    }
    let mut groups = folded(input, groups);
    sort(&mut groups, &group_table::columns(input, group_table::NAME), input.app.list_of(ViewId::Overview));
    groups
}

/// Draws the fleet.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) -> Hits {
    let slow = input.at(RefreshPace::FiveSeconds);
    match form(input) {
        Form::Gpus => gpus(canvas, area, input, &slow),
        Form::Nodes => nodes::draw_list(canvas, area, &slow, &nodes::lines(&slow, ViewId::Overview), ViewId::Overview),
        Form::Groups if is_map(input) => map::draw(canvas, area, input, &ordered(&slow, area)),
        Form::Groups => group_table::draw(canvas, area, &slow, &ordered(&slow, area)),
        Form::Engines => Hits::default(),
    }
}

fn is_map(input: &FrameInput<'_>) -> bool {
    input.size.0 >= MAP
}

fn gpu_lines<'a>(input: &FrameInput<'a>) -> Vec<GpuLine<'a>> {
    input.gpu_lines()
}

fn gpu_key(line: &GpuLine<'_>) -> ListKey {
    ListKey::of(("gpu", line.node.name.as_str(), line.gpu.index))
}

fn gpus(canvas: &mut Canvas<'_>, area: Rect, live: &FrameInput<'_>, slow: &FrameInput<'_>) -> Hits {
    let several = slow.snap.nodes.len() > 1;
    // Loads change every second, the rest at the pace of tables.
    let now = live.gpu_lines();
    let lines: Vec<GpuOf<'_>> = gpu_lines(slow)
        .into_iter()
        .map(|line| {
            let same = now.iter().find(|now| now.node.name == line.node.name && now.gpu.uuid == line.gpu.uuid);
            let gpu = same.filter(|now| now.gpu.state != line.gpu.state).map_or(line.gpu, |now| now.gpu);
            GpuOf { node: line.node, gpu, at: several.then(|| line.node.name.as_str()) }
        })
        .collect();
    let columns = with_load_line(area.width, |cells| gpu_columns(slow, &lines, area.width, cells));
    let key = |line: &GpuOf<'_>| ListKey::of(("gpu", line.node.name.as_str(), line.gpu.index));
    let state = Some(slow.app.list_of(ViewId::Overview));
    List { key: &key, state, ..List::plain("GPUs", &columns, &lines) }.draw(canvas, area)
}
