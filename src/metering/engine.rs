//! The metering state of one target: the processes behind it, and its rows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::absences::Absences;
use super::on_trial::{OnTrial, ResetRow};
use super::repeated_rows::{RepeatedRows, WithoutRepeats};
use super::row::Row;
use crate::counters::{Process, ProcessId, Processes, RowKey};
use crate::ledger::{Ledger, PostingSource, RevenueAccount, RevenueAccountId};
use crate::pricing::Bill;
use crate::reading::{EngineReading, InstanceId, ModelName, NodeName, PageReading, PromptCount, TokenCounters};
use crate::units::{Moment, Span, Timestamp, Tokens};

/// How long an instance that left the page may return and continue.
const KEPT: Span = Span::from_secs(86_400);
/// The most instances kept for a target.
const INSTANCES: usize = 1024;
/// The most rows kept for a target; the least recently seen is dropped first.
const ROWS: usize = 1024;
/// The number of rows or instances up to which each is given exactly its place: a row takes kilobytes.
const FEW: usize = 16;
/// The number of pages with running requests and no counter of tokens after which tokens are missing.
const UNSHOWN: u8 = 3;

/// One target.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    pub(crate) instances: Vec<Instance>,
    pub(crate) rows: Vec<Row>,
    /// When its last page was received.
    pub(crate) last_page: Option<Moment>,
    /// Which requests were billed up to its last page.
    pub(super) bill: Option<Bill>,
    /// The total of the GPUs that the bounds of its last page's rows assume.
    pub(super) judged: Vec<(NodeName, u64)>,
    /// The rows of its page that repeat others.
    pub(super) repeated: RepeatedRows,
    /// The only row that left the page of the instance being read.
    pub(super) left: Option<usize>,
    /// The accounts of the rows that a restart removed from the page being read, in row order.
    pub(super) ended: VecDeque<RevenueAccountId>,
    /// Whether any of its rows has live counters.
    pub(super) has_live: bool,
    /// How many pages in a row showed running requests and no counter of tokens at all.
    pub(super) works_without_counters: u8,
    /// Whether a person reset its processes, so that its next page is a baseline.
    pub(super) is_reset: bool,
    /// Whether the reset dropped growth of a counted target.
    pub(super) lost_by_reset: bool,
    /// The instances whose next growth may be counted already, at an address that was reset.
    pub(super) recounted: BTreeSet<Option<InstanceId>>,
}

/// One instance on the target's page.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) id: Option<InstanceId>,
    pub(crate) seen: Moment,
    pub(crate) processes: Processes,
    pub(super) absences: Absences,
    /// Its number as an address of posting sources; 0 before its first posting.
    pub(super) number: u64,
    /// When one of its counters jumped from zero by so much that its earlier pages may have been wrong.
    pub(super) leapt: Option<Moment>,
    /// Whether its growth on this page may have been counted under other labels.
    pub(super) is_unproven: bool,
    /// Whether it left its page in a gap, for which a lost window was counted.
    pub(super) has_departed: bool,
    /// Entries that were posted on trial, by process.
    pub(super) trial: BTreeMap<ProcessId, OnTrial>,
    /// Entries of rows that were reset and may have dipped.
    pub(super) resets: Vec<ResetRow>,
}

impl Engine {
    /// The number of an instance as an address of posting sources, if it posted.
    pub(super) fn address(&self, id: Option<&InstanceId>) -> Option<u64> {
        let instance = self.instances.iter().find(|instance| instance.id.as_ref() == id)?;
        Some(instance.number).filter(|number| *number != 0)
    }

    /// The instance of a page's rows; added if new.
    pub(super) fn instance(&mut self, id: Option<&InstanceId>, at: Moment) -> &mut Instance {
        let place = self.instances.iter().position(|instance| instance.id.as_ref() == id).unwrap_or_else(|| {
            if self.instances.len() < FEW {
                self.instances.reserve_exact(1);
            }
            self.instances.push(Instance {
                id: id.cloned(),
                seen: at,
                processes: Processes::default(),
                absences: Absences::default(),
                number: 0,
                leapt: None,
                is_unproven: false,
                has_departed: false,
                trial: BTreeMap::new(),
                resets: Vec::new(),
            });
            self.instances.len() - 1
        });
        &mut self.instances[place]
    }

