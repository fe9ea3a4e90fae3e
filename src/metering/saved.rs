//! The saved state of metering: the processes and last counters of each target, up to when GPU time is posted, and the
//! entries that may still be taken back.
//!
//! Saving and restoring destructure each value, so that a field that is added and forgotten here does not compile.
//! `field: _` marks a field that is deliberately not saved.

mod said;

use serde::{Deserialize, Serialize};

use super::duplicates::SavedPlace;
use super::energy::EnergyMeter;
use super::engine::{Engine, Instance};
use super::leakage::Leakage;
use super::model_names::SavedName;
use super::prefill_attribution::PromptWeight;
use super::presence::Absences;
use super::proxies::Left;
use super::proxy_guard::ProxyGuard;
use super::row::Row;
use super::trials::{self, ResetRow};
use super::{InventoryView, Metering};
use crate::counters::{ProcessId, ProcessRow, Processes, RowKey};
use crate::inventory::FleetConfig;
use crate::ledger::Entry;
use crate::reading::{EngineKind, EngineReading, GpuId, InstanceId, NodeName, Role, TargetId};
use crate::units::{Moment, Timestamp};

/// The saved processes and rows of a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedTarget {
    /// When its last page came.
    pub answered: Moment,
    instances: Vec<SavedInstance>,
    rows: Vec<SavedRow>,
    /// Its processes that other targets may show as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) duplicates: Vec<SavedPlace>,
    /// Other names of its models.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    names: Vec<SavedName>,
    /// The roles that it looks like, by model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<(String, Role)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SavedInstance {
    id: Option<InstanceId>,
    seen: Moment,
    processes: Processes,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    trial: Vec<(ProcessId, Vec<Entry>)>,
    /// Entries of before a trial that late hits changed, and what they became.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    moved: Vec<(ProcessId, Vec<[Entry; 2]>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    resets: Vec<ResetRow>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SavedRow {
    instance: Option<InstanceId>,
    key: RowKey,
    kind: EngineKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    /// The role that its page names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page_role: Option<Role>,
    /// The weight of its prompts, for those that decode pages count.
    #[serde(default, skip_serializing_if = "PromptWeight::is_none")]
    prompts: PromptWeight,
    seen: Moment,
    #[serde(default, skip_serializing_if = "Leakage::is_empty")]
    leakage: Leakage,
    #[serde(default, skip_serializing_if = "Leakage::is_empty")]
    earned: Leakage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guard: Option<ProxyGuard>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    correctable: Vec<Entry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<Left>,
}

/// Up to when a node's GPU time is posted, and its energy meters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedAllocation {
    /// When its GPUs were last reported.
    pub reported: Moment,
    allocated: Option<Moment>,
    serving: Option<Moment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    energy: Vec<(GpuId, EnergyMeter)>,
}

