//! Detects duplicates: compares the processes of each page with those at other addresses, before and after posting.

use std::collections::BTreeSet;

use super::agreement::Values;
use super::duplicates::{FirstPage, Place, ProcessMark, Settled, Sight};
use super::{Context, Engine, Metering, Row};
use crate::counters::{Outcome, PageVerdict, ProcessId};
use crate::ledger::{Dispute, Entry, Ledger, TokenChange};
use crate::reading::{EngineReading, InstanceId, TargetId, TokenCounters};
use crate::units::{Moment, Span};

impl Metering {
    /// Finds other addresses of a page's process, before anything of the page is posted.
    pub(super) fn find_like(
        &mut self,
        context: &mut Context<'_>,
        engine: &Engine,
        (id, rows): (Option<&InstanceId>, &[&EngineReading]),
        outcome: &Outcome,
    ) {
        let target = &context.info.target;
        let place = Place { target: target.clone(), instance: id.cloned(), process: outcome.process };
        let process = engine.process(id, outcome.process);
        let mark = process.and_then(|process| ProcessMark::of(process, rows));
        let (Some(mark), Some(kind)) = (mark, rows.first().map(|reading| reading.kind)) else {
            return self.duplicates.remove(&place);
        };
        if matches!(outcome.verdict, PageVerdict::Born { replaced: true, .. }) {
            self.duplicates.end_others(target, id);
        }
        let page = FirstPage {
            mark,
            kind,
            is_born: matches!(outcome.verdict, PageVerdict::Born { .. }),
            is_baseline: outcome.verdict == PageVerdict::Baseline,
            at: context.at,
        };
        let unwatched = &self.unwatched;
        let is_known = |target: &TargetId| context.inventory.target(target).is_some() || unwatched.contains_key(target);
        self.duplicates.find_alike(&place, page, is_known);
    }

    /// Records the lost window of a restart at a place.
    pub(super) fn note_lost_window(&mut self, target: &TargetId, id: Option<&InstanceId>, process: ProcessId) {
        let place = Place { target: target.clone(), instance: id.cloned(), process };
        self.duplicates.note_lost_window(&place);
    }

    /// Compares a metered page with the pages of other addresses that may show the same processes.
    pub(super) fn compare(&mut self, context: &mut Context<'_>, engine: &mut Engine) {
        let at = context.at;
        let Some(target) = context.inventory.target(&context.info.target) else { return };
        let took = target.cost.map_or(Span::ZERO, |cost| Span::from_millis((cost.seconds * 1000.0).ceil() as i64));
        let on_page = || engine.instances.iter().filter(|instance| instance.seen == at);
        let several = on_page().nth(1).is_some();
        let mut settled = Vec::new();
        for instance in on_page() {
            let Some(process) = instance.processes.current() else { continue };
            let stale = instance.id.as_ref().is_some_and(|id| !id.is_version());
            let place =
                Place { target: target.info.target.clone(), instance: instance.id.clone(), process: process.id() };
            let in_turn = instance.processes.answering(at).nth(1).is_some();
            let directness = (several && stale, stale, in_turn, target.named);
            let polled = (at + (Span::ZERO - took), at);
            let kind = engine.rows.iter().find(|row| row.instance == instance.id).map(|row| row.reading.kind);
            let mark = self.duplicates.mark(&place);
            if let Some(kind) = kind.filter(|_| !instance.processes.is_quarantined()) {
                let has_twin = mark.is_some() && self.duplicates.has_sibling(&place);
                let (place, values) = (place.clone(), Values::of(process));
                self.duplicates
                    .compare(Sight { place, kind, mark, has_twin, directness, values, polled }, context.ledger);
            }
            let Some(mark) = mark else { continue };
            self.duplicates.set_directness(&place, directness);
            // A quarantined counter is behind the values that the process shows elsewhere.
            let values = (!instance.processes.is_quarantined()).then(|| mark.values(Values::of(process)));
            self.duplicates.note_silence(&place, at, context.config.stale_after());
            settled.extend(self.duplicates.observe(&place, values, stale, polled));
        }
        self.duplicates.prune(&target.info.target, at);
        for settled in settled {
            self.settle(context, engine, settled);
        }
    }

