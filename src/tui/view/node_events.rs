//! The events of a node in the last day: resolved and active alerts, and restarts of its engines.

use ratatui::layout::Rect;

use super::about::{self, about};
use super::charts::severity;
use super::list::{Col, List, said};
use super::served::word_of;
use crate::history::{EventKind, HistoryEvent};
use crate::snapshot::NodeRow;
use crate::tui::format;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::Span;

const DAY: Span = Span::from_secs(86_400);
/// The cells that an alert's text has after its subject.
const WORDS: usize = 20;

/// Draws the events, the latest first.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, node: &NodeRow) {
    table(canvas, area, scene, |event| is_of(scene, event, node), " · of this node, 24 h");
}

/// The number of events.
pub(super) fn count(scene: &Scene<'_>, node: &NodeRow) -> usize {
    let until = scene.snap.at;
    scene.app.history.events(until - DAY, until, None).iter().filter(|event| is_of(scene, event, node)).count()
}

fn is_of(scene: &Scene<'_>, event: &HistoryEvent, node: &NodeRow) -> bool {
    let word = word_of(event.name.as_str());
    let serves = || scene.snap.engines.iter().any(|row| row.node == node.name && row.target.as_str() == word);
    word == node.name.as_str() || serves()
}

/// Draws the events of the whole fleet; active alerts are shown beside them.
pub(super) fn of_all(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    table(canvas, area, scene, |event| !event.is_alert() || event.until.is_some(), " · 24 h");
}

fn table(
    canvas: &mut Canvas<'_>,
    area: Rect,
    scene: &Scene<'_>,
    is_shown: impl Fn(&HistoryEvent) -> bool,
    note: &'static str,
) {
    type C<'s> = Col<'s, HistoryEvent>;
    let until = scene.snap.at;
    let mut rows = scene.app.history.events(until - DAY, until, None);
    rows.retain(is_shown);
    rows.sort_by_key(|event| std::cmp::Reverse(event.at));
    let zone = scene.zone();
    let columns = [
        C::left("", 5, move |event| Cell::dim(format::clock_minute(event.at, zone))),
        C::left("", 24, move |event| what(scene, event)).stretch(1, 200),
        C::right("for", 5, |event| {
            Cell::dim(event.until.map_or_else(String::new, |at| format::duration(at - event.at)))
        })
        .rank(1),
        C::right("cost ≈", 9, |event| match event.cost {
            Some(cost) => Cell::text(format::tight(cost.max(0.0), 9)),
            None => Cell::Empty,
        }),
    ];
    let mut list = List { gap: 1, ..List::plain("Events", &columns, &rows) };
    list.title.push(Segment::dim(note));
    list.draw(canvas, area);
    if rows.is_empty() {
        canvas.pen(area, 1).put(Role::Dim, "none");
    }
}

fn what(scene: &Scene<'_>, event: &HistoryEvent) -> Cell<'static> {
    // The remedy no longer applies. Long texts are replaced by the rule's text, which fits.
    let words = match (event.kind, about::what(event.text.as_str())) {
        (EventKind::Alert(rule, _), long) if format::width(long) > WORDS => about::found(rule),
        (_, words) => words,
    };
    let text = format!("{}: {words}", about(scene, event.name.as_str()));
    match event.kind {
        EventKind::Alert(_, grave) => {
            let role = if event.until.is_some() { Role::Dim } else { severity(grave) };
            Cell::Text(vec![Segment::new(role, "▲ "), Segment::text(text)])
        }
        EventKind::Restart => said(Role::Text, format!("R {text}")),
        _ => said(Role::Text, format!("· {text}")),
    }
}
