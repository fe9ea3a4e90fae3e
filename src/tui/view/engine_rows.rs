//! Engines and ranks as rows without folding, for a box or a node.

use ratatui::layout::Rect;

use super::cells::{full, latency, within};
use super::list::{Col, List, count, figure, said};
use super::served::latencies_of;
use super::tables;
use crate::reading::Health;
use crate::snapshot::EngineRow;
use crate::tui::format;
use crate::tui::scene::{Scene, mark, short_target};
use crate::tui::theme::Role;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::{Canvas, Segment};

type C<'s, 'a> = Col<'s, &'a EngineRow>;

/// Draws engines and ranks as rows without folding.
pub(super) fn engine_rows(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, rows: &[&EngineRow]) {
    if area.height < 2 {
        return;
    }
    let slo = scene.snap.slo.unwrap_or_default();
    // The span of the p99 stands behind the name where both fit.
    let has_span = area.width >= 100;
    let columns = [
        C::left("Engines", if has_span { 19 } else { 14 }, |row| {
            let rank = row.rank.as_ref().map_or_else(String::new, |rank| format!(" r{rank}"));
            let (role, glyph) = mark(row.state);
            // The node that all of them stand on is named above them.
            let place = short_target(row);
            let port = place.rsplit_once(':').map_or(place.as_str(), |(_, port)| port);
            let text = format!("{} :{port}{rank}", row.kind);
            if row.state == Health::Live { Cell::text(text) } else { said(role, format!("{glyph} {text}")) }
        })
        .stretch(2, 36),
        C::left("model", 12, |row| {
            row.model.as_ref().map_or_else(Cell::unknown, |model| Cell::text(model.to_string()))
        })
        .stretch(2, 34),
        C::left("role", 8, |row| Cell::dim(format!("{}{}", row.role, if row.role_inferred { "?" } else { "" })))
            .rank(6),
        C::right("run", 5, |row| count(row.running)).rank(1),
        C::right("wait", 4, |row| count(row.waiting)).rank(1),
        C::right("KV", 5, |row| full(row.kv_usage)).rank(1),
        C::right("hit", 5, |row| match row.cache_hit_rate {
            None if row.cached_total.is_none() && row.prompt_total.is_some() => Cell::dim("n/a"),
            rate => figure(&format::percent(rate)),
        })
        .rank(2),
        C::right("ttft p99", 8, move |row| latency(latencies_of(row)[0], slo.ttft_p99_seconds)).rank(3),
        C::right("itl p99", 7, move |row| latency(latencies_of(row)[1], slo.itl_p99_seconds)).rank(4),
        C::right("in SLO", 6, |row| within(row.within_slo)).rank(4).only(scene.snap.slo.is_some()),
        C::right("in/s", 5, |row| tables::rate(row.prompt_per_second)).rank(5),
        C::right("out/s", 5, |row| tables::rate(row.output_per_second)),
        C::right("revenue", 9, |row| {
            row.revenue.map_or_else(Cell::unknown, |_| Cell::text(scene.money(row.revenue, 9)))
        })
        .rank(4),
        C::left("note", 10, |row| match (&row.note, row.state) {
            (Some(note), _) => said(Role::Warning, note.to_string()),
            (None, Health::Live) => Cell::Empty,
            (None, state) => said(mark(state).0, format!("{state} {}", format::age(row.age_seconds))),
        })
        .rank(7)
        .stretch(3, 60),
    ];
    let mut list = List::plain("Engines", &columns, rows);
    if let Some(seconds) = scene.snap.window_seconds.filter(|_| has_span) {
        list.title.push(Segment::dim(format!(" · p99 {seconds:.0}s")));
    }
    list.draw(canvas, area);
}
