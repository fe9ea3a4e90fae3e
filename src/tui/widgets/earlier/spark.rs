//! Lines over time in eighths of a row, with gaps where nothing is known.

use ratatui::layout::Rect;

use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;
use crate::units::{Span, Timestamp};

const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// The least time that a column covers: a line that moved each second would cost more bytes than all figures.
const LEAST_COLUMN: Span = Span::from_secs(10);

/// Folds points into at most `width` columns by their mean.
///
/// A column covers a whole number of steps and starts at a multiple of its own length, so that a column, once past,
/// never changes. `until` is the end of the newest point.
pub fn columns(points: &[Option<f32>], step: Span, until: Timestamp, width: usize) -> Vec<Option<f32>> {
    if points.is_empty() || width == 0 || step.millis() <= 0 {
        return Vec::new();
    }
    let least = LEAST_COLUMN.millis().div_euclid(step.millis()).max(1);
    // The oldest points may begin within a column, hence `width - 1`.
    let crowded = i64::try_from(points.len().div_ceil(width.saturating_sub(1).max(1))).unwrap_or(i64::MAX);
    let per_column = least.max(crowded);
    let newest = until.millis().div_euclid(step.millis()) - 1;
    let mut sums = vec![(0.0_f32, 0_u32); width];
    for (number, point) in (0..).map(|age| newest - age).zip(points.iter().rev()) {
        let behind = newest.div_euclid(per_column) - number.div_euclid(per_column);
        let place = usize::try_from(behind).ok().and_then(|behind| (width - 1).checked_sub(behind));
        let Some(slot) = place.and_then(|place| sums.get_mut(place)) else { break };
        if let Some(value) = point.filter(|v| v.is_finite()) {
            slot.0 += value;
            slot.1 += 1;
        }
    }
    sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / count as f32)).collect()
}

/// A round number at or above `value`, from steps wide enough that a scale seldom changes.
pub fn nice_ceiling(value: f32) -> f32 {
    if !value.is_finite() || value <= 0.0 {
        return 1.0;
    }
    let decade = 10_f32.powf(value.log10().floor());
    [1.0, 1.5, 2.0, 3.0, 5.0, 7.5]
        .into_iter()
        .map(|step| step * decade)
        .find(|ceiling| *ceiling >= value)
        .unwrap_or(10.0 * decade)
}

/// One line, filled to the ground.
#[derive(Debug, Clone, Copy)]
pub struct Spark<'a> {
    /// Values from left to right; `None` is left blank.
    pub values: &'a [Option<f32>],
    /// The value of the top.
    pub top: f32,
    /// Its colour.
    pub role: Role,
}

impl Spark<'_> {
    /// Draws it over all rows of `area`, its end at the right edge. A known zero is a thin line.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let style = canvas.theme.style(self.role);
        self.each(area, |x, y, glyph, _| canvas.cell(x, y, glyph, style));
    }

    /// Draws `self` as the lower part of what is drawn already. A cell that holds the edge of both keeps the colour that
    /// it has; without colours the two are one.
    pub fn draw_over(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let Some(colour) = canvas.theme.style(self.role).fg else { return };
        self.each(area, |x, y, glyph, full| {
            let Some(cell) = canvas.buffer.cell_mut((x, y)) else { return };
            if full {
                cell.fg = colour;
            } else if cell.symbol() == "█" {
                cell.bg = cell.fg;
                cell.fg = colour;
                cell.set_symbol(glyph);
            }
        });
    }

    fn each(&self, area: Rect, mut put: impl FnMut(u16, u16, &'static str, bool)) {
        let rows = u32::from(area.height);
        let skip = self.values.len().saturating_sub(usize::from(area.width));
        let shown = &self.values[skip..];
        let indent = area.width - shown.len() as u16;
        for (i, value) in (0..).zip(shown) {
            let Some(value) = value else { continue };
            let share = if self.top > 0.0 { f64::from(value / self.top).clamp(0.0, 1.0) } else { 0.0 };
            let eighths = ((share * f64::from(rows * 8)).round() as u32).max(1);
            for row in 0..rows {
                let here = eighths.saturating_sub(row * 8).min(8);
                if here == 0 {
                    break;
                }
                let y = area.bottom() - 1 - row as u16;
                put(area.x + indent + i, y, EIGHTHS[here as usize], here == 8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(step: i64) -> Timestamp {
        Timestamp::from_millis(step * 5000)
    }

    #[test]
    fn a_past_column_never_changes() {
        let all: Vec<Option<f32>> = (0..100_u8).map(|i| Some(f32::from(i))).collect();
        let earlier = columns(&all[..99], Span::from_secs(5), at(99), 60);
        let later = columns(&all, Span::from_secs(5), at(100), 60);
        // The 100th point only fills the last column.
        assert_eq!(earlier[..59], later[..59]);
        assert_eq!(later[59], Some(98.5));
    }

    #[test]
    fn a_gap_stays_a_gap_and_zero_is_a_line() {
        let points = [Some(0.0), Some(0.0), None, None, Some(1.0), Some(1.0)];
        assert_eq!(columns(&points, Span::from_secs(5), at(6), 4), vec![None, Some(0.0), None, Some(1.0)]);
    }

    #[test]
    fn the_scale_moves_in_steps() {
        assert_eq!(nice_ceiling(0.0).to_bits(), 1.0_f32.to_bits());
        assert_eq!(nice_ceiling(4_210.0).to_bits(), 5_000.0_f32.to_bits());
        assert_eq!(nice_ceiling(5_100.0).to_bits(), 7_500.0_f32.to_bits());
        assert_eq!(nice_ceiling(f32::NAN).to_bits(), 1.0_f32.to_bits());
    }
}
