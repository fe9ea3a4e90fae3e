//! The four vital lines: output, prompt, hit rate, GPU load; each a figure, a line of a quarter hour and what changed.

use ratatui::layout::Rect;

use crate::snapshot::Line;
use crate::tui::human;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Spark, columns, nice_ceiling};

/// How many lines there are.
const LINES: u16 = 4;
/// Cells of label and figure before the line.
const LEFT: u16 = 26;
/// Cells of what changed, behind it.
const RIGHT: u16 = 9;

struct Vital<'a> {
    label: &'static str,
    figure: String,
    unit: &'static str,
    line: &'a Line,
    /// The lower part of the line, and what it is.
    part: Option<(&'a Line, String)>,
    /// The value of the top, where it is fixed.
    top: Option<f32>,
}

fn vitals_of<'a>(scene: &Scene<'a>) -> [Vital<'a>; LINES as usize] {
    let (snap, v) = (scene.snap, &scene.snap.vitals);
    let hits = snap.tokens.cached_per_second;
    let hits_unknown = hits.is_none() && snap.tokens.prompt_total.is_some() && snap.tokens.cached_total.is_none();
    let hit_rate = match snap.cache_hit_rate {
        None if hits_unknown => human::pad_left("n/a", 6),
        rate => human::percent1(rate),
    };
    let rate =
        |label, value, line| Vital { label, figure: human::scaled(value), unit: "tok/s", line, part: None, top: None };
    let share = |label, figure, line| Vital { label, figure, unit: "", line, part: None, top: Some(1.0) };
    let mut prompt = rate("prompt", snap.tokens.prompt_per_second, &v.prompt);
    prompt.part = hits.map(|hits| (&v.prompt_hit, format!("{} cached", human::scaled(Some(hits)).trim())));
    [
        rate("output", snap.tokens.output_per_second, &v.output),
        prompt,
        share("hit rate", hit_rate, &v.hit_rate),
        share("GPU load", human::pad_left(&human::percent(snap.gpus.utilization), 6), &v.load),
    ]
}

/// Draws the lines, each in an equal share of the rows.
pub fn vitals(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let rows = (area.height / LINES).max(1);
    for (i, vital) in (0..).zip(vitals_of(scene)) {
        let line = Rect { y: area.y + i * rows, height: rows, ..area }.intersection(area);
        figures(canvas, line, &vital);
        let room = Rect { x: line.x + LEFT, width: line.width.saturating_sub(LEFT + RIGHT), ..line };
        // A row of air between lines, where there are rows to spare.
        let room = if rows > 2 { Rect { y: room.y, height: rows - 1, ..room } } else { room };
        chart(canvas, room.intersection(line), scene, &vital);
        let x = line.right().saturating_sub(RIGHT - 1);
        canvas.pen(line, 0).to(x).put(Role::Dim, &change(&vital));
    }
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
fn change(vital: &Vital<'_>) -> String {
    human::change(vital.line.change.filter(|_| !vital.figure.contains(human::UNKNOWN)))
}

fn figures(canvas: &mut Canvas<'_>, area: Rect, vital: &Vital<'_>) {
    let mut pen = canvas.pen(area, 0);
    pen.name(Role::Dim, vital.label, 10).name(Role::Text, &vital.figure, 7).put(Role::Dim, vital.unit);
    if let Some((_, text)) = &vital.part
        && area.height > 1
    {
        canvas.pen(area, 1).skip(10).put(Role::Hit, &format!("▪ {text}"));
    }
}

fn chart(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, vital: &Vital<'_>) {
    let (step, until) = (scene.snap.vitals.step, scene.snap.vitals.until);
    let width = usize::from(area.width);
    let whole = columns(&vital.line.points, step, until, width);
    let top = vital.top.unwrap_or_else(|| nice_ceiling(1.05 * whole.iter().flatten().copied().fold(0.0, f32::max)));
    Spark { values: &whole, top, role: Role::Heat3 }.draw(canvas, area);
    if let Some((part, _)) = vital.part {
        let values = columns(&part.points, step, until, width);
        Spark { values: &values, top, role: Role::Hit }.draw_over(canvas, area);
    }
}
