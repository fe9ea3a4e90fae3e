//! A thin gauge on its track, with a limit: KV cache, memory, power, the month's budget.

use ratatui::layout::Rect;

use super::Canvas;
use crate::tui::theme::{Ink, Role};

/// A value on a scale. If it is unknown, nothing is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Gauge {
    pub value: Option<f64>,
    pub low: f64,
    pub top: f64,
    /// A limit or a budget on the same scale, shown as `┼`.
    pub limit: Option<f64>,
    pub ink: Ink,
}

impl Gauge {
    /// A ratio from 0 to 1.
    pub fn of(share: Option<f64>, ink: impl Into<Ink>) -> Self {
        Self { value: share, low: 0.0, top: 1.0, limit: None, ink: ink.into() }
    }

    /// Sets the limit.
    #[must_use]
    pub fn limit(self, limit: f64) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Draws the gauge into the first row of `area`.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let mut clip = canvas.clip(area);
        let share = |value: f64| Some((value - self.low) / (self.top - self.low)).filter(|share| share.is_finite());
        let Some(full) = self.value.and_then(share) else { return };
        clip.fill(0, '─', Role::Rule);
        let width = clip.width();
        let halves = (full.clamp(0.0, 1.0) * f64::from(width) * 2.0).round_ties_even() as u32;
        for x in 0..width {
            match halves.saturating_sub(2 * u32::from(x)) {
                0 => break,
                1 => clip.put(x, 0, '╸', self.ink),
                _ => clip.put(x, 0, '━', self.ink),
            }
        }
        if let Some(limit) = self.limit.and_then(share) {
            let x = (limit.clamp(0.0, 1.0) * f64::from(width)) as u16;
            clip.put(x.min(width.saturating_sub(1)), 0, '┼', Role::Dim);
        }
    }
}
