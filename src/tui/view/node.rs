//! One node: its money over time, its GPUs, engines and alerts.

use super::node_parts::{
    EVENTS, LEAST_CHART, VITALS, WIDE, alert_lines, digits, engines, gpu_table, is_of, margin, named, vitals,
};
use ratatui::layout::Rect;

use super::engine_rows::engine_rows;
use super::{Hits, Layout, OnEnter, Part, View, ViewId, ViewPlace, node_events, node_headline, nodes};
use crate::snapshot::NodeRow;
use crate::tui::app::{App, Command, Direction, Effect, RefreshPace};
use crate::tui::frame_input::FrameInput;
use crate::tui::layout::{LayoutRows, split};
use crate::tui::pane;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

/// The minimum rows of the body for a headline.
const LEAST_WITH_HEADLINE: u16 = 18;

/// The view of one node.
pub(super) struct NodeScreen;

impl View for NodeScreen {
    fn title(&self) -> &'static str {
        "node"
    }

    fn layout(&self, input: &FrameInput<'_>, area: Rect) -> Layout {
        let Some(node) = node(input) else { return Layout::whole(Part::Headline, area) };
        let mut layout = Layout::default();
        let mut rows = LayoutRows(area);
        layout.put(Part::Basis, rows.bottom(u16::from(area.height > 12)));
        let blocks = if area.width >= WIDE {
            NodeBlocks::wide(input, node, rows.0)
        } else {
            NodeBlocks::narrow(input, node, rows.0)
        };
        let head = rows.top(blocks.head);
        if area.width >= WIDE {
            let (left, right) = split(head, 37, 2);
            layout.put(Part::Digits, left);
            layout.put(Part::Chart, right);
        } else {
            layout.put(Part::Digits, head);
        }
        layout.put(Part::Headline, rows.top(blocks.headline));
        if area.width < WIDE {
            layout.put(Part::Chart, rows.top(blocks.charts));
        } else {
            layout.put(Part::Vitals, rows.top(blocks.charts));
        }
        layout.put(Part::List, rows.top(blocks.gpus));
        layout.put(Part::Table(0), rows.top(blocks.engines));
        layout.put(Part::Alerts, rows.top(blocks.alerts));
        if rows.0.height >= blocks.events + 4 && node.unit.is_some() {
            layout.put(Part::Table(2), rows.bottom(rows.0.height - blocks.events));
        }
        if rows.0.height >= 2 {
            layout.put(Part::Table(1), rows.0);
        }
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, input: &FrameInput<'_>, layout: &Layout) -> Hits {
        let Some(node) = node(input) else {
            if let Some(area) = layout.area(Part::Headline) {
                let name = input.app.subject().map_or("it", |name| name.as_str());
                canvas
                    .writer(area, 1)
                    .put(Role::Warning, &format!("{name} is no longer among the nodes: esc goes back"));
            }
            return Hits::default();
        };
        let area = |part| layout.area(part);
        // The headline shows the rate too.
        let slow = input.rates();
        let paced = named(&slow, node.name.as_str()).unwrap_or(node);
        if let Some(area) = area(Part::Digits) {
            digits(canvas, area, &slow, paced);
        }
        if let Some(area) = area(Part::Headline) {
            node_headline::draw(canvas, area, input, paced);
        }
        if let Some(area) = area(Part::Chart) {
            margin(canvas, area, input, node);
        }
        if let Some(area) = area(Part::Vitals) {
            vitals(canvas, area, input, node);
        }
        if let Some(area) = area(Part::List) {
            gpu_table(canvas, area, input, node);
        }
        if let Some(area) = area(Part::Table(0)) {
            let mut rows = engines(input, node);
            if rows.len() + 1 > usize::from(area.height) {
                rows.retain(|row| !row.in_engine_row);
            }
            engine_rows(canvas, area, input, &rows);
        }
        if let Some(area) = area(Part::Alerts) {
            alert_lines(canvas, area, input, node);
        }
        if let Some(area) = area(Part::Table(1)) {
            node_events::draw(canvas, area, input, node);
        }
        if let Some(area) = area(Part::Table(2)) {
            nodes::of_unit(canvas, area, &input.at(RefreshPace::FiveSeconds), node);
        }
        if let Some(area) = area(Part::Basis) {
            pane::basis(canvas, area, input);
        }
        Hits::default()
    }

    fn enter(&self, input: &FrameInput<'_>) -> OnEnter {
        match node(input).filter(|node| !engines(input, node).is_empty()) {
            Some(node) => OnEnter::Into(ViewPlace::about(ViewId::Engines, node.name.as_str())),
            None => OnEnter::Nowhere,
        }
    }

    fn chosen(&self, input: &FrameInput<'_>) -> Option<String> {
        input.app.subject().map(ToString::to_string)
    }

    fn commands(&self) -> &'static [Command] {
        &[
            Command::Enter,
            Command::Neighbour(Direction::Next),
            Command::AlertsOf,
            Command::Back,
            Command::StepSpan(Direction::Previous),
            Command::Form,
        ]
    }

    fn obey(&self, app: &mut App, command: Command) -> Option<Effect> {
        let Command::Neighbour(turn) = command else { return None };
        app.neighbour(turn);
        Some(Effect::Redraw)
    }

    fn word(&self, _input: &FrameInput<'_>, command: Command, usual: String) -> Option<String> {
        Some(if command == Command::Enter { "engines".to_owned() } else { usual })
    }

    fn tab(&self) -> Option<ViewId> {
        Some(ViewId::Nodes)
    }
}

