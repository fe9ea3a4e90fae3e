//! The common scale of the sparklines of a column, so that rows can be compared.

use crate::history::{Measure, Query, Subject};
use crate::tui::app::RefreshPace;
use crate::tui::frame_input::FrameInput;
use crate::tui::widgets::scale::step_above;
use crate::units::{Span, Timestamp};

const MINUTE: i64 = Span::MINUTE.millis();

/// The upper end of the scale for all these sparklines: a round value above each of their minutes in the chosen span.
pub(super) fn common_top(input: &FrameInput<'_>, lines: impl Iterator<Item = (Subject, Measure)>) -> f64 {
    let now = input.at(RefreshPace::FiveSeconds).snap.at;
    let until = Timestamp::from_millis(now.millis().div_euclid(MINUTE).saturating_add(1).saturating_mul(MINUTE));
    let points = usize::try_from(input.app.charts.span.length().millis() / MINUTE).unwrap_or(0) + 1;
    let most = |(subject, measure)| {
        let query = Query { subject, measure, until, step: Span::from_millis(MINUTE), points };
        input.app.history.series(&query).points.into_iter().flatten().fold(0.0, f64::max)
    };
    let most = lines.map(most).fold(0.0, f64::max);
    if most > 0.0 { step_above(1.02 * most) } else { 1.0 }
}
