//! A line above a process's own with the same start time: that of another process, or a newer view of this one.

use serde::{Deserialize, Serialize};

use super::line::Line;
use super::process_id::ProcessId;
use crate::units::Moment;

/// The number of consecutive pages at or above the upper line's first values after which the lower line has reached it.
const PAGES: u8 = 8;
/// The number of these pages that must be below the upper line's latest values.
const FALLS: u8 = 3;

/// An upper line. The rows of its process keep its first values until it is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UncertainLine {
    /// The process that the line may belong to.
    pub(super) of: ProcessId,
    /// When its first page was received.
    pub(super) since: Moment,
    /// The latest values.
    latest: Line,
    /// The number of pages since the last one below the first values.
    pages: u8,
    /// The number of these pages that were below the latest values.
    falls: u8,
}

impl UncertainLine {
    pub(super) const fn new(of: ProcessId, since: Moment, latest: Line) -> Self {
        Self { of, since, latest, pages: 0, falls: 0 }
    }

    /// Records a page below the first values.
    pub(super) const fn note_below(&mut self) {
        (self.pages, self.falls) = (0, 0);
    }

    /// Records a page at or above the first values.
    pub(super) fn note(&mut self, now: Line) {
        self.pages = self.pages.saturating_add(1);
        if now.reaches(&self.latest) {
            self.latest = now;
        } else {
            self.falls = self.falls.saturating_add(1);
        }
    }

    /// Whether the lower line has reached this one, so that both are of one process.
    pub(super) const fn is_reached(&self) -> bool {
        self.pages >= PAGES && self.falls >= FALLS
    }

    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { of: _, since, latest: _, pages: _, falls: _ } = self;
        std::iter::once(since)
    }
}
