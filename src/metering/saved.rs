//! The saved state of metering: the processes and last counters of each target, up to when GPU time is posted, and the
//! entries that may still be reversed.
//!
//! Saving and restoring destructure each value, so that a new field that is not handled here does not compile. `field: _`
//! marks a field that is deliberately not saved.

mod said;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::duplicates::SavedPlace;
use super::energy::EnergyMeter;
use super::engine::{Engine, Instance};
use super::leakage::Leakage;
use super::left_to_engines::LeftToEngines;
use super::model_names::SavedName;
use super::on_trial::ResetRow;
use super::prompt_weight::PromptWeight;
use super::proxy_guard::ProxyGuard;
use super::role_inference::SavedRole;
use super::row::Row;
use crate::counters::{ProcessId, ProcessRow, Processes, RowKey};
use crate::ledger::Entry;
use crate::pricing::Bill;
use crate::reading::{EngineKind, EngineRole, GpuId, InstanceId, TargetId};
use crate::units::{Moment, Timestamp};

/// The saved processes and rows of a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedTarget {
    /// When its last page was received.
    pub answered: Moment,
    pub(super) instances: Vec<SavedInstance>,
    pub(super) rows: Vec<SavedRow>,
    /// Its processes that other targets may show as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) duplicates: Vec<SavedPlace>,
    /// The aliases of its models.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) names: Vec<SavedName>,
    /// The roles that its instances look like, by model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<SavedRole>,
    /// Which requests were billed; unknown in ledgers of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bill: Option<Bill>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedInstance {
    pub(super) id: Option<InstanceId>,
    pub(super) seen: Moment,
    pub(super) processes: Processes,
    /// Processes that no longer answer, whose tokens after their last page count as missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) missing: Vec<ProcessId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) trial: Vec<(ProcessId, Vec<Entry>)>,
    /// Entries from before a trial that late hits changed, before and after the change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) moved: Vec<(ProcessId, Vec<[Entry; 2]>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) resets: Vec<ResetRow>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedRow {
    pub(super) instance: Option<InstanceId>,
    pub(super) key: RowKey,
    pub(super) kind: EngineKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<EngineRole>,
    /// The role that its page names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) page_role: Option<EngineRole>,
    /// The weight of its prompts, if decode pages count them.
    #[serde(default, skip_serializing_if = "PromptWeight::is_none")]
    pub(super) prompts: PromptWeight,
    pub(super) seen: Moment,
    #[serde(default, skip_serializing_if = "Leakage::is_empty")]
    pub(super) leakage: Leakage,
    #[serde(default, skip_serializing_if = "Leakage::is_empty")]
    pub(super) earned: Leakage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) guard: Option<Box<ProxyGuard>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) correctable: Vec<Entry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) left: Option<LeftToEngines>,
}

/// Up to when a node's GPU time is posted, and its energy meters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedAllocation {
    /// When its GPUs were last reported.
    pub reported: Moment,
    pub(super) allocated: Option<Moment>,
    pub(super) serving: Option<Moment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) energy: Vec<(GpuId, EnergyMeter)>,
}

/// The saved targets that were not added yet.
#[derive(Debug, Default)]
pub(super) struct EarlierTargets {
    pub(super) targets: BTreeMap<TargetId, SavedTarget>,
    /// Keys of saved states that are unreadable, or continue under another key, for removal.
    pub(super) dropped: Vec<String>,
}

impl SavedTarget {
    /// A target with one process and rows of these values.
    pub(crate) fn of_one(answered: Moment, start: Option<Timestamp>, rows: Vec<(EngineKind, ProcessRow)>) -> Self {
        let saved = rows.iter().map(|(kind, row)| SavedRow {
            instance: None,
            key: row.key.clone(),
            kind: *kind,
            role: None,
            page_role: None,
            prompts: PromptWeight::default(),
            seen: answered,
            leakage: Leakage::default(),
            earned: Leakage::default(),
            guard: None,
            correctable: Vec::new(),
            left: None,
        });
        let rows_of_page = saved.collect();
        let rows = rows.into_iter().map(|(_, row)| row).collect();
        let processes = Processes::of_one(start, answered, rows);
        let instances = vec![SavedInstance {
            id: None,
            seen: answered,
            processes,
            missing: Vec::new(),
            trial: Vec::new(),
            moved: Vec::new(),
            resets: Vec::new(),
        }];
        let (duplicates, names, roles, bill) = (Vec::new(), Vec::new(), Vec::new(), None);
        Self { answered, instances, rows: rows_of_page, duplicates, names, roles, bill }
    }

