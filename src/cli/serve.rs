//! `margintop serve`: the same collector and ledger with no screen.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::global::Global;
use super::sources::SourcePlan;
use super::{Failure, ledger, log, target_states};
use crate::clock::Clock;
use crate::http;
use crate::platform::Ending;
use crate::reading::Label;
use crate::session::Session;
use crate::snapshot::{LedgerBasis, Snapshot, WriterStatus};
use crate::wire;

/// How long the last look may take after a signal.
const LAST_LOOK: Duration = Duration::from_millis(500);

/// Watches until a signal asks for the end; then looks once more, writes once more and ends.
pub(super) fn run(global: &Global, targets: &[String], listen: &str) -> Result<(), Failure> {
    let plan = SourcePlan::new(global, targets)?;
    plan.tell_doubles();
    let is_file = log::start(global, &plan.settings)?;
    let path = ledger::choice(global, &plan.settings).or_own();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let mut ending = Ending::new()?;
        let listener = TcpListener::bind(listen).await.map_err(|error| cannot_listen(listen, &error))?;
        let address = listener.local_addr()?;
        let keeping = ledger::settings(&plan, path, &Clock::System);
        let session = Session::start(plan.session(&Clock::System, keeping), runtime.handle());
        announce(&format!("http://{address}"))?;
        tracing::info!(%address, targets = plan.targets.len(), "serving");
        tokio::spawn(tell_of_ledger(session.snapshots.clone(), is_file));
        tokio::spawn(target_states::follow(session.snapshots.clone()));
        let last = session.snapshots.clone();
        let hub = http::hub();
        tokio::select! {
            () = wire::serve(listener, move |request| hub.answer(&request)) => {}
            () = ending.asked() => {}
        }
        session.finish(LAST_LOOK).await;
        if let Some(why) = target_states::without_engine(&last.borrow()) {
            tracing::warn!("{}", why.replace('\n', "; "));
        }
        tracing::info!("ended");
        Ok::<_, Failure>(())
    })?;
    // A driver's call that never comes back must not hold the process.
    runtime.shutdown_background();
    Ok(())
}

/// An address that cannot be listened at, and what to do.
pub(super) fn cannot_listen(listen: &str, error: &std::io::Error) -> Failure {
    Failure::Run(format!("{listen}: {error}; choose another address with --listen or MARGINTOP_LISTEN"))
}

/// Says on stderr, and in a log that is a file, how the ledger stands, whenever that changes from what it should be.
async fn tell_of_ledger(mut pictures: watch::Receiver<Arc<Snapshot>>, is_file: bool) {
    let mut told = LedgerBasis { writer: WriterStatus::Ours, ..LedgerBasis::default() };
    while pictures.changed().await.is_ok() {
        let basis = pictures.borrow_and_update().money.ledger.clone();
        if (basis.writer, &basis.trouble) == (told.writer, &told.trouble) || basis.path.is_none() {
            continue;
        }
        let path = basis.path.as_ref().map_or("", Label::as_str);
        let line = match (&basis.trouble, basis.writer) {
            (Some(trouble), _) => format!("{trouble}; money is kept in memory meanwhile"),
            (None, WriterStatus::Other(Some(pid))) => format!("{path}: kept by pid {pid}; taken over when it ends"),
            (None, WriterStatus::Other(None)) => format!("{path}: kept by another process; taken over when it ends"),
            (None, WriterStatus::Ours | WriterStatus::Memory) => format!("{path}: written again by this process"),
        };
        eprintln!("margintop: {line}");
        if is_file {
            tracing::warn!(ledger = path, "{line}");
        }
        told = basis;
    }
}

/// The first line says where it answers.
fn announce(address: &str) -> Result<(), Failure> {
    let mut out = super::out::Stdout::default();
    writeln!(out, "{address}")?;
    Ok(out.flush()?)
}
