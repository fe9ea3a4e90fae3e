//! Which process stands behind the counters of a page.
//!
//! Several processes can answer at one address, sampled in turn; each keeps its own last values. A page with a start time
//! is the process's that has this start time. A start time seen for the first time is a process that was born while the
//! address was watched, which counts from zero, or one that was there before, whose first page is a baseline.
//! Pages without a start time are matched by their values (`unidentified`).

use serde::{Deserialize, Serialize};

use super::Bounds;
use super::delta::Step;
use super::held::HeldLines;
use super::jitter::Jitter;
use super::process::{Process, ProcessId, ProcessRow};
use super::row::PageContext;
use crate::reading::EngineReading;
use crate::units::{Moment, Span, Timestamp};

/// How far two clocks that are compared may be apart.
const SLACK: Span = Span::from_secs(5);
/// How long a verdict stands without new evidence.
pub(super) const FORGOTTEN: Span = Span::from_secs(600);
/// The most processes that are kept for an address; the least recently seen goes first.
const PROCESSES: usize = 64;
/// How long a process that is not seen counts as one of those that answer.
const ANSWERING: Span = Span::from_secs(60);
/// A start time so soon after 1970 is a clock that was never set.
const UNSET: Timestamp = Timestamp::from_millis(366 * 86_400_000);

/// The processes behind one instance of one address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Processes {
    pub(super) all: Vec<Process>,
    pub(super) next: u32,
    /// The process whose page came last.
    pub(super) current: Option<ProcessId>,
    /// A start time close to a known one, until it is clear whether it is the same process.
    pub(super) jitter: Option<Jitter>,
    /// Lines of values that no process without a start time goes on to.
    #[serde(default)]
    pub(super) held: HeldLines,
    /// Restarts seen.
    pub(super) restarts: u64,
    /// When a process was last dropped that still answered: there are more than are kept.
    #[serde(default)]
    crowded: Option<Moment>,
}

/// One page of an instance.
#[derive(Debug, Clone, Copy)]
pub struct InstancePage<'a> {
    /// When it came.
    pub at: Moment,
    /// Its rows.
    pub rows: &'a [&'a EngineReading],
    /// When its process started, as the page writes it.
    pub start: Option<Timestamp>,
    /// What the server's clock is ahead of ours, where the answer said its time.
    pub ahead: Option<Span>,
    /// Whether any counter on it was no count.
    pub refused: bool,
    /// The bounds of the process.
    pub bounds: Bounds,
    /// Since when a process that is seen for the first time would count from zero if it was born then; `None` if never.
    pub watched_since: Option<Timestamp>,
}

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The first page of a process that was there before: a baseline.
    Baseline,
    /// A process that is known went on.
    Continues,
    /// The first page of a process that was born while it was watched, in place of another or beside it.
    Born {
        /// When, by our clock.
        at: Timestamp,
        /// Whether another one was there before.
        replaced: bool,
    },
    /// It counts from zero in place of another, which is told by its values alone.
    Reset,
    /// A movement waits to be explained.
    Quarantined,
    /// A counter that was there is gone: the page was cut after a line.
    Cut,
}

/// What a page brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What the page is.
    pub verdict: Verdict,
    /// The process; the last known one where a movement waits to be explained.
    pub process: ProcessId,
    /// A step for each row of the page, in its order.
    pub steps: Vec<Step>,
    /// When the process's page before this one came.
    pub since: Moment,
    /// Whether what is posted for this page is to be remembered, since it may be taken back.
    pub on_trial: bool,
    /// Processes of which everything that was posted on trial is to be taken back.
    pub taken_back: Vec<ProcessId>,
    /// Processes whose trial is over: what was posted is believed.
    pub believed: Vec<ProcessId>,
    /// Whether tokens may be missing for what was taken back or is believed now.
    pub lost: bool,
}

impl Processes {
    /// One process with these rows when its last page came.
    pub fn of_one(start: Option<Timestamp>, seen: Moment, rows: Vec<ProcessRow>) -> Self {
        let mut processes = Self::default();
        let id = processes.add(start, seen);
        if let Some(process) = processes.get_mut(id) {
            process.rows = rows;
        }
        processes
    }

    /// Takes a page in.
    pub fn advance(&mut self, page: &InstancePage<'_>) -> Outcome {
        let (believed, lost) = self.forget(page.at);
        let page = &InstancePage { start: page.start.filter(|start| *start > UNSET || self.knows(*start)), ..*page };
        let mut outcome = match page.start {
            Some(start) => self.advance_identified(page, start),
            None => self.advance_unidentified(page),
        };
        outcome.believed = believed;
        outcome.lost |= lost;
        outcome
    }

    /// Processes that answer now, sampled in turn: seen within the last minute and not replaced.
    pub fn answering(&self, now: Moment) -> impl Iterator<Item = &Process> {
        let only = self.all.len() == 1;
        self.all.iter().filter(move |process| {
            only || !process.ended && !process.shadow && now.since(process.last_seen) < ANSWERING
                || self.current == Some(process.id)
        })
    }

