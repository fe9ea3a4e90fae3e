//! The four vital lines: output, prompt, hit rate, GPU load; each a figure, a line of a quarter hour and what changed.

use ratatui::layout::Rect;

use crate::snapshot::VitalLine;
use crate::tui::format;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;
use crate::units::Ratio;

/// How many lines there are.
const LINES: u16 = 4;
/// Cells of label and figure before the line.
const LEFT: u16 = 26;

struct PaneVital<'a> {
    label: &'static str,
    figure: String,
    unit: &'static str,
    line: &'a VitalLine,
    /// Its value, where it is a share: what changed is then said in points.
    share: Option<Ratio>,
}

fn vitals_of<'a>(scene: &Scene<'a>) -> [PaneVital<'a>; LINES as usize] {
    let (snap, v) = (scene.snap, &scene.snap.vitals);
    let hits_unknown = snap.tokens.cached_per_second.is_none()
        && snap.tokens.prompt_total.is_some()
        && snap.tokens.cached_total.is_none();
    let hit_rate = match snap.cache_hit_rate {
        None if hits_unknown => format::pad_left("n/a", 6),
        rate => format::percent1(rate),
    };
    let rate = |label, value, line| {
        let figure = format::pad_left(&format::scaled_tight(value), 6);
        PaneVital { label, figure, unit: "tok/s", line, share: None }
    };
    let share = |label, figure, share, line| PaneVital { label, figure, unit: "", line, share };
    let load = snap.gpus.utilization;
    [
        rate("output", snap.tokens.output_per_second, &v.output),
        rate("prompt", snap.tokens.prompt_per_second, &v.prompt),
        share("hit rate", hit_rate, snap.cache_hit_rate, &v.hit_rate),
        share("GPU load", format::pad_left(&format::percent(load), 6), load, &v.load),
    ]
}

/// Draws the figures alone.
pub fn vitals_brief(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    for (row, vital) in (0..).zip(vitals_of(scene)) {
        let line = Rect { y: area.y + row, height: 1, ..area }.intersection(area);
        figures(canvas, line, &vital);
        canvas.pen(line, 0).to(line.x + LEFT + 1).put(Role::Dim, &change(&vital));
    }
}

/// What changed; of a figure that is unknown now nothing can be said.
fn change(vital: &PaneVital<'_>) -> String {
    let change = vital.line.change.filter(|_| !vital.figure.contains(format::UNKNOWN));
    match (vital.share, change) {
        (Some(now), Some(change)) if change > -1.0 => format::points(now.get() - now.get() / (1.0 + change)),
        _ => format::change(change),
    }
}

fn figures(canvas: &mut Canvas<'_>, area: Rect, vital: &PaneVital<'_>) {
    let mut pen = canvas.pen(area, 0);
    pen.name(Role::Dim, vital.label, 10).name(Role::Text, &vital.figure, 7).put(Role::Dim, vital.unit);
}
