//! Processes without start times that answer strictly by turns.
//!
//! If each page is of another line of values than the previous one, and each line grows on its own, the lines are those of
//! separate processes, whatever their pace and order of appearance.

use super::identity::Processes;
use super::line::Line;
use super::page::{InstancePage, Outcome};
use super::passed::PassedLines;
use super::process::Process;
use super::process_id::ProcessId;
use super::turn_lines::{TurnLine, Turns};

/// The most rows of a page that is compared.
const ROWS: usize = 64;

impl Processes {
    /// Applies a page of processes that answer by turns, if they are not distinguished yet.
    pub(super) fn take_turn(&mut self, page: &InstancePage<'_>) -> Option<Outcome> {
        if page.rows.len() > ROWS || self.all.iter().any(|process| !process.starts.is_empty()) {
            self.turns = Turns::default();
            return None;
        }
        let now = Line::of(page.rows);
        let place = self.turns.place(&now, page.at)?;
        let is_turn = self.turns.is_turn(place, &now, page.at);
        let outcome = if is_turn && self.turns.are_enough() { self.tell_apart(page, place) } else { None };
        self.turns.advance(place, now, page.at, is_turn);
        outcome
    }

    /// Assigns each line its process, and applies a page of one of them. `None` if they are assigned already.
    fn tell_apart(&mut self, page: &InstancePage<'_>, place: usize) -> Option<Outcome> {
        if let Some(id) = self.turns.lines[place].process {
            // Its first growth is its own, however fast.
            let is_new = self.get(id).is_some_and(|process| !process.has_shown() && process.may_go_on_from(page));
            return is_new.then(|| self.go_on(page, id));
        }
        let mut found = Distinguished::default();
        self.find_lines(&mut found);
        self.find_earlier(&mut found);
        self.add_others(&mut found);
        let id = self.turns.lines[place].process?;
        if !found.is_news && !self.quarantined.is_active() {
            return None;
        }
        self.quarantined.clear();
        let outcome = self.go_on(page, id);
        let lost = outcome.lost || found.is_news;
        let taken_back = outcome.taken_back.into_iter().chain(found.taken_back).collect();
        Some(Outcome { taken_back, believed: found.believed, lost, ..outcome })
    }

    /// Finds the processes whose last values are those of a line. Their trials succeed, except for a step from a lower
    /// line.
    fn find_lines(&mut self, found: &mut Distinguished) {
        for place in 0..self.turns.lines.len() {
            let line = self.turns.lines[place].clone();
            let Some(process) = self.all.iter_mut().find(|process| line.is_at(process)) else { continue };
            let id = process.id;
            found.is_news |= std::mem::take(&mut process.shadow);
            process.passed = PassedLines::default();
            let trial = process.trial.take();
            let stepped = |lower: &TurnLine| {
                lower.process.is_none() && trial.as_ref().is_some_and(|trial| trial.stepped_from(&lower.first))
            };
            let from = self.turns.lines[..place].iter().rposition(stepped);
            match (from, trial) {
                (Some(from), Some(trial)) => {
                    if let Some(process) = self.get_mut(id) {
                        trial.undo(process);
                    }
                    found.taken_back.push(id);
                    found.is_news = true;
                    self.turns.lines[from].process = Some(id);
                }
                (_, trial) => {
                    found.believed.extend(trial.map(|_| id));
                    self.turns.lines[place].process = Some(id);
                }
            }
        }
    }

    /// Finds the processes whose last values are earlier ones of a line.
    fn find_earlier(&mut self, found: &mut Distinguished) {
        for place in 0..self.turns.lines.len() {
            if self.turns.lines[place].process.is_some() {
                continue;
            }
            let known: Vec<_> = self.turns.lines.iter().filter_map(|line| line.process).collect();
            let (line, lower) = (&self.turns.lines[place], self.turns.lines[..place].last());
            let is_its = |process: &&Process| {
                let values = process.line();
                !known.contains(&process.id)
                    && line.begins_with(&values, process.last_seen)
                    && lower.is_none_or(|lower| !lower.line.reaches(&values))
            };
            let nearest = self.all.iter().filter(is_its).max_by_key(|process| process.line().total());
            let Some(id) = nearest.map(|process| process.id) else { continue };
            self.turns.lines[place].process = Some(id);
            found.is_news = true;
            if let Some(process) = self.get_mut(id) {
                process.passed = PassedLines::default();
                process.shadow = false;
                found.believed.extend(process.trial.take().map(|_| id));
            }
        }
    }

    /// Creates processes for the other lines, and drops those that were created from pages of several processes.
    fn add_others(&mut self, found: &mut Distinguished) {
        let known: Vec<_> = self.turns.lines.iter().filter_map(|line| line.process).collect();
        let since = self.turns.since;
        let is_of_turns = |process: &Process| since.is_some_and(|since| process.first_seen.boot >= since.boot);
        let dropped = |process: &Process| !known.contains(&process.id) && is_of_turns(process);
        found.taken_back.extend(self.all.iter().filter(|it| dropped(it) && it.trial.is_some()).map(|it| it.id));
        self.all.retain(|process| !dropped(process));
        for place in 0..self.turns.lines.len() {
            if self.turns.lines[place].process.is_none() {
                let (line, seen) = (self.turns.lines[place].line.clone(), self.turns.lines[place].seen);
                let id = self.add(None, seen);
                if let Some(process) = self.get_mut(id) {
                    process.adopt_line(&line, seen);
                }
                self.turns.lines[place].process = Some(id);
                found.is_news = true;
            }
        }
    }
}

/// The result of distinguishing processes.
#[derive(Debug, Default)]
struct Distinguished {
    taken_back: Vec<ProcessId>,
    believed: Vec<ProcessId>,
    /// Whether any of the processes was not counted before.
    is_news: bool,
}
