//! `margintop serve`: the same collector and ledger with no screen.

use super::global::Global;
use super::sources::SourcePlan;
use super::{Failure, ledger, ledger_states, listen, log, target_states};
use crate::clock::Clock;
use crate::http;
use crate::platform::ShutdownSignals;
use crate::session::{self, Session};
use crate::wire;

/// Watches until a signal asks for the end; then polls once more, writes once more and ends.
pub(super) fn run(global: &Global, targets: &[String], address: &str) -> Result<(), Failure> {
    let plan = SourcePlan::new(global, targets)?;
    plan.warn_of_duplicates();
    let log = log::start(global, &plan.settings)?;
    let ledger = ledger::settings(&plan.settings, ledger::choice(global, &plan.settings).or_own(), &Clock::System);
    let runtime = session::runtime(1)?;
    runtime.block_on(async {
        let mut shutdown = ShutdownSignals::new()?;
        let listener = listen::bind(address).await?;
        let session = Session::start(plan.session(&Clock::System, ledger), runtime.handle());
        let snapshots = session.snapshots.clone();
        listen::announce(&listener)?;
        tracing::info!(address = %listener.local_addr()?, targets = plan.targets.len(), "serving");
        tokio::spawn(ledger_states::follow(snapshots.clone(), log));
        tokio::spawn(target_states::follow(snapshots.clone()));
        let hub = http::hub();
        tokio::select! {
            () = wire::serve(listener, move |request| hub.answer(&request)) => {}
            () = shutdown.received() => {}
        }
        session.finish().await;
        if let Some(why) = target_states::without_engine(&snapshots.borrow()) {
            tracing::warn!("{}", why.replace('\n', "; "));
        }
        tracing::info!("ended");
        Ok::<_, Failure>(())
    })?;
    // A call of the driver that never returns must not hold the process.
    runtime.shutdown_background();
    Ok(())
}
