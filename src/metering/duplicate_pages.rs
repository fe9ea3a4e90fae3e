//! Applies pages to the places of duplicates: finds their like before anything is posted, and compares them after.

use std::collections::BTreeSet;

use super::agreement::Values;
use super::duplicates::{FirstPage, Mark, Place, Settled, Sight};
use super::{Context, Engine, Metering, Row};
use crate::counters::{Outcome, PageVerdict, ProcessId};
use crate::ledger::{Entry, TokenChange};
use crate::reading::{EngineReading, InstanceId, TargetId, TokenCounters};
use crate::units::{Moment, Span};

impl Metering {
    /// Finds the other addresses of a page's process before anything of it is posted.
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
        let mark = process.and_then(|process| Mark::of(process, rows));
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
        self.duplicates.find_alike(&place, page, |target| context.inventory.target(target).is_some());
    }

    /// Compares a page that was just metered with what other addresses show of its processes.
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
                let (place, values) = (place.clone(), Values::of(process));
                self.duplicates.look(Sight { place, kind, mark, directness, values, polled }, context.ledger);
            }
            let Some(mark) = mark else { continue };
            self.duplicates.set_directness(&place, directness);
            // A quarantined counter is behind what the process shows elsewhere.
            let values = (!instance.processes.is_quarantined()).then(|| mark.values(Values::of(process)));
            self.duplicates.note_silence(&place, at, context.config.stale_after());
            settled.extend(self.settle_moved(context, &place, values.as_ref()));
            settled.extend(self.duplicates.observe(&place, values, stale, polled));
        }
        self.duplicates.prune(&target.info.target, at);
        for settled in settled {
            self.settle(context, engine, settled);
        }
    }

    /// Takes back what was posted for a duplicate.
    fn settle(&mut self, context: &mut Context<'_>, engine: &mut Engine, settled: Settled) {
        let Settled::One { place, back } = settled else {
            return context.ledger.lose_window(context.at.wall);
        };
        context.ledger.reverse(&back);
        let day = context.ledger.day_began();
        let ours = place.target == context.info.target;
        let Some(engine) = (if ours { Some(engine) } else { self.engines.get_mut(&place.target) }) else { return };
        if let Some(instance) = engine.instances.iter_mut().find(|instance| instance.id == place.instance) {
            instance.trial.remove(&place.process);
        }
        let mut rows: Vec<&mut Row> = engine.rows.iter_mut().filter(|row| row.instance == place.instance).collect();
        for row in &mut rows {
            let source = row.source(place.process);
            context.ledger.end_source(source, row.only_account());
            row.forget_correctable();
        }
        for entry in back {
            let own = rows.iter().position(|row| row.account.as_ref().is_some_and(|(_, id)| *id == entry.account));
            if let Some(row) = rows.get_mut(own.unwrap_or_default()) {
                row.earned.add(day, entry.tariff, TokenChange::taken_back(entry.tokens));
            }
        }
    }

    /// The target that counts the present process of an instance instead.
    pub(super) fn counted_at(&self, target: &TargetId, engine: &Engine, id: Option<&InstanceId>) -> Option<&TargetId> {
        let instance = engine.instances.iter().find(|instance| instance.id.as_ref() == id)?;
        let process = instance.processes.current()?.id();
        self.duplicates.counted_at(&Place { target: target.clone(), instance: id.cloned(), process })
    }

    /// Whether an instance's present process is counted at another target, but another process of it is not.
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

    /// Keeps an entry of an instance's present process that may have to be taken back.
    pub(super) fn note_entry(&mut self, context: &Context<'_>, engine: &Engine, id: Option<&InstanceId>, entry: Entry) {
        if let Some(place) = present(context, engine, id) {
            self.duplicates.note(&place, entry);
        }
    }

    /// Drops entries of an instance's process that were taken back.
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

    /// Notes that misses of an instance's process were turned into hits.
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

    /// The targets that count the processes of a row instead, by process that answers now; `None` for those that count
    /// here.
    pub(crate) fn counted_elsewhere(&self, target: &TargetId, row: &Row, now: Moment) -> Vec<Option<&TargetId>> {
        let instance = self
            .engines
            .get(target)
            .and_then(|engine| engine.instances.iter().find(|instance| instance.id == row.instance));
        let place = |process| Place { target: target.clone(), instance: row.instance.clone(), process };
        let processes = instance.into_iter().flat_map(|instance| instance.processes.answering(now));
        processes.map(|process| self.duplicates.counted_at(&place(process.id()))).collect()
    }

    /// Whether all processes of a row are counted at other targets.
    pub(crate) fn is_duplicate(&self, target: &TargetId, row: &Row, now: Moment) -> bool {
        let counted = self.counted_elsewhere(target, row, now);
        !counted.is_empty() && counted.iter().all(Option::is_some)
    }

    /// A row's counters, summed over the processes that answer in turn. Those that are counted at other targets are left
    /// out, unless the row `is_duplicate`, that is, all are.
    pub(crate) fn counters(
        &self,
        target: &TargetId,
        engine: &Engine,
        row: &Row,
        (now, is_duplicate): (Moment, bool),
    ) -> TokenCounters {
        engine.counters(row, now, |process| {
            let place = Place { target: target.clone(), instance: row.instance.clone(), process };
            is_duplicate || self.duplicates.counted_at(&place).is_none()
        })
    }

    /// The targets that are posted twice if each shows the process of the other, which no start time tells.
    pub(crate) fn lookalikes(&self, now: Moment) -> impl Iterator<Item = [&TargetId; 2]> {
        self.duplicates.lookalikes(now)
    }

    /// The targets whose processes are counted at this target and instance instead.
    pub(crate) fn also_seen_at(&self, target: &TargetId, row: &Row) -> BTreeSet<&TargetId> {
        let mut others = self.duplicates.duplicates_of(target, row.instance.as_ref());
        others.retain(|target| self.engines.contains_key(*target));
        others
    }
}

/// The place of an instance's present process.
fn present(context: &Context<'_>, engine: &Engine, id: Option<&InstanceId>) -> Option<Place> {
    let instance = engine.instances.iter().find(|instance| instance.id.as_ref() == id)?;
    let process = instance.processes.current()?.id();
    Some(Place { target: context.info.target.clone(), instance: id.cloned(), process })
}
