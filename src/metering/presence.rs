//! Which rows and processes may still be growing. One that is gone has no rate: its last one stands beside no successor's.

use super::engine::{Engine, Instance};
use super::{Context, Row};
use crate::counters::{Outcome, Process, ProcessId, ProcessRow, Processes, Verdict};
use crate::ledger::PostingSource;
use crate::reading::InstanceId;
use crate::units::{Moment, Span};

/// A process that answered alone is gone after this many pages of others.
const GONE: u32 = 8;

/// How long it is said that a counter had much at once after nothing.
const LEAPT: Span = Span::from_secs(600);

/// How often the processes behind an address answer, which of them are gone, and of which of those what they made after their
/// last page is counted as missing.
#[derive(Debug, Default)]
pub(super) struct Absences(Vec<Absence>, Vec<ProcessId>, Vec<ProcessId>);

/// What became known of an address's other processes when one answered.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Answered {
    /// How many are gone that none was known to replace: what they made after their last pages is missing.
    pub(super) gone: usize,
    /// Whether this one was said to be gone, so that nothing of it is missing.
    pub(super) returned: bool,
}

#[derive(Debug)]
struct Absence {
    process: ProcessId,
    /// The pages of others since its last one.
    missed: u32,
    /// The most of them after which it answered again.
    most: u32,
    /// Its pages in a row up to its last one, and the most of them before another one answered.
    run: u32,
    longest: u32,
    /// Whether a process was born since its last page, which may have replaced it.
    is_doubted: bool,
}

/// Whether a process still answers at its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Answers,
    /// Others answered for longer than they did before, and it cannot be known.
    Doubtful,
    Gone,
}

impl Absences {
    /// Notes a page of a process.
    fn note(&mut self, process: ProcessId, doubted: &[ProcessId]) {
        if !self.0.iter().any(|known| known.process == process) {
            self.0.push(Absence { process, missed: 0, most: 0, run: 0, longest: 0, is_doubted: false });
        }
        for known in &mut self.0 {
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

    /// How many pages of others it may take by what was seen until one answers again.
    fn usual(&self, absence: &Absence) -> u32 {
        let all = self.0.iter().fold(0_u32, |sum, other| sum.saturating_add(other.longest));
        (all - absence.longest.min(all)).max(absence.most)
    }

    /// Which of the processes that are gone now are lost without a successor, and whether the one that answers was.
    fn settle(&mut self, gone: &[ProcessId], outcome: &Outcome, processes: &Processes) -> Answered {
        let is_new = |id: &&ProcessId| {
            !self.1.contains(id)
                && !self.2.contains(id)
                && processes.get(**id).is_some_and(|process| !process.has_ended())
        };
        let new: Vec<_> = gone.iter().filter(is_new).copied().collect();
        let returned = self.2.contains(&outcome.process);
        self.2.retain(|process| *process != outcome.process && processes.get(*process).is_some());
        self.2.extend(&new);
        Answered { gone: new.len(), returned }
    }

    fn of(&self, process: ProcessId) -> Presence {
        let Some(known) = self.0.iter().find(|known| known.process == process) else { return Presence::Answers };
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

impl Instance {
    /// Whether a process is gone: it was replaced, or others answer in its stead.
    pub(super) fn is_gone(&self, process: &Process) -> bool {
        process.has_ended() || self.absences.1.contains(&process.id())
    }

    /// Whether growth of it may have been made before the watch, for ten minutes.
    pub(super) fn has_leapt(&self, now: Moment) -> bool {
        self.leapt.is_some_and(|at| now.since(at) < LEAPT)
    }

    /// Whether a process counts in rates that may have stopped, or growth of it may have been made before: then there are
    /// upper bounds.
    pub(super) fn doubts(&self, now: Moment) -> bool {
        let mut answering = self.processes.answering(now);
        self.has_leapt(now) || answering.any(|process| self.absences.of(process.id()) == Presence::Doubtful)
    }
}

impl Engine {
    /// Notes whose page of an instance is read, before its rows are.
    #[must_use]
    pub(super) fn note_answer(
        &mut self,
        context: &mut Context<'_>,
        id: Option<&InstanceId>,
        outcome: &Outcome,
        doubted: &[ProcessId],
    ) -> Answered {
        let (at, nothing) = (context.at, Answered::default());
        let Some(place) = self.instances.iter().position(|instance| instance.id.as_ref() == id) else { return nothing };
        let instance = &mut self.instances[place];
        if outcome.verdict == Verdict::Quarantined {
            // Whose page it is is not known.
            return nothing;
        }
        instance.absences.note(outcome.process, doubted);
        if instance.processes.all().len() < 2 {
            return nothing;
        }
        let Instance { absences, processes, number, .. } = instance;
        absences.0.retain(|known| processes.get(known.process).is_some());
        context.ledger.hear_address(*number, at.wall);
        let gone: Vec<_> =
            processes.all().iter().map(Process::id).filter(|id| absences.of(*id) == Presence::Gone).collect();
        let answered = absences.settle(&gone, outcome, processes);
        if absences.1 == gone {
            return answered;
        }
        let newly: Vec<_> = gone.iter().filter(|process| !absences.1.contains(process)).copied().collect();
        for row in self.rows.iter_mut().filter(|row| row.instance.as_ref() == id) {
            row.window.add_gone(&newly);
        }
        let number = *number;
        let has_ended =
            |source: PostingSource| source.address == number && gone.iter().any(|process| process.0 == source.process);
        context.ledger.end_sources(has_ended);
        absences.1 = gone;
        answered
    }

    /// Notes which rows are gone from the target's pages, after a whole one is read.
    pub(super) fn note_gone(&mut self, context: &mut Context<'_>) {
        let at = context.at;
        let grows = |row: &Row| row.seen == at || row.grows && self.may_grow(row, at);
        let grows: Vec<bool> = self.rows.iter().map(grows).collect();
        for (row, grows) in self.rows.iter_mut().zip(grows) {
            if row.grows && !grows {
                end_row(context, row);
            }
            row.grows = grows;
        }
    }

    /// Whether a row that is not on the page may be on the next one of another process.
    fn may_grow(&self, row: &Row, at: Moment) -> bool {
        let here = |instance: &&Instance| instance.id == row.instance && instance.seen == at;
        self.instances.iter().find(here).is_some_and(|instance| {
            let mut answering = instance.processes.answering(at).filter(|process| !instance.is_gone(process));
            answering.any(|process| process.find(&row.key).is_some_and(ProcessRow::is_on_page))
        })
    }
}

/// Notes that a row is gone: it has no rate.
pub(super) fn end_row(context: &mut Context<'_>, row: &Row) {
    if row.number != 0 {
        context.ledger.end_row(row.number, row.only_account());
    }
}
