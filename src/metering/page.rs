//! Meters one page: its instances, the growth of their rows, and the accounts that it is posted to.

use std::collections::VecDeque;

use super::absences::Departures;
use super::counts::Counts;
use super::interval::{Interval, begin_rate, note_verdict};
use super::relabelled::InstancePart;
use super::{Context, Engine, Metering, instance_bound, trials};
use crate::counters::plausibility::UNKNOWN_GPUS;
use crate::counters::{ANSWERING, Bounds, Growth, InstancePage, Outcome, PageVerdict, Process, ProcessId, Reset, Step};
use crate::ledger::{Entry, PostingSource};
use crate::reading::{EngineReading, EngineRole, InstanceId, ModelName, PageReading};
use crate::units::{Moment, Money, Span, Timestamp};

/// The largest difference of an engine's clock from ours at which its first page counts from zero.
const CLOCKS_AGREE: Span = Span::from_secs(60);

impl Metering {
    /// Meters a complete page of engines.
    pub(crate) fn read_page(&mut self, context: &mut Context<'_>, page: &PageReading) {
        for reading in &page.engines {
            if self.roles.note(&context.info.target, reading) {
                // Until now its output counted nowhere.
                context.ledger.lose_window(context.at.wall);
            }
        }
        self.note_served(context, page);
        let mut engine = self.engines.lend(&context.info.target).unwrap_or_default();
        let without = engine.without_repeats(page);
        if let Some(ended) = without.as_ref().map(|without| &without.ended).filter(|ended| !ended.is_empty()) {
            end_sums(context, &engine, ended);
        }
        let page = without.as_ref().map_or(page, |without| &without.page);
        engine.judged.clear();
        super::bill_change::follow(context, &mut engine);
        let parts = by_instance(&page.engines);
        if !self.follow_instances(context, &mut engine, page, &parts) {
            self.note_departed(context, &mut engine, &parts);
        }
        for (instance, rows) in &parts {
            self.read_instance(context, &mut engine, page, *instance, rows);
        }
        self.note_left_rows(context, &mut engine);
        self.node_bounds.note(&context.info.target, &engine.judged);
        self.judge_proxies(context, &mut engine);
        self.chained.judge(context.ledger, context.at);
        if std::mem::take(&mut engine.lost_by_reset) && self.counts_any(context, &engine, page) {
            // What was produced since the last page before the reset is not posted.
            context.ledger.lose_window(context.at.wall);
        }
        (engine.last_page, engine.is_reset) = (Some(context.at), false);
        engine.recounted.clear();
        super::proxies::note_dropped(context, &engine.prune(context.at));
        engine.note_gone(context);
        engine.note_work(page);
        engine.has_live = engine.rows.iter().any(|row| row.reading.live.is_some());
        self.compare(context, &mut engine);
        self.engines.insert(context.info.target.clone(), engine);
    }

    /// Whether any row of a page is counted.
    fn counts_any(&self, context: &Context<'_>, engine: &Engine, page: &PageReading) -> bool {
        page.engines.iter().any(|reading| {
            self.row_counts(context, engine, reading, self.role(context.info, reading)) != Counts::NOTHING
        })
    }

