//! Turns readings into postings: the tokens of each revenue account, and the GPU time of each cost account.
//!
//! `counters` decides how a page's counters grew; this module finds the account and posts the growth. GPU time follows from
//! inventory changes and leases. This module displays nothing and reads no clock.

mod absences;
mod agreement;
mod bill_change;
mod chained_proxies;
mod context;
mod counts;
mod departed;
mod disputes;
mod duplicate_pages;
mod duplicates;
mod earlier;
mod energy;
mod engine;
mod entries;
mod follow_steps;
mod gpu_cost;
mod idle;
mod instance_bound;
mod interval;
mod last_growth;
mod leakage;
mod left_to_engines;
mod model_names;
mod most_gpus;
mod node_bounds;
mod on_trial;
mod page;
mod prefill_attribution;
mod presence;
mod prompt_coverage;
mod prompt_weight;
mod proxies;
mod proxy_comparison;
mod proxy_guard;
mod rates;
mod relabelled;
mod repeated_rows;
mod resets;
mod restore;
mod revenue;
mod role_inference;
mod row;
mod saved;
mod serving;
mod slo;
mod steady_ratio;
mod step_pace;
mod touched;
mod trials;
mod uncounted;
mod uncounted_parts;

use std::collections::{BTreeMap, VecDeque};

pub(crate) use context::Context;
pub(crate) use counts::{Counts, counts};
pub(crate) use energy::EnergyReading;
pub(crate) use engine::Engine;
pub(crate) use gpu_cost::{InventoryView, knows_cost, was_given_back};
pub use leakage::Leakage;
pub(crate) use row::{CACHED, Ends, OUTPUT, PROMPT, Row};
pub use saved::{SavedAllocation, SavedTarget};
pub(crate) use touched::Touched;

use crate::inventory::{Change, Changes, FleetConfig, Origin, TargetInfo, Tracked};
use crate::ledger::{Ledger, RevenueAccount};
use crate::pricing::RentWhen;
use crate::reading::{EngineReading, EngineRole, GpuId, NodeName, TargetId};
use crate::units::{Moment, Timestamp};
use chained_proxies::ChainedProxies;
use duplicates::Duplicates;
use energy::{EnergyMeters, Metered};
use gpu_cost::{AllocationMeter, ReleasedGpu};
use model_names::ModelNames;
use most_gpus::MostGpusOfNodes;
pub(crate) use most_gpus::{MostGpus, of_unit};
use node_bounds::NodeBounds;
use prompt_coverage::PromptCoverage;
use proxy_comparison::Produced;
pub(crate) use proxy_comparison::TOGETHER;
use resets::Resets;
use role_inference::RoleInference;
use saved::EarlierTargets;
use slo::SloMeter;
use uncounted::UncountedParts;

/// The metering state of the fleet.
#[derive(Debug)]
pub struct Metering {
    pub(crate) engines: Tracked<TargetId, Engine>,
    /// Targets of earlier runs that are not configured now, and whose processes other targets show.
    unwatched: BTreeMap<TargetId, Engine>,
    earlier: EarlierTargets,
    resets: Resets,
    /// The number of rows that have posted so far.
    sources: u64,
    duplicates: Duplicates,
    roles: RoleInference,
    names: ModelNames,
    gpu_cost: AllocationMeter,
    energy: EnergyMeters,
    produced: Produced,
    chained: ChainedProxies,
    node_bounds: NodeBounds,
    most_gpus: MostGpusOfNodes,
    slo: SloMeter,
    uncounted: UncountedParts,
    coverage: PromptCoverage,
    /// When this process began to watch.
    began: Timestamp,
}

impl Metering {
    /// An empty state. Scheduled leases start at `began`.
    pub fn new(config: &FleetConfig, began: Timestamp) -> Self {
        Self {
            engines: Tracked::default(),
            unwatched: BTreeMap::new(),
            earlier: EarlierTargets::default(),
            resets: Resets::default(),
            sources: 0,
            duplicates: Duplicates::default(),
            roles: RoleInference::default(),
            names: ModelNames::new(&config.aliases),
            gpu_cost: AllocationMeter::new(began),
            energy: EnergyMeters::default(),
            produced: Produced::default(),
            chained: ChainedProxies::default(),
            node_bounds: NodeBounds::default(),
            most_gpus: MostGpusOfNodes::default(),
            slo: SloMeter::default(),
            uncounted: UncountedParts::default(),
            coverage: PromptCoverage::default(),
            began,
        }
    }

    /// The metering state of a target.
    pub(crate) fn engine(&self, target: &TargetId) -> Option<&Engine> {
        self.engines.get(target)
    }

    /// The role of a row: the configured one, otherwise the page's, otherwise an inferred one.
    pub(crate) fn role(&self, info: &TargetInfo, reading: &EngineReading) -> EngineRole {
        let said = info.role.or(reading.role);
        said.or_else(|| self.roles.role(&info.target, reading)).unwrap_or(EngineRole::Unified)
    }

