//! One node: its money over time, its GPUs, its engines, its alerts.

use ratatui::layout::Rect;

use super::charts::{self, Chart, Kind, Margin};
use super::engine_rows::engine_rows;
use super::gpus::{GpuOf, gpus};
use super::model::blank;
use super::served::first_word;
use super::{Entry, Hits, Layout, Part, Place, View, ViewId, node_events, node_headline, nodes, tables};
use crate::history::{Measure, Subject};
use crate::reading::Health;
use crate::snapshot::{Alert, EngineRow, NodeRow};
use crate::tui::app::{Command, Pace, Turn};
use crate::tui::format;
use crate::tui::layout::{Rows, split};
use crate::tui::pane;
use crate::tui::scene::{Scene, mark};
use crate::tui::theme::Role;
use crate::tui::widgets::digits::{DigitForm, Digits};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment, Span, flow};
use crate::units::{Money, Ratio, quotient};

/// Columns from which the figures and the chart stand side by side.
const WIDE: u16 = 100;

/// Rows of the body from which one tells what is the matter.
const LEAST_WITH_HEADLINE: u16 = 18;

/// Rows of events with their heading, where there is room for more.
const EVENTS: u16 = 6;

/// The view.
pub(super) struct Node;

impl View for Node {
    fn title(&self) -> &'static str {
        "node"
    }

    fn layout(&self, scene: &Scene<'_>, area: Rect) -> Layout {
        let mut layout = Layout::default();
        let mut rows = Rows(area);
        let Some(node) = node(scene) else { return Layout::whole(Part::Headline, area) };
        layout.put(Part::Basis, rows.bottom(u16::from(area.height > 12)));
        let gpus = (node.gpus.len().min(16)) as u16 + 1;
        let engines = (engines(scene, node).len().min(6)) as u16 + 1;
        let alerts = scene.snap.alerts.iter().filter(|alert| is_of(scene, alert, node)).count().clamp(1, 6) as u16 + 1;
        let is_wide = area.width >= WIDE;
        let headline = rows.0.height >= LEAST_WITH_HEADLINE;
        let has_vitals = is_wide && rows.0.height >= 9 + gpus + engines + 8;
        // What is beyond the tables and their least goes to the charts.
        let tables = gpus + engines + alerts + EVENTS;
        let spare = rows.0.height.saturating_sub(8 + 1 + 5 + tables) * u16::from(has_vitals);
        let head = if is_wide && area.height >= 28 { 8 + spare.min(6) } else { 4.min(area.height / 3) };
        let head = rows.top(head);
        if is_wide {
            let (left, right) = split(head, 37, 2);
            layout.put(Part::Digits, left);
            layout.put(Part::Chart, right);
        } else {
            layout.put(Part::Digits, head);
        }
        layout.put(Part::Headline, rows.top(u16::from(headline)));
        if has_vitals {
            layout.put(Part::Vitals, rows.top(5 + spare.saturating_sub(6).min(3)));
        }
        layout.put(Part::List, rows.top(gpus));
        layout.put(Part::Table(0), rows.top(engines.min(rows.0.height)));
        layout.put(Part::Alerts, rows.top(alerts.min(rows.0.height)));
        if rows.0.height >= EVENTS + 4 && node.unit.is_some() {
            layout.put(Part::Table(2), rows.bottom(rows.0.height - EVENTS));
        }
        if rows.0.height >= 3 {
            layout.put(Part::Table(1), rows.0);
        }
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, scene: &Scene<'_>, layout: &Layout) -> Hits {
        let Some(node) = node(scene) else {
            if let Some(area) = layout.area(Part::Headline) {
                let name = scene.app.subject().map_or("it", |name| name.as_str());
                canvas.pen(area, 1).put(Role::Warning, &format!("{name} is no longer among the nodes: esc goes back"));
            }
            return Hits::default();
        };
        let area = |part| layout.area(part);
        // The rate stands in the headline too.
        let slow = scene.at(Pace::TwoSeconds);
        let paced = named(&slow, node.name.as_str()).unwrap_or(node);
        if let Some(area) = area(Part::Digits) {
            digits(canvas, area, &slow, paced);
        }
        if let Some(area) = area(Part::Headline) {
            node_headline::draw(canvas, area, scene, paced);
        }
        if let Some(area) = area(Part::Chart) {
            margin(canvas, area, scene, node);
        }
        if let Some(area) = area(Part::Vitals) {
            vitals(canvas, area, scene, node);
        }
        if let Some(area) = area(Part::List) {
            gpu_table(canvas, area, scene, node);
        }
        if let Some(area) = area(Part::Table(0)) {
            engine_rows(canvas, area, scene, &engines(scene, node));
        }
        if let Some(area) = area(Part::Alerts) {
            alert_lines(canvas, area, scene, node);
        }
        if let Some(area) = area(Part::Table(1)) {
            node_events::draw(canvas, area, scene, node);
        }
        if let Some(area) = area(Part::Table(2)) {
            nodes::of_unit(canvas, area, &scene.at(Pace::FiveSeconds), node);
        }
        if let Some(area) = area(Part::Basis) {
            pane::basis(canvas, area, scene);
        }
        Hits::default()
    }

    fn enter(&self, scene: &Scene<'_>) -> Entry {
        match node(scene).filter(|node| !engines(scene, node).is_empty()) {
            Some(node) => Entry::Into(Place::about(ViewId::Engines, node.name.as_str())),
            None => Entry::Nowhere,
        }
    }

    fn chosen(&self, scene: &Scene<'_>) -> Option<String> {
        scene.app.subject().map(ToString::to_string)
    }

    fn commands(&self) -> &'static [Command] {
        &[
            Command::Enter,
            Command::Neighbour(Turn::Next),
            Command::AlertsOf,
            Command::Back,
            Command::Reach(Turn::Previous),
            Command::Form,
        ]
    }
}

