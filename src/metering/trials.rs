//! Entries posted on trial: they are reversed by counter-entries if the assumption turns out wrong.

use super::entries::remember_all;
use super::on_trial::ResetRow;
use super::{Context, Engine, Row};
use crate::counters::{Outcome, ProcessId, RowKey};
use crate::ledger::{Entry, TokenChange};
use crate::reading::{EngineReading, InstanceId};

/// Reverses what was wrongly posted on trial, and forgets the entries of successful trials. Returns the reversed entries by
/// process.
pub(super) fn settle(
    context: &mut Context<'_>,
    engine: &mut Engine,
    id: Option<&InstanceId>,
    outcome: &Outcome,
) -> Vec<(ProcessId, Vec<Entry>)> {
    let instance = engine.instance(id, context.at);
    let undone = outcome.taken_back.iter();
    let undone: Vec<_> = undone.filter_map(|id| Some((*id, instance.trial.remove(id)?))).collect();
    let moved: Vec<_> = undone.iter().flat_map(|(_, trial)| trial.moved.clone()).collect();
    let mut back: Vec<_> = undone.into_iter().map(|(id, trial)| (id, trial.entries)).collect();
    instance.resets.retain_mut(|row| {
        let is_undone = outcome.taken_back.contains(&row.process);
        if is_undone {
            back.push((row.process, std::mem::take(&mut row.entries)));
        }
        !is_undone
    });
    for process in &outcome.believed {
        instance.trial.remove(process);
    }
    if outcome.lost {
        context.ledger.lose_window(context.at.wall);
    }
    move_back(context, engine, &moved);
    let undone: Vec<_> = back.iter().map(|(process, _)| *process).collect();
    end_sources(context, engine, id, &undone, |_| true);
    take_back(context, engine, back.iter().flat_map(|(_, entries)| entries));
    back
}

/// Keeps the entries of a page that may be reversed: those of a process on trial, or of a row whose reset is on trial.
pub(super) fn keep(engine: &mut Engine, reading: &EngineReading, outcome: &Outcome, reset: bool, entries: Vec<Entry>) {
    let instance = engine.instances.iter_mut().find(|instance| instance.id == reading.instance);
    let Some(instance) = instance else { return };
    let place = instance.resets.iter().position(|row| row.process == outcome.process && row.key.is_of(reading));
    let mut of_process = Vec::new();
    match (place, reset) {
        (Some(place), true) => remember_all(&mut instance.resets[place].entries, entries),
        (None, true) => {
            instance.resets.push(ResetRow { process: outcome.process, key: RowKey::of(reading), entries });
        }
        (Some(place), false) => {
            of_process = instance.resets.swap_remove(place).entries;
            of_process.extend(entries);
        }
        (None, false) => of_process = entries,
    }
    if outcome.on_trial && !of_process.is_empty() {
        remember_all(&mut instance.trial.entry(outcome.process).or_default().entries, of_process);
    }
}

/// Records that late hits changed entries, if the process is on trial.
pub(super) fn keep_moved(engine: &mut Engine, reading: &EngineReading, outcome: &Outcome, moved: &[[Entry; 2]]) {
    let instance = engine.instances.iter_mut().find(|instance| instance.id == reading.instance);
    let Some(instance) = instance else { return };
    if outcome.on_trial && !moved.is_empty() {
        instance.trial.entry(outcome.process).or_default();
    }
    if let Some(trial) = instance.trial.get_mut(&outcome.process) {
        for moved in moved {
            trial.note_moved(*moved);
        }
    }
}

/// Reverses and returns what was posted for a row since its reset, which was a dip.
pub(super) fn undo_reset(
    context: &mut Context<'_>,
    engine: &mut Engine,
    reading: &EngineReading,
    process: ProcessId,
) -> Vec<Entry> {
    let instance = engine.instances.iter_mut().find(|instance| instance.id == reading.instance);
    let Some(instance) = instance else { return Vec::new() };
    let place = instance.resets.iter().position(|row| row.process == process && row.key.is_of(reading));
    let Some(row) = place.map(|place| instance.resets.swap_remove(place)) else { return Vec::new() };
    take_back(context, engine, row.entries.iter());
    end_sources(context, engine, reading.instance.as_ref(), &[process], |row| row.is_of(reading));
    context.ledger.regain_window(context.at.wall);
    row.entries
}

/// Removes recent postings of an instance's rows from its rates.
fn end_sources(
    context: &mut Context<'_>,
    engine: &Engine,
    id: Option<&InstanceId>,
    processes: &[ProcessId],
    is_of: impl Fn(&Row) -> bool,
) {
    for row in engine.rows.iter().filter(|row| row.instance.as_ref() == id && row.number != 0 && is_of(row)) {
        for process in processes {
            context.ledger.end_source(row.source(*process), row.only_account());
        }
    }
}

/// Undoes the changes of late hits to entries, the latest first.
fn move_back(context: &mut Context<'_>, engine: &mut Engine, moved: &[[Entry; 2]]) {
    let day = context.ledger.day_began();
    for [before, after] in moved.iter().rev() {
        context.ledger.reverse(std::slice::from_ref(after));
        context.ledger.repost(std::slice::from_ref(before));
        if let Some(row) = engine.rows.iter_mut().find(|row| row.is_paid_by(before)) {
            row.earned.add(day, before.tariff, TokenChange::taken_back(after.tokens));
            row.earned.add(day, before.tariff, TokenChange::added(before.tokens));
        }
    }
}

fn take_back<'e>(context: &mut Context<'_>, engine: &mut Engine, entries: impl Iterator<Item = &'e Entry>) {
    let day = context.ledger.day_began();
    for entry in entries {
        context.ledger.reverse(std::slice::from_ref(entry));
        if let Some(row) = engine.rows.iter_mut().find(|row| row.is_paid_by(entry)) {
            row.drop_correctable(entry);
            row.earned.add(day, entry.tariff, TokenChange::taken_back(entry.tokens));
        }
    }
}