    /// The index of a reading's row, added if new. A row with another name (`was`) on earlier pages of its process keeps
    /// its index. If only one row left its instance's page, the first new row is taken for it.
    pub(super) fn row(&mut self, reading: &EngineReading, was: Option<&RowKey>, at: Moment, window: Span) -> usize {
        if let Some(known) = self.rows.iter().position(|row| row.is_of(reading)) {
            return known;
        }
        if let Some(place) = was.and_then(|key| self.row_renamed(reading, key, at)) {
            self.left = self.left.filter(|left| *left != place);
            self.rows[place].rename(RowKey::of(reading));
            return place;
        }
        if let Some(place) = self.left.take() {
            self.rows[place].rename(RowKey::of(reading));
            return place;
        }
        let mut blank = EngineReading::new(reading.kind, reading.model.clone(), reading.rank.clone());
        blank.instance.clone_from(&reading.instance);
        let former = self.ended.pop_front();
        if self.rows.len() < FEW {
            self.rows.reserve_exact(1);
        }
        self.rows.push(Row { former, ..Row::new(blank, at, window) });
        self.rows.len() - 1
    }

    /// The row of a former name, if no process of its instance has that name any more.
    fn row_renamed(&self, reading: &EngineReading, was: &RowKey, at: Moment) -> Option<usize> {
        let instance = self.instances.iter().find(|instance| instance.id == reading.instance)?;
        let is_kept = instance.processes.all().iter().any(|process| process.find(was).is_some());
        let is_of = |row: &Row| row.instance == reading.instance && row.key == *was && row.seen != at;
        self.rows.iter().position(is_of).filter(|_| !is_kept)
    }

    /// The only row of an instance that none of its processes has any more and that is not on its page.
    pub(super) fn row_that_left(&self, id: Option<&InstanceId>, page: &[&EngineReading]) -> Option<usize> {
        let instance = self.instances.iter().find(|instance| instance.id.as_ref() == id)?;
        let has = |key: &RowKey| instance.processes.all().iter().any(|process| process.find(key).is_some());
        let mut left = (0..self.rows.len()).filter(|place| {
            let row = &self.rows[*place];
            row.instance.as_ref() == id && !has(&row.key) && !page.iter().any(|reading| row.is_of(reading))
        });
        left.next().filter(|_| left.next().is_none())
    }

    /// The accounts of rows that were on an instance's last page and are not on this one, if there is a new row for each.
    /// It is unknown which row became which, but together they earn as before.
    pub(super) fn accounts_that_ended(
        &self,
        id: Option<&InstanceId>,
        page: &[&EngineReading],
    ) -> VecDeque<RevenueAccountId> {
        let was_there = |row: &&Row| row.instance.as_ref() == id && Some(row.seen) == self.last_page;
        let ended = self.rows.iter().filter(was_there).filter(|row| !page.iter().any(|reading| row.is_of(reading)));
        let accounts: VecDeque<_> = ended.filter_map(|row| row.account.as_ref().map(|(_, id)| *id)).collect();
        let new = page.iter().filter(|reading| !self.rows.iter().any(|row| row.is_of(reading))).count();
        if accounts.len() <= new { accounts } else { VecDeque::new() }
    }

    /// The model of a row whose page no longer names it.
    pub(super) fn known_model(&self, process: ProcessId, page: &[&EngineReading], nth: usize) -> Option<ModelName> {
        let reading = page.get(nth).filter(|reading| reading.model.is_none())?;
        let instance = self.instances.iter().find(|instance| instance.id == reading.instance)?;
        instance.processes.get(process)?.key_of(reading, page)?.model.clone()
    }

    /// Whether rows of its page repeat others.
    pub(crate) const fn has_repeated(&self) -> bool {
        !self.repeated.is_empty()
    }

    /// A page without rows that repeat its others; `None` if it has none.
    pub(super) fn without_repeats(&mut self, page: &PageReading) -> Option<WithoutRepeats> {
        let Self { repeated, rows, .. } = self;
        repeated.without(page, |row| {
            rows.iter().any(|known| known.instance == row.instance && known.reading.model == row.model)
        })
    }

    /// Adds GPUs that the bounds of an instance on a node assume.
    pub(super) fn note_judged(&mut self, node: &NodeName, gpus: u64) {
        match self.judged.iter_mut().find(|(known, _)| known == node) {
            Some((_, sum)) => *sum = sum.saturating_add(gpus),
            None => self.judged.push((node.clone(), gpus)),
        }
    }

    /// Drops instances and rows that left the page long ago or exceed the limits. Returns the rows.
    pub(super) fn prune(&mut self, at: Moment) -> Vec<Row> {
        let mut limit = None;
        if self.rows.len() > ROWS {
            let mut seen: Vec<_> = self.rows.iter().map(|row| row.seen.boot).collect();
            seen.sort_unstable_by(|a, b| b.cmp(a));
            limit = seen.get(ROWS).copied();
        }
        let drops =
            |row: &Row| row.is_outdated(at) || row.seen != at && limit.is_some_and(|limit| row.seen.boot <= limit);
        let dropped = self.rows.extract_if(.., |row| drops(row)).collect();
        self.instances.retain(|instance| at.since(instance.seen) < KEPT);
        while self.instances.len() > INSTANCES {
            let oldest = self.instances.iter().enumerate().min_by_key(|(_, instance)| instance.seen.boot);
            let Some(oldest) = oldest.map(|(at, _)| at) else { break };
            self.instances.swap_remove(oldest);
        }
        dropped
    }