fn node<'a>(scene: &Scene<'a>) -> Option<&'a NodeRow> {
    named(scene, scene.app.subject()?.as_str())
}

fn named<'a>(scene: &Scene<'a>, name: &str) -> Option<&'a NodeRow> {
    scene.snap.nodes.iter().map(AsRef::as_ref).find(|node| node.name.as_str() == name)
}

/// The most rows of the money and of the charts below it.
const HEAD: u16 = 14;
const CHARTS: u16 = 9;

/// Draws the money and the GPUs of a node below a list of nodes, and where there is room what runs on it and happened to it.
pub(super) fn summary(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, name: &str) {
    let Some(node) = named(scene, name) else { return };
    let mut rows = Rows(area);
    rows.top(1);
    let gpus = (node.gpus.len().min(16)) as u16 + 1;
    let engines = engines(scene, node);
    let wide = area.width >= WIDE;
    let has_vitals = wide && rows.0.height > gpus + 8 + 5;
    // What is beyond the tables and their least goes to the charts.
    let spare = rows.0.height.saturating_sub(gpus + 9 + 5 + engines.len().min(12) as u16 + 1 + EVENTS);
    if wide {
        let least = rows.0.height.saturating_sub(gpus).clamp(5, 9);
        let head = rows.top(least + if has_vitals { spare.min(HEAD - 9) } else { 0 });
        let (left, right) = split(head, 37, 2);
        digits(canvas, left, scene, node);
        margin(canvas, right, scene, node);
    } else {
        digits(canvas, rows.top(4), scene, node);
    }
    if has_vitals {
        vitals(canvas, rows.top(5 + spare.saturating_sub(HEAD - 9).min(CHARTS - 5)), scene, node);
    }
    gpu_table(canvas, rows.top(gpus), scene, node);
    engine_rows(canvas, rows.top(engines.len() as u16 + 1), scene, &engines);
    if rows.0.height >= 3 {
        node_events::draw(canvas, rows.0, scene, node);
    }
}

