//! The nodes view: which node loses money. The chosen node is shown below the list where it fits.

use super::node_parts;
use std::collections::HashMap;

use ratatui::layout::Rect;

use super::list::{Col, List, count, figure, known_sum};
pub(super) use super::node_columns::NodeLine;
use super::node_columns::{AIRY, TITLE, columns, float, gap, gpus_heading, load};
use super::served::{alerted, by_node};
use super::settled::{settle, sort_by_name};
use super::{
    Hits, Layout, ListKey, OnEnter, Part, SortOrder, View, ViewId, ViewPlace, latencies, list, profit_cells, tables,
};
use crate::history::{Measure, Query, Subject};
use crate::reading::Health;
use crate::snapshot::{NodeRow, NonModelProfit};
use crate::statement::RowKind;
use crate::tui::app::{Command, FigureValue, RefreshPace};
use crate::tui::figures_of;
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::layout::{from_chosen, stacked};
use crate::tui::pane;
use crate::tui::widgets::Canvas;
use crate::tui::widgets::heat_cell::Heat;
use crate::tui::widgets::table::{Cell, TableRow, Tree};
use crate::units::{Money, Ratio, Span};

/// The rows of the chosen node below the list.
const DETAIL: u16 = node_parts::SUMMARY;
/// The least columns for a node's figures beside its profit.
const SIDE: u16 = 76;
/// The rows of the chosen node below the nodes of a unit.
const WORST: u16 = 12;

/// The nodes view.
pub(super) struct Nodes;

impl View for Nodes {
    fn title(&self) -> &'static str {
        "nodes"
    }

    fn key(&self) -> Option<char> {
        Some('2')
    }

    fn orders(&self, input: &FrameInput<'_>) -> Vec<SortOrder> {
        list::orders(&columns(&input.at(RefreshPace::FiveSeconds), 1.0))
    }

    fn rows(&self, input: &FrameInput<'_>) -> Vec<ListKey> {
        lines(&input.at(RefreshPace::FiveSeconds), ViewId::Nodes).iter().map(key).collect()
    }

    fn layout(&self, input: &FrameInput<'_>, area: Rect) -> Layout {
        let mut layout = Layout::default();
        let basis = Rect { y: area.bottom().saturating_sub(1), height: u16::from(area.height > 12), ..area };
        layout.put(Part::Basis, basis);
        let room = area.height - basis.height;
        let rows = input.snap.nodes.len().min(1_000) as u16 + 2 + parts(input).len() as u16;
        // Rows that the list does not need show the chosen node; a long list gives up some of its rows for it.
        let detail = match room.saturating_sub(rows) {
            spare if spare >= DETAIL => spare,
            _ if room >= DETAIL + 12 => DETAIL,
            spare if spare >= node_parts::SHORTEST && area.width >= SIDE => spare,
            _ => 0,
        };
        layout.put(Part::List, Rect { height: room - detail, ..area });
        layout.put(Part::Table(0), Rect { y: area.y + room - detail, height: detail, ..area });
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, input: &FrameInput<'_>, layout: &Layout) -> Hits {
        let slow = input.at(RefreshPace::FiveSeconds);
        let lines = lines(&slow, ViewId::Nodes);
        let hits = layout.area(Part::List).map(|area| draw_list(canvas, area, &slow, &lines, ViewId::Nodes));
        if let Some(area) = layout.area(Part::Table(0)) {
            let keys: Vec<ListKey> = lines.iter().map(key).collect();
            let place = input.app.list_of(ViewId::Nodes).place(&keys);
            summaries(canvas, area, input, from_chosen(&lines, place).map(|line| line.row));
        }
        if let Some(area) = layout.area(Part::Basis) {
            pane::basis(canvas, area, input);
        }
        hits.unwrap_or_default()
    }

    fn enter(&self, input: &FrameInput<'_>) -> OnEnter {
        self.chosen(input).map_or(OnEnter::Nowhere, |name| OnEnter::Into(ViewPlace::about(ViewId::Node, &name)))
    }

    fn chosen(&self, input: &FrameInput<'_>) -> Option<String> {
        chosen(input, ViewId::Nodes)
    }

    fn commands(&self) -> &'static [Command] {
        &[
            Command::Enter,
            Command::Filter,
            Command::Sort,
            Command::StepSpan(crate::tui::app::Direction::Previous),
            Command::AlertsOf,
        ]
    }
}

