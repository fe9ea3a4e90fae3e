//! Units and nodes as a map: a cell for each GPU or node, and the profit of each unit beside it.

use ratatui::layout::Rect;

use super::groups::{FleetGroup, GroupKind, by_name, folded, worst_first};
use super::plan::{FleetGrain, FleetPlan, PlanRow, PlanSlot, PlanUnit, SMALL, ending, prefix};
use crate::tui::app::{Cells, RefreshPace};
use crate::tui::figures_of;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::view::heat::{FleetHeat, has_no_limits};
use crate::tui::view::list::filter_note;
use crate::tui::view::served::name_role;
use crate::tui::view::{Hit, Hits, ListKey, ViewId};
use crate::tui::widgets::heat_cell::legend;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment, Spot};
use crate::units::{Money, Ratio};

/// The cells of a unit's figures: load, KV, queue, profit per hour.
const FIGURES: u16 = 26;
/// The cells of labels, and of labels on wide screens.
const LABEL: u16 = 8;

/// Orders the groups for `area`: by name if all fit with a cell for each GPU; else nodes without a unit are merged by model,
/// as their names take more cells than their loads; if there are still too many, the lowest profits come first.
pub(super) fn ordered<'a>(mut groups: Vec<FleetGroup<'a>>, input: &FrameInput<'a>, area: Rect) -> Vec<FleetGroup<'a>> {
    by_name(&mut groups);
    let rows = |plan: &FleetPlan| plan.rows.len() <= rows_in(area);
    let (_, whole) = planned(&groups, input, area);
    if rows(&whole) && whole.grain != FleetGrain::Node {
        return groups;
    }
    groups = folded(input, groups);
    by_name(&mut groups);
    if !rows(&planned(&groups, input, area).1) {
        worst_first(&mut groups, prefix);
        name_whole_runs(&mut groups, input, area);
    }
    groups
}

/// Sorts small units of one prefix by name where all of them are shown, so that a unit keeps its place.
fn name_whole_runs(groups: &mut [FleetGroup<'_>], input: &FrameInput<'_>, area: Rect) {
    let shown = planned(groups, input, area).1.shown(rows_in(area).saturating_sub(1));
    let mut from = 0;
    while let Some(first) = groups.get(from) {
        let shared = prefix(first.name).to_owned();
        let is_of = |group: &&FleetGroup<'_>| !is_alone(group) && prefix(group.name) == shared;
        let run = groups.iter().skip(from).take_while(is_of).count();
        if let Some(run) = groups.get_mut(from..from + run).filter(|_| from + run <= shown) {
            by_name(run);
        }
        from += run.max(1);
    }
}

/// The rows that all groups take with their heading, in the finest grain that fits `area`.
pub(super) fn needs(groups: Vec<FleetGroup<'_>>, input: &FrameInput<'_>, area: Rect) -> u16 {
    let (_, plan) = planned(&ordered(groups, input, area), input, area);
    // An empty result takes a row that says so.
    u16::try_from(plan.rows.len().max(1) + 1).unwrap_or(u16::MAX)
}

/// Whether all groups fit with a cell for each GPU.
pub(super) fn has_gpu_cells(groups: Vec<FleetGroup<'_>>, input: &FrameInput<'_>, area: Rect) -> bool {
    let (_, plan) = planned(&ordered(groups, input, area), input, area);
    plan.grain != FleetGrain::Node && plan.rows.len() <= rows_in(area)
}

fn rows_in(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(1))
}

