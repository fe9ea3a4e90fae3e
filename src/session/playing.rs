//! A playback that runs in the background while its snapshots are shown.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::playback::Playback;
use super::scripted::play_repeatedly;
use crate::source::Source;

/// The longest time that a ledger may take to close.
const CLOSING: Duration = Duration::from_millis(500);

/// A running playback.
#[derive(Debug)]
pub struct Playing<S> {
    leave: oneshot::Sender<()>,
    playing: JoinHandle<S>,
}

impl<S: Source> Playback<S> {
    /// Plays at `speed` seconds per second, then each playback that `again` returns; when it returns `None`, the last
    /// snapshot stays published.
    pub fn play(
        self,
        speed: f64,
        runtime: &Handle,
        mut again: impl FnMut() -> Option<Self> + Send + 'static,
    ) -> Playing<S> {
        let Self { mut scripted, publish, .. } = self;
        let (leave, left) = oneshot::channel::<()>();
        let playing = runtime.spawn(async move {
            tokio::select! {
                () = play_repeatedly(&mut scripted, speed, &publish, || again().map(|next| next.scripted)) => {}
                _ = left => {}
            }
            scripted.close()
        });
        Playing { leave, playing }
    }
}

impl<S> Playing<S> {
    /// Ends it, writes the last checkpoint and closes the ledger. Returns its source, or `None` if the ledger does not close
    /// in time.
    pub async fn end(self) -> Option<S> {
        // An error here means that the task has ended already.
        let _ = self.leave.send(());
        tokio::time::timeout(CLOSING, self.playing).await.ok()?.ok()
    }
}
