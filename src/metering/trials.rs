//! Entries that were posted on trial: they are taken back by counter-entries if what was believed turns out wrong.

use serde::{Deserialize, Serialize};

use super::{Context, Engine};
use crate::counters::{Outcome, ProcessId, RowKey};
use crate::ledger::{Entry, TokenChange};
use crate::reading::{EngineReading, InstanceId};

/// The entries of one row of one process since it was reset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ResetRow {
    process: ProcessId,
    key: RowKey,
    entries: Vec<Entry>,
}

/// Takes back what was wrongly posted on trial, and forgets the entries of trials that succeeded. Returns what was taken
/// back, by process.
pub(super) fn settle(
    context: &mut Context<'_>,
    engine: &mut Engine,
    id: Option<&InstanceId>,
    outcome: &Outcome,
) -> Vec<(ProcessId, Vec<Entry>)> {
    let instance = engine.instance(id, context.at);
    let undone = outcome.taken_back.iter();
    let mut back: Vec<_> = undone.filter_map(|id| Some((*id, instance.trial.remove(id)?))).collect();
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
    take_back(context, engine, back.iter().flat_map(|(_, entries)| entries));
    back
}

/// Keeps the entries of a page that may be taken back: those of a process on trial, or of a row whose reset is.
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
        remember_all(instance.trial.entry(outcome.process).or_default(), of_process);
    }
}

fn remember_all(kept: &mut Vec<Entry>, entries: Vec<Entry>) {
    for entry in entries {
        super::revenue::remember(kept, entry);
    }
}

/// Takes back what was posted of a row since its reset, which was a dip. Returns it.
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
    context.ledger.regain_window(context.at.wall);
    row.entries
}

fn take_back<'e>(context: &mut Context<'_>, engine: &mut Engine, entries: impl Iterator<Item = &'e Entry>) {
    let day = context.ledger.day_began();
    for entry in entries {
        context.ledger.reverse(std::slice::from_ref(entry));
        let same = |row: &&mut super::Row| row.account.as_ref().is_some_and(|(_, account)| *account == entry.account);
        if let Some(row) = engine.rows.iter_mut().find(same) {
            row.earned.add(day, entry.tariff, TokenChange::taken_back(entry.tokens));
        }
    }
}