/// The plan, and the width of labels.
fn planned(groups: &[FleetGroup<'_>], input: &FrameInput<'_>, area: Rect) -> (u16, FleetPlan) {
    let gpus = input.snap.nodes.iter().map(|node| node.gpus.len()).max().unwrap_or(1).clamp(1, 32);
    let gpus = Some(gpus).filter(|_| input.app.charts.cells.is_of_gpus());
    let labels: Vec<_> = groups.iter().map(FleetGroup::label).collect();
    let widths = |of_models: bool| {
        let of_kind =
            groups.iter().zip(&labels).filter(move |(group, _)| (group.kind == GroupKind::Model) == of_models);
        let widths = of_kind.map(|(group, name)| format::width(if is_alone(group) { name } else { prefix(name) }));
        widths.max().unwrap_or(0).clamp(usize::from(LABEL), 16) as u16 + 1
    };
    let (label, of_models) = (widths(false), widths(true).max(widths(false)));
    let cells = area.width.saturating_sub(label + FIGURES + 1);
    let sizes: Vec<PlanUnit<'_>> = groups
        .iter()
        .zip(&labels)
        .map(|(group, name)| PlanUnit {
            name,
            nodes: group.nodes.len(),
            is_alone: is_alone(group),
            indent: if group.kind == GroupKind::Model { usize::from(of_models - label) } else { 0 },
        })
        .collect();
    let room = [label, cells, area.width.saturating_sub(label)].map(usize::from);
    (label, FleetPlan::new(&sizes, gpus, room, rows_in(area)))
}

/// Whether a group has rows of its own.
fn is_alone(group: &FleetGroup<'_>) -> bool {
    group.kind == GroupKind::Model || group.nodes.len() > SMALL
}

/// Draws the map.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, groups: &[FleetGroup<'_>]) -> Hits {
    let (label, plan) = planned(groups, input, area);
    let heat = FleetHeat::new(input.at(RefreshPace::TenSeconds));
    let is_whole = plan.rows.iter().filter_map(|row| row_profit(groups, row)).any(format::is_whole);
    let map = Map { input, heat, groups, plan: &plan, is_whole };
    map.heading(canvas, area);
    if groups.is_empty()
        && let Some(note) = filter_note(&input.app.filter, &figures_of::GROUP, 0, 0)
    {
        let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }.intersection(area);
        canvas.writer(below, 0).put(Role::Dim, &note);
    }
    let room = rows_in(area);
    let is_cut = plan.rows.len() > room;
    let shown = if is_cut { room.saturating_sub(1) } else { plan.rows.len() };
    let keys: Vec<ListKey> = groups.iter().map(FleetGroup::key).collect();
    let chosen = input.app.list_of(ViewId::Overview).key(&keys);
    let mut hits = Hits::of_page(shown);
    for (y, row) in (area.y + 1..).zip(plan.rows.iter().take(shown)) {
        let line = Rect { y, height: 1, ..area }.intersection(area);
        hits.extend(map.row(canvas, line, label, row, chosen));
    }
    if is_cut && area.height > 1 {
        let last = Rect { y: area.bottom() - 1, height: 1, ..area };
        let key = if has_units(groups) { 4 } else { 2 };
        let hidden = counted(groups.get(plan.shown(shown)..).unwrap_or_default());
        canvas.writer(last, 0).put(Role::Dim, &format!("… {hidden}, the worst stand above: {key} lists them"));
    }
    hits
}

/// `31 more units`, `2 more units and 14 nodes`: nodes that stand under their model are counted one by one.
fn counted(hidden: &[FleetGroup<'_>]) -> String {
    let count = |number: usize, more: &str, one: &str| {
        format!("{}{more} {one}{}", format::grouped(number as u128), if number == 1 { "" } else { "s" })
    };
    let (units, nodes): (Vec<_>, Vec<_>) = hidden.iter().partition(|group| group.kind == GroupKind::Unit);
    let nodes: usize = nodes.iter().map(|group| group.nodes.len()).sum();
    match (units.len(), nodes) {
        (0, nodes) => count(nodes, " more", "node"),
        (units, 0) => count(units, " more", "unit"),
        (units, nodes) => format!("{} and {}", count(units, " more", "unit"), count(nodes, "", "node")),
    }
}

fn has_units(groups: &[FleetGroup<'_>]) -> bool {
    groups.iter().any(|group| group.kind == GroupKind::Unit)
}

struct Map<'m, 'a> {
    input: &'m FrameInput<'a>,
    heat: FleetHeat<'a>,
    groups: &'m [FleetGroup<'a>],
    plan: &'m FleetPlan,
    /// Whether the profits have no cents.
    is_whole: bool,
}

/// The groups of a row.
fn groups_of<'g, 'a>(groups: &'g [FleetGroup<'a>], row: &'g PlanRow) -> impl Iterator<Item = &'g FleetGroup<'a>> {
    row.slots.iter().filter_map(|slot| groups.get(slot.unit))
}

