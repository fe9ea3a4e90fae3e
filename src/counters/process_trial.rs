//! Starts and reverts trials of a process.

use super::page::InstancePage;
use super::process::Process;
use super::quarantine_limits::SMALL_PART;
use super::rate::is_near;
use super::trial::{NEARER, Trial, TrialKind};
use crate::units::{Moment, Timestamp};

/// A page whose growth is this many times that of any page before returns to another line.
const RETURN_RATIO: u64 = 4;
/// Values return to those before a trial if their sum does, and each counter is at most one part in this many of the
/// distance above them.
const NEARER_EACH: u64 = 8;

impl Trial {
    /// The trial of growth far beyond the process's fastest minute.
    pub(super) fn of_growth(since: Moment, process: &Process) -> Self {
        Self::new(TrialKind::Growth, since, process)
    }

    /// The trial of a start time close to the process's own.
    pub(super) fn of_start(start: Timestamp, since: Moment, process: &Process) -> Self {
        Self::new(TrialKind::Start(start), since, process)
    }

    pub(super) fn new(kind: TrialKind, since: Moment, process: &Process) -> Self {
        let (before, shown, pace) = (process.line(), process.shown(), process.passed.pace());
        let own_pace = process.pace.clone();
        let seen_before = Some(process.last_seen);
        Self {
            kind,
            since,
            seen_before,
            before,
            first: None,
            shown,
            step: 0,
            pace,
            own_pace,
            returns: 0,
            is_counted: false,
        }
    }

    /// The trial of a process that is known to have started only by its start time.
    pub(super) fn of_birth(since: Moment, process: &Process) -> Self {
        Self::new(TrialKind::Birth, since, process)
    }

    /// Returns a process to its state before the trial.
    pub(super) fn undo(&self, process: &mut Process) {
        process.return_to(&self.before, &self.shown);
        process.take_back_disputes(self.since);
        process.pace = self.own_pace.clone();
    }
}

/// Whether a page continues the line from before a trial, and not the current one.
pub(super) fn returns(process: &Process, page: &InstancePage<'_>) -> bool {
    let Some(trial) = process.trial.as_ref().filter(|_| process.starts.is_empty()) else { return false };
    let (now, line) = (process.line_of(page.rows), process.line());
    let since = page.at.since(trial.since);
    let is_near = || {
        let grown = trial.before.growth_to(&now);
        // After a reset, the pages are no evidence of the pace of the line before it.
        let explained = if trial.kind == TrialKind::Reset {
            trial.pace == 0 || is_near(grown, trial.pace, since)
        } else {
            process.passed.explains(grown, since)
        };
        // In the sum of its counters, or in each of them.
        let away = trial.before.growth_to(&line).max(line.growth_to(&trial.before));
        let all = grown.saturating_mul(NEARER) <= away;
        explained && now.is_just_above(&trial.before, &line, if all { NEARER_EACH } else { NEARER })
    };
    let paced = trial.paces(&now, since) || is_near();
    if !now.reaches(&trial.before) || !paced {
        return false;
    }
    // Steady growth from almost nothing is explained as well by a restart.
    let is_restart = || {
        let steady = trial.step.saturating_mul(SMALL_PART) <= trial.before.growth_to(&line);
        steady && trial.before.total() <= line.total() / SMALL_PART
    };
    // If counters that did not fall continue, those that fell may have dipped.
    let dips = || now.goes_on_in_part(&line) && process.may_dip_to(&now, page.at);
    match trial.kind {
        TrialKind::Growth => !now.reaches(&line) && !is_restart() && !dips(),
        TrialKind::Reset => {
            now.reaches(&line)
                && line.growth_to(&now) > trial.step.saturating_mul(RETURN_RATIO)
                && line.growth_to(&now) >= trial.before.growth_to(&now)
                && !line.reaches(&trial.before)
        }
        TrialKind::Below(_) | TrialKind::Start(_) | TrialKind::Birth => false,
    }
}
