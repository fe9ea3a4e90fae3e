//! The four vital lines: output, prompt, hit rate, GPU load; each a figure, a line of a quarter hour and what changed.

use ratatui::layout::Rect;

use crate::history::{Measure, Subject};
use crate::tui::against;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

/// How many lines there are.
const LINES: u16 = 4;
/// Cells of label and figure before the line.
const LEFT: u16 = 26;

struct PaneVital {
    label: &'static str,
    figure: String,
    unit: &'static str,
    measure: Measure,
    /// Whether it is a share: what changed is then said in points.
    is_share: bool,
}

fn vitals_of(input: &FrameInput<'_>) -> [PaneVital; LINES as usize] {
    let snap = input.snap;
    let hits_unknown = snap.tokens.cached_per_second.is_none()
        && snap.tokens.prompt_total.is_some()
        && snap.tokens.cached_total.is_none();
    let hit_rate = match snap.cache_hit_rate {
        None if hits_unknown => format::pad_left("n/a", 6),
        rate => format::percent1(rate),
    };
    let rate = |label, value, measure| {
        let figure = format::pad_left(&format::scaled_tight(value), 6);
        PaneVital { label, figure, unit: "tok/s", measure, is_share: false }
    };
    let share = |label, figure, measure| PaneVital { label, figure, unit: "", measure, is_share: true };
    let load = snap.gpus.utilization;
    [
        rate("output", snap.tokens.output_per_second, Measure::Output),
        rate("prompt", snap.tokens.prompt_per_second, Measure::Prompt),
        share("hit rate", hit_rate, Measure::HitRate),
        share("GPU load", format::pad_left(&format::percent(load), 6), Measure::Load),
    ]
}

/// Draws the figures alone.
pub fn vitals_brief(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    for (row, vital) in (0..).zip(vitals_of(input)) {
        let line = Rect { y: area.y + row, height: 1, ..area }.intersection(area);
        figures(canvas, line, &vital);
        canvas.writer(line, 0).to(line.x + LEFT + 1).put(Role::Dim, &change(input, &vital));
    }
}

/// What changed; of a figure that is unknown now nothing can be said.
fn change(input: &FrameInput<'_>, vital: &PaneVital) -> String {
    let change = against::change(input, &Subject::Fleet, vital.measure, vital.is_share);
    let change = change.filter(|_| !vital.figure.contains(format::UNKNOWN));
    match change {
        Some(points) if vital.is_share => format::points(points),
        change => format::change(change),
    }
}

fn figures(canvas: &mut Canvas<'_>, area: Rect, vital: &PaneVital) {
    let mut writer = canvas.writer(area, 0);
    writer.name(Role::Dim, vital.label, 10).name(Role::Text, &vital.figure, 7).put(Role::Dim, vital.unit);
}
