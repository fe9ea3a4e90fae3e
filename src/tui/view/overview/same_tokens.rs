//! What the tokens of the published day would have earned at other price lists.

use ratatui::layout::Rect;

use crate::statement::RevenueAtList;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::Money;

/// The number of rows with the heading, and the width of a profit in cells.
pub(super) const ROWS: u16 = 3;
const FIGURE: u16 = 11;
/// The price lists to compare, with their labels: the provider's night discount, the prices of its other
/// model, and the largest later model.
const LISTS: [(&str, &str); 4] = [
    ("deepseek-v3-standard", "deepseek-v3 at standard prices"),
    ("deepseek-r1-2025", "deepseek-r1 with its night discount"),
    ("deepseek-v4-pro-2026", "deepseek-v4-pro, 2026"),
    ("gpt-4o-2025-02", "gpt-4o, February 2025"),
];

/// Whether the result for any of the lists is known.
pub(super) fn is_known(input: &FrameInput<'_>) -> bool {
    LISTS.iter().any(|(list, _)| at(input, list).is_some())
}

/// Draws the lists in two columns.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let note = Segment::dim(" · what the profit would be");
    TitledRule::new("Same tokens at").note([note]).draw(canvas, area);
    let known: Vec<_> = LISTS.iter().filter_map(|(list, name)| Some((*name, at(input, list)?.profit()))).collect();
    let width = area.width.saturating_sub(2) / 2;
    for (half, x) in known.chunks(usize::from(ROWS - 1)).zip([area.x, area.x + width + 2]) {
        let place = Rect { x, y: area.y + 1, width, height: area.height.saturating_sub(1) };
        for (row, (name, profit)) in (0..place.height).zip(half) {
            canvas.writer(place, row).name(Role::Dim, name, usize::from(width.saturating_sub(FIGURE + 1)));
            let Some(profit) = profit else { continue };
            let role = if *profit < Money::ZERO { Role::Loss } else { Role::Gain };
            let text = format::signed(*profit, usize::from(FIGURE));
            canvas.clip(place).line_to(width, row, &[Segment::new(role, text.trim().to_owned())]);
        }
    }
}

fn at<'a>(input: &FrameInput<'a>, list: &str) -> Option<&'a RevenueAtList> {
    input.app.at_lists.lists.iter().find(|at| at.list.as_str() == list)
}