/// The rows of each block, from the top.
#[derive(Default)]
struct NodeBlocks {
    head: u16,
    headline: u16,
    charts: u16,
    gpus: u16,
    engines: u16,
    alerts: u16,
    events: u16,
}

impl NodeBlocks {
    /// The rows that each block needs, and the rows of the engines without their ranks.
    fn wanted(input: &FrameInput<'_>, node: &NodeRow) -> (Self, u16) {
        let rows = |count: usize, most: usize| count.min(most) as u16 + 1;
        let alerts = input.snap.alerts.iter().filter(|alert| is_of(input, alert, node)).count();
        let engines = engines(input, node);
        let whole = engines.iter().filter(|row| !row.in_engine_row).count();
        let wanted = Self {
            gpus: rows(node.gpus.len(), 16),
            engines: rows(engines.len(), 6),
            alerts: if alerts == 0 { 0 } else { rows(alerts, 6) },
            events: rows(node_events::count(input, node).max(1), usize::from(EVENTS) - 1),
            ..Self::default()
        };
        (wanted, rows(whole, 6))
    }

    /// Money and four charts above the tables; spare rows go to the charts.
    fn wide(input: &FrameInput<'_>, node: &NodeRow, area: Rect) -> Self {
        let (mut blocks, whole) = Self::wanted(input, node);
        blocks.headline = u16::from(area.height >= LEAST_WITH_HEADLINE);
        blocks.head = if area.height >= 27 { 8 } else { 4.min(area.height / 3) };
        let left = area.height.saturating_sub(blocks.head + blocks.headline + blocks.gpus);
        blocks.charts = if blocks.head == 8 && left >= VITALS + whole { VITALS } else { 0 };
        let left = left - blocks.charts;
        if left < blocks.engines + blocks.alerts + blocks.events.min(3) {
            blocks.engines = whole;
        }
        let spare = left.saturating_sub(blocks.engines + blocks.alerts + blocks.events);
        if blocks.charts > 0 {
            // Leaves room for the other nodes of the unit below.
            let spare = if node.unit.is_some() { spare.saturating_sub(4) } else { spare };
            blocks.head += spare.min(6);
            blocks.charts += spare.saturating_sub(6).min(10);
        }
        blocks
    }

    /// Money, GPUs, and the last events; engines where there is room.
    fn narrow(input: &FrameInput<'_>, node: &NodeRow, area: Rect) -> Self {
        let (mut blocks, whole) = Self::wanted(input, node);
        blocks.headline = u16::from(area.height >= LEAST_WITH_HEADLINE);
        blocks.head = 4.min(area.height / 3);
        let left = area.height.saturating_sub(blocks.head + blocks.headline + blocks.gpus);
        blocks.charts = if left >= LEAST_CHART + 2 { LEAST_CHART } else { 0 };
        let left = left - blocks.charts;
        blocks.events = if node_events::count(input, node) == 0 { 0 } else { blocks.events.min(3) };
        // Active alerts are among the events.
        if blocks.events > 0 && left < blocks.alerts + blocks.events + whole {
            blocks.alerts = 0;
        }
        let room = left.saturating_sub(blocks.alerts + blocks.events);
        if room < blocks.engines {
            blocks.engines = if room >= whole || blocks.events == 0 { whole } else { 0 };
        }
        let spare = left.saturating_sub(blocks.engines + blocks.alerts + blocks.events.max(2));
        blocks.charts += if blocks.charts > 0 { spare.min(4) } else { 0 };
        blocks
    }
}

fn node<'a>(input: &FrameInput<'a>) -> Option<&'a NodeRow> {
    named(input, input.app.subject()?.as_str())
}
