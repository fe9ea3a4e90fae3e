//! Back and forth in time while the world goes on.

use std::sync::Arc;

use super::cursor::LEAP;
use super::{App, Direction, Effect, HeatMap, PacedSnapshots};
use crate::history::{Measure, QuarterBridge, Query, Subject};
use crate::snapshot::Snapshot;
use crate::statement::settled_minute;
use crate::tui::{format, recorded};
use crate::units::{Span, Timestamp};

/// Charts that are no wider than this step by it where none was drawn: cells of a line of some 60.
const CELLS: i64 = 60;
const LEAST: i64 = 5_000;
/// The minutes up to the last whole one, from the one before that a quarter hour ago.
const MINUTES: usize = 17;
/// The least minutes between the two that are compared in a young watch.
const LEAST_MINUTES: usize = 2;

impl App {
    /// Where one is in time; `None` is now.
    pub const fn then(&self) -> Option<Timestamp> {
        self.then
    }

    /// The newest snapshot, whatever is shown.
    pub fn newest(&self) -> &Arc<Snapshot> {
        self.frozen.as_ref().unwrap_or(&self.shown)
    }

    /// The ends of the two minutes between which every change of a frame is: the minute a quarter hour ago, and the last
    /// whole one. The bridge of the profit is between the same two. A watch that is younger compares with its first whole
    /// minute.
    pub fn compared(&self) -> (Timestamp, Timestamp) {
        let now = match (self.then, self.bridge()) {
            (Some(then), _) => then.minute().min(settled_minute(self.newest().at)),
            (None, Some(quarter)) => quarter.bridge.after_span.1,
            (None, None) => settled_minute(self.shown.at),
        };
        let is_young = self.then.is_some() || self.bridge().is_none();
        let first = if is_young { self.first_whole_minute(now) } else { None };
        (first.unwrap_or(now - Span::QUARTER_HOUR), now)
    }

    /// The end of the first whole minute of the fleet's record, if it is in the quarter hour before `now` and not one of
    /// the last minutes.
    fn first_whole_minute(&self, now: Timestamp) -> Option<Timestamp> {
        let returned = self.history.absence().map_or(i64::MIN, |(_, returned)| returned.millis());
        let began = |nth: usize| {
            let ago = i64::try_from(MINUTES.saturating_sub(nth)).unwrap_or(0);
            now.millis() - ago * Span::MINUTE.millis()
        };
        let first = |measure| {
            let query = Query { subject: Subject::Fleet, measure, until: now, step: Span::MINUTE, points: MINUTES };
            let points = self.history.series(&query).points;
            // The minute in which the watch was resumed has a part of it.
            (0..points.len()).find(|nth| points[*nth].is_some() && began(*nth) + Span::MINUTE.millis() > returned)
        };
        // The first minute of the record was not watched from its beginning.
        let whole = [Measure::Load, Measure::Output].into_iter().filter_map(first).min()? + 1;
        let ago = (MINUTES - 1).checked_sub(whole).filter(|ago| whole > 1 && *ago >= LEAST_MINUTES)?;
        Some(now - Span::from_millis(Span::MINUTE.millis() * i64::try_from(ago).unwrap_or(0)))
    }

    /// The bridge against a quarter hour ago; `None` of an earlier instant, of which no bridge is kept.
    pub fn bridge(&self) -> Option<Arc<QuarterBridge>> {
        if self.then.is_some() { None } else { self.history.bridge() }
    }

    /// The time of the shortest cell of the charts that were drawn.
    pub(super) fn chart_cell(&self) -> Span {
        let drawn = self.hits.plots().iter().map(|plot| plot.step().millis()).min();
        let cell = drawn.unwrap_or_else(|| self.charts.span.length().millis() / CELLS);
        Span::from_millis(cell.max(LEAST))
    }

    pub(super) fn travel(&mut self, turn: Direction, is_leap: bool) -> Effect {
        let cell = self.chart_cell().millis() * if is_leap { LEAP } else { 1 };
        let now = self.newest().at;
        let from = self.then.unwrap_or(now).millis();
        let to = match turn {
            Direction::Previous => (from - 1).div_euclid(cell) * cell,
            Direction::Next => (from.div_euclid(cell) + 1) * cell,
        };
        self.travel_to(Timestamp::from_millis(to))
    }

    /// To an instant, as far as there is a record of it; to now if it is not over.
    pub(super) fn travel_to(&mut self, to: Timestamp) -> Effect {
        let now = self.newest().at;
        if to >= now {
            return self.return_to_now();
        }
        let Some(began) = recorded::began(&self.history, now) else {
            self.complain("nothing is recorded yet");
            return Effect::Redraw;
        };
        if to < began {
            self.complain(format!("the record begins at {}", format::clock_minute(began, &self.zone)));
        }
        let to = to.max(began);
        if to >= now {
            return Effect::Redraw;
        }
        let newest = self.newest().clone();
        let shown = Arc::new(recorded::snapshot(&self.history, &newest, to));
        self.frozen = Some(newest);
        self.then = Some(to);
        self.jump(shown);
        self.take_sums();
        Effect::Redraw
    }

    /// Ends the travel.
    pub(super) fn return_to_now(&mut self) -> Effect {
        if self.then.take().is_none() {
            return Effect::None;
        }
        if let Some(newest) = self.frozen.take() {
            self.jump(newest);
        }
        Effect::Redraw
    }

    /// Puts the ledger's sums until the shown instant in place of those of the record, once they are there.
    pub(super) fn take_sums(&mut self) {
        let (Some(page), Some(asked)) = (&self.money.page, &self.money.snapshot) else { return };
        if self.then != Some(asked.at) || asked.at != self.shown.at {
            return;
        }
        let mut snapshot = Snapshot::clone(&self.shown);
        recorded::take_sums(&mut snapshot.money, &page.models, &self.newest().money);
        self.jump(Arc::new(snapshot));
    }

    /// Shows a snapshot at all paces at once.
    fn jump(&mut self, snapshot: Arc<Snapshot>) {
        self.snapshots = PacedSnapshots::of(&snapshot);
        self.heat = HeatMap::of(&snapshot);
        self.shown = snapshot;
    }
}
