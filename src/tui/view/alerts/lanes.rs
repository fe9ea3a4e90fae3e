//! The profit over the chart's span, and below it, on the same time axis, a lane for each alert.

use ratatui::layout::Rect;

use super::super::about::{about_all, lasted, named};
use super::super::charts::{self, Chart, Kind};
use super::super::list::known_sum;
use super::super::served::word_of;
use super::log::DAY;
use crate::history::{EventKind, HistoryEvent, Measure, Subject};
use crate::reading::Label;
use crate::snapshot::{Rule, Severity};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::series::{Points, axis};
use crate::tui::theme::Role;
use crate::tui::together;
use crate::tui::view::charts::blank;
use crate::tui::widgets::event_lane::{EventLanes, Lane, LaneEvent};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::time_axis::TimeAxis;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::{Money, Span, Timestamp};

/// The maximum number of alert lanes.
const MOST: usize = 8;
/// Cells before a lane (the label), and after it (the age).
const NAME: u16 = 34;
const AGE: u16 = 7;

/// The rows of all lanes.
pub(super) fn rows(input: &FrameInput<'_>) -> u16 {
    let known = known(input);
    grouped(input, &known).len() as u16 + u16::from(known.iter().any(|event| !event.is_alert()))
}

/// Draws the profit chart into `area` and the alert lanes into `lanes`.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, lanes: Rect, input: &FrameInput<'_>) {
    let span = input.app.charts.span.length();
    let chart = Rect { x: area.x + NAME, width: area.width.saturating_sub(NAME), ..area }.intersection(area);
    let subject = Subject::Fleet;
    Chart {
        layers: vec![(Measure::Profit, Role::Gain)],
        kind: Kind::Line,
        format: charts::rate,
        symbol: format::symbol(input.currency()).trim_end().to_owned(),
        scale_width: AGE,
        says_more: false,
        ..blank("", "", &subject)
    }
    .draw(canvas, chart, input);
    let points = Points::of(input, &subject, Measure::Profit, span);
    let axis = axis(input, &[&points], span, chart.width.saturating_sub(AGE + 1));
    let known = known(input);
    let groups = grouped(input, &known);
    rule(canvas, area, &axis);
    let left = Rect { y: area.y + 1, width: NAME - 2, height: area.height.saturating_sub(1), ..area };
    facts(canvas, left.intersection(area), input, (&points, &axis), &known);
    let mut rows: Vec<Lane<'_>> = groups.iter().map(|group| group.lane(input)).collect();
    let moments: Vec<LaneEvent> = known
        .iter()
        .filter(|event| !event.is_alert())
        .map(|event| LaneEvent::Letter { at: event.at, letter: charts::letter(event.kind) })
        .collect();
    if !moments.is_empty() {
        rows.push(Lane { label: Segment::dim("restarts R, prices $, others"), events: moments, figure: None });
    }
    EventLanes {
        lanes: rows,
        grid: axis.ticks(input.zone(), None).into_iter().map(|tick| tick.cell).collect(),
        axis,
        label_width: NAME,
        figure_width: AGE + 1,
    }
    .draw(canvas, lanes);
}

/// Draws the titled rule, with the time that a cell stands for.
fn rule(canvas: &mut Canvas<'_>, area: Rect, axis: &TimeAxis) {
    let cell = format::duration(axis.cell());
    TitledRule::new("Profit and alerts")
        .note([Segment::dim(format!(" · a cell is {cell}"))])
        .right([Segment::new(Role::Critical, "━"), Segment::dim(" critical  ")])
        .right([Segment::new(Role::Warning, "━"), Segment::dim(" warning  ")])
        .right([Segment::dim("━ over  ▲ began")])
        .draw(canvas, area);
}

/// Draws the facts beside the chart: the profit per hour now, its minimum and maximum, and the number of alerts.
fn facts(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    (points, axis): (&Points, &TimeAxis),
    known: &[HistoryEvent],
) {
    let currency = format::symbol(input.currency()).trim_end().to_owned();
    let chosen = input.app.charts.span;
    let span = charts::known_span(axis, chosen.length(), chosen.word());
    let amount = |profit: Money| {
        let (sign, size) = if profit < Money::ZERO { ("▼ −", Money::ZERO - profit) } else { ("+", profit) };
        format!("{sign}{currency}{}", format::bare(Some(size), 8))
    };
    let profit = input.rates().snap.money.profit_per_hour;
    let role = if profit.is_some_and(|profit| profit < Money::ZERO) { Role::Loss } else { Role::Gain };
    let now = profit.map_or(format::UNKNOWN.to_owned(), amount);
    let values = points.on(axis);
    let (least, most) = charts::ends(&values).map_or((None, None), |(least, most)| (Some(least), Some(most)));
    let money = |value: f64| Money::from_micros((value * 1e6).round() as i64);
    let in_words = |value: Option<f64>| value.map_or(format::UNKNOWN.to_owned(), |value| amount(money(value)));
    let over = known.iter().filter(|event| event.is_alert() && event.until.is_some()).count();
    let cost = known_sum(known.iter().filter(|event| event.is_alert()).map(|event| event.cost));
    let mut rows = vec![
        ("profit an hour".to_owned(), Segment::new(role, now)),
        (format!("least, {span}"), Segment::text(in_words(least))),
        (format!("most, {span}"), Segment::text(in_words(most))),
        ("alerts now".to_owned(), Segment::text(format::grouped(together::count(input.snap) as u128))),
        (format!("alerts over, {span}"), Segment::text(format::grouped(over as u128))),
    ];
    rows.extend(cost.map(|cost| {
        (
            format!("their cost, {span}"),
            Segment::text(format!("≈ {currency}{}", format::tight(cost.max(0.0), 8).trim())),
        )
    }));
    for (row, (what, figure)) in (0..area.height).zip(rows) {
        canvas.writer(area, row).put(Role::Dim, &format::cut(&what, usize::from(area.width)));
        canvas.clip(area).line_to(area.width, row, &[figure]);
    }
}