    /// Forgets the processes: the next page is a baseline.
    pub(super) fn reset(&mut self) {
        self.instances.clear();
        self.is_reset = true;
        self.rows.iter_mut().for_each(Row::begin_drawing);
        self.rows.iter_mut().for_each(Row::forget_processes);
    }

    /// Renumbers the accounts of rows from `before` to those of another ledger. Forgets what was posted.
    pub(super) fn renumber(&mut self, before: &[RevenueAccount], ledger: &mut Ledger) {
        for row in &mut self.rows {
            row.former = row.former.and_then(|id| before.get(id.index())).map(|account| ledger.account(account));
            if let Some((account, id)) = &mut row.account {
                *id = ledger.account(account);
            }
            (row.leakage, row.earned) = Default::default();
            row.forget_correctable();
            row.guard.iter_mut().for_each(|guard| guard.forget_posted());
        }
        for instance in &mut self.instances {
            instance.trial.clear();
            instance.resets.clear();
        }
    }

    /// A row's process as a source of postings; the row and its instance are numbered at the first posting.
    pub(super) fn number(&mut self, place: usize, process: ProcessId, last: &mut u64) -> PostingSource {
        let row = &mut self.rows[place];
        let instance = self.instances.iter_mut().find(|instance| instance.id == row.instance);
        let address = instance.map(|instance| &mut instance.number);
        for number in [&mut row.number].into_iter().chain(address).filter(|number| **number == 0) {
            *last += 1;
            *number = *last;
        }
        let instance = self.instances.iter().find(|instance| instance.id == row.instance);
        row.address = instance.map_or(0, |instance| instance.number);
        row.source(process)
    }

    /// Whether an instance's process is known by this start time; nothing contradicts a page without one.
    pub(super) fn knows(&self, start: Option<Timestamp>) -> bool {
        let mut current = self.instances.iter().filter_map(|instance| instance.processes.current());
        start.is_none() || current.any(|process| process.start() == start)
    }

    /// A process of an instance.
    pub(super) fn process(&self, id: Option<&InstanceId>, process: ProcessId) -> Option<&Process> {
        self.instances.iter().find(|instance| instance.id.as_ref() == id)?.processes.get(process)
    }

    /// A row's counters, summed over the counted processes that answer.
    pub(crate) fn counters(&self, row: &Row, now: Moment, is_counted: impl Fn(ProcessId) -> bool) -> TokenCounters {
        let instance = self.instances.iter().find(|instance| instance.id == row.instance);
        let processes = instance.into_iter().flat_map(|instance| instance.processes.answering(now));
        let processes = processes.filter(|process| is_counted(process.id()));
        let rows = processes.filter_map(|process| process.find(&row.key));
        rows.map(|known| known.counters.last()).fold(TokenCounters::default(), plus)
    }

    /// The most processes behind one instance's address.
    pub(crate) fn processes_in_turn(&self, now: Moment) -> usize {
        let most = self.instances.iter().map(|instance| instance.processes.answering(now).count());
        most.max().unwrap_or(0)
    }

    /// The processes behind the address of one instance.
    pub(crate) fn processes_of(&self, id: Option<&InstanceId>, now: Moment) -> usize {
        let instance = self.instances.iter().find(|instance| instance.id.as_ref() == id);
        instance.map_or(0, |instance| instance.processes.answering(now).count())
    }

    /// The number of restarts seen.
    pub(crate) fn restarts(&self) -> u64 {
        self.instances.iter().map(|instance| instance.processes.restarts()).sum()
    }

    /// Whether a proxy's tokens are withheld until it is known whether an engine counts them.
    pub(crate) fn holds_proxied(&self) -> bool {
        self.rows.iter().any(Row::holds_proxied)
    }

    /// Whether one of its counters is quarantined.
    pub(crate) fn is_quarantined(&self) -> bool {
        self.instances.iter().any(|instance| instance.processes.is_quarantined())
    }

    /// Whether fewer tokens may be posted than were produced, until an open question is settled.
    pub(crate) fn holds_back(&self) -> bool {
        self.holds_proxied() || self.instances.iter().any(|instance| instance.processes.holds_back())
    }

    /// Whether postings for one of several processes without start times may be reversed.
    pub(crate) fn is_on_trial(&self, now: Moment) -> bool {
        self.instances
            .iter()
            .any(|instance| instance.processes.may_be_taken_back(now) || instance.resets.iter().any(ResetRow::posts))
    }

