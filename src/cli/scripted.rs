//! A recording or a simulated day on the screen, in a time of its own.

use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};

use super::screen::Shown;
use super::sources::SourcePlan;
use super::{Failure, ledger, screen};
use crate::session::{Playback, turn_again};
use crate::source::Source;
use crate::store::Store;
use crate::tui::{self, LedgerQueries};

/// The longest time that the ledger may take to close when the screen is left.
const CLOSING: Duration = Duration::from_millis(500);

/// Plays it at a speed while it is shown, then each playback that `again` returns, with its own ledger and charts; when it
/// returns none, the end stays on the screen. Returns the last source too, or `None` if its ledger does not close in time.
pub(super) fn show<S: Source>(
    mut options: tui::Options,
    playback: Playback<S>,
    plan: &SourcePlan,
    speed: f64,
    runtime: &Runtime,
    mut again: impl FnMut() -> Option<Playback<S>> + Send + 'static,
) -> Result<(Shown, Option<S>), Failure> {
    let Playback { mut scripted, store, publish, .. } = playback;
    let snapshots = publish.subscribe();
    let (settings, history) = (plan.settings.clone(), options.history.clone());
    let past = move |store: &Store| ledger::past(store, &settings, settings.zone.clone());
    let (set_past, current) = watch::channel(past(&store));
    options.past = Some(LedgerQueries::new(move |question, reply| current.borrow().clone().ask(question, reply)));
    let next = move || {
        let next = again()?;
        history.clear();
        set_past.send_replace(past(&next.store));
        Some(next.scripted)
    };
    let (leave, left) = oneshot::channel::<()>();
    let turning = runtime.spawn(async move {
        tokio::select! {
            () = turn_again(&mut scripted, speed, &publish, next) => {}
            _ = left => {}
        }
        scripted.close()
    });
    let shown = screen::show(options, snapshots);
    // An error here means that the task has ended already.
    let _ = leave.send(());
    let closed = runtime.block_on(async { tokio::time::timeout(CLOSING, turning).await });
    Ok((shown?, closed.ok().and_then(Result::ok)))
}
