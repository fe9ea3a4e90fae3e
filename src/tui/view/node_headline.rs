//! The headline row of a node's view.

use ratatui::layout::Rect;

use super::overview::draw_sentences;
use crate::history::{Measure, Query, Subject};
use crate::snapshot::NodeRow;
use crate::tui::app::RefreshPace;
use crate::tui::headline::Facts;
use crate::tui::headline::{NodeQuarters, QuarterPair, node_change, node_headline};
use crate::tui::scene::Scene;
use crate::tui::widgets::Canvas;
use crate::units::{Money, Span};

const MINUTE: Span = Span::from_secs(60);
const HALF_HOUR: Span = Span::from_secs(1_800);
/// The minutes of a quarter hour, and how many of them must be known.
const QUARTER: usize = 15;
const LEAST: usize = 8;

/// Draws the headline of a node.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, node: &NodeRow) {
    let slow = scene.at(RefreshPace::Minute);
    let rows = slow.snap.nodes.iter().map(AsRef::as_ref);
    let then = rows.into_iter().find(|row| row.name == node.name).unwrap_or(node);
    let facts = Facts {
        snapshot: slow.snap,
        rate: node.profit_per_hour,
        is_past: scene.app.then().is_some(),
        bridge: None,
        zone: scene.zone(),
    };
    let quarters = quarters(&slow, then);
    draw_sentences(canvas, area, node_headline(&facts, then, quarters.as_ref()));
}

/// The change of the profit per hour between the last two quarter hours; `None` if it is noise.
pub(super) fn change(scene: &Scene<'_>, node: &NodeRow) -> Option<Money> {
    let slow = scene.at(RefreshPace::Minute);
    let by = node_change(&quarters(&slow, node)?).filter(|by| by.is_finite() && *by != 0.0)?;
    Some(Money::from_micros((by * 1e6).round() as i64))
}

/// The means of the last quarter hour and the one before; `None` until enough minutes of both are known.
fn quarters(scene: &Scene<'_>, node: &NodeRow) -> Option<NodeQuarters> {
    let until = scene.snap.at.minute();
    let subject = Subject::Node(node.name.clone());
    let pair = |measure| -> QuarterPair {
        let query = Query { subject: subject.clone(), measure, until, step: MINUTE, points: 2 * QUARTER };
        let points = scene.app.history.series(&query).points;
        let mean = |points: &[Option<f64>]| {
            let known: Vec<f64> = points.iter().flatten().copied().collect();
            (known.len() >= LEAST).then(|| known.iter().sum::<f64>() / known.len() as f64)
        };
        let (before, after) = points.split_at_checked(QUARTER)?;
        mean(before).zip(mean(after))
    };
    Some(NodeQuarters {
        span: (until - HALF_HOUR, until + MINUTE),
        revenue: Some(pair(Measure::Revenue)?),
        cost: pair(Measure::Cost),
        output: pair(Measure::Output),
        prompt: pair(Measure::Prompt),
        hit_rate: pair(Measure::HitRate),
    })
}
