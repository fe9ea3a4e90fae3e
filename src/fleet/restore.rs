//! Continues the fleet from a saved state.
//!
//! Tokens and GPU time of an absence are posted when their sources answer again: tokens because counters continued, GPU
//! time because GPUs are known on both sides. So a node of an earlier watch posts nothing until its GPUs are reported.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::checkpoint::{SavedItem, SavedState};
use super::commits::{BOUND, GPUS, MOST_GPUS, TIME};
use super::watch::{STEP as CLOCK_STEP, clock_was_set};
use super::{Fleet, FleetConfig, Marks};
use crate::inventory::SavedNode;
use crate::ledger::{DisputeId, SavedLedger};
use crate::metering::{Metering, SavedAllocation, SavedTarget};
use crate::pricing::FormerNames;
use crate::reading::{NodeName, TargetId};
use crate::units::{Span, Timestamp};

impl Fleet {
    /// Continues from a saved state. After an absence of more than `limit` nothing is posted for it, and the span is
    /// recorded as unwatched. What was asked for by hand meanwhile is applied in either case.
    pub fn restore(&mut self, saved: SavedState, limit: Span) {
        let SavedState {
            kept,
            began,
            watched_from,
            last,
            targets,
            nodes,
            schedules,
            lease_ends,
            target_resets,
            newly_accepted,
        } = saved;
        let now = self.inventory.now();
        self.ledger.record_changes();
        self.ledger.set_closed(false);
        self.ledger.restore(kept);
        self.watch.restore(began, watched_from);
        if began.is_some() {
            self.watch.note_absence(last.wall, now.wall);
        }
        // Rent is posted once more for the time that the clock passes twice.
        let step = (now.wall - last.wall) - now.since(last).max(Span::ZERO);
        if began.is_some() && step <= Span::ZERO - CLOCK_STEP {
            self.mark(now.wall, &clock_was_set(step));
        }
        self.restore_names(&nodes);
        self.metering.restore_schedules(&mut self.config, &schedules, last.wall);
        self.restore_bounds(&nodes);
        let ended: HashSet<NodeName> = lease_ends.iter().map(|(_, node, _)| node.clone()).collect();
        if began.is_some() && now.since(last) > limit {
            self.ledger.note_unwatched(last.wall, now.wall);
            self.watch.break_at(now.wall);
            self.restore_nodes(nodes.into_iter().filter(|item| is_of(item, &ended)).collect(), limit, &ended);
            // Nothing is posted for the absence itself.
            let upto_last = |(id, node, at): (i64, NodeName, Timestamp)| (id, node, at.min(last.wall));
            self.end_leases(lease_ends.into_iter().map(upto_last).collect());
            self.metering.skip_to(&self.config, now.wall);
        } else {
            self.restore_nodes(nodes, limit, &ended);
            self.restore_targets(targets, limit);
            self.end_leases(lease_ends);
            self.restore_accepted(&newly_accepted);
        }
        self.reset_targets(target_resets);
    }

    /// Takes over a ledger that another process kept until now. Names and sparklines stay; counting continues from what
    /// that process saved.
    pub fn adopt(&mut self, saved: SavedState, limit: Span) {
        let targets = self.inventory.targets.values().map(|target| target.info.clone());
        let config = FleetConfig { targets: targets.collect(), ..self.config.clone() };
        let mut next = Self::new(config, self.ledger.book().clone(), self.inventory.now());
        std::mem::swap(&mut next.sparklines, &mut self.sparklines);
        next.inventory.take_source_errors(&mut self.inventory);
        next.commits.basis = std::mem::take(&mut self.commits.basis);
        next.restore(saved, limit);
        *self = next;
    }

    /// Shows a ledger that another process keeps, with its marks; nothing is posted here. Leases that were ended by hand are
    /// over here too.
    pub fn show(
        &mut self,
        kept: SavedLedger,
        began: Option<Timestamp>,
        marks: Marks,
        schedules: &[(String, Timestamp)],
    ) {
        Metering::end_as_saved(&mut self.config, schedules);
        let before = self.ledger.accounts().to_vec();
        self.ledger.show(kept);
        self.metering.renumber(&before, &mut self.ledger);
        self.watch.show(began);
        self.commits.shown = marks;
    }

    /// Continues a target of an earlier watch.
    pub(super) fn restore_target(&mut self, id: &TargetId) {
        let targets = &mut self.inventory.targets;
        let answered = self.metering.add_target(&self.config, id, |other| targets.contains_key(other));
        if let Some(target) = targets.get_mut(id).filter(|_| answered.is_some()) {
            target.answered = answered;
        }
    }

    /// Restores the names that nodes had before, and lets leases follow them.
    fn restore_names(&mut self, items: &[SavedItem]) {
        self.inventory.remember_former(former_names(items));
        self.inventory.name_leases(&mut self.config.leases);
    }

