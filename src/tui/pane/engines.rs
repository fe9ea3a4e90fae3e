//! Engines and ranks as rows: requests, cache, latency, tokens, what they earned.

use ratatui::layout::Rect;

use crate::reading::Health;
use crate::snapshot::{EngineRow, Quantiles};
use crate::tui::human;
use crate::tui::scene::{Scene, mark, short_target, tone};
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Column, Figure, Rows, table};
use crate::units::Ratio;

/// Draws as many as fit, in the picture's order. Returns how many found no room.
pub fn engines(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) -> usize {
    let rows = shown(scene);
    table(
        canvas,
        area,
        &columns(scene),
        &Rows { tone: &|row| tone(row.state), mark: &|row| mark(row.state), ..Rows::plain(&rows) },
    )
}

/// Draws the view: every engine, sorted and scrolled.
pub fn engine_list(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let mut rows = shown(scene);
    let list = scene.app.list();
    match list.order() {
        1 => rows.sort_by_key(|row| std::cmp::Reverse(row.state)),
        2 => rows.sort_by(|a, b| super::nodes::descending(a.output_per_second, b.output_per_second)),
        3 => rows.sort_by_key(|row| std::cmp::Reverse(row.waiting)),
        4 => rows.sort_by(|a, b| super::nodes::descending(a.kv_usage.map(Ratio::get), b.kv_usage.map(Ratio::get))),
        _ => {}
    }
    super::nodes::scrolled(canvas, area, list, &columns(scene), &rows, &|row| row.state);
}

fn shown<'a>(scene: &Scene<'a>) -> Vec<&'a EngineRow> {
    let rows = scene.snap.engines.iter().map(AsRef::as_ref);
    rows.filter(|row| scene.app.filter.accepts(&fields(row))).collect()
}

fn fields(row: &EngineRow) -> [(&'static str, &str); 5] {
    [
        ("target", row.target.as_str()),
        ("node", row.node.as_str()),
        ("unit", row.unit.as_ref().map_or("", |u| u.as_str())),
        ("model", row.model.as_ref().map_or("", |m| m.as_str())),
        ("state", if row.state == Health::Live { "live" } else { "stale lost never" }),
    ]
}

fn columns<'a>(scene: &'a Scene<'a>) -> Vec<Column<'a, &'a EngineRow>> {
    type Col<'a> = Column<'a, &'a EngineRow>;
    let count =
        |value: Option<u64>| Figure::value(value.map_or(human::UNKNOWN.to_owned(), |v| human::grouped(v.into())));
    vec![
        Col::name("ENGINES", 24, 12, 0, |row| name(row)),
        Col::name("model", 16, 24, 0, |row| {
            Figure::value(row.model.as_ref().map_or(human::UNKNOWN, |model| model.as_str()))
        }),
        Col::name("role", 8, 0, 7, |row| role(row)),
        Col::figure("run", 4, 1, move |row| count(row.running)),
        Col::figure("wait", 4, 1, move |row| count(row.waiting)),
        Col::figure("KV", 5, 1, |row| kv(row)),
        Col::figure("hit", 5, 2, |row| hit(row)),
        Col::figure("ttft p99", 8, 3, |row| latency(row.ttft_seconds)),
        Col::figure("itl p99", 7, 4, |row| latency(row.itl_seconds)),
        Col::figure("in/s", 5, 6, |row| Figure::value(human::scaled_tight(row.prompt_per_second))),
        Col::figure("out/s", 5, 0, |row| Figure::value(human::scaled_tight(row.output_per_second))),
        Col::figure("earned", 9, 5, |row| Figure::value(scene.money(row.revenue, 9))),
        Col::name("note", 10, 60, 8, |row| note(row)),
    ]
}

fn name(row: &EngineRow) -> Figure {
    let rank = row.rank.as_ref().map_or_else(String::new, |rank| format!(" r{rank}"));
    Figure::value(format!("{} {}{rank}", row.kind, short_target(row)))
}

fn role(row: &EngineRow) -> Figure {
    Figure::quiet(format!("{}{}", row.role, if row.role_inferred { "?" } else { "" }))
}

fn kv(row: &EngineRow) -> Figure {
    let near_full = row.kv_usage.is_some_and(|kv| kv.get() >= 0.95);
    Figure::Text(if near_full { Role::Warning } else { Role::Text }, human::percent(row.kv_usage))
}

/// `n/a` where the engine tells no hits, which is not the same as not knowing its rate yet.
fn hit(row: &EngineRow) -> Figure {
    match row.cache_hit_rate {
        None if row.cached_total.is_none() && row.prompt_total.is_some() => Figure::quiet("n/a"),
        rate => Figure::value(human::percent(rate)),
    }
}

fn latency(quantiles: Quantiles) -> Figure {
    Figure::value(human::latency(quantiles.p99).trim())
}

fn note(row: &EngineRow) -> Figure {
    match (&row.note, row.state) {
        (Some(note), _) => Figure::Text(Role::Warning, note.to_string()),
        (None, Health::Live) => Figure::quiet(""),
        (None, state) => Figure::Text(mark(state).0, format!("{state} {}", human::age(row.age_seconds))),
    }
}
