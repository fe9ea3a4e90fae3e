//! The overview below 80x24: digits, rate and the four vital figures; with more room also the fleet.

use ratatui::layout::Rect;

use super::head;
use super::wanted::are_alerts_all;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::layout::LayoutRows;
use crate::tui::pane;
use crate::tui::theme::Role;
use crate::tui::view::fleet::{self, Form};
use crate::tui::view::{Layout, Part};
use crate::tui::widgets::digits::DigitForm;
use crate::tui::widgets::{Canvas, TextSpan};

/// The least numbers of columns and rows for sparklines on a narrow screen, and the least rows of a list below them.
const NARROW: (u16, u16) = (56, 14);
const LEAST_LIST: u16 = 3;
/// The rows of large digits.
const DIGITS: u16 = 3;
/// The most rows of facts below them where other parts have a use for the rest.
const FACTS: u16 = 3;
/// The least rows for the rate below the digits, a row for each vital figure, and an alert.
const ROW_A_VITAL: u16 = 8;
const WITH_ALERT: u16 = 9;

/// Whether the digits stand above facts without a title.
pub(super) fn is_narrow(layout: &Layout) -> bool {
    layout.area(Part::Vitals).is_some_and(|vitals| vitals.width < NARROW.0 || vitals.height < 5)
}

/// The layout from 40x8.
pub(super) fn layout(input: &FrameInput<'_>, area: Rect) -> Layout {
    let mut layout = Layout::default();
    let mut rows = LayoutRows(area);
    let has_alert = area.height >= WITH_ALERT && !input.snap.alerts.is_empty();
    let has_lines = area.width >= NARROW.0 && area.height >= NARROW.1;
    let digits = if has_lines { DIGITS + 1 } else { DIGITS + FACTS };
    if has_lines {
        layout.put(Part::Basis, rows.bottom(1));
    }
    // If no GPU is known, the alerts use the rows of the list.
    let are_alerts_all = has_lines && are_alerts_all(input) && fleet::form(input) == Form::Engines;
    layout.put(Part::Alerts, rows.bottom(u16::from(has_alert && !are_alerts_all)));
    let vitals = match area.height {
        _ if has_lines => 5,
        ..ROW_A_VITAL => 2,
        _ => 4,
    };
    let spare = rows.0.height.saturating_sub(vitals + digits);
    let needs = fleet::needs(input).unwrap_or(u16::MAX);
    if spare >= LEAST_LIST && fleet::form(input) != Form::Engines {
        layout.put(Part::Digits, rows.top(digits));
        layout.put(Part::Vitals, rows.top(vitals));
        layout.put(Part::List, rows.top(needs));
    } else if are_alerts_all && spare > 1 {
        layout.put(Part::Digits, rows.top(digits));
        layout.put(Part::Vitals, rows.top(vitals));
        layout.put(Part::Alerts, rows.0);
    } else {
        layout.put(Part::Vitals, rows.bottom(vitals));
        layout.put(Part::Digits, rows.0);
    }
    layout
}

/// Draws the digits with as many facts as the rows below them hold; the profit in one row where the digits do not fit.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let largest = DigitForm::Medium;
    if area.height <= DIGITS || head::form(area, input, largest, canvas.clip(area).is_ascii()) != largest {
        return pane::profit_brief(canvas, area, input);
    }
    head::profit(canvas, area, input, largest);
    let below = Rect { y: area.y + DIGITS, height: area.height - DIGITS, ..area };
    head::draw_facts(canvas, below, facts(input, area.width));
}

/// The rows below the digits: since when and at which rate, revenue and cost, and what follows from them.
fn facts(input: &FrameInput<'_>, width: u16) -> Vec<Vec<Vec<TextSpan>>> {
    let mut rows = head::facts(input, width.min(44), false);
    if input.snap.money.profit.is_none() || rows.is_empty() {
        return rows;
    }
    let rate = head::rate(input, width, Some(0));
    let period = pane::period(input).map(|period| vec![(Role::Dim, period.words())]);
    let note = note(input).map(|note| vec![note]);
    let mut first: Vec<Vec<TextSpan>> = period.into_iter().chain([rate.clone()]).chain(note.clone()).collect();
    let cells = |fact: &Vec<TextSpan>| fact.iter().map(|(_, text)| format::width(text)).sum::<usize>() + 2;
    if let Some(note) = note.filter(|_| first.iter().map(cells).sum::<usize>() > usize::from(width) + 2) {
        if input.app.filter.text().is_empty() {
            first.pop();
            rows.insert(rows.len().min(2), vec![note]);
        } else {
            // What the money is of must be read with the digits.
            first = vec![note, rate];
        }
    }
    rows[0] = first;
    rows
}

/// `theoretical`; with a filter, that the money is still that of the whole fleet.
fn note(input: &FrameInput<'_>) -> Option<TextSpan> {
    let money = &input.snap.money;
    if !input.app.filter.text().is_empty() {
        return Some((Role::Warning, "whole fleet".to_owned()));
    }
    (money.theoretical && money.revenue.is_some()).then(|| (Role::Dim, "theoretical".to_owned()))
}
