//! Nodes: which one loses money. Below the list stands the chosen one where there is room.

use ratatui::layout::Rect;

use super::cells::{full, gauge, heat, latency};
use super::list::{By, Col, List, count, figure, known_sum, said};
use super::served::{Served, alerted, by_node, name_role};
use super::settled::settle;
use super::{Entry, Hits, Layout, Order, Part, Place, RowKey, View, ViewId, list, node, tables};
use crate::history::{Measure, Subject};
use crate::reading::Health;
use crate::snapshot::{NodeRow, Severity};
use crate::tui::app::{Command, FigureValue, Pace};
use crate::tui::figures_of;
use crate::tui::format;
use crate::tui::pane;
use crate::tui::scene::{Scene, mark, number};
use crate::tui::series::Points;
use crate::tui::widgets::row_bar::DivergingBar;
use crate::tui::widgets::sparkline::Sparkline;
use crate::tui::widgets::table::{Cell, Row, Tree};
use crate::tui::widgets::{Canvas, Segment};
use crate::units::{Money, Ratio};

/// Rows of the chosen node below the list.
const DETAIL: u16 = 16;

/// The view.
pub(super) struct Nodes;

impl View for Nodes {
    fn title(&self) -> &'static str {
        "nodes"
    }

    fn key(&self) -> Option<char> {
        Some('2')
    }

    fn orders(&self, scene: &Scene<'_>) -> Vec<Order> {
        list::orders(&columns(&scene.at(Pace::FiveSeconds), 1.0))
    }

    fn rows(&self, scene: &Scene<'_>) -> Vec<RowKey> {
        lines(&scene.at(Pace::FiveSeconds), ViewId::Nodes).iter().map(key).collect()
    }

    fn layout(&self, scene: &Scene<'_>, area: Rect) -> Layout {
        let mut layout = Layout::default();
        let basis = Rect { y: area.bottom().saturating_sub(1), height: u16::from(area.height > 12), ..area };
        layout.put(Part::Basis, basis);
        let room = area.height - basis.height;
        let rows = scene.snap.nodes.len().min(1_000) as u16 + 2;
        // What the list does not need shows the chosen node; a long list gives a part of its rows for it.
        let detail = match room.saturating_sub(rows) {
            spare if spare >= DETAIL => spare,
            _ if room >= DETAIL + 12 => DETAIL,
            _ => 0,
        };
        layout.put(Part::List, Rect { height: room - detail, ..area });
        layout.put(Part::Table(0), Rect { y: area.y + room - detail, height: detail, ..area });
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, scene: &Scene<'_>, layout: &Layout) -> Hits {
        let slow = scene.at(Pace::FiveSeconds);
        let lines = lines(&slow, ViewId::Nodes);
        let hits = layout.area(Part::List).map(|area| draw_list(canvas, area, &slow, &lines, ViewId::Nodes));
        if let Some(area) = layout.area(Part::Table(0)) {
            let keys: Vec<RowKey> = lines.iter().map(key).collect();
            if let Some(line) = lines.get(scene.app.list_of(ViewId::Nodes).place(&keys)) {
                node::summary(canvas, area, scene, line.row.name.as_str());
            }
        }
        if let Some(area) = layout.area(Part::Basis) {
            pane::basis(canvas, area, scene);
        }
        hits.unwrap_or_default()
    }

    fn enter(&self, scene: &Scene<'_>) -> Entry {
        self.chosen(scene).map_or(Entry::Nowhere, |name| Entry::Into(Place::about(ViewId::Node, &name)))
    }

    fn chosen(&self, scene: &Scene<'_>) -> Option<String> {
        chosen(scene, ViewId::Nodes)
    }

    fn commands(&self) -> &'static [Command] {
        &[
            Command::Enter,
            Command::Filter,
            Command::Sort,
            Command::Reach(crate::tui::app::Turn::Previous),
            Command::AlertsOf,
        ]
    }
}

/// A node with what runs on it.
#[derive(Clone)]
pub(super) struct NodeLine<'a> {
    pub(super) row: &'a NodeRow,
    pub(super) served: Served<'a>,
    gravest: Option<Severity>,
}

/// The nodes that the filter passes, as the list of a view is sorted.
pub(super) fn lines<'a>(scene: &Scene<'a>, view: ViewId) -> Vec<NodeLine<'a>> {
    let mut lines = of(scene, scene.snap.nodes.iter().map(AsRef::as_ref));
    lines.retain(|line| judged(scene, line) == Some(true));
    settle(&mut lines, &columns(scene, 1.0), scene, view, key);
    lines
}

