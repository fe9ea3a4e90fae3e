//! Distinguishes processes without a start time by the continuity of their values.
//!
//! A page belongs to the process whose last values it continues. A line that continues none is quarantined. It is a dip if
//! the old line returns, another process if it is far above and both continue by turns, and a reset if it is below, stays,
//! grows and is plausible. Assumptions without proof are on trial: they are reverted if the old line returns within ten
//! minutes. Of two lines that may be one process with dips, only the upper one is counted.

use super::fastest_minute::{MIN_DISPUTED, MIN_JUDGED};
use super::identity::Processes;
use super::page::{FORGOTTEN, InstancePage, Outcome, PageVerdict};
use super::page_match::PageMatch;
use super::process::Process;
use super::process_id::ProcessId;
use super::process_trial::returns;
use super::quarantine_limits::QUARANTINE_PAGES;
use super::quarantined::{PageValues, QuarantinedLine, QuarantinedLines, Run};
use super::rate::keeps_pace;
use super::trial::{Trial, TrialKind};
use crate::units::{Moment, Span};

/// The number of episodes after which a line above another is a separate process.
const EPISODES: u8 = 2;
/// The number of consecutive pages that continue no known line, after which they are accepted as they are.
const LONGEST_RUN: u8 = 12;
/// The reason that a jump is disputed.
const REASON_FAR: &str = "far more than its fastest minute, and no start time to tell it by";

impl Processes {
    pub(super) fn advance_unidentified(&mut self, page: &InstancePage<'_>) -> Outcome {
        let Some(current) = self.current else {
            let id = self.add(None, page.at);
            let began = page.rows.iter().filter_map(|reading| reading.listed?.not_running);
            let since = page.appeared_since.or_else(|| began.min_by_key(|at| at.boot));
            return match (since, self.get_mut(id)) {
                (Some(since), Some(process)) => {
                    process.last_seen = since;
                    self.go_on(page, id)
                }
                _ => self.baseline(page, id),
            };
        };
        self.all.iter_mut().for_each(|process| process.replace_listed(page.rows));
        if self.may_be_anyones(page) {
            return Outcome { verdict: PageVerdict::Cut, ..self.quarantine(page, current) };
        }
        if let Some(outcome) = self.take_turn(page) {
            return outcome;
        }
        let split = self.split_passed(page).or_else(|| self.split_risen(page)).or_else(|| self.old_line_returns(page));
        if let Some(outcome) = split {
            return outcome;
        }
        let nearest = self.nearest(page);
        if nearest.is_none()
            && let Some(outcome) = self.split_returned(page)
        {
            return outcome;
        }
        match nearest {
            Some((distance, id)) if !self.is_quarantined_nearer(page, distance, id) => {
                // Without this series, a quarantined line may be this process's.
                if self.get(id).is_some_and(|process| process.misses_series(page.rows)) {
                    self.quarantined = QuarantinedLines::default();
                }
                self.quarantined.pause();
                self.go_on_by_values(page, id)
            }
            Some(_) => self.quarantine_line(page, current, true),
            // A page that does not continue a process with a start time is another's.
            None if self.get(current).is_some_and(|process| !process.starts.is_empty()) => self.quarantine_beside(page),
            None => match self.get(current).map_or(PageMatch::Falls, |process| fit(process, page)) {
                PageMatch::Mixed => self.go_on(page, current),
                PageMatch::Jumps | PageMatch::Continues(_) => {
                    let above = self.above_of(current, page).unwrap_or(current);
                    self.quarantine_line(page, above, true)
                }
                PageMatch::Falls => self.quarantine_line(page, current, false),
                PageMatch::Other => self.quarantine_beside(page),
            },
        }
    }

    /// Whether postings may be reversed: several processes without start times answer, or may, and one has done so for less
    /// than ten minutes or has growth on trial; or a reset or another change that is not growth alone is on trial.
    pub fn may_be_taken_back(&self, now: Moment) -> bool {
        let silent = || self.all.iter().filter(|process| process.starts.is_empty());
        // Growth of a process that answers alone is its own, as far as known.
        let is_open = |process: &Process| process.trial.as_ref().is_some_and(|trial| !trial.is_of_its_growth());
        let is_new = |process: &Process| process.trial.is_some() || now.since(process.first_seen) < FORGOTTEN;
        let several = silent().nth(1).is_some() || !self.quarantined.is_empty() || self.turns.are_several();
        several && silent().any(is_new) || self.all.iter().any(is_open)
    }