fn subject(node: &NodeRow) -> Subject {
    Subject::Node(node.name.clone())
}

/// Its profit in large digits and the figures behind it.
fn digits(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, node: &NodeRow) {
    let mut heading = TitledRule::new(format::shorten(node.name.as_str(), 28));
    if let Some(unit) = &node.unit {
        heading = heading.note([Segment::dim(format!(" · {unit}"))]);
    }
    let (health, glyph) = mark(node.state);
    if node.state != Health::Live {
        heading =
            heading.right([Segment::new(health, format!("{glyph} {} {}", node.state, format::age(node.age_seconds)))]);
    } else if let Some(period) = pane::period(scene) {
        let since = match period {
            pane::Period::Today => "today".to_owned(),
            pane::Period::Since(time) => format!("since {time}"),
        };
        heading = heading.right([Segment::dim(since)]);
    }
    heading.draw(canvas, area);
    let (role, glyph, sign) = sign(node.profit);
    let whole = node.profit.map_or("–".to_owned(), |profit| format::digits_within(profit, 9));
    let symbol = format::symbol(scene.currency());
    let digits = Digits {
        glyph,
        sign,
        currency: symbol.trim_end(),
        whole: &whole,
        cents: "",
        bound: "",
        role,
        largest: DigitForm::Medium,
    };
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }.intersection(area);
    let side = area.width >= 76;
    let space = if side { Rect { width: 36, ..below } } else { below };
    let form = digits.draw(canvas, space);
    let used = if form == DigitForm::Line { 1 } else { 3 };
    let facts = facts(scene, node, side);
    let rest = if side {
        Rect { x: below.x + 38, width: below.width.saturating_sub(38), ..below }
    } else {
        Rect { y: below.y + used, height: below.height.saturating_sub(used), ..below }
    };
    let rest = rest.intersection(below);
    for (y, row) in (0..rest.height).zip(facts) {
        flow(canvas, Rect { y: rest.y + y, height: 1, ..rest }, &row, 2);
    }
}

/// Role, glyph and sign of a profit.
pub(super) fn sign(profit: Option<Money>) -> (Role, char, &'static str) {
    match profit.map(|profit| profit.rounded(2).signum()) {
        None => (Role::Dim, ' ', ""),
        Some(0) => (Role::Text, ' ', ""),
        Some(1) => (Role::Gain, '▲', "+"),
        Some(_) => (Role::Loss, '▼', "−"),
    }
}

/// What stands behind the profit, in rows.
fn facts(scene: &Scene<'_>, node: &NodeRow, side: bool) -> Vec<Vec<Vec<Span>>> {
    let amount = |money: Option<Money>| format::pad_right(&scene.money(money, 9), 9);
    let pair = |label: &str, value: String| vec![(Role::Dim, label.to_owned()), (Role::Text, value)];
    let (role, ..) = sign(node.profit_per_hour);
    let per_hour = node.profit_per_hour.map_or(format::UNKNOWN.to_owned(), |profit| {
        let symbol = format::symbol(scene.currency());
        let (mark, amount) = if profit < Money::ZERO { ("▼ − ", Money::ZERO - profit) } else { ("+ ", profit) };
        format!("{mark}{symbol}{}", format::digits_within(amount, 9))
    });
    let rate = vec![(role, format::pad_right(&format!("{per_hour} /h"), if side { 17 } else { 0 }))];
    let on_cost = node.profit.zip(node.cost).and_then(|(profit, cost)| quotient(profit, cost));
    let on_cost = pair("profit on cost ", format::percent(on_cost).trim().to_owned());
    let (revenue, cost) = (pair("revenue ", amount(node.revenue)), pair("cost ", amount(node.cost)));
    let gpus = pair("GPUs ", node.gpus.len().to_string());
    let rank = pair(if side { "rank " } else { "profit rank " }, rank(scene, node));
    if side {
        let cost = pair("cost    ", amount(node.cost));
        return vec![vec![rate, on_cost], vec![revenue, rank], vec![cost, gpus]];
    }
    vec![vec![rate], vec![revenue, cost], vec![on_cost, gpus], vec![rank]]
}

