//! GPUs as rows: load, memory, power, temperature, processes.

use ratatui::layout::Rect;

use super::cells::heat;
use super::list::{Col, List, figure, said};
use crate::history::{Measure, Subject};
use crate::reading::Health;
use crate::snapshot::{GpuRow, NodeRow};
use crate::tui::app::ChartSpan;
use crate::tui::format;
use crate::tui::frame_input::{FrameInput, mark, short_gpu};
use crate::tui::series::Points;
use crate::tui::theme::{Ink, Role};
use crate::tui::widgets::Canvas;
use crate::tui::widgets::gauge::Gauge;
use crate::tui::widgets::heat_cell::Heat;
use crate::tui::widgets::sparkline::Sparkline;
use crate::tui::widgets::table::{Cell, Column, columns_of};
use crate::units::Ratio;

/// The cells between two columns, and the number of the column of the load.
const GAP: u16 = 2;
const LOAD: usize = 1;
/// The least number of columns in which every table of GPUs has their PCIe traffic and memory errors.
const WIDE: u16 = 160;

/// A GPU of a node; `at` names the node in a table of several nodes.
#[derive(Clone, Copy)]
pub(super) struct GpuOf<'a> {
    pub(super) node: &'a NodeRow,
    pub(super) gpu: &'a GpuRow,
    /// The name of the node, if the table has several.
    pub(super) at: Option<&'a str>,
}

/// Draws the GPUs of a node as rows, with their errors and PCIe traffic.
pub(super) fn gpus(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, lines: &[GpuOf<'_>]) {
    let all = |cells: Option<u16>| {
        let mut columns = gpu_columns(input, lines, area.width, cells);
        let before_process = columns.len().saturating_sub(1);
        if area.width < WIDE {
            columns.splice(before_process..before_process, link_and_errors(lines));
        }
        columns
    };
    let columns = with_load_line(area.width, all);
    List::plain("GPUs", &columns, lines).draw(canvas, area);
}

/// PCIe traffic and memory errors, if they are read.
fn link_and_errors<'s, 'a: 's>(lines: &[GpuOf<'a>]) -> [Col<'s, GpuOf<'a>>; 2] {
    type C<'s, 'a> = Col<'s, GpuOf<'a>>;
    // Why a GPU is lost takes their room.
    let has_room = lines.iter().all(|line| line.gpu.state == Health::Live || line.gpu.reason.is_none());
    let any = |is: fn(&GpuRow) -> bool| has_room && lines.iter().any(|line| is(line.gpu));
    [
        C::right("PCIe in/out", 11, |line| figure(&traffic(line.gpu))).rank(8).only(any(|gpu| gpu.pcie.is_some())),
        C::right("ECC", 4, |line| ecc(line.gpu)).rank(6).only(any(has_ecc)),
    ]
}

/// The maximum cells of the bars of load, memory and power.
struct Widest {
    line: u16,
    memory: u16,
    power: u16,
}

impl Widest {
    /// Those of a table of this width: what other columns leave free goes to the bars.
    const fn on(width: u16) -> Self {
        let (line, memory, power) = match width {
            250.. => (180, 90, 60),
            160.. => (90, 44, 30),
            110.. => (24, 22, 18),
            _ => (18, 22, 18),
        };
        Self { line, memory, power }
    }
}

/// The columns of a table of GPUs, with the line of the load over the cells that its column has.
pub(super) fn with_load_line<'s, 'a>(
    width: u16,
    columns: impl Fn(Option<u16>) -> Vec<Col<'s, GpuOf<'a>>>,
) -> Vec<Col<'s, GpuOf<'a>>> {
    let measured: Vec<Column<'_>> = columns(None).into_iter().map(|col| col.column).collect();
    let line = columns_of(&measured, width, GAP).get(LOAD).copied().flatten();
    columns(line.map(|(_, cells)| cells))
}