    /// Whether pages without a start time answered within a time that are of no known process, or of one that is not
    /// counted: then the growth of the others is not complete.
    pub fn answer_unexplained(&self, now: Moment, within: Span) -> bool {
        self.is_ambiguous() || self.quarantined.answered(now, within)
    }

    /// Whether another process or a quarantined line is above a process.
    fn has_above(&self, process: &Process) -> bool {
        let line = process.line();
        let is_above = |other: &Process| other.id != process.id && other.line().reaches(&line);
        self.all.iter().any(is_above) || self.quarantined.has_above(&line)
    }

    /// The process that a page jumps from, if the process of the last page is below it and may be its dip, which is then
    /// over.
    fn above_of(&self, id: ProcessId, page: &InstancePage<'_>) -> Option<ProcessId> {
        let below = self.get(id).filter(|process| process.starts.is_empty())?;
        let line = below.line();
        let of_trial = below.trial.as_ref().and_then(|trial| match trial.kind {
            TrialKind::Below(above) => Some(above),
            _ => None,
        });
        let is_above = |above: &&Process| {
            (of_trial == Some(above.id) || below.shadow && !above.shadow && above.line().reaches(&line))
                && above.id != id
                && above.starts.is_empty()
                && above.line_of(page.rows).reaches(&above.line())
        };
        self.all.iter().filter(is_above).min_by_key(|above| above.line().total()).map(|above| above.id)
    }

    /// Whether a page continues a quarantined line with less growth than it continues a process.
    fn is_quarantined_nearer(&self, page: &InstancePage<'_>, distance: u64, id: ProcessId) -> bool {
        // The values expected from a process's pace are its own, even if a line is closer, as its own dip in some counters
        // is.
        let is_its = |process: &Process| process.fits_pace(page);
        self.get(id).is_some_and(|process| !is_its(process) && self.quarantined.is_nearer(page, process, distance))
    }

    /// Whether a page may be of any of several processes, since a counter that distinguishes them is missing.
    fn may_be_anyones(&self, page: &InstancePage<'_>) -> bool {
        let several = self.all.len() > 1 || !self.quarantined.is_empty();
        several && self.all.iter().all(|process| process.lacks(page.rows))
    }

    /// Quarantines a page that has no row of the process that answered last, since it is another's.
    fn quarantine_beside(&mut self, page: &InstancePage<'_>) -> Outcome {
        let known = self.all.iter().filter(|process| process.starts.is_empty() && process.shares_row(page.rows));
        match known.max_by_key(|process| process.last_seen.boot).map(|process| (process.id, fit(process, page))) {
            Some((id, PageMatch::Jumps)) => self.quarantine_line(page, id, true),
            Some((id, _)) => self.quarantine_line(page, id, false),
            None => {
                let id = self.add(None, page.at);
                self.baseline(page, id)
            }
        }
    }

    /// The process whose last values a page continues, the closest of several, with the distance.
    fn nearest(&self, page: &InstancePage<'_>) -> Option<(u64, ProcessId)> {
        let may_be = |process: &&Process| {
            process.starts.is_empty() || process.paces_to(page.rows, page.at.since(process.last_seen))
        };
        // A process without known growth does not leap to where another may be, nor does one that was refuted before.
        let leaps = |process: &Process, distance: u64| {
            let is_new = process.starts.is_empty() && !process.has_shown();
            is_new && distance >= MIN_JUDGED && self.has_above(process)
                || was_refuted(process, page)
                    && process.passed.pace() > 0
                    && process.passed.is_large(distance, page.at.since(process.last_seen))
        };
        let continues = |process: &Process| match fit(process, page) {
            PageMatch::Continues(distance) if !leaps(process, distance) => Some((distance, process.id)),
            _ => None,
        };
        let all: Vec<_> = self.all.iter().filter(may_be).filter_map(continues).collect();
        let nearest = all.iter().min().copied()?;
        // Of several, the page may belong to the one whose pace leads to it.
        let leaps = all.len() > 1 && self.get(nearest.1).is_some_and(|process| process.leaps_beyond_pace(page));
        let fits = |(_, id): &&(u64, ProcessId)| self.get(*id).is_some_and(|process| process.fits_pace(page));
        Some(all.iter().filter(|_| leaps).filter(fits).min().copied().unwrap_or(nearest))
    }

