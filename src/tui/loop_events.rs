//! What wakes the loop, and the threads that do: keys, snapshots, signals. The loop never joins them.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread;

use tokio::sync::watch;

use super::app::Action;
use super::terminal::Input;
use crate::snapshot::Snapshot;

/// A reason to wake.
#[cfg_attr(windows, allow(dead_code, reason = "there are no signals that stop, suspend or continue"))]
#[derive(Debug)]
pub(super) enum LoopEvent {
    /// A key or the mouse.
    Input(Input),
    /// A snapshot.
    Fresh(Arc<Snapshot>),
    /// The past may have answered.
    QueryResult,
    /// An errand is done.
    Done(Action),
    /// The terminal has another size.
    Resized,
    /// A signal asks for the end.
    Stop(i32),
    /// A signal asks to stop until `fg`.
    Suspend,
    /// It goes on after a stop.
    Resumed,
    /// The terminal is gone.
    Closed,
}

/// Starts a thread that is never joined.
pub(super) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(body).map(drop)
}

/// Snapshots, from a thread that waits for the collector; it holds one at most, and the collector never waits for it.
pub(super) fn snapshots(mut feed: watch::Receiver<Arc<Snapshot>>, loop_: SyncSender<LoopEvent>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    spawn("snapshots", move || {
        runtime.block_on(async {
            while feed.changed().await.is_ok() {
                let snapshot = feed.borrow_and_update().clone();
                if loop_.send(LoopEvent::Fresh(snapshot)).is_err() {
                    return;
                }
            }
            // The dashboard may have left meanwhile.
            drop(loop_.send(LoopEvent::Done(Action::Ended)));
        });
    })
}
