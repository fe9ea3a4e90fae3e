//! The changes since the last checkpoint, merged by key.
//!
//! Changes are signed, so that counter-entries need no special case. Each new row of the tables of names is taken once, by
//! number.

use std::collections::HashMap;

use super::{
    CostAccount, CostAccountId, Dispute, DisputeId, GpuTimeChange, Marker, RevenueAccount, RevenueAccountId,
    SloMinutes, Tariff, TariffId, TokenChange, Uncertainty,
};
use crate::reading::{Label, NodeName};
use crate::units::Timestamp;

/// Changes by minute and key.
#[derive(Debug, Clone, Default)]
pub struct PendingPostings {
    /// New accounts.
    pub accounts: Vec<RevenueAccount>,
    /// New cost accounts.
    pub cost_accounts: Vec<CostAccount>,
    /// New tariffs.
    pub tariffs: Vec<Tariff>,
    /// Tokens; a tariff of `None` is "unpriced".
    pub tokens: HashMap<(Timestamp, RevenueAccountId, Option<TariffId>), TokenChange>,
    /// GPU time.
    pub gpu_times: HashMap<(Timestamp, CostAccountId), GpuTimeChange>,
    /// Uncertainty.
    pub uncertainty: HashMap<Timestamp, Uncertainty>,
    /// Markers.
    pub markers: Vec<Marker>,
    /// Spans in which nothing was observed.
    pub unwatched: Vec<(Timestamp, Timestamp)>,
    /// Renamed nodes: the old name and the new one.
    pub renames: Vec<(NodeName, NodeName)>,
    /// New disputes.
    pub disputes: Vec<Dispute>,
    /// Withdrawn disputes.
    pub withdrawn: Vec<DisputeId>,
    /// Minutes in which latency objectives were met or missed, by objectives, node and quarter hour.
    pub slo_minutes: HashMap<(Label, NodeName, Timestamp), SloMinutes>,
}

impl PendingPostings {
    /// Merges later changes into these.
    pub fn merge(&mut self, later: Self) {
        later.renames.iter().for_each(|(from, to)| self.rename_node(from, to));
        self.accounts.extend(later.accounts);
        self.cost_accounts.extend(later.cost_accounts);
        self.tariffs.extend(later.tariffs);
        for (key, change) in later.tokens {
            *self.tokens.entry(key).or_default() += change;
        }
        for (key, change) in later.gpu_times {
            *self.gpu_times.entry(key).or_default() += change;
        }
        for (minute, uncertainty) in later.uncertainty {
            *self.uncertainty.entry(minute).or_default() += uncertainty;
        }
        self.markers.extend(later.markers);
        self.unwatched.extend(later.unwatched);
        self.renames.extend(later.renames);
        self.disputes.extend(later.disputes);
        self.withdrawn.extend(later.withdrawn);
        for (key, minutes) in later.slo_minutes {
            let sum = self.slo_minutes.entry(key).or_default();
            *sum = sum.plus(minutes);
        }
    }

    /// Applies a node's new name to rows that are not written yet.
    fn rename_node(&mut self, from: &NodeName, to: &NodeName) {
        for account in self.accounts.iter_mut().filter(|account| account.node == *from) {
            account.node = to.clone();
        }
        for cost_account in
            self.cost_accounts.iter_mut().filter(|cost_account| cost_account.node.as_ref() == Some(from))
        {
            cost_account.node = Some(to.clone());
        }
    }
}
