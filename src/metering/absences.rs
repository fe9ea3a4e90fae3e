//! How often the processes behind an address answer, and which of them are gone.

use crate::counters::{ProcessId, Processes};

/// A process that answered alone is gone after this many pages of others.
const GONE: u32 = 8;

/// How often the processes behind an address answer, and which of them are gone.
#[derive(Debug, Default)]
pub(super) struct Absences {
    pub(super) all: Vec<Absence>,
    pub(super) gone: Vec<ProcessId>,
    /// Of those, the ones that nothing is known to have replaced: what they made after their last pages is missing.
    missing: Vec<ProcessId>,
}

/// What became known of an address's other processes when one answered.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Departures {
    /// How many are gone that nothing is known to have replaced.
    pub(super) gone: usize,
    /// Whether this one was said to be gone, so that nothing of it is missing.
    pub(super) returned: bool,
}

#[derive(Debug)]
pub(super) struct Absence {
    pub(super) process: ProcessId,
    /// The pages of others since its last one.
    pub(super) missed: u32,
    /// The most of them after which it answered again.
    pub(super) most: u32,
    /// Its pages in a row up to its last one, and the most of them before another one answered.
    pub(super) run: u32,
    pub(super) longest: u32,
    /// Whether a process was born since its last page, which may have replaced it.
    pub(super) is_doubted: bool,
}

/// Whether a process still answers at its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Answers,
    /// Others answered for longer than they did before, and it cannot be known.
    Doubtful,
    Gone,
}

impl Absences {
    /// Notes a page of a process.
    pub(super) fn note(&mut self, process: ProcessId, doubted: &[ProcessId]) {
        if !self.all.iter().any(|known| known.process == process) {
            self.all.push(Absence { process, missed: 0, most: 0, run: 0, longest: 0, is_doubted: false });
        }
        for known in &mut self.all {
            if known.process == process {
                known.run = if known.missed == 0 { known.run.saturating_add(1) } else { 1 };
                (known.most, known.missed) = (known.most.max(known.missed), 0);
                known.is_doubted = false;
            } else {
                known.is_doubted |= doubted.contains(&known.process);
                (known.missed, known.longest) = (known.missed.saturating_add(1), known.longest.max(known.run));
            }
        }
    }

    /// Which of the processes that are gone now are missing, and whether the one that answers was.
    pub(super) fn settle(&mut self, gone: &[ProcessId], answers: ProcessId, processes: &Processes) -> Departures {
        let has_left = |id: &ProcessId| processes.get(*id).is_some_and(|process| !process.has_ended());
        let is_new = |id: &&ProcessId| !self.gone.contains(id) && !self.missing.contains(id) && has_left(id);
        let new: Vec<_> = gone.iter().filter(is_new).copied().collect();
        let returned = self.missing.contains(&answers);
        self.missing.retain(|process| *process != answers && processes.get(*process).is_some());
        self.missing.extend(&new);
        Departures { gone: new.len(), returned }
    }

    /// How many pages of others it may take by what was seen until one answers again.
    fn usual(&self, absence: &Absence) -> u32 {
        let all = self.all.iter().fold(0_u32, |sum, other| sum.saturating_add(other.longest));
        (all - absence.longest.min(all)).max(absence.most)
    }

    pub(super) fn of(&self, process: ProcessId) -> Presence {
        let Some(known) = self.all.iter().find(|known| known.process == process) else { return Presence::Answers };
        let usual = self.usual(known);
        let is_late = known.missed > usual.saturating_add(usual / 2).saturating_add(1);
        if known.missed > usual.saturating_mul(4).saturating_add(GONE) || is_late && known.is_doubted {
            Presence::Gone
        } else if is_late {
            Presence::Doubtful
        } else {
            Presence::Answers
        }
    }
}