/// Whether the filter passes a node; `None` where only figures that are unknown keep it out.
fn judged(scene: &Scene<'_>, line: &NodeLine<'_>) -> Option<bool> {
    let row = line.row;
    let unit = row.unit.as_ref().map_or("", |unit| unit.as_str());
    let state = if row.state == Health::Live { "live" } else { "stale lost never" };
    let model = line.served.model.unwrap_or_default();
    let fields = [("node", row.name.as_str()), ("unit", unit), ("model", model), ("state", state)];
    scene.app.filter.judge(&fields, |key| figure_of(line, key))
}

/// What is said of the filter below the list.
fn filter_note(scene: &Scene<'_>, passes: usize) -> Option<String> {
    if scene.app.filter.text().is_empty() {
        return None;
    }
    let all = of(scene, scene.snap.nodes.iter().map(AsRef::as_ref));
    list::filter_note(&scene.app.filter, passes, all.iter().filter(|line| judged(scene, line).is_none()).count())
}

/// A figure that a filter asks for.
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

/// Nodes with what runs on them.
fn of<'a>(scene: &Scene<'a>, rows: impl Iterator<Item = &'a NodeRow>) -> Vec<NodeLine<'a>> {
    let mut served = by_node(scene.snap);
    let alerts = alerted(&scene.snap.alerts);
    let line = |row: &'a NodeRow| NodeLine {
        row,
        served: served.remove(row.name.as_str()).unwrap_or_default(),
        gravest: alerts.get(row.name.as_str()).copied(),
    };
    rows.map(line).collect()
}

/// The names of all nodes in the order of their list.
pub(super) fn names(scene: &Scene<'_>) -> Vec<String> {
    lines(&scene.at(Pace::FiveSeconds), ViewId::Nodes).iter().map(|line| line.row.name.to_string()).collect()
}

/// The chosen node of a view that lists nodes.
pub(super) fn chosen(scene: &Scene<'_>, view: ViewId) -> Option<String> {
    let lines = lines(&scene.at(Pace::FiveSeconds), view);
    let keys: Vec<RowKey> = lines.iter().map(key).collect();
    lines.get(scene.app.list_of(view).place(&keys)).map(|line| line.row.name.to_string())
}

pub(super) fn key(line: &NodeLine<'_>) -> RowKey {
    RowKey::of(("node", line.row.name.as_str()))
}

/// Draws the list with its total.
pub(super) fn draw_list<'a>(
    canvas: &mut Canvas<'_>,
    area: Rect,
    scene: &Scene<'a>,
    lines: &[NodeLine<'a>],
    view: ViewId,
) -> Hits {
    let top = lines.iter().filter_map(|line| number(line.row.profit_per_hour)).fold(0.0, |a: f64, b| a.max(b.abs()));
    let columns = columns(scene, top);
    let sums = |_: usize| sums(scene, lines, &columns);
    let whole = |hidden: usize| total(scene, hidden, &columns);
    let total: &dyn Fn(usize) -> Row<'static> = if scene.app.filter.text().is_empty() { &whole } else { &sums };
    let is_filtered = !scene.app.filter.text().is_empty();
    let has_total = (lines.len() > 1 || is_filtered) && view == ViewId::Nodes;
    let list = List {
        key: &key,
        tree: &|_| Tree::None,
        state: Some(scene.app.list_of(view)),
        total: (has_total && area.height > 3).then_some(total),
        note: filter_note(scene, lines.len()),
        ..List::plain("Nodes", &columns, lines)
    };
    list.draw(canvas, area)
}

/// Draws the other nodes of a node's unit, the worst first.
pub(super) fn of_unit(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, node: &NodeRow) {
    let is_other = |row: &&NodeRow| row.unit == node.unit && row.name != node.name;
    let mut others = of(scene, scene.snap.nodes.iter().map(AsRef::as_ref).filter(is_other));
    others.sort_by_key(|line| (line.row.profit_per_hour.is_none(), line.row.profit_per_hour));
    let top = others.iter().filter_map(|line| number(line.row.profit_per_hour)).fold(0.0, |a: f64, b| a.max(b.abs()));
    let columns = columns(scene, top);
    let unit = node.unit.as_ref().map_or(String::new(), ToString::to_string);
    List::plain(format!("Others of {unit}"), &columns, &others).draw(canvas, area);
}