    pub(super) fn go_on_by_values(&mut self, page: &InstancePage<'_>, id: ProcessId) -> Outcome {
        if let Some(process) = self.get_mut(id) {
            process.follow_labels(page.rows, &page.context(process.last_seen));
            let step = process.line().growth_to(&process.line_of(page.rows));
            let since = page.at.since(process.last_seen);
            let returned = process.undoes_reset(page.rows, page.at);
            let proven = process.has_shown() && (returned || process.paces_to(page.rows, since));
            match &mut process.trial {
                Some(trial) => trial.step = trial.step.max(step),
                None if !proven && process.starts.is_empty() => {
                    process.trial = Some(Trial::of_growth(page.at, process).with_step(step));
                }
                None => {}
            }
            if process.starts.is_empty() && !returned {
                process.passed.note(process.line(), process.last_seen, (step, since));
            }
        }
        // The process did not answer since the other one appeared, so the other may be its dip.
        let dipped = |process: &Process| {
            let is_dip = |other: &&Process| {
                other.id != id
                    && process.last_seen.boot < other.first_seen.boot
                    && process.may_dip_to(&other.line(), other.last_seen)
            };
            self.all.iter().filter(is_dip).map(|other| other.id).collect::<Vec<_>>()
        };
        let dipped = self.get(id).map(dipped).unwrap_or_default();
        let mut outcome = self.go_on(page, id);
        if let Some(process) = self.get_mut(id).filter(|process| process.starts.is_empty()) {
            process.note_pace(page.at);
        }
        for other in &mut self.all {
            let below = other.trial.as_ref().is_some_and(|trial| match trial.kind {
                TrialKind::Below(above) => above == id || dipped.contains(&other.id),
                _ => false,
            });
            if below {
                // It may be a part of this process with a file missing; its growth is then included in this one's.
                outcome.lost |= other.trial.take().is_some_and(|trial| !trial.is_counted);
                other.shadow = true;
                outcome.taken_back.push(other.id);
            }
        }
        outcome
    }

    /// Reverts a trial when the previous line returns: the assumption was wrong, or it was a dip.
    fn old_line_returns(&mut self, page: &InstancePage<'_>) -> Option<Outcome> {
        let silent = self.all.iter().filter(|process| process.starts.is_empty());
        let several = silent.count() > 1 || !self.quarantined.is_empty();
        // If only one process is known, steady growth is its own, and earlier values are those of a reset.
        let may_return = |process: &&Process| {
            several || !process.trial.as_ref().is_some_and(|trial| trial.is_of_steady_growth(&process.line()))
        };
        let mut all = self.all.iter().filter(may_return);
        let id = all.find(|process| returns(process, page)).map(|process| process.id)?;
        let process = self.get_mut(id)?;
        let (trial, other, seen) = (process.trial.take()?, process.line(), process.last_seen);
        trial.undo(process);
        process.refuted = (trial.kind == TrialKind::Growth).then_some(page.at).or(process.refuted);
        if trial.kind == TrialKind::Reset {
            self.restarts = self.restarts.saturating_sub(1);
        }
        self.quarantined.pause();
        let above = trial.kind == TrialKind::Growth;
        self.quarantined.push(QuarantinedLine::new(above, PageValues::before(other), seen, 0).refuted());
        let mut outcome = self.go_on(page, id);
        self.get_mut(id)?.note_pace(page.at);
        // Its growth since it was last seen.
        for step in outcome.steps.iter_mut().filter(|step| step.from.is_none()) {
            step.from = trial.seen_before;
        }
        outcome.taken_back.push(id);
        outcome.lost = true;
        outcome.on_trial = false;
        Some(outcome)
    }