    fn read_instance(
        &mut self,
        context: &mut Context<'_>,
        engine: &mut Engine,
        page: &PageReading,
        id: Option<&InstanceId>,
        rows: &[&EngineReading],
    ) {
        let at = context.at;
        if let Some(row) = rows.first() {
            context.move_to(context.node_of(row));
        }
        let start = page.start_of(id);
        let ahead = page.date.map(|date| date - at.wall);
        let seen = InstancePage {
            at,
            rows,
            start,
            other_start: page.other_start_of(id),
            ahead,
            refused: page.refusals.values > 0,
            bounds: self.bounds(context, rows),
            watched_since: watched_since(context, ahead, engine),
            appeared_since: engine.last_page.filter(|_| id.is_some_and(InstanceId::is_version) && engine.knows(start)),
        };
        self.settle_moved(context, engine, id, (start, rows));
        self.transfer_counting(context, engine, id, (start, rows));
        let instance = engine.instance(id, at);
        let answered = std::mem::replace(&mut instance.seen, at);
        let before = instance.processes.current().and_then(Process::start);
        super::disputes::leave_decided(context, id, &mut instance.processes);
        let mut outcome = instance.processes.advance(&seen);
        let are_known = context.inventory.gpu_count(context.node).is_some();
        instance_bound::judge(engine, id, rows, &mut outcome, (seen.bounds, are_known, at));
        let instance = engine.instance(id, at);
        let parts = rows.len().saturating_mul(instance.processes.answering(at).count());
        engine.note_judged(context.node, seen.bounds.gpus().saturating_mul(parts as u64));
        let instance = engine.instance(id, at);
        // The start time as accepted; a time in 1970 is dropped.
        let start = instance.processes.get(outcome.process).and_then(Process::start);
        self.settle_trials(context, engine, id, &outcome);
        // This precedes any posting, since the process may be a duplicate.
        self.find_like(context, engine, (id, rows), &outcome);
        let before = match outcome.verdict {
            PageVerdict::Born { replaced: true, .. } => before,
            PageVerdict::Born { replaced: false, .. } => None,
            _ => start,
        };
        if engine.instance(id, at).processes.dropped_at(at) {
            context.ledger.lose_window(at.wall);
        }
        let uncertain = begin_process(context, engine, (id, ahead.unwrap_or_default()), &outcome);
        let others = engine.note_answer(context, id, &outcome, &uncertain);
        let counts = |reading: &&EngineReading| {
            self.row_counts(context, engine, reading, self.role(context.info, reading)) != Counts::NOTHING
        };
        let counted = rows.iter().any(counts);
        if counted {
            lose_unseen(context, engine, &seen, (id, &outcome, others));
        }
        let interval = note_verdict(context, &outcome, answered, [before, start], counted);
        engine.left = engine.row_that_left(id, rows);
        if counted && matches!(outcome.verdict, PageVerdict::Born { replaced: true, .. }) {
            self.note_lost_window(&context.info.target, id, outcome.process);
        }
        let is_new = matches!(outcome.verdict, PageVerdict::Born { replaced: true, .. } | PageVerdict::Reset);
        engine.ended = if is_new { engine.accounts_that_ended(id, rows) } else { VecDeque::new() };
        self.read_rows(context, engine, rows, &outcome, interval);
    }

    /// Takes back what was posted on trial for processes that turned out to be others.
    fn settle_trials(
        &mut self,
        context: &mut Context<'_>,
        engine: &mut Engine,
        id: Option<&InstanceId>,
        outcome: &Outcome,
    ) {
        for (process, back) in trials::settle(context, engine, id, outcome) {
            self.drop_entries(context, id, process, &back);
            self.chained.drop_entries(context.ledger, &context.info.target, &back);
            let rows = engine.rows.iter_mut().filter(|row| row.instance.as_ref() == id);
            rows.filter_map(|row| row.guard.as_mut()).for_each(|guard| guard.drop_entries(&back));
        }
    }

    fn read_rows(
        &mut self,
        context: &mut Context<'_>,
        engine: &mut Engine,
        rows: &[&EngineReading],
        outcome: &Outcome,
        interval: Interval,
    ) {
        for (nth, (reading, step)) in rows.iter().zip(&outcome.steps).enumerate() {
            match engine.known_model(outcome.process, rows, nth) {
                None => self.read_row(context, engine, reading, step, outcome, interval),
                model => {
                    let named = EngineReading { model, ..(*reading).clone() };
                    self.read_row(context, engine, &named, step, outcome, interval);
                }
            }
        }
    }

