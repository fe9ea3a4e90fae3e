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
    /// Windows of today when the first snapshot was received, from the absence or an earlier run.
    Earlier { today: u64 },
    /// There are more disputed tokens: their present number and value.
    Disputed { tokens: u64, value: String },
    /// No tokens are disputed any more.
    Decided,
}

/// The last logged counts.
#[derive(Debug, Default)]
pub(super) struct LastCounts {
    restarts: BTreeMap<TargetId, u64>,
    /// `None` until an engine is known: what the ledger has from earlier runs is no news.
    lost_windows: Option<u64>,
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
            let before = self.restarts.insert(target.clone(), restarts);
            if let Some(before) = before.filter(|before| restarts > *before) {
                changes.push(CountChange::Restarts { target: target.clone(), new: restarts - before });
            }
        }
        let money = &snapshot.money;
        let today = money.lost_windows;
        match self.lost_windows {
            None if snapshot.engines.is_empty() => {}
            None if today > 0 => changes.push(CountChange::Earlier { today }),
            Some(lost) if today > lost => changes.push(CountChange::LostWindows { new: today - lost, today }),
            _ => {}
        }
        self.lost_windows = self.lost_windows.map(|_| today).or((!snapshot.engines.is_empty()).then_some(today));
        let disputed = (money.disputed_tokens, money.disputed);
        let before = std::mem::replace(&mut self.disputed, disputed);
        if disputed.0 > before.0 || disputed.1 > before.1 {
            let value = if money.disputed.is_zero() {
                "no price".to_owned()
            } else {
                format!("{} {}", money.disputed.round_to(2), money.currency)
            };
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
        CountChange::Earlier { today } => {
            tracing::info!(
                today,
                "tokens may be missing of so many windows before restarts or gaps earlier today, and the total is a lower bound"
            );
        }
        CountChange::Disputed { tokens, value } => tracing::warn!(
            tokens,
            %value,
            "a counter grew by more than its process can have produced: nothing of it is posted until `margintop ledger disputes` decides"
        ),
        CountChange::Decided => tracing::info!("no dispute is open any more"),
    }
}
