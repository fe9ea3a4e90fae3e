//! Models by money: the dearest first, the unpriced named as such.

use ratatui::layout::Rect;

use crate::reading::{Health, ModelName};
use crate::snapshot::{BesideRow, ModelMoney, ModelRow};
use crate::tui::human;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Column, Figure, Rows, table};
use crate::units::Money;

/// Draws as many as fit. Returns how many found no room.
pub fn models(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) -> usize {
    let beside = beside(scene);
    let rows: Vec<&ModelRow> = shown(scene).into_iter().chain(&beside).collect();
    table(canvas, area, &columns(scene), &Rows::plain(&rows))
}

/// Draws the view: every model, sorted and scrolled.
pub fn model_list(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let beside = beside(scene);
    let mut rows: Vec<&ModelRow> = shown(scene);
    let list = scene.app.list();
    match list.order() {
        1 => rows.sort_by(|a, b| super::nodes::descending(a.output_per_second, b.output_per_second)),
        2 => rows.sort_by(|a, b| a.model.cmp(&b.model)),
        _ => {}
    }
    rows.extend(&beside);
    super::nodes::scrolled(canvas, area, list, &columns(scene), &rows, &|_| Health::Live);
}

/// What of the profit an hour is in no model's row, as rows; none while rows are filtered.
fn beside(scene: &Scene<'_>) -> Vec<ModelRow> {
    let row = |part: &BesideRow| ModelRow {
        model: ModelName::new(part.name.as_str()),
        prompt_total: None,
        cached_total: None,
        output_total: None,
        cache_hit_rate: None,
        prompt_per_second: None,
        output_per_second: None,
        money: ModelMoney { profit_per_hour: Some(part.profit_per_hour), ..ModelMoney::default() },
    };
    if scene.app.filter.text().is_empty() {
        scene.snap.money.beside_models.iter().map(row).collect()
    } else {
        Vec::new()
    }
}

fn shown<'a>(scene: &Scene<'a>) -> Vec<&'a ModelRow> {
    scene.snap.models.iter().filter(|row| scene.app.filter.accepts(&[("model", row.model.as_str())])).collect()
}

fn columns<'a>(scene: &'a Scene<'a>) -> Vec<Column<'a, &'a ModelRow>> {
    type Col<'a> = Column<'a, &'a ModelRow>;
    vec![
        Col::name("MODELS", 14, 26, 0, |row| Figure::value(row.model.as_str())),
        Col::figure("out/s", 5, 0, |row| Figure::value(human::scaled_tight(row.output_per_second))),
        Col::figure("in/s", 5, 2, |row| Figure::value(human::scaled_tight(row.prompt_per_second))),
        Col::figure("hit", 5, 1, |row| match row.cache_hit_rate {
            None if row.cached_total.is_none() && row.prompt_total.is_some() => Figure::quiet("n/a"),
            rate => Figure::value(human::percent(rate)),
        }),
        Col::figure("revenue", 9, 0, |row| match row.money.revenue {
            None if row.model.as_str().starts_with('(') => Figure::quiet(""),
            None => Figure::quiet("unpriced"),
            revenue => Figure::value(scene.money(revenue, 9)),
        }),
        Col::figure("rev /h", 8, 1, |row| Figure::value(scene.money(row.money.revenue_per_hour, 8))),
        Col::figure("profit /h", 9, 2, |row| profit(row.money.profit_per_hour, scene)),
        Col::name("list", 12, 14, 3, |row| Figure::quiet(row.money.list.as_ref().map_or("", |list| list.as_str()))),
    ]
}

/// A profit with its sign; only a loss has a colour, lest a wall of gains drown the one figure that matters.
pub(super) fn profit(amount: Option<Money>, scene: &Scene<'_>) -> Figure {
    let Some(amount) = amount else { return Figure::quiet(human::UNKNOWN) };
    let (role, plus) = match amount.rounded(2).signum() {
        0 => (Role::Text, ""),
        1 => (Role::Text, "+"),
        _ => (Role::Loss, ""),
    };
    Figure::Text(role, format!("{plus}{}", scene.money(Some(amount), 8)))
}
