//! Saves and restores the state of metering.

use super::absences::Absences;
use super::engine::{Engine, Instance};
use super::gpu_cost::ended_by_hand;
use super::on_trial;
use super::row::Row;
use super::saved::{SavedAllocation, SavedInstance, SavedRow, SavedTarget, saved_target};
use super::{InventoryView, Metering, MostGpus};
use crate::inventory::FleetConfig;
use crate::reading::{EngineReading, EngineRole, NodeName, TargetId};
use crate::units::Timestamp;

impl Metering {
    /// The state of a target; `None` if it has not answered.
    pub(crate) fn saved_target(&self, id: &TargetId) -> Option<SavedTarget> {
        let Self {
            engines,
            sources: _,
            chained: _,
            duplicates,
            names,
            roles,
            // The store still has the states that these were restored from.
            unwatched: _,
            earlier: _,
            // The store keeps a reset until it is applied.
            resets: _,
            // Counted from zero, as the guards of proxies restart.
            produced: _,
            // Found again, with a lost window.
            uncounted: _,
            coverage: _,
            // Saved by node.
            gpu_cost: _,
            energy: _,
            node_bounds: _,
            most_gpus: _,
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

    /// The largest total of GPUs that the bounds of a node's engine rows assume.
    pub(crate) fn saved_bound(&self, node: &NodeName) -> Option<u64> {
        self.node_bounds.most(node)
    }

    /// Restores the largest total of a node.
    pub(crate) fn restore_bound(&mut self, node: &NodeName, gpus: u64) {
        self.node_bounds.restore(node, gpus);
    }

    /// With how many GPUs a node was known at most.
    pub(crate) fn saved_most_gpus(&self, node: &NodeName) -> Option<MostGpus> {
        self.most_gpus.saved(node)
    }

    /// Restores with how many GPUs a node was known at most.
    pub(crate) fn restore_most_gpus(&mut self, node: &NodeName, saved: MostGpus) {
        self.most_gpus.restore(node, saved);
    }

    /// Up to when scheduled leases are posted.
    pub(crate) fn saved_schedules(&self) -> Vec<(String, Timestamp)> {
        self.gpu_cost.schedules()
    }

    /// Restores up to when scheduled leases are posted. Applies ends by hand to the configured leases, and the start of the
    /// run to new ones.
    pub(crate) fn restore_schedules(
        &mut self,
        config: &mut FleetConfig,
        schedules: &[(String, Timestamp)],
        last: Timestamp,
    ) {
        self.gpu_cost.restore_schedules(config, schedules, last);
    }

    /// Ends the configured leases that saved schedules say were ended by hand.
    pub(crate) fn end_as_saved(config: &mut FleetConfig, schedules: &[(String, Timestamp)]) {
        for (node, at) in ended_by_hand(schedules) {
            config.leases.iter_mut().for_each(|lease| lease.end(&node, at));
        }
    }

    /// Continues scheduled leases from `now`, since the time before was not observed. Leases ended by hand stay ended.
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
        // Only a configured target names models and infers roles.
        let SavedTarget { answered, instances, rows, duplicates, names: _, roles: _, bill } = saved;
        let mut engine = Engine { last_page: Some(answered), bill, ..Engine::default() };
        for SavedInstance { id, seen, processes, missing, trial, moved, resets } in instances {
            let trial = on_trial::restored(trial, moved);
            let absences = Absences::restored(&processes, missing);
            engine.instances.push(Instance {
                id,
                seen,
                processes,
                absences,
                number: 0,
                leapt: None,
                is_unproven: false,
                has_departed: false,
                trial,
                resets,
            });
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
            blank.role = page_role.or(role.filter(|role| *role == EngineRole::Proxy));
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
        // A counter that no lease pays for now restarts with a baseline when one does.
        let has_power = config.leases.iter().any(|lease| lease.power.is_some());
        for (id, meter) in energy.into_iter().filter(|_| has_power) {
            self.energy.restore(id, &meter);
        }
    }
}
