//! Alerts: what is wrong, since when, and what to do; and what happened before.

mod lanes;
mod log;

use ratatui::layout::Rect;

use super::charts;
use super::list::{By, Col, List, said, sort};
use super::served::first_word;
use super::{Entry, Hits, Layout, Order, Part, Place, RowKey, View, ViewId, list};
use crate::snapshot::{Alert, Severity};
use crate::tui::app::{Command, Turn};
use crate::tui::format;
use crate::tui::pane;
use crate::tui::scene::{Scene, short_subject};
use crate::tui::theme::Role;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::{Canvas, Segment};
use log::Log;

/// Rows of the chart of the profit.
const CHART: u16 = 6;
/// The least rows of the list of what is wrong, and of the chosen alert in full.
const LIST: u16 = 3;
const WHOLE: u16 = 4;

/// The view.
pub(super) struct Alerts;

impl View for Alerts {
    fn title(&self) -> &'static str {
        "alerts"
    }

    fn key(&self) -> Option<char> {
        Some('7')
    }

    fn orders(&self, scene: &Scene<'_>) -> Vec<Order> {
        list::orders(&columns(scene))
    }

    fn rows(&self, scene: &Scene<'_>) -> Vec<RowKey> {
        lines(scene).iter().map(key).collect()
    }

    fn layout(&self, scene: &Scene<'_>, area: Rect) -> Layout {
        let mut layout = Layout::default();
        let basis = u16::from(area.height > 12);
        layout.put(Part::Basis, Rect { y: area.bottom().saturating_sub(1), height: basis, ..area });
        let has_lanes = area.width >= 100 && area.height >= 24;
        let chart = if has_lanes { CHART } else { 0 };
        let lanes = if has_lanes { lanes::rows(scene) } else { 0 };
        layout.put(Part::Chart, Rect { height: chart, ..area });
        layout.put(Part::Table(0), Rect { y: area.y + chart, height: lanes, ..area });
        let mut rest = Rect { y: area.y + chart + lanes, height: area.height - basis - chart - lanes, ..area };
        let log = Log::of(scene);
        let alerts = scene.snap.alerts.len().min(1_000) as u16;
        let wanted = (alerts + 1).max(LIST) + if alerts > 0 { WHOLE } else { 0 };
        // What is wrong now comes first; the past has what is left, and at least a third.
        let list = wanted.min(rest.height).min(rest.height - (rest.height / 3).min(log.rows()));
        layout.put(Part::List, Rect { height: list, ..rest });
        rest = Rect { y: rest.y + list, height: rest.height - list, ..rest };
        let [resolved, events] = log.heights(rest.height);
        layout.put(Part::Table(1), Rect { height: resolved, ..rest });
        layout.put(Part::Table(2), Rect { y: rest.y + resolved, height: events, ..rest });
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, scene: &Scene<'_>, layout: &Layout) -> Hits {
        if let Some(area) = layout.area(Part::Chart) {
            let lanes = layout.area(Part::Table(0)).unwrap_or_default();
            lanes::draw(canvas, area, lanes, scene);
        }
        let log = Log::of(scene);
        if let Some(area) = layout.area(Part::Table(1)) {
            log.draw_resolved(canvas, area, scene);
        }
        if let Some(area) = layout.area(Part::Table(2)) {
            log.draw_events(canvas, area, scene);
        }
        if let Some(area) = layout.area(Part::Basis) {
            pane::basis(canvas, area, scene);
        }
        let Some(area) = layout.area(Part::List) else { return Hits::default() };
        let lines = lines(scene);
        let columns = columns(scene);
        let mut list = List {
            key: &key,
            state: Some(scene.app.list_of(ViewId::Alerts)),
            ..List::plain(format!("Active {}", lines.len()), &columns, &lines)
        };
        if let Some(subject) = scene.app.subject() {
            list.title.push(Segment::dim(format!(" · of {subject}")));
        }
        let hits = list.draw(canvas, area);
        if lines.is_empty() {
            canvas.pen(area, 1).put(Role::Dim, "nothing is wrong");
        } else if let Some(alert) = chosen(scene, &lines) {
            whole(canvas, area, lines.len(), alert);
        }
        hits
    }

    fn enter(&self, scene: &Scene<'_>) -> Entry {
        let lines = lines(scene);
        let Some(alert) = chosen(scene, &lines) else { return Entry::Nowhere };
        let word = first_word(alert);
        let engines = scene.snap.engines.iter().find(|row| row.target.as_str() == word);
        if scene.snap.nodes.iter().any(|node| node.name.as_str() == word) {
            Entry::Into(Place::about(ViewId::Node, word))
        } else if scene.snap.units.iter().any(|unit| unit.unit.as_str() == word) {
            Entry::Into(Place::about(ViewId::Engines, word))
        } else if let Some(row) = engines {
            Entry::Into(Place::about(ViewId::Node, row.node.as_str()))
        } else {
            Entry::Nowhere
        }
    }

    fn chosen_alert(&self, scene: &Scene<'_>) -> Option<(crate::snapshot::Rule, crate::reading::Label)> {
        let lines = lines(scene);
        chosen(scene, &lines).map(|alert| (alert.rule, alert.subject.clone()))
    }

    fn commands(&self) -> &'static [Command] {
        &[Command::Silence, Command::Enter, Command::Filter, Command::Sort, Command::Reach(Turn::Previous)]
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "rows of lists are passed by reference")]
fn key(alert: &&Alert) -> RowKey {
    RowKey::of(("alert", alert.rule, alert.subject.as_str()))
}

