//! The layout of the money view.

use ratatui::layout::Rect;

use super::{calendar, month, rows};
use crate::tui::app::Pane;
use crate::tui::frame_input::FrameInput;
use crate::tui::layout::{LayoutRows, split};
use crate::tui::view::{Layout, Part, tables};

/// The numbers of the tables.
pub(super) const BRIDGE: u8 = 0;
pub(super) const MODELS: u8 = 1;
pub(super) const BURNS: u8 = 2;
pub(super) const COMPARE: u8 = 3;
pub(super) const MONTH: u8 = 4;
pub(super) const TIERS: u8 = 5;
pub(super) const WORST: u8 = 6;
pub(super) const EVEN: u8 = 7;
pub(super) const LEVERS: u8 = 8;
pub(super) const CALENDAR: u8 = 9;

/// The columns of the digits, and the rows of the hours beside them.
const DIGITS: u16 = 45;
const HOURS: u16 = 13;
/// The rows that the hours of a large screen may grow by where the tables do not need them.
const MORE_HOURS: u16 = 14;
/// The rows of the hours above one pane: five of bars with their rule, hours and profits; and as many as a short pane leaves.
const LEAST_HOURS: u16 = 8;
const MOST_HOURS: u16 = 16;
/// The least rows of the costs without revenue below the pane.
const LEAST_BURNS: u16 = 3;
/// The rows of the break-even figures, with the rule.
const EVEN_ROWS: u16 = 4;

/// The rows of the bridge with its rule: before, seven causes, now.
const BRIDGE_ROWS: u16 = 10;
/// The maximum rows of what changed most, below the bridge.
const MOVERS: u16 = 8;

/// Whether a terminal of this size shows one lower pane at a time.
pub(in crate::tui) fn has_one_pane(terminal: Rect) -> bool {
    !is_wide(terminal.width, terminal.height.saturating_sub(3)) && has_pane(terminal.width, terminal.height)
}

/// Whether a screen of this size, in columns and rows, has the calendar.
pub(in crate::tui) const fn has_calendar((width, height): (u16, u16)) -> bool {
    is_large(width, height.saturating_sub(4))
}

const fn is_large(width: u16, height: u16) -> bool {
    width >= 190 && height >= 44
}

const fn is_wide(width: u16, height: u16) -> bool {
    width >= 106 && height >= 28
}

const fn has_pane(width: u16, height: u16) -> bool {
    width >= 76 && height >= 16
}

pub(super) fn layout(input: &FrameInput<'_>, area: Rect) -> Layout {
    let mut layout = Layout::default();
    let basis = u16::from(area.height > 12);
    layout.put(Part::Basis, Rect { y: area.bottom().saturating_sub(basis), height: basis, ..area });
    let room = Rect { height: area.height - basis, ..area };
    if is_wide(room.width, room.height) {
        wide(&mut layout, input, room);
    } else if has_pane(room.width, room.height) {
        pane(&mut layout, input, room);
    } else {
        layout.put(Part::Chart, room);
    }
    layout
}

/// The layout with one pane below the hours, and below a short one the costs without revenue. Rows that neither needs go to
/// the hours.
fn pane(layout: &mut Layout, input: &FrameInput<'_>, area: Rect) {
    let hours = (area.height * 2 / 5).clamp(LEAST_HOURS, MOST_HOURS);
    let rest = area.height - hours;
    let needed = match input.app.money.pane {
        Pane::Bridge => BRIDGE_ROWS,
        Pane::Day => rest,
        Pane::Models => model_rows(input),
        Pane::Tiers => tier_rows(input),
        Pane::Compare => input.app.money.rows().min(1_000) as u16 + 1,
    };
    let list = if needed > 1 { needed.min(rest) } else { rest };
    let burns = Some(tables::burn_rows(input).min(rest - list)).filter(|rows| *rows >= LEAST_BURNS).unwrap_or(0);
    let hours = (hours + (rest - list).saturating_sub(burns + u16::from(burns > 0))).min(MOST_HOURS);
    layout.put(Part::Chart, Rect { height: hours, ..area });
    layout.put(Part::List, Rect { y: area.y + hours, height: list, ..area });
    layout.put(Part::Table(BURNS), Rect { y: area.bottom() - burns, height: burns, ..area });
}

/// The wide layout: the hours over the whole width; below them two columns, or three where they fit.
fn wide(layout: &mut Layout, input: &FrameInput<'_>, area: Rect) {
    let line = Rect { y: area.bottom() - 1, height: 1, ..area };
    let has_line = input.app.money.page.as_deref().is_some_and(|page| month::has_capacity(input, page));
    if has_line {
        layout.put(Part::Headline, line);
    }
    let area = Rect { height: area.height - u16::from(has_line), ..area };
    if is_large(area.width, area.height) {
        return large(layout, input, area);
    }
    let hours = (area.height * 2 / 5).clamp(11, 20);
    layout.put(Part::Chart, Rect { height: hours, ..area });
    let below = Rect { y: area.y + hours, height: area.height - hours, ..area };
    if area.width >= 190 { three(layout, input, below) } else { two(layout, input, below) }
}

