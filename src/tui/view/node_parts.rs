//! The parts of a node's page, and those that are shown below a list of nodes.

use super::charts::blank;
use super::charts::{self, Chart, Kind, Margin};
use super::engine_rows::engine_rows;
use super::gpus::{GpuOf, gpus};
use super::served::{ServedTogether, first_word};
use super::{node_events, node_headline, tables};
use crate::history::{Measure, Subject};
use crate::reading::Health;
use crate::snapshot::{Alert, EngineRow, GpuRow, NodeRow};
use crate::tui::against;
use crate::tui::app::RefreshPace;
use crate::tui::format;
use crate::tui::frame_input::{FrameInput, mark};
use crate::tui::layout::{LayoutRows, split};
use crate::tui::pane;
use crate::tui::theme::Role;
use crate::tui::together;
use crate::tui::widgets::digits::{DigitForm, Digits};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment, TextSpan, flow};
use crate::units::{Money, Ratio, quotient};
use ratatui::layout::Rect;

/// The width in columns from which figures and chart are side by side.
pub(super) const WIDE: u16 = 100;

/// The maximum rows of events with their heading, where other blocks need the room.
pub(super) const EVENTS: u16 = 6;

/// The rows of the charts side by side, and of a chart above a narrow list of GPUs.
pub(super) const VITALS: u16 = 5;

pub(super) const LEAST_CHART: u16 = 4;

pub(super) fn named<'a>(input: &FrameInput<'a>, name: &str) -> Option<&'a NodeRow> {
    input.snap.nodes.iter().map(AsRef::as_ref).find(|node| node.name.as_str() == name)
}

/// The maximum rows of the money and of the charts below it.
pub(super) const HEAD: u16 = 14;

pub(super) const CHARTS: u16 = 9;

/// The rows from which a node below a list has its charts and GPUs, and the least rows for its money alone.
pub(super) const SUMMARY: u16 = 16;
pub(super) const SHORTEST: u16 = 4;

/// Draws the money of a node in the few rows that a list leaves, and its GPUs and engines where they fit.
fn in_short(canvas: &mut Canvas<'_>, area: Rect, (input, slow): (&FrameInput<'_>, &FrameInput<'_>), node: &NodeRow) {
    let mut rows = LayoutRows(area);
    digits(canvas, rows.top(SHORTEST), slow, node);
    let gpus = (node.gpus.len().min(16)) as u16 + 1;
    if rows.0.height >= gpus {
        gpu_table(canvas, rows.top(gpus), input, node);
    }
    let mut engines = engines(input, node);
    if engines.len() + 1 > usize::from(rows.0.height) {
        engines.retain(|row| !row.in_engine_row);
    }
    if rows.0.height >= 2 {
        engine_rows(canvas, rows.top(engines.len() as u16 + 1), input, &engines);
    }
    if rows.0.height >= 3 {
        node_events::draw(canvas, rows.0, input, node);
    }
}

/// The rows in which a node's summary has all of its parts and its latest events.
pub(super) fn whole_summary(input: &FrameInput<'_>, node: &NodeRow, width: u16) -> u16 {
    let gpus = (node.gpus.len().min(16)) as u16 + 1;
    let engines = engines(input, node).len().min(12) as u16 + 1;
    let events = (node_events::count(input, node).min(usize::from(EVENTS)) as u16 + 2).clamp(3, EVENTS);
    let charts = if width >= WIDE { HEAD + CHARTS } else { SHORTEST };
    1 + charts + gpus + engines + events
}

/// Draws the money and GPUs of a node below a list of nodes and, where there is room, its engines and events.
pub(super) fn summary(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, name: &str) {
    let slow = input.rates();
    let Some(node) = named(&slow, name) else { return };
    if area.height < SUMMARY {
        return in_short(canvas, area, (input, &slow), node);
    }
    let mut rows = LayoutRows(area);
    rows.top(1);
    let gpus = (node.gpus.len().min(16)) as u16 + 1;
    let engines = engines(input, node);
    let wide = area.width >= WIDE;
    let has_vitals = wide && rows.0.height > gpus + 8 + 5;
    // Rows beyond the minimum of the tables go to the charts.
    let spare = rows.0.height.saturating_sub(gpus + 9 + 5 + engines.len().min(12) as u16 + 1 + EVENTS);
    if wide {
        let least = rows.0.height.saturating_sub(gpus).clamp(5, 9);
        let head = rows.top(least + if has_vitals { spare.min(HEAD - 9) } else { 0 });
        let (left, right) = split(head, 37, 2);
        digits(canvas, left, &slow, node);
        margin(canvas, right, input, node);
    } else {
        digits(canvas, rows.top(4), &slow, node);
    }
    if has_vitals {
        vitals(canvas, rows.top(5 + spare.saturating_sub(HEAD - 9).min(CHARTS - 5)), input, node);
    }
    gpu_table(canvas, rows.top(gpus), input, node);
    engine_rows(canvas, rows.top(engines.len() as u16 + 1), input, &engines);
    if rows.0.height >= 3 {
        node_events::draw(canvas, rows.0, input, node);
    }
}