/// The profit of the groups of a row; `None` if that of any is unknown.
fn row_profit(groups: &[FleetGroup<'_>], row: &PlanRow) -> Option<Money> {
    let profits: Option<Vec<Money>> = groups_of(groups, row).map(|group| group.profit).collect();
    profits.map(|all| all.into_iter().fold(Money::ZERO, |a, b| a + b))
}

impl Map<'_, '_> {
    fn heading(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let cells = self.input.app.charts.cells;
        let (what, range) = if cells == Cells::Power && has_no_limits(self.input) {
            (cells.names().0, Cells::Profit.names().1)
        } else {
            cells.names()
        };
        let a_cell = if self.plan.grain == FleetGrain::Node { "a node" } else { "a GPU" };
        let is_wide = area.width >= 160;
        let mean = if cells == Cells::Load { ", mean of 10 s" } else { "" };
        let title = match (has_units(self.groups), is_wide) {
            (true, true) => "Fleet by unit",
            (true, false) => "Units",
            (false, true) => "Fleet by node",
            (false, false) => "Nodes",
        };
        let text = if is_wide { format!("{range}{mean}, a cell is {a_cell} · ") } else { a_cell.to_owned() };
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
        let has_figures = self.plan.has_shared_figures || self.plan.rows.iter().any(|row| !row.is_shared);
        let headings = if has_figures { "load   KV queue profit/h" } else { "" };
        rule.right([Segment::dim(headings)]).draw(canvas, Rect { height: 1, ..area });
    }

    fn row(&self, canvas: &mut Canvas<'_>, area: Rect, label: u16, row: &PlanRow, chosen: Option<ListKey>) -> Hits {
        let mut hits = Hits::default();
        if let Some(prefix) = &row.prefix {
            canvas.writer(area, 0).name(Role::Dim, prefix, usize::from(label.saturating_sub(1)));
        }
        for slot in &row.slots {
            let Some(group) = self.groups.get(slot.unit) else { continue };
            let is_chosen = chosen == Some(group.key());
            let place = self.slot(canvas, area, row, slot, is_chosen);
            hits.push(place, Hit::Row(group.key()));
        }
        let is_first = row.slots.first().is_some_and(|slot| slot.nodes.start == 0);
        if is_first && (!row.is_shared || self.plan.has_shared_figures) {
            self.figures(canvas, area, row);
        }
        hits
    }

    fn slot(&self, canvas: &mut Canvas<'_>, area: Rect, row: &PlanRow, slot: &PlanSlot, is_chosen: bool) -> Rect {
        let Some(group) = self.groups.get(slot.unit) else { return Rect::default() };
        let nodes = group.nodes.get(slot.nodes.clone()).unwrap_or(&[]);
        let x = area.x.saturating_add(slot.cells as u16);
        let width = self.plan.grain.cells(nodes.len()) as u16;
        let begin = area.x.saturating_add(slot.label as u16);
        let name = Rect { x: begin, width: (slot.cells - slot.label) as u16, ..area }.intersection(area);
        let label = group.label();
        let text = if row.is_shared { ending(&label) } else { &label };
        let role = match name_role(group.gravest) {
            Role::Text if row.is_shared => Role::Dim,
            role => role,
        };
        if slot.nodes.start == 0 {
            let room =
                if self.plan.has_shared_figures || !row.is_shared { name.width.saturating_sub(1) } else { name.width };
            canvas.writer(name, 0).name(role, text, usize::from(room));
        }
        let mut clip = canvas.clip(Rect { x, width, ..area }.intersection(area));
        let mut cell = 0;
        let mut spots = Vec::new();
        for at in nodes {
            let (cells, has_parts) = match self.plan.grain {
                FleetGrain::Node => (1, false),
                FleetGrain::Gpu(gpus) => (gpus as u16, true),
            };
            spots.push(Spot { area: Rect { x: x.saturating_add(cell), width: cells, ..area }, of: *at, has_parts });
            match self.plan.grain {
                FleetGrain::Node => {
                    self.heat.node(*at).draw(&mut clip, cell, 0);
                    cell += 1;
                }
                FleetGrain::Gpu(gpus) => {
                    for gpu in 0..gpus {
                        if let Some(heat) = self.heat.gpu(*at, gpu) {
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

    /// Load, KV, queue and profit of the row's units combined.
    fn figures(&self, canvas: &mut Canvas<'_>, area: Rect, row: &PlanRow) {
        let groups: Vec<_> = groups_of(self.groups, row).collect();
        let mean = |of: fn(&FleetGroup<'_>) -> Option<Ratio>| {
            let known: Vec<f64> = groups.iter().filter_map(|group| of(group)).map(Ratio::get).collect();
            Ratio::of(known.iter().sum(), known.len() as f64)
        };
        let load = format::percent(mean(|group| group.load));
        let kv = mean(|group| group.kv);
        let waiting = groups.iter().filter_map(|group| group.waiting).reduce(|a, b| a + b);
        let place = Rect { x: area.right().saturating_sub(FIGURES), width: FIGURES, ..area }.intersection(area);
        let mut writer = canvas.writer(place, 0);
        let role = |text: &str| if text.trim() == format::UNKNOWN { Role::Dim } else { Role::Text };
        writer.right(role(&load), load.trim(), 5);
        let text = format::percent(kv);
        let is_full = kv.is_some_and(|kv| kv.get() >= 0.9);
        writer.right(if is_full { Role::Warning } else { role(&text) }, text.trim(), 6);
        let text = waiting.map_or(format::UNKNOWN.to_owned(), format::compact);
        writer.right(if waiting.is_some_and(|n| n > 20) { Role::Warning } else { role(&text) }, &text, 6);
        let written = |profit| if self.is_whole { format::signed_whole(profit, 9) } else { format::signed(profit, 9) };
        let (role, text) = match row_profit(self.groups, row) {
            None => (Role::Dim, format::UNKNOWN.to_owned()),
            Some(profit) => (if profit < Money::ZERO { Role::Loss } else { Role::Gain }, written(profit)),
        };
        writer.right(role, &text, 9);
    }
}
