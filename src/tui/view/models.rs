//! The models view: the list by profit, and the chosen model below it.

use super::model_money::{cost, is_beside, profit_beside_models};
use std::collections::BTreeSet;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::lines_of::common_top;
use super::list::{Col, List, OrderedBy, amount as amount_of, figure, known_sum};
use super::model::{detail, two, whole_detail};
use super::settled::{settle, sort_by_name};
use super::{Hits, Layout, ListKey, OnEnter, Part, SortOrder, View, ViewId, ViewPlace, list, tables};
use crate::history::{Measure, Subject};
use crate::reading::ModelName;
use crate::snapshot::{ModelMoney, ModelRow, NodeRow, NonModelProfit};
use crate::tui::app::{Command, Direction, RefreshPace};
use crate::tui::figures_of;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::layout::{from_chosen, stacked};
use crate::tui::pane;
use crate::tui::series::Points;
use crate::tui::theme::{Ink, Role};
use crate::tui::widgets::Canvas;
use crate::tui::widgets::sparkline::Sparkline;
use crate::tui::widgets::table::{Cell, TableRow, Tree};
use crate::units::{Money, quotient};

/// The rows of the chosen model below the list.
const DETAIL: u16 = 14;

/// The width in columns from which the next model is shown beside the chosen one.
const TWO: u16 = 196;

/// The models view.
pub(super) struct Models;

impl View for Models {
    fn title(&self) -> &'static str {
        "models"
    }

    fn key(&self) -> Option<char> {
        Some('3')
    }

    fn orders(&self, input: &FrameInput<'_>) -> Vec<SortOrder> {
        list::orders(&columns(input, input.size.0, 1.0))
    }

    fn rows(&self, input: &FrameInput<'_>) -> Vec<ListKey> {
        lines(&input.at(RefreshPace::FiveSeconds), ViewId::Models).iter().map(key).collect()
    }

    fn layout(&self, input: &FrameInput<'_>, area: Rect) -> Layout {
        let mut layout = Layout::default();
        let basis = u16::from(area.height > 12);
        let room = area.height - basis;
        let wanted = (input.snap.models.len() + profit_beside_models(input.snap).len()).min(1_000) as u16 + 2;
        let spare = room.saturating_sub(wanted);
        let detail = if spare >= DETAIL {
            spare
        } else if room >= DETAIL + 8 {
            DETAIL
        } else {
            0
        };
        layout.put(Part::List, Rect { height: room - detail, ..area });
        layout.put(Part::Table(0), Rect { y: area.y + room - detail, height: detail, ..area });
        layout.put(Part::Basis, Rect { y: area.bottom().saturating_sub(1), height: basis, ..area });
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, input: &FrameInput<'_>, layout: &Layout) -> Hits {
        let slow = input.at(RefreshPace::FiveSeconds);
        let lines = lines(&slow, ViewId::Models);
        let state = input.app.list_of(ViewId::Models);
        let mut hits = Hits::default();
        if let Some(area) = layout.area(Part::List) {
            hits = draw_list(canvas, area, &slow, &lines, true);
        }
        let keys: Vec<ListKey> = lines.iter().map(key).collect();
        let place = state.place(&keys);
        if let (Some(area), Some(line)) = (layout.area(Part::Table(0)), lines.get(place)) {
            if is_beside(line) {
                detail(canvas, area, &slow, line);
            } else {
                details(canvas, area, &slow, from_chosen(&lines, place).filter(|row| !is_beside(row)));
            }
        }
        if let Some(area) = layout.area(Part::Basis) {
            pane::basis(canvas, area, input);
        }
        hits
    }

    fn enter(&self, input: &FrameInput<'_>) -> OnEnter {
        match self.chosen(input) {
            Some(name) if !name.starts_with('(') => OnEnter::Into(ViewPlace::about(ViewId::Engines, &name)),
            _ => OnEnter::Nowhere,
        }
    }

    fn chosen(&self, input: &FrameInput<'_>) -> Option<String> {
        let lines = lines(&input.at(RefreshPace::FiveSeconds), ViewId::Models);
        let keys: Vec<ListKey> = lines.iter().map(key).collect();
        lines.get(input.app.list_of(ViewId::Models).place(&keys)).map(|row| row.model.to_string())
    }

    fn commands(&self) -> &'static [Command] {
        &[Command::Enter, Command::Filter, Command::Sort, Command::StepSpan(Direction::Previous), Command::Form]
    }

    fn legend(&self, input: &FrameInput<'_>) -> Option<&'static str> {
        Some(objectives_legend(input))
    }
}