/// Draws the first of the nodes, and below it as many as fit with all of their parts.
fn summaries<'n>(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    nodes: impl Iterator<Item = &'n NodeRow>,
) {
    let nodes: Vec<&NodeRow> = nodes.take(usize::from(area.height / DETAIL).max(1)).collect();
    let height = nodes.first().map_or(0, |node| node_parts::whole_summary(input, node, area.width));
    for (node, area) in nodes.iter().zip(stacked(area, height, DETAIL, nodes.len())) {
        node_parts::summary(canvas, area, input, node.name.as_str());
    }
}

/// The nodes that match the filter, in the sort order of a view's list.
pub(super) fn lines<'a>(input: &FrameInput<'a>, view: ViewId) -> Vec<NodeLine<'a>> {
    let mut lines = of(input, input.snap.nodes.iter().map(AsRef::as_ref));
    lines.retain(|line| judged(input, line) == Some(true));
    settle(&mut lines, &columns(input, 1.0), input, view, key);
    lines
}

/// Whether the filter matches a node; `None` if only unknown figures keep it out.
fn judged(input: &FrameInput<'_>, line: &NodeLine<'_>) -> Option<bool> {
    let row = line.row;
    let unit = row.unit.as_ref().map_or("", |unit| unit.as_str());
    let state = if row.state == Health::Live { "live" } else { "stale lost never" };
    let model = line.served.model.unwrap_or_default();
    let fields = [("node", row.name.as_str()), ("unit", unit), ("model", model), ("state", state)];
    input.app.filter.judge(&fields, |key| figure_of(line, key))
}

/// The note about the filter below the list.
fn filter_note(input: &FrameInput<'_>, passes: usize) -> Option<String> {
    if input.app.filter.text().is_empty() {
        return None;
    }
    let all = of(input, input.snap.nodes.iter().map(AsRef::as_ref));
    list::filter_note(
        &input.app.filter,
        &FIGURES,
        passes,
        all.iter().filter(|line| judged(input, line).is_none()).count(),
    )
}

/// The figures that a filter can ask for.
const FIGURES: [&str; 10] = ["util", "load", "kv", "hit", "in", "out", "run", "wait", "ttft", "profit"];

/// A figure that a filter can ask for.
fn figure_of(line: &NodeLine<'_>, key: &str) -> FigureValue {
    let served = &line.served;
    Some(match key {
        "hit" => figures_of::percent(line.row.cache_hit_rate),
        "in" => line.row.prompt_per_second,
        "out" => line.row.output_per_second,
        "run" => float(served.running),
        "ttft" => served.ttft_p99,
        _ => return figures_of::of_group(load(line), served.kv(), served.waiting, line.row.profit_per_hour, key),
    })
}

/// Pairs nodes with their engines.
fn of<'a>(input: &FrameInput<'a>, rows: impl Iterator<Item = &'a NodeRow>) -> Vec<NodeLine<'a>> {
    let mut served = by_node(input.snap);
    let alerts = alerted(&input.snap.alerts);
    let line = |row: &'a NodeRow| {
        let mut served = served.remove(row.name.as_str()).unwrap_or_default();
        // Running requests are recorded by node, not by each of several ranks.
        if input.app.then().is_some() && served.running.is_none() {
            served.running = recorded(input, row, Measure::Running).map(|running| running.max(0.0).round() as u64);
        }
        NodeLine { row, served, gravest: alerts.get(row.name.as_str()).copied() }
    };
    rows.map(line).collect()
}

/// A measure of a node at the shown instant.
fn recorded(input: &FrameInput<'_>, row: &NodeRow, measure: Measure) -> Option<f64> {
    let subject = Subject::Node(row.name.clone());
    let query = Query { subject, measure, until: input.snap.at.minute(), step: Span::MINUTE, points: 1 };
    input.app.history.series(&query).points.first().copied().flatten()
}

