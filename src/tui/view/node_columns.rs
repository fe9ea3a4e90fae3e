//! The columns of node lists.

use super::cells::{full, gauge, heat, latency};
use super::heat::FleetHeat;
use super::list::{Col, OrderedBy, by_profit, count, figure, said};
use super::served::{ServedTogether, name_role};
use super::{ViewId, tables};
use crate::history::{Measure, Subject};
use crate::reading::Health;
use crate::snapshot::{ModelRow, NodeRow, Severity};
use crate::tui::app::{Cells, RefreshPace};
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::{FrameInput, mark};
use crate::tui::series::Points;
use crate::tui::widgets::Segment;
use crate::tui::widgets::row_bar::DivergingBar;
use crate::tui::widgets::sparkline::Sparkline;
use crate::tui::widgets::table::Cell;
use crate::units::{Money, Ratio};

/// The headings of the list and of the GPU cells.
pub(super) const TITLE: &str = "Nodes";
const GPUS: &str = "GPUs";
/// A node with the engines on it.
#[derive(Clone)]
pub(super) struct NodeLine<'a> {
    pub(super) row: &'a NodeRow,
    pub(super) served: ServedTogether<'a>,
    pub(super) gravest: Option<Severity>,
}

impl NodeLine<'_> {
    /// Whether it serves at a cost, and what it makes has no price.
    fn is_unpriced(&self) -> bool {
        let NodeRow { state, revenue, revenue_per_hour, cost_per_hour, .. } = self.row;
        let serves = *state == Health::Live && self.served.live > 0;
        serves && revenue.is_none() && revenue_per_hour.is_none() && cost_per_hour.is_some()
    }
}

/// The cells of the longest of these names, clamped to `least..=most`.
fn longest<'n>(names: impl Iterator<Item = &'n str>, least: usize, most: usize) -> u16 {
    names.map(format::width).max().unwrap_or(0).clamp(least, most) as u16
}

/// The widths in columns from which two cells separate figures, and from which sparklines and bars exceed their usual size.
pub(super) const AIRY: u16 = 160;
const HUGE: u16 = 250;

/// The cells between two columns. With one cell, names keep another after them.
pub(super) fn gap(input: &FrameInput<'_>) -> u16 {
    if input.size.0 >= AIRY { 2 } else { 1 }
}

/// The minimum widths of the name columns, and the maximum widths of the others.
struct Widths {
    behind: u16,
    name: u16,
    unit: u16,
    model: u16,
    gpus: u16,
    line: u16,
    bar: u16,
    kv: u16,
}

impl Widths {
    fn of(input: &FrameInput<'_>) -> Self {
        let snap = input.snap;
        let nodes = || snap.nodes.iter();
        let (line, bar, kv) = match input.size.0 {
            HUGE.. => (90, 60, 30),
            AIRY.. => (40, 30, 18),
            _ => (12, 14, 18),
        };
        Self {
            behind: 2 - gap(input),
            // A node that does not answer has a mark before its name.
            // On wide screens the title also has the span of the p99.
            name: longest(nodes().map(|node| node.name.as_str()), 5, 12).max(if input.size.0 >= AIRY { 18 } else { 9 }),
            unit: longest(nodes().filter_map(|node| Some(node.unit.as_ref()?.as_str())), 4, 12),
            model: longest(snap.models.iter().map(|row| row.model.as_str()), 5, 12),
            gpus: nodes().map(|node| node.gpus.len()).max().unwrap_or(0).clamp(4, 16) as u16,
            line,
            bar,
            kv,
        }
    }
}

pub(super) fn columns<'s, 'a: 's>(input: &'s FrameInput<'a>, top: f64) -> Vec<Col<'s, NodeLine<'a>>> {
    let widths = Widths::of(input);
    let mut columns = names(input, &widths);
    columns.extend(figures(input));
    let most = if input.size.0 >= AIRY { 8 } else { 3 };
    columns.push(
        Col::left("", 9, move |line: &NodeLine<'_>| {
            Cell::Diverging(DivergingBar::of_profit(number(line.row.profit_per_hour), top, most))
        })
        .rank(5)
        .stretch(2, widths.bar),
    );
    columns.push(
        Col::right("profit/h", 9, move |line| profit(input, line))
            .rising(|line: &NodeLine<'_>| by_profit(line.row.profit_per_hour, line.is_unpriced()))
            .first(),
    );
    columns
}

/// The columns of the node's name and load.
fn names<'s, 'a: 's>(input: &'s FrameInput<'a>, widths: &Widths) -> Vec<Col<'s, NodeLine<'a>>> {
    type C<'s, 'a> = Col<'s, NodeLine<'a>>;
    let has_units = input.snap.nodes.iter().any(|node| node.unit.is_some());
    let (behind, line) = (widths.behind, widths.line);
    vec![
        C::left(TITLE, widths.name + behind, name)
            .stretch(2, 28)
            .rising(|line| OrderedBy::Name(line.row.name.to_string())),
        C::left("unit", widths.unit + behind, |line| {
            Cell::dim(line.row.unit.as_ref().map_or(format::UNKNOWN.to_owned(), ToString::to_string))
        })
        .rank(4)
        .only(has_units)
        .rising(|line| OrderedBy::Name(line.row.unit.as_ref().map_or(String::new(), ToString::to_string))),
        C::left("model", widths.model + behind, |line| model(line)).rank(3).stretch(2, 30),
        C::left("role", 7 + behind, role).rank(9).rising(|line| OrderedBy::Name(role_name(line))),
        gpus(input, widths.gpus).rank(1),
        C::left(format!("load, {}", input.app.charts.span.word()), 9 + behind, move |of| load_line(input, of, line))
            .rank(5)
            .stretch(1, line),
        C::right("now", 5, |line| figure(&format::percent(load(line))))
            .falling(|line| OrderedBy::Number(load(line).map(Ratio::get))),
        C::left("KV", 5 + behind, |line| kv_gauge(line)).rank(6).stretch(1, widths.kv),
        C::right("", 5, |line| kv(line)).rank(2).falling(|line| OrderedBy::Number(line.served.kv().map(Ratio::get))),
    ]
}

