//! A chart in its frame: titled rule, scale at the right, times below.
//!
//! The frame is used for the large chart and for four small charts in a row, which have the same height and span and can be
//! compared.

use ratatui::layout::Rect;

use super::axis_rule::AxisRule;
use super::rule::TitledRule;
use super::{Canvas, Plot, Segment, cells};
use crate::tui::theme::Role;

/// A label of the scale, at the height of its value.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ScaleLabel<'a> {
    pub value: f64,
    pub text: Segment<'a>,
}

impl<'a> ScaleLabel<'a> {
    /// An end of the scale.
    pub fn end(value: f64, text: impl Into<std::borrow::Cow<'a, str>>) -> Self {
        Self { value, text: Segment::dim(text) }
    }

    /// The current value.
    pub fn now(value: f64, text: impl Into<std::borrow::Cow<'a, str>>) -> Self {
        Self { value, text: Segment::title(text) }
    }
}

/// The scale at the right of a chart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScaleColumn<'a> {
    /// The labels, the most important first. Where two collide, one moves to the row above or below or is left out. Labels
    /// keep the order of their values.
    pub labels: Vec<ScaleLabel<'a>>,
    /// The colour keys of the layers, from the top down, in free rows below the first; all of them or none.
    pub keys: Vec<Vec<Segment<'a>>>,
}

impl<'a> ScaleColumn<'a> {
    /// A scale with labels and no keys.
    pub fn of(labels: Vec<ScaleLabel<'a>>) -> Self {
        Self { labels, keys: Vec::new() }
    }

    /// Draws the labels at the heights of their values, on a scale from `low` to `top`.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, (low, top): (f64, f64)) {
        let mut clip = canvas.clip(area);
        let (width, height) = (clip.width(), clip.height());
        let mut placed: Vec<(u16, &ScaleLabel<'_>)> = Vec::new();
        for label in &self.labels {
            let Some(row) = row_of(label.value, (low, top), height) else { continue };
            let near = [Some(row), row.checked_sub(1), row.checked_add(1)];
            if let Some(row) = near.into_iter().flatten().find(|row| *row < height && is_free(&placed, *row, label)) {
                placed.push((row, label));
                continue;
            }
            // The label in this row moves, if possible.
            let Some(at) = placed.iter().position(|(taken, _)| *taken == row) else { continue };
            let (_, other) = placed.swap_remove(at);
            let away = if other.value < label.value { row.checked_add(1) } else { row.checked_sub(1) };
            match away.filter(|away| *away < height && is_free(&placed, *away, other)) {
                Some(away) => placed.extend([(row, label), (away, other)]),
                None => placed.push((row, other)),
            }
        }
        let free: Vec<u16> = (1..height).filter(|row| placed.iter().all(|(taken, _)| taken != row)).collect();
        for (row, label) in placed {
            clip.line_within(0, row, width, std::slice::from_ref(&label.text), true);
        }
        if free.len() >= self.keys.len() && self.keys.iter().all(|key| cells(key) <= usize::from(width)) {
            for (row, key) in free.into_iter().zip(&self.keys) {
                clip.line_within(0, row, width, key, true);
            }
        }
    }
}

/// Whether a label can be in a row: the row is free, and lies between the labels of lower and higher values.
fn is_free(placed: &[(u16, &ScaleLabel<'_>)], row: u16, label: &ScaleLabel<'_>) -> bool {
    placed.iter().all(|(taken, other)| if label.value > other.value { row < *taken } else { row > *taken })
}

/// The row of a value, counted from the top.
fn row_of(value: f64, (low, top): (f64, f64), height: u16) -> Option<u16> {
    let share = (value - low) / (top - low);
    if !share.is_finite() || height == 0 {
        return None;
    }
    let up = (share.clamp(0.0, 0.999) * f64::from(height)) as u16;
    Some(height - 1 - up.min(height - 1))
}

/// A chart with its rule, scale and axis.
pub struct FramedChart<'a> {
    /// The name, current figure, legend and change.
    pub rule: TitledRule<'a>,
    /// The plots, drawn over each other in this order; the scale is that of the first.
    pub plots: Vec<&'a dyn Plot>,
    /// The scale at the right.
    pub scale: ScaleColumn<'a>,
    /// The width of the scale in cells.
    pub scale_width: u16,
    /// The axis below; its `floor` is set from `scale_width`.
    pub axis: Option<AxisRule<'a>>,
}

impl FramedChart<'_> {
    /// The width of the chart in a frame of `width` cells, for its time axis.
    pub fn chart_width(width: u16, scale_width: u16) -> u16 {
        if scale_width == 0 { width } else { width.saturating_sub(scale_width.saturating_add(1)) }
    }

    /// Draws the frame over all of `area`: a row of rule, the chart, a row of times. Returns the chart's area.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) -> Rect {
        let area = area.intersection(canvas.buffer.area);
        self.rule.draw(canvas, area);
        let below = u16::from(self.axis.is_some() && area.height > 2);
        let width = Self::chart_width(area.width, self.scale_width);
        let height = area.height.saturating_sub(1 + below);
        let chart = Rect { y: area.y.saturating_add(1), width, height, ..area }.intersection(area);
        for plot in &self.plots {
            plot.draw(canvas, chart);
        }
        let scale = Rect { x: chart.right().saturating_add(1), width: self.scale_width, ..chart }.intersection(area);
        if let Some(plot) = self.plots.first() {
            self.scale.draw(canvas, scale, plot.range());
        }
        if let Some(axis) = self.axis.as_ref().filter(|_| below > 0) {
            let row = Rect { y: area.bottom() - 1, height: 1, ..area };
            axis.draw(canvas, row);
        }
        chart
    }
}

/// The areas of `count` blocks side by side with `gutter` cells between them; remaining cells are added to the last gaps.
pub fn side_by_side(area: Rect, count: u16, gutter: u16) -> Vec<Rect> {
    let count = count.max(1);
    let width = area.width.saturating_sub(gutter.saturating_mul(count - 1)) / count;
    let pitch = u32::from(width) + u32::from(gutter);
    let x = |i: u16| (u32::from(area.x) + pitch * u32::from(i)).min(u32::from(area.right())) as u16;
    (0..count).map(|i| Rect { x: x(i), width, ..area }.intersection(area)).collect()
}

/// A dim text for the right end of a rule.
pub fn change<'a>(text: impl Into<std::borrow::Cow<'a, str>>) -> Vec<Segment<'a>> {
    vec![Segment::new(Role::Dim, text)]
}