/// The names of all nodes in the order of their list.
pub fn node_names(input: &FrameInput<'_>) -> Vec<String> {
    lines(&input.at(RefreshPace::FiveSeconds), ViewId::Nodes).iter().map(|line| line.row.name.to_string()).collect()
}

/// The chosen node of a view that lists nodes.
pub(super) fn chosen(input: &FrameInput<'_>, view: ViewId) -> Option<String> {
    let lines = lines(&input.at(RefreshPace::FiveSeconds), view);
    let keys: Vec<ListKey> = lines.iter().map(key).collect();
    lines.get(input.app.list_of(view).place(&keys)).map(|line| line.row.name.to_string())
}

pub(super) fn key(line: &NodeLine<'_>) -> ListKey {
    ListKey::of(("node", line.row.name.as_str()))
}

/// Draws the list with its total.
pub(super) fn draw_list<'a>(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'a>,
    lines: &[NodeLine<'a>],
    view: ViewId,
) -> Hits {
    let top = lines.iter().filter_map(|line| number(line.row.profit_per_hour)).fold(0.0, |a: f64, b| a.max(b.abs()));
    let columns = columns(input, top);
    let sums = |_: usize| sums(input, lines, &columns);
    let whole = |hidden: usize| total(input, hidden, &columns);
    let total: &dyn Fn(usize) -> TableRow<'static> = if input.app.filter.text().is_empty() { &whole } else { &sums };
    let is_filtered = !input.app.filter.text().is_empty();
    let has_total = is_filtered || lines.len() > 1 && view == ViewId::Nodes;
    let places: HashMap<&str, usize> =
        input.snap.nodes.iter().enumerate().map(|(place, node)| (node.name.as_str(), place)).collect();
    let list = List {
        key: &key,
        tree: &|_| Tree::None,
        state: Some(input.app.list_of(view)),
        total: (has_total && area.height > 3).then_some(total),
        beside: if is_filtered || view != ViewId::Nodes { Vec::new() } else { beside(input, &columns) },
        spots: Some((gpus_heading(input), &|line| Some((*places.get(line.row.name.as_str())?, line.row.gpus.len())))),
        gap: gap(input),
        note: filter_note(input, lines.len()),
        hidden: Some(&|lines| hidden(input, lines, &columns)),
        hint: latencies::hint(input).filter(|_| input.size.0 >= AIRY).into_iter().collect(),
        ..List::plain(TITLE, &columns, lines)
    };
    list.draw(canvas, area)
}

/// The row for nodes that did not fit: one cell for each, and the sum of their profits.
fn hidden(input: &FrameInput<'_>, lines: &[&NodeLine<'_>], columns: &[Col<'_, NodeLine<'_>>]) -> TableRow<'static> {
    let gpus = gpus_heading(input);
    let heat = |line: &&NodeLine<'_>| match line.row.state {
        _ if line.row.gpus.iter().any(|gpu| gpu.state == Health::Lost) => Heat::Lost,
        Health::Lost => Heat::Lost,
        Health::Stale => Heat::Silent,
        Health::Live | Health::Never => Heat::of(load(line).map(Ratio::get)),
    };
    let cells = columns.iter().map(|col| match col.name() {
        // A node of those that do not fit is one cell of its load: in another measure it would not be read.
        name if name == gpus && name == "GPUs" => Cell::Heat(lines.iter().map(heat).collect()),
        "profit/h" => {
            profit_cells::hidden_profit(lines.iter().map(|line| (line.row.profit_per_hour, line.row.cost_per_hour)))
        }
        _ => Cell::Empty,
    });
    TableRow::new(cells)
}

/// Draws the other nodes of a node's unit, the lowest profit first.
pub(super) fn of_unit(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, node: &NodeRow) {
    let is_other = |row: &&NodeRow| row.unit == node.unit && row.name != node.name;
    let others: Vec<&NodeRow> = input.snap.nodes.iter().map(AsRef::as_ref).filter(is_other).collect();
    let unit = node.unit.as_ref().map_or(String::new(), ToString::to_string);
    worst_of(canvas, area, input, format!("Others of {unit}"), &others);
}

