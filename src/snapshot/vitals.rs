//! The vital lines of the last quarter hour.

use std::sync::Arc;

use crate::units::{Span, Timestamp};

/// One line: points a step apart, the newest last. `None` is a gap and is drawn as one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VitalLine {
    /// The points.
    pub points: Arc<[Option<f32>]>,
    /// The change of the last minute's mean against the minute before the line began, as a fraction; `None` if either is unknown.
    pub change: Option<f64>,
}

/// The four vital lines, of which the prompt is drawn in two parts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Vitals {
    /// The time of one point.
    pub step: Span,
    /// The end of the newest point: points fall on multiples of `step`, so that a line shifts once a step.
    pub until: Timestamp,
    /// Output tokens a second.
    pub output: VitalLine,
    /// Prompt tokens a second that were computed.
    pub prompt_miss: VitalLine,
    /// Prompt tokens a second from a cache.
    pub prompt_hit: VitalLine,
    /// All prompt tokens a second; the only prompt line where hits are unknown.
    pub prompt: VitalLine,
    /// Cached share, 0 to 1.
    pub hit_rate: VitalLine,
    /// Mean GPU utilization, 0 to 1.
    pub load: VitalLine,
}