    /// Whether a row's role is inferred.
    pub(crate) fn infers_role(&self, info: &TargetInfo, reading: &EngineReading) -> bool {
        info.role.or(reading.role).is_none() && self.roles.role(&info.target, reading).is_some()
    }

    /// The tokens of a row that count in totals. With separate prefill and decode engines, each token is on two pages; a
    /// proxy's tokens are or may be those of engines.
    pub(crate) fn counts(&self, info: &TargetInfo, row: &Row, is_duplicate: bool) -> Counts {
        if is_duplicate {
            return Counts::NOTHING;
        }
        let role = self.role(info, &row.reading);
        // Only a proxy's tokens can also be an engine's.
        let is_proxy = role == EngineRole::Proxy;
        let served = is_proxy && row.reading.model.as_ref().is_some_and(|model| self.names.is_served(model));
        counts(row.reading.kind, role, is_proxy && (served || !row.posts()))
    }

    /// Whether two addresses may show the same process, so that postings of one of them may be reversed.
    pub(crate) fn may_count_twice(&self, now: Moment) -> bool {
        self.duplicates.may_take_back(now)
    }

    /// Posts the GPU time of a node up to `at`, before its GPUs change.
    pub(crate) fn run_node(
        &mut self,
        ledger: &mut Ledger,
        view: InventoryView<'_>,
        node: &NodeName,
        at: Moment,
        when: RentWhen,
    ) {
        self.gpu_cost.run_node(ledger, view, node, at, when);
    }

    /// Posts all GPU time that does not depend on engines.
    pub(crate) fn run_to(&mut self, ledger: &mut Ledger, view: InventoryView<'_>, at: Moment) {
        for (node, gpus, from) in self.gpu_cost.run_to(ledger, view, at) {
            self.most_gpus.note(&node, gpus, from);
        }
    }

    /// Advances to `at`: posts GPU time and classifies minutes as idle or not.
    pub(crate) fn tick(&mut self, ledger: &mut Ledger, view: InventoryView<'_>, at: Moment) {
        self.run_to(ledger, view, at);
        idle::judge(ledger);
        self.slo.tick(ledger, &view.config.slo, at.wall);
    }

    /// Applies changes of the inventory to GPU time.
    pub(crate) fn follow(&mut self, ledger: &mut Ledger, view: InventoryView<'_>, changes: Changes, at: Moment) {
        let mut changes: VecDeque<Change> = changes.into_iter().collect();
        while let Some(change) = changes.pop_front() {
            match change {
                Change::Released { node, gpu, allocation } => {
                    let mut released = vec![ReleasedGpu { node, gpu, allocation }];
                    released.extend(take_released(&mut changes));
                    self.release(ledger, view, &released, at);
                }
                Change::Seen(node) => self.gpu_cost.begin(&node, at),
                Change::Renamed { from, to } => {
                    self.gpu_cost.rename(&from, &to);
                    self.node_bounds.rename(&from, &to);
                    self.most_gpus.rename(&from, &to);
                    let gpus = view.inventory.node(&to).into_iter().flat_map(|node| node.gpus.keys());
                    self.energy.rename(&from, &to, gpus.copied());
                    ledger.rename_node(&from, &to);
                    let rows = self.engines.values_mut().flat_map(|engine| &mut engine.rows);
                    rows.for_each(|row| (row.account, row.former) = (None, None));
                }
                Change::Returned { node, gpus } => self.gpu_cost.take_back(ledger, view, &node, &gpus),
                Change::Named { node, gpus } => self.gpu_cost.name(ledger, view, &node, &gpus),
                Change::Emptied(node) => {
                    self.gpu_cost.forget(&node);
                    ledger.end_costs_of(&node);
                }
            }
        }
    }

    /// Reverses what GPUs that were released together cost since they were last seen.
    fn release(&mut self, ledger: &mut Ledger, view: InventoryView<'_>, released: &[ReleasedGpu], at: Moment) {
        self.gpu_cost.release(ledger, view, released, at);
        for ReleasedGpu { node, gpu, .. } in released {
            let unit = view.inventory.node(node).and_then(|node| node.unit.as_ref());
            if !knows_cost(ledger, view, node, unit, at.wall) {
                ledger.forget_cost(node, at.wall - at.since(gpu.answered));
            }
        }
    }

    /// Records with how many GPUs a node is known, and their power limits.
    pub(crate) fn note_gpus(
        &mut self,
        view: InventoryView<'_>,
        node: &NodeName,
        readings: &[(GpuId, EnergyReading)],
        at: Timestamp,
    ) {
        if let Some(gpus) = view.inventory.gpu_count(node) {
            self.most_gpus.note(node, gpus, at);
            for (_, reading) in readings {
                self.most_gpus.note_limit(node, reading.power_limit(), at);
            }
        }
    }

