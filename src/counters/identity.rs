//! Identifies the process behind the counters of a page.
//!
//! Several processes can answer at one address by turns; each has its own last values. A page with a start time belongs to
//! the process with that start time. A new start time is that of a process started while the address was observed, which
//! counts from zero, or of an older process, whose first page is a baseline. Pages without a start time are matched by
//! their values (`unidentified`).

use serde::{Deserialize, Serialize};

use super::delta::Step;
use super::moved_starts::Jitter;
use super::page::{ANSWERING, FORGOTTEN, InstancePage, Outcome, PageVerdict, SLACK, UNSET};
use super::passed::PassedLines;
use super::process::{Process, Succession};
use super::process_id::ProcessId;
use super::process_row::ProcessRow;
use super::quarantined::QuarantinedLines;
use super::row::RowCounters;
use super::start_lines::same_start;
use super::trial::Trial;
use super::turn_lines::Turns;
use super::values::RowKey;
use crate::units::{Moment, Span, Timestamp};

/// Growth since a start has a rate if the start is known to one part in this many of the process's age.
const VAGUE: i64 = 10;
/// The most processes kept for an address; the least recently seen is dropped first.
const PROCESSES: usize = 64;
/// A process answers rarely if the other one gave so many pages meanwhile.
const RARE: i64 = 40;

/// The processes behind one instance of one address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Processes {
    pub(super) all: Vec<Process>,
    pub(super) next: u32,
    /// The process of the last page.
    pub(super) current: Option<ProcessId>,
    /// A start time close to a known one, until it is known whether both belong to the same process.
    pub(super) jitter: Option<Jitter>,
    /// Quarantined lines, which continue no process without a start time.
    #[serde(default, alias = "held")]
    pub(super) quarantined: QuarantinedLines,
    /// Lines of processes without start times that answer by turns.
    #[serde(default, skip_serializing_if = "Turns::is_empty")]
    pub(super) turns: Turns,
    /// The number of restarts seen.
    pub(super) restarts: u64,
    /// When a process that still answered was last dropped because of the limit.
    #[serde(default)]
    crowded: Option<Moment>,
    /// The latest start time of the processes that are counted together with the one whose start time the page has first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other_start: Option<Timestamp>,
}

impl Processes {
    /// A single process with these rows.
    pub fn of_one(start: Option<Timestamp>, seen: Moment, rows: Vec<ProcessRow>) -> Self {
        let mut processes = Self::default();
        let id = processes.add(start, seen);
        if let Some(process) = processes.get_mut(id) {
            process.rows = rows;
        }
        processes
    }

    /// Applies a page.
    pub fn advance(&mut self, page: &InstancePage<'_>) -> Outcome {
        let (believed, lost) = self.forget(page.at);
        let page = &InstancePage { start: page.start.filter(|start| *start > UNSET || self.knows(*start)), ..*page };
        let other_began = self.other_began(page);
        let mut outcome = match page.start {
            Some(start) => self.advance_identified(page, start),
            None => self.advance_unidentified(page),
        };
        outcome.believed.extend(believed);
        outcome.lost |= lost || other_began;
        outcome
    }

    /// The processes that answer now: seen within the last minute and not replaced.
    pub fn answering(&self, now: Moment) -> impl Iterator<Item = &Process> {
        let only = self.all.len() == 1;
        self.all.iter().filter(move |process| {
            only || !process.ended && !process.shadow && now.since(process.last_seen) < ANSWERING
                || self.current == Some(process.id)
        })
    }

    /// Records that the tokens of each process before its first page are counted as missing, whether it replaced others or
    /// not.
    pub fn close_successions(&mut self) {
        self.all.iter_mut().for_each(Process::close_succession);
    }

    /// Continues with finished requests (`to_finished`) or with all requests as what is billed. Returns whether tokens may be
    /// missing.
    pub fn change_bill(&mut self, to_finished: bool) -> bool {
        let mut may_miss = false;
        for row in self.all.iter_mut().flat_map(|process| &mut process.rows) {
            may_miss |= row.counters.change_bill(to_finished);
        }
        may_miss
    }

