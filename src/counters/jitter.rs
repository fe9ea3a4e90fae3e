//! Jitter of start times: clock corrections change them by less than two seconds.
//!
//! The start times of two workers of one server can be just as close. The workers become distinguishable when one of them
//! shows lower values than the other did.
//!
//! So can those of a process that was seen for less than two seconds and of its successor. A start time later than all
//! pages is no evidence of jitter. If it stays and no counter is lower, the two-process explanation is not excluded: the
//! growth is posted, and a lost window is counted.

use super::fastest_minute::MIN_JUDGED;
use super::identity::Processes;
use super::line::Line;
use super::moved_starts::Jitter;
use super::page::{InstancePage, Outcome, SLACK};
use super::process::Process;
use super::process_id::ProcessId;
use super::quarantine_limits::QUARANTINE_PAGES;
use super::rate::keeps_pace;
use super::trial::Trial;
use crate::units::{Moment, Span, Timestamp};

/// Start times that differ by less may belong to the same process.
pub const JITTER: Span = Span::from_secs(2);

/// The server's time has whole seconds.
const FRACTION: Span = Span::from_secs(1);

/// How many pages with changing start times are quarantined. If they are of workers that answer by turns, a known start
/// time returns before that.
const QUARANTINE_PAGES_MOVING: u8 = 12;

impl Processes {
    /// The known process that a start time with jitter may belong to: the only one with a close start time, if it was seen
    /// after that start and no counter fell or exceeded its bounds.
    pub(super) fn may_jitter(&self, page: &InstancePage<'_>, start: Timestamp) -> Option<ProcessId> {
        let is_close = |known: Timestamp| Span::from_millis((start - known).millis().abs()) < JITTER;
        let drifts = |process: &Process| {
            let quarantined = self.jitter.as_ref().filter(|quarantined| quarantined.of == process.id);
            quarantined.and_then(|quarantined| quarantined.others.last()?.start()).is_some_and(is_close)
        };
        let close = |process: &&Process| process.starts.iter().any(|known| is_close(*known)) || drifts(process);
        let goes_on = |process: &&Process| {
            !process.ended && (process.moves() || process.may_go_on(page.rows, &page.context(process.last_seen)))
        };
        let ours = start - page.ahead.unwrap_or_default();
        // With start times in whole seconds, a start that moved may seem to be later than a page.
        let watched =
            |process: &&Process| ours <= page.at.wall - page.at.since(self.last_like(process)) + JITTER + FRACTION;
        let lines_up = self.jitter.as_ref().is_none_or(|quarantined| quarantined.last.goes_on(page.rows));
        let mut all = self.all.iter().filter(close);
        let only = all.next().filter(|_| all.next().is_none() && lines_up)?;
        Some(only).filter(watched).filter(goes_on).map(|process| process.id)
    }

    /// Whether a page with a new start time is below the quarantined values and its process started after all pages: it is
    /// none of the quarantined processes.
    pub(super) fn falls_later(&self, page: &InstancePage<'_>, start: Timestamp) -> bool {
        self.jitter.as_ref().is_some_and(|quarantined| {
            !quarantined.last.goes_on(page.rows)
                && quarantined.others.iter().filter_map(Process::start).all(|other| other < start)
                && self.may_be_born(page, start, quarantined.of)
                && self.birth(page, start).is_some()
        })
    }

    /// Accepts a start time close to a known one, on trial, if the process's start time has changed before and the process
    /// grew at its pace. Otherwise quarantines the page.
    pub(super) fn take_jitter(&mut self, page: &InstancePage<'_>, start: Timestamp, of: ProcessId) -> Outcome {
        let clock_moves = self.all.iter().any(Process::moves);
        let may_be_born = self.may_be_born(page, start, of);
        let as_ever = |process: &&Process| {
            let since = page.at.since(process.last_seen);
            !may_be_born
                && (clock_moves || process.starts.len() > 1 && process.paces(&process.line(), page.rows, since))
        };
        match self.get(of).filter(as_ever) {
            Some(_) => self.believe_jitter(page, start, of, false),
            None => self.quarantine_jitter(page, start, of, may_be_born),
        }
    }

    /// When a process's last page was received, or the last one with a start time that may be its own.
    fn last_like(&self, process: &Process) -> Moment {
        let quarantined = self.jitter.iter().filter(|quarantined| quarantined.of == process.id);
        let others = quarantined.flat_map(|quarantined| &quarantined.others);
        let seen = others.map(|other| other.last_seen).chain([process.last_seen]);
        seen.max_by_key(|at| at.boot).unwrap_or(process.last_seen)
    }

    /// Whether a start time close to a process's own may be that of a process that started after the last page and produced
    /// all of its page's tokens since.
    fn may_be_born(&self, page: &InstancePage<'_>, start: Timestamp, of: ProcessId) -> bool {
        let Some(process) = self.get(of) else { return false };
        let others = self.jitter.iter().flat_map(|quarantined| &quarantined.others);
        let others = others.filter(|other| !other.has_start(start));
        let seen = others.map(|other| other.last_seen).chain([process.last_seen]);
        let last = seen.max_by_key(|at| at.boot).unwrap_or(process.last_seen);
        let ours = start - page.ahead.unwrap_or_default();
        ours > page.at.wall - page.at.since(last) - SLACK
            && process.may_end_before(start, last)
            && self.birth(page, start).is_none_or(|began| page.may_be_made_since(began))
    }

