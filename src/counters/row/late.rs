//! Counters that are missing on some pages: when they return, their growth is of all of that time. And those that show nothing
//! on the first pages, and then much at once.

use super::{COUNTERS, PageContext, RowCounters};
use crate::counters::fastest_minute::MIN_JUDGED;
use crate::counters::values::values;
use crate::reading::EngineReading;
use crate::units::Moment;

impl RowCounters {
    /// Notes which counters are on a page. Returns since when those that return were missing.
    ///
    /// One that no page had yet is missing from when its value is refused or the others grow: some engines only show a
    /// counter from its first token on.
    pub(super) fn late(&mut self, present: [bool; COUNTERS], context: &PageContext) -> [Option<Moment>; COUNTERS] {
        let known = values(&self.last).map(|value| value.is_some());
        let is_due = !self.unread && (context.refused || self.shown.any());
        std::array::from_fn(|i| {
            if present[i] {
                return self.missing[i].take();
            }
            if known[i] || is_due {
                self.missing[i].get_or_insert(context.last_page);
            }
            None
        })
    }

    /// Whether no counter had anything until now.
    pub(in crate::counters) fn has_nothing(&self) -> bool {
        values(&self.last).into_iter().flatten().all(|value| value == 0)
    }

    /// Whether a counter that had nothing until now has so much that what it had may have been wrong.
    pub(in crate::counters) fn leaps_from_nothing(&self, reading: &EngineReading) -> bool {
        let (before, now) = (values(&self.last), values(&reading.tokens));
        let leaps =
            |i: usize| before[i].is_none_or(|before| before == 0) && now[i].is_some_and(|now| now >= MIN_JUDGED);
        !self.is_quarantined() && !self.unread && (0..COUNTERS).any(leaps)
    }
}
