//! `margintop record FILE`: records all messages of the sources, for a replay.

use std::path::Path;
use std::time::Duration;

use super::global::Global;
use super::record_args::RecordArgs;
use super::sources::SourcePlan;
use super::{Failure, ledger};
use crate::clock::Clock;
use crate::platform::ShutdownSignals;
use crate::record::{FORMAT, Progress, Recording, RecordingHeader, Redactor, Settings, Written};
use crate::session::{self, Session, SessionConfig};
use crate::source::scrape::ScrapeTarget;
use crate::units::{Span, zone_text};

/// The time between two checks whether the recording has reached its limit.
const CHECK: Duration = Duration::from_millis(500);

/// Watches and records until the time is over, the file is full or a signal asks for the end.
pub(super) fn run(global: &Global, args: &RecordArgs) -> Result<(), Failure> {
    let plan = SourcePlan::new(global, &args.targets)?;
    plan.tell_doubles();
    let clock = Clock::System;
    let path = ledger::choice(global, &plan.settings).only_named();
    let header = header(&plan, path.as_deref(), &clock);
    let redactor = args.redact.then(Redactor::default);
    let settings = Settings { path: args.file.clone(), limit: args.limit, redactor };
    let recording = Recording::create(settings, header)?;
    let progress = recording.progress();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let mut shutdown = ShutdownSignals::new()?;
        let keeping = ledger::settings(&plan.settings, path, &clock);
        let config = SessionConfig { recording: Some(recording), ..plan.session(&clock, keeping) };
        let session = Session::start(config, runtime.handle());
        eprintln!("margintop: recording to {}; Ctrl-C ends it", args.file.display());
        tokio::select! {
            () = end(args.span, &progress) => {}
            () = shutdown.received() => {}
        }
        session.finish().await;
        Ok::<_, Failure>(())
    })?;
    // A call of the driver that never returns must not hold the process.
    runtime.shutdown_background();
    tell(args, progress.written(), progress.missed())
}

/// The first line of the recording.
fn header(plan: &SourcePlan, ledger: Option<&Path>, clock: &Clock) -> RecordingHeader {
    RecordingHeader {
        recording: FORMAT.to_owned(),
        began: clock.now(),
        local: plan.node.clone(),
        interval: Span::from(plan.interval()),
        window: session::window(plan.interval()),
        targets: plan.targets.iter().map(ScrapeTarget::info).collect(),
        redacted: false,
        zone: zone_text(&super::ledger::zone(ledger, &plan.settings)),
    }
}

/// Waits until the time is over, or the recording has ended itself.
async fn end(span: Option<Duration>, progress: &Progress) {
    let ended_itself = async {
        while progress.written().is_none() {
            tokio::time::sleep(CHECK).await;
        }
    };
    match span {
        Some(span) => drop(tokio::time::timeout(span, ended_itself).await),
        None => ended_itself.await,
    }
}

/// Reports what was written; an error of the disk is a failure.
fn tell(args: &RecordArgs, written: Option<&Written>, missed: u64) -> Result<(), Failure> {
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
    eprintln!("margintop: {file}: {entries} entries in {bytes} bytes{full}{missing}; margintop replay {file} shows it");
    Ok(())
}
