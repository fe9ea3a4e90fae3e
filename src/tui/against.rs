//! What changed against a quarter hour ago, or since a younger watch began. Every change of a frame is against the same
//! minute. The later one is the last whole minute, but for the profit an hour, whose change is that of the rate beside it.

use super::format;
use super::frame_input::FrameInput;
use super::theme::Role;
use crate::history::{Measure, Query, Subject};
use crate::units::{Money, Span, Timestamp};

/// A measure in the earlier and in the later of the compared minutes; `None` if either is unknown.
pub(super) fn then_and_now(input: &FrameInput<'_>, subject: &Subject, measure: Measure) -> Option<(f64, f64)> {
    let (then, until) = input.app.compared();
    let is_watched = |end: Timestamp| input.app.history.is_watched(end - Span::MINUTE, end);
    if !is_watched(then) || !is_watched(until) {
        return None;
    }
    // With the minute before the compared one.
    let query = Query { subject: subject.clone(), measure, until, step: Span::MINUTE, points: minutes(input) + 2 };
    let points = input.app.history.series(&query).points;
    // The first known minute was not watched from its beginning.
    let [Some(_), Some(then), .., Some(now)] = *points.as_slice() else { return None };
    Some((then, now))
}

/// The change of a measure: a difference where it is a share, otherwise a part of the earlier value.
pub(super) fn change(input: &FrameInput<'_>, subject: &Subject, measure: Measure, is_share: bool) -> Option<f64> {
    let (then, now) = then_and_now(input, subject, measure)?;
    if is_share { Some(now - then) } else { (then > 0.0).then(|| now / then - 1.0) }
}

/// The profit an hour of a subject in the earlier minute, where the later one is known too.
pub(super) fn profit_before(input: &FrameInput<'_>, subject: &Subject) -> Option<Money> {
    let (then, _) = then_and_now(input, subject, Measure::Profit)?;
    let micros = then * 1e6;
    (micros.abs() < 9e18).then(|| Money::from_micros(micros.round() as i64))
}

/// A change of profit as it is written everywhere: `▼ $2,000 /h` and its role. `None` if it is less than a cent.
pub(super) fn written(input: &FrameInput<'_>, change: Money) -> Option<(Role, String)> {
    if change.rounded(2) == 0 {
        return None;
    }
    let (glyph, role) = if change < Money::ZERO { ('▼', Role::Loss) } else { ('▲', Role::Gain) };
    let size = if change < Money::ZERO { Money::ZERO - change } else { change };
    Some((role, format!("{glyph} {} /h", format::rounded_amount(Some(size), input.currency(), 8))))
}

/// The minute that changes are against, in a long and a short form: ` against 14:49`, ` vs 14:49`.
pub(super) fn reference(input: &FrameInput<'_>) -> [String; 2] {
    let then = clock(input, input.app.compared().0);
    [format!(" against {then}"), format!(" vs {then}")]
}

/// Whether anything of the fleet can be compared yet.
pub(super) fn is_comparable(input: &FrameInput<'_>) -> bool {
    let is_known = |measure| then_and_now(input, &Subject::Fleet, measure).is_some();
    input.app.bridge().is_some() || [Measure::Profit, Measure::Output, Measure::Load].into_iter().any(is_known)
}

/// The number of minutes between the two: a quarter hour, or fewer in a young watch.
pub(super) fn minutes(input: &FrameInput<'_>) -> usize {
    let (then, until) = input.app.compared();
    usize::try_from((until - then).millis() / Span::MINUTE.millis()).unwrap_or(0)
}

fn clock(input: &FrameInput<'_>, at: Timestamp) -> String {
    format::clock_minute(at, input.zone()).trim().to_owned()
}