/// What is dotted in charts of latencies.
pub(super) fn objectives_legend(input: &FrameInput<'_>) -> &'static str {
    if input.snap.slo.is_some() { "╌ SLO" } else { "" }
}

/// Draws the first of the models with the next one beside it, and below them as many as fit with all of their parts.
fn details<'m>(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    models: impl Iterator<Item = &'m ModelRow>,
) {
    let models: Vec<&ModelRow> = models.collect();
    let pairs: Vec<&[&ModelRow]> = models.chunks(if area.width >= TWO { 2 } else { 1 }).collect();
    let height = models.first().map_or(0, |first| whole_detail(input, first));
    for (pair, area) in pairs.iter().zip(stacked(area, height, DETAIL, pairs.len())) {
        match pair {
            [model, other] => two(canvas, area, input, [model, other]),
            [model] => detail(canvas, area, input, model),
            _ => {}
        }
    }
}

fn key(row: &ModelRow) -> ListKey {
    ListKey::of(("model", row.model.as_str()))
}

/// The models in the order of their list, followed by the profit that belongs to no model, which is never hidden.
fn lines(input: &FrameInput<'_>, view: ViewId) -> Vec<ModelRow> {
    // Beside the fleet, the filter applies to the fleet and the table shows every model.
    let accepted = |row: &&ModelRow| view == ViewId::Overview || judged(input, row) == Some(true);
    let mut rows: Vec<ModelRow> = input.snap.models.iter().filter(accepted).cloned().collect();
    let columns = columns(input, input.size.0, 1.0);
    if view == ViewId::Overview {
        // The sort order of the overview is that of the fleet.
        sort_by_name(&mut rows, &columns);
    } else {
        settle(&mut rows, &columns, input, view, key);
    }
    if input.app.filter.text().is_empty() || view == ViewId::Overview {
        rows.extend(profit_beside_models(input.snap).iter().map(beside));
    }
    rows
}

/// Whether the filter matches a model; `None` if only unknown figures keep it out.
fn judged(input: &FrameInput<'_>, row: &ModelRow) -> Option<bool> {
    input.app.filter.judge(&[("model", row.model.as_str())], |key| figures_of::of_model(row, key))
}

fn beside(part: &NonModelProfit) -> ModelRow {
    ModelRow {
        model: ModelName::new(part.name.as_str()),
        prompt_total: None,
        cached_total: None,
        output_total: None,
        cache_hit_rate: None,
        prompt_per_second: None,
        output_per_second: None,
        money: ModelMoney { profit_per_hour: Some(part.profit_per_hour), ..ModelMoney::default() },
    }
}

/// Draws the models as a table beside the fleet. Its total is left out before a model; what does not fit is counted.
pub(super) fn table(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    draw_list(canvas, area, input, &lines(input, ViewId::Overview), false);
}

/// The rows of that table, without its heading and total.
pub(super) fn table_rows(input: &FrameInput<'_>) -> usize {
    input.snap.models.len() + profit_beside_models(input.snap).len()
}

/// Draws the list: of the view itself, or of a table beside others.
fn draw_list(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, lines: &[ModelRow], is_view: bool) -> Hits {
    let models = lines.iter().filter(|row| !is_beside(row));
    let measure = if is_view { Measure::Output } else { Measure::Revenue };
    let top = common_top(input, models.map(|row| (Subject::Model(row.model.clone()), measure)));
    let columns = if is_view { columns(input, area.width, top) } else { columns_beside(input, area.width, top) };
    let sums = |_: usize| sums(input, lines, &columns);
    let whole = |hidden: usize| total(input, hidden, &columns);
    let is_filtered = is_view && !input.app.filter.text().is_empty();
    let total: &dyn Fn(usize) -> TableRow<'static> = if is_filtered { &sums } else { &whole };
    let unknown = input.snap.models.iter().filter(|row| judged(input, row).is_none()).count();
    let list = List {
        key: &key,
        tree: &|_| Tree::None,
        state: is_view.then(|| input.app.list_of(ViewId::Models)),
        falls_by: Some("profit/h".into()),
        total: (area.height > 3 && (is_view || lines.len() + 2 <= usize::from(area.height))).then_some(total),
        gap: if area.width < 70 || (is_view && area.width < 130) { 1 } else { 2 },
        note: if is_view {
            list::filter_note(&input.app.filter, &figures_of::MODEL, lines.len(), unknown)
        } else {
            None
        },
        ..List::plain("Models", &columns, lines)
    };
    list.draw(canvas, area)
}

