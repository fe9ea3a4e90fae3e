//! Distinguishes processes whose start times are equal to the hundredth of a second.
//!
//! Growth far beyond the process's fastest minute is posted on trial. If pages return to the values before it, the growth
//! may be that of another process with the same start time, or the pages are views of one process, one of which lags: a
//! cache, a second Prometheus server. Nothing of the higher line is posted until the lower line has reached it (one
//! process), or has had the time to do so and has not (two processes). From then on a page belongs to the closest of them.

use super::identity::Processes;
use super::page::{ANSWERING, FORGOTTEN, InstancePage, Outcome};
use super::process::Process;
use super::process_id::ProcessId;
use super::quarantine_limits::LAG;
use super::trial::Trial;
use super::uncertain_line::UncertainLine;
use crate::units::{Moment, Timestamp};

impl Processes {
    /// The known process of a page with a start time: of several, the closest one that the page may continue, otherwise the
    /// lowest.
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

    /// Puts growth on trial that is far beyond the process's fastest minute.
    pub(super) fn try_leap(&mut self, page: &InstancePage<'_>, id: ProcessId) {
        let Some(process) = self.get_mut(id) else { return };
        let has_views = process.has_views.is_some_and(|found| page.at.since(found) < FORGOTTEN);
        if !has_views && process.trial.is_none() && !process.paces_to(page.rows, page.at.since(process.last_seen)) {
            let first = process.line_of(page.rows);
            process.trial = Some(Trial::of_growth(page.at, process).begun_by(first));
        }
    }

    /// Reverts growth on trial if pages return to the values before it, so that there may be two processes.
    pub(super) fn undo_leap(&mut self, page: &InstancePage<'_>, start: Timestamp, id: ProcessId) -> Option<Outcome> {
        let process = self.get_mut(id)?;
        let (now, line) = (process.line_of(page.rows), process.line());
        let returned = process.trial.as_mut()?.returned_before(&now, &line);
        if returned { self.note_uncertain(page, start, id) } else { None }
    }

    /// Returns a process to its state before its trial, and makes its line since then another process, of which nothing is
    /// posted until it is known to be another one.
    fn note_uncertain(&mut self, page: &InstancePage<'_>, start: Timestamp, id: ProcessId) -> Option<Outcome> {
        let process = self.get_mut(id)?;
        let (trial, latest) = (process.trial.take()?, process.line());
        let (first, since) = (trial.first_line().unwrap_or(&latest).clone(), trial.since);
        trial.undo(process);
        let upper = self.add(Some(start), since);
        if let Some(upper) = self.get_mut(upper) {
            upper.adopt_line(&first, since);
            upper.shadow = true;
            upper.uncertain = Some(UncertainLine::new(id, since, latest));
        }
        let mut outcome = self.go_on(page, id);
        outcome.taken_back.push(id);
        (outcome.lost, outcome.on_trial) = (false, false);
        Some(outcome)
    }

    /// Applies a page of a process that may be a view of another one. Returns the process that the page belongs to if the
    /// page should be applied normally.
    pub(super) fn judge_uncertain(&mut self, page: &InstancePage<'_>, id: ProcessId) -> Result<ProcessId, Outcome> {
        for other in &mut self.all {
            if let Some(uncertain) = other.uncertain.as_mut().filter(|uncertain| uncertain.of == id) {
                uncertain.note_below();
            }
        }
        let Some(process) = self.get_mut(id) else { return Ok(id) };
        let now = process.line_of(page.rows);
        let Some(uncertain) = &mut process.uncertain else { return Ok(id) };
        uncertain.note(now);
        let (of, is_reached) = (uncertain.of, uncertain.is_reached());
        if is_reached {
            self.all.retain(|process| process.id != id);
            if let Some(process) = self.get_mut(of) {
                process.has_views = Some(page.at);
            }
            return Ok(of);
        }
        Err(self.quarantine(page, id))
    }

    /// Decides that lines are of other processes if the lower one has not reached them in the time that a view may lag.
    /// Returns whether the lower one did not answer either, so that its growth in between may be missing.
    pub(super) fn settle_uncertain(&mut self, now: Moment) -> bool {
        let is_over = |uncertain: &UncertainLine| now.since(uncertain.since) >= LAG;
        let over = self.all.iter().filter_map(|process| Some((process.id, process.uncertain.as_ref()?)));
        let over: Vec<_> =
            over.filter(|(_, uncertain)| is_over(uncertain)).map(|(id, uncertain)| (id, uncertain.of)).collect();
        let mut lost = false;
        for (id, of) in over {
            self.believe_other(id, of);
            lost |= self.get(of).is_none_or(|own| now.since(own.last_seen) >= ANSWERING);
        }
        lost
    }

    /// Accepts that a line is of another process than the one with its start time: its growth since its first page is
    /// posted with its next one.
    fn believe_other(&mut self, id: ProcessId, of: ProcessId) {
        if let Some(lower) = self.get_mut(of) {
            lower.apart = true;
        }
        if let Some(process) = self.get_mut(id) {
            (process.uncertain, process.shadow, process.unposted) = (None, false, true);
            process.apart = true;
        }
    }

    /// Returns a process to its state before its trial, with the first of these start times, and makes its line since then
    /// another process with the second.
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