    /// Quarantines a page that continues no process, or explains its line.
    fn quarantine_line(&mut self, page: &InstancePage<'_>, current: ProcessId, above: bool) -> Outcome {
        let process = self.all.iter().find(|process| process.id == current);
        let is_new = process.is_some_and(|process| !process.has_shown());
        let (line, run) = self.quarantined.take(page, above, process);
        let (stays, grew) = (line.pages >= QUARANTINE_PAGES, line.first.present.growth(page.rows) > 0);
        let waited = run.pages >= LONGEST_RUN;
        let may_be_its = process.is_some_and(|process| process.line_of(page.rows).reaches(&process.line()));
        let here = QuarantinedLine::here(above, page, process);
        match above {
            true if line.episodes >= EPISODES => self.becomes_process(page, &line, None),
            true if stays && !may_be_its => self.becomes_process(page, &line, None),
            true if is_new && (stays && self.keeps_pace(page, &line, current) || waited && run.is_even()) => {
                // The lines quarantined on the way are its own, or those of processes that are not counted.
                let lost = self.quarantined.is_ambiguous() || self.quarantined.has_beyond(page);
                let passed = self.quarantined.ascending();
                self.quarantined = QuarantinedLines::default();
                let outcome = self.go_on_by_values(page, current);
                if let Some(process) = self.get_mut(current) {
                    process.passed.note_all(&passed);
                }
                Outcome { lost: outcome.lost || lost, ..outcome }
            }
            // A rate that stays high is the growth of a process with more load.
            true if !self.are_several() && self.speeds_up(page, &run, current) => {
                self.quarantined.settle();
                self.go_on_by_values(page, current)
            }
            // One of several processes that answer by turns is not assumed to have jumped.
            true if stays && (self.are_several() || process.is_some_and(|process| was_refuted(process, page))) => {
                Outcome { lost: true, ..self.becomes_process(page, &line, None) }
            }
            true if stays && !self.is_large(page, current) => {
                self.quarantined.settle();
                let leapt = process.is_some_and(|process| process.leaps_to(&line.first.own, line.since));
                let mut outcome = self.go_on_by_values(page, current);
                for step in &mut outcome.steps {
                    (step.leapt, step.unproven) = (step.leapt | leapt, true);
                }
                outcome
            }
            true if stays => self.dispute_jump(page, current),
            false if stays && grew => self.explain_fall(page, &line, current),
            // Its growth until now is unknown.
            true if waited => Outcome { lost: true, ..self.becomes_process(page, &here, None) },
            false if waited && !stays => self.becomes_process(page, &here, Some(current)),
            _ => self.quarantine(page, current),
        }
    }

    /// Whether several processes without start times are known.
    fn are_several(&self) -> bool {
        self.all.iter().filter(|process| process.starts.is_empty() && !process.shadow && !process.ended).count() > 1
    }

    /// Whether any counter of a page grew by so much that unusual growth is disputed.
    fn is_large(&self, page: &InstancePage<'_>, id: ProcessId) -> bool {
        let grew = |process: &Process| process.line().largest_growth_to(&process.line_of(page.rows));
        self.get(id).is_some_and(|process| grew(process) >= MIN_DISPUTED)
    }

    /// Whether a process without earlier growth continues about as fast as it jumped, so that the jump was its growth.
    fn keeps_pace(&self, page: &InstancePage<'_>, line: &QuarantinedLine, id: ProcessId) -> bool {
        let Some(process) = self.get(id) else { return false };
        let jump = (process.line().growth_to(&line.first.own), line.since.since(process.last_seen));
        keeps_pace(jump, (line.first.own.growth_to(&process.line_of(page.rows)), page.at.since(line.since)))
    }

    /// Whether pages continue about as fast as the process's values leapt.
    fn speeds_up(&self, page: &InstancePage<'_>, run: &Run, id: ProcessId) -> bool {
        self.get(id).is_some_and(|process| {
            let now = process.line_of(page.rows);
            let grew = (process.line().growth_to(&now), page.at.since(process.last_seen));
            run.leaps && process.line().total() < now.total() && run.keeps_pace(grew)
        })
    }

