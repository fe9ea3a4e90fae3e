//! Rows of a process that are no longer kept, and whether tokens may be missing for it.

use serde::{Deserialize, Serialize};

use super::page::FORGOTTEN;
use super::process_row::ProcessRow;
use crate::units::{Moment, Span};

/// The most rows kept of a process. Of the rows that left its page, the least recently seen is dropped first.
const ROWS: usize = 1024;
/// How long a row that left the page may return and continue.
const KEPT: Span = Span::from_secs(86_400);

/// Marks that rows were dropped. A row that appears afterwards may be one of them, so its first values are a baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Dropped {
    /// When tokens may first and last have been missed, in the current run of such pages.
    since: Moment,
    last: Moment,
    /// Whether any tokens may have been missed.
    lacks: bool,
}

impl Dropped {
    /// Records that rows were dropped or, with `lacks`, that tokens may have been missed.
    pub(super) fn note(dropped: &mut Option<Self>, at: Moment, lacks: bool) {
        match dropped {
            Some(known) if lacks && known.lacks && at.since(known.last) < FORGOTTEN => known.last = at,
            Some(_) if !lacks => {}
            _ => *dropped = Some(Self { since: at, last: at, lacks }),
        }
    }

    /// Whether a run of pages on which tokens may have been missed began at an instant.
    pub(super) fn began_at(&self, at: Moment) -> bool {
        self.lacks && self.since == at
    }

    /// Whether tokens may have been missed within the last ten minutes.
    pub(super) fn lacks(&self, now: Moment) -> bool {
        self.lacks && now.since(self.last) < FORGOTTEN
    }

    /// All moments in the state, to move them to another boot's clock.
    pub(super) fn moments_mut(&mut self) -> [&mut Moment; 2] {
        let Self { since, last, lacks: _ } = self;
        [since, last]
    }
}

/// Records which rows are on a page, and drops those that left it long ago or exceed the limit.
pub(super) fn settle(rows: &mut Vec<ProcessRow>, on_page: &[usize], at: Moment, dropped: &mut Option<Dropped>) {
    let mut present = vec![false; rows.len()];
    for place in on_page {
        present[*place] = true;
    }
    for (row, present) in rows.iter_mut().zip(present) {
        row.left = if present { None } else { Some(row.left.unwrap_or(at)) };
    }
    let before = rows.len();
    rows.retain(|row| row.left.is_none_or(|left| at.since(left) < KEPT));
    if rows.len() < before {
        Dropped::note(dropped, at, false);
    }
    if rows.len() > ROWS {
        let mut left: Vec<_> = rows.iter().filter_map(|row| row.left).map(|left| left.boot).collect();
        left.sort_unstable();
        // Rows that left at the same instant are dropped together.
        let Some(oldest) = left.get((rows.len() - ROWS).saturating_sub(1)).or(left.last()).copied() else { return };
        rows.retain(|row| row.left.is_none_or(|left| left.boot > oldest));
        Dropped::note(dropped, at, true);
    }
}
