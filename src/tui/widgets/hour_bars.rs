//! One bar per hour: cost with the profit on top, in eighths of a cell; future hours have the height of the previous day.

use ratatui::layout::Rect;

use super::{Canvas, Clip, Segment};
use crate::tui::format;
use crate::tui::theme::{Ink, Role};

const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The opacity of a bar, in percent, so that bars are less prominent than figures.
const BAR: u8 = 75;

/// One hour.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HourBar<'a> {
    /// The revenue so far; `None` before the hour begins or if it is unknown.
    pub revenue: Option<f64>,
    /// The cost.
    pub cost: Option<f64>,
    /// The revenue to compare it with, shown as `╌`: yesterday's in an hour that is not over.
    pub expected: Option<f64>,
    /// The label under it.
    pub label: Segment<'a>,
    /// Figures below the label, one row each.
    pub figures: Vec<Segment<'a>>,
}

impl Default for Segment<'_> {
    fn default() -> Self {
        Self::text("")
    }
}

/// Bars side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct HourBars<'a> {
    /// The bars from left to right.
    pub bars: Vec<HourBar<'a>>,
    /// The value at the top.
    pub top: f64,
    /// The width of a bar in cells.
    pub width: u16,
    /// The distance from one bar to the next, in cells.
    pub pitch: u16,
    /// The rows of labels and figures below the bars.
    pub text_rows: u16,
}

impl HourBars<'_> {
    /// Draws the bars and their texts over all of `area`.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let rows = area.height.saturating_sub(self.text_rows);
        let mut clip = canvas.clip(area);
        for (i, bar) in (0_u16..).zip(&self.bars) {
            let x = i.saturating_mul(self.pitch);
            if x >= clip.width() {
                break;
            }
            self.draw_bar(&mut clip, x, rows, bar);
            self.draw_expected(&mut clip, x, rows, bar);
            let texts = std::iter::once(&bar.label).chain(&bar.figures).take(usize::from(self.text_rows));
            for (y, text) in (rows..).zip(texts) {
                // A figure may extend up to the next figure in its row, a label up to the next label.
                let bars = 1 + self.bars_without(usize::from(i) + 1, usize::from(y - rows));
                let room = self.pitch.saturating_mul(bars).saturating_sub(1).max(self.width).min(clip.width() - x);
                let right = y > rows && format::width(&text.text) <= 2;
                let room = if right { room.min(2) } else { room };
                clip.line_within(x, y, room, std::slice::from_ref(text), right);
            }
        }
    }

    /// The number of consecutive bars from `first` on without text in this row.
    fn bars_without(&self, first: usize, row: usize) -> u16 {
        let bars = self.bars.get(first..).unwrap_or(&[]);
        let is_empty = |bar: &&HourBar<'_>| match row.checked_sub(1) {
            None => bar.label.text.is_empty(),
            Some(figure) => bar.figures.get(figure).is_none_or(|text| text.text.is_empty()),
        };
        bars.iter().take_while(is_empty).count() as u16
    }

    fn eighths(&self, value: f64, rows: u16) -> u32 {
        let share = value / self.top;
        if !share.is_finite() || self.top <= 0.0 {
            return 0;
        }
        (share.clamp(0.0, 1.0) * f64::from(rows) * 8.0).round_ties_even() as u32
    }

    fn draw_bar(&self, clip: &mut Clip<'_>, x: u16, rows: u16, bar: &HourBar<'_>) {
        let height = |value: Option<f64>| value.filter(|v| v.is_finite()).map(|v| self.eighths(v, rows));
        let (revenue, cost) = (height(bar.revenue), height(bar.cost));
        let parts: [(u32, Ink); 2] = match (revenue, cost) {
            (None, None) => return,
            // Without a cost the profit is unknown.
            (Some(revenue), None) => [(0, Role::Dim.into()), (revenue, Ink::Mixed(Role::Dim, BAR))],
            (None, Some(cost)) => [(cost, Role::Cost.into()), (cost, Role::Cost.into())],
            (Some(revenue), Some(cost)) if revenue >= cost => {
                [(cost, Role::Cost.into()), (revenue, Ink::Mixed(Role::Gain, BAR))]
            }
            (Some(revenue), Some(cost)) => [(revenue, Role::Cost.into()), (cost, Role::Loss.into())],
        };
        for row in 0..rows {
            let low = u32::from(rows - 1 - row) * 8;
            for x in x..x.saturating_add(self.width) {
                draw_cell(clip, (x, row), low, &parts);
            }
        }
    }

    fn draw_expected(&self, clip: &mut Clip<'_>, x: u16, rows: u16, bar: &HourBar<'_>) {
        let Some(expected) = bar.expected.filter(|v| v.is_finite() && *v > 0.0 && self.top > 0.0) else { return };
        let eighths = (expected / self.top).min(1.0) * f64::from(rows) * 8.0 - 1.0;
        let row = rows.saturating_sub(1 + (eighths.max(0.0) / 8.0) as u16);
        for x in x..x.saturating_add(self.width) {
            clip.put(x, row, '╌', Role::Dim);
        }
    }
}

/// The glyph of a full cell. Without colours, cost is shaded and a loss is lightly shaded, so that they differ from profit.
fn whole(clip: &Clip<'_>, ink: Ink) -> char {
    match ink.role() {
        Role::Cost if !clip.has_colour() => '▒',
        Role::Loss if !clip.has_colour() => '░',
        _ => '█',
    }
}

/// Draws one cell of a bar; `low` is the number of its lowest eighth. A cell with the edge between both parts is a glyph on
/// a background.
fn draw_cell(clip: &mut Clip<'_>, (x, y): (u16, u16), low: u32, parts: &[(u32, Ink); 2]) {
    let inside = |edge: u32| edge.saturating_sub(low).min(8) as usize;
    let [(lower_edge, lower), (upper_edge, upper)] = *parts;
    let (split, end) = (inside(lower_edge), inside(upper_edge.max(lower_edge)));
    let glyph = |eighths: usize| EIGHTHS.get(eighths).copied().unwrap_or(' ');
    match (split, end) {
        (0, 0) => {}
        (0, 8) => clip.put(x, y, whole(clip, upper), upper),
        (0, end) => clip.put(x, y, glyph(end), upper),
        (8, _) => clip.put(x, y, whole(clip, lower), lower),
        (split, 8) => clip.put_before(x, y, glyph(split), lower, upper),
        (split, _) => clip.put(x, y, glyph(split), lower),
    }
}