    fn read_row(
        &mut self,
        context: &mut Context<'_>,
        engine: &mut Engine,
        reading: &EngineReading,
        step: &Step,
        outcome: &Outcome,
        interval: Interval,
    ) {
        let place = engine.row(reading, step.was.as_ref(), context.at, context.config.window);
        let interval = step.from.map_or(interval, |from| interval.since(from, context.at));
        let still_since = engine.rows[place].steps.still_since(outcome.process, context.at);
        let interval = interval.of_row(step, still_since, context.at);
        if step.reset == Reset::Undone {
            let back = trials::undo_reset(context, engine, reading, outcome.process);
            self.drop_entries(context, reading.instance.as_ref(), outcome.process, &back);
            self.chained.drop_entries(context.ledger, &context.info.target, &back);
        }
        let interval = begin_rate(context, engine, (place, reading), (step, outcome), interval);
        let stood = engine.rows[place].follow_steps((step, outcome), context.at, interval.silent);
        if engine.rows[place].steps.awaits() {
            context.ledger.hear_address(engine.rows[place].address, context.at.wall);
        } else if let Some(grown) = &step.grown {
            self.post_growth(context, engine, (place, reading), (step, grown, outcome), interval);
        }
        if let Some(stood) = stood {
            stretch_rate(context, &engine.rows[place], outcome.process, stood);
        }
        super::disputes::follow_returns(context, reading, step);
        if let Some(disputed) = &step.disputed {
            self.dispute(context, engine, place, reading, disputed, interval);
        }
        let counts = self.row_counts(context, engine, reading, self.role(context.info, reading)) != Counts::NOTHING;
        if step.reset.is_new() && counts {
            context.ledger.lose_window(context.at.wall);
        }
        if step.regained && counts {
            context.ledger.regain_window(context.at.wall);
        }
        // A process that did not answer because others did was not silent.
        let gap = interval.silent;
        // Growth of a process that is counted elsewhere is not in the rates of a row that others count in.
        let partly = self.is_partly_counted(context, engine, reading.instance.as_ref());
        let without = partly.then(|| Step { grown: None, ..step.clone() });
        let step = without.as_ref().unwrap_or(step);
        self.note_latency(context, engine, place, reading, outcome.process);
        let is_unsure = engine.lacks_rates(place, context.at, context.config.window);
        let row = &mut engine.rows[place];
        row.role = Some(self.role(context.info, reading));
        let is_reset = outcome.verdict == PageVerdict::Reset;
        let replaced = matches!(outcome.verdict, PageVerdict::Born { replaced: true, .. }) || is_reset;
        if gap
            || is_reset
            || step.leapt
            || step.catches_up()
            || matches!(step.reset, Reset::Begins | Reset::Undone)
            || !outcome.taken_back.is_empty()
        {
            row.begin_drawing();
        }
        if let Some(from) = step.from {
            row.window.stood_since(outcome.process, from);
        }
        if replaced {
            row.begin_samples();
        }
        if matches!(outcome.verdict, PageVerdict::Born { .. }) && !step.began {
            row.window.begin((outcome.process, outcome.since));
        }
        row.window.set_unsure(is_unsure);
        row.draw(reading.clone(), context.at, outcome.process, step, context.config.window);
    }

    /// Posts a growth, and the corrections of earlier hits.
    fn post_growth(
        &mut self,
        context: &mut Context<'_>,
        engine: &mut Engine,
        (place, reading): (usize, &EngineReading),
        (step, grown, outcome): (&Step, &Growth, &Outcome),
        interval: Interval,
    ) {
        let mut entries = self.earn(context, engine, (place, outcome.process), reading, grown, interval);
        if !entries.is_empty() {
            engine.rows[place].growth.at = Some(context.at);
        }
        if step.unproven
            || engine.is_unproven(reading.instance.as_ref())
            || engine.recounted.contains(&reading.instance)
        {
            context.ledger.mark_unproven(&mut entries);
        }
        trials::keep(engine, reading, outcome, step.reset.is_on_trial(), entries);
        if grown.settled > crate::units::Tokens::ZERO {
            let moved = engine.rows[place].settle(grown.settled, context.ledger);
            trials::keep_moved(engine, reading, outcome, &moved);
            self.move_entries(context, reading.instance.as_ref(), outcome.process, &moved);
        }
        if grown.corrected > crate::units::Tokens::ZERO {
            // The corrected hits are of the previous page.
            let since = interval.from - (interval.to - interval.from);
            let moved = correct(context, engine, place, (outcome.process, since), grown.corrected);
            trials::keep_moved(engine, reading, outcome, &moved);
            self.move_entries(context, reading.instance.as_ref(), outcome.process, &moved);
        }
    }

    /// Applies a row's latencies to the objectives. A proxy's latencies are not its node's.
    fn note_latency(
        &mut self,
        context: &mut Context<'_>,
        engine: &mut Engine,
        place: usize,
        reading: &EngineReading,
        process: ProcessId,
    ) {
        let slo = context.config.slo;
        if slo.is_set()
            && self.role(context.info, reading) != EngineRole::Proxy
            && !self.is_counted_elsewhere(context, engine, reading)
        {
            let grown = engine.rows[place].last_latencies.grown(&slo, process, &reading.latency, context.at);
            self.slo.note(context.ledger, &slo, context.node, context.at.wall, grown);
        }
    }

    /// The bounds on the growth of an instance, from the GPUs of its node. A proxy has none.
    fn bounds(&self, context: &Context<'_>, rows: &[&EngineReading]) -> Bounds {
        if rows.iter().any(|reading| self.role(context.info, reading) == EngineRole::Proxy) {
            return Bounds::None;
        }
        let gpus = context.inventory.gpu_count(context.node).unwrap_or(UNKNOWN_GPUS);
        Bounds::Gpus(context.config.plausibility, gpus)
    }
}