    /// Posts the energy that a node's GPUs drew since the last reading, if their lease has a power price. Energy that no
    /// GPU can have drawn is disputed.
    pub(crate) fn read_energy(
        &mut self,
        ledger: &mut Ledger,
        view: InventoryView<'_>,
        node: &NodeName,
        readings: &[(GpuId, EnergyReading)],
        at: Moment,
    ) {
        let driver = TargetId::nvml();
        let since =
            readings.iter().filter_map(|(id, _)| self.energy.moved_at(id)).map(|since| at.wall - at.since(since));
        let from = since.min().unwrap_or(at.wall).min(at.wall);
        let paid = gpu_cost::payments(ledger, view, node, from, at.wall);
        for (id, reading) in readings {
            let Some(paid) = paid.as_ref().map(|paid| paid.of(id)) else {
                self.energy.forget(id);
                continue;
            };
            let target = match view.inventory.gpus.get(id).map(|gpu| &gpu.origin) {
                Some(Origin::Page(source) | Origin::Driver(source)) => source,
                None => &driver,
            };
            let metered = Metered { paid: &paid, target, node, id };
            self.energy.read(ledger, metered, reading, view.config.plausibility, at);
        }
    }

    /// Since when the energy of a GPU is unknown, if its lease has a power price.
    pub(crate) fn energy_unknown_since(&self, id: &GpuId) -> Option<Moment> {
        self.energy.unknown_since(id)
    }

    /// Ends a node's leases by hand; `id` is that of the request.
    pub(crate) fn end_lease(
        &mut self,
        ledger: &mut Ledger,
        view: InventoryView<'_>,
        id: i64,
        node: &NodeName,
        at: Timestamp,
    ) {
        self.gpu_cost.end(ledger, view, id, node, at);
    }

    /// After a node's leases were ended by hand: its revenue since then has no known cost, unless another lease still
    /// pays for the node.
    pub(crate) fn forget_ended_cost(ledger: &mut Ledger, view: InventoryView<'_>, node: &NodeName, at: Timestamp) {
        let unit = view.inventory.node(node).and_then(|node| node.unit.as_ref());
        if !knows_cost(ledger, view, node, unit, at) {
            ledger.forget_cost(node, at);
        }
    }

    /// Whether a request to end a lease is applied but not yet in a checkpoint.
    pub(crate) fn has_ended(&self, id: i64) -> bool {
        self.gpu_cost.has_ended(id)
    }

    /// Takes the requests to end leases that were applied since the last call.
    pub(crate) fn take_ended(&mut self) -> Vec<i64> {
        self.gpu_cost.take_ended()
    }

    /// Forgets the processes behind a target, whose next page is a baseline. If it was counted and `is_due`, a window is
    /// lost then.
    pub(crate) fn reset_target(&mut self, target: &TargetId, is_due: bool) {
        let engine = self.engines.get(target);
        // The state of a target that was reset while it was not configured is gone.
        let at = engine.and_then(|engine| engine.last_page);
        let elsewhere = |row: &Row| at.is_some_and(|at| self.is_duplicate(target, row, at));
        let lost = engine.is_none_or(|engine| engine.rows.is_empty() || !engine.rows.iter().all(elsewhere));
        self.duplicates.reset(target);
        let engine = self.engines.get_or_default(target);
        engine.lost_by_reset |= lost && is_due;
        engine.reset();
    }

    /// Marks the resets of a target as applied, since its page was read.
    pub(crate) fn reset_is_over(&mut self, target: &TargetId) {
        self.resets.answered(target);
    }

    /// Takes the resets that were applied since the last call.
    pub(crate) fn take_resets(&mut self) -> Vec<i64> {
        self.resets.take_applied()
    }

    /// Renumbers the accounts of rows from `before` to those of another ledger. Forgets what was posted.
    pub(crate) fn renumber(&mut self, before: &[RevenueAccount], ledger: &mut Ledger) {
        for engine in self.engines.values_mut() {
            engine.renumber(before, ledger);
        }
        self.duplicates.forget_posted();
        self.chained.forget_posted();
    }
}

/// Takes the GPUs that were released in the same step, up to the next change of a node's name.
fn take_released(changes: &mut VecDeque<Change>) -> Vec<ReleasedGpu> {
    let mut released = Vec::new();
    let is_rename = |change: &Change| matches!(change, Change::Renamed { .. });
    let until = changes.iter().position(is_rename).unwrap_or(changes.len());
    let later = changes.split_off(until);
    for change in std::mem::take(changes) {
        match change {
            Change::Released { node, gpu, allocation } => released.push(ReleasedGpu { node, gpu, allocation }),
            other => changes.push_back(other),
        }
    }
    changes.extend(later);
    released
}
