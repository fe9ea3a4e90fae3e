//! Start times that do not belong to the process whose counters are on the page, such as a sidecar's.
//!
//! A process that started after the last page produced all tokens of its page since then. If they exceed a burst of output,
//! and the page continues the previous process at its pace, it is that process: the start time is another program's. If
//! that process was fast enough to produce all of them again since then, it may have restarted after all: a lost window is
//! counted.

use super::fastest_minute::is_beyond_burst;
use super::identity::Processes;
use super::page::{InstancePage, Outcome};
use super::process::Process;
use crate::units::{Span, Timestamp, Tokens};

/// A page continues a process if it has at most one part in this many more.
const NEAR: u64 = 16;

impl Processes {
    /// Applies a page with a new start time that has more than a process started then can have as the next one of the
    /// process that it continues.
    pub(super) fn outgrown_birth(&mut self, page: &InstancePage<'_>, start: Timestamp) -> Option<Outcome> {
        let began = self.birth(page, start)?;
        let since = (page.at.wall - began).max(Span::from_secs(1));
        let output = page.rows.iter().filter_map(|reading| reading.tokens.output).map(Tokens::count);
        if !is_beyond_burst(output.fold(0, u64::saturating_add), since) {
            return None;
        }
        let process = self.current.and_then(|id| self.get_mut(id)).filter(|process| !process.ended)?;
        let (then, now) = (process.line(), process.line_of(page.rows));
        let is_near = now.reaches(&then) && then.growth_to(&now).saturating_mul(NEAR) <= then.total();
        let goes_on = is_near && process.paces(&then, page.rows, page.at.since(process.last_seen));
        if !goes_on {
            return None;
        }
        let may_have_restarted = process.may_make_again(page, since);
        process.add_start(start, false);
        let id = process.id;
        let outcome = self.go_on(page, id);
        Some(Outcome { lost: outcome.lost || may_have_restarted, ..outcome })
    }
}

impl Process {
    /// Whether it was fast enough to produce the output of every row of a page within a time.
    fn may_make_again(&self, page: &InstancePage<'_>, within: Span) -> bool {
        let mut rows = page.rows.iter().filter_map(|reading| Some((self.row(reading, page.rows)?, reading)));
        rows.all(|(row, reading)| row.may_make_again(&reading.tokens, within, self.last_seen))
    }
}