impl SavedTarget {
    /// A target with one process, whose rows had these values.
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
            trial: Vec::new(),
            moved: Vec::new(),
            resets: Vec::new(),
        }];
        Self { answered, instances, rows: rows_of_page, duplicates: Vec::new(), names: Vec::new(), roles: Vec::new() }
    }

    /// All moments in the state, to move them to another boot's clock.
    pub(crate) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { answered, instances, rows, duplicates: _, names: _, roles: _ } = self;
        let instances = instances.iter_mut().flat_map(|instance| {
            let SavedInstance { id: _, seen, processes, trial: _, moved: _, resets: _ } = instance;
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

impl Metering {
    /// The state of a target; `None` if it has not answered.
    pub(crate) fn saved_target(&self, id: &TargetId) -> Option<SavedTarget> {
        let Self {
            engines,
            sources: _,
            duplicates,
            names,
            roles,
            // The store has what these were restored from.
            unwatched: _,
            earlier: _,
            // The store keeps a reset until it is applied.
            resets: _,
            // Counted from zero, as the guards of proxies begin anew.
            produced: _,
            // Saved by node.
            gpu_cost: _,
            energy: _,
            node_bounds: _,
            slo: _,
            began: _,
        } = self;
        saved_target(engines.get(id)?, duplicates.saved(id), names.saved(id), roles.saved(id))
    }

    /// The state of a node's GPU time.
    pub(crate) fn saved_allocation(&self, view: InventoryView<'_>, name: &NodeName) -> Option<SavedAllocation> {
        let node = view.inventory.node(name)?;
        let (allocated, serving) = self.gpu_cost.cursors(name);
        let energy = node.gpus.values().filter_map(|id| Some((id.clone(), self.energy.saved(id)?))).collect();
        Some(SavedAllocation { reported: node.reported, allocated, serving, energy })
    }

    /// The GPUs that the bounds of a node's engine rows assume together, at most.
    pub(crate) fn saved_bound(&self, node: &NodeName) -> Option<u64> {
        self.node_bounds.most(node)
    }

    /// Restores the same of a node.
    pub(crate) fn restore_bound(&mut self, node: NodeName, gpus: u64) {
        self.node_bounds.restore(node, gpus);
    }

    /// Up to when leases by schedule are posted.
    pub(crate) fn saved_schedules(&self) -> Vec<(String, Timestamp)> {
        self.gpu_cost.schedules()
    }

    /// Continues leases by schedule from where they were posted. Applies ends by hand to the configuration's leases, and
    /// the beginning of the watch to those that are new.
    pub(crate) fn restore_schedules(
        &mut self,
        config: &mut FleetConfig,
        schedules: &[(String, Timestamp)],
        last: Timestamp,
    ) {
        self.gpu_cost.restore_schedules(config, schedules, last);
    }

    /// Continues leases by schedule from `now`, as nothing was watched before. Those ended by hand stay ended.
    pub(crate) fn skip_to(&mut self, config: &FleetConfig, now: Timestamp) {
        self.gpu_cost.skip_to(config, now);
    }

    /// Restores a target.
    pub(super) fn restore_target(&mut self, config: &FleetConfig, id: TargetId, mut saved: SavedTarget) {
        let names = std::mem::take(&mut saved.names);
        self.roles.restore(&id, std::mem::take(&mut saved.roles));
        self.unwatched.remove(&id);
        let engine = self.restore_engine(config, &id, saved);
        self.restore_served(&id, &engine, names);
        self.engines.insert(id, engine);
    }

    pub(super) fn restore_engine(&mut self, config: &FleetConfig, id: &TargetId, saved: SavedTarget) -> Engine {
        // Only a target that is watched names models and infers roles.
        let SavedTarget { answered, instances, rows, duplicates, names: _, roles: _ } = saved;
        let mut engine = Engine { last_page: Some(answered), ..Engine::default() };
        for SavedInstance { id, seen, processes, trial, moved, resets } in instances {
            let trial = trials::restored(trial, moved);
            let absences = Absences::default();
            engine.instances.push(Instance { id, seen, processes, absences, number: 0, leapt: None, trial, resets });
        }
        for saved in rows {
            let SavedRow {
                instance,
                key,
                kind,
                role,
                page_role,
                prompts,
                seen,
                leakage,
                earned,
                guard,
                left,
                correctable,
            } = saved;
            let mut blank = EngineReading::new(kind, key.model, key.rank);
            blank.instance = instance;
            blank.role = page_role.or(role.filter(|role| *role == Role::Proxy));
            let mut row = Row::new(blank, seen, config.window);
            (row.role, row.leakage, row.earned, row.guard, row.left) = (role, leakage, earned, guard, left);
            (row.correctable, row.prompts) = (correctable, prompts);
            engine.rows.push(row);
        }
        self.duplicates.restore(id, &engine, duplicates);
        engine
    }

    /// Restores a node's GPU time and energy meters.
    pub(crate) fn restore_allocation(&mut self, config: &FleetConfig, node: &NodeName, saved: SavedAllocation) {
        let SavedAllocation { reported: _, allocated, serving, energy } = saved;
        self.gpu_cost.restore_node(node, allocated, serving);
        // A counter that no lease pays for now is a baseline when one does.
        let has_power = config.leases.iter().any(|lease| lease.power.is_some());
        for (id, meter) in energy.into_iter().filter(|_| has_power) {
            self.energy.restore(id, meter);
        }
    }
}

fn saved_target(
    engine: &Engine,
    duplicates: Vec<SavedPlace>,
    names: Vec<SavedName>,
    roles: Vec<(String, Role)>,
) -> Option<SavedTarget> {
    // The store keeps a reset by hand until a page follows it.
    let Engine { instances, rows, last_page, judged: _, has_live: _, left: _, ended: _, is_reset: _, lost_by_reset: _ } =
        engine;
    Some(SavedTarget {
        answered: (*last_page)?,
        instances: instances.iter().map(saved_instance).collect(),
        rows: rows.iter().map(saved_row).collect(),
        duplicates,
        names,
        roles,
    })
}

fn saved_instance(instance: &Instance) -> SavedInstance {
    let Instance { id, seen, processes, absences: _, number: _, leapt: _, trial, resets } = instance;
    SavedInstance {
        id: id.clone(),
        seen: *seen,
        processes: processes.clone(),
        trial: trial.iter().map(|(process, trial)| (*process, trial.entries.clone())).collect(),
        moved: trial
            .iter()
            .filter(|(_, trial)| !trial.moved.is_empty())
            .map(|(process, trial)| (*process, trial.moved.clone()))
            .collect(),
        resets: resets.clone(),
    }
}

/// Rates start again; the account is looked up by its name.
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