    /// Restores what the bounds of each node assume, and the most GPUs it was known with.
    fn restore_bounds(&mut self, items: &[SavedItem]) {
        for SavedItem { key, state } in items {
            if let (Some(node), Ok(most)) = (key.strip_prefix(MOST_GPUS), serde_json::from_str(state)) {
                self.commits.note(key, state);
                self.metering.restore_most_gpus(&NodeName::new(node), most);
            }
            if let (Some(node), Ok(gpus)) = (key.strip_prefix(BOUND), state.parse()) {
                self.commits.note(key, state);
                self.metering.restore_bound(&NodeName::new(node), gpus);
            }
        }
    }

    /// Restores nodes. If a state cannot be read, its GPUs are allocated from their next report. Nodes whose leases
    /// were `ended` by hand are restored however long ago they were reported, to take back what was posted after the
    /// end.
    fn restore_nodes(&mut self, items: Vec<SavedItem>, limit: Span, ended: &HashSet<NodeName>) {
        let (gpus, mut times) = self.read_nodes(items);
        for saved in gpus {
            let Some(time) = times.remove(saved.node.as_str()) else { continue };
            // A node that was not reported for longer than the limit is not bridged, even if another process watched
            // meanwhile.
            if self.inventory.now().since(time.reported) <= limit || ended.contains(&saved.node) {
                let node = saved.node.clone();
                self.inventory.remember(saved, time.reported, time.until());
                self.metering.restore_allocation(&self.config, &node, time);
            }
        }
    }

    /// Reads the states of nodes. Those that cannot be read are removed.
    fn read_nodes(&mut self, items: Vec<SavedItem>) -> (Vec<SavedNode>, HashMap<String, SavedAllocation>) {
        let mut unread = BTreeSet::new();
        let mut gpus: Vec<SavedNode> = Vec::new();
        let mut times: HashMap<String, SavedAllocation> = HashMap::new();
        for SavedItem { key, state } in items {
            self.commits.note(&key, &state);
            let read = match (key.strip_prefix(GPUS), key.strip_prefix(TIME)) {
                (Some(_), _) => serde_json::from_str(&state).map(|saved| gpus.push(saved)),
                (_, Some(node)) => serde_json::from_str(&state).map(|saved| drop(times.insert(node.to_owned(), saved))),
                (None, None) => continue,
            };
            if read.is_err() {
                unread.extend(key.split_once('/').map(|(_, node)| node.to_owned()));
                self.inventory.note_unread(key);
            }
        }
        for node in &unread {
            self.mark_unread(node, "its GPUs are allocated from their next report");
        }
        (gpus, times)
    }

    /// Restores targets. If a state cannot be read, the target's next page is a baseline.
    fn restore_targets(&mut self, items: Vec<SavedItem>, limit: Span) {
        for SavedItem { key, state } in items {
            self.commits.note(&key, &state);
            match serde_json::from_str::<SavedTarget>(&state) {
                Err(_) => {
                    self.mark_unread(&key, "its next page is a baseline");
                    self.metering.note_unread(key);
                }
                Ok(saved) if self.inventory.now().since(saved.answered) > limit => {}
                Ok(saved) => self.metering.remember(TargetId::new(&key), saved),
            }
        }
        let known: Vec<TargetId> = self.inventory.targets.keys().cloned().collect();
        for target in &known {
            self.restore_target(target);
        }
        self.metering.restore_unwatched(&self.config);
    }

    /// Adds what was accepted while no process wrote the ledger to what the rows earned.
    fn restore_accepted(&mut self, accepted: &[DisputeId]) {
        for dispute in self.ledger.accepted().filter(|dispute| accepted.contains(&dispute.id)) {
            self.metering.earn_accepted(&self.ledger, dispute);
        }
    }

    /// Records that a state could not be read: marks it and counts a lost window, as the total is a lower bound.
    fn mark_unread(&mut self, name: &str, so: &str) {
        let now = self.inventory.now().wall;
        self.ledger.lose_window(now);
        self.mark(now, &format!("the saved state of {name} cannot be read: {so}"));
    }
}

/// The nodes of saved states with the names that each had before.
pub fn former_names<'a>(items: impl IntoIterator<Item = &'a SavedItem>) -> FormerNames {
    let gpus = items.into_iter().filter(|item| item.key.starts_with(GPUS));
    let saved = gpus.filter_map(|item| serde_json::from_str::<SavedNode>(&item.state).ok());
    saved.map(|saved| (saved.node, saved.former)).collect()
}

/// Whether a state belongs to one of these nodes.
fn is_of(item: &SavedItem, nodes: &HashSet<NodeName>) -> bool {
    item.key.split_once('/').is_some_and(|(_, node)| nodes.contains(&NodeName::new(node)))
}