pub(super) fn subject(node: &NodeRow) -> Subject {
    Subject::Node(node.name.clone())
}

/// Draws the profit in large digits and the figures beside it.
pub(super) fn digits(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, node: &NodeRow) {
    let side = area.width >= 76;
    let mut heading = TitledRule::new(format::shorten(node.name.as_str(), 28));
    if let Some(unit) = &node.unit {
        heading = heading.note([Segment::dim(format!(" · {unit}"))]);
    }
    let (health, glyph) = mark(node.state);
    if node.state != Health::Live {
        heading =
            heading.right([Segment::new(health, format!("{glyph} {} {}", node.state, format::age(node.age_seconds)))]);
    } else if let Some(period) = pane::period(input) {
        // Beside the digits, the rate's row has no room for the change.
        if let Some((change, role)) = change(input, node).filter(|_| side) {
            heading = heading
                .right([Segment::new(role, change), Segment::dim(format!("{}  ", against::reference(input)[1]))]);
        }
        heading = heading.right([Segment::dim(period.words())]);
    }
    heading.draw(canvas, area);
    let (role, glyph, sign) = sign(node.profit);
    let whole = node.profit.map_or("–".to_owned(), |profit| format::rounded_within(profit, 9));
    let symbol = format::symbol(input.currency());
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
    let space = if side { Rect { width: 36, ..below } } else { below };
    let form = digits.draw(canvas, space);
    let used = if form == DigitForm::Line { 1 } else { 3 };
    let facts = facts(input, node, side);
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

/// The role, glyph and sign of a profit.
pub(super) fn sign(profit: Option<Money>) -> (Role, char, &'static str) {
    match profit.map(|profit| profit.rounded(2).signum()) {
        None => (Role::Dim, ' ', ""),
        Some(0) => (Role::Text, ' ', ""),
        Some(1) => (Role::Gain, '▲', "+"),
        Some(_) => (Role::Loss, '▼', "−"),
    }
}

/// The figures beside the profit, in rows.
pub(super) fn facts(input: &FrameInput<'_>, node: &NodeRow, side: bool) -> Vec<Vec<Vec<TextSpan>>> {
    let amount = |money: Option<Money>| format::pad_right(&format::rounded_amount(money, input.currency(), 9), 9);
    let pair = |label: &str, value: String| vec![(Role::Dim, label.to_owned()), (Role::Text, value)];
    let (role, ..) = sign(node.profit_per_hour);
    let per_hour = node.profit_per_hour.map_or(format::UNKNOWN.to_owned(), |profit| {
        let symbol = format::symbol(input.currency());
        let (mark, amount) = if profit < Money::ZERO { ("▼ − ", Money::ZERO - profit) } else { ("+ ", profit) };
        format!("{mark}{symbol}{}", format::rounded_within(amount, 9))
    });
    let mut rate = vec![(role, format::pad_right(&format!("{per_hour} /h"), if side { 17 } else { 0 }))];
    if let Some((change, role)) = change(input, node).filter(|_| !side) {
        rate.extend([(role, format!("  {change}")), (Role::Dim, against::reference(input)[1].clone())]);
    }
    let on_cost = node.profit.zip(node.cost).and_then(|(profit, cost)| quotient(profit, cost));
    let on_cost = pair("profit on cost ", format::percent(on_cost).trim().to_owned());
    let (revenue, cost) = (pair("revenue ", amount(node.revenue)), pair("cost ", amount(node.cost)));
    let gpus = pair("GPUs ", node.gpus.len().to_string());
    let rank = pair("profit rank ", rank(input, node));
    if side {
        let cost = pair("cost    ", amount(node.cost));
        return vec![vec![rate, on_cost], vec![revenue, rank], vec![cost, gpus]];
    }
    vec![vec![rate], vec![revenue, cost], vec![on_cost, gpus], vec![rank]]
}

/// The change of the profit per hour against a quarter hour ago.
pub(super) fn change(input: &FrameInput<'_>, node: &NodeRow) -> Option<(String, Role)> {
    let change = node_headline::change(input, node).filter(|_| node.profit_per_hour.is_some())?;
    against::written(input, change).map(|(role, text)| (text, role))
}

/// The rank among nodes with a known profit per hour, the highest first: `41 of 278`.
pub(super) fn rank(input: &FrameInput<'_>, node: &NodeRow) -> String {
    let Some(own) = node.profit_per_hour else { return format::UNKNOWN.to_owned() };
    let known = input.snap.nodes.iter().filter_map(|node| node.profit_per_hour);
    let (above, all) = known.fold((0, 0), |(above, all), profit| (above + usize::from(profit > own), all + 1));
    let priced = if all < input.snap.nodes.len() { " priced" } else { "" };
    format!("{} of {all}{priced}", above + 1)
}

pub(super) fn margin(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, node: &NodeRow) {
    let slow = input.rates();
    let node = named(&slow, node.name.as_str()).unwrap_or(node);
    Margin {
        subject: subject(node),
        now: [node.revenue_per_hour, node.cost_per_hour],
        scale_width: 6,
        is_main: false,
        of: String::new(),
    }
    .draw(canvas, area, input);
}

/// The width in columns from which a fifth chart fits.
pub(super) const FIVE: u16 = 160;

pub(super) fn vitals(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, node: &NodeRow) {
    let slow = input.rates();
    let now = named(&slow, node.name.as_str()).unwrap_or(node);
    let known: Vec<f64> = now.gpus.iter().filter_map(|gpu| gpu.utilization).map(Ratio::get).collect();
    let load = Ratio::of(known.iter().sum(), known.len() as f64);
    let subject = subject(node);
    let tokens = tokens(now, &ServedTogether::of(engines(&slow, now)), &subject, area.width >= FIVE);
    let [watts, limit] = [|gpu: &GpuRow| gpu.power_watts, |gpu: &GpuRow| gpu.power_limit_watts]
        .map(|of| now.gpus.iter().filter_map(of).reduce(|sum, watts| sum + watts));
    let gauges = [
        Chart {
            layers: vec![(Measure::Kv, Role::Hit)],
            top: Some(1.0),
            format: charts::share,
            ..blank("KV", format::percent(slow.kv_of(now)), &subject)
        },
        Chart {
            layers: vec![(Measure::Load, Role::Output)],
            top: Some(1.0),
            kind: Kind::Heat,
            format: charts::share,
            ..blank("Load", format::percent(load), &subject)
        },
        Chart {
            layers: vec![(Measure::Power, Role::Cost)],
            // The scale ends at the power limit while the power is within it.
            top: limit.filter(|limit| watts.is_none_or(|watts| watts <= *limit)),
            unit: if watts.is_some() { [" kW"; 2] } else { [""; 2] },
            ..blank("Power", watts.map_or(String::new(), |watts| format!("{:.2}", watts / 1_000.0)), &subject)
        },
    ];
    let charts: Vec<Chart<'static>> = tokens.into_iter().chain(gauges).collect();
    let columns = charts.len() as u16;
    charts::draw_row(canvas, area, input, charts, columns);
}

/// The token chart: output and prompts where both fit, else output, or prompts for a node without output.
pub(super) fn tokens(
    now: &NodeRow,
    served: &ServedTogether<'_>,
    subject: &Subject,
    has_room: bool,
) -> Vec<Chart<'static>> {
    let output = Chart {
        layers: vec![(Measure::Output, Role::Output)],
        unit: charts::TOKENS,
        ..blank("Output", format::scaled_tight(now.output_per_second), subject)
    };
    let prompt = Chart {
        layers: vec![(Measure::PromptComputed, Role::Prompt), (Measure::PromptCached, Role::Hit)],
        unit: charts::TOKENS,
        ..blank("Prompt", format::scaled_tight(now.prompt_per_second), subject)
    };
    match (served.makes(Measure::Output), served.makes(Measure::Prompt)) {
        (false, _) => vec![prompt],
        (true, true) if has_room => vec![output, prompt],
        _ => vec![output],
    }
}