/// The measure of the GPU cells: only the overview can change it.
fn measure(input: &FrameInput<'_>) -> Cells {
    if input.shown_view() == ViewId::Overview { input.app.charts.cells } else { Cells::Load }
}

/// The heading of the GPU cells: what they show, where that is not the load. No other column has it.
pub(super) fn gpus_heading(input: &FrameInput<'_>) -> &'static str {
    match measure(input) {
        Cells::Load => GPUS,
        Cells::Kv => "KV use",
        Cells::Profit => "profit",
        cells => cells.names().0,
    }
}

/// The column of the GPU cells.
fn gpus<'s, 'a: 's>(input: &'s FrameInput<'a>, width: u16) -> Col<'s, NodeLine<'a>> {
    let heading = gpus_heading(input);
    let width = width.max(format::width(heading) as u16) + 2 - gap(input);
    if measure(input) == Cells::Load {
        return Col::left(heading, width, |line: &NodeLine<'_>| Cell::Heat(line.row.gpus.iter().map(heat).collect()));
    }
    let heat = FleetHeat::new(input.at(RefreshPace::TenSeconds));
    Col::left(heading, width, move |line: &NodeLine<'_>| Cell::Heat(heat.gpus(&line.row.name)))
}

/// The columns of what the node serves, its cost and its profit.
fn figures<'s, 'a: 's>(input: &'s FrameInput<'a>) -> Vec<Col<'s, NodeLine<'a>>> {
    type C<'s, 'a> = Col<'s, NodeLine<'a>>;
    let slo = input.snap.slo.unwrap_or_default();
    vec![
        C::right("run", 5, |line| count(line.served.running))
            .rank(3)
            .falling(|line| OrderedBy::Number(float(line.served.running))),
        C::right("wait", 4, |line| count(line.served.waiting))
            .rank(3)
            .falling(|line| OrderedBy::Number(float(line.served.waiting))),
        C::right("hit", 5, |line| figure(&format::percent(line.row.cache_hit_rate))).rank(3),
        C::right("in/s", 5, |line| figure(&format::scaled_tight(line.row.prompt_per_second)))
            .rank(7)
            .falling(|line| OrderedBy::Number(line.row.prompt_per_second)),
        C::right("out/s", 5, |line| figure(&format::scaled_tight(line.row.output_per_second)))
            .rank(3)
            .falling(|line| OrderedBy::Number(line.row.output_per_second)),
        C::right("ttft p99", 8, move |line| ttft(line, slo.ttft_p99_seconds)).rank(8),
        C::right("rev/h", 8, |line| money(line.row.revenue_per_hour))
            .rank(9)
            .falling(|line| OrderedBy::Money(line.row.revenue_per_hour)),
        C::right("cost/h", 8, |line| money(line.row.cost_per_hour))
            .rank(9)
            .falling(|line| OrderedBy::Money(line.row.cost_per_hour)),
    ]
}

/// The name in the role of the severest alert, and the state of a node that does not answer.
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

fn ttft(line: &NodeLine<'_>, objective: Option<f64>) -> Cell<'static> {
    latency((line.served.ttft_p99, line.served.beyond[0]), objective)
}

fn role_name(line: &NodeLine<'_>) -> String {
    line.served.role.map_or(String::new(), |role| role.to_string())
}

fn money(amount: Option<Money>) -> Cell<'static> {
    super::list::amount(amount, 8)
}

fn load_line(input: &FrameInput<'_>, line: &NodeLine<'_>, cells: u16) -> Cell<'static> {
    let span = input.app.charts.span.length();
    let points = Points::of(input, &Subject::Node(line.row.name.clone()), Measure::Load, span);
    Cell::Sparkline(Sparkline::heat(points.cells(input.snap.at, span, cells)))
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

fn profit(input: &FrameInput<'_>, line: &NodeLine<'_>) -> Cell<'static> {
    let serves = line.row.state == Health::Live && line.served.live > 0;
    let is_missing = serves && line.row.profit_per_hour.is_none() && line.row.revenue.is_none();
    // For an earlier instant, the missing amount may be due to a gap in the recording.
    if is_missing && (input.app.then().is_none() || made_unpriced(input, line)) {
        return Cell::dim("unpriced");
    }
    tables::profit(line.row.profit_per_hour)
}

/// Whether a node made tokens of a model without a price.
fn made_unpriced(input: &FrameInput<'_>, line: &NodeLine<'_>) -> bool {
    let made = [line.row.output_per_second, line.row.prompt_per_second].into_iter().flatten().any(|rate| rate > 0.0);
    let is_its = |row: &&ModelRow| line.served.model == Some(row.model.as_str());
    let row = input.snap.models.iter().find(is_its).filter(|_| line.served.models == 1);
    made && row.is_some_and(|row| row.money.list.is_none())
}

pub(super) fn float(value: Option<u64>) -> Option<f64> {
    value.map(|value| value as f64)
}
