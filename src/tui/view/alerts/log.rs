//! What happened in the last day: alerts that are over, with their cost, and events.

use std::collections::{BTreeSet, HashMap};

use ratatui::layout::Rect;

use super::super::about::{about_all, found, what};
use super::super::list::{Col, List, known_sum, said};
use super::super::served::word_of;
use crate::history::{EventKind, HistoryEvent};
use crate::reading::Label;
use crate::snapshot::{Alert, Rule};
use crate::tui::format;
use crate::tui::scene::Scene;
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
    resolved: Vec<Resolved>,
    events: Vec<HistoryEvent>,
}

/// Alerts that are over of one rule on one thing or on its parts, the latest first.
struct Resolved {
    about: String,
    alerts: Vec<HistoryEvent>,
}

impl Resolved {
    fn latest(&self) -> Option<&HistoryEvent> {
        self.alerts.first()
    }

    /// How often it came to the thing, or to the part that it came to most often.
    fn times(&self) -> usize {
        let of = |name: &Label| self.alerts.iter().filter(|event| event.name == *name).count();
        self.alerts.iter().map(|event| of(&event.name)).max().unwrap_or(0)
    }

    fn held(&self) -> Span {
        let held = |event: &HistoryEvent| event.until.map_or(0, |until| (until - event.at).millis());
        Span::from_millis(self.alerts.iter().map(held).sum())
    }
}

/// Puts alerts that are over together, those that ended last first.
fn together(scene: &Scene<'_>, mut over: Vec<HistoryEvent>) -> Vec<Resolved> {
    over.sort_by_key(|event| std::cmp::Reverse(event.until));
    let mut places: HashMap<(Option<Rule>, String), usize> = HashMap::new();
    let mut groups: Vec<Vec<HistoryEvent>> = Vec::new();
    for event in over {
        let rule = if let EventKind::Alert(rule, _) = event.kind { Some(rule) } else { None };
        let place = *places.entry((rule, word_of(event.name.as_str()).to_owned())).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(event),
            None => groups.push(vec![event]),
        }
    }
    let told = |alerts: Vec<HistoryEvent>| {
        let names: BTreeSet<&str> = alerts.iter().map(|event| event.name.as_str()).collect();
        let about = about_all(scene, &names.into_iter().collect::<Vec<_>>());
        Resolved { about, alerts }
    };
    groups.into_iter().map(told).collect()
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

/// Rows of a list with its heading; of an empty one it is said that it is.
fn wanted(rows: usize) -> u16 {
    (rows.min(1_000) as u16 + 1).max(2)
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
        let resolved = together(scene, alerts.into_iter().filter(|event| event.until.is_some()).collect());
        events.reverse();
        Self { resolved, events }
    }

    /// Rows that both take with their headings.
    pub(super) fn rows(&self) -> u16 {
        let rows = |rows: usize| if rows == 0 { 0 } else { rows.min(1_000) as u16 + 1 };
        rows(self.resolved.len()) + rows(self.events.len())
    }

    /// Rows with which both find room, and it is said of an empty one that it is.
    pub(super) fn wanted(&self) -> u16 {
        (wanted(self.resolved.len()) + wanted(self.events.len())).max(2 * LEAST)
    }

    /// How many of so many rows each of them gets.
    pub(super) fn heights(&self, room: u16) -> [u16; 2] {
        let [resolved, events] = [wanted(self.resolved.len()), wanted(self.events.len())];
        if room < 2 * LEAST {
            return if self.resolved.is_empty() { [0, room] } else { [room, 0] };
        }
        let first = resolved.min(room - events.min(room / 2));
        [first, room - first]
    }

    /// Draws the alerts that are over.
    pub(super) fn draw_resolved(&self, canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
        type C<'s> = Col<'s, Resolved>;
        let is_wide = area.width >= 100;
        let zone = scene.zone();
        let currency = format::symbol(scene.currency()).trim_end().to_owned();
        let columns = [
            C::left("", 22, |row| Cell::Text(vec![Segment::dim(format!("· {}", row.about))])).stretch(1, 34),
            C::left("", 16, move |row| {
                // Where its own words find no room, those of its rule do.
                let told = row.latest().map(|event| match event.kind {
                    EventKind::Alert(rule, _) if !is_wide => found(rule),
                    _ => what(event.text.as_str()),
                });
                Cell::Phrase(told.unwrap_or_default().to_owned().into())
            })
            .rank(2)
            .stretch(4, 200),
            C::right("times", 5, |row| if row.times() > 1 { Cell::text(row.times().to_string()) } else { Cell::Empty })
                .rank(3),
            C::right("last", 5, move |row| {
                Cell::dim(row.latest().map_or(String::new(), |event| format::clock_minute(event.at, zone)))
            })
            .rank(1),
            C::right("for", 5, |row| Cell::text(format::duration(row.held()))),
            C::right(format!("{currency} ≈"), 8, |row| match known_sum(row.alerts.iter().map(|event| event.cost)) {
                Some(cost) => Cell::text(format::tight(cost.max(0.0), 8)),
                None => Cell::unknown(),
            })
            .rank(4)
            .only(self.resolved.iter().any(|row| row.alerts.iter().any(|event| event.cost.is_some()))),
            C::left("how it ended", 14, |row| {
                Cell::dim(row.latest().map_or(String::new(), |event| event.ended.to_string()))
            })
            .rank(4)
            .stretch(1, 26),
        ];
        let alerts: usize = self.resolved.iter().map(|row| row.alerts.len()).sum();
        let mut list = List { gap: 1, ..List::plain("Resolved", &columns, &self.resolved) };
        list.title.push(Segment::dim(format!(" {alerts} · 24 h")));
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
