//! The fleet: routes events to inventory and metering, posts what they say, and assembles the snapshot.
//!
//! It is pure: it reads no clock and does no I/O, so the same events give the same snapshot. Beyond inventory, metering
//! and ledger it owns only the sparklines, since when it watches and what the store has. `alert` judges what is wrong.

mod assemble;
mod checkpoint;
mod commits;
mod manual_entries;
mod marks;
mod rates;
mod rebase;
mod restore;
mod sparklines;
mod state;
mod take_changes;
mod v1;
mod watch;

use std::cell::OnceCell;

use jiff::tz::TimeZone;

pub use crate::inventory::{FleetConfig, LeasedNode, TargetInfo};
pub use crate::metering::Leakage;
pub(crate) use crate::metering::{MostGpus, of_unit};
pub use checkpoint::{Checkpoint, SavedItem, SavedState};
pub(crate) use commits::{BOUND, MOST_GPUS};
pub use marks::Marks;
pub use restore::former_names;
pub use v1::{FromV1, V1Gpu, V1Node, V1Row, V1Target, saved_from_v1};

use crate::inventory::{Changes, Inventory, Origin};
use crate::ledger::{Ledger, Pace};
use crate::metering::{self, Context, EnergyReading, InventoryView, Metering};
use crate::pricing::{Book, RentWhen};
use crate::reading::{
    Event, GpuHost, GpuId, GpuReading, NodeName, PageReading, ScrapeCost, ScrapeError, SourceError, TargetId, UnitName,
};
use crate::snapshot::{LedgerBasis, Snapshot};
use crate::units::{Moment, Span, Timestamp};
use commits::Commits;
use sparklines::Sparklines;
pub use state::Fleet;
use watch::Watch;
pub(crate) use watch::clock_step;

/// The inventory and the configuration.
const fn view<'a>(config: &'a FleetConfig, inventory: &'a Inventory) -> InventoryView<'a> {
    InventoryView { config, inventory }
}

/// The GPUs of a page with the nodes in their labels, and the hosts that it has them from.
type PageGpus<'a> = (Vec<(Option<NodeName>, GpuReading)>, &'a [GpuHost]);

impl Fleet {
    /// A fleet in which no target has answered yet; `began` is the beginning of the watch.
    pub fn new(config: FleetConfig, book: Book, began: Moment) -> Self {
        let over = config.pace();
        Self {
            inventory: Inventory::new(&config, began),
            metering: Metering::new(&config, began.wall),
            ledger: Ledger::new(book, config.midnight(began.wall))
                .following(over)
                .with_overhead(config.overhead.of_revenue),
            pace: Pace::new(over, config.stale_after()),
            sparklines: Sparklines::new(config.sparkline_step),
            watch: Watch::default(),
            commits: Commits::default(),
            config,
        }
    }

    /// Adds a target, which is `never` until it answers.
    pub fn add_target(&mut self, info: TargetInfo) {
        let id = info.target.clone();
        self.inventory.add_target(info);
        self.restore_target(&id);
    }

    /// Records that targets are no longer listed where they were found. After the grace period they are gone, and their GPUs
    /// are paid until they were last seen. A target that returns continues from its counters.
    pub fn leave_targets(&mut self, targets: &[TargetId]) {
        self.inventory.leave_targets(targets);
    }

    /// Sets what does not work here, with remedies.
    pub fn set_source_errors(&mut self, source_errors: Vec<SourceError>) {
        self.inventory.set_source_errors(source_errors);
    }

    /// Sets where the ledger is kept, and by which process.
    pub fn set_ledger(&mut self, basis: LedgerBasis) {
        self.commits.basis = basis;
    }

    /// Sets whether checkpoints hold the states of targets and nodes. Nothing continues from a ledger in memory.
    pub fn save_states(&mut self, is_saved: bool) {
        self.commits.is_in_memory = !is_saved;
    }

    /// Sets the zone of the ledger's days, unless the day never changes.
    pub fn set_zone(&mut self, zone: TimeZone) {
        if self.config.zone.is_some() {
            self.config.zone = Some(zone);
            let midnight = self.config.midnight(self.inventory.now().wall);
            self.ledger.begin_day(midnight);
        }
    }

