//! The headline row of a node's view.

use ratatui::layout::Rect;

use super::overview::draw_sentences;
use crate::history::{Measure, Subject};
use crate::snapshot::NodeRow;
use crate::tui::against;
use crate::tui::app::RefreshPace;
use crate::tui::frame_input::FrameInput;
use crate::tui::headline::Facts;
use crate::tui::headline::{NodeQuarters, QuarterPair, node_change, node_headline};
use crate::tui::widgets::Canvas;
use crate::units::{Money, Span};

/// Draws the headline of a node.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, node: &NodeRow) {
    let slow = input.at(RefreshPace::Minute);
    let rows = slow.snap.nodes.iter().map(AsRef::as_ref);
    let then = rows.into_iter().find(|row| row.name == node.name).unwrap_or(node);
    let facts = Facts {
        snapshot: slow.snap,
        rate: node.profit_per_hour,
        is_past: input.app.then().is_some(),
        bridge: None,
        recorded: None,
        zone: input.zone(),
    };
    let quarters = quarters(&slow, then);
    draw_sentences(canvas, area, node_headline(&facts, then, quarters.as_ref()));
}

/// The change of the profit per hour against a quarter hour ago; `None` if it is noise.
pub(super) fn change(input: &FrameInput<'_>, node: &NodeRow) -> Option<Money> {
    node_change(&quarters(input, node)?, node.profit_per_hour?).filter(|by| !by.is_zero())
}

/// The figures of the minutes that all changes are between; `None` until both are known.
fn quarters(input: &FrameInput<'_>, node: &NodeRow) -> Option<NodeQuarters> {
    let subject = Subject::Node(node.name.clone());
    let pair = |measure| -> QuarterPair { against::then_and_now(input, &subject, measure) };
    Some(NodeQuarters {
        span: (input.app.compared().0, input.snap.at + Span::MINUTE),
        revenue: Some(pair(Measure::Revenue)?),
        cost: pair(Measure::Cost),
        output: pair(Measure::Output),
        prompt: pair(Measure::Prompt),
        hit_rate: pair(Measure::HitRate),
    })
}