    /// Whether rates include a process that may have stopped.
    pub(crate) fn is_growth_uncertain(&self, now: Moment) -> bool {
        self.instances.iter().any(|instance| instance.is_growth_uncertain(now))
    }

    /// Whether some of its growth may be from before the target was observed.
    pub(crate) fn may_count_earlier(&self, now: Moment) -> bool {
        self.instances.iter().any(|instance| instance.has_leapt(now))
    }

    /// Whether a row of its last page lacks a counter's value, or has an invalid one.
    pub(crate) fn lacks_values(&self) -> bool {
        self.rows.iter().any(|row| row.reading.refused.contains(&true) || row.lacks().contains(&true))
            || self.shows_no_tokens()
    }

    /// Whether its pages show running requests and no counter of tokens at all.
    pub(crate) const fn shows_no_tokens(&self) -> bool {
        self.works_without_counters >= UNSHOWN
    }

    /// Records whether a page shows running requests and no counter of tokens at all.
    pub(super) fn note_work(&mut self, page: &PageReading) {
        let counts = |row: &EngineReading| {
            row.live.is_some() || super::row::billed(row).contains(&true) || row.refused.contains(&true)
        };
        let works = page.engines.iter().any(|row| row.running.is_some_and(|running| running > 0));
        let is_without = works && !page.engines.iter().any(counts);
        self.works_without_counters = if is_without { self.works_without_counters.saturating_add(1) } else { 0 };
    }

    /// Whether more processes answer than can be tracked.
    pub(crate) fn is_crowded(&self, now: Moment) -> bool {
        self.instances.iter().any(|instance| instance.processes.is_crowded(now))
    }

    /// Whether a process has more rows than can be tracked.
    pub(crate) fn lacks_rows(&self, now: Moment) -> bool {
        self.instances
            .iter()
            .any(|instance| instance.processes.current().is_some_and(|process| process.lacks_rows(now)))
    }

    /// Whether prompt or output tokens were on earlier pages and are not on the current ones.
    pub(crate) fn gone(&self) -> [bool; 2] {
        let each = self.instances.iter().map(|instance| instance.processes.gone());
        each.fold([false; 2], |all, one| std::array::from_fn(|i| all[i] || one[i]))
    }

    /// Whether it is unknown if pages are of one process with views that lag, or of two processes with one start time.
    pub(crate) fn has_uncertain(&self) -> bool {
        self.instances.iter().any(|instance| instance.processes.has_uncertain())
    }

    /// Whether indistinguishable processes answer by turns.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.instances.iter().any(|instance| instance.processes.is_ambiguous())
    }

    /// Whether a row's rates are shown: if any row of its instance has live counters, only rows with them are.
    pub(crate) fn draws(&self, row: &Row) -> bool {
        row.reading.live.is_some()
            || !self.has_live
            || self.rows.iter().filter(|other| other.instance == row.instance).all(|other| other.reading.live.is_none())
    }

    /// Whether processes answer at a row's address whose growth is in none of its rates: several indistinguishable ones, or
    /// one that has not answered since they became distinguishable.
    pub(super) fn lacks_rates(&self, place: usize, now: Moment, window: Span) -> bool {
        let row = &self.rows[place];
        let instance = self.instances.iter().find(|instance| instance.id == row.instance);
        instance.is_some_and(|instance| {
            let processes = &instance.processes;
            let current = processes.current().map(Process::id);
            let others = processes.answering(now).filter(|process| Some(process.id()) != current);
            // A process that may have been replaced counts when it answers again.
            let mut others = others.filter(|process| !instance.is_gone(process));
            processes.answer_unexplained(now, window)
                || others.any(|process| process.find(&row.key).is_some() && !row.window.has(process.id()))
        })
    }

    /// Whether a row has separate counters of finished requests.
    pub(crate) fn counts_finished(&self, row: &Row) -> bool {
        let instance = self.instances.iter().find(|instance| instance.id == row.instance);
        let process = instance.and_then(|instance| instance.processes.current());
        let known = process.and_then(|process| process.find(&row.key));
        known.is_some_and(|known| known.counters.counts_finished())
    }
}

/// The sum of the counters of two processes.
fn plus(sum: TokenCounters, more: TokenCounters) -> TokenCounters {
    let add = |a: Option<Tokens>, b: Option<Tokens>| match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (known, None) | (None, known) => known,
    };
    TokenCounters {
        prompt: match (sum.prompt, more.prompt) {
            (PromptCount::Whole(a), PromptCount::Whole(b)) => PromptCount::Whole(a + b),
            (PromptCount::ComputedOnly(a), PromptCount::ComputedOnly(b)) => PromptCount::ComputedOnly(a + b),
            (PromptCount::Unknown, known) | (known, _) => known,
        },
        cached: add(sum.cached, more.cached),
        output: add(sum.output, more.output),
    }
}
