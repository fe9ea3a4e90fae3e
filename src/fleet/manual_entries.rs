//! What a person asks for: ends of leases, resets of targets, decisions on disputes.

use super::{Fleet, view};
use crate::ledger::{Decision, Marker};
use crate::metering::Metering;
use crate::reading::{Label, NodeName, TargetId};
use crate::units::Timestamp;

impl Fleet {
    /// Ends leases of nodes by hand: takes back what was posted after the end by a counter-entry. The node's GPUs are
    /// allocated again when they are next reported.
    pub fn end_leases(&mut self, ends: Vec<(i64, NodeName, Timestamp)>) {
        let Self { metering, ledger, inventory, config, .. } = self;
        for (id, node, at) in ends {
            if metering.has_ended(id) {
                continue;
            }
            inventory.restore_node(&node);
            metering.end_lease(ledger, view(config, inventory), id, &node, at);
            config.leases.iter_mut().for_each(|lease| lease.end(&node, at));
            inventory.forget_gpus(&node);
            Metering::forget_ended_cost(ledger, view(config, inventory), &node, at);
        }
    }

    /// Resets targets by hand: forgets the processes behind them, so that their next pages are baselines.
    pub fn reset_targets(&mut self, resets: Vec<(i64, TargetId)>) {
        self.metering.reset_targets(&mut self.ledger, resets);
    }

    /// Applies a person's decisions on disputes.
    pub fn decide(&mut self, decisions: Vec<Decision>) {
        for decision in decisions {
            let dispute = self.ledger.disputes().iter().find(|dispute| dispute.id == decision.id);
            if let Some(dispute) = dispute.filter(|_| decision.accepted && !self.ledger.is_closed()) {
                self.metering.earn_accepted(&self.ledger, dispute);
            }
            self.ledger.decide(&decision);
        }
    }

    /// Adds a marker.
    pub fn mark(&mut self, at: Timestamp, text: &str) {
        self.ledger.mark(Marker { at, text: Label::new(text) });
    }
}
