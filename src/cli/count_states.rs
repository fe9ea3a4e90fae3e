//! Logs changes of a fleet's counters between two snapshots: restarts of processes, windows of which tokens may be
//! missing, and disputed movements.

use std::collections::BTreeMap;

use crate::reading::TargetId;
use crate::snapshot::Snapshot;
use crate::units::Money;

/// A change of counters since the last snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CountChange {
    /// A process at a target restarted, this many times.
    Restarts { target: TargetId, new: u64 },
    /// Windows of which tokens may be missing, and how many there are today.
    LostWindows { new: u64, today: u64 },
    /// There are more disputed tokens: their present number and value.
    Disputed { tokens: u64, value: String },
    /// No tokens are disputed any more.
    Decided,
}

/// The last logged counts.
#[derive(Debug, Default)]
pub(super) struct LastCounts {
    restarts: BTreeMap<TargetId, u64>,
    lost_windows: u64,
    /// Disputed tokens and their value.
    disputed: (u64, Money),
}

impl LastCounts {
    /// The changes of a snapshot that are not logged yet. A count that falls, such as that of a day at midnight, begins
    /// again.
    pub(super) fn changes(&mut self, snapshot: &Snapshot) -> Vec<CountChange> {
        let mut changes = Vec::new();
        let mut restarts: BTreeMap<&TargetId, u64> = BTreeMap::new();
        for row in &snapshot.engines {
            let most = restarts.entry(&row.target).or_default();
            *most = (*most).max(row.scrape.restarts);
        }
        for (target, restarts) in restarts {
            let before = self.restarts.insert(target.clone(), restarts).unwrap_or(0);
            if restarts > before {
                changes.push(CountChange::Restarts { target: target.clone(), new: restarts - before });
            }
        }
        let money = &snapshot.money;
        let lost = std::mem::replace(&mut self.lost_windows, money.lost_windows);
        if money.lost_windows > lost {
            changes.push(CountChange::LostWindows { new: money.lost_windows - lost, today: money.lost_windows });
        }
        let disputed = (money.disputed_tokens, money.disputed);
        let before = std::mem::replace(&mut self.disputed, disputed);
        if disputed.0 > before.0 || disputed.1 > before.1 {
            let value = format!("{} {}", money.disputed.round_to(2), money.currency);
            changes.push(CountChange::Disputed { tokens: disputed.0, value });
        } else if disputed == (0, Money::ZERO) && before != disputed {
            changes.push(CountChange::Decided);
        }
        changes
    }
}

/// Logs a change in one line.
pub(super) fn log(change: &CountChange) {
    match change {
        CountChange::Restarts { target, new } => {
            tracing::info!(%target, restarts = new, "process restarted: its counters began at zero");
        }
        CountChange::LostWindows { new, today } => tracing::warn!(
            windows = new,
            today,
            "tokens may be missing: what was made between the last page before a restart or a gap and its end is unknown, and \
             the total is a lower bound"
        ),
        CountChange::Disputed { tokens, value } => tracing::warn!(
            tokens,
            %value,
            "a counter grew by more than its process can have produced: nothing of it is posted until `margintop ledger disputes` decides"
        ),
        CountChange::Decided => tracing::info!("no dispute is open any more"),
    }
}