fn total(input: &FrameInput<'_>, hidden: usize, columns: &[Col<'_, ModelRow>]) -> TableRow<'static> {
    let snap = input.snap;
    let name = if hidden > 0 { format!("all {}", snap.models.len()) } else { "total".to_owned() };
    TableRow::new(columns.iter().map(|col| match col.name() {
        "Models" => Cell::dim(name.clone()),
        "in/s" => tables::rate(snap.tokens.prompt_per_second),
        "out/s" => tables::rate(snap.tokens.output_per_second),
        "hit" => figure(&format::percent(snap.cache_hit_rate)),
        "rev/h" => list::bounded_amount(snap.money.revenue_per_hour, 8, snap.rate_bound()),
        "cost/h" => money(snap.money.cost_per_hour),
        "profit/h" => tables::bounded_profit(snap.money.profit_per_hour, snap.rate_bound()),
        "nodes" => Cell::dim(format::grouped(snap.coverage.nodes_known as u128)),
        "gross" => gross(snap.money.profit_per_hour, snap.money.revenue_per_hour),
        "on cost" => margin(snap.money.profit_per_hour, snap.money.cost_per_hour),
        _ => Cell::Empty,
    }))
}

/// The totals of the models that match the filter.
fn sums(input: &FrameInput<'_>, lines: &[ModelRow], columns: &[Col<'_, ModelRow>]) -> TableRow<'static> {
    let money_of = |of: fn(&ModelRow) -> Option<Money>| known_sum(lines.iter().map(of));
    let profit = money_of(|row| row.money.profit_per_hour);
    TableRow::new(columns.iter().map(|col| match col.name() {
        "Models" => Cell::dim(format!("{} of {}", lines.len(), input.snap.models.len())),
        "in/s" => tables::rate(known_sum(lines.iter().map(|row| row.prompt_per_second))),
        "out/s" => tables::rate(known_sum(lines.iter().map(|row| row.output_per_second))),
        "rev/h" => money(money_of(|row| row.money.revenue_per_hour)),
        "cost/h" => money(money_of(cost)),
        "profit/h" => tables::profit(profit),
        "on cost" => margin(profit, money_of(cost)),
        _ => Cell::Empty,
    }))
}

fn columns<'s>(input: &'s FrameInput<'s>, width: u16, top: f64) -> Vec<Col<'s, ModelRow>> {
    type C<'s> = Col<'s, ModelRow>;
    let line = if width >= 110 { 24 } else { 12 };
    vec![
        C::left("Models", 11, |row| {
            if is_beside(row) { Cell::dim(row.model.to_string()) } else { Cell::text(row.model.to_string()) }
        })
        .stretch(1, 34)
        .rising(|row| OrderedBy::Name(row.model.to_string())),
        C::left("list", if width < 100 { 12 } else { 20 }, |row| {
            Cell::dim(row.money.list.as_ref().map_or_else(String::new, |list| list.as_str().to_owned()))
        })
        .rank(8)
        .stretch(3, 28),
        C::right("nodes", 5, |row| own(row, nodes(input, row))).rank(6),
        C::right("in/s", 5, |row| own(row, tables::rate(row.prompt_per_second)))
            .rank(6)
            .falling(|row| OrderedBy::Number(row.prompt_per_second)),
        C::right("out/s", 5, |row| own(row, tables::rate(row.output_per_second)))
            .falling(|row| OrderedBy::Number(row.output_per_second)),
        C::left(format!("out/s, {}", input.app.charts.span.word()), 10, move |row| {
            own(row, output_line(input, row, line, top))
        })
        .rank(7)
        .stretch(1, line),
        C::right("hit", 5, |row| own(row, hit(row))).rank(4),
        C::right("revenue", 8, |row| own(row, money(row.money.revenue)))
            .rank(9)
            .falling(|row| OrderedBy::Money(row.money.revenue)),
        C::right("rev/h", 8, |row| own(row, money(row.money.revenue_per_hour)))
            .rank(3)
            .falling(|row| OrderedBy::Money(row.money.revenue_per_hour)),
        C::right("cost/h", 8, |row| money(cost(row))).rank(3).falling(|row| OrderedBy::Money(cost(row))),
        C::right("profit/h", 9, profit).falling(|row| OrderedBy::Money(row.money.profit_per_hour)).first(),
        C::right("on cost", 7, |row| own(row, margin(row.money.profit_per_hour, cost(row))))
            .rank(7)
            .falling(|row| OrderedBy::Number(ratio(row.money.profit_per_hour, cost(row)))),
        C::right("gross", 7, |row| own(row, gross(row.money.profit_per_hour, row.money.revenue_per_hour)))
            .rank(7)
            .falling(|row| OrderedBy::Number(ratio(row.money.profit_per_hour, row.money.revenue_per_hour))),
    ]
}