    /// Disputes a lasting jump: the process counts from there, but nothing proves that it produced the tokens. If it had
    /// fallen before, it may have been reset and have produced more.
    fn dispute_jump(&mut self, page: &InstancePage<'_>, id: ProcessId) -> Outcome {
        self.quarantined.settle();
        let lost = self.quarantined.has_fallen();
        let Some(process) = self.get_mut(id) else { return self.quarantine(page, id) };
        let since = process.last_seen;
        process.passed.leave(process.line(), since);
        let steps = process.dispute(page.rows, &page.context(since), REASON_FAR);
        process.last_seen = page.at;
        Outcome { verdict: PageVerdict::Continues, steps, lost, ..Outcome::empty(id, since, page) }
    }

    /// Explains a fall that stays and grows: the process was reset, or another one answers.
    fn explain_fall(&mut self, page: &InstancePage<'_>, line: &QuarantinedLine, id: ProcessId) -> Outcome {
        let within = (line.first.present.growth(page.rows), page.at.since(line.since));
        if let Some(outcome) = self.split_fallen(page, within) {
            return outcome;
        }
        if line.was_refuted() {
            return self.becomes_process(page, line, Some(id));
        }
        let Some(process) = self.get_mut(id) else { return self.quarantine(page, id) };
        let context = page.context(process.last_seen);
        if !process.began_anew(&line.first.present, line.since, line.pages) {
            let is_uncertain = process.began_anew(&line.first.present, line.since, u8::MAX);
            return if is_uncertain { self.quarantine(page, id) } else { self.becomes_process(page, line, Some(id)) };
        }
        let (since, trial) = (process.last_seen, Trial::new(TrialKind::Reset, page.at, process));
        // Earlier postings stay, even if the reset is reverted, except for large steps.
        let believed = if process.passed.is_empty() { vec![id] } else { Vec::new() };
        process.passed.leave(process.line(), since);
        let mut steps = process.begin_anew(page.rows, &context);
        // When it began is unknown.
        for step in &mut steps {
            step.began = true;
        }
        process.trial = Some(trial);
        process.last_seen = page.at;
        self.quarantined.settle();
        self.restarts += 1;
        Outcome { verdict: PageVerdict::Reset, steps, on_trial: true, believed, ..Outcome::empty(id, since, page) }
    }

    /// A process above a line that has not answered since the line did: the line may be its dip.
    fn silent_above(&self, line: &QuarantinedLine) -> Option<ProcessId> {
        let may_dip = |process: &&Process| {
            process.starts.is_empty()
                && !process.shadow
                && process.last_seen.boot < line.since.boot
                && process.may_dip_to(&line.first.present, line.since)
        };
        self.all.iter().filter(may_dip).max_by_key(|process| process.last_seen.boot).map(|process| process.id)
    }

    /// Makes a line a separate process, with its first page as the baseline; on trial if it is below another.
    fn becomes_process(
        &mut self,
        page: &InstancePage<'_>,
        line: &QuarantinedLine,
        below: Option<ProcessId>,
    ) -> Outcome {
        self.quarantined.settle();
        let above = below.or_else(|| self.silent_above(line));
        let id = self.add(None, line.since);
        let Some(process) = self.get_mut(id) else { return self.quarantine(page, id) };
        process.adopt_line(&line.first.present, line.since);
        let trial = |other| Trial::new(TrialKind::Below(other), page.at, process).counted(below.is_some());
        process.trial = above.map(trial);
        let outcome = self.go_on(page, id);
        // A process that appears below another one may be a reset.
        Outcome { lost: below.is_some(), ..outcome }
    }
}

fn fit(process: &Process, page: &InstancePage<'_>) -> PageMatch {
    process.fit(page.rows, &page.context(process.last_seen))
}

/// Whether growth of a process was found to be another's within the last ten minutes.
fn was_refuted(process: &Process, page: &InstancePage<'_>) -> bool {
    process.refuted.is_some_and(|at| page.at.since(at) < FORGOTTEN)
}
