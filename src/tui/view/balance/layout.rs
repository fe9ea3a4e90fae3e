//! The layout of the balance view.

use ratatui::layout::Rect;

use super::yields;
use crate::tui::view::{Layout, Part};

/// The rows of the balancers with their rule, and of the costs.
const BALANCERS: u16 = 5;
const COSTS: u16 = 7;
/// The rows of the chart over time with its rule and axis, and of the advice below it.
const OVER_TIME: u16 = 7;
const ADVICE: u16 = 2;
/// The minimum rows of the list above the totals.
const LIST: u16 = 9;

/// The rows that a list of many groups has above the figures of efficiency.
const MANY: u16 = 18;

/// The layout in `area` for a list of so many groups and lines.
pub(super) fn layout(area: Rect, groups: usize, lines: usize) -> Layout {
    let mut layout = Layout::default();
    let basis = u16::from(area.height > 12);
    layout.put(Part::Basis, Rect { y: area.bottom().saturating_sub(basis), height: basis, ..area });
    let room = Rect { height: area.height - basis, ..area };
    if area.width < 110 {
        narrow(&mut layout, room, lines);
    } else {
        wide(&mut layout, room, groups);
    }
    layout
}

/// The list, and the ranks of the chosen line below it.
fn narrow(layout: &mut Layout, area: Rect, lines: usize) {
    let advice = if area.height >= 18 { ADVICE } else { 0 };
    let least = if area.height >= 16 { 8 } else { 0 };
    let wanted = u16::try_from(lines.max(3)).unwrap_or(u16::MAX).saturating_add(1);
    let list = wanted.min(area.height.saturating_sub(least + advice));
    layout.put(Part::List, Rect { height: list, ..area });
    let below = area.height - list;
    let chart = if least == 0 { 0 } else { below - advice };
    layout.put(Part::Chart, Rect { y: area.y + list, height: chart, ..area });
    layout.put(Part::Headline, Rect { y: area.y + list + chart, height: advice.min(below - chart), ..area });
}

/// The list with the totals below it at the left, and the ranks at the right; from 190 columns on, the ranks by minute
/// beside them.
fn wide(layout: &mut Layout, area: Rect, groups: usize) {
    let is_widest = area.width >= 190;
    let left = Rect { width: if is_widest { 48 } else { 42 }, ..area };
    let mut list = left.height;
    let mut tables = Vec::new();
    // The groups have precedence over the efficiency, which is of no rank.
    let wanted = u16::try_from(groups).map_or(MANY, |groups| (groups + 2).clamp(LIST, MANY));
    for (table, height, least) in [(1, COSTS, LIST), (0, BALANCERS, LIST), (3, yields::ROWS, wanted)] {
        if list >= height + least {
            list -= height;
            tables.push((table, Rect { y: left.y + list, height, ..left }));
        }
    }
    layout.put(Part::List, Rect { height: list, ..left });
    for (table, area) in tables {
        layout.put(Part::Table(table), area);
    }
    let x = left.right() + 2;
    let minutes = if is_widest { 48 } else { 0 };
    let gutter = if is_widest { 2 } else { 0 };
    let right = Rect { x, width: area.right().saturating_sub(x + minutes + gutter), ..area };
    let over_time = if area.height >= 24 { OVER_TIME } else { 0 };
    let advice = if area.height >= 20 { ADVICE } else { 0 };
    let chart = right.height.saturating_sub(over_time + advice);
    layout.put(Part::Chart, Rect { height: chart, ..right });
    layout.put(Part::Vitals, Rect { y: right.y + chart, height: over_time, ..right });
    layout.put(Part::Headline, Rect { y: right.y + chart + over_time, height: advice, ..right });
    layout.put(Part::Table(2), Rect { x: right.right() + gutter, width: minutes, ..area });
}