/// The fleet's sums, which no scrolling moves.
fn total(scene: &Scene<'_>, hidden: usize, columns: &[Col<'_, NodeLine<'_>>]) -> Row<'static> {
    let snap = scene.snap;
    let name =
        if hidden > 0 { format!("all {}", format::grouped(snap.nodes.len() as u128)) } else { "total".to_owned() };
    let cells = columns.iter().map(|col| match col.name() {
        "Nodes" => Cell::dim(name.clone()),
        "now" => figure(&format::percent(snap.gpus.utilization)),
        "run" => count(snap.requests.running),
        "wait" => count(snap.requests.waiting),
        "hit" => figure(&format::percent(snap.cache_hit_rate)),
        "in/s" => figure(&format::scaled_tight(snap.tokens.prompt_per_second)),
        "out/s" => figure(&format::scaled_tight(snap.tokens.output_per_second)),
        "cost/h" => Cell::text(format::bare(snap.money.cost_per_hour, 8)),
        "rev/h" => Cell::text(format::bare(snap.money.revenue_per_hour, 8)),
        "profit/h" => tables::profit(snap.money.profit_per_hour),
        _ => Cell::Empty,
    });
    Row::new(cells)
}

/// The sums of the nodes that the filter passes.
fn sums(scene: &Scene<'_>, lines: &[NodeLine<'_>], columns: &[Col<'_, NodeLine<'_>>]) -> Row<'static> {
    let loads: Vec<f64> = lines.iter().filter_map(load).map(Ratio::get).collect();
    let whole = |of: fn(&NodeLine<'_>) -> Option<u64>| known_sum(lines.iter().map(of));
    let rate = |of: fn(&NodeLine<'_>) -> Option<f64>| known_sum(lines.iter().map(of));
    let money = |of: fn(&NodeRow) -> Option<Money>| known_sum(lines.iter().map(|line| of(line.row)));
    let cells = columns.iter().map(|col| match col.name() {
        "Nodes" => Cell::dim(format!("{} of {}", lines.len(), format::grouped(scene.snap.nodes.len() as u128))),
        "now" => figure(&format::percent(Ratio::of(loads.iter().sum(), loads.len() as f64))),
        "run" => count(whole(|line| line.served.running)),
        "wait" => count(whole(|line| line.served.waiting)),
        "in/s" => figure(&format::scaled_tight(rate(|line| line.row.prompt_per_second))),
        "out/s" => figure(&format::scaled_tight(rate(|line| line.row.output_per_second))),
        "profit/h" => tables::profit(money(|row| row.profit_per_hour)),
        _ => Cell::Empty,
    });
    Row::new(cells)
}

fn columns<'s, 'a: 's>(scene: &'s Scene<'a>, top: f64) -> Vec<Col<'s, NodeLine<'a>>> {
    type C<'s, 'a> = Col<'s, NodeLine<'a>>;
    let has_units = scene.snap.nodes.iter().any(|node| node.unit.is_some());
    let widest = scene.snap.nodes.iter().map(|node| node.gpus.len()).max().unwrap_or(0).clamp(1, 16) as u16;
    let large = scene.size.0 >= 160;
    let slo = scene.snap.slo.unwrap_or_default();
    let mut columns = vec![
        C::left("Nodes", 10, name).stretch(2, 28).rising(|line| By::Name(line.row.name.to_string())),
        C::left("unit", 10, |line| {
            Cell::dim(line.row.unit.as_ref().map_or(format::UNKNOWN.to_owned(), ToString::to_string))
        })
        .rank(4)
        .only(has_units)
        .rising(|line| By::Name(line.row.unit.as_ref().map_or(String::new(), ToString::to_string))),
        C::left("model", 12, |line| model(line)).rank(3).stretch(2, 30),
        C::left("role", 8, role).rank(9).rising(|line| By::Name(role_name(line))),
        C::left("GPUs", widest.max(4), |line| Cell::Heat(line.row.gpus.iter().map(heat).collect())).rank(1),
        C::left(format!("load, {}", scene.app.charts.reach.word()), 10, move |line| {
            load_line(scene, line, if large { 40 } else { 12 })
        })
        .rank(6)
        .stretch(1, if large { 40 } else { 12 }),
        C::right("now", 5, |line| figure(&format::percent(load(line))))
            .falling(|line| By::Number(load(line).map(Ratio::get))),
        C::left("KV", 6, |line| kv_gauge(line)).rank(7).stretch(1, 18),
        C::right("", 5, |line| kv(line)).rank(2).falling(|line| By::Number(line.served.kv().map(Ratio::get))),
        C::right("run", 5, |line| count(line.served.running))
            .rank(3)
            .falling(|line| By::Number(float(line.served.running))),
        C::right("wait", 5, |line| count(line.served.waiting))
            .rank(3)
            .falling(|line| By::Number(float(line.served.waiting))),
        C::right("hit", 5, |line| figure(&format::percent(line.row.cache_hit_rate))).rank(4),
        C::right("in/s", 5, |line| figure(&format::scaled_tight(line.row.prompt_per_second)))
            .rank(6)
            .falling(|line| By::Number(line.row.prompt_per_second)),
        C::right("out/s", 5, |line| figure(&format::scaled_tight(line.row.output_per_second)))
            .rank(2)
            .falling(|line| By::Number(line.row.output_per_second)),
        C::right(ttft_heading(scene), 12, move |line| ttft(line, slo.ttft_p99_seconds)).rank(8),
        C::right("rev/h", 8, |line| money(line.row.revenue_per_hour))
            .rank(9)
            .falling(|line| By::Number(number(line.row.revenue_per_hour))),
        C::right("cost/h", 8, |line| money(line.row.cost_per_hour))
            .rank(9)
            .falling(|line| By::Number(number(line.row.cost_per_hour))),
    ];
    columns.push(
        C::left("", 10, move |line| {
            Cell::Diverging(DivergingBar::of_profit(number(line.row.profit_per_hour), top, if large { 8 } else { 3 }))
        })
        .rank(5)
        .stretch(2, if large { 30 } else { 14 }),
    );
    columns.push(
        C::right("profit/h", 9, move |line| profit(scene, line))
            .rising(|line| By::Number(number(line.row.profit_per_hour)))
            .first(),
    );
    columns
}