fn lines<'a>(scene: &Scene<'a>) -> Vec<&'a Alert> {
    let about = scene.app.subject().filter(|_| scene.app.view() == ViewId::Alerts);
    let accepted = |alert: &&Alert| {
        let severity = alert.severity.to_string();
        let fields =
            [("severity", severity.as_str()), ("subject", alert.subject.as_str()), ("text", alert.text.as_str())];
        let is_of = about.is_none_or(|about| {
            let subject = alert.subject.as_str();
            subject == about.as_str() || first_word(alert) == about.as_str()
        });
        is_of && scene.app.filter.accepts(&fields)
    };
    let mut rows: Vec<&Alert> = scene.snap.alerts.iter().filter(accepted).collect();
    sort(&mut rows, &columns(scene), scene.app.list_of(ViewId::Alerts));
    rows
}

fn chosen<'a>(scene: &Scene<'_>, lines: &[&'a Alert]) -> Option<&'a Alert> {
    let keys: Vec<RowKey> = lines.iter().map(key).collect();
    lines.get(scene.app.list_of(ViewId::Alerts).place(&keys)).copied()
}

fn columns<'s, 'a>(scene: &'s Scene<'_>) -> Vec<Col<'s, &'a Alert>> {
    type C<'s, 'a> = Col<'s, &'a Alert>;
    let zone = scene.zone();
    let currency = format::symbol(scene.currency()).trim_end().to_owned();
    let costs = log::costs(scene);
    let costs: std::collections::HashMap<_, _> = scene
        .snap
        .alerts
        .iter()
        .filter_map(|alert| Some(((alert.rule, alert.subject.as_str()), costs(alert)?)))
        .collect();
    vec![
        C::left("severity", 10, |alert| {
            if let Some(until) = scene.app.silenced(alert) {
                return Cell::dim(format!("until {}", format::clock_minute(until, zone)));
            }
            said(charts::severity(alert.severity), format!("{} {}", glyph(alert), alert.severity))
        })
        .falling(|alert| By::Number(Some(f64::from(alert.severity as u8))))
        .first(),
        C::left("about", 16, |alert| Cell::text(short_subject(alert.subject.as_str())))
            .stretch(1, 34)
            .rising(|alert| By::Name(alert.subject.to_string())),
        C::left("what it is and what to do", 20, |alert| Cell::Text(vec![Segment::text(alert.text.to_string())]))
            .stretch(4, 200),
        C::right("since", 5, move |alert| Cell::dim(format::clock_minute(alert.since, zone))).rank(2),
        C::right("for", 5, |alert| Cell::dim(format::duration(scene.ago(alert.since))))
            .rank(1)
            .falling(|alert| By::Number(Some(-(alert.since.millis() as f64)))),
        C::right("cost so far", 11, move |alert| match costs.get(&(alert.rule, alert.subject.as_str())) {
            Some(cost) => Cell::text(format!("≈ {currency}{}", format::tight(cost.max(0.0), 8).trim())),
            None => Cell::unknown(),
        })
        .rank(3),
    ]
}

fn glyph(alert: &Alert) -> char {
    if alert.severity == Severity::Info { '·' } else { '▲' }
}

/// The chosen alert in full, below a list that leaves room.
fn whole(canvas: &mut Canvas<'_>, area: Rect, rows: usize, alert: &Alert) {
    let used = rows.min(1_000) as u16 + 2;
    if area.height < used + 3 {
        return;
    }
    let below = Rect { y: area.y + used, height: area.height - used, ..area };
    canvas.pen(below, 0).strong(charts::severity(alert.severity), &format!("{} {}", glyph(alert), alert.subject));
    for (row, line) in (1..below.height).zip(format::wrapped(alert.text.as_str(), usize::from(below.width))) {
        canvas.pen(below, row).put(Role::Text, &line);
    }
}
