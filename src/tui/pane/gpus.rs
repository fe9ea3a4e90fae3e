//! GPUs as rows, while they fit: load, memory, power, temperature, who is on it.

use ratatui::layout::Rect;

use crate::reading::{GpuProcess, Health};
use crate::tui::human;
use crate::tui::scene::{GpuLine, Scene, mark, short_gpu};
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Column, Figure, Rows, table};
use crate::units::Ratio;

/// Draws every GPU in a row. Returns how many found no room.
pub fn gpus(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) -> usize {
    let lines = scene.gpu_lines();
    let rows = Rows { tone: &tone, mark: &|line| mark(line.gpu.state), ..Rows::plain(&lines) };
    table(canvas, area, &columns(scene), &rows)
}

/// Draws them in two halves side by side. Returns how many found no room.
pub fn gpus_in_two(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) -> usize {
    let lines = scene.gpu_lines();
    let half = lines.len().div_ceil(2);
    let width = area.width.saturating_sub(2) / 2;
    let mut hidden = 0;
    for (i, lines) in (0..).zip(lines.chunks(half.max(1))) {
        let half_area = Rect { x: area.x + i * (width + 2), width, ..area }.intersection(area);
        let rows = Rows { tone: &tone, mark: &|line| mark(line.gpu.state), ..Rows::plain(lines) };
        hidden += table(canvas, half_area, &columns(scene), &rows);
    }
    hidden
}

/// A row that says nothing new is dim; what is wrong with it keeps its own role.
fn tone(line: &GpuLine<'_>) -> Option<Role> {
    (line.gpu.state == Health::Stale).then_some(Role::Dim)
}

fn columns<'a>(scene: &'a Scene<'a>) -> Vec<Column<'a, GpuLine<'a>>> {
    type Col<'a> = Column<'a, GpuLine<'a>>;
    let several = scene.snap.nodes.len() > 1;
    let digits = scene.snap.nodes.iter().flat_map(|n| &n.gpus).map(|g| g.index.to_string().len()).max().unwrap_or(1);
    let activity = scene.snap.nodes.iter().flat_map(|n| &n.gpus).any(|g| g.activity.tensor.is_some());
    let mut columns = vec![
        Col::name("GPU", if several { 16 } else { 9 }, 8, 0, move |line| name(line, several, digits)),
        Col::bar("load", 6, 34, 0, |line| Figure::Bar(line.gpu.utilization)),
        Col::figure("", 5, 0, |line| Figure::value(human::percent(line.gpu.utilization))),
        Col::bar("memory", 6, 14, 3, |line| Figure::Bar(memory_share(scene, line))),
        Col::figure("", 12, 1, |line| Figure::value(memory(scene, line))),
        Col::figure("power", 6, 2, |line| Figure::value(human::watts(line.gpu.power_watts))),
        Col::figure("temp", 4, 3, |line| {
            Figure::value(
                scene.held(line, |g| g.temperature_celsius).map_or("– ".to_owned(), |t| format!("{}°", t.get())),
            )
        }),
        Col::name("process", 12, 16, 4, process),
        Col::figure("SM clock", 8, 5, |line| {
            Figure::quiet(scene.held(line, |g| g.sm_clock_mhz).map_or("–".to_owned(), |c| format!("{} MHz", c.get())))
        }),
    ];
    if activity {
        columns.insert(3, Col::figure("tensor", 6, 5, |line| Figure::quiet(human::percent(line.gpu.activity.tensor))));
    }
    columns
}

fn name(line: &GpuLine<'_>, several: bool, digits: usize) -> Figure {
    let board = short_gpu(line.gpu.name.as_ref());
    if several {
        Figure::value(format!("{} {:>digits$} {board}", human::shorten(line.node.name.as_str(), 12), line.gpu.index))
    } else {
        Figure::value(format!("{:>digits$} {board}", line.gpu.index))
    }
}

fn memory_share(scene: &Scene<'_>, line: &GpuLine<'_>) -> Option<Ratio> {
    scene.held(line, |g| Ratio::of(g.memory_used_bytes?.get() as f64, g.memory_total_bytes?.get() as f64))
}

fn memory(scene: &Scene<'_>, line: &GpuLine<'_>) -> String {
    let used = scene.held(line, |g| g.memory_used_bytes);
    human::memory(used, line.gpu.memory_total_bytes)
}

/// Who holds the GPU, or what is wrong with it.
fn process(line: &GpuLine<'_>) -> Figure {
    let gpu = line.gpu;
    if gpu.state != Health::Live {
        let why = gpu.reason.as_ref().map_or_else(|| gpu.state.to_string(), ToString::to_string);
        return Figure::Text(mark(gpu.state).0, why);
    }
    if let Some(throttle) = gpu.throttle.filter(|t| t.any()) {
        let why = if throttle.thermal { "held by heat" } else { "held by power" };
        return Figure::Text(Role::Warning, why.to_owned());
    }
    let largest = gpu.processes.iter().max_by_key(|process| process.memory);
    let more = gpu.processes.len().saturating_sub(1);
    let more = if more > 0 { format!(" +{more}") } else { String::new() };
    Figure::quiet(largest.map_or_else(String::new, |process| format!("{}{more}", process_name(process))))
}

fn process_name(process: &GpuProcess) -> String {
    let pid = format!("pid {}", process.pid);
    let name = process.name.as_ref().map_or(pid.as_str(), |name| name.as_str());
    let name = name.rsplit('/').next().unwrap_or(name);
    human::shorten(name, 24)
}
