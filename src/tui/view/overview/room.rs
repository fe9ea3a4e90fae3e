//! The rows of a large screen that nothing takes.

use ratatui::layout::Rect;

use crate::tui::frame_input::FrameInput;
use crate::tui::view::fleet::{self, Form};
use crate::tui::view::{Layout, Part};

/// The rows between parts that stay empty.
const SEPARATING: u16 = 2;
/// The most rows of the details of a node, and of a unit.
const OF_NODE: u16 = 28;
const OF_UNIT: u16 = 60;

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
