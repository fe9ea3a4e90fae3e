//! Saves and restores the fleet.
//!
//! A checkpoint has the changes since the last one: postings, and each saved value that differs from the last committed
//! one. Values are compared, so no change has to be flagged by hand. Tokens and GPU time of an absence are posted when
//! their sources answer again: tokens because counters continued, GPU time because GPUs are known on both sides. So a
//! node of an earlier watch posts nothing until its GPUs are reported.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::checkpoint::{Checkpoint, RentedNode, SavedItem, SavedState};
use super::{Fleet, FleetConfig};
use crate::counters::plausibility::UNKNOWN_GPUS;
use crate::inventory::{SavedGpu, SavedNode};
use crate::ledger::{Decision, Marker, SavedLedger};
use crate::metering::{SavedAllocation, SavedTarget};
use crate::reading::{Label, NodeName, TargetId};
use crate::units::{Moment, Span, Timestamp};

/// The hash of the last committed state of each key.
#[derive(Debug, Default)]
pub(super) struct Committed(HashMap<String, u64>);

impl Committed {
    /// The value as an item, if it differs from the last committed one.
    fn changed(&mut self, key: String, value: &impl Serialize) -> Option<SavedItem> {
        let state = serde_json::to_string(value).ok()?;
        let hash = hash(&state);
        if self.0.get(&key) == Some(&hash) {
            return None;
        }
        self.0.insert(key.clone(), hash);
        Some(SavedItem { key, state })
    }
}