/// Draws the nodes of a unit, the lowest profit first, and the first one in detail where there is room.
pub(super) fn of_group(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, unit: &str) {
    let is_of = |row: &&NodeRow| row.unit.as_ref().is_some_and(|of| of.as_str() == unit);
    let mut rows: Vec<&NodeRow> = input.snap.nodes.iter().map(AsRef::as_ref).filter(is_of).collect();
    rows.sort_by_key(|row| (row.profit_per_hour.is_none(), row.profit_per_hour));
    let list = rows.len().min(100) as u16 + 1;
    let spare = area.height.saturating_sub(list);
    let has_worst = spare >= WORST;
    let shown = if has_worst { Rect { height: list, ..area } } else { area };
    worst_of(canvas, shown, input, format!("Nodes of {unit}"), &rows);
    if let Some(worst) = rows.first().filter(|_| has_worst) {
        node_parts::summary(canvas, Rect { y: area.y + list, height: spare, ..area }, input, worst.name.as_str());
    }
}

/// Draws the nodes without a unit that serve a model, the lowest profit first.
pub(super) fn of_model(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, model: &str) {
    let engines = by_node(input.snap);
    let serves = |row: &&NodeRow| engines.get(row.name.as_str()).and_then(|served| served.model) == Some(model);
    let rows: Vec<&NodeRow> =
        input.snap.nodes.iter().map(AsRef::as_ref).filter(|row| row.unit.is_none()).filter(serves).collect();
    worst_of(canvas, area, input, format!("Nodes of {model}"), &rows);
}

fn worst_of(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, title: String, rows: &[&NodeRow]) {
    let mut lines = of(input, rows.iter().copied());
    let top = lines.iter().filter_map(|line| number(line.row.profit_per_hour)).fold(0.0, |a: f64, b| a.max(b.abs()));
    let columns = columns(input, top);
    sort_by_name(&mut lines, &columns);
    List { gap: gap(input), ..List::plain(title, &columns, &lines) }.draw(canvas, area);
}

