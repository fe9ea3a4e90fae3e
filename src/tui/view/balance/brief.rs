//! The groups of ranks in a block of another view: each by its worst balancer.

use ratatui::layout::Rect;

use super::lines::{BalanceLine, columns, lines};
use crate::tui::frame_input::FrameInput;
use crate::tui::view::list::List;
use crate::tui::widgets::Canvas;

/// The rows of all groups with their heading; 0 without any.
pub(in crate::tui::view) fn brief_rows(input: &FrameInput<'_>) -> u16 {
    match super::groups(input).len().min(1_000) as u16 {
        0 => 0,
        groups => groups + 1,
    }
}

/// Draws them, as many as the rows hold.
pub(in crate::tui::view) fn draw_brief(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let groups = super::groups(input);
    let first: Vec<BalanceLine<'_>> = lines(input, &groups).into_iter().filter(BalanceLine::is_first).collect();
    List::plain("Balance", &columns(&input.an_hour(), "Balance"), &first).draw(canvas, area);
}
