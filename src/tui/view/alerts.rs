//! Alerts: what is wrong, since when, and what to do.

use ratatui::layout::Rect;

use super::charts::{self, Chart, Kind};
use super::list::{By, Col, List, said, sort};
use super::model::blank;
use super::served::first_word;
use super::{Entry, Hits, Layout, Order, Part, Place, RowKey, View, ViewId, list};
use crate::history::{Measure, Subject};
use crate::snapshot::{Alert, Severity};
use crate::tui::app::{Command, Turn};
use crate::tui::human;
use crate::tui::pane;
use crate::tui::scene::Scene;
use crate::tui::series::{Points, axis};
use crate::tui::theme::Role;
use crate::tui::widgets::event_lane::{EventLanes, Lane, LaneEvent};
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::{Canvas, Segment};

/// Rows of the chart of the profit.
const CHART: u16 = 6;
/// The most lanes.
const LANES: u16 = 8;
/// Cells before a lane and behind it.
const NAME: u16 = 34;
const AGE: u16 = 7;

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
        let lanes = (scene.snap.alerts.len().min(usize::from(LANES))) as u16;
        let has_lanes = area.width >= 100 && area.height >= 24;
        let chart = if has_lanes { CHART } else { 0 };
        let lanes = if has_lanes { lanes } else { 0 };
        layout.put(Part::Chart, Rect { height: chart, ..area });
        layout.put(Part::Table(0), Rect { y: area.y + chart, height: lanes, ..area });
        let top = chart + lanes;
        layout.put(Part::List, Rect { y: area.y + top, height: area.height - basis - top, ..area });
        layout.put(Part::Basis, Rect { y: area.bottom().saturating_sub(1), height: basis, ..area });
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, scene: &Scene<'_>, layout: &Layout) -> Hits {
        if let Some(area) = layout.area(Part::Chart) {
            let lanes = layout.area(Part::Table(0)).unwrap_or_default();
            time(canvas, area, lanes, scene);
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

    fn commands(&self) -> &'static [Command] {
        &[Command::Enter, Command::Filter, Command::Sort, Command::Reach(Turn::Previous)]
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
    vec![
        C::left("severity", 10, |alert| {
            said(charts::severity(alert.severity), format!("{} {}", glyph(alert), alert.severity))
        })
        .falling(|alert| By::Number(Some(f64::from(alert.severity as u8))))
        .first(),
        C::left("about", 16, |alert| Cell::text(alert.subject.to_string()))
            .stretch(1, 34)
            .rising(|alert| By::Name(alert.subject.to_string())),
        C::left("what it is and what to do", 20, |alert| Cell::Text(vec![Segment::text(alert.text.to_string())]))
            .stretch(4, 200),
        C::right("since", 5, move |alert| Cell::dim(human::clock_minute(alert.since, zone))).rank(2),
        C::right("for", 5, |alert| Cell::dim(human::duration(scene.ago(alert.since))))
            .rank(1)
            .falling(|alert| By::Number(Some(-(alert.since.millis() as f64)))),
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
    let mut row = 1;
    let mut line = String::new();
    for word in alert.text.as_str().split_whitespace() {
        if human::width(&line) + 1 + human::width(word) > usize::from(area.width) && !line.is_empty() {
            canvas.pen(below, row).put(Role::Text, &line);
            (row, line) = (row + 1, String::new());
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    canvas.pen(below, row).put(Role::Text, &line);
}

/// The profit over the span, and below it in the same columns when each alert began: cause and effect.
fn time(canvas: &mut Canvas<'_>, area: Rect, lanes: Rect, scene: &Scene<'_>) {
    let span = scene.app.charts.reach.span();
    let profit = scene.snap.money.profit_per_hour;
    let chart = Rect { x: area.x + NAME, width: area.width.saturating_sub(NAME), ..area }.intersection(area);
    let figure = profit.map_or(human::UNKNOWN.to_owned(), |profit| format!("{} /h", human::signed(profit, 9)));
    let subject = Subject::Fleet;
    Chart {
        layers: vec![(Measure::Profit, Role::Gain)],
        kind: Kind::Line,
        format: charts::rate,
        scale_width: AGE,
        ..blank("Profit", figure, &subject)
    }
    .draw(canvas, chart, scene);
    let points = Points::of(scene, &subject, Measure::Profit, span);
    let cells = chart.width.saturating_sub(AGE + 1);
    let axis = axis(scene, &[&points], span, cells);
    let lane = |alert: &Alert| Lane {
        label: Segment::new(charts::severity(alert.severity), alert.subject.to_string()),
        events: vec![LaneEvent::Span { begin: alert.since, end: None, ink: charts::severity(alert.severity).into() }],
        figure: Some(Segment::dim(human::duration(scene.ago(alert.since)))),
    };
    let shown = scene.snap.alerts.iter().take(usize::from(lanes.height));
    let rows = EventLanes {
        lanes: shown.map(lane).collect(),
        grid: axis.ticks(scene.zone(), None).into_iter().map(|tick| tick.cell).collect(),
        axis,
        label_width: NAME,
        figure_width: AGE + 1,
    };
    rows.draw(canvas, lanes);
}
