//! Engines and ranks as rows without folding, for a single machine or a node.

use ratatui::layout::Rect;

use super::cells::{full, hit, latency, within};
use super::latencies;
use super::list::{Col, List, count, said};
use super::served::latencies_of;
use super::tables;
use crate::reading::{EngineRole, Health};
use crate::snapshot::EngineRow;
use crate::tui::format;
use crate::tui::frame_input::{FrameInput, mark, short_target, software};
use crate::tui::theme::Role;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::{Canvas, Segment};

/// The width in columns below which figures are spaced closely.
const NARROW: u16 = 100;

type EngineCol<'s, 'a> = Col<'s, &'a EngineRow>;

/// Draws engines and ranks as rows without folding.
pub(super) fn engine_rows(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, rows: &[&EngineRow]) {
    if area.height < 2 {
        return;
    }
    let slo = input.snap.slo.unwrap_or_default();
    // The figures are those of the window, which is in the title.
    let is_narrow = area.width < NARROW;
    // Leaves a visible part of the rule between the title and the first heading.
    let least = if is_narrow { 16 } else { 14 };
    let longest = rows.iter().map(|row| format::width(&name(row))).max().unwrap_or(0).clamp(least, 18) as u16;
    let columns = [
        EngineCol::left("Engines", longest + u16::from(is_narrow), |row| {
            let (role, glyph) = mark(row.state);
            let text = name(row);
            if row.state == Health::Live { Cell::text(text) } else { said(role, format!("{glyph} {text}")) }
        })
        .stretch(2, 36),
        EngineCol::left("model", 12, |row| {
            row.model.as_ref().map_or_else(Cell::unknown, |model| Cell::text(model.to_string()))
        })
        .stretch(2, 34),
        EngineCol::left("role", 8, |row| {
            Cell::dim(format!("{}{}", row.role, if row.role_inferred { "?" } else { "" }))
        })
        .rank(7),
        EngineCol::right("run", 5, |row| count(row.running)).rank(1),
        EngineCol::right("wait", 4, |row| count(row.waiting)).rank(1),
        EngineCol::right("KV", 5, |row| full(row.kv_usage)).rank(1),
        EngineCol::right("hit", 5, |row| hit(row)).rank(2),
        EngineCol::right("ttft p99", 8, move |row| latency(latencies_of(row)[0], slo.ttft_p99_seconds)).rank(2),
        EngineCol::right("itl p99", 7, move |row| latency(latencies_of(row)[1], slo.itl_p99_seconds)).rank(3),
        EngineCol::right("in SLO", 6, |row| within(row.within_slo)).rank(4).only(input.snap.slo.is_some()),
        EngineCol::right("in/s", 5, |row| tables::rate(made(row, EngineRole::Decode, row.prompt_per_second))).rank(6),
        EngineCol::right("out/s", 5, |row| tables::rate(made(row, EngineRole::Prefill, row.output_per_second))).rank(5),
        EngineCol::right("revenue", 9, |row| {
            row.revenue.map_or_else(Cell::unknown, |_| Cell::text(input.money(row.revenue, 9)))
        })
        .rank(4),
        EngineCol::left("note", 10, |row| match (&row.note, row.state) {
            (Some(note), _) => said(Role::Warning, note.to_string()),
            (None, Health::Live) => Cell::Empty,
            (None, state) => said(mark(state).0, format!("{state} {}", format::age(row.age_seconds))),
        })
        .rank(8)
        .stretch(3, 60),
    ];
    let mut list = List { gap: if is_narrow { 1 } else { 2 }, ..List::plain("Engines", &columns, rows) };
    let window = latencies::padded_window(input).map(|window| format!(" · {window}"));
    // A single row has none below it that counts the others.
    let is_cut = area.height == 2 && rows.len() > 1;
    let note = if is_cut { Some(format!(" 1 of {}", rows.len())) } else { window };
    list.title.extend(note.map(Segment::dim));
    list.draw(canvas, area);
}

/// A rate of tokens, which engines of one role pass on and do not make.
fn made(row: &EngineRow, without: EngineRole, rate: Option<f64>) -> Option<f64> {
    rate.filter(|_| row.role != without)
}

/// The short name of an engine on its node, such as `vllm :8000`, if its port is unique on the node.
pub(super) fn alone_on_node(input: &FrameInput<'_>, row: &EngineRow) -> String {
    let port_of = |target: &str| target.rsplit_once(':').map(|(_, port)| port.to_owned());
    let own = short_target(row);
    let port = port_of(&own);
    let others = input.snap.engines.iter().map(AsRef::as_ref).filter(|other| other.target != row.target);
    let is_shared = port.is_none() || others.map(short_target).any(|other| port_of(&other) == port);
    let place = if is_shared { own } else { format!(":{}", port.unwrap_or_default()) };
    format!("{} {place}", software(row.kind))
}

/// The name of a row, such as `vllm :8000 r3`; the heading names the node.
fn name(row: &EngineRow) -> String {
    let rank = row.rank.as_ref().map_or_else(String::new, |rank| format!(" r{rank}"));
    let place = short_target(row);
    let port = place.rsplit_once(':').map_or(place.as_str(), |(_, port)| port);
    format!("{} :{port}{rank}", software(row.kind))
}
