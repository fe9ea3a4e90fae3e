//! Splits a process without a start time along the lines that it passed, if pages return to them.

use super::identity::Processes;
use super::line::Line;
use super::page::{InstancePage, Outcome};
use super::passed::PassedLines;
use super::process::Process;
use super::process_id::ProcessId;
use crate::units::{Moment, Span};

impl Processes {
    /// Makes a process of each line that the current process passed by large steps, if pages return to them in that order.
    pub(super) fn split_passed(&mut self, page: &InstancePage<'_>) -> Option<Outcome> {
        self.split_if(page, self.current?, |passed, now, (present, _)| passed.returned(now, present))
    }

    /// As [`Self::split_passed`], if pages continue one of them in any order. That line may be a part of the current
    /// process that its pages then lack.
    pub(super) fn split_returned(&mut self, page: &InstancePage<'_>) -> Option<Outcome> {
        let outcome =
            self.split_if(page, self.current?, |passed, now, (present, _)| passed.came_back(now, page.at, present))?;
        let own = self.get(outcome.process).map(Process::line)?;
        let may_be_part = self.all.iter().any(|other| other.id != outcome.process && other.line().reaches(&own));
        if let Some(process) = self.get_mut(outcome.process).filter(|_| may_be_part) {
            process.shadow = true;
        }
        Some(outcome)
    }

    /// As [`Self::split_passed`], if a page that is a large step up lands at one of several lines.
    pub(super) fn split_risen(&mut self, page: &InstancePage<'_>) -> Option<Outcome> {
        self.split_if(page, self.current?, |passed, now, process| {
            passed.are_several() && passed.lands_above(page, now, process)
        })
    }

    /// As [`Self::split_passed`] for any process, if a page after a lasting fall lands at one of the lines, or continues at
    /// its pace one that may be. `within` is the growth since the fall, and its time.
    pub(super) fn split_fallen(&mut self, page: &InstancePage<'_>, within: (u64, Span)) -> Option<Outcome> {
        let ids: Vec<_> = self.all.iter().map(|process| process.id).collect();
        ids.into_iter().find_map(|id| {
            self.split_if(page, id, |passed, now, process| {
                passed.lands_below(page, now, process) || passed.goes_on_below(now, page.at, &process.0, within)
            })
        })
    }

    /// Splits a process if a page returns to one of the lines that it left. The postings of the steps are reversed.
    fn split_if(
        &mut self,
        page: &InstancePage<'_>,
        id: ProcessId,
        returns: impl FnOnce(&mut PassedLines, &Line, &(Line, Moment)) -> bool,
    ) -> Option<Outcome> {
        let process = self.get_mut(id).filter(|process| process.starts.is_empty())?;
        let (now, present) = (process.line_of(page.rows), (process.line(), process.last_seen));
        if !returns(&mut process.passed, &now, &present) {
            return None;
        }
        let passed = std::mem::take(&mut process.passed);
        (process.trial, process.shadow) = (None, false);
        self.quarantined.clear();
        self.turns.unsettle();
        let nearest = passed.last;
        let lines = passed.left.into_iter().map(|left| (left.line, left.seen)).chain([present]);
        let mut own = id;
        for (nth, (line, seen)) in lines.enumerate() {
            let added = self.add(None, seen);
            if let Some(process) = self.get_mut(added) {
                process.adopt_line(&line, seen);
            }
            if nth == nearest {
                own = added;
            }
        }
        self.all.retain(|process| process.id != id);
        let outcome = self.go_on_by_values(page, own);
        Some(Outcome { taken_back: vec![id], lost: true, ..outcome })
    }
}
