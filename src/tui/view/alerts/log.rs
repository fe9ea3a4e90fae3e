//! What happened in the last day: alerts that are over, with their cost, and events.

use ratatui::layout::Rect;

use super::super::list::{Col, List, said};
use super::super::served::word_of;
use crate::history::{EventKind, HistoryEvent};
use crate::snapshot::Alert;
use crate::tui::format;
use crate::tui::scene::{Scene, short_subject};
use crate::tui::theme::Role;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::Span;

/// How far back it goes.
pub(super) const DAY: Span = Span::from_secs(86_400);
/// The least rows of a table that says something.
const LEAST: u16 = 3;

/// Both lists, the latest first.
pub(super) struct Log {
    resolved: Vec<HistoryEvent>,
    events: Vec<HistoryEvent>,
}

/// The letter of an event in lanes and lists.
pub(super) const fn letter(kind: EventKind) -> char {
    match kind {
        EventKind::Alert(..) => '▲',
        EventKind::Restart => 'R',
        EventKind::Price => '$',
        EventKind::Joined => '+',
        EventKind::Left => '-',
        EventKind::Marker => 'D',
    }
}

/// What each alert that lasts cost so far, where that is known.
pub(super) fn costs(scene: &Scene<'_>) -> impl Fn(&Alert) -> Option<f64> + use<> {
    let until = scene.snap.at;
    let lasting = scene.app.history.events(until - DAY, until, None).into_iter();
    let lasting: Vec<HistoryEvent> = lasting.filter(|event| event.is_alert() && event.until.is_none()).collect();
    move |alert| {
        let is_it = |event: &&HistoryEvent| {
            matches!(event.kind, EventKind::Alert(rule, _) if rule == alert.rule) && event.name == alert.subject
        };
        lasting.iter().rev().find(is_it)?.cost
    }
}

impl Log {
    /// Of the last day before the picture, as far as the filter and the view's subject let it.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let until = scene.snap.at;
        let about = scene.app.subject();
        let is_shown = |event: &HistoryEvent| {
            let is_of =
                about.is_none_or(|about| [event.name.as_str(), word_of(event.name.as_str())].contains(&about.as_str()));
            is_of && scene.app.filter.accepts(&[("subject", event.name.as_str()), ("text", event.text.as_str())])
        };
        let known = scene.app.history.events(until - DAY, until, None);
        let (alerts, mut events): (Vec<_>, Vec<_>) =
            known.into_iter().filter(is_shown).partition(HistoryEvent::is_alert);
        let mut resolved: Vec<_> = alerts.into_iter().filter(|event| event.until.is_some()).collect();
        resolved.sort_by_key(|event| std::cmp::Reverse(event.until));
        events.reverse();
        Self { resolved, events }
    }

    /// Rows that both take with their headings.
    pub(super) fn rows(&self) -> u16 {
        let rows = |events: &[HistoryEvent]| if events.is_empty() { 0 } else { events.len().min(1_000) as u16 + 1 };
        rows(&self.resolved) + rows(&self.events)
    }

    /// How many of so many rows each of them gets.
    pub(super) fn heights(&self, room: u16) -> [u16; 2] {
        let wanted = |events: &[HistoryEvent]| (events.len().min(1_000) as u16 + 1).max(2);
        let [resolved, events] = [wanted(&self.resolved), wanted(&self.events)];
        if room < 2 * LEAST {
            return if self.resolved.is_empty() { [0, room] } else { [room, 0] };
        }
        let first = resolved.min(room - events.min(room / 2));
        [first, room - first]
    }

    /// Draws the alerts that are over.
    pub(super) fn draw_resolved(&self, canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
        type C<'s> = Col<'s, HistoryEvent>;
        let zone = scene.zone();
        let currency = format::symbol(scene.currency()).trim_end().to_owned();
        let columns = [
            C::left("", 14, |event| {
                Cell::Text(vec![Segment::dim(format!("· {}", short_subject(event.name.as_str())))])
            })
            .stretch(1, 34),
            C::left("", 20, |event| Cell::dim(event.text.to_string())).rank(2).stretch(4, 200),
            C::right("since", 5, move |event| Cell::dim(format::clock_minute(event.at, zone))).rank(1),
            C::right("for", 5, |event| {
                let held = event.until.map(|until| format::duration(until - event.at));
                Cell::text(held.unwrap_or_default())
            }),
            C::right(format!("{currency} ≈"), 9, |event| match event.cost {
                Some(cost) => Cell::text(format::tight(cost.max(0.0), 9)),
                None => Cell::unknown(),
            }),
            C::left("how it ended", 14, |event| Cell::dim(event.ended.to_string())).rank(3).stretch(1, 26),
        ];
        let mut list = List { gap: 1, ..List::plain("Resolved", &columns, &self.resolved) };
        list.title.push(Segment::dim(format!(" {} · 24 h", self.resolved.len())));
        list.draw(canvas, area);
        if self.resolved.is_empty() {
            canvas.pen(area, 1).put(Role::Dim, "none");
        }
    }

    /// Draws what else happened.
    pub(super) fn draw_events(&self, canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
        type C<'s> = Col<'s, HistoryEvent>;
        let zone = scene.zone();
        let columns = [
            C::left("", 9, |event| said(Role::Accent, format!("{} {}", letter(event.kind), event.kind.name()))),
            C::left("", 24, |event| Cell::text(event.text.to_string())).stretch(1, 200),
            C::right("at", 5, move |event| Cell::dim(format::clock_minute(event.at, zone))),
        ];
        let mut list = List { gap: 1, ..List::plain("Events", &columns, &self.events) };
        list.title.push(Segment::dim(format!(" {} · 24 h", self.events.len())));
        list.draw(canvas, area);
        if self.events.is_empty() {
            let none = format::cut("none: no restart, price, node or marker", usize::from(area.width));
            canvas.pen(area, 1).put(Role::Dim, &none);
        }
    }
}
