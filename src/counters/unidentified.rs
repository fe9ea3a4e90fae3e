//! Processes without a start time, told apart by the continuity of their values.
//!
//! A page belongs to the process whose last values it continues. A line of values that continues none is held: it is a
//! dip if the old line returns; another process if it is far above and both go on in turn; a process that began anew if
//! it is below, stays and grows, and the hardware could have produced it since. What is believed without proof is on
//! trial: it is taken back if the old line returns within ten minutes. Of two lines that might be one process with dips
//! only the upper one is counted.

use serde::{Deserialize, Serialize};

use super::held::{HeldLine, HeldLines, Values, millis};
use super::identity::{InstancePage, Outcome, Processes, Verdict};
use super::line::Line;
use super::process::{Fit, Process, ProcessId};
use super::row::HELD_PAGES;
use super::shown::Shown;
use super::values::RowKey;
use crate::units::{Moment, Span, Timestamp};

/// Episodes after which a line above another is a process of its own.
const EPISODES: u8 = 2;
/// Pages in a row that go on from no line that is known, until they are taken as they are: nothing is held for ever.
const WAITED: u8 = 12;
/// A page's growth so many times larger than any before it is a return to another line.
const LEAP: u64 = 4;
/// Growth so many times faster than what follows it is a return to another line.
const FASTER: u64 = 10;
/// Why a jump is not believed.
const FAR: &str = "far more than its fastest minute, and no start time to tell it by";

/// A movement that was believed without proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trial {
    kind: TrialKind,
    pub(super) since: Moment,
    /// The values before it: a process that goes on from them was there all the time.
    before: Line,
    /// What its rows had shown before it.
    #[serde(default)]
    shown: Vec<(RowKey, Shown)>,
    /// The most that a page grew by since.
    step: u64,
}

/// What was believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum TrialKind {
    /// The first growth of a process that had shown none, or one far beyond what it had shown.
    Growth,
    /// That it began anew.
    Reset,
    /// That a line below this process is another one.
    Below(ProcessId),
    /// That a start time close to its own is the same process's.
    Start(Timestamp),
}

impl Trial {
    /// A start time close to the process's own was believed to be its own.
    pub(super) fn of_start(start: Timestamp, since: Moment, process: &Process) -> Self {
        Self::new(TrialKind::Start(start), since, process)
    }

    fn new(kind: TrialKind, since: Moment, process: &Process) -> Self {
        Self { kind, since, before: process.line(), shown: process.shown(), step: 0 }
    }

    /// Takes a process back to before it.
    pub(super) fn undo(&self, process: &mut Process) {
        process.return_to(&self.before, &self.shown);
    }

    /// Whether the process is believed to have begun anew.
    pub(super) fn is_reset(&self) -> bool {
        self.kind == TrialKind::Reset
    }

    /// The start time that was believed to be the process's own.
    pub(super) const fn other_start(&self) -> Option<Timestamp> {
        match self.kind {
            TrialKind::Start(start) => Some(start),
            TrialKind::Growth | TrialKind::Reset | TrialKind::Below(_) => None,
        }
    }
}

impl Processes {
    pub(super) fn advance_unidentified(&mut self, page: &InstancePage<'_>) -> Outcome {
        let Some(current) = self.current else {
            let id = self.add(None, page.at);
            return self.baseline(page, id);
        };
        if self.may_be_anyones(page) {
            return Outcome { verdict: Verdict::Cut, ..self.hold(page, current) };
        }
        if let Some(outcome) = self.old_line_returns(page) {
            return outcome;
        }
        match self.nearest(page) {
            Some((distance, id)) if !self.held.is_nearer(page, distance) => {
                // With a series gone, this line and one that is held may be the same.
                if self.get(id).is_some_and(|process| process.misses_series(page.rows)) {
                    self.held = HeldLines::default();
                }
                self.held.pause();
                self.go_on_by_values(page, id)
            }
            Some(_) => self.hold_line(page, current, true),
            None => match self.get(current).map_or(Fit::Falls, |process| fit(process, page)) {
                Fit::Mixed => self.go_on(page, current),
                Fit::Jumps => self.hold_line(page, current, true),
                Fit::Continues(_) | Fit::Falls => self.hold_line(page, current, false),
                Fit::Other => self.hold_beside(page),
            },
        }
    }

