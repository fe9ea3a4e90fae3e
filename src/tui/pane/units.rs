//! Deployment units as rows: load, cache, queue, the worst rank, money an hour.

use ratatui::layout::Rect;

use crate::snapshot::UnitRow;
use crate::tui::human;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Column, Figure, Rows, table};
use crate::units::Money;

/// Draws as many as fit. Returns how many found no room.
pub fn units(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) -> usize {
    let accepted = |row: &&UnitRow| scene.app.filter.accepts(&[("unit", row.unit.as_str())]);
    let rows: Vec<&UnitRow> = scene.snap.units.iter().filter(accepted).collect();
    table(canvas, area, &columns(scene), &Rows::plain(&rows))
}

fn columns<'a>(scene: &'a Scene<'a>) -> Vec<Column<'a, &'a UnitRow>> {
    type Col<'a> = Column<'a, &'a UnitRow>;
    vec![
        Col::name("UNITS", 12, 12, 0, |row| Figure::value(row.unit.as_str())),
        Col::figure("GPUs", 5, 3, |row| Figure::quiet(human::grouped(row.gpus as u128))),
        Col::figure("load", 5, 0, |row| Figure::value(human::percent(row.utilization))),
        Col::figure("KV", 5, 1, |row| {
            let near_full = row.kv_usage.is_some_and(|kv| kv.get() >= 0.95);
            Figure::Text(if near_full { Role::Warning } else { Role::Text }, human::percent(row.kv_usage))
        }),
        Col::figure("queue", 6, 1, |row| {
            Figure::value(row.waiting.map_or(human::UNKNOWN.to_owned(), |waiting| human::grouped(waiting.into())))
        }),
        Col::figure("worst rank", 10, 2, |row| {
            Figure::value(row.worst.as_ref().map_or(human::UNKNOWN.to_owned(), |worst| {
                format!("r{} {:.2}x", human::shorten(worst.rank.as_str(), 4), worst.over_mean.get().min(99.0))
            }))
        }),
        Col::figure("out/s", 5, 3, |row| Figure::value(human::scaled_tight(row.output_per_second))),
        Col::figure("profit /h", 9, 2, |row| super::models::profit(per_hour(row), scene)),
    ]
}

fn per_hour(row: &UnitRow) -> Option<Money> {
    Some(row.revenue_per_hour? - row.cost_per_hour?)
}
