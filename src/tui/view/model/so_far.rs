//! What a model has earned and cost since the period of the profit began, from the ledger's minutes.

use crate::history::{Measure, Query, Subject};
use crate::snapshot::ModelRow;
use crate::tui::figures_of::number;
use crate::tui::frame_input::FrameInput;
use crate::units::{Money, Span, Timestamp};

/// The difference between the minutes' revenue and the counted one up to which the minutes are complete, as a share.
const SLACK: f64 = 0.02;

/// A model's cost and profit since the period began: an estimate, as minutes share a node's cost by tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SoFar {
    pub(super) profit: Money,
    pub(super) cost: Money,
}

/// What is known of a model so far; `None` if its minutes are not known since the beginning.
pub(super) fn so_far(input: &FrameInput<'_>, row: &ModelRow) -> Option<SoFar> {
    let (revenue, since) = (row.money.revenue?, input.snap.money.since?);
    let sum = |measure| sum(input, row, measure, since);
    let (counted, in_minutes, cost) = (number(Some(revenue))?, sum(Measure::Revenue)?, sum(Measure::Cost)?);
    let is_complete = counted > 0.0 && (in_minutes - counted).abs() <= SLACK * counted;
    let cost = Money::from_micros((cost * 1e6).round() as i64);
    is_complete.then(|| SoFar { profit: revenue - cost, cost })
}

/// The sum of a measure per hour over the minutes since an instant.
fn sum(input: &FrameInput<'_>, row: &ModelRow, measure: Measure, since: Timestamp) -> Option<f64> {
    let until = Timestamp::from_millis(input.snap.at.minute().millis().saturating_add(Span::MINUTE.millis()));
    let minutes = (until.millis().saturating_sub(since.millis()) / Span::MINUTE.millis()).clamp(0, 24 * 60 - 1) + 1;
    let query = Query {
        subject: Subject::Model(row.model.clone()),
        measure,
        until,
        step: Span::MINUTE,
        points: usize::try_from(minutes).ok()?,
    };
    let points = input.app.history.series(&query).points;
    let known: Vec<f64> = points.into_iter().flatten().filter(|value| value.is_finite()).collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / 60.0)
}
