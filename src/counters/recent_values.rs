//! The values of a row some minutes ago: a lagging view of the process shows values no older than these.

use serde::{Deserialize, Serialize};

use super::fastest_minute::FastestMinute;
use super::quarantine_limits::LAG;
use super::values::{fell, growth};
use crate::reading::TokenCounters;
use crate::units::Moment;

/// Values at least as old as the lag of a view, or the first ones; and later ones, which replace them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct RecentValues {
    older: Option<(TokenCounters, Moment)>,
    newer: Option<(TokenCounters, Moment)>,
}

impl RecentValues {
    /// Records the values that a row had until a moment.
    pub(super) fn note(&mut self, values: &TokenCounters, at: Moment) {
        match self.newer.or(self.older) {
            None => self.older = Some((*values, at)),
            Some((_, since)) if at.since(since) >= LAG => {
                self.older = self.newer.or(self.older);
                self.newer = Some((*values, at));
            }
            Some(_) => {}
        }
    }

    /// Whether values below the current ones may be those of a lagging view. Values from before the first ones may be too,
    /// at the row's pace.
    pub(super) fn may_show(&self, low: &TokenCounters, at: Moment, shown: &FastestMinute) -> bool {
        self.older.is_some_and(|(values, since)| {
            let is_from_before = || at.since(since) < LAG && shown.explains(growth(&values, low), LAG);
            !fell(low, &values) || is_from_before()
        })
    }

    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { older, newer } = self;
        older.iter_mut().chain(newer).map(|(_, at)| at)
    }
}
