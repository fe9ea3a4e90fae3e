//! A recording or a simulated day on the screen, in a time of its own.

use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::{Failure, screen};
use crate::session::{Playback, Scripted, turn_again};
use crate::source::Source;
use crate::tui;

/// Plays it at a speed while it is shown, then each session that `again` returns; when it returns none, the end stays on the
/// screen. `ended` takes the last session when the screen is closed.
pub(super) fn show<S: Source>(
    options: tui::Options,
    playback: Playback<S>,
    speed: f64,
    runtime: &Runtime,
    again: impl FnMut() -> Option<Scripted<S>> + Send + 'static,
    ended: impl FnOnce(Scripted<S>) + Send + 'static,
) -> Result<(), Failure> {
    let Playback { mut scripted, publish, .. } = playback;
    let snapshots = publish.subscribe();
    let (leave, left) = oneshot::channel::<()>();
    let turning = runtime.spawn(async move {
        tokio::select! {
            () = turn_again(&mut scripted, speed, &publish, again) => {}
            _ = left => {}
        }
        ended(scripted);
    });
    let shown = screen::show(options, snapshots);
    // An error here means that the task has ended already.
    let _ = leave.send(());
    let _ = runtime.block_on(turning);
    shown
}