    /// All processes that are known.
    pub fn all(&self) -> &[Process] {
        &self.all
    }

    /// The process whose page came last.
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

    /// Restarts seen.
    pub const fn restarts(&self) -> u64 {
        self.restarts
    }

    /// Whether a movement waits to be explained.
    pub fn is_quarantined(&self) -> bool {
        self.held.is_active() || self.jitter.is_some() || self.current().is_some_and(Process::is_quarantined)
    }

    /// Whether processes without start times answer in turn and cannot be told apart: only one of them is counted.
    pub fn is_ambiguous(&self) -> bool {
        self.all.iter().any(|process| process.shadow) || self.held.is_ambiguous()
    }

    /// Whether a process was dropped at an instant that still answered.
    pub fn dropped_at(&self, at: Moment) -> bool {
        self.crowded == Some(at)
    }

    /// Whether more processes answer than are kept.
    pub fn is_crowded(&self, now: Moment) -> bool {
        self.crowded.is_some_and(|at| now.since(at) < FORGOTTEN)
    }

    /// Whether pages had counts of prompt tokens and of output tokens that they have no more.
    pub fn gone(&self) -> [bool; 2] {
        self.current().map(Process::gone).unwrap_or_default()
    }

    /// Whether what is posted may be less than what was produced, until it is settled.
    pub fn holds_back(&self) -> bool {
        self.is_quarantined()
            || self.is_ambiguous()
            || self.gone().contains(&true)
            || self.all.iter().any(Process::may_have_dipped)
    }