    /// Reverses what was posted for a duplicate.
    pub(super) fn settle(&mut self, context: &mut Context<'_>, engine: &mut Engine, settled: Settled) {
        let Settled::One { place, back } = settled else {
            return context.ledger.lose_window(context.at.wall);
        };
        // Of a jump that both addresses showed, the place that counts keeps its own dispute.
        if let Some(since) = self.duplicates.seen_together_since(&place) {
            let since = context.at.wall - context.at.since(since);
            let is_its = |dispute: &Dispute| dispute.target == place.target && dispute.instance == place.instance;
            context.ledger.withdraw_since(since, is_its);
        }
        if self.duplicates.take_window_lost_twice(&place) {
            context.ledger.regain_window(context.at.wall);
        }
        let ours = place.target == context.info.target;
        let counted = if ours { Some(engine) } else { self.engines.get_mut(&place.target) };
        match counted {
            Some(engine) => take_back(context.ledger, engine, &place, &back),
            None => context.ledger.reverse(&back),
        }
    }

    /// The target that counts the current process of an instance instead.
    pub(super) fn counted_at(&self, target: &TargetId, engine: &Engine, id: Option<&InstanceId>) -> Option<&TargetId> {
        if self.duplicates.has_none() {
            return None;
        }
        let instance = engine.instances.iter().find(|instance| instance.id.as_ref() == id)?;
        let process = instance.processes.current()?.id();
        self.duplicates.counted_at(&Place { target: target.clone(), instance: id.cloned(), process })
    }

    /// Whether another target counts an instance's current process, but not all of its processes.
    pub(super) fn is_partly_counted(&self, context: &Context<'_>, engine: &Engine, id: Option<&InstanceId>) -> bool {
        let target = &context.info.target;
        self.counted_at(target, engine, id).is_some()
            && engine.instances.iter().filter(|instance| instance.id.as_ref() == id).any(|instance| {
                instance.processes.answering(context.at).any(|process| {
                    let place = Place { target: target.clone(), instance: id.cloned(), process: process.id() };
                    self.duplicates.counted_at(&place).is_none()
                })
            })
    }

    /// Keeps an entry of an instance's current process that may be reversed later.
    pub(super) fn note_entry(&mut self, context: &Context<'_>, engine: &Engine, id: Option<&InstanceId>, entry: Entry) {
        if let Some(place) = present(context, engine, id) {
            self.duplicates.note(&place, entry);
        }
    }

    /// Drops entries of an instance's process that were reversed.
    pub(super) fn drop_entries(
        &mut self,
        context: &Context<'_>,
        id: Option<&InstanceId>,
        process: ProcessId,
        taken: &[Entry],
    ) {
        let place = Place { target: context.info.target.clone(), instance: id.cloned(), process };
        self.duplicates.drop_entries(&place, taken);
    }

    /// Records that misses of an instance's process became hits.
    pub(super) fn move_entries(
        &mut self,
        context: &Context<'_>,
        id: Option<&InstanceId>,
        process: ProcessId,
        moved: &[[Entry; 2]],
    ) {
        let place = Place { target: context.info.target.clone(), instance: id.cloned(), process };
        for [misses, hits] in moved {
            self.duplicates.move_entry(&place, misses, *hits);
        }
    }

    /// For each process of a row that answers now, the target that counts it instead; `None` if it counts here.
    pub(crate) fn counted_elsewhere(&self, target: &TargetId, row: &Row, now: Moment) -> Vec<Option<&TargetId>> {
        let instance = self
            .engines
            .get(target)
            .and_then(|engine| engine.instances.iter().find(|instance| instance.id == row.instance));
        let place = |process| Place { target: target.clone(), instance: row.instance.clone(), process };
        let processes = instance.into_iter().flat_map(|instance| instance.processes.answering(now));
        processes.map(|process| self.duplicates.counted_at(&place(process.id()))).collect()
    }

