//! The repeated search of this machine for engines, whose results the schedule polls.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::schedule::{Schedule, WorkGuard};
use crate::source::discover::{Discovery, Pids};
use crate::source::{Source, sink};

/// The time between two searches of this machine for engines.
const SEARCH_AGAIN: Duration = Duration::from_secs(15);

/// Searches this machine for engines repeatedly, and polls those found.
pub(super) async fn search(
    mut discovery: Discovery,
    mut schedule: Schedule,
    mut pids: watch::Receiver<Pids>,
    _working: mpsc::Sender<WorkGuard>,
) {
    let (sink, mut outlet) = sink();
    discovery = discovery.following(pids.clone());
    discovery.start(sink, &schedule.clock);
    loop {
        pids.mark_unchanged();
        discovery.poll().await;
        let messages = std::iter::from_fn(|| outlet.try_recv().ok()).collect();
        if !schedule.pass(messages).await {
            return;
        }
        // A change of the GPU processes reported by the driver starts the next search sooner.
        let changed = async {
            if pids.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(SEARCH_AGAIN) => {}
            _ = schedule.last.changed() => return,
        }
    }
}
