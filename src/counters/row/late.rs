//! Counters that are missing on some pages: when they return, their growth is of all of that time.

use super::{COUNTERS, PageContext, RowCounters};
use crate::counters::values::values;
use crate::units::Moment;

impl RowCounters {
    /// Notes which counters are on a page. Returns since when those that return were missing.
    pub(super) fn late(&mut self, present: [bool; COUNTERS], context: &PageContext) -> [Option<Moment>; COUNTERS] {
        let known = values(&self.last).map(|value| value.is_some());
        std::array::from_fn(|i| {
            if present[i] {
                return self.missing[i].take();
            }
            if known[i] {
                self.missing[i].get_or_insert(context.last_page);
            }
            None
        })
    }
}
