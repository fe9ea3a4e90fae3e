//! Tracks which of the processes behind an address still answer.

use crate::counters::{Process, ProcessId, Processes};
use crate::units::Span;

/// A process of an earlier run is waited for if it answered within this time of the run's last page.
const ANSWERED: Span = Span::from_secs(60);
/// The pages of other processes after which a process that answered alone counts as gone.
const GONE: u32 = 8;

/// Tracks which of the processes behind an address still answer.
#[derive(Debug, Default)]
pub(super) struct Absences {
    pub(super) all: Vec<Absence>,
    pub(super) gone: Vec<ProcessId>,
    /// The gone processes without a known successor: their tokens after their last page are missing.
    missing: Vec<ProcessId>,
}

/// The changes to an address's other processes when one of them answers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Departures {
    /// The number of processes newly gone without a known successor.
    pub(super) gone: usize,
    /// Whether the answering process had been reported as gone; none of its tokens are missing then.
    pub(super) returned: bool,
}

#[derive(Debug)]
pub(super) struct Absence {
    pub(super) process: ProcessId,
    /// The pages of other processes since its last page.
    pub(super) missed: u32,
    /// The most pages of other processes after which it answered again.
    pub(super) most: u32,
    /// The length of its latest run of consecutive pages, and the longest run before another process answered.
    pub(super) run: u32,
    pub(super) longest: u32,
    /// Whether a process that may have replaced it was born since its last page.
    pub(super) is_uncertain: bool,
}

impl Absence {
    const fn new(process: ProcessId) -> Self {
        Self { process, missed: 0, most: 0, run: 0, longest: 0, is_uncertain: false }
    }
}

/// Whether a process still answers at its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Answers,
    /// Others have answered for longer than usual, so it is unknown.
    Uncertain,
    Gone,
}

impl Absences {
    /// The absences of an earlier run's processes, of which some were missing already. All others that answered at its end
    /// are waited for: one that ended while margintop was stopped never answers again.
    pub(super) fn restored(processes: &Processes, missing: Vec<ProcessId>) -> Self {
        let last = processes.all().iter().map(Process::last_seen).max_by_key(|at| at.boot);
        let answered = |process: &&Process| last.is_some_and(|last| last.since(process.last_seen()) < ANSWERED);
        let waits = |process: &&Process| !process.has_ended() && !missing.contains(&process.id()) && answered(process);
        let all = processes.all().iter().filter(waits).map(|process| Absence::new(process.id())).collect();
        Self { all, gone: Vec::new(), missing }
    }

    /// The gone processes without a known successor.
    pub(super) fn missing(&self) -> &[ProcessId] {
        &self.missing
    }

    /// Records a page of a process.
    pub(super) fn note(&mut self, process: ProcessId, uncertain: &[ProcessId]) {
        if !self.all.iter().any(|known| known.process == process) {
            self.all.push(Absence::new(process));
        }
        for known in &mut self.all {
            if known.process == process {
                known.run = if known.missed == 0 { known.run.saturating_add(1) } else { 1 };
                (known.most, known.missed) = (known.most.max(known.missed), 0);
                known.is_uncertain = false;
            } else {
                known.is_uncertain |= uncertain.contains(&known.process);
                (known.missed, known.longest) = (known.missed.saturating_add(1), known.longest.max(known.run));
            }
        }
    }

    /// Updates the missing processes, and returns how many are new and whether the answering process was missing.
    pub(super) fn settle(&mut self, gone: &[ProcessId], answers: ProcessId, processes: &Processes) -> Departures {
        let has_left = |id: &ProcessId| processes.get(*id).is_some_and(|process| !process.has_ended());
        let is_new = |id: &&ProcessId| !self.gone.contains(id) && !self.missing.contains(id) && has_left(id);
        let new: Vec<_> = gone.iter().filter(is_new).copied().collect();
        let returned = self.missing.contains(&answers);
        self.missing.retain(|process| *process != answers && processes.get(*process).is_some());
        self.missing.extend(&new);
        Departures { gone: new.len(), returned }
    }

    /// The most pages of other processes that are usual between two pages of this one.
    fn usual(&self, absence: &Absence) -> u32 {
        let all = self.all.iter().fold(0_u32, |sum, other| sum.saturating_add(other.longest));
        (all - absence.longest.min(all)).max(absence.most)
    }

    pub(super) fn of(&self, process: ProcessId) -> Presence {
        let Some(known) = self.all.iter().find(|known| known.process == process) else { return Presence::Answers };
        let usual = self.usual(known);
        let is_late = known.missed > usual.saturating_add(usual / 2).saturating_add(1);
        if known.missed > usual.saturating_mul(4).saturating_add(GONE) || is_late && known.is_uncertain {
            Presence::Gone
        } else if is_late {
            Presence::Uncertain
        } else {
            Presence::Answers
        }
    }
}
