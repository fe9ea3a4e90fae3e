//! A recording or a simulated day on the screen, in a time of its own.

use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::screen::ScreenExit;
use super::sources::SourcePlan;
use super::{Failure, ledger, screen};
use crate::session::Playback;
use crate::source::Source;
use crate::store::Store;
use crate::tui::{self, LedgerQueries};

/// Plays it at a speed while it is shown, then each playback that `again` returns, with its own ledger and charts; when it
/// returns none, the end stays on the screen. Returns the last source too, or `None` if its ledger does not close in time.
pub(super) fn show<S: Source>(
    mut options: tui::Options,
    playback: Playback<S>,
    plan: &SourcePlan,
    speed: f64,
    runtime: &Runtime,
    mut again: impl FnMut() -> Option<Playback<S>> + Send + 'static,
) -> Result<(ScreenExit, Option<S>), Failure> {
    let (settings, history) = (plan.settings.clone(), options.history.clone());
    let past = move |store: &Store| ledger::past(store, &settings, settings.zone.clone());
    let (set_past, current) = watch::channel(past(&playback.store));
    options.past = Some(LedgerQueries::new(move |question, reply| current.borrow().clone().ask(question, reply)));
    let snapshots = playback.publish.subscribe();
    let playing = playback.play(speed, runtime.handle(), move || {
        let next = again()?;
        history.clear();
        set_past.send_replace(past(&next.store));
        Some(next)
    });
    let shown = screen::show(options, snapshots);
    let last = runtime.block_on(playing.end());
    Ok((shown?, last))
}
