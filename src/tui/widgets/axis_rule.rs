//! The axis below a chart: times, and marks of events.

use ratatui::layout::Rect;

pub use super::time_axis::{AxisMark, Tick};
use super::{Canvas, Segment};
use crate::tui::format;
use crate::tui::theme::Role;

/// The axis below a chart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AxisRule<'a> {
    /// The labels. A label that would touch a mark, the end or the label before it is left out.
    pub ticks: Vec<Tick>,
    /// The marks.
    pub marks: Vec<AxisMark>,
    /// The label at the foot of the scale, such as `0`, and the width of the scale's column in cells.
    pub floor: Option<(&'a str, u16)>,
}

impl AxisRule<'_> {
    /// Draws the axis into the first row of `area`, which is as wide as the chart and its scale.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let mut clip = canvas.clip(Rect { height: area.height.min(1), ..area });
        clip.fill(0, '─', Role::Rule);
        let chart = clip.width().saturating_sub(self.floor.map_or(0, |(_, cells)| cells));
        let mut free = 0;
        for tick in &self.ticks {
            let end = usize::from(tick.cell) + format::width(&tick.text);
            let is_marked = self.marks.iter().any(|mark| {
                let mark = usize::from(mark.cell);
                usize::from(tick.cell) <= mark + 1 && mark <= end
            });
            if tick.cell < free || end > usize::from(chart) || is_marked {
                continue;
            }
            free = clip.line(tick.cell, 0, &[Segment::dim(tick.text.as_str())]) + 1;
        }
        for mark in self.marks.iter().filter(|mark| mark.cell < chart) {
            clip.put(mark.cell, 0, mark.glyph, mark.ink);
        }
        if let Some((text, cells)) = self.floor {
            for x in chart..clip.width() {
                clip.put(x, 0, ' ', Role::Dim);
            }
            let width = clip.width();
            clip.line_within(chart, 0, cells.min(width), &[Segment::dim(text)], true);
        }
    }
}
