//! The last message, at the bottom right of the screen, where it covers nothing but keys.

use ratatui::layout::Rect;

use crate::reading::Health;
use crate::snapshot::{GpuRow, NodeRow};
use crate::tui::app::{Cells, RefreshPace};
use crate::tui::format;
use crate::tui::frame_input::{FrameInput, short_gpu};
use crate::tui::theme::Role;
use crate::tui::widgets::toast::Toast;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::Ratio;

/// The number of rows from the bottom that are searched for free space.
const ROWS: u16 = 12;

/// Draws it above the basis where nothing is written, otherwise over the keys in the last row.
pub fn said(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let (text, is_failure) = match input.app.said() {
        Some(said) => (said.text.clone(), said.is_failure),
        None => match pointed(input) {
            Some(text) => (text, false),
            None => return,
        },
    };
    let text = canvas.theme.glyphs().keys(&text).into_owned();
    let cells = usize::from(area.width).saturating_sub(4);
    let role = if is_failure { Role::Warning } else { Role::Text };
    let toast = Toast { text: vec![Segment::new(role, format::cut_at_word(&text, cells))] };
    let width = format::width(&text).min(cells) as u16 + 2;
    // It never covers header, basis or keys.
    let above =
        Rect { y: area.y + 1, height: area.height.saturating_sub(3), width: area.width.saturating_sub(1), ..area };
    let from = above.bottom().saturating_sub(ROWS).max(above.y);
    let rows = (from..above.bottom()).map(|y| Rect { x: above.right().saturating_sub(width), y, width, height: 1 });
    let taken: Vec<Rect> = rows.filter(|row| is_taken(canvas, *row)).collect();
    let near = Rect { y: from, height: above.bottom() - from, ..above };
    if toast.draw(canvas, near, &taken).is_none() {
        let last = Rect { y: area.bottom().saturating_sub(1), height: 1, width: above.width, ..area };
        clear_to_a_word(canvas, Rect { x: last.right().saturating_sub(width), width, ..last }, last.x);
        toast.draw(canvas, last, &[]);
    }
}

/// Clears a place from the beginning of what it would cut on.
fn clear_to_a_word(canvas: &mut Canvas<'_>, place: Rect, from: u16) {
    let is_blank = |x: u16| canvas.buffer.cell((x, place.y)).is_none_or(|cell| cell.symbol() == " ");
    let begin = (from..place.x).rev().find(|x| is_blank(*x) && (*x == from || is_blank(*x - 1)));
    let begin = begin.unwrap_or(from);
    canvas.clear(Rect { x: begin, width: place.right().saturating_sub(begin), ..place });
}

/// The cell of a map under the mouse: `gpu-0231 GPU 3 · load 82 %`.
fn pointed(input: &FrameInput<'_>) -> Option<String> {
    let (node, gpu) = input.app.over()?;
    let node = input.at(RefreshPace::TenSeconds).snap.nodes.get(node)?;
    let cells = input.app.charts.cells;
    let name = format::shorten(node.name.as_str(), 40);
    let Some(gpu) = gpu else {
        if !cells.is_of_gpus() {
            return Some(format!("{name} · {}", of_node(input, cells, node)));
        }
        let known: Vec<f64> = node.gpus.iter().filter_map(|gpu| cells.figure(gpu)).collect();
        let mean = (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64);
        return Some(format!("{name} · {}", cells.in_words(mean)));
    };
    Some(format!("{name} GPU {}", of_gpu(cells, node.gpus.get(gpu)?)))
}

/// `3 H100 · load 82 % · 54.1/79.6 G · 535 W`, and the map's measure if it is another one.
fn of_gpu(cells: Cells, gpu: &GpuRow) -> String {
    let mut facts = vec![format!("{} {}", gpu.index, short_gpu(gpu.name.as_ref()))];
    if gpu.state != Health::Live {
        facts.push(gpu.state.to_string());
        return facts.join(" · ");
    }
    facts.push(Cells::Load.in_words(Cells::Load.figure(gpu)));
    facts.push(format::memory(gpu.memory_used_bytes, gpu.memory_total_bytes).trim().to_owned());
    facts.push(format::watts(gpu.power_watts).trim().to_owned());
    if cells == Cells::Temperature {
        facts.push(cells.in_words(cells.figure(gpu)));
    }
    facts.join(" · ")
}

/// The figure of a cell for a whole node: `KV 71 %`.
fn of_node(input: &FrameInput<'_>, cells: Cells, node: &NodeRow) -> String {
    match cells {
        Cells::Profit => {
            let profit = node.profit_per_hour.map_or(format::UNKNOWN.to_owned(), |profit| format::signed(profit, 12));
            format!("profit {}/h", profit.trim())
        }
        Cells::Kv => cells.in_words(input.at(RefreshPace::TenSeconds).kv_of(node).map(Ratio::get)),
        _ => cells.in_words(node.cache_hit_rate.map(Ratio::get)),
    }
}

/// Whether anything is written there or right before it.
fn is_taken(canvas: &Canvas<'_>, row: Rect) -> bool {
    let with_gap = Rect { x: row.x.saturating_sub(1), width: row.width + 1, ..row };
    with_gap.positions().filter_map(|place| canvas.buffer.cell(place)).any(|cell| cell.symbol() != " ")
}