    /// Whether other targets count all processes of a row.
    pub(crate) fn is_duplicate(&self, target: &TargetId, row: &Row, now: Moment) -> bool {
        if self.duplicates.has_none() {
            return false;
        }
        let counted = self.counted_elsewhere(target, row, now);
        !counted.is_empty() && counted.iter().all(Option::is_some)
    }

    /// A row's counters, summed over the processes that answer. Those counted at other targets are excluded, unless all
    /// are, that is, the row `is_duplicate`.
    pub(crate) fn counters(
        &self,
        target: &TargetId,
        engine: &Engine,
        row: &Row,
        (now, is_duplicate): (Moment, bool),
    ) -> TokenCounters {
        engine.counters(row, now, |process| {
            if is_duplicate || self.duplicates.has_none() {
                return true;
            }
            let place = Place { target: target.clone(), instance: row.instance.clone(), process };
            self.duplicates.counted_at(&place).is_none()
        })
    }

    /// Pairs of targets and instances that may be posted twice: they may show the same process, and nothing confirms it.
    pub(crate) fn lookalikes(&self, now: Moment) -> impl Iterator<Item = [(&TargetId, Option<&InstanceId>); 2]> {
        self.duplicates.lookalikes(now).map(|pair| pair.map(|place| (&place.target, place.instance.as_ref())))
    }

    /// The targets whose processes are counted at this target and instance instead.
    pub(crate) fn also_seen_at(&self, target: &TargetId, row: &Row) -> BTreeSet<&TargetId> {
        let mut others = self.duplicates.duplicates_of(target, row.instance.as_ref());
        others.retain(|target| self.engines.contains_key(*target));
        others
    }
}

impl Metering {
    /// Resets targets by hand: forgets the processes behind them, so that their next pages are baselines.
    pub(crate) fn reset_targets(&mut self, ledger: &mut Ledger, resets: Vec<(i64, TargetId)>) {
        for (id, target) in resets {
            if self.resets.ask(id, &target) {
                self.count_once(ledger, &target);
                self.reset_target(&target, true);
                self.forget_earlier(&target);
            }
        }
    }

    /// Before the comparisons of a target with other addresses are forgotten: takes back what another one may have posted,
    /// too. An address that was not counted in its favour continues from its own last page, which may be earlier than what was
    /// counted here: its next growth is uncertain.
    fn count_once(&mut self, ledger: &mut Ledger, target: &TargetId) {
        for (other, instance) in self.duplicates.counted_by(target) {
            if let Some(engine) = self.engines.get_mut(&other) {
                engine.recounted.insert(instance);
            }
        }
        for (place, back) in self.duplicates.posted_twice(target) {
            if let Some(engine) = self.engines.get_mut(target) {
                take_back(ledger, engine, &place, &back);
            }
        }
    }
}

/// Reverses what was posted for a place that another one counts.
pub(super) fn take_back(ledger: &mut Ledger, engine: &mut Engine, place: &Place, back: &[Entry]) {
    ledger.reverse(back);
    let day = ledger.day_began();
    if let Some(instance) = engine.instances.iter_mut().find(|instance| instance.id == place.instance) {
        instance.trial.remove(&place.process);
    }
    let mut rows: Vec<&mut Row> = engine.rows.iter_mut().filter(|row| row.instance == place.instance).collect();
    for row in &mut rows {
        let source = row.source(place.process);
        ledger.end_source(source, row.only_account());
        row.forget_correctable();
    }
    for entry in back {
        let own = rows.iter().position(|row| row.account.as_ref().is_some_and(|(_, id)| *id == entry.account));
        if let Some(row) = rows.get_mut(own.unwrap_or_default()) {
            row.earned.add(day, entry.tariff, TokenChange::taken_back(entry.tokens));
        }
    }
}

/// The place of an instance's current process.
fn present(context: &Context<'_>, engine: &Engine, id: Option<&InstanceId>) -> Option<Place> {
    let instance = engine.instances.iter().find(|instance| instance.id.as_ref() == id)?;
    let process = instance.processes.current()?.id();
    Some(Place { target: context.info.target.clone(), instance: id.cloned(), process })
}
