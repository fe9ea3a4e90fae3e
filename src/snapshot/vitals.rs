//! The vital lines of the last quarter hour.

use std::sync::Arc;

use crate::units::{Span, Timestamp};

/// One line: points one step apart, the newest last. `None` is drawn as a gap.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VitalLine {
    /// The points.
    pub points: Arc<[Option<f32>]>,
    /// The relative change of the last minute's mean from the first minute's of the line; `None` if either is unknown.
    pub change: Option<f64>,
}

/// The four vital lines; that of prompts is drawn in two parts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Vitals {
    /// The length of one point.
    pub step: Span,
    /// The end of the newest point: points are at multiples of `step`, so that a line shifts once per step.
    pub until: Timestamp,
    /// Output tokens a second.
    pub output: VitalLine,
    /// Prompt tokens a second that were computed.
    pub prompt_miss: VitalLine,
    /// Prompt tokens a second from a cache.
    pub prompt_hit: VitalLine,
    /// All prompt tokens a second; the only prompt line if hits are unknown.
    pub prompt: VitalLine,
    /// Cached share, 0 to 1.
    pub hit_rate: VitalLine,
    /// Mean GPU utilization, 0 to 1.
    pub load: VitalLine,
}
