//! The rows of a large screen that nothing takes.

use ratatui::layout::Rect;

use super::hours;
use super::wanted::all_engine_rows;
use crate::tui::frame_input::FrameInput;
use crate::tui::view::fleet::{self, Form};
use crate::tui::view::{Layout, Part};

/// The rows between parts that stay empty.
const SEPARATING: u16 = 2;
/// The most rows of the details of a node, and of a unit.
const OF_NODE: u16 = 28;
const OF_UNIT: u16 = 60;

/// The least and the most rows of further tables.
const LEAST_TABLE: u16 = 4;
const MOST_HOURS: u16 = 16;
/// The most rows that the large chart and the vital ones grow by beyond their usual heights. Higher charts show nothing more.
const GROWTH: [u16; 2] = [6, 4];

/// The rows of `extra` that the hours of the day and the engines take, where the layout has neither.
pub(super) fn further(input: &FrameInput<'_>, extra: u16, is_wide: bool) -> [u16; 2] {
    let has_engines = matches!(fleet::form(input), Form::Nodes | Form::Groups) && !input.snap.engines.is_empty();
    let engines = if has_engines && extra >= LEAST_TABLE { all_engine_rows(input).min(extra) } else { 0 };
    let left = extra - engines;
    // Beside a large fleet, the hours stand among the tables at the right.
    let has_room = left >= hours::LEAST && (is_wide || fleet::needs(input).is_some());
    let hours = if has_room && hours::has_hours(input) { left.min(MOST_HOURS) } else { 0 };
    [hours, engines]
}

/// The rows of `left` that the large chart and the vital ones grow by.
pub(super) fn of_charts(left: u16) -> [u16; 2] {
    let [chart, vitals] = GROWTH;
    [left.div_ceil(2).min(chart), (left / 2).min(vitals)]
}

/// The number of rows of a layout that no part takes, and of those that the fleet and its details have and do not need,
/// without those that separate parts.
pub(super) fn unused(input: &FrameInput<'_>, area: Rect, layout: &Layout) -> u16 {
    let is_taken = |row: &u16| layout.parts().iter().any(|(_, part)| (part.y..part.bottom()).contains(row));
    let empty = (area.y..area.bottom()).filter(|row| !is_taken(row)).count() as u16;
    let list = layout.area(Part::List).unwrap_or_default();
    let needs = fleet::needs(input).unwrap_or_else(|| fleet::needs_of_all(input, list));
    let is_beside = list.width < area.width;
    let of_list = if is_beside { 0 } else { list.height.saturating_sub(needs) };
    let most = if fleet::form(input) == Form::Groups { OF_UNIT } else { OF_NODE };
    let of_detail = layout.area(Part::Table(7)).map_or(0, |detail| detail.height.saturating_sub(most));
    (empty + of_list + of_detail).saturating_sub(SEPARATING)
}