/// The columns of a table of GPUs; `cells` are those of the line of the load, if it is known how many it has.
pub(super) fn gpu_columns<'s, 'a: 's>(
    input: &'s FrameInput<'a>,
    lines: &[GpuOf<'a>],
    width: u16,
    cells: Option<u16>,
) -> Vec<Col<'s, GpuOf<'a>>> {
    type C<'s, 'a> = Col<'s, GpuOf<'a>>;
    let several = lines.iter().any(|line| line.at.is_some());
    let digits = lines.iter().map(|line| line.gpu.index.to_string().len()).max().unwrap_or(1);
    let any = |is: fn(&GpuRow) -> bool| lines.iter().any(|line| is(line.gpu));
    let has_marks = any(|gpu| gpu.state != Health::Live);
    let has_limit = any(|gpu| gpu.power_limit_watts.is_some());
    let Widest { line, memory, power } = Widest::on(width);
    let cells = cells.unwrap_or(line);
    let mut all = vec![
        C::left("GPUs", if several { 18 } else { 8 }, move |line| name(line, (digits, has_marks)))
            .stretch(1, if several { 30 } else { 14 }),
        C::left(format!("load, {}", chart_span(input).word()), 6, move |gpu| load_line(input, gpu, cells))
            .rank(4)
            .stretch(3, line),
        C::right("now", 5, |line| figure(&format::percent(line.gpu.utilization))),
        C::left("memory", 8, |line| memory_gauge(line.gpu)).rank(5).stretch(2, memory),
        C::right("", 12, |line| figure(&format::memory(line.gpu.memory_used_bytes, line.gpu.memory_total_bytes)))
            .rank(1),
        C::left("power", 6, |line| power_gauge(line.gpu)).rank(7).stretch(1, power).only(has_limit),
        C::right(if has_limit { "" } else { "power" }, if has_limit && width >= WIDE { 9 } else { 6 }, move |line| {
            figure(&power_of_limit(line.gpu, width >= WIDE))
        })
        .rank(2),
        C::right("temp", 4, |line| temperature(line.gpu)).rank(2),
        C::right("SM clock", 8, |line| {
            line.gpu.sm_clock_mhz.map_or_else(Cell::unknown, |c| Cell::dim(format!("{} MHz", c.get())))
        })
        .rank(5)
        .only(any(|gpu| gpu.sm_clock_mhz.is_some())),
        C::right("tensor", 6, |line| figure(&format::percent(line.gpu.activity.tensor)))
            .rank(6)
            .only(any(|gpu| gpu.activity.tensor.is_some())),
        C::right("XID", 3, |line| line.gpu.xid.map_or_else(Cell::unknown, |xid| said(Role::Critical, xid.to_string())))
            .rank(6)
            .only(any(|gpu| gpu.xid.is_some())),
        C::left("process", 12, move |line| process(line.gpu, width >= WIDE))
            .rank(3)
            .stretch(2, 90)
            .only(any(says_something)),
    ];
    if width >= WIDE {
        let before_process = all.len() - 1;
        all.splice(before_process..before_process, link_and_errors(lines));
    }
    all
}

/// The name; in a table with marks of GPUs that are not live the others leave room for one.
fn name(line: &GpuOf<'_>, (digits, has_marks): (usize, bool)) -> Cell<'static> {
    let (role, glyph) = mark(line.gpu.state);
    let board = short_gpu(line.gpu.name.as_ref());
    let node = line.at.map_or(String::new(), |node| format!("{} ", format::shorten(node, 12)));
    let text = format!("{node}{:>digits$} {board}", line.gpu.index);
    match line.gpu.state {
        Health::Live => Cell::text(format!("{}{text}", if has_marks { "  " } else { "" })),
        _ => said(role, format!("{glyph} {text}")),
    }
}

/// Memory errors since the driver was loaded: uncorrected errors have a role of their own.
fn ecc(gpu: &GpuRow) -> Cell<'static> {
    match (gpu.ecc.corrected, gpu.ecc.uncorrected) {
        (_, Some(lost)) if lost > 0 => said(Role::Critical, format::compact(lost)),
        (Some(corrected), _) if corrected > 0 => said(Role::Warning, format::compact(corrected)),
        (None, None) => Cell::unknown(),
        _ => Cell::dim("0"),
    }
}

fn has_ecc(gpu: &GpuRow) -> bool {
    gpu.ecc.corrected.is_some() || gpu.ecc.uncorrected.is_some()
}

/// PCIe traffic to the GPU and from it, in one unit: `2.6/1.5 G/s`.
fn traffic(gpu: &GpuRow) -> String {
    let Some(pcie) = gpu.pcie else { return format::UNKNOWN.to_owned() };
    let [inward, outward] = [pcie.rx, pcie.tx].map(|bytes| bytes.get() as f64);
    let most = inward.max(outward);
    let units = [(1e12, "T/s"), (1e9, "G/s"), (1e6, "M/s"), (1e3, "k/s")];
    let (scale, unit) = units.into_iter().find(|(scale, _)| most >= 0.9995 * scale).unwrap_or((1.0, "B/s"));
    let figure = |bytes: f64| {
        let places = usize::from(bytes < 9.95 * scale && scale > 1.0);
        format!("{:.places$}", (bytes / scale).min(999.0))
    };
    format!("{}/{} {unit}", figure(inward), figure(outward))
}

