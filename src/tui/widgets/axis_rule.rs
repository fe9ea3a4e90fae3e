//! The axis below a chart: times, and marks of events.

use ratatui::layout::Rect;

pub use super::time_axis::{AxisMark, Tick};
use super::{Canvas, Segment};
use crate::tui::format;
use crate::tui::theme::Role;

/// The number of labels up to which marks give way to labels.
const LEAST_LABELS: usize = 2;

/// The axis below a chart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AxisRule<'a> {
    /// The labels. One that would touch the end or the label before it is left out, and one that would touch a mark,
    /// as long as [`LEAST_LABELS`] others have room.
    pub ticks: Vec<Tick>,
    /// The marks, the most important first. The last of those that may give way are left out first.
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
        let (ticks, marks) = self.placed(chart);
        for tick in ticks {
            clip.line(tick.cell, 0, &[Segment::dim(tick.text.as_str())]);
        }
        for mark in marks.iter().filter(|mark| mark.cell < chart) {
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
    /// The labels and marks that have room on an axis of `cells` cells.
    fn placed(&self, cells: u16) -> (Vec<&Tick>, Vec<AxisMark>) {
        let fits = |tick: &&Tick| usize::from(tick.cell) + format::width(&tick.text) <= usize::from(cells);
        let mut apart: Vec<&Tick> = Vec::new();
        for tick in self.ticks.iter().filter(fits) {
            let is_free = apart
                .last()
                .is_none_or(|last| usize::from(last.cell) + format::width(&last.text) < usize::from(tick.cell));
            apart.extend(is_free.then_some(tick));
        }
        let mut marks = self.marks.clone();
        loop {
            let touching = |tick: &&&Tick| marks.iter().any(|mark| touches(tick, mark));
            let (hidden, kept): (Vec<&Tick>, Vec<&Tick>) = apart.iter().partition(touching);
            if kept.len() >= LEAST_LABELS {
                return (kept, marks);
            }
            // The label whose most important mark matters least.
            let can_stand = |tick: &&Tick| marks.iter().all(|mark| mark.gives_way || !touches(tick, mark));
            let matters = |tick: &&Tick| marks.iter().position(|mark| touches(tick, mark));
            let Some(next) = hidden.into_iter().filter(can_stand).max_by_key(matters) else { return (kept, marks) };
            marks.retain(|mark| !touches(next, mark));
        }
    }
}

/// Whether a mark stands in a label or directly beside it.
fn touches(tick: &Tick, mark: &AxisMark) -> bool {
    let (begin, end) = (usize::from(tick.cell), usize::from(tick.cell) + format::width(&tick.text));
    let mark = usize::from(mark.cell);
    begin <= mark + 1 && mark <= end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Role;

    fn axis(marks: &[(u16, bool)]) -> (Vec<u16>, Vec<u16>) {
        let tick = |cell| Tick { cell, text: "┴12:00".to_owned() };
        let mark = |(cell, gives_way): &(u16, bool)| AxisMark {
            cell: *cell,
            glyph: '▲',
            ink: Role::Dim.into(),
            gives_way: *gives_way,
        };
        let ticks = [2, 12, 22, 32].map(tick).to_vec();
        let rule = AxisRule { ticks, marks: marks.iter().map(mark).collect(), floor: None };
        let (ticks, marks) = rule.placed(40);
        (ticks.iter().map(|tick| tick.cell).collect(), marks.iter().map(|mark| mark.cell).collect())
    }

    /// Class: so many marks that no time is left on the axis.
    #[test]
    fn two_labels_stay_and_the_last_marks_give_way() {
        let over = |cells: &[u16]| cells.iter().map(|cell| (*cell, true)).collect::<Vec<_>>();
        assert_eq!(axis(&over(&[10])), (vec![2, 12, 22, 32], vec![10]));
        assert_eq!(axis(&over(&[5, 15])), (vec![22, 32], vec![5, 15]), "two are left");
        assert_eq!(axis(&over(&[5, 15, 25])), (vec![22, 32], vec![5, 15]), "the last gives way");
        assert_eq!(axis(&over(&[35, 25, 5, 15, 6])), (vec![2, 12], vec![35, 25]), "also several in a label");
        let active = [(5, false), (15, false), (25, false), (35, true)];
        assert_eq!(axis(&active), (vec![32], vec![5, 15, 25]), "what holds now never gives way");
    }
}
