//! Nodes as rows, and what all the list views share: scrolling and order.

use std::cmp::Ordering;

use ratatui::layout::Rect;

use crate::reading::Health;
use crate::snapshot::NodeRow;
use crate::tui::app::ListState;
use crate::tui::human;
use crate::tui::scene::{Scene, mark, tone};
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Column, Figure, Rows, table};
use crate::units::Ratio;

/// Draws the view: every node, sorted and scrolled.
pub fn node_list(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let accepted = |row: &&NodeRow| {
        let unit = row.unit.as_ref().map_or("", |unit| unit.as_str());
        let state = if row.state == Health::Live { "live" } else { "stale lost never" };
        scene.app.filter.accepts(&[("node", row.name.as_str()), ("unit", unit), ("state", state)])
    };
    let mut rows: Vec<&NodeRow> = scene.snap.nodes.iter().map(AsRef::as_ref).filter(accepted).collect();
    let list = scene.app.list();
    match list.order() {
        1 => rows.sort_by_key(|row| std::cmp::Reverse(row.state)),
        2 => rows.sort_by(|a, b| descending(a.output_per_second, b.output_per_second)),
        // The largest loss first: that is what one looks for.
        3 => rows.sort_by_key(|row| (row.profit_per_hour.is_none(), row.profit_per_hour)),
        _ => {}
    }
    scrolled(canvas, area, list, &columns(scene), &rows, &|row| row.state);
}

/// The larger first, the unknown last.
pub(super) fn descending(a: Option<f64>, b: Option<f64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.total_cmp(&a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// A table about its chosen row, with the place in the list in the last line.
pub(super) fn scrolled<R>(
    canvas: &mut Canvas<'_>,
    area: Rect,
    list: &ListState,
    columns: &[Column<'_, R>],
    rows: &[R],
    state: &dyn Fn(&R) -> Health,
) {
    let page = usize::from(area.height.saturating_sub(2));
    let (chosen, first) = (list.chosen(rows.len()), list.first(page, rows.len()));
    let table_area = Rect { height: area.height.saturating_sub(1), ..area };
    let visible = rows.get(first..).unwrap_or_default();
    table(
        canvas,
        table_area,
        columns,
        &Rows {
            rows: visible,
            chosen: chosen.checked_sub(first),
            tone: &|row| tone(state(row)),
            mark: &|row| mark(state(row)),
        },
    );
    let place = if rows.is_empty() { "none".to_owned() } else { format!("{} of {}", chosen + 1, rows.len()) };
    canvas.pen(area, area.height.saturating_sub(1)).put(Role::Dim, &place);
}

fn columns<'a>(scene: &'a Scene<'a>) -> Vec<Column<'a, &'a NodeRow>> {
    type Col<'a> = Column<'a, &'a NodeRow>;
    vec![
        Col::name("NODES", 14, 20, 0, |row| Figure::value(row.name.as_str())),
        Col::name("unit", 10, 8, 5, |row| Figure::quiet(row.unit.as_ref().map_or("", |unit| unit.as_str()))),
        Col::figure("GPUs", 4, 3, |row| Figure::quiet(row.gpus.len().to_string())),
        Col::bar("load", 8, 16, 1, |row| Figure::Bar(load(row))),
        Col::figure("", 5, 0, |row| Figure::value(human::percent(load(row)))),
        Col::figure("power", 6, 4, |row| Figure::value(human::watts(power(row)))),
        Col::figure("hit", 5, 3, |row| Figure::value(human::percent(row.cache_hit_rate))),
        Col::figure("in/s", 5, 3, |row| Figure::value(human::scaled_tight(row.prompt_per_second))),
        Col::figure("out/s", 5, 0, |row| Figure::value(human::scaled_tight(row.output_per_second))),
        Col::figure("revenue", 9, 2, |row| Figure::value(scene.money(row.revenue, 9))),
        Col::figure("cost", 9, 2, |row| Figure::value(scene.money(row.cost, 9))),
        Col::figure("profit /h", 9, 0, |row| super::models::profit(row.profit_per_hour, scene)),
        Col::figure("age", 5, 2, |row| Figure::quiet(age(row))),
    ]
}

/// A live row's age is the interval and needs no figure.
fn age(row: &NodeRow) -> String {
    if row.state == Health::Live { String::new() } else { human::age(row.age_seconds) }
}

fn load(row: &NodeRow) -> Option<Ratio> {
    let known: Vec<f64> = row.gpus.iter().filter_map(|gpu| gpu.utilization).map(Ratio::get).collect();
    Ratio::of(known.iter().sum(), known.len() as f64)
}

fn power(row: &NodeRow) -> Option<f64> {
    row.gpus.iter().filter_map(|gpu| gpu.power_watts).reduce(|a, b| a + b)
}
