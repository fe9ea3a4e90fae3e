//! Which targets, nodes and GPUs exist, since when, and how fresh each of them is.
//!
//! Takes readings; every step returns its [`Changes`]: what appeared, moved, was renamed or released. `metering`
//! derives money from them. The inventory knows no prices and reads no clock.

mod change;
mod config;
mod departed;
mod earlier;
mod failing;
mod former;
mod gpu;
mod gpus;
mod hosts;
mod indexed;
mod labels;
mod leased;
mod naming;
mod node;
mod nodes;
mod place;
mod release;
mod remembering;
mod samples;
mod saved;
mod saving;
mod shared_labels;
mod source_errors;
mod state;
mod target;
mod tracked;
mod turns;

use std::collections::HashMap;

pub use change::{Change, Changes, ReturnedGpu};
pub use config::{FleetConfig, TargetInfo, stale_after};
pub use gpu::{Gpu, Origin};
pub use leased::LeasedNode;
pub use node::{Allocation, Node};
pub use saved::{Replaced, SavedGpu, SavedNode};
pub use state::Inventory;
pub use target::Target;
pub(crate) use tracked::Tracked;

use crate::pricing::FormerNames;
use crate::reading::{Health, NodeName, TargetId, UnitName};
use crate::units::{Moment, Span};
use earlier::Earlier;
use hosts::Hosts;
use labels::Labels;
use source_errors::SourceErrors;

impl Inventory {
    /// An inventory in which no target has answered yet.
    pub fn new(config: &FleetConfig, now: Moment) -> Self {
        let mut inventory = Self {
            targets: indexed::IndexedMap::default(),
            configured: Tracked::default(),
            nodes: Tracked::default(),
            gpus: Tracked::default(),
            hosts: Hosts::default(),
            labels: Labels::default(),
            listings: HashMap::new(),
            earlier: Earlier::default(),
            former: FormerNames::new(),
            source_errors: SourceErrors::default(),
            local: config.local.clone(),
            window: config.window,
            stale_after: config.stale_after(),
            lost_after: config.lost_after(),
            release_after: config.release_after,
            began: now,
            now,
        };
        for info in &config.targets {
            inventory.add_target(info.clone());
        }
        inventory
    }

    /// Adds a target, which is `never` until it answers.
    pub fn add_target(&mut self, info: TargetInfo) {
        if let Some(known) = self.targets.get_mut(&info.target) {
            if known.left.take().is_some() {
                if let Some(node) = &info.node {
                    self.configured.insert(info.target.clone(), node.clone());
                }
                known.info = info;
            }
            return;
        }
        if let Some(node) = &info.node {
            self.configured.insert(info.target.clone(), node.clone());
        }
        let named = self.targets.len();
        let target = info.target.clone();
        self.targets.insert(target, Target::new(info, named));
    }

    /// Sets how long a source may be silent before its rows are stale, and lost.
    pub(crate) const fn set_patience(&mut self, stale_after: Span, lost_after: Span) {
        self.stale_after = stale_after;
        self.lost_after = lost_after;
    }

    /// Sets the present moment.
    pub(crate) const fn pass_to(&mut self, now: Moment) {
        self.now = now;
    }

    /// The latest moment of any event.
    pub const fn now(&self) -> Moment {
        self.now
    }

    /// The health of something that last answered at `at`.
    pub fn health(&self, at: Moment) -> Health {
        let age = self.now.since(at);
        if age >= self.lost_after {
            Health::Lost
        } else if age >= self.stale_after {
            Health::Stale
        } else {
            Health::Live
        }
    }

    /// The health of a target.
    pub fn health_of(&self, target: &Target) -> Health {
        target.answered.map_or(Health::Never, |at| self.health(at))
    }

    /// A target.
    pub fn target(&self, id: &TargetId) -> Option<&Target> {
        self.targets.get(id)
    }

    /// A node.
    pub fn node(&self, name: &NodeName) -> Option<&Node> {
        self.nodes.get(name)
    }

    /// Whether no source reports the GPUs of a node of an earlier watch: none that did is polled, or no driver has for the
    /// grace period. They were paid until they were last reported.
    pub(crate) fn is_abandoned(&self, node: &Node) -> bool {
        let mut gpus = node.gpus.values().filter_map(|id| self.gpus.get(id));
        let is_late = self.now.since(self.began) >= self.release_after;
        node.awaited && (is_late || !gpus.any(|gpu| self.has_source(gpu)))
    }

    /// Ends the wait for nodes of an earlier watch whose page is polled and does not report them. They are silent and still
    /// in the inventory, so their GPU time is paid as if they had fallen silent in this watch.
    pub(crate) fn end_wait(&mut self) {
        if self.now.since(self.began) < self.lost_after {
            return;
        }
        let of_page = |gpu: &Gpu| matches!(&gpu.origin, Origin::Page(page) if self.targets.contains_key(page));
        let is_polled = |node: &Node| node.gpus.values().filter_map(|id| self.gpus.get(id)).any(of_page);
        let silent = self.nodes.iter().filter(|(_, node)| node.awaited && is_polled(node));
        for name in silent.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            if let Some(node) = self.nodes.get_mut(&name) {
                node.awaited = false;
            }
        }
    }

    /// The number of known GPUs of a node; `None` if there are none.
    pub fn gpu_count(&self, node: &NodeName) -> Option<u32> {
        let count = self.nodes.get(node)?.gpus.len();
        u32::try_from(count).ok().filter(|count| *count > 0)
    }

    /// The unit of a target: its configured unit, otherwise its node's.
    pub fn unit_of(&self, info: &TargetInfo, node: &NodeName) -> Option<UnitName> {
        info.unit.clone().or_else(|| self.nodes.get(node)?.unit.clone())
    }
}