    /// Applies an event. Events of one source come in the order of their time; sources may be in any order.
    pub fn apply(&mut self, event: Event) {
        self.pass_to(event.at());
        match event {
            Event::Page { target, at, cost, outcome } => self.apply_page(&target, at, cost, outcome),
            Event::Gpus { source, node, at, outcome } => self.apply_driver(source, &node, at, outcome),
            Event::Tick(at) => self.tick(at),
        }
    }

    /// The snapshot of the present.
    pub fn snapshot(&self) -> Snapshot {
        assemble::snapshot(self)
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How often targets are polled.
    pub fn interval(&self) -> Span {
        self.config.interval
    }

    /// Sets how often targets are polled, and with it how long they may be silent. The window of rates is two intervals at least.
    pub fn set_interval(&mut self, interval: Span) {
        self.config.interval = interval;
        self.config.window = self.config.window.max(Span::from_millis(interval.millis().saturating_mul(2)));
        self.inventory.set_patience(self.config.stale_after(), self.config.lost_after());
        self.pace.set_patience(self.config.stale_after());
    }

    /// The latest moment of any event.
    pub fn now(&self) -> Moment {
        self.inventory.now()
    }

    /// Whether the machine has just woken, so that sources had no time to answer yet.
    fn is_resuming(&self) -> bool {
        self.watch.is_resuming(self.now(), self.config.stale_after())
    }

    /// The inventory and the configuration.
    fn view(&self) -> InventoryView<'_> {
        view(&self.config, &self.inventory)
    }

    /// Whether the cost of a node's GPUs is known now.
    fn knows_cost(&self, node: &NodeName, unit: Option<&UnitName>) -> bool {
        metering::knows_cost(&self.ledger, view(&self.config, &self.inventory), node, unit, self.now().wall)
    }

    /// Since when money is counted.
    fn since(&self) -> Option<Timestamp> {
        Some(self.watch.began()?.max(self.ledger.day_began()))
    }

    /// Advances to a moment; begins a new day at midnight.
    fn pass_to(&mut self, at: Moment) {
        self.watch.begin(at.wall);
        let now = self.now();
        if at.boot >= now.boot {
            let passed = at.since(now);
            self.watch.note_event(at, passed, self.config.stale_after());
            self.ledger.set_calendar((at.wall - now.wall) - passed);
            self.inventory.pass_to(at);
        }
        let midnight = self.config.midnight(self.now().wall);
        if midnight > self.ledger.day_began() {
            // The day begins first, so that what is posted of its first moments is in its sums.
            self.ledger.begin_day(midnight);
            let now = self.now();
            self.metering.run_to(&mut self.ledger, view(&self.config, &self.inventory), now);
        }
    }

    fn tick(&mut self, at: Moment) {
        // Deltas and GPU time are placed by the boot clock, so nothing else changes.
        if let Some(step) = self.watch.tick(at) {
            self.mark(at.wall, &watch::clock_was_set(step));
        }
        self.inventory.end_wait();
        if let Some(changes) = self.inventory.release_departed() {
            self.follow(changes, at);
        }
        self.metering.tick(&mut self.ledger, view(&self.config, &self.inventory), at);
        self.ledger.settle(at.wall);
        self.pace.mark(&self.ledger, at);
        let rates = assemble::rates(self);
        self.sparklines.set(at.wall, &rates);
        self.note_touched();
    }

    /// Applies a poll of a driver of this machine.
    fn apply_driver(
        &mut self,
        source: TargetId,
        node: &NodeName,
        at: Moment,
        outcome: Result<Vec<GpuReading>, SourceError>,
    ) {
        match outcome {
            Ok(readings) => {
                self.inventory.set_driver_error(&source, None);
                let origin = Origin::Driver(source);
                let readings = self.inventory.without_others(node, readings, &origin);
                if !readings.is_empty() {
                    let changes = self.inventory.name_driver(node, &readings);
                    self.follow(changes, at);
                    self.report_gpus(node, None, at, readings, &origin);
                }
            }
            Err(failure) => self.inventory.set_driver_error(&source, Some(failure)),
        }
    }

    /// Applies a poll of a target.
    fn apply_page(
        &mut self,
        id: &TargetId,
        at: Moment,
        cost: ScrapeCost,
        outcome: Result<Box<PageReading>, ScrapeError>,
    ) {
        let Some(target) = self.inventory.targets.get_mut(id) else { return };
        match outcome {
            Ok(_) if target.is_late(at) => target.fail(None),
            Ok(page) if page.complete => {
                target.answer(&page, cost, at);
                let info = target.info.clone();
                self.read_page(&info, *page, at);
                self.metering.reset_is_over(id);
                if let Some(target) = self.inventory.targets.get_mut(id) {
                    target.answered = Some(at);
                }
            }
            Ok(page) => target.fail_incomplete(&page, cost.bytes),
            Err(failure) => target.fail(Some(failure)),
        }
    }

