//! The events of a node in the last day: resolved and active alerts, and restarts of its engines.

use ratatui::layout::Rect;

use super::about;
use super::charts::severity;
use super::list::{Col, List, known_sum, said};
use super::served::word_of;
use crate::history::{EventKind, HistoryEvent};
use crate::reading::Label;
use crate::snapshot::NodeRow;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::Span;

/// Draws the events, the latest first.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, node: &NodeRow) {
    table(canvas, area, input, |event| is_of(input, event, node), " · of this node, 24 h");
}

/// The number of events.
pub(super) fn count(input: &FrameInput<'_>, node: &NodeRow) -> usize {
    let until = input.snap.at;
    input.app.history.events(until - Span::DAY, until, None).iter().filter(|event| is_of(input, event, node)).count()
}

fn is_of(input: &FrameInput<'_>, event: &HistoryEvent, node: &NodeRow) -> bool {
    let word = word_of(event.name.as_str());
    let serves = || input.snap.engines.iter().any(|row| row.node == node.name && row.target.as_str() == word);
    word == node.name.as_str() || serves()
}

/// The number of events of the whole fleet, as far as it matters for a layout.
pub(super) fn count_of_all(input: &FrameInput<'_>) -> usize {
    let until = input.snap.at;
    let known = input.app.history.events(until - Span::DAY, until, None);
    known.iter().filter(|event| is_of_all(event)).take(40).count()
}

fn is_of_all(event: &HistoryEvent) -> bool {
    !event.is_alert() || event.until.is_some()
}

/// Draws the events of the whole fleet; active alerts are shown beside them.
pub(super) fn of_all(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    table(canvas, area, input, is_of_all, " · 24 h");
}

fn table(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    is_shown: impl Fn(&HistoryEvent) -> bool,
    note: &'static str,
) {
    type C<'s> = Col<'s, EventRow>;
    let until = input.snap.at;
    let mut known = input.app.history.events(until - Span::DAY, until, None);
    known.retain(is_shown);
    known.sort_by_key(|event| std::cmp::Reverse(event.at));
    let rows = together(known);
    let zone = input.zone();
    let columns = [
        C::left("", 5, move |row| Cell::dim(format::clock_minute(row.event.at, zone))),
        C::left("", 24, move |row| what(input, row)).stretch(1, 200),
        C::right("for", 5, |row| {
            Cell::dim(row.event.until.map_or_else(String::new, |at| format::duration(at - row.event.at)))
        })
        .rank(1),
        C::right("cost ≈", 9, |row| match row.cost {
            Some(cost) => Cell::text(format::tight(cost.max(0.0), 9)),
            None => Cell::Empty,
        }),
    ];
    let mut list = List { gap: 1, ..List::plain("Events", &columns, &rows) };
    list.title.push(Segment::dim(note));
    list.draw(canvas, area);
    if rows.is_empty() {
        canvas.writer(area, 1).put(Role::Dim, "none");
    }
}

/// An event, or several of one kind on parts of one thing, such as the ranks of an engine.
struct EventRow {
    /// The first, with the end of the last.
    event: HistoryEvent,
    names: Vec<Label>,
    cost: Option<f64>,
}

/// Puts events of one kind on parts of one thing together that began within a minute, the latest first.
fn together(known: Vec<HistoryEvent>) -> Vec<EventRow> {
    let mut rows: Vec<EventRow> = Vec::new();
    for event in known {
        let is_alike = |row: &&mut EventRow| {
            let (one, other) = (&row.event, &event);
            let is_near = one.at - other.at <= Span::MINUTE && one.until.is_some() == other.until.is_some();
            one.kind == other.kind && is_near && word_of(one.name.as_str()) == word_of(other.name.as_str())
        };
        // Another event of the very same subject is one of its own.
        let is_other = |row: &&mut EventRow| is_alike(row) && !row.names.contains(&event.name);
        match rows.iter_mut().rev().take(NEAR).find(is_other) {
            Some(row) => {
                row.event.at = row.event.at.min(event.at);
                row.event.until = row.event.until.max(event.until);
                row.cost = known_sum([row.cost, event.cost].into_iter());
                row.names.push(event.name);
            }
            None => rows.push(EventRow { names: vec![event.name.clone()], cost: event.cost, event }),
        }
    }
    rows
}

/// How many rows are looked through for the others of a group.
const NEAR: usize = 16;

fn what(input: &FrameInput<'_>, row: &EventRow) -> Cell<'static> {
    let event = &row.event;
    // The remedy no longer applies.
    let words = match event.kind {
        EventKind::Alert(rule, _) => about::named(rule, event.text.as_str()),
        EventKind::Restart => about::RESTARTED,
        _ => about::what(event.text.as_str()),
    };
    let names: Vec<&str> = row.names.iter().map(Label::as_str).collect();
    let about = about::about_all(input, &names);
    let text = if about.is_empty() { words.to_owned() } else { format!("{about}: {words}") };
    match event.kind {
        EventKind::Alert(_, grave) => {
            let role = if event.until.is_some() { Role::Dim } else { severity(grave) };
            Cell::Text(vec![Segment::new(role, "▲ "), Segment::text(text)])
        }
        EventKind::Restart => said(Role::Text, format!("R {text}")),
        _ => said(Role::Text, format!("· {text}")),
    }
}