    /// Accepts a start time as the process's own; on trial, unless its start times keep changing. If it may be a later
    /// process's, tokens which that process produced before may be missing.
    fn believe_jitter(
        &mut self,
        page: &InstancePage<'_>,
        start: Timestamp,
        of: ProcessId,
        is_uncertain: bool,
    ) -> Outcome {
        self.jitter = None;
        if let Some(process) = self.get_mut(of) {
            if process.trial.is_none() && !process.moves() {
                process.trial = Some(Trial::of_start(start, page.at, process));
            }
            process.add_start(start, is_uncertain);
        }
        let outcome = self.go_on(page, of);
        Outcome { lost: outcome.lost || is_uncertain, ..outcome }
    }

    /// Reverts an accepted start time, if an earlier one continues from its own last values with fewer tokens than were
    /// counted since. The accepted start time then belongs to another, older process.
    pub(super) fn undo_jitter(&mut self, page: &InstancePage<'_>, start: Timestamp, id: ProcessId) -> Option<Outcome> {
        let process = self.get_mut(id)?;
        let other = process.trial.as_ref()?.other_start().filter(|other| *other != start)?;
        let line = process.line();
        if process.line_of(page.rows).reaches(&line) || !process.by_start.goes_on(start, &Line::of(page.rows)) {
            return None;
        }
        self.split(page, id, [start, other])
    }

    /// Quarantines a page with a start time close to a known one. If the known one returns with lower values, there are two
    /// processes.
    fn quarantine_jitter(
        &mut self,
        page: &InstancePage<'_>,
        start: Timestamp,
        of: ProcessId,
        may_be_born: bool,
    ) -> Outcome {
        let none =
            Jitter { of, others: Vec::new(), born: Vec::new(), last: Line::default(), pages: 0, is_proven: false };
        let mut quarantined = self.jitter.take().filter(|quarantined| quarantined.of == of).unwrap_or(none);
        quarantined.is_proven |= !may_be_born;
        if let Some(other) = quarantined.others.iter_mut().find(|other| other.has_start(start)) {
            other.last_seen = page.at;
        } else {
            quarantined.others.push(Process::first_seen(start, page.rows, &page.context(page.at)));
            quarantined.born.push(self.birth(page, start).map(|began| page.at + (began - page.at.wall)));
        }
        (quarantined.last, quarantined.pages) = (Line::of(page.rows), quarantined.pages.saturating_add(1));
        let most = if quarantined.moves() { QUARANTINE_PAGES_MOVING } else { QUARANTINE_PAGES };
        // The start times of a young process that change soon prove that they do.
        let is_young = || self.get(of).is_some_and(|process| page.at.since(process.first_seen) < JITTER + FRACTION);
        if quarantined.pages < most || quarantined.moves() && !quarantined.is_proven && is_young() {
            self.jitter = Some(quarantined);
            return self.quarantine(page, of);
        }
        if quarantined.moves() || self.jumped_at_its_pace(page, &quarantined) {
            return self.believe_jitter(page, start, of, !quarantined.is_proven);
        }
        self.jitter = Some(quarantined);
        self.refute_jitter();
        let outcome = self.advance_identified(page, start);
        // If they are of the same process after all, its growth until now is missing.
        Outcome { lost: true, ..outcome }
    }

    /// Whether the process grew to the quarantined values at its earlier or later pace, or only slightly.
    fn jumped_at_its_pace(&self, page: &InstancePage<'_>, quarantined: &Jitter) -> bool {
        let Some((process, other)) = self.get(quarantined.of).zip(quarantined.others.first()) else { return false };
        let (line, first, within) = (process.line(), other.line(), other.first_seen.since(process.last_seen));
        let jump = (line.growth_to(&first), within);
        line.largest_growth_to(&first) < MIN_JUDGED
            || process.has_shown() && process.paces_between(&line, &first, within)
            || keeps_pace(jump, (first.growth(page.rows), page.at.since(other.first_seen)))
    }

    /// Takes the quarantined start times as those of other processes. Those that started while observed count from zero;
    /// the first pages of others are baselines.
    pub(super) fn refute_jitter(&mut self) {
        let Some(quarantined) = self.jitter.take() else { return };
        for (nth, other) in quarantined.others.into_iter().enumerate() {
            let id = self.add(other.start(), other.last_seen);
            let Some(process) = self.get_mut(id) else { continue };
            *process = other.numbered(id);
            // The growth of its later pages is posted with its next one.
            process.unposted = process.last_seen.boot > process.first_seen.boot;
            if let Some(since) = quarantined.born.get(nth).copied().flatten() {
                process.adopt_line(&process.line().zeroed(), since);
                process.unposted = true;
            }
        }
    }

    /// Settles quarantined start times when the known one returns: they are of the same process if this page continues from
    /// them, otherwise of other, older ones. Returns whether the page continues them by more than the process's pace, so
    /// that another process is not excluded.
    pub(super) fn settle_jitter(&mut self, page: &InstancePage<'_>, id: ProcessId) -> bool {
        let Some(quarantined) = self.jitter.as_ref().filter(|quarantined| quarantined.of == id) else { return false };
        if !quarantined.last.goes_on(page.rows) {
            self.refute_jitter();
            return false;
        }
        let Some(quarantined) = self.jitter.take() else { return false };
        let Some(process) = self.get_mut(id) else { return false };
        let seen = quarantined.others.iter().map(|other| other.last_seen).max_by_key(|seen| seen.boot);
        let since = page.at.since(seen.unwrap_or(page.at));
        let jumps = process.has_shown() && !process.paces(&quarantined.last, page.rows, since);
        for other in &quarantined.others {
            let Some(start) = other.start() else { continue };
            process.add_start(start, false);
            process.by_start.note_earlier(start, other.line(), other.last_seen);
        }
        jumps
    }
}