pub(super) fn gpu_table(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, node: &NodeRow) {
    let slow = input.at(RefreshPace::FiveSeconds);
    let node = named(&slow, node.name.as_str()).unwrap_or(node);
    let lines: Vec<GpuOf<'_>> = node.gpus.iter().map(|gpu| GpuOf { node, gpu, at: None }).collect();
    gpus(canvas, area, &slow, &lines);
}

pub(super) fn engines<'a>(input: &FrameInput<'a>, node: &NodeRow) -> Vec<&'a EngineRow> {
    input.snap.engines.iter().map(AsRef::as_ref).filter(|row| row.node == node.name).collect()
}

/// Whether an alert is about a node, its unit or one of its engines.
pub(super) fn is_of(input: &FrameInput<'_>, alert: &Alert, node: &NodeRow) -> bool {
    let word = first_word(alert);
    let is_engine = || input.snap.engines.iter().any(|row| row.node == node.name && row.target.as_str() == word);
    word == node.name.as_str() || node.unit.as_ref().is_some_and(|unit| unit.as_str() == word) || is_engine()
}

/// Draws the alerts of a node.
pub(super) fn alert_lines(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, node: &NodeRow) {
    let alerts: Vec<Alert> =
        together::by_node(input.snap).iter().filter(|alert| is_of(input, alert, node)).cloned().collect();
    if area.height < 2 {
        return;
    }
    TitledRule::new("Alerts")
        .note([Segment::dim(" · of this node, its unit and engines")])
        .right([Segment::dim("since")])
        .draw(canvas, area);
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    if alerts.is_empty() {
        canvas.writer(below, 0).put(Role::Dim, "none");
    }
    tables::alert_lines(canvas, below, input, &alerts);
}