/// The chosen span, at most the span for which loads of single GPUs are kept.
fn chart_span(input: &FrameInput<'_>) -> ChartSpan {
    let chosen = input.app.charts.span;
    if chosen.length() > ChartSpan::Quarter.length() { ChartSpan::Quarter } else { chosen }
}

fn load_line(input: &FrameInput<'_>, line: &GpuOf<'_>, cells: u16) -> Cell<'static> {
    let span = chart_span(input).length();
    let points = Points::of(input, &Subject::Gpu(line.node.name.clone(), line.gpu.index), Measure::Load, span);
    if points.is_empty() {
        // Without history, the current load is shown as a bar.
        return match heat(line.gpu) {
            Heat::Level(_) => {
                let load = line.gpu.utilization.map(Ratio::get);
                Cell::Gauge(Gauge::of(load, load.map_or(Role::Dim.into(), Ink::heat)))
            }
            _ => Cell::Empty,
        };
    }
    Cell::Sparkline(Sparkline::heat(points.cells(input.snap.at, span, cells)))
}

fn memory_gauge(gpu: &GpuRow) -> Cell<'static> {
    let share = gpu.memory_used_bytes.zip(gpu.memory_total_bytes);
    let share = share.and_then(|(used, total)| Ratio::of(used.get() as f64, total.get() as f64)).map(Ratio::get);
    Cell::Gauge(Gauge::of(share, Ink::Mixed(Role::Output, 70)))
}

/// `535 W`, and where there is room `535/700 W`.
fn power_of_limit(gpu: &GpuRow, has_room: bool) -> String {
    match (gpu.power_watts, gpu.power_limit_watts.filter(|_| has_room)) {
        (Some(watts), Some(limit)) if watts < 9_999.5 && limit < 9_999.5 => format!("{watts:.0}/{limit:.0} W"),
        (watts, _) => format::watts(watts),
    }
}

fn power_gauge(gpu: &GpuRow) -> Cell<'static> {
    let share = gpu.power_watts.zip(gpu.power_limit_watts).map(|(power, limit)| power / limit);
    Cell::Gauge(Gauge::of(share.filter(|share| share.is_finite()), Ink::Mixed(Role::Cost, 80)))
}

fn temperature(gpu: &GpuRow) -> Cell<'static> {
    let Some(degrees) = gpu.temperature_celsius else { return Cell::unknown() };
    let role = if gpu.throttle.is_some_and(|throttle| throttle.thermal) { Role::Warning } else { Role::Text };
    said(role, format!("{}°", degrees.get()))
}

/// Whether the GPU's process column has anything to show.
fn says_something(gpu: &GpuRow) -> bool {
    let is_throttled = gpu.throttle.is_some_and(crate::reading::Throttle::any);
    gpu.state != Health::Live || is_throttled || !gpu.processes.is_empty()
}

/// The processes on the GPU, with the memory of the largest where there is room, or what is wrong with it.
fn process(gpu: &GpuRow, has_room: bool) -> Cell<'static> {
    if gpu.state != Health::Live {
        let why = gpu.reason.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        return Cell::State(mark(gpu.state).0, format!("{}{why}", gpu.state).into());
    }
    if let Some(throttle) = gpu.throttle.filter(|throttle| throttle.any()) {
        return said(Role::Warning, if throttle.thermal { "held by heat" } else { "power-capped" });
    }
    let Some(largest) = gpu.processes.iter().max_by_key(|process| process.memory) else { return Cell::Empty };
    let more = gpu.processes.len() - 1;
    let more = if more > 0 { format!(" +{more}") } else { String::new() };
    let pid = format!("pid {}", largest.pid);
    let name = largest.name.as_ref().map_or(pid.as_str(), |name| name.as_str());
    let name = name.rsplit('/').next().unwrap_or(name);
    let held = largest.memory.filter(|_| has_room);
    let held = held.map_or_else(String::new, |held| format!(" {}", format::memory(Some(held), None).trim()));
    Cell::dim(format!("{}{held}{more}", format::shorten(name, 32)))
}
