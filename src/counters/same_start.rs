//! Tells processes apart whose start times are the same to the hundredth of a second.
//!
//! Growth far beyond what a process has shown is posted, on trial. If pages return to the values from before it, the
//! growth was another process's with the same start time. From then on a page belongs to the nearest of them.

use super::identity::{InstancePage, Outcome, Processes};
use super::process::{Process, ProcessId};
use super::trial::Trial;
use crate::units::Timestamp;

impl Processes {
    /// The known process of a page with a start time: of several, the nearest one that the page may continue, otherwise
    /// the lowest.
    pub(super) fn with_start(&self, page: &InstancePage<'_>, start: Timestamp) -> Option<ProcessId> {
        let all = || self.all.iter().filter(|process| process.has_start(start));
        if all().count() < 2 {
            return all().next().map(|process| process.id);
        }
        let may_be = |process: &&Process| process.may_go_on(page.rows, &page.context(process.last_seen));
        let distance = |process: &&Process| process.line().growth_to(&process.line_of(page.rows));
        let nearest = all().filter(may_be).min_by_key(distance);
        nearest.or_else(|| all().min_by_key(|process| process.line().total())).map(|process| process.id)
    }

    /// Puts growth on trial that is far beyond what the process has shown.
    pub(super) fn try_leap(&mut self, page: &InstancePage<'_>, id: ProcessId) {
        let Some(process) = self.get_mut(id) else { return };
        if process.trial.is_none() && !process.paces_to(page.rows, page.at.since(process.last_seen)) {
            process.trial = Some(Trial::of_growth(page.at, process));
        }
    }

    /// Undoes growth on trial if pages return to the values from before it: they are of two processes.
    pub(super) fn undo_leap(&mut self, page: &InstancePage<'_>, start: Timestamp, id: ProcessId) -> Option<Outcome> {
        let process = self.get_mut(id)?;
        let (now, line) = (process.line_of(page.rows), process.line());
        let returned = process.trial.as_mut()?.returned_before(&now, &line);
        if returned { self.split(page, id, [start, start]) } else { None }
    }

    /// Returns a process to its state before its trial, with the first of these start times, and makes another process
    /// with the second of its line since.
    pub(super) fn split(
        &mut self,
        page: &InstancePage<'_>,
        id: ProcessId,
        [own, other]: [Timestamp; 2],
    ) -> Option<Outcome> {
        let process = self.get_mut(id)?;
        let (trial, line, seen) = (process.trial.take()?, process.line(), process.last_seen);
        process.starts.retain(|known| *known == own);
        trial.undo(process);
        let second = self.add(Some(other), seen);
        if let Some(process) = self.get_mut(second) {
            process.adopt_line(&line, seen);
        }
        let mut outcome = self.go_on(page, id);
        outcome.taken_back.push(id);
        (outcome.lost, outcome.on_trial) = (true, false);
        Some(outcome)
    }
}