/// The rate of a row's last growth covers the time since its counter last moved.
fn stretch_rate(context: &mut Context<'_>, row: &super::Row, process: ProcessId, stood: Moment) {
    let since = context.at.wall - context.at.since(stood);
    context.ledger.stretch_rate(row.source(process), row.only_account(), since);
}

/// Sums that were metered until their parts came are left out from now on. What was posted for them beside parts that were on
/// the page already may have been posted twice.
fn end_sums(context: &mut Context<'_>, engine: &Engine, ended: &[(Option<InstanceId>, Option<ModelName>)]) {
    let day = context.ledger.day_began();
    let value = |context: &Context<'_>, row: &super::Row| -> Money {
        let lines = row.earned.of_day(day);
        lines.filter_map(|(tariff, change)| Some(context.ledger.tariff(tariff?).value_of_change(change))).sum()
    };
    let is_sum = |row: &&super::Row| {
        ended.iter().any(|(instance, model)| row.instance == *instance && row.reading.model == *model)
    };
    let sums: Money = engine.rows.iter().filter(is_sum).map(|row| value(context, row)).sum();
    let parts: Money = engine.rows.iter().filter(|row| !is_sum(row)).map(|row| value(context, row)).sum();
    context.ledger.change_excess(context.at.wall.minute(), sums.min(parts));
    // What they made since the last page is on no page of their parts.
    context.ledger.lose_window(context.at.wall);
}

/// A page's rows by instance, in the order of the page.
fn by_instance(readings: &[EngineReading]) -> Vec<InstancePart<'_>> {
    let mut instances: Vec<InstancePart<'_>> = Vec::new();
    for reading in readings {
        let id = reading.instance.as_ref();
        match instances.iter_mut().rev().find(|(known, _)| *known == id) {
            Some((_, rows)) => rows.push(reading),
            None => instances.push((id, vec![reading])),
        }
    }
    instances
}

/// The earliest start time from which a new process counts from zero: the fleet was observed and the node's GPUs were
/// allocated since then. `None` if the engine's clock differs too much from ours.
fn watched_since(context: &Context<'_>, ahead: Option<Span>, engine: &Engine) -> Option<Timestamp> {
    let watched = context.watched_from.filter(|_| agreed(ahead, engine).is_some())?;
    if let Some(last) = engine.last_page {
        // A new instance on a page that was read before. The boot clock is used, as wall time may have been set.
        return Some(context.at.wall - context.at.since(last));
    }
    let allocated = context.inventory.node(context.node).and_then(|node| node.allocated_from);
    allocated.map(|from| watched.max(from))
}

/// How far the server's clock is ahead of ours, if they agree well enough to compare start times.
fn agreed(ahead: Option<Span>, engine: &Engine) -> Option<Span> {
    ahead.filter(|ahead| ahead.millis().abs() < CLOCKS_AGREE.millis() && !engine.is_reset)
}

/// Whether a process whose first page is a baseline was born while its address was observed, since others answered or its
/// page lagged. Without a start time, this is assumed for an instance that `is_other` than the earlier ones. Its tokens
/// before this page are not counted.
fn was_born_unseen(context: &Context<'_>, engine: &Engine, page: &InstancePage<'_>, is_other: bool) -> bool {
    if engine.last_page.is_none() || engine.is_reset {
        return false;
    }
    let Some(start) = page.start else {
        let has_made = |reading: &&EngineReading| reading.tokens.any();
        return is_other && page.rows.iter().any(has_made);
    };
    // Without the server's time, our clock is used.
    let ahead = agreed(Some(page.ahead.unwrap_or_default()), engine);
    let is_within = |(ahead, watched): (Span, Timestamp)| start - ahead > watched && start - ahead <= context.at.wall;
    ahead.zip(context.watched_from).is_some_and(is_within)
}