/// Its place among the nodes whose profit an hour is known, the highest first: `41 of 278`.
fn rank(scene: &Scene<'_>, node: &NodeRow) -> String {
    let Some(own) = node.profit_per_hour else { return format::UNKNOWN.to_owned() };
    let known = scene.snap.nodes.iter().filter_map(|node| node.profit_per_hour);
    let (above, all) = known.fold((0, 0), |(above, all), profit| (above + usize::from(profit > own), all + 1));
    format!("{} of {all}", above + 1)
}

fn margin(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, node: &NodeRow) {
    Margin {
        subject: subject(node),
        now: [node.revenue_per_hour, node.cost_per_hour],
        scale_width: 6,
        is_day: false,
        of: String::new(),
    }
    .draw(canvas, area, scene);
}

fn vitals(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, node: &NodeRow) {
    let slow = scene.at(Pace::TwoSeconds);
    let now = named(&slow, node.name.as_str()).unwrap_or(node);
    let known: Vec<f64> = now.gpus.iter().filter_map(|gpu| gpu.utilization).map(Ratio::get).collect();
    let load = Ratio::of(known.iter().sum(), known.len() as f64);
    let rate = |value| format::scaled_tight(value).trim().to_owned() + " tok/s";
    let subject = subject(node);
    let charts = [
        Chart {
            layers: vec![(Measure::Output, Role::Output)],
            ..blank("Output", rate(now.output_per_second), &subject)
        },
        Chart {
            layers: vec![(Measure::PromptComputed, Role::Prompt), (Measure::PromptCached, Role::Hit)],
            ..blank("Prompt", rate(now.prompt_per_second), &subject)
        },
        Chart {
            layers: vec![(Measure::Kv, Role::Hit)],
            top: Some(1.0),
            format: charts::share,
            ..blank("KV", format::percent(slow.kv_of(now)).trim(), &subject)
        },
        Chart {
            layers: vec![(Measure::Load, Role::Output)],
            top: Some(1.0),
            kind: Kind::Heat,
            format: charts::share,
            ..blank("Load", format::percent(load), &subject)
        },
    ];
    charts::draw_row(canvas, area, scene, charts, 4);
}

fn gpu_table(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, node: &NodeRow) {
    let slow = scene.at(Pace::FiveSeconds);
    let node = named(&slow, node.name.as_str()).unwrap_or(node);
    let lines: Vec<GpuOf<'_>> = node.gpus.iter().map(|gpu| GpuOf { node, gpu, at: None }).collect();
    gpus(canvas, area, &slow, &lines);
}

fn engines<'a>(scene: &Scene<'a>, node: &NodeRow) -> Vec<&'a EngineRow> {
    scene.snap.engines.iter().map(AsRef::as_ref).filter(|row| row.node == node.name).collect()
}

/// Whether an alert is of a node, its unit or one of its engines.
fn is_of(scene: &Scene<'_>, alert: &Alert, node: &NodeRow) -> bool {
    let word = first_word(alert);
    let is_engine = || scene.snap.engines.iter().any(|row| row.node == node.name && row.target.as_str() == word);
    word == node.name.as_str() || node.unit.as_ref().is_some_and(|unit| unit.as_str() == word) || is_engine()
}

/// The alerts of this node.
fn alert_lines(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, node: &NodeRow) {
    let alerts: Vec<Alert> = scene.snap.alerts.iter().filter(|alert| is_of(scene, alert, node)).cloned().collect();
    if area.height < 2 {
        return;
    }
    TitledRule::new("Alerts")
        .note([Segment::dim(" · of this node, its unit and engines")])
        .right([Segment::dim("since")])
        .draw(canvas, area);
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    if alerts.is_empty() {
        canvas.pen(below, 0).put(Role::Dim, "none");
    }
    tables::alert_lines(canvas, below, scene, &alerts);
}
