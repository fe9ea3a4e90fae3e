//! Marks of values above the top of a chart: an arrow at its upper edge, and the largest value beside its arrow.

use ratatui::layout::Rect;

use super::dots::newest;
use super::{Canvas, Plot};
use crate::tui::format;
use crate::tui::theme::Role;

/// A chart with marks where its values are above its top.
pub struct ClippedPlot<'a> {
    /// The chart.
    pub plot: &'a dyn Plot,
    /// The values of its highest line, two a cell, the newest last.
    pub values: &'a [Option<f64>],
    /// Formats the largest of them.
    pub format: &'a dyn Fn(f64) -> String,
}

/// A run of neighbouring values above the top.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ClippedRun {
    /// The cell of its largest value.
    cell: u16,
    most: f64,
}

impl ClippedPlot<'_> {
    fn runs(&self, width: u16) -> Vec<ClippedRun> {
        let (_, top) = self.plot.range();
        let mut runs: Vec<ClippedRun> = Vec::new();
        let mut is_open = false;
        for (dot, value) in newest(self.values, usize::from(width) * 2).enumerate() {
            let cell = (dot / 2) as u16;
            let Some(most) = value.filter(|value| *value > top) else {
                is_open = false;
                continue;
            };
            match runs.last_mut().filter(|run| is_open || run.cell == cell) {
                Some(run) if run.most >= most => {}
                Some(run) => *run = ClippedRun { cell, most },
                None => runs.push(ClippedRun { cell, most }),
            }
            is_open = true;
        }
        runs
    }
}

impl Plot for ClippedPlot<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        self.plot.draw(canvas, area);
        let area = area.intersection(canvas.buffer.area);
        let runs = self.runs(area.width);
        let Some(most) = runs.iter().copied().max_by(|a, b| a.most.total_cmp(&b.most)) else { return };
        let text = (self.format)(most.most);
        let cells = format::width(&text) as u16;
        let right = most.cell.saturating_add(1);
        let start = if right.saturating_add(cells) <= area.width { Some(right) } else { most.cell.checked_sub(cells) };
        if let Some(start) = start {
            canvas.writer(area, 0).to(area.x + start).put(Role::Text, &text);
        }
        let written = start.map_or(0..0, |start| start..start + cells);
        for run in runs.iter().filter(|run| !written.contains(&run.cell)) {
            canvas.writer(area, 0).to(area.x + run.cell).put(Role::Text, "↑");
        }
    }

    fn range(&self) -> (f64, f64) {
        self.plot.range()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Theme;
    use crate::tui::widgets::band::BandChart;
    use ratatui::buffer::Buffer;

    fn first_row(values: &[Option<f64>], width: u16) -> String {
        let area = Rect::new(0, 0, width, 3);
        let mut buffer = Buffer::empty(area);
        let theme = Theme::of_roles();
        let band = BandChart { lower: values, upper: values, low: 0.0, top: 10.0, limit: None, role: Role::Prompt };
        let format = |value: f64| format!("{value:.0} s");
        ClippedPlot { plot: &band, values, format: &format }.draw(&mut Canvas::new(&mut buffer, &theme), area);
        (0..width).map(|x| buffer[(x, 0)].symbol().to_owned()).collect()
    }

    #[test]
    fn clipped_values_are_marked_and_the_largest_is_reported() {
        let mut values = vec![Some(2.0); 24];
        assert!(!first_row(&values, 12).contains('↑'), "nothing is above the top");
        values[4] = Some(60.0);
        values[5] = Some(40.0);
        values[18] = Some(12.0);
        assert_eq!(first_row(&values, 12).trim_end(), "  ↑60 s  ↑");
        let mut late = vec![Some(2.0); 24];
        late[23] = Some(90.0);
        assert_eq!(first_row(&late, 12), "       90 s↑", "to the left where the right has no room");
        assert_eq!(first_row(&late, 1), "↑");
        first_row(&late, 0);
        let mut gap = vec![None; 24];
        gap[0] = Some(f64::INFINITY);
        assert!(!first_row(&gap, 12).contains('↑'), "what is not finite is not drawn");
    }
}
