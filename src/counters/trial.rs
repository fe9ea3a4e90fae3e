//! Assumptions about a process without a start time, or with a changing one, that may be reverted: they are on trial.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::fastest_minute::FastestMinute;
use super::line::Line;
use super::own_pace::OwnPace;
use super::process_id::ProcessId;
use super::quarantine_limits::QUARANTINE_PAGES;
use super::values::{self, RowKey};
use crate::units::{Moment, Span, Timestamp};

/// Growth of at least this many times the largest page's is one process's, if only one is known.
const STEADY: u64 = 6;

/// Values return to those before a growth if they are at most one part in this many of the growth above them.
pub(super) const NEARER: u64 = 16;

/// An assumption that was accepted without proof, and may be reverted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trial {
    pub(super) kind: TrialKind,
    pub(super) since: Moment,
    /// When the previous line was last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seen_before: Option<Moment>,
    /// The previous line: a process that continues it was there all the time.
    pub(super) before: Line,
    /// The line of the page that began the trial, if kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first: Option<Line>,
    /// The fastest minutes of the rows before the trial.
    #[serde(default)]
    pub(super) shown: Vec<(RowKey, FastestMinute)>,
    /// The largest growth of a page since the trial began.
    pub(super) step: u64,
    /// The growth rate of the previous line, in tokens per minute; 0 if unknown.
    #[serde(default)]
    pub(super) pace: u64,
    /// The growth of each counter before the trial.
    #[serde(default, skip_serializing_if = "OwnPace::is_empty")]
    pub(super) own_pace: OwnPace,
    /// The number of pages that returned to the previous line.
    #[serde(default)]
    pub(super) returns: u8,
    /// Whether a lost window was already counted for its beginning.
    #[serde(default)]
    pub(super) is_counted: bool,
}

/// The assumption on trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum TrialKind {
    /// The first growth of a process, or growth far beyond its fastest minute.
    Growth,
    /// A reset.
    Reset,
    /// A line below this process, as a separate process.
    Below(ProcessId),
    /// A start time close to the process's own.
    Start(Timestamp),
    /// A start without the server's time: the process may be older.
    Birth,
}

impl Trial {
    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self {
            kind: _,
            since,
            seen_before,
            before: _,
            first: _,
            shown: _,
            step: _,
            pace: _,
            own_pace,
            returns: _,
            is_counted: _,
        } = self;
        own_pace.moments_mut().chain([since]).chain(seen_before)
    }

    /// The trial with the line of the page that began it.
    pub(super) fn begun_by(self, first: Line) -> Self {
        Self { first: Some(first), ..self }
    }

    /// The line of the page that began the trial, if kept.
    pub(super) const fn first_line(&self) -> Option<&Line> {
        self.first.as_ref()
    }

    /// The trial with a page's growth.
    pub(super) fn with_step(self, step: u64) -> Self {
        Self { step, ..self }
    }

    /// The trial with whether a lost window is counted for its beginning.
    pub(super) fn counted(self, is_counted: bool) -> Self {
        Self { is_counted, ..self }
    }

    /// Records a page. Returns whether growth is on trial and several pages returned to the values before it: below the
    /// current ones, and far closer to the earlier ones in every counter. A dip rarely lands there.
    pub(super) fn returned_before(&mut self, now: &Line, present: &Line) -> bool {
        let returns = now.is_just_above(&self.before, present, NEARER) && !now.reaches(present);
        self.returns = self.returns.saturating_add(u8::from(returns));
        self.kind == TrialKind::Growth && returns && self.returns >= QUARANTINE_PAGES
    }

    /// Whether growth is on trial that began at values which `line` continues.
    pub(super) fn stepped_from(&self, line: &Line) -> bool {
        self.kind == TrialKind::Growth && line.reaches(&self.before)
    }

    /// Whether growth is on trial.
    pub(super) fn is_of_its_growth(&self) -> bool {
        self.kind == TrialKind::Growth
    }

    /// Whether growth is on trial that consists of so many even steps that only another process with values right above
    /// this one's could have produced it.
    pub(super) fn is_of_steady_growth(&self, present: &Line) -> bool {
        self.is_of_its_growth() && self.step.saturating_mul(STEADY) <= self.before.growth_to(present)
    }

    /// Whether values are above those before the trial by no more than the rows grow in that time.
    pub(super) fn paces(&self, now: &Line, since: Span) -> bool {
        let known = self.before.finder();
        let shown: HashMap<_, _> = self.shown.iter().rev().map(|(key, shown)| (key, shown)).collect();
        now.0.iter().enumerate().all(|(nth, (key, now))| {
            let (then, shown) = (known.at(nth, key), shown.get(key));
            then.zip(shown).is_none_or(|(then, shown)| shown.explains(values::growth(now, then), since))
        })
    }

    /// Whether a birth is on trial.
    pub(super) fn is_birth(&self) -> bool {
        self.kind == TrialKind::Birth
    }

    /// Whether a reset is on trial.
    pub(super) fn is_reset(&self) -> bool {
        self.kind == TrialKind::Reset
    }

    /// The start time on trial.
    pub(super) const fn other_start(&self) -> Option<Timestamp> {
        match self.kind {
            TrialKind::Start(start) => Some(start),
            TrialKind::Growth | TrialKind::Reset | TrialKind::Below(_) | TrialKind::Birth => None,
        }
    }
}