/// Counts lost windows of tokens that were never on a page: of dropped rows, of a process before its first page, and of
/// others after their last pages. If a missing process returns, its window is no longer lost.
fn lose_unseen(
    context: &mut Context<'_>,
    engine: &mut Engine,
    page: &InstancePage<'_>,
    (id, outcome, others): (Option<&InstanceId>, &Outcome, Departures),
) {
    let at = context.at;
    let processes = &engine.instance(id, at).processes;
    let dropped = processes.get(outcome.process).is_some_and(|process| process.lost_rows_at(at));
    let is_only = processes.all().len() == 1;
    let is_new = !outcome.lost && outcome.verdict == PageVerdict::Baseline;
    let is_other = is_only && (id.is_some() || engine.instances.len() > 1);
    let unseen = is_new && was_born_unseen(context, engine, page, is_other);
    for _ in 0..others.gone + usize::from(dropped) + usize::from(unseen) {
        context.ledger.lose_window(at.wall);
    }
    if others.returned {
        context.ledger.regain_window(at.wall);
    }
    if unseen && let Some(process) = engine.instance(id, at).processes.get_mut(outcome.process) {
        process.close_succession();
    }
}

/// Gives a process the rates of the only process, which it replaced. If it may have replaced any of several, their rates
/// resume when they answer. If a process answers that was considered replaced, all rates restart from their last pages.
/// Returns the processes that may have been replaced.
fn begin_process(
    context: &mut Context<'_>,
    engine: &mut Engine,
    (id, ahead): (Option<&InstanceId>, Span),
    outcome: &Outcome,
) -> Vec<ProcessId> {
    let at = context.at;
    let super::engine::Instance { processes, number, .. } = engine.instance(id, at);
    let number = *number;
    let others = || processes.all().iter().filter(|process| process.id() != outcome.process);
    let recent: Vec<_> = others().filter(|process| at.since(process.last_seen()) < ANSWERING).collect();
    let start = processes.get(outcome.process).and_then(Process::start).map(|start| start - ahead);
    let is_before = |process: &&&Process| start.is_some_and(|start| process.last_seen().wall <= start);
    let before: Vec<_> = recent.iter().filter(is_before).map(|process| process.id()).collect();
    let is_only = recent.len() < 2 && before.len() == recent.len();
    let all = || recent.iter().map(|process| process.id()).collect::<Vec<_>>();
    let (is_new, uncertain) = match outcome.verdict {
        PageVerdict::Reset => (true, Vec::new()),
        PageVerdict::Born { replaced: true, .. } => (is_only, if is_only { Vec::new() } else { all() }),
        PageVerdict::Born { replaced: false, .. } | PageVerdict::Baseline if recent.len() > 1 => (false, before),
        _ if outcome.returned => (false, Vec::new()),
        _ => return Vec::new(),
    };
    let known: Vec<_> = processes.answering(at).map(|process| (process.id(), process.last_seen())).collect();
    for row in engine.rows.iter_mut().filter(|row| row.instance.as_ref() == id) {
        if matches!(outcome.verdict, PageVerdict::Born { replaced: true, .. } | PageVerdict::Reset) {
            // Their requests ended with them.
            row.forget_gauges();
        }
        row.window.add_gone(&uncertain);
        if is_new {
            if outcome.verdict == PageVerdict::Reset {
                row.window.forget();
            }
            row.window.succeed(outcome.process);
            if row.number != 0 {
                context.ledger.replace_source(row.source(outcome.process), row.only_account());
            }
        } else if outcome.returned && !row.window.knows(outcome.process) {
            row.window.forget();
            known.iter().filter(|(id, _)| *id != outcome.process).for_each(|known| row.window.begin(*known));
            row.window.begin((outcome.process, outcome.since));
            super::presence::end_row(context, row);
        }
    }
    if !uncertain.is_empty() {
        let is_uncertain = |source: PostingSource| uncertain.iter().any(|process| process.0 == source.process);
        context.ledger.end_sources(|source| source.address == number && is_uncertain(source));
    }
    uncertain
}

/// Turns misses into hits that were reported late. Hits beyond the kept entries are applied to later prompts. Returns the
/// misses and the resulting hits.
fn correct(
    context: &mut Context<'_>,
    engine: &mut Engine,
    place: usize,
    (process, since): (ProcessId, Timestamp),
    corrected: crate::units::Tokens,
) -> Vec<[Entry; 2]> {
    let row = &mut engine.rows[place];
    let (left, moved) = row.correct((row.source(process), (since, context.at.wall)), corrected, context.ledger);
    let (id, key) = (row.instance.clone(), row.key.clone());
    let instance = engine.instances.iter_mut().find(|instance| instance.id == id);
    let counters = instance.and_then(|instance| instance.processes.get_mut(process)?.row_mut(&key));
    if let Some(counters) = counters {
        counters.give_back(left);
    }
    moved
}
