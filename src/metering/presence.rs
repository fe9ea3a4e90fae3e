//! Which rows and processes may still grow. One that is gone has no rate, so its last rate is not added to its successor's.

use super::absences::{Departures, Presence};
use super::engine::{Engine, Instance};
use super::{Context, Row};
use crate::counters::{Outcome, PageVerdict, Process, ProcessId, ProcessRow};
use crate::ledger::PostingSource;
use crate::reading::InstanceId;
use crate::units::{Moment, Span};

/// How long a jump of a counter from zero is reported.
const LEAPT: Span = Span::from_secs(600);

impl Instance {
    /// Whether a process is gone: it was replaced, or others answer instead.
    pub(super) fn is_gone(&self, process: &Process) -> bool {
        process.has_ended() || self.absences.gone.contains(&process.id())
    }

    /// Whether growth in the last ten minutes may be from before the target was observed.
    pub(super) fn has_leapt(&self, now: Moment) -> bool {
        self.leapt.is_some_and(|at| now.since(at) < LEAPT)
    }

    /// Whether its rates are upper bounds: they include a process that may have stopped, or growth that may be from before.
    pub(super) fn is_growth_uncertain(&self, now: Moment) -> bool {
        let mut answering = self.processes.answering(now);
        self.has_leapt(now) || answering.any(|process| self.absences.of(process.id()) == Presence::Uncertain)
    }
}

impl Engine {
    /// Records which process of an instance a page is from, before its rows are read. Returns the departures of others.
    #[must_use]
    pub(super) fn note_answer(
        &mut self,
        context: &mut Context<'_>,
        id: Option<&InstanceId>,
        outcome: &Outcome,
        uncertain: &[ProcessId],
    ) -> Departures {
        let (at, none) = (context.at, Departures::default());
        let Some(place) = self.instances.iter().position(|instance| instance.id.as_ref() == id) else { return none };
        let instance = &mut self.instances[place];
        if outcome.verdict == PageVerdict::Quarantined {
            // The process of the page is unknown.
            return none;
        }
        instance.absences.note(outcome.process, uncertain);
        if instance.processes.all().len() < 2 {
            return none;
        }
        let Instance { absences, processes, number, .. } = instance;
        absences.all.retain(|known| processes.get(known.process).is_some());
        context.ledger.hear_address(*number, at.wall);
        let gone: Vec<_> =
            processes.all().iter().map(Process::id).filter(|id| absences.of(*id) == Presence::Gone).collect();
        let departures = absences.settle(&gone, outcome.process, processes);
        if departures.gone > 0 {
            // The missing tokens are counted, whatever replaced those processes.
            processes.close_successions();
        }
        if absences.gone == gone {
            return departures;
        }
        let newly: Vec<_> = gone.iter().filter(|process| !absences.gone.contains(process)).copied().collect();
        for row in self.rows.iter_mut().filter(|row| row.instance.as_ref() == id) {
            row.window.add_gone(&newly);
        }
        let number = *number;
        let has_ended =
            |source: PostingSource| source.address == number && gone.iter().any(|process| process.0 == source.process);
        context.ledger.end_sources(has_ended);
        absences.gone = gone;
        departures
    }

    /// Records which rows are gone from the target's pages, after a complete page.
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

    /// Whether a row that is not on this page may be on the next one, of another process.
    pub(super) fn may_grow(&self, row: &Row, at: Moment) -> bool {
        let here = |instance: &&Instance| instance.id == row.instance && instance.seen == at;
        self.instances.iter().find(here).is_some_and(|instance| {
            let mut answering = instance.processes.answering(at).filter(|process| !instance.is_gone(process));
            answering.any(|process| process.find(&row.key).is_some_and(ProcessRow::is_on_page))
        })
    }
}

/// Records that a row is gone and has no rate.
pub(super) fn end_row(context: &mut Context<'_>, row: &Row) {
    if row.number != 0 {
        context.ledger.end_row(row.number, row.only_account());
    }
}