fn two(layout: &mut Layout, input: &FrameInput<'_>, area: Rect) {
    let (left, right) = halves(area);
    let upper = BRIDGE_ROWS.min(area.height / 2);
    layout.put(Part::Vitals, Rect { height: upper, ..left });
    layout.put(Part::Table(BRIDGE), Rect { height: upper, ..right });
    let (left, right) = (under(left, upper), under(right, upper));
    let models = model_rows(input).min(left.height.saturating_sub(3));
    layout.put(Part::Table(MODELS), Rect { height: models, ..left });
    layout.put(Part::Table(COMPARE), under(left, models));
    let month = month::rows(input, right.width).min(right.height / 2);
    let burns = right.height - month;
    layout.put(Part::Table(BURNS), Rect { height: burns, ..right });
    layout.put(Part::Table(MONTH), under(right, burns));
}

fn three(layout: &mut Layout, input: &FrameInput<'_>, area: Rect) {
    let column = |x: u16, width: u16| Rect { x: area.x + x, width, ..area };
    let (left, middle) = (column(0, 64), column(66, 67));
    let right = column(135, area.width.saturating_sub(135));
    let month = month::rows(input, left.width);
    let since = left.height.saturating_sub(month).min(14);
    layout.put(Part::Vitals, Rect { height: since, ..left });
    layout.put(Part::Table(MONTH), under(left, since));
    let bridge = (BRIDGE_ROWS + MOVERS).min(middle.height.saturating_sub(tables::burn_rows(input)));
    layout.put(Part::Table(BRIDGE), Rect { height: bridge, ..middle });
    layout.put(Part::Table(BURNS), under(middle, bridge));
    let models = model_rows(input).min(right.height / 2);
    layout.put(Part::Table(MODELS), Rect { height: models, ..right });
    let tiers = tier_rows(input).min((right.height - models) / 2);
    layout.put(Part::Table(TIERS), Rect { y: right.y + models, height: tiers, ..right });
    layout.put(Part::Table(COMPARE), under(right, models + tiers));
}

/// The large layout in three bands: digits beside hours; bridge and leakage; tables, worst nodes and calendar.
fn large(layout: &mut Layout, input: &FrameInput<'_>, area: Rect) {
    let spare = area.height.saturating_sub(44).min(6);
    // What the tables do not need goes to the hours, and to the band with the bridge.
    let unused = area.height.saturating_sub(HOURS + spare + BRIDGE_ROWS + 2 + lower_rows(input));
    let hours = HOURS + spare + (unused / 2).min(MORE_HOURS);
    let band = BRIDGE_ROWS + (unused - (unused / 2).min(MORE_HOURS)).min(MOVERS);
    let (digits, chart) = split(Rect { height: hours, ..area }, DIGITS, 1);
    // Decimals may extend into the gutter.
    layout.put(Part::Digits, Rect { width: digits.width + super::summary::GUTTER, ..digits });
    layout.put(Part::Chart, chart);
    let column = |x: u16, width: u16, y: u16, height: u16| {
        Rect { x: area.x + x, y: area.y + y, width, height }.intersection(area)
    };
    let (right_x, right) = (135, area.width.saturating_sub(135));
    let middle = hours + 1;
    layout.put(Part::Vitals, column(0, 64, middle, band));
    layout.put(Part::Table(BRIDGE), column(66, 67, middle, band));
    layout.put(Part::Table(BURNS), column(right_x, right, middle, band));
    let lower = middle + band + 1;
    let rest = area.height.saturating_sub(lower);
    let mut rows = LayoutRows(column(0, 64, lower, rest));
    let models = model_rows(input).min((rest / 2).max(4));
    layout.put(Part::Table(MODELS), rows.top(models));
    rows.top(1);
    let tiers = tier_rows(input).min(rows.0.height / 2);
    layout.put(Part::Table(TIERS), rows.top(tiers));
    rows.top(1);
    layout.put(Part::Table(COMPARE), rows.0);
    let mut rows = LayoutRows(column(66, 67, lower, rest));
    layout.put(Part::Table(EVEN), rows.bottom(EVEN_ROWS));
    rows.bottom(1);
    layout.put(Part::Table(WORST), rows.0);
    let mut rows = LayoutRows(column(right_x, right, lower, rest));
    layout.put(Part::Table(CALENDAR), rows.bottom(calendar::ROWS));
    rows.bottom(1);
    layout.put(Part::Table(LEVERS), rows.0);
}

/// The rows that the longest column of the large layout's tables needs.
fn lower_rows(input: &FrameInput<'_>) -> u16 {
    let lists = input.app.money.page.as_deref().map_or(0, |page| page.compare.len().min(1_000) as u16);
    let left = model_rows(input) + 1 + tier_rows(input) + 1 + lists + 1;
    let middle = input.snap.nodes.len().min(1_000) as u16 + 2 + EVEN_ROWS;
    left.max(middle)
}

fn halves(area: Rect) -> (Rect, Rect) {
    let left = (area.width - 2) / 2;
    let right = Rect { x: area.x + left + 2, width: area.width - left - 2, ..area };
    (Rect { width: left, ..area }, right)
}

fn under(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

fn model_rows(input: &FrameInput<'_>) -> u16 {
    input.app.money.page.as_deref().map_or(3, |page| rows::count(page.table(input.app.money.by.of()).1))
}

fn tier_rows(input: &FrameInput<'_>) -> u16 {
    input.app.money.page.as_deref().map_or(0, |page| rows::count(&page.tiers))
}
