//! How many rows the parts of the overview want.

use ratatui::layout::Rect;

use super::super::fleet::{self, Form};
use super::super::{balance, models, node_events, tables};
use crate::tui::frame_input::FrameInput;
use crate::tui::together;

/// The rows that a small fleet does not need.
pub(super) fn unneeded(input: &FrameInput<'_>, height: u16, is_wide: bool) -> u16 {
    let Some(needs) = fleet::needs(input) else { return 0 };
    let engines = if fleet::form(input) == Form::Nodes { 0 } else { all_engine_rows(input) };
    let (charts, tables) = if is_wide {
        (19, tables_wanted(input, 0) + 1)
    } else {
        (15, (model_rows(input).min(20) as u16 + 2).max(4) + alert_rows(input))
    };
    height.saturating_sub(charts + needs + engines + tables)
}

/// Whether no model is known and an alert is active: the alerts then use the rows of the models.
pub(super) fn are_alerts_all(input: &FrameInput<'_>) -> bool {
    input.snap.models.is_empty() && !input.snap.alerts.is_empty()
}

/// The rows of all engines with their heading.
pub(super) fn all_engine_rows(input: &FrameInput<'_>) -> u16 {
    input.snap.engines.len().min(40) as u16 + 1
}

/// The rows of models, and of the profit that belongs to no model.
pub(super) fn model_rows(input: &FrameInput<'_>) -> usize {
    models::table_rows(input).min(1_000)
}

/// The rows of the alerts with their heading; 0 without alerts.
pub(super) fn alert_rows(input: &FrameInput<'_>) -> u16 {
    match together::count(input.snap) {
        0 => 0,
        alerts => alerts.min(2) as u16 + 1,
    }
}

/// The rows of the worst groups of ranks with their heading.
const BALANCE: u16 = 4;

/// The rows that three tables side by side need. `spare` is the number that the fleet does not need.
pub(super) fn tables_wanted(input: &FrameInput<'_>, spare: u16) -> u16 {
    // Below the models of a small fleet stands how even its ranks are.
    let has_balance = fleet::form(input) == Form::Nodes && fleet::needs(input).is_some();
    let balance = if has_balance { balance::brief_rows(input).min(BALANCE) } else { 0 };
    let middle = model_rows(input) + 2 + usize::from(tables::change_rows(input).max(balance));
    let most = spare.max(if input.size.1 >= 70 { 16 } else { 10 });
    let alerts = together::count(input.snap);
    // Rows that the fleet does not need show events below the alerts.
    let events = if spare > 0 { (alerts + 2 + node_events::count_of_all(input)).min(usize::from(spare)) } else { 0 };
    middle.max(alerts + 2).max(events).clamp(5, usize::from(most)) as u16
}

/// The rows that tables give up so that each GPU of the fleet has a cell.
const GIVEN_UP: u16 = 2;

/// The rows of three tables, where they want `wanted`.
pub(super) fn beside_cells(input: &FrameInput<'_>, area: Rect, wanted: u16) -> u16 {
    let has_cells = |tables: u16| {
        let list = Rect { height: area.height.saturating_sub(tables), ..area };
        fleet::has_gpu_cells(input, list)
    };
    let mut fewer = (1..=GIVEN_UP).map(|rows| wanted.saturating_sub(rows)).filter(|rows| *rows >= 7);
    if has_cells(wanted) { wanted } else { fewer.find(|rows| has_cells(*rows)).unwrap_or(wanted) }
}