/// The columns beside the fleet: the token rates of each model, its revenue over time, and its money per hour.
fn columns_beside<'s>(input: &'s FrameInput<'s>, width: u16, top: f64) -> Vec<Col<'s, ModelRow>> {
    type C<'s> = Col<'s, ModelRow>;
    let is_wide = width >= 70;
    let (line, sum) = if is_wide { (16, 8) } else { (9, 6) };
    let sum_of = move |amount| amount_of(amount, sum);
    let has_line = input.snap.models.iter().any(|row| row.money.revenue_per_hour.is_some());
    vec![
        C::left("Models", 11, |row| {
            if is_beside(row) { Cell::dim(row.model.to_string()) } else { Cell::text(row.model.to_string()) }
        })
        .stretch(1, 34),
        C::right("nodes", 5, |row| own(row, nodes(input, row))).rank(8),
        C::right("out/s", 5, |row| own(row, tables::rate(row.output_per_second))),
        C::right("hit", 5, |row| own(row, hit(row))).rank(4),
        C::left(format!("rev/h {}", input.app.charts.span.word()), line, move |row| {
            own(row, revenue_line(input, row, line, top))
        })
        .rank(7)
        .only(has_line),
        C::right("rev/h", sum, move |row| own(row, sum_of(row.money.revenue_per_hour))).rank(3),
        C::right("cost/h", sum, move |row| sum_of(cost(row))).rank(3),
        C::right("profit/h", 9, profit).falling(|row| OrderedBy::Money(row.money.profit_per_hour)).first(),
    ]
}

/// Rows without a model have only money.
fn own(row: &ModelRow, cell: Cell<'static>) -> Cell<'static> {
    if is_beside(row) { Cell::Empty } else { cell }
}

fn money(amount: Option<Money>) -> Cell<'static> {
    amount_of(amount, 8)
}

fn margin(profit: Option<Money>, cost: Option<Money>) -> Cell<'static> {
    let ratio = profit.zip(cost).and_then(|(profit, cost)| quotient(profit, cost));
    figure(&format::percent(ratio))
}

/// Profit as a share of revenue.
fn gross(profit: Option<Money>, revenue: Option<Money>) -> Cell<'static> {
    let ratio = profit.zip(revenue).and_then(|(profit, revenue)| quotient(profit, revenue));
    match ratio.map(crate::units::Ratio::get) {
        Some(ratio) if ratio <= -9.995 => Cell::text("<−999%"),
        _ => figure(&format::percent1(ratio).replace('-', "−")),
    }
}

fn ratio(part: Option<Money>, whole: Option<Money>) -> Option<f64> {
    part.zip(whole).and_then(|(part, whole)| quotient(part, whole)).map(crate::units::Ratio::get)
}

/// The number of nodes that serve the model: those of its engines, and all nodes of these engines' units.
fn nodes(input: &FrameInput<'_>, row: &ModelRow) -> Cell<'static> {
    let serving = || input.snap.engines.iter().filter(|engine| engine.model.as_ref() == Some(&row.model));
    let mut nodes: BTreeSet<&str> = serving().map(|engine| engine.node.as_str()).collect();
    let units: BTreeSet<&str> = serving().filter_map(|engine| Some(engine.unit.as_ref()?.as_str())).collect();
    let is_in = |node: &&Arc<NodeRow>| node.unit.as_ref().is_some_and(|unit| units.contains(unit.as_str()));
    nodes.extend(input.snap.nodes.iter().filter(is_in).map(|node| node.name.as_str()));
    nodes.remove("");
    if nodes.is_empty() { Cell::unknown() } else { Cell::dim(format::grouped(nodes.len() as u128)) }
}

fn hit(row: &ModelRow) -> Cell<'static> {
    match row.cache_hit_rate {
        None if row.cached_total.is_none() && row.prompt_total.is_some() => Cell::dim("n/a"),
        rate => figure(&format::percent(rate)),
    }
}

fn profit(row: &ModelRow) -> Cell<'static> {
    match row.money.profit_per_hour {
        None if row.money.revenue.is_none() && row.money.list.is_none() => Cell::dim("unpriced"),
        profit => tables::profit(profit),
    }
}

fn revenue_line(input: &FrameInput<'_>, row: &ModelRow, cells: u16, top: f64) -> Cell<'static> {
    if row.money.revenue_per_hour.is_none() {
        return Cell::Empty;
    }
    line_of(input, row, Measure::Revenue, cells, top)
}

fn output_line(input: &FrameInput<'_>, row: &ModelRow, cells: u16, top: f64) -> Cell<'static> {
    line_of(input, row, Measure::Output, cells, top)
}

fn line_of(input: &FrameInput<'_>, row: &ModelRow, measure: Measure, cells: u16, top: f64) -> Cell<'static> {
    let span = input.app.charts.span.length();
    let points = Points::of(input, &Subject::Model(row.model.clone()), measure, span);
    let values = points.cells(input.snap.at, span, cells);
    Cell::Sparkline(Sparkline::new(values, top, Ink::Mixed(Role::Output, 70)))
}