    /// The moments that it holds, to place them on another boot's clock.
    pub fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let held = self.held.moments_mut();
        let jitter = self.jitter.iter_mut().flat_map(Jitter::moments_mut);
        self.all.iter_mut().flat_map(Process::moments_mut).chain(held).chain(jitter).chain(&mut self.crowded)
    }

    fn knows(&self, start: Timestamp) -> bool {
        self.all.iter().any(|process| process.has_start(start))
    }

    pub(super) fn advance_identified(&mut self, page: &InstancePage<'_>, start: Timestamp) -> Outcome {
        if let Some(id) = self.all.iter().find(|process| process.has_start(start)).map(|process| process.id) {
            if let Some(outcome) = self.undo_jitter(page, start, id) {
                return outcome;
            }
            match self.jitter.as_ref().is_some_and(|held| held.is_of(id)) {
                true => self.settle_jitter(page, id),
                // Another process answers at the address: what is held is one as well.
                false => self.refute_jitter(),
            }
            return self.go_on(page, id);
        }
        if let Some(id) = self.adopts(page, start) {
            return self.go_on(page, id);
        }
        if let Some(id) = self.may_jitter(page, start) {
            return self.take_jitter(page, start, id);
        }
        if self.jitter.is_some() {
            self.refute_jitter();
            return self.advance_identified(page, start);
        }
        self.first_page(page, start)
    }

    /// A page of a process that is known.
    pub(super) fn go_on(&mut self, page: &InstancePage<'_>, id: ProcessId) -> Outcome {
        self.return_of(id);
        let Some(process) = self.get_mut(id) else { return self.hold(page, id) };
        let since = process.last_seen;
        let context = page.context(since);
        if process.is_cut(page.rows) {
            let held = self.hold(page, id);
            return Outcome { verdict: Verdict::Cut, since, ..held };
        }
        let mut steps = process.advance(page.rows, &context);
        let posts = !process.shadow;
        process.last_seen = page.at;
        if !posts {
            for step in &mut steps {
                (step.grown, step.disputed) = (None, None);
            }
        }
        let on_trial = process.trial.is_some();
        self.current = Some(id);
        Outcome { verdict: Verdict::Continues, steps, on_trial, ..Outcome::empty(id, since, page) }
    }

    /// The first page with a start time.
    fn first_page(&mut self, page: &InstancePage<'_>, start: Timestamp) -> Outcome {
        let last = self.all.iter().map(|process| process.last_seen).max_by_key(|at| at.boot);
        let ours = start - page.ahead.unwrap_or_default();
        let is_future = |start: Timestamp| start - page.ahead.unwrap_or_default() > page.at.wall + SLACK;
        // Without the server's time, one that appears while several answer may have been there before.
        let proven = page.ahead.is_some() || self.answering(page.at).count() < 2;
        let born = match last {
            // The clock that is never set says when the address last answered. A server whose clock is ahead proves no birth.
            Some(_) if !proven => false,
            Some(last) => ours > page.at.wall - page.at.since(last) - SLACK && !is_future(start),
            None => page.watched_since.is_some_and(|watched| watched <= ours) && !is_future(start),
        };
        let replaces = self.replaces(page, ours);
        let id = self.add(Some(start), page.at);
        if !born {
            return self.baseline(page, id);
        }
        let began = last.map_or(ours, |last| ours.max(page.at.wall - page.at.since(last))).min(page.at.wall);
        let since = page.at + (began - page.at.wall);
        let context = page.context(since);
        let steps = self.get_mut(id).map(|process| process.advance(page.rows, &context)).unwrap_or_default();
        if replaces {
            self.restarts += 1;
            self.all.iter_mut().filter(|process| process.id != id).for_each(|process| process.ended = true);
        }
        let verdict = Verdict::Born { at: began, replaced: replaces };
        Outcome { verdict, steps, ..Outcome::empty(id, since, page) }
    }

    /// Whether a process that was born takes the place of the last one: no other answered since it was born.
    fn replaces(&self, page: &InstancePage<'_>, born: Timestamp) -> bool {
        self.current().is_some_and(|last| page.at.wall - page.at.since(last.last_seen) <= born + SLACK)
    }

    /// A process that was believed to be replaced answers again: it was not.
    fn return_of(&mut self, id: ProcessId) {
        let Some(process) = self.get_mut(id).filter(|process| process.ended) else { return };
        process.ended = false;
        self.restarts = self.restarts.saturating_sub(1);
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
        self.all.push(Process::new(id, start, at));
        self.current = Some(id);
        id
    }

    /// Takes a process's page as a baseline.
    pub(super) fn baseline(&mut self, page: &InstancePage<'_>, id: ProcessId) -> Outcome {
        let context = page.context(page.at);
        let mut steps = self.get_mut(id).map(|process| process.baseline(page.rows, &context)).unwrap_or_default();
        if self.all.len() > 1 {
            // What the others produced meanwhile is not known.
            for step in &mut steps {
                step.told = [false; 3];
            }
        }
        Outcome { verdict: Verdict::Baseline, steps, ..Outcome::empty(id, page.at, page) }
    }

    /// Waits with a movement until it is explained.
    pub(super) fn hold(&mut self, page: &InstancePage<'_>, id: ProcessId) -> Outcome {
        let since = self.get(id).map_or(page.at, |process| process.last_seen);
        let quarantined = |told| Step { quarantined: true, told, ..Step::default() };
        let steps = page
            .rows
            .iter()
            .map(|reading| quarantined(super::values::values(&reading.tokens).map(|value| value.is_some())))
            .collect();
        Outcome { verdict: Verdict::Quarantined, steps, ..Outcome::empty(id, since, page) }
    }

    /// A process without a start time that now says one: its values go on and it started before it was first seen.
    fn adopts(&mut self, page: &InstancePage<'_>, start: Timestamp) -> Option<ProcessId> {
        let ours = start - page.ahead.unwrap_or_default();
        let silent = self.all.iter_mut().filter(|process| process.starts.is_empty());
        let process = silent.max_by_key(|process| process.last_seen.boot)?;
        let context = page.context(process.last_seen);
        let goes_on = matches!(process.fit(page.rows, &context), super::process::Fit::Continues(_));
        let before = page.at.wall - page.at.since(process.first_seen) + SLACK;
        (goes_on && ours <= before).then(|| {
            process.add_start(start);
            process.id
        })
    }

    /// Lets verdicts lapse for which nothing spoke for ten minutes; the processes whose trial is over, and whether one of
    /// them began anew without a start time to say so.
    fn forget(&mut self, now: Moment) -> (Vec<ProcessId>, bool) {
        self.held.forget(now);
        let current = self.current;
        self.all.retain(|process| {
            Some(process.id) == current || now.since(process.last_seen) < FORGOTTEN || !process.shadow
        });
        let (mut believed, mut lost) = (Vec::new(), false);
        for process in &mut self.all {
            if process.trial.as_ref().is_some_and(|trial| now.since(trial.since) >= FORGOTTEN) {
                lost |= process.may_have_dipped();
                process.trial = None;
                believed.push(process.id);
            }
        }
        (believed, lost)
    }
}

impl InstancePage<'_> {
    /// What surrounds the rows of a process whose last page came at `last_page`.
    pub(super) fn context(&self, last_page: Moment) -> PageContext {
        let identified = self.start.is_some();
        PageContext { at: self.at, last_page, bounds: self.bounds, refused: self.refused, identified }
    }
}

impl Outcome {
    pub(super) fn empty(process: ProcessId, since: Moment, page: &InstancePage<'_>) -> Self {
        let told = |reading: &&EngineReading| super::values::values(&reading.tokens).map(|value| value.is_some());
        let steps = page.rows.iter().map(|reading| Step { told: told(reading), ..Step::default() }).collect();
        let verdict = Verdict::Continues;
        let (taken_back, believed) = (Vec::new(), Vec::new());
        Self { verdict, process, steps, since, on_trial: false, taken_back, believed, lost: false }
    }
}