fn hash(state: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

impl SavedState {
    /// Moves all moments to the present boot's clock. Those of another boot are placed by wall time.
    #[must_use]
    pub fn onto(mut self, now: Moment, same_boot: bool) -> Self {
        if same_boot {
            return self;
        }
        let rebase = |moment: &mut Moment| moment.boot = now.boot - (now.wall - moment.wall).max(Span::ZERO);
        rebase(&mut self.last);
        for item in &mut self.targets {
            rewrite::<SavedTarget>(item, |saved| saved.moments_mut().for_each(rebase));
        }
        for item in &mut self.nodes {
            if item.key.starts_with(GPUS) {
                rewrite::<SavedNode>(item, |saved| saved.moments_mut().for_each(rebase));
            } else {
                rewrite::<SavedAllocation>(item, |saved| saved.moments_mut().for_each(rebase));
            }
        }
        self
    }
}

/// The key prefix of a node's row in `lease list`.
const RENTED: &str = "rented/";
/// The key prefixes of a node's GPUs, and of up to when their time is posted.
pub(super) const GPUS: &str = "gpus/";
pub(super) const TIME: &str = "time/";
/// The key prefix of the GPUs that the bounds of a node's engine rows assume together.
pub(crate) const BOUND: &str = "bound/";

fn rewrite<T: Serialize + DeserializeOwned>(item: &mut SavedItem, change: impl FnOnce(&mut T)) {
    let Ok(mut value) = serde_json::from_str(&item.state) else { return };
    change(&mut value);
    if let Ok(state) = serde_json::to_string(&value) {
        item.state = state;
    }
}

impl Fleet {
    /// Continues from a saved state. After an absence of more than `limit` nothing is posted for it, and the span is
    /// recorded as unwatched. What was asked for by hand meanwhile is applied in either case.
    pub fn restore(&mut self, saved: SavedState, limit: Span) {
        let SavedState { kept, began, watched_from, last, targets, nodes, schedules, lease_ends, target_resets } =
            saved;
        let now = self.inventory.now();
        self.ledger.record_changes();
        self.ledger.set_closed(false);
        self.ledger.restore(kept);
        (self.began, self.watched_from) = (began, watched_from);
        self.metering.restore_schedules(&mut self.config, &schedules, last.wall);
        self.restore_bounds(&nodes);
        let ended: HashSet<NodeName> = lease_ends.iter().map(|(_, node, _)| node.clone()).collect();
        if began.is_some() && now.since(last) > limit {
            self.ledger.note_unwatched(last.wall, now.wall);
            self.watched_from = Some(now.wall);
            self.restore_nodes(nodes.into_iter().filter(|item| is_of(item, &ended)).collect(), limit, &ended);
            // Nothing is posted for the absence itself.
            let upto_last = |(id, node, at): (i64, NodeName, Timestamp)| (id, node, at.min(last.wall));
            self.end_leases(lease_ends.into_iter().map(upto_last).collect());
            self.metering.skip_to(&self.config, now.wall);
        } else {
            self.restore_nodes(nodes, limit, &ended);
            self.restore_targets(targets, limit);
            self.end_leases(lease_ends);
        }
        self.reset_targets(target_resets);
    }

    /// Restores what the bounds of each node assume.
    fn restore_bounds(&mut self, items: &[SavedItem]) {
        for SavedItem { key, state } in items {
            if let (Some(node), Ok(gpus)) = (key.strip_prefix(BOUND), state.parse()) {
                self.committed.0.insert(key.clone(), hash(state));
                self.metering.restore_bound(NodeName::new(node), gpus);
            }
        }
    }

    /// Restores nodes. If a state cannot be read, its GPUs are allocated from their next report. Nodes whose leases
    /// were `ended` by hand are restored however long ago they were reported, to take back what was posted after the
    /// end.
    fn restore_nodes(&mut self, items: Vec<SavedItem>, limit: Span, ended: &HashSet<NodeName>) {
        let mut unread = BTreeSet::new();
        let mut gpus: Vec<SavedNode> = Vec::new();
        let mut times: HashMap<String, SavedAllocation> = HashMap::new();
        for SavedItem { key, state } in items {
            self.committed.0.insert(key.clone(), hash(&state));
            let read = match (key.strip_prefix(GPUS), key.strip_prefix(TIME)) {
                (Some(_), _) => serde_json::from_str(&state).map(|saved| gpus.push(saved)),
                (_, Some(node)) => serde_json::from_str(&state).map(|saved| drop(times.insert(node.to_owned(), saved))),
                (None, None) => continue,
            };
            if read.is_err() {
                unread.extend(key.split_once('/').map(|(_, node)| node.to_owned()));
                self.unread_nodes.push(key);
            }
        }
        for node in &unread {
            self.say_unread(node, "its GPUs are allocated from their next report");
        }
        for saved in gpus {
            let Some(time) = times.remove(saved.node.as_str()) else { continue };
            // A node that was not reported for longer than the limit is not bridged, even if another process watched
            // meanwhile.
            if self.inventory.now().since(time.reported) <= limit || ended.contains(&saved.node) {
                let node = saved.node.clone();
                self.waiting.push(RentedNode {
                    node: node.clone(),
                    unit: None,
                    since: saved.allocated_from,
                    until: time.until(),
                    gpus: by_name(&saved.gpus),
                });
                self.inventory.remember(saved, time.reported);
                self.metering.restore_allocation(&self.config, &node, time);
            }
        }
    }

    /// Records that a state could not be read: marks it and counts a lost window, as the total is a lower bound.
    fn say_unread(&mut self, name: &str, so: &str) {
        let now = self.inventory.now().wall;
        self.ledger.lose_window(now);
        self.mark(now, &format!("the saved state of {name} cannot be read: {so}"));
    }

    /// Restores targets. If a state cannot be read, the target's next page is a baseline.
    fn restore_targets(&mut self, items: Vec<SavedItem>, limit: Span) {
        for SavedItem { key, state } in items {
            self.committed.0.insert(key.clone(), hash(&state));
            let id = TargetId::new(&key);
            match serde_json::from_str::<SavedTarget>(&state) {
                Err(_) => {
                    self.say_unread(&key, "its next page is a baseline");
                    self.metering.reset_target(&id, false);
                    self.unread_targets.push(key);
                }
                Ok(saved) if self.inventory.now().since(saved.answered) > limit => {}
                Ok(saved) => drop(self.remembered.insert(id, saved)),
            }
        }
        let known: Vec<TargetId> = self.inventory.targets.keys().cloned().collect();
        for target in &known {
            self.restore_target(target);
        }
        for (id, saved) in &self.remembered {
            self.metering.restore_unwatched(&self.config, id, saved);
        }
    }

    /// Restores a target of an earlier watch.
    pub(super) fn restore_target(&mut self, id: &TargetId) {
        let Some(target) = self.inventory.targets.get_mut(id) else { return };
        let Some(saved) = self.remembered.remove(id) else { return };
        target.answered = Some(saved.answered);
        self.metering.restore_target(&self.config, id.clone(), saved);
    }

    /// Takes over a ledger that another process kept until now. Names and sparklines stay; counting continues from what
    /// that process saved.
    pub fn adopt(&mut self, saved: SavedState, limit: Span) {
        let targets = std::mem::take(&mut self.inventory.targets).into_values().map(|target| target.info);
        let config = FleetConfig { targets: targets.collect(), ..self.config.clone() };
        let mut next = Self::new(config, self.ledger.book().clone(), self.inventory.now());
        std::mem::swap(&mut next.sparklines, &mut self.sparklines);
        next.troubles = std::mem::take(&mut self.troubles);
        next.ledger_basis = std::mem::take(&mut self.ledger_basis);
        next.restore(saved, limit);
        *self = next;
    }

    /// Shows a ledger that another process keeps; nothing is posted here.
    pub fn show(&mut self, kept: SavedLedger, began: Option<Timestamp>) {
        self.metering.forget_numbers();
        self.ledger.restore(kept);
        self.ledger.set_closed(true);
        self.began = began.or(self.began);
    }

    /// Adds a marker.
    pub fn mark(&mut self, at: Timestamp, text: &str) {
        self.ledger.mark(Marker { at, text: Label::new(text) });
    }

    /// Ends leases of nodes by hand: takes back what was posted after the end by a counter-entry. The node's GPUs are
    /// allocated again when they are next reported.
    pub fn end_leases(&mut self, ends: Vec<(i64, NodeName, Timestamp)>) {
        for (id, node, at) in ends {
            if self.ended.contains(&id) {
                continue;
            }
            self.inventory.restore_node(&node);
            let Self { metering, ledger, inventory, config, .. } = self;
            metering.end_lease(ledger, super::view(config, inventory), &node, at);
            config.leases.iter_mut().for_each(|lease| lease.end(&node, at));
            self.inventory.forget_gpus(&node);
            self.ended.push(id);
        }
    }

    /// Resets targets by hand: forgets the processes behind them, so that their next pages are baselines.
    pub fn reset_targets(&mut self, resets: Vec<(i64, TargetId)>) {
        for (id, target) in resets {
            let asked = self.resets.entry(target.clone()).or_default();
            if !asked.contains(&id) && !self.resets_applied.contains(&id) {
                asked.push(id);
                self.metering.reset_target(&target, true);
                self.remembered.remove(&target);
            }
        }
    }

    /// Marks the resets of a target that answered as applied.
    pub(super) fn reset_is_over(&mut self, target: &TargetId) {
        self.resets_applied.extend(self.resets.remove(target).into_iter().flatten());
    }

    /// Applies a person's decisions on disputes.
    pub fn decide(&mut self, decisions: Vec<Decision>) {
        for decision in decisions {
            self.ledger.decide(&decision);
        }
    }

    /// Takes the changes since the last call; `None` if no journal is kept.
    pub fn take_changes(&mut self) -> Option<Checkpoint> {
        let postings = self.ledger.take_changes()?;
        let Self { metering, inventory, config, committed, .. } = self;
        let targets = metering.saved_targets();
        let targets = targets.filter_map(|(id, saved)| committed.changed(id.as_str().to_owned(), &saved)).collect();
        let (mut nodes, mut known) = (Vec::new(), HashSet::new());
        let mut rented = std::mem::take(&mut self.waiting);
        for saved in inventory.saved_nodes() {
            let time = metering.saved_allocation(super::view(config, inventory), &saved.node);
            let gpus = committed.changed(format!("{GPUS}{}", saved.node), &saved);
            let unit = inventory.node(&saved.node).and_then(|node| node.unit.clone());
            let row = (&unit, saved.allocated_from, by_name(&saved.gpus));
            if committed.changed(format!("{RENTED}{}", saved.node), &row).is_some() {
                let (since, gpus) = (row.1, row.2);
                rented.push(RentedNode { node: saved.node.clone(), unit, since, until: None, gpus });
            }
            nodes.extend(gpus);
            nodes.extend(time.and_then(|time| committed.changed(format!("{TIME}{}", saved.node), &time)));
            known.extend([GPUS, TIME].map(|prefix| format!("{prefix}{}", saved.node)));
        }
        for (node, gpus) in metering.saved_bounds() {
            // Without more rows than one, the node's GPUs tell as much.
            if gpus > u64::from(inventory.gpu_count(node).unwrap_or(UNKNOWN_GPUS)) {
                nodes.extend(committed.changed(format!("{BOUND}{node}"), &gpus));
            }
        }
        let mut removed_nodes = self.removed_nodes(&known);
        removed_nodes.append(&mut self.unread_nodes);
        rented.extend(removed_nodes.iter().filter_map(|key| key.strip_prefix(GPUS)).map(|node| RentedNode {
            node: NodeName::new(node),
            unit: None,
            since: None,
            until: None,
            gpus: Vec::new(),
        }));
        Some(Checkpoint {
            postings,
            targets,
            nodes,
            removed_targets: std::mem::take(&mut self.unread_targets),
            removed_nodes,
            rented,
            schedules: self.metering.saved_schedules(),
            ended: std::mem::take(&mut self.ended),
            resets_applied: std::mem::take(&mut self.resets_applied),
            began: self.began,
            watched_from: self.watched_from,
            last: self.inventory.now(),
        })
    }

    /// Keys of nodes that are saved under names that they no longer have.
    fn removed_nodes(&mut self, known: &HashSet<String>) -> Vec<String> {
        let inventory = &self.inventory;
        let node = |key: &str| key.strip_prefix(GPUS).or_else(|| key.strip_prefix(TIME)).map(NodeName::new);
        let gone = |key: &String| {
            let waits = |name: &NodeName| inventory.remembers(name) || inventory.node(name).is_some_and(|n| n.awaited);
            !known.contains(key) && node(key).is_some_and(|name| !waits(&name))
        };
        let removed: Vec<String> = self.committed.0.keys().filter(|key| gone(key)).cloned().collect();
        self.committed.0.retain(|key, _| !removed.contains(key));
        removed
    }
}

/// Whether a state belongs to one of these nodes.
fn is_of(item: &SavedItem, nodes: &HashSet<NodeName>) -> bool {
    item.key.split_once('/').is_some_and(|(_, node)| nodes.contains(&NodeName::new(node)))
}

/// The number of GPUs by the driver's name for them.
pub(super) fn by_name(gpus: &[SavedGpu]) -> Vec<(Option<Label>, u32)> {
    let mut names: Vec<(Option<Label>, u32)> = Vec::new();
    for gpu in gpus {
        match names.iter_mut().find(|(name, _)| *name == gpu.name) {
            Some((_, count)) => *count += 1,
            None => names.push((gpu.name.clone(), 1)),
        }
    }
    names
}