    fn read_page(&mut self, info: &TargetInfo, mut page: PageReading, at: Moment) {
        let (gpus, hosts) = (std::mem::take(&mut page.gpus), std::mem::take(&mut page.gpu_hosts));
        let only_gpus = page.engines.is_empty() && !gpus.is_empty();
        if !gpus.is_empty() {
            self.read_gpus(info, (gpus, &hosts), at);
        }
        if only_gpus {
            return;
        }
        for (node, rows) in self.inventory.rows_by_node(info, &page.engines) {
            self.inventory.restore_node(&node);
            let _ = self.inventory.see_node(&node, Some(info), at);
            self.metering.resume_serving(&self.config, (&node, info), (&page, &rows), at);
            self.metering.run_node(&mut self.ledger, view(&self.config, &self.inventory), &node, at, RentWhen::Serving);
        }
        let Self { config, inventory, ledger, metering, watch, .. } = self;
        let watched_from = watch.unbroken_since();
        let costed = OnceCell::new();
        let node = inventory.node_of(info);
        let mut context = Context { config, inventory, ledger, info, node, at, watched_from, costed };
        metering.read_page(&mut context, &page);
    }

    /// Applies changes of the inventory to leases and to GPU time.
    fn follow(&mut self, changes: Changes, at: Moment) {
        if changes.may_name_nodes() {
            self.inventory.name_leases(&mut self.config.leases);
        }
        let named = changes.named(at);
        self.metering.follow(&mut self.ledger, view(&self.config, &self.inventory), changes, at);
        for (node, since) in named {
            self.learn_cost(&node, since);
        }
    }

    /// GPUs of a node have names and are paid since an instant: what the node earned since then has a cost, where they have a
    /// rate.
    fn learn_cost(&mut self, name: &NodeName, since: Timestamp) {
        let Self { ledger, config, inventory, .. } = self;
        let unit = inventory.node(name).and_then(|node| node.unit.as_ref());
        let is_known = |at| metering::knows_cost(ledger, view(config, inventory), name, unit, at);
        let minutes = ledger.minutes().map(|(minute, _)| minute).filter(|minute| *minute >= since.minute());
        let known = minutes.filter(|minute| is_known((*minute).max(since))).collect();
        ledger.learn_cost(name, &known);
    }

    /// Applies a page's GPUs, which may be on several nodes.
    fn read_gpus(&mut self, info: &TargetInfo, (gpus, hosts): PageGpus<'_>, at: Moment) {
        let (by_node, mut changes) = self.inventory.group_by_node(info, gpus, hosts);
        changes.extend(self.inventory.release_unlisted(&info.target, at, &by_node));
        self.follow(changes, at);
        let origin = Origin::Page(info.target.clone());
        for (node, readings) in by_node.into_iter().filter(|(_, readings)| !readings.is_empty()) {
            self.report_gpus(&node, Some(info), at, readings, &origin);
        }
    }

    /// Applies a source's report of all its GPUs on a node.
    fn report_gpus(
        &mut self,
        node: &NodeName,
        info: Option<&TargetInfo>,
        at: Moment,
        readings: Vec<GpuReading>,
        origin: &Origin,
    ) {
        self.inventory.restore_node(node);
        let _ = self.inventory.see_node(node, info, at);
        // The GPUs that were there until now are paid until now.
        self.metering.run_node(&mut self.ledger, view(&self.config, &self.inventory), node, at, RentWhen::Held);
        let energy: Vec<EnergyReading> = readings.iter().map(EnergyReading::of).collect();
        let (ids, changes) = self.inventory.report_gpus(node, info, at, readings, origin);
        self.follow(changes, at);
        let read: Vec<(GpuId, EnergyReading)> = ids.into_iter().zip(energy).collect();
        self.metering.note_gpus(view(&self.config, &self.inventory), node, &read, at.wall);
        self.metering.read_energy(&mut self.ledger, view(&self.config, &self.inventory), node, &read, at);
    }
}