/// Its name in the role of its gravest alert, and how it is if it does not answer.
fn name(line: &NodeLine<'_>) -> Cell<'static> {
    let (role, glyph) = mark(line.row.state);
    let own = if line.row.state == Health::Live { name_role(line.gravest) } else { role };
    let mut segments = Vec::new();
    if line.row.state != Health::Live {
        segments.push(Segment::new(role, format!("{glyph} ")));
    }
    segments.push(Segment::new(own, line.row.name.to_string()));
    Cell::Text(segments)
}

fn model(line: &NodeLine<'_>) -> Cell<'static> {
    match (line.served.model, line.served.models) {
        (Some(model), 1) => Cell::text(model.to_owned()),
        (Some(model), models) => Cell::text(format!("{model} +{}", models - 1)),
        (None, _) => Cell::unknown(),
    }
}

fn role(line: &NodeLine<'_>) -> Cell<'static> {
    match line.served.role {
        Some(_) => said(crate::tui::theme::Role::Dim, role_name(line)),
        None => Cell::unknown(),
    }
}

/// `ttft p99 10s`: the quantile is of the window.
fn ttft_heading(scene: &Scene<'_>) -> String {
    scene.snap.window_seconds.map_or_else(|| "ttft p99".to_owned(), |seconds| format!("ttft p99 {seconds:.0}s"))
}

fn ttft(line: &NodeLine<'_>, objective: Option<f64>) -> Cell<'static> {
    latency((line.served.ttft_p99, line.served.beyond[0]), objective)
}

fn role_name(line: &NodeLine<'_>) -> String {
    line.served.role.map_or(String::new(), |role| role.to_string())
}

fn money(amount: Option<Money>) -> Cell<'static> {
    figure(&format::bare(amount, 8))
}

fn load_line(scene: &Scene<'_>, line: &NodeLine<'_>, cells: u16) -> Cell<'static> {
    let span = scene.app.charts.reach.span();
    let points = Points::of(scene, &Subject::Node(line.row.name.clone()), Measure::Load, span);
    Cell::Sparkline(Sparkline::heat(points.cells(scene.snap.at, span, cells)))
}

pub(super) fn load(line: &NodeLine<'_>) -> Option<Ratio> {
    let known: Vec<f64> = line.row.gpus.iter().filter_map(|gpu| gpu.utilization).map(Ratio::get).collect();
    Ratio::of(known.iter().sum(), known.len() as f64)
}

fn kv_gauge(line: &NodeLine<'_>) -> Cell<'static> {
    gauge(line.served.kv())
}

fn kv(line: &NodeLine<'_>) -> Cell<'static> {
    full(line.served.kv())
}

fn profit(scene: &Scene<'_>, line: &NodeLine<'_>) -> Cell<'static> {
    // Of an earlier instant it is the record that may be lacking.
    let is_now = scene.app.then().is_none();
    let serves = line.row.state == Health::Live && line.served.live > 0;
    if is_now && serves && line.row.profit_per_hour.is_none() && line.row.revenue.is_none() {
        return Cell::dim("unpriced");
    }
    tables::profit(line.row.profit_per_hour)
}

fn float(value: Option<u64>) -> Option<f64> {
    value.map(|value| value as f64)
}
