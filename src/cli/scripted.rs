//! A recording or a simulated day on the screen, in a time of its own.

use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};

use super::{Failure, dashboard};
use crate::session::{Scripted, turn_again};
use crate::snapshot::Snapshot;
use crate::source::Source;
use crate::tui;

/// Turns it at a speed while it is shown, then what `again` begins in its place, or goes on showing its end; `ended` takes it
/// when somebody leaves.
pub(super) fn show<S: Source>(
    options: tui::Options,
    mut scripted: Scripted<S>,
    speed: f64,
    (publish, snapshots): (watch::Sender<Arc<Snapshot>>, watch::Receiver<Arc<Snapshot>>),
    runtime: &Runtime,
    again: impl FnMut() -> Option<Scripted<S>> + Send + 'static,
    ended: impl FnOnce(Scripted<S>) + Send + 'static,
) -> Result<(), Failure> {
    let (leave, left) = oneshot::channel::<()>();
    let turning = runtime.spawn(async move {
        tokio::select! {
            () = turn_again(&mut scripted, speed, &publish, again) => {}
            _ = left => {}
        }
        ended(scripted);
    });
    let shown = dashboard::show(options, snapshots);
    // An error here means that the task has ended already.
    let _ = leave.send(());
    let _ = runtime.block_on(turning);
    shown
}
