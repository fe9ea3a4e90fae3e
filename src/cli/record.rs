//! `margintop record FILE`: records all messages of the sources, for a replay.

use std::time::Duration;

use super::global::Global;
use super::record_args::RecordArgs;
use super::sources::SourcePlan;
use super::{Failure, ledger, to_stderr};
use crate::clock::Clock;
use crate::platform::ShutdownSignals;
use crate::record::{Recording, Redactor, Settings, Written};
use crate::session::{self, Session};

/// Watches and records until the time is over, the file is full or a signal asks for the end.
pub(super) fn run(global: &Global, args: &RecordArgs) -> Result<(), Failure> {
    let plan = SourcePlan::new(global, &args.targets)?;
    plan.warn_of_duplicates();
    let path = ledger::choice(global, &plan.settings).only_named();
    let zone = ledger::zone(path.as_deref(), &plan.settings);
    let mut config = plan.session(&Clock::System, ledger::settings(&plan.settings, path, &Clock::System));
    let redactor = args.redact.then(Redactor::default);
    let settings = Settings { path: args.file.clone(), limit: args.limit, redactor };
    let recording = Recording::create(settings, config.recording_header(&zone))?;
    let progress = recording.progress();
    config.recording = Some(recording);
    let runtime = session::runtime(1)?;
    runtime.block_on(async {
        let mut shutdown = ShutdownSignals::new()?;
        let session = Session::start(config, runtime.handle());
        to_stderr(&format!("recording to {}; Ctrl-C ends it", args.file.display()));
        tokio::select! {
            () = progress.ended() => {}
            () = tokio::time::sleep(args.span.unwrap_or(Duration::MAX)) => {}
            _ = shutdown.received() => {}
        }
        session.finish().await;
        Ok::<_, Failure>(())
    })?;
    // A call of the driver that never returns must not hold the process.
    runtime.shutdown_background();
    report(args, progress.written(), progress.missed())
}

/// Reports what was written; an error of the disk is a failure.
fn report(args: &RecordArgs, written: Option<&Written>, missed: u64) -> Result<(), Failure> {
    let file = args.file.display();
    let Some(Written { entries, bytes, is_full, error }) = written else {
        return Err(Failure::Run(format!(
            "{file}: the last second was not written in time; what is there can be replayed"
        )));
    };
    if let Some(why) = error {
        return Err(Failure::Run(format!("{file}: {why}; recorded until then: {entries} entries")));
    }
    let full = if *is_full { ", and ended at its --limit" } else { "" };
    let missing = if missed > 0 { format!("; {missed} are missing, as the disk was too slow") } else { String::new() };
    to_stderr(&format!("{file}: {entries} entries in {bytes} bytes{full}{missing}; margintop replay {file} shows it"));
    Ok(())
}