    /// Whether several processes may have sent a page, since a counter that tells them apart is not on it.
    fn may_be_anyones(&self, page: &InstancePage<'_>) -> bool {
        let several = self.all.len() > 1 || !self.held.is_empty();
        several && self.all.iter().all(|process| process.lacks(page.rows))
    }

    /// Holds a page that has no row of the process that answered last: it is another's.
    fn hold_beside(&mut self, page: &InstancePage<'_>) -> Outcome {
        let known = self.all.iter().filter(|process| process.starts.is_empty() && process.shares_row(page.rows));
        match known.max_by_key(|process| process.last_seen.boot).map(|process| (process.id, fit(process, page))) {
            Some((id, Fit::Jumps)) => self.hold_line(page, id, true),
            Some((id, _)) => self.hold_line(page, id, false),
            None => {
                let id = self.add(None, page.at);
                self.baseline(page, id)
            }
        }
    }

    /// The process whose last values a page continues, the nearest first.
    fn nearest(&self, page: &InstancePage<'_>) -> Option<(u64, ProcessId)> {
        let continues = |process: &Process| match fit(process, page) {
            Fit::Continues(distance) => Some((distance, process.id)),
            Fit::Jumps | Fit::Mixed | Fit::Falls | Fit::Other => None,
        };
        self.all.iter().filter_map(continues).min()
    }

    fn go_on_by_values(&mut self, page: &InstancePage<'_>, id: ProcessId) -> Outcome {
        if let Some(process) = self.get_mut(id) {
            let step = process.line().growth_to(&process.line_of(page.rows));
            let since = page.at.since(process.last_seen);
            let proven = process.has_shown() && process.paces_to(page.rows, since);
            match &mut process.trial {
                Some(trial) => trial.step = trial.step.max(step),
                None if !proven && process.starts.is_empty() => {
                    process.trial = Some(Trial { step, ..Trial::new(TrialKind::Growth, page.at, process) });
                }
                None => {}
            }
        }
        let mut outcome = self.go_on(page, id);
        for other in &mut self.all {
            let below = other.trial.as_ref().is_some_and(|trial| trial.kind == TrialKind::Below(id));
            if below {
                // It may be a part of this one, with a file missing: then its growth is in this one's.
                (other.trial, other.shadow) = (None, true);
                outcome.taken_back.push(other.id);
                outcome.lost = true;
            }
        }
        outcome
    }

    /// The line from before a trial goes on: what was believed was another process's, or a dip.
    fn old_line_returns(&mut self, page: &InstancePage<'_>) -> Option<Outcome> {
        let id = self.all.iter().find(|process| returns(process, page)).map(|process| process.id)?;
        let process = self.get_mut(id)?;
        let (trial, other, seen) = (process.trial.take()?, process.line(), process.last_seen);
        trial.undo(process);
        if trial.kind == TrialKind::Reset {
            self.restarts = self.restarts.saturating_sub(1);
        }
        self.held.pause();
        self.held.push(HeldLine::new(trial.kind == TrialKind::Growth, Values::before(other), seen, 0));
        let mut outcome = self.go_on(page, id);
        outcome.taken_back.push(id);
        // A dip lost nothing.
        outcome.lost = trial.kind != TrialKind::Reset;
        outcome.on_trial = false;
        Some(outcome)
    }

    /// Holds a line that no process goes on to, until it is explained.
    fn hold_line(&mut self, page: &InstancePage<'_>, current: ProcessId, above: bool) -> Outcome {
        let process = self.all.iter().find(|process| process.id == current);
        let is_new = process.is_some_and(|process| !process.has_shown());
        let (line, run) = self.held.take(page, above, process);
        let (stays, grew) = (line.pages >= HELD_PAGES, line.first.told.growth(page.rows) > 0);
        let waited = run.pages >= WAITED;
        let may_be_its = process.is_some_and(|process| process.line_of(page.rows).reaches(&process.line()));
        let here = HeldLine::here(above, page, process);
        match above {
            true if line.episodes >= EPISODES => self.becomes_process(page, &line, None),
            true if stays && !may_be_its => self.becomes_process(page, &line, None),
            true if is_new && (stays && self.keeps_pace(page, &line, current) || waited && run.is_even()) => {
                // What was held on the way is its own.
                self.held = HeldLines::default();
                self.go_on_by_values(page, current)
            }
            true if stays => self.dispute_jump(page, current),
            false if stays && grew => self.explain_fall(page, &line, current),
            true if waited => self.becomes_process(page, &here, None),
            false if waited && !stays => self.becomes_process(page, &here, Some(current)),
            _ => self.hold(page, current),
        }
    }

