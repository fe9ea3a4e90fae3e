//! The present as the hub serves it: a snapshot and today's money, with the texts that are made of them when they are first
//! asked for.

use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use super::metrics;
use super::today::TodayMoney;
use crate::snapshot::Snapshot;
use crate::wire::Bytes;

/// One snapshot and its texts.
#[derive(Debug)]
pub(super) struct HubPresent {
    pub(super) snapshot: Arc<Snapshot>,
    today: Option<Arc<TodayMoney>>,
    json: OnceLock<Bytes>,
    summary: OnceLock<Bytes>,
    metrics: OnceLock<Bytes>,
}

impl HubPresent {
    fn new(snapshot: Arc<Snapshot>, today: Option<Arc<TodayMoney>>) -> Self {
        let (json, summary, metrics) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { snapshot, today, json, summary, metrics }
    }

    /// The snapshot as `once --json` prints it.
    pub(super) fn json(&self) -> Bytes {
        self.json.get_or_init(|| text(&self.snapshot)).clone()
    }

    /// The same without nodes and engines.
    pub(super) fn summary(&self) -> Bytes {
        self.summary.get_or_init(|| text(&self.snapshot.without_rows())).clone()
    }

    /// The page for Prometheus.
    pub(super) fn metrics(&self) -> Bytes {
        self.metrics.get_or_init(|| metrics::page(&self.snapshot, self.today.as_deref()).into()).clone()
    }
}

fn text(snapshot: &Snapshot) -> Bytes {
    // It has no map with keys that are not texts, and no number that JSON lacks: it cannot fail.
    serde_json::to_vec(snapshot).unwrap_or_default().into()
}

/// The present, made anew for each snapshot and each answer of the ledger until either ends.
pub(super) fn follow(
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    mut today: watch::Receiver<Option<Arc<TodayMoney>>>,
) -> watch::Receiver<Arc<HubPresent>> {
    let first = HubPresent::new(snapshots.borrow_and_update().clone(), today.borrow_and_update().clone());
    let (sender, receiver) = watch::channel(Arc::new(first));
    tokio::spawn(async move {
        loop {
            let is_over = tokio::select! {
                changed = snapshots.changed() => changed.is_err(),
                Ok(()) = today.changed() => false,
                () = sender.closed() => true,
            };
            if is_over {
                return;
            }
            let (snapshot, money) = (snapshots.borrow_and_update().clone(), today.borrow_and_update().clone());
            sender.send_replace(Arc::new(HubPresent::new(snapshot, money)));
        }
    });
    receiver
}
