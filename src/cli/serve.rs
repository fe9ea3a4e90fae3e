//! `margintop serve`: the same collector and ledger with no screen, and pages for all who ask.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::global::Global;
use super::reload::{begin_again, until_ended};
use super::serve_args::ServeArgs;
use super::sources::SourcePlan;
use super::{Failure, ledger, ledger_states, listen, log, target_states};
use crate::clock::Clock;
use crate::history::History;
use crate::http::{self, AboutHub, HubParts, MarkerRequest, MarkerSink};
use crate::platform::{KeptListener, ServerSignal, ShutdownSignals};
use crate::session::{self, Session, SessionConfig};
use crate::store;
use crate::units::zone_text;
use crate::wire::{self, Access};

/// Markers that wait to be written.
const WAITING_MARKERS: usize = 64;

/// Watches until a signal asks for the end; then polls once more, writes once more and ends. A signal to reload does the same,
/// and begins again with the configuration as it is then.
pub(super) fn run(global: &Global, args: &ServeArgs) -> Result<(), Failure> {
    let plan = SourcePlan::new(global, &args.targets)?;
    plan.warn_of_duplicates();
    let log = log::start(global, &plan.settings)?;
    let path = ledger::choice(global, &plan.settings).or_own();
    let runtime = session::runtime(1)?;
    let mut kept = None;
    let ended = runtime.block_on(async {
        let mut shutdown = ShutdownSignals::new()?;
        let (listener, access) = listen::bind(&args.listen, &args.access).await?;
        kept = Some(KeptListener::of(&listener)?);
        let history = History::default();
        let ledger = ledger::settings(&plan.settings, path.clone(), &Clock::System);
        let config = SessionConfig { history: Some(history.clone()), ..plan.session(&Clock::System, ledger) };
        let session = Session::start(config, runtime.handle());
        let snapshots = session.snapshots.clone();
        listen::announce(&listener, &access)?;
        tracing::info!(address = %listener.local_addr()?, targets = plan.targets.len(), "serving");
        tokio::spawn(ledger_states::follow(snapshots.clone(), log));
        tokio::spawn(target_states::follow(snapshots.clone()));
        let (today, of_today) = watch::channel(None);
        let zone = ledger::zone(path.as_deref(), &plan.settings);
        tokio::spawn(http::follow_today(session.store.clone(), snapshots.clone(), zone.clone(), today));
        let markers = path.clone().map(|path| marker_sink(path, runtime.handle()));
        let about = AboutHub {
            version: env!("CARGO_PKG_VERSION"),
            zone: zone_text(&zone),
            interval_seconds: plan.interval().as_secs_f64(),
            title: None,
        };
        let (snapshots_of_hub, store) = (snapshots.clone(), session.store.clone());
        let parts = HubParts { snapshots: snapshots_of_hub, today: of_today, history, store, markers, about };
        let hub = http::hub(parts);
        let serving = wire::serve(listener, Access { posts: true, ..access }, move |request| hub.answer(&request));
        let ended = tokio::select! {
            () = serving => ServerSignal::End,
            signal = until_ended(&mut shutdown, || SourcePlan::new(global, &args.targets).map(drop)) => signal,
        };
        session.finish().await;
        if let Some(why) = target_states::without_engine(&snapshots.borrow()) {
            tracing::warn!("{}", why.replace('\n', "; "));
        }
        tracing::info!("{}", if ended == ServerSignal::Reload { "begins again" } else { "ended" });
        Ok::<_, Failure>(ended)
    })?;
    // A call of the driver that never returns must not hold the process.
    runtime.shutdown_background();
    if ended == ServerSignal::Reload { Err(begin_again(kept)) } else { Ok(()) }
}

/// Writes posted markers to a ledger, on a thread that may wait for its disk.
fn marker_sink(path: PathBuf, runtime: &Handle) -> MarkerSink {
    let (sender, waiting) = sync_channel::<MarkerRequest>(WAITING_MARKERS);
    runtime.spawn_blocking(move || {
        while let Ok(marker) = waiting.recv() {
            write_marker(&path, &marker);
        }
    });
    let sender = Arc::new(sender);
    MarkerSink::new(move |marker| take_marker(&sender, marker))
}

fn take_marker(sender: &SyncSender<MarkerRequest>, marker: MarkerRequest) -> Result<(), String> {
    if marker.at.is_some_and(|at| at > Clock::System.now().wall) {
        return Err("at is in the future: mark what has happened".to_owned());
    }
    sender.try_send(marker).map_err(|error| match error {
        TrySendError::Full(_) => "too many markers wait to be written: send it again".to_owned(),
        TrySendError::Disconnected(_) => "the ledger is closed".to_owned(),
    })
}

fn write_marker(path: &Path, marker: &MarkerRequest) {
    let at = marker.at.unwrap_or_else(|| Clock::System.now().wall);
    match store::mark(path, at, marker.text.as_str()) {
        Ok(()) => tracing::info!(text = marker.text.as_str(), at = %at, "marked"),
        Err(error) => tracing::warn!(text = marker.text.as_str(), "not marked: {error}"),
    }
}