/// All occurrences of one alert, drawn in one lane.
struct LaneGroup {
    rule: Rule,
    /// The subjects. Parts of one thing, such as the GPUs of a node, share a lane.
    names: Vec<Label>,
    /// The text of the latest.
    text: Label,
    severity: Severity,
    spans: Vec<(Timestamp, Option<Timestamp>)>,
}

impl LaneGroup {
    /// The subject and the rule's text, as far as both fit.
    fn label(&self, input: &FrameInput<'_>) -> String {
        let names: Vec<&str> = self.names.iter().map(Label::as_str).collect();
        let (about, found) = (about_all(input, &names), named(self.rule, self.text.as_str()));
        let room = usize::from(NAME).saturating_sub(format::width(found) + 2);
        if format::width(&about) <= room { format!("{about} {found}") } else { about }
    }

    fn lane(&self, input: &FrameInput<'_>) -> Lane<'static> {
        let role = charts::severity(self.severity);
        let is_active = self.spans.iter().any(|(_, end)| end.is_none());
        let span = |(begin, end): &(Timestamp, Option<Timestamp>)| LaneEvent::Span {
            begin: *begin,
            end: *end,
            ink: if end.is_none() { role.into() } else { Role::Dim.into() },
        };
        // An active alert is as old here as in the list below; of earlier ones the list says how long they lasted.
        let begun = self.spans.iter().filter(|(_, end)| end.is_none()).map(|(begin, _)| *begin).min();
        let over = || self.spans.iter().filter_map(|(begin, end)| Some((*begin, (*end)?)));
        let figure = match (begun, lasted(over())) {
            (Some(begun), _) => format::duration(input.ago(begun)),
            (None, (time, 0 | 1)) => format::duration(time),
            (None, (_, times)) => format!("{times}x"),
        };
        Lane {
            label: Segment::new(if is_active { role } else { Role::Dim }, self.label(input)),
            events: self.spans.iter().map(span).collect(),
            figure: Some(Segment::dim(figure)),
        }
    }
}

/// The events known for the chart's span, oldest first.
fn known(input: &FrameInput<'_>) -> Vec<HistoryEvent> {
    let span = input.app.charts.span.length();
    let until = input.snap.at;
    input.app.history.events(until - Span::from_millis(span.millis().min(DAY.millis())), until, None)
}

/// Groups the alerts by rule and subject: active ones first, by severity, then the latest.
fn grouped(input: &FrameInput<'_>, known: &[HistoryEvent]) -> Vec<LaneGroup> {
    let mut groups: Vec<LaneGroup> = Vec::new();
    let mut add =
        |rule: Rule, (name, text): (&Label, &Label), severity: Severity, span: (Timestamp, Option<Timestamp>)| {
            let word = |name: &Label| word_of(name.as_str()).to_owned();
            let is_of = |group: &LaneGroup| group.names.first().is_some_and(|first| word(first) == word(name));
            let group = groups.iter_mut().find(|group| group.rule == rule && is_of(group));
            match group {
                Some(group) => {
                    group.severity = group.severity.max(severity);
                    if !group.names.contains(name) {
                        group.names.push(name.clone());
                    }
                    // An active alert is in both the snapshot and the history.
                    if !group.spans.contains(&span) {
                        group.spans.push(span);
                    }
                }
                None => groups.push(LaneGroup {
                    rule,
                    names: vec![name.clone()],
                    text: text.clone(),
                    severity,
                    spans: vec![span],
                }),
            }
        };
    for alert in together::by_node(input.snap).iter() {
        add(alert.rule, (&alert.subject, &alert.text), alert.severity, (alert.since, None));
    }
    for event in known.iter().rev() {
        if let EventKind::Alert(rule, severity) = event.kind
            && event.until.is_some()
        {
            add(rule, (&event.name, &event.text), severity, (event.at, event.until));
        }
    }
    groups.truncate(MOST);
    groups
}