    /// The rows with disputed growth.
    pub fn disputed_rows(&mut self) -> impl Iterator<Item = (&RowKey, &mut RowCounters)> {
        let rows = self.all.iter_mut().flat_map(|process| &mut process.rows);
        rows.filter(|row| row.counters.disputed_since().is_some()).map(|row| (&row.key, &mut row.counters))
    }

    /// All known processes.
    pub fn all(&self) -> &[Process] {
        &self.all
    }

    /// The process of the last page.
    pub fn current(&self) -> Option<&Process> {
        self.current.and_then(|id| self.get(id))
    }

    /// A process by its number.
    pub fn get(&self, id: ProcessId) -> Option<&Process> {
        self.all.iter().find(|process| process.id == id)
    }

    /// A process by its number.
    pub fn get_mut(&mut self, id: ProcessId) -> Option<&mut Process> {
        self.all.iter_mut().find(|process| process.id == id)
    }

    /// The number of restarts seen.
    pub const fn restarts(&self) -> u64 {
        self.restarts
    }

    /// Whether a change is quarantined.
    pub fn is_quarantined(&self) -> bool {
        self.quarantined.is_active() || self.jitter.is_some() || self.current().is_some_and(Process::is_quarantined)
    }

    /// Whether indistinguishable processes without start times answer by turns. Only one of them is counted.
    pub fn is_ambiguous(&self) -> bool {
        self.all.iter().any(|process| process.shadow) || self.quarantined.is_ambiguous()
    }

    /// Whether it is unknown if pages are of one process with views that lag, or of two processes with one start time.
    pub fn has_uncertain(&self) -> bool {
        self.all.iter().any(|process| process.uncertain.is_some())
    }

    /// Whether a process that still answered was dropped at an instant.
    pub fn dropped_at(&self, at: Moment) -> bool {
        self.crowded == Some(at)
    }

    /// Whether more processes answer than can be kept.
    pub fn is_crowded(&self, now: Moment) -> bool {
        self.crowded.is_some_and(|at| now.since(at) < FORGOTTEN)
    }

    /// Whether prompt and output tokens were counted on earlier pages and are not on the current ones.
    pub fn gone(&self) -> [bool; 2] {
        self.current().map(Process::gone).unwrap_or_default()
    }

    /// Whether fewer tokens may be posted than were produced, until an open question is settled.
    pub fn holds_back(&self) -> bool {
        self.is_quarantined()
            || self.is_ambiguous()
            || self.quarantined.have_grown()
            || self.gone().contains(&true)
            || self.all.iter().any(|process| process.may_have_dipped() || process.holds_back())
    }

