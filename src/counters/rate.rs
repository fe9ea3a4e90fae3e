//! Growth rates of counters, and whether two growths can be of one process.

use super::fastest_minute::MIN_EVIDENCE;
use crate::units::Span;

/// A step is large if it is this many times as fast as the pages around it.
const LARGER: u64 = 10;
/// A page may be of a line if it grew at most this many times as fast as the line.
const FASTER: u64 = 4;
/// Pages continue a line if their growth, and that since the line, is within this factor of its pace.
const SAME_PACE: u64 = 2;
/// Growth this many times faster than what follows is a return to another line.
const JUMP_RATIO: u64 = 10;

/// A time in milliseconds, at least 1.
pub(super) fn millis(span: Span) -> u64 {
    span.millis().max(1).unsigned_abs()
}

/// The growth in tokens per minute.
pub(super) fn a_minute(growth: u64, within: Span) -> u64 {
    growth.saturating_mul(60_000) / millis(within)
}

/// Whether growth is far faster than another, both in tokens per minute.
pub(super) const fn is_larger(rate: u64, pace: u64) -> bool {
    rate >= pace.saturating_mul(LARGER)
}

/// Whether two paces are about the same, and not zero.
pub(super) const fn is_same_pace(one: u64, other: u64) -> bool {
    one > 0 && one <= other.saturating_mul(SAME_PACE) && other <= one.saturating_mul(SAME_PACE)
}

/// Whether growth is small, or possible at a pace in tokens per minute.
pub(super) fn is_near(growth: u64, pace: u64, within: Span) -> bool {
    growth < MIN_EVIDENCE || a_minute(growth, within) <= pace.saturating_mul(FASTER)
}

/// Whether the growth after a jump was about as fast as the jump; each is tokens and a time.
pub(super) fn keeps_pace(jump: (u64, Span), after: (u64, Span)) -> bool {
    let per_minute = |(tokens, within): (u64, Span)| u128::from(tokens) * 60_000 / u128::from(millis(within));
    per_minute(jump) <= per_minute(after) * u128::from(JUMP_RATIO)
}