/// The rows for profit per hour that belongs to no node; with them the list adds up to its total.
fn beside(input: &FrameInput<'_>, columns: &[Col<'_, NodeLine<'_>>]) -> Vec<TableRow<'static>> {
    let rows = parts(input).into_iter().map(|(name, what, profit)| {
        TableRow::new(columns.iter().map(|col| match col.name() {
            TITLE => Cell::dim(name),
            "model" => Cell::dim(what.clone()),
            "profit/h" => tables::profit(profit),
            _ => Cell::Empty,
        }))
    });
    rows.collect()
}

/// The remaining profit, which no other row names.
const OTHER: &str = "(other)";
/// Nodes without an engine of their own: the engine of their unit answers on another node.
const OTHERS: &str = "(in units)";

/// The parts that belong to no node: name, description, and profit per hour.
fn parts(input: &FrameInput<'_>) -> Vec<(&'static str, String, Option<Money>)> {
    let money = &input.snap.money;
    let served = by_node(input.snap);
    let (mut unpriced, mut engineless, mut count, mut without) = (Money::ZERO, Money::ZERO, 0, 0);
    let mut known = Money::ZERO;
    for row in &input.snap.nodes {
        match (row.profit_per_hour, row.cost_per_hour) {
            (Some(profit), _) => known += profit,
            (None, Some(cost)) if served.contains_key(row.name.as_str()) => {
                (unpriced, without) = (unpriced + cost, without + 1);
            }
            (None, Some(cost)) => (engineless, count) = (engineless + cost, count + 1),
            (None, None) => {}
        }
    }
    let mut parts = Vec::new();
    let mut cost = |name, what: String, cost: Money| {
        if !cost.is_zero() {
            parts.push((name, what, Some(Money::ZERO - cost)));
        }
    };
    cost(RowKind::Unpriced.name(), format!("rent of {}", format::grouped(without)), unpriced);
    cost(OTHERS, format!("{} nodes", format::grouped(count)), engineless);
    let uncosted = input.snap.nodes.iter().any(|row| row.revenue_per_hour.is_some() && row.cost_per_hour.is_none());
    if money.unrated_gpus > 0 || uncosted {
        parts.push((RowKind::Uncosted.name(), String::new(), None));
    }
    let rest = money.profit_per_hour.map(|profit| profit - known + unpriced + engineless);
    let is_overhead = |row: &NonModelProfit| row.name.as_str() == RowKind::Overhead.name();
    let has_overhead = money.profit_beside_models.iter().any(is_overhead);
    if let Some(rest) = rest.filter(|rest| rest.rounded(2) != 0 && input.app.then().is_none()) {
        // With overhead, the negative rest is overhead and rounding; otherwise it includes engines whose node is unknown.
        let name = if has_overhead && rest < Money::ZERO { RowKind::Overhead.name() } else { OTHER };
        parts.push((name, String::new(), Some(rest)));
    }
    parts
}

/// The fleet's totals, which do not scroll.
fn total(input: &FrameInput<'_>, hidden: usize, columns: &[Col<'_, NodeLine<'_>>]) -> TableRow<'static> {
    let snap = input.snap;
    let name =
        if hidden > 0 { format!("all {}", format::grouped(snap.nodes.len() as u128)) } else { "total".to_owned() };
    let cells = columns.iter().map(|col| match col.name() {
        TITLE => Cell::dim(name.clone()),
        "now" => figure(&format::percent(snap.gpus.utilization)),
        "run" => total_count(snap.requests.running),
        "wait" => total_count(snap.requests.waiting),
        "hit" => figure(&format::percent(snap.cache_hit_rate)),
        "in/s" => figure(&format::scaled_tight(snap.tokens.prompt_per_second)),
        "out/s" => figure(&format::scaled_tight(snap.tokens.output_per_second)),
        "cost/h" => list::amount(snap.money.cost_per_hour, 8),
        "rev/h" => list::bounded_amount(snap.money.revenue_per_hour, 8, snap.rate_bound()),
        "profit/h" => tables::bounded_profit(snap.money.profit_per_hour, snap.rate_bound()),
        _ => Cell::Empty,
    });
    TableRow::new(cells)
}

/// A count of many nodes in the width of one node's.
fn total_count(value: Option<u64>) -> Cell<'static> {
    match value {
        Some(value) if value > 9_999 => Cell::text(format::tight(value as f64, 4)),
        value => count(value),
    }
}

/// The totals of the nodes that match the filter.
fn sums(input: &FrameInput<'_>, lines: &[NodeLine<'_>], columns: &[Col<'_, NodeLine<'_>>]) -> TableRow<'static> {
    let loads: Vec<f64> = lines.iter().filter_map(load).map(Ratio::get).collect();
    let whole = |of: fn(&NodeLine<'_>) -> Option<u64>| known_sum(lines.iter().map(of));
    let rate = |of: fn(&NodeLine<'_>) -> Option<f64>| known_sum(lines.iter().map(of));
    let money = |of: fn(&NodeRow) -> Option<Money>| known_sum(lines.iter().map(|line| of(line.row)));
    let cells = columns.iter().map(|col| match col.name() {
        TITLE => Cell::dim(format!("{} of {}", lines.len(), format::grouped(input.snap.nodes.len() as u128))),
        "now" => figure(&format::percent(Ratio::of(loads.iter().sum(), loads.len() as f64))),
        "run" => total_count(whole(|line| line.served.running)),
        "wait" => total_count(whole(|line| line.served.waiting)),
        "hit" => figure(&format::percent(hits(lines))),
        "in/s" => figure(&format::scaled_tight(rate(|line| line.row.prompt_per_second))),
        "out/s" => figure(&format::scaled_tight(rate(|line| line.row.output_per_second))),
        "profit/h" => tables::profit(money(|row| row.profit_per_hour)),
        _ => Cell::Empty,
    });
    TableRow::new(cells)
}

/// The hit rate of nodes, by their prompts.
fn hits(lines: &[NodeLine<'_>]) -> Option<Ratio> {
    let known = lines.iter().filter_map(|line| line.row.cache_hit_rate.zip(line.row.prompt_per_second));
    let (hits, all) = known.fold((0.0, 0.0), |(hits, all), (rate, prompt)| (hits + rate.get() * prompt, all + prompt));
    Ratio::of(hits, all)
}
