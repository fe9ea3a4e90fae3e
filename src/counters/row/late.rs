//! Counters that are missing on some pages: when they return, their growth covers all of that time. Also counters that show
//! nothing on the first pages and then suddenly much.

use super::{COUNTERS, PageContext, RowCounters};
use crate::counters::fastest_minute::MIN_JUDGED;
use crate::reading::EngineReading;
use crate::units::Moment;

impl RowCounters {
    /// Records which counters are on a page. Returns since when those that return were missing.
    ///
    /// A counter that no page has had counts as missing once its value is invalid or the others grow: some engines show a
    /// counter only from its first token on.
    pub(super) fn late(&mut self, present: [bool; COUNTERS], context: &PageContext) -> [Option<Moment>; COUNTERS] {
        let known = self.last.numbers().map(|value| value.is_some());
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

    /// Whether no page has had any of its counters until now.
    pub(in crate::counters) fn has_no_values(&self) -> bool {
        self.last.numbers().iter().all(Option::is_none)
    }

    /// Whether a counter that was zero is suddenly so high that the zeros may have been wrong.
    pub(in crate::counters) fn leaps_from_nothing(&self, reading: &EngineReading) -> bool {
        let (before, now) = (self.last.numbers(), reading.tokens.numbers());
        let leaps =
            |i: usize| before[i].is_none_or(|before| before == 0) && now[i].is_some_and(|now| now >= MIN_JUDGED);
        !self.is_quarantined() && !self.unread && (0..COUNTERS).any(leaps)
    }
}
