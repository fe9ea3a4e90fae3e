//! The cursor in charts: a line at an instant, and the values at that instant in the rule of each chart.

use ratatui::layout::Rect;

use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::time_axis::TimeAxis;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::{Span, Timestamp};

/// A series that the cursor can read.
pub(in crate::tui::view) struct Reading<'a> {
    pub(in crate::tui::view) role: Role,
    /// What it is, with a space; empty for the only series of a chart.
    pub(in crate::tui::view) name: &'static str,
    /// Two values per cell.
    pub(in crate::tui::view) values: &'a [Option<f64>],
    pub(in crate::tui::view) format: &'a dyn Fn(f64) -> String,
}

/// The cell that the cursor points at.
fn pointed(input: &FrameInput<'_>, axis: &TimeAxis) -> Option<u16> {
    axis.cell_of(input.app.pointed()?)
}

/// The rule with the values at the cursor in place of the current ones; unchanged without a cursor.
pub(super) fn titled<'a>(
    mut rule: TitledRule<'a>,
    input: &FrameInput<'_>,
    (axis, width): (&TimeAxis, u16),
    readings: &[Reading<'_>],
) -> TitledRule<'a> {
    let Some(cell) = pointed(input, axis) else { return rule };
    let name = rule.title.iter().position(|segment| segment.bold).map_or(rule.title.len(), |place| place + 1);
    rule.title.truncate(name);
    rule.note.clear();
    let time = format!("{} ", clock(input, axis.time_of(cell), axis.cell()));
    let read = |has_names: bool| {
        let read = readings.iter().enumerate().flat_map(move |(nth, reading)| {
            let space = (nth > 0).then(|| Segment::dim(if has_names { "  " } else { " " }));
            let [key, value] = reading.at(cell);
            let name = (has_names && !reading.name.is_empty()).then(|| Segment::dim(format!(" {}", reading.name)));
            space.into_iter().chain([key]).chain(name).chain([value])
        });
        // Where not both fit, the time is left out first.
        vec![vec![Segment::new(Role::Accent, time.clone())], read.collect()]
    };
    rule.right = read(true);
    if !rule.fits(width) {
        rule.right = read(false);
    }
    rule
}

impl Reading<'_> {
    fn at(&self, cell: u16) -> [Segment<'static>; 2] {
        let dots = usize::from(cell) * 2..usize::from(cell) * 2 + 2;
        let known: Vec<f64> = self.values.get(dots).unwrap_or(&[]).iter().flatten().copied().collect();
        let text = if known.is_empty() {
            format::UNKNOWN.to_owned()
        } else {
            (self.format)(known.iter().sum::<f64>() / known.len() as f64)
        };
        [Segment::key(self.role), Segment::title(text)]
    }
}

fn clock(input: &FrameInput<'_>, at: Timestamp, cell: Span) -> String {
    let minute = format::clock_minute(at, input.zone());
    if cell < Span::MINUTE { format!("{minute}:{:02}", at.millis().div_euclid(1_000).rem_euclid(60)) } else { minute }
}

/// Draws the cursor line over a chart.
pub(in crate::tui::view) fn line(canvas: &mut Canvas<'_>, chart: Rect, input: &FrameInput<'_>, axis: &TimeAxis) {
    let Some(cell) = pointed(input, axis).filter(|cell| *cell < chart.width) else { return };
    let mut clip = canvas.clip(chart);
    for row in 0..clip.height() {
        clip.put(cell, row, '│', Role::Accent);
    }
}
