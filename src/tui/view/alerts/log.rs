//! The last day: resolved alerts with their cost, and other events.

use ratatui::layout::Rect;

use super::super::about::{RESTARTED, about};
use super::super::charts::letter;
use super::super::list::{Col, List, said};
use super::super::served::word_of;
use super::super::{Hits, ListKey, ViewId};
use super::resolved::{self, Resolved};
use crate::history::{EventKind, HistoryEvent};
use crate::snapshot::Alert;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::Span;

/// How far back the log goes.
pub(super) const DAY: Span = Span::from_secs(86_400);
/// The minimum rows of a table that shows at least one entry.
const LEAST: u16 = 3;

/// Resolved alerts and other events, the latest first.
pub(super) struct Log {
    pub(super) resolved: Vec<Resolved>,
    /// Events that are not alerts.
    pub(super) events: Vec<HistoryEvent>,
}

/// The key of an event's row.
pub(super) fn key(event: &HistoryEvent) -> ListKey {
    ListKey::of(("event", event.kind.name(), event.name.as_str(), event.text.as_str(), event.at))
}

/// The event's text, with engines named as elsewhere on the screen.
fn words(input: &FrameInput<'_>, event: &HistoryEvent) -> String {
    match event.kind {
        EventKind::Restart => format!("{}: {RESTARTED}", about(input, event.name.as_str())),
        _ => event.text.to_string(),
    }
}

/// What each active alert has cost so far, where that is known.
pub(super) fn costs(input: &FrameInput<'_>) -> impl Fn(&Alert) -> Option<f64> + use<> {
    let until = input.snap.at;
    let lasting = input.app.history.events(until - DAY, until, None).into_iter();
    let lasting: Vec<HistoryEvent> = lasting.filter(|event| event.is_alert() && event.until.is_none()).collect();
    move |alert| {
        let is_it = |event: &&HistoryEvent| {
            matches!(event.kind, EventKind::Alert(rule, _) if rule == alert.rule) && event.name == alert.subject
        };
        lasting.iter().rev().find(is_it)?.cost
    }
}

/// The rows of a list with its heading. An empty list takes one row to say so.
fn wanted(rows: usize) -> u16 {
    (rows.min(1_000) as u16 + 1).max(2)
}

impl Log {
    /// The entries of the last day before the snapshot that match the filter and the view's subject.
    pub(super) fn of(input: &FrameInput<'_>) -> Self {
        let until = input.snap.at;
        let about = input.app.subject();
        let is_shown = |event: &HistoryEvent| {
            let is_of =
                about.is_none_or(|about| [event.name.as_str(), word_of(event.name.as_str())].contains(&about.as_str()));
            is_of && input.app.filter.accepts(&[("subject", event.name.as_str()), ("text", event.text.as_str())])
        };
        let known = input.app.history.events(until - DAY, until, None);
        let (alerts, mut events): (Vec<_>, Vec<_>) =
            known.into_iter().filter(is_shown).partition(HistoryEvent::is_alert);
        let resolved = resolved::together(input, alerts.into_iter().filter(|event| event.until.is_some()).collect());
        events.reverse();
        Self { resolved, events }
    }

    /// The rows that both lists take with their headings.
    pub(super) fn rows(&self, input: &FrameInput<'_>) -> u16 {
        let rows = |rows: usize| if rows == 0 { 0 } else { rows.min(1_000) as u16 + 1 };
        rows(resolved::entries(input, &self.resolved).len()) + rows(self.events.len())
    }

    /// The rows that both lists take, with a row for an empty list to say so.
    pub(super) fn wanted(&self, input: &FrameInput<'_>) -> u16 {
        (wanted(resolved::entries(input, &self.resolved).len()) + wanted(self.events.len())).max(2 * LEAST)
    }

    /// The rows that the events take with their heading.
    pub(super) fn events_wanted(&self) -> u16 {
        wanted(self.events.len())
    }

    /// Splits `room` rows between the resolved alerts and the events.
    pub(super) fn heights(&self, input: &FrameInput<'_>, room: u16) -> [u16; 2] {
        let [resolved, events] = [wanted(resolved::entries(input, &self.resolved).len()), wanted(self.events.len())];
        if room < 2 * LEAST {
            return if self.resolved.is_empty() { [0, room] } else { [room, 0] };
        }
        let first = resolved.min(room - events.min(room / 2));
        [first, room - first]
    }

    /// Draws the events that are not alerts.
    pub(super) fn draw_events(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        input: &FrameInput<'_>,
        has_chosen: bool,
    ) -> Hits {
        type C<'s> = Col<'s, HistoryEvent>;
        let zone = input.zone();
        let columns = [
            C::left("", 9, |event| said(Role::Accent, format!("{} {}", letter(event.kind), event.kind.name()))),
            C::left("", 24, |event| Cell::text(words(input, event))).stretch(1, 200),
            C::right("at", 5, move |event| Cell::dim(format::clock_minute(event.at, zone))),
        ];
        let mut list = List {
            gap: 1,
            key: &key,
            state: Some(input.app.list_of(ViewId::Alerts)),
            is_chosen_elsewhere: !has_chosen,
            ..List::plain("Other events", &columns, &self.events)
        };
        list.title.push(Segment::dim(format!(" {} · 24 h", self.events.len())));
        let hits = list.draw(canvas, area);
        if self.events.is_empty() {
            let whole = "none: no restart, price, node or marker";
            let none = if usize::from(area.width) < format::width(whole) { "none" } else { whole };
            canvas.writer(area, 1).put(Role::Dim, none);
        }
        hits
    }
}