    /// Whether a process that had shown nothing goes on about as fast as it jumped: then the jump was its growth.
    fn keeps_pace(&self, page: &InstancePage<'_>, line: &HeldLine, id: ProcessId) -> bool {
        let Some(process) = self.get(id) else { return false };
        let jump = (process.line().growth_to(&line.first.own), line.since.since(process.last_seen));
        keeps_pace(jump, (line.first.own.growth_to(&process.line_of(page.rows)), page.at.since(line.since)))
    }

    /// A jump that stays is what the process counts now, and nothing proves that it produced it.
    fn dispute_jump(&mut self, page: &InstancePage<'_>, id: ProcessId) -> Outcome {
        self.held.settle();
        let Some(process) = self.get_mut(id) else { return self.hold(page, id) };
        let since = process.last_seen;
        let steps = process.dispute(page.rows, &page.context(since), FAR);
        process.last_seen = page.at;
        Outcome { verdict: Verdict::Continues, steps, ..Outcome::empty(id, since, page) }
    }

    /// A fall that stays and grows: the process began anew, or another one answers.
    fn explain_fall(&mut self, page: &InstancePage<'_>, line: &HeldLine, id: ProcessId) -> Outcome {
        let Some(process) = self.get_mut(id) else { return self.hold(page, id) };
        let context = page.context(process.last_seen);
        if !process.began_anew(&line.first.told, line.since, line.pages) {
            let in_doubt = process.began_anew(&line.first.told, line.since, u8::MAX);
            return if in_doubt { self.hold(page, id) } else { self.becomes_process(page, line, Some(id)) };
        }
        let (since, trial) = (process.last_seen, Trial::new(TrialKind::Reset, page.at, process));
        process.rows.clear();
        let steps = process.advance(page.rows, &context);
        process.trial = Some(trial);
        process.last_seen = page.at;
        self.held.settle();
        self.restarts += 1;
        Outcome { verdict: Verdict::Reset, steps, on_trial: true, ..Outcome::empty(id, since, page) }
    }

    /// A line is a process of its own, and its first page was a baseline. One below another is on trial.
    fn becomes_process(&mut self, page: &InstancePage<'_>, line: &HeldLine, below: Option<ProcessId>) -> Outcome {
        self.held.settle();
        let id = self.add(None, line.since);
        let Some(process) = self.get_mut(id) else { return self.hold(page, id) };
        process.adopt_line(&line.first.told, line.since);
        process.trial = below.map(|other| Trial::new(TrialKind::Below(other), page.at, process));
        self.go_on(page, id)
    }
}

fn fit(process: &Process, page: &InstancePage<'_>) -> Fit {
    process.fit(page.rows, &page.context(process.last_seen))
}

/// Whether a page goes on from the line before a trial, and not from the one that was believed.
fn returns(process: &Process, page: &InstancePage<'_>) -> bool {
    let Some(trial) = &process.trial else { return false };
    let (now, line) = (process.line_of(page.rows), process.line());
    let since = page.at.since(trial.since);
    if !now.reaches(&trial.before) || !process.paces_between(&trial.before, &now, since) {
        return false;
    }
    match trial.kind {
        TrialKind::Growth => !now.reaches(&line),
        TrialKind::Reset => {
            now.reaches(&line) && line.growth_to(&now) > trial.step.saturating_mul(LEAP) && !line.reaches(&trial.before)
        }
        TrialKind::Below(_) | TrialKind::Start(_) => false,
    }
}

/// Whether what followed a jump grew about as fast as the jump, each within a time.
pub(super) fn keeps_pace(jump: (u64, Span), after: (u64, Span)) -> bool {
    let per_minute = |(tokens, within): (u64, Span)| u128::from(tokens) * 60_000 / u128::from(millis(within));
    per_minute(jump) <= per_minute(after) * u128::from(FASTER)
}
