//! Lanes of events: an alert is a line from start to end, and letters mark deploys, restarts and prices.

use ratatui::layout::Rect;

use super::time_axis::TimeAxis;
use super::{Canvas, Clip, Segment};
use crate::tui::theme::{Ink, Role};
use crate::units::Timestamp;

/// An event in a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneEvent {
    /// An event that lasts from `begin` to `end`, or is still active.
    Span {
        /// The start.
        begin: Timestamp,
        /// The end; `None` if still active.
        end: Option<Timestamp>,
        /// The ink of its severity.
        ink: Ink,
    },
    /// An event at an instant: `D` a deploy, `R` a restart, `$` a price.
    Letter {
        /// The instant.
        at: Timestamp,
        /// The letter.
        letter: char,
    },
}

/// A row of events.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Lane<'a> {
    pub label: Segment<'a>,
    /// The events; later ones are drawn over earlier ones.
    pub events: Vec<LaneEvent>,
    /// The figure at the right: its duration, or its count.
    pub figure: Option<Segment<'a>>,
}

/// Lanes below each other on a common time axis.
#[derive(Debug, Clone, PartialEq)]
pub struct EventLanes<'a> {
    /// The lanes from the top.
    pub lanes: Vec<Lane<'a>>,
    /// The time axis; its cells are those of the lanes.
    pub axis: TimeAxis,
    /// The width of the labels before the lanes, in cells.
    pub label_width: u16,
    /// The width of the figures after the lanes, in cells, with the space before them.
    pub figure_width: u16,
    /// The cells that have a dot in every row, usually those of the axis labels.
    pub grid: Vec<u16>,
}

impl EventLanes<'_> {
    /// The width of the lanes in an area of `width`, for the axis.
    pub fn lane_width(width: u16, label_width: u16, figure_width: u16) -> u16 {
        width.saturating_sub(label_width).saturating_sub(figure_width)
    }

    /// Draws as many lanes as fit. Returns how many do not.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) -> usize {
        let area = area.intersection(canvas.buffer.area);
        let shown = self.lanes.len().min(usize::from(area.height));
        let width = Self::lane_width(area.width, self.label_width, self.figure_width);
        for (y, lane) in (area.y..).zip(self.lanes.iter().take(shown)) {
            let row = Rect { y, height: 1, ..area };
            let mut clip = canvas.clip(row);
            let label = self.label_width.saturating_sub(1).min(clip.width());
            clip.line_within(0, 0, label, std::slice::from_ref(&lane.label), false);
            if let Some(figure) = &lane.figure {
                let room = self.figure_width.saturating_sub(1);
                let start = clip.width().saturating_sub(room);
                clip.line_within(start, 0, room, std::slice::from_ref(figure), true);
            }
            let lane_area = Rect { x: row.x.saturating_add(self.label_width), width, ..row }.intersection(row);
            let mut clip = canvas.clip(lane_area);
            for cell in &self.grid {
                clip.put(*cell, 0, '·', Role::Rule);
            }
            for event in &lane.events {
                self.draw_event(&mut clip, event);
            }
        }
        self.lanes.len() - shown
    }

    fn draw_event(&self, clip: &mut Clip<'_>, event: &LaneEvent) {
        match *event {
            LaneEvent::Letter { at, letter } => {
                if let Some(cell) = self.axis.cell_of(at) {
                    clip.put(cell, 0, letter, Role::Accent);
                }
            }
            LaneEvent::Span { begin, end, ink } => {
                let Some((from, to)) = self.cells(begin, end) else { return };
                for cell in from..=to {
                    clip.put(cell, 0, '━', ink);
                }
                if from == to && end.is_none() {
                    clip.put(from, 0, '▲', ink);
                }
            }
        }
    }

    /// The first and last cell of a span; `None` outside the axis.
    fn cells(&self, begin: Timestamp, end: Option<Timestamp>) -> Option<(u16, u16)> {
        let now = self.axis.now();
        // The end is exclusive.
        let last = end.unwrap_or(now).millis().saturating_sub(1).max(begin.millis());
        let (start, stop) = (self.axis.start().millis(), self.axis.end().millis().saturating_sub(1));
        if last < start || begin.millis() > stop {
            return None;
        }
        let cell = |millis: i64| self.axis.cell_of(Timestamp::from_millis(millis.clamp(start, stop)));
        Some((cell(begin.millis())?, cell(last)?))
    }
}
