//! The instant that a person points at in charts: by the cursor, or by the mouse.

use ratatui::layout::Rect;

use super::{App, Direction, Effect};
use crate::units::Timestamp;

/// Cells of a large step, of the cursor and back in time.
pub(super) const LEAP: i64 = 10;

impl App {
    /// The instant that charts mark; `None` without a cursor and with the mouse elsewhere.
    pub fn pointed(&self) -> Option<Timestamp> {
        self.cursor.or(self.hover)
    }

    /// Whether the cursor is in the charts.
    pub const fn has_cursor(&self) -> bool {
        self.cursor.is_some()
    }

    /// Puts the cursor at the newest cell, or takes it away.
    pub(super) fn turn_cursor(&mut self) {
        if self.cursor.take().is_some() {
            return;
        }
        if self.hits.plots().is_empty() {
            self.complain("no chart with a time axis here; a larger screen may have one");
            return;
        }
        self.cursor = Some(self.shown.at);
        self.say("cursor: ← → move it, c or Esc ends it");
    }

    /// One cell of the shortest chart to the left or right, between the beginning of the charts and now.
    pub(super) fn move_cursor(&mut self, turn: Direction, is_leap: bool) {
        let Some(at) = self.cursor else { return };
        let cell = self.chart_cell().millis();
        let step = cell * if is_leap { LEAP } else { 1 };
        let to = at.millis().div_euclid(cell) * cell + if turn == Direction::Next { step } else { -step };
        let first = self.hits.plots().iter().map(|plot| plot.axis.start()).min().unwrap_or(at);
        self.cursor = Some(Timestamp::from_millis(to).min(self.shown.at).max(first));
    }

    /// The node, and its GPU where each has a cell, that the mouse is over in a map.
    pub const fn over(&self) -> Option<(usize, Option<usize>)> {
        self.over
    }

    /// The mouse is over a cell of the screen.
    pub(super) fn hover(&mut self, x: u16, y: u16) -> Effect {
        let is_at = |area: Rect| area.contains((x, y).into());
        let plot = self.hits.plots().iter().find(|plot| is_at(plot.area)).filter(|_| self.cursor.is_none());
        let at = plot.and_then(|plot| plot.time_at(x)).filter(|at| *at <= self.shown.at);
        let spot = self.hits.spots().iter().find(|spot| is_at(spot.area));
        let over = spot.map(|spot| (spot.of, spot.has_parts.then(|| usize::from(x - spot.area.x))));
        if (self.hover, self.over) == (at, over) {
            return Effect::None;
        }
        (self.hover, self.over) = (at, over);
        Effect::Redraw
    }
}
