//! The cursor in the sparklines: its column, and the values at its time.

use ratatui::layout::Rect;

use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::time_axis::TimeAxis;
use crate::tui::widgets::{Canvas, PlotArea};
use crate::units::Ratio;

/// `At 14:31` while the cursor points at an instant.
pub(super) fn title(input: &FrameInput<'_>) -> Option<String> {
    Some(format!("At {}", format::clock_minute(input.app.pointed()?, input.zone())))
}

/// The value of a sparkline at the cursor, formatted as its figure is: as a ratio or a rate.
pub(super) fn figure(
    input: &FrameInput<'_>,
    is_share: bool,
    axis: &TimeAxis,
    values: &[Option<f64>],
) -> Option<String> {
    let dot = axis.dot_of(input.app.pointed()?)?;
    let value = values.get(dot).copied().flatten();
    let text = if is_share { format::percent1(value.and_then(Ratio::new)) } else { format::scaled_tight(value) };
    Some(text.trim().to_owned())
}

/// Registers a sparkline for the mouse, and draws the cursor in it.
pub(super) fn mark(canvas: &mut Canvas<'_>, line: Rect, input: &FrameInput<'_>, axis: &TimeAxis) {
    canvas.plots.push(PlotArea { area: line, axis: *axis, is_line: true });
    let column = input.app.pointed().and_then(|at| axis.dot_of(at)).and_then(|dot| u16::try_from(dot).ok());
    if let Some(column) = column.filter(|column| *column < line.width) {
        canvas.clip(line).put(column, 0, '│', Role::Accent);
    }
}