    /// All moments in the state, to move them to another boot's clock.
    pub fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { all, next: _, current: _, jitter, quarantined, turns, restarts: _, crowded, other_start: _ } = self;
        let jitter = jitter.iter_mut().flat_map(Jitter::moments_mut);
        all.iter_mut()
            .flat_map(Process::moments_mut)
            .chain(quarantined.moments_mut())
            .chain(turns.moments_mut())
            .chain(jitter)
            .chain(crowded)
    }

    /// Whether another process that is counted together with this one restarted: its tokens before that which were on no
    /// page are missing.
    fn other_began(&mut self, page: &InstancePage<'_>) -> bool {
        let Some(start) = page.other_start else { return false };
        let known = self.other_start.replace(start);
        let is_later = known.is_some_and(|known| start > known && !same_start(start, known));
        is_later && self.current().is_some_and(|process| process.has_lost_series(page.rows))
    }

    fn knows(&self, start: Timestamp) -> bool {
        self.all.iter().any(|process| process.has_start(start))
    }

    pub(super) fn advance_identified(&mut self, page: &InstancePage<'_>, start: Timestamp) -> Outcome {
        if let Some(id) = self.with_start(page, start) {
            let id = match self.judge_uncertain(page, id) {
                Ok(id) => id,
                Err(outcome) => return outcome,
            };
            if let Some(process) = self.get_mut(id) {
                let context = page.context(process.last_seen);
                process.follow_labels(page.rows, &context);
            }
            let undone = self.undo_jitter(page, start, id).or_else(|| self.undo_leap(page, start, id));
            let undone = undone.or_else(|| self.split_starts(page, start, id));
            if let Some(outcome) = undone {
                return outcome;
            }
            let mut lost = false;
            if self.jitter.as_ref().is_some_and(|quarantined| quarantined.is_of(id)) {
                lost = self.settle_jitter(page, id);
            } else {
                // Another process answers at the address, so the quarantined start time is of another one too.
                self.refute_jitter();
            }
            self.try_leap(page, id);
            let outcome = self.go_on(page, id);
            return Outcome { lost: outcome.lost || lost, ..outcome };
        }
        if let Some(id) = self.adopts(page, start) {
            return self.go_on(page, id);
        }
        if let Some(id) = self.may_jitter(page, start) {
            return self.take_jitter(page, start, id);
        }
        if self.jitter.is_some() {
            let is_later = self.falls_later(page, start);
            self.refute_jitter();
            if !is_later {
                return self.advance_identified(page, start);
            }
        }
        self.outgrown_birth(page, start).unwrap_or_else(|| self.first_page(page, start))
    }

    /// Applies a page of a known process.
    pub(super) fn go_on(&mut self, page: &InstancePage<'_>, id: ProcessId) -> Outcome {
        let returned = self.get(id).is_some_and(|process| process.ended) || self.ends_succession(id);
        let taken_back = self.return_of(id);
        let is_rare = self.answers_rarely(page, id);
        let Some(process) = self.get_mut(id) else { return self.quarantine(page, id) };
        let since = process.last_seen;
        let context = page.context(since);
        if process.is_cut(page.rows) {
            let quarantined = self.quarantine(page, id);
            return Outcome { verdict: PageVerdict::Cut, since, ..quarantined };
        }
        let mut steps = process.advance(page.rows, &context);
        let posts = !process.shadow;
        // Its pages may be those of the other process, whose counters jump falsely at times.
        for step in &mut steps {
            step.unproven |= is_rare;
        }
        process.last_seen = page.at;
        process.unposted &= process.is_quarantined();
        if !posts {
            for step in &mut steps {
                (step.grown, step.disputed, step.present) = (None, None, [false; 3]);
            }
        }
        let on_trial = process.trial.is_some();
        self.current = Some(id);
        let lost = !taken_back.is_empty();
        Outcome {
            verdict: PageVerdict::Continues,
            steps,
            on_trial,
            taken_back,
            lost,
            returned,
            ..Outcome::empty(id, since, page)
        }
    }

    /// Whether a process that only its values tell from another one answers after the other one did for long.
    fn answers_rarely(&self, page: &InstancePage<'_>, id: ProcessId) -> bool {
        let Some(process) = self.get(id) else { return false };
        let absent = page.at.since(process.last_seen);
        let of_values = || {
            let other = self.current.filter(|current| *current != id).and_then(|current| self.get(current));
            let interval = other.map(|other| page.at.since(other.last_seen));
            process.starts.is_empty()
                && interval.is_some_and(|interval| absent.millis() >= interval.millis().saturating_mul(RARE))
        };
        absent >= ANSWERING && (process.apart || of_values())
    }

    /// Applies the first page with a new start time.
    fn first_page(&mut self, page: &InstancePage<'_>, start: Timestamp) -> Outcome {
        let last = self.last_answered();
        let ours = start - page.ahead.unwrap_or_default();
        let began = self.birth(page, start);
        let replaces = self.replaces(page, ours);
        let id = self.add(Some(start), page.at);
        let Some(began) = began else {
            let appeared = page.appeared_since.filter(|_| last.is_none());
            if let Some((since, process)) = appeared.zip(self.get_mut(id)) {
                process.last_seen = since;
                return self.go_on(page, id);
            }
            // With a wrong clock, or without the server's time, it may still have replaced the previous process.
            let after = |slack: Span| last.is_some_and(|last| ours > page.at.wall - page.at.since(last) - slack);
            if let Some(process) = self.get_mut(id).filter(|_| after(FORGOTTEN)) {
                process.succession = Some(Succession::Open);
            }
            let outcome = self.baseline(page, id);
            let before_step = last.is_some_and(|last| page.began_before_step(ours, last));
            return Outcome { lost: before_step || after(SLACK) && page.ahead.is_none(), ..outcome };
        };
        let earliest = page.earliest_birth(began, last);
        let since = page.at + (earliest - page.at.wall);
        let context = page.context(since);
        let mut steps = self.get_mut(id).map(|process| process.advance(page.rows, &context)).unwrap_or_default();
        // By the clocks it may have started before the last page, and produced its tokens over a longer time.
        let is_vague = ours < began || (began - earliest).millis() * VAGUE > (page.at.wall - began).millis();
        for step in &mut steps {
            step.began = is_vague;
        }
        let on_trial = page.ahead.is_none() && last.is_some();
        if let Some(process) = self.get_mut(id).filter(|_| on_trial) {
            process.trial = Some(Trial::of_birth(page.at, process));
        }
        if replaces {
            self.restarts += 1;
            for process in self.all.iter_mut().filter(|process| process.id != id && !process.ended) {
                (process.ended, process.ended_by) = (true, Some(id));
            }
        }
        let verdict = PageVerdict::Born { at: began, replaced: replaces };
        Outcome { verdict, steps, on_trial, ..Outcome::empty(id, since, page) }
    }

    /// Records that a process answers, so that others did not replace it. Returns whether one was assumed to have done so.
    fn ends_succession(&mut self, id: ProcessId) -> bool {
        let mut believed = false;
        for process in self.all.iter_mut().filter(|process| process.id != id) {
            believed |= process.succession.take() == Some(Succession::Believed);
        }
        believed
    }

    /// When the last page of any process was received.
    fn last_answered(&self) -> Option<Moment> {
        self.all.iter().map(|process| process.last_seen).max_by_key(|at| at.boot)
    }

    /// Since when a process with a new start time counts, by our clock; `None` if it did not start while observed.
    pub(super) fn birth(&self, page: &InstancePage<'_>, start: Timestamp) -> Option<Timestamp> {
        let ours = start - page.ahead.unwrap_or_default();
        // A start time in the future, from a server whose clock is ahead, proves nothing.
        let is_future = ours > page.at.wall + SLACK;
        // Without the server's time, a process that appears while several answer may be an older one.
        let proven = page.ahead.is_some() || self.answering(page.at).count() < 2;
        // By the boot clock, when the address last answered.
        let last = self.last_answered().map(|last| page.at.wall - page.at.since(last));
        let born = match last {
            Some(last) => proven && ours > last - SLACK,
            None => page.watched_since.is_some_and(|watched| watched <= ours),
        };
        let began = last.map_or(ours, |last| ours.max(last)).min(page.at.wall);
        (born && !is_future).then_some(began)
    }

    /// Whether a new process replaces the last one: none has answered since the new one started.
    fn replaces(&self, page: &InstancePage<'_>, born: Timestamp) -> bool {
        self.current().is_some_and(|last| page.at.wall - page.at.since(last.last_seen) <= born + SLACK)
    }

    /// Revives a process that was assumed replaced and answers again. Returns the processes whose start was accepted
    /// without the server's time: they may be older.
    fn return_of(&mut self, id: ProcessId) -> Vec<ProcessId> {
        let Some(process) = self.get(id).filter(|process| process.ended) else { return Vec::new() };
        // It did not replace the others either.
        let by = process.ended_by;
        self.all.iter_mut().filter(|process| process.ended_by == by).for_each(|process| process.ended = false);
        self.restarts = self.restarts.saturating_sub(1);
        let born = self.all.iter_mut().filter(|process| process.trial.as_ref().is_some_and(Trial::is_birth));
        born.map(|process| {
            process.trial = None;
            process.id
        })
        .collect()
    }

    pub(super) fn add(&mut self, start: Option<Timestamp>, at: Moment) -> ProcessId {
        if self.all.len() >= PROCESSES
            && let Some(oldest) =
                self.all.iter().enumerate().min_by_key(|(_, process)| process.last_seen.boot).map(|(at, _)| at)
        {
            let dropped = self.all.swap_remove(oldest);
            if !dropped.ended && at.since(dropped.last_seen) < ANSWERING {
                self.crowded = Some(at);
            }
        }
        let id = ProcessId(self.next);
        self.next += 1;
        // Most instances are one process.
        self.all.reserve_exact(1);
        self.all.push(Process::new(id, start, at));
        self.current = Some(id);
        id
    }

    /// Takes a process's page as a baseline.
    pub(super) fn baseline(&mut self, page: &InstancePage<'_>, id: ProcessId) -> Outcome {
        let context = page.context(page.at);
        let steps = self.get_mut(id).map(|process| process.baseline(page.rows, &context)).unwrap_or_default();
        Outcome { verdict: PageVerdict::Baseline, steps, ..Outcome::empty(id, page.at, page) }
    }

    /// Quarantines a page.
    pub(super) fn quarantine(&mut self, page: &InstancePage<'_>, id: ProcessId) -> Outcome {
        let since = self.get(id).map_or(page.at, |process| process.last_seen);
        let quarantined = |present| Step { quarantined: true, present, ..Step::default() };
        let steps = page
            .rows
            .iter()
            .map(|reading| quarantined(reading.tokens.numbers().map(|value| value.is_some())))
            .collect();
        Outcome { verdict: PageVerdict::Quarantined, steps, ..Outcome::empty(id, since, page) }
    }

    /// A process without a start time that continues on a page with one, if that start precedes the process's first page.
    fn adopts(&mut self, page: &InstancePage<'_>, start: Timestamp) -> Option<ProcessId> {
        let ours = start - page.ahead.unwrap_or_default();
        let silent = self.all.iter_mut().filter(|process| process.starts.is_empty());
        let process = silent.max_by_key(|process| process.last_seen.boot)?;
        let context = page.context(process.last_seen);
        // Growth beyond the process's pace may be that of another, older process.
        let goes_on = matches!(process.fit(page.rows, &context), super::page_match::PageMatch::Continues(_))
            && process.paces_to(page.rows, page.at.since(process.last_seen));
        let before = page.at.wall - page.at.since(process.first_seen) + SLACK;
        (goes_on && ours <= before).then(|| {
            process.add_start(start, false);
            process.id
        })
    }

    /// Ends trials and drops verdicts after ten minutes without new evidence. Returns the processes whose trial is over,
    /// and whether tokens are missing: one of the trials was of a reset without a start time, or a line that had grown was
    /// never explained.
    fn forget(&mut self, now: Moment) -> (Vec<ProcessId>, bool) {
        let lost_line = self.quarantined.forget(now);
        let current = self.current;
        self.all.retain(|process| {
            Some(process.id) == current || now.since(process.last_seen) < FORGOTTEN || !process.shadow
        });
        let (mut believed, mut lost) = (Vec::new(), lost_line | self.settle_uncertain(now));
        for process in &mut self.all {
            if process.succession == Some(Succession::Open) && now.since(process.first_seen) >= ANSWERING {
                process.succession = Some(Succession::Believed);
                lost = true;
            }
            if now.since(process.last_seen) >= FORGOTTEN {
                lost |= std::mem::take(&mut process.unposted);
            }
            if process.trial.as_ref().is_some_and(|trial| now.since(trial.since) >= FORGOTTEN) {
                lost |= process.trial.as_ref().is_some_and(Trial::is_reset);
                process.trial = None;
                process.passed = PassedLines::default();
                believed.push(process.id);
            }
        }
        (believed, lost)
    }
}