    /// All moments in the state, to move them to another boot's clock.
    pub(crate) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { answered, instances, rows, duplicates: _, names: _, roles: _, bill: _ } = self;
        let instances = instances.iter_mut().flat_map(|instance| {
            let SavedInstance { id: _, seen, processes, missing: _, trial: _, moved: _, resets: _ } = instance;
            std::iter::once(seen).chain(processes.moments_mut())
        });
        let rows = rows.iter_mut().flat_map(|row| {
            let SavedRow {
                seen,
                instance: _,
                key: _,
                page_role: _,
                prompts: _,
                kind: _,
                role: _,
                leakage: _,
                earned: _,
                guard: _,
                left: _,
                correctable: _,
            } = row;
            std::iter::once(seen)
        });
        std::iter::once(answered).chain(instances).chain(rows)
    }
}

impl SavedAllocation {
    /// A node whose GPU time is posted up to these moments.
    pub(crate) const fn new(reported: Moment, allocated: Option<Moment>, serving: Option<Moment>) -> Self {
        Self { reported, allocated, serving, energy: Vec::new() }
    }

    /// Up to when allocated GPU time is posted.
    pub(crate) fn until(&self) -> Option<Timestamp> {
        self.allocated.map(|at| at.wall)
    }

    /// All moments in the state, to move them to another boot's clock.
    pub(crate) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { reported, allocated, serving, energy } = self;
        let energy = energy.iter_mut().flat_map(|(_, meter)| meter.moments_mut());
        std::iter::once(reported).chain(allocated.as_mut()).chain(serving.as_mut()).chain(energy)
    }
}

pub(super) fn saved_target(
    engine: &Engine,
    duplicates: Vec<SavedPlace>,
    names: Vec<SavedName>,
    roles: Vec<SavedRole>,
) -> Option<SavedTarget> {
    // The store keeps a reset by hand until the next page.
    let Engine {
        instances,
        rows,
        last_page,
        bill,
        judged: _,
        // They are found again on the first page.
        repeated: _,
        has_live: _,
        left: _,
        ended: _,
        is_reset: _,
        lost_by_reset: _,
        recounted: _,
        works_without_counters: _,
    } = engine;
    Some(SavedTarget {
        answered: (*last_page)?,
        instances: instances.iter().map(saved_instance).collect(),
        rows: rows.iter().map(saved_row).collect(),
        duplicates,
        names,
        roles,
        bill: *bill,
    })
}

fn saved_instance(instance: &Instance) -> SavedInstance {
    let Instance { id, seen, processes, absences, number: _, leapt: _, is_unproven: _, has_departed: _, trial, resets } =
        instance;
    SavedInstance {
        id: id.clone(),
        seen: *seen,
        processes: processes.clone(),
        missing: absences.missing().to_vec(),
        trial: trial.iter().map(|(process, trial)| (*process, trial.entries.clone())).collect(),
        moved: trial
            .iter()
            .filter(|(_, trial)| !trial.moved.is_empty())
            .map(|(process, trial)| (*process, trial.moved.clone()))
            .collect(),
        resets: resets.clone(),
    }
}

/// Rates restart; the account is looked up by its name.
fn saved_row(row: &Row) -> SavedRow {
    let Row {
        key,
        number: _,
        address: _,
        grows: _,
        quarantined: _,
        former: _,
        may_be_renamed: _,
        instance,
        role,
        reading,
        seen,
        account: _,
        leakage,
        earned,
        prompts,
        guard,
        left,
        window: _,
        sums: _,
        latencies: _,
        correctable,
        gauges: _,
        last_latencies: _,
        samples: _,
        drawn: _,
        had: _,
        steps: _,
        growth: _,
    } = row;
    SavedRow {
        instance: instance.clone(),
        key: key.clone(),
        kind: reading.kind,
        role: *role,
        page_role: reading.role,
        prompts: *prompts,
        seen: *seen,
        leakage: leakage.clone(),
        earned: earned.clone(),
        guard: guard.clone(),
        correctable: correctable.clone(),
        left: *left,
    }
}
