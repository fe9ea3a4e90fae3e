//! `margintop record FILE`: records everything that the sources say, for a replay.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::global::Global;
use super::sources::SourcePlan;
use super::{Failure, ledger};
use crate::clock::Clock;
use crate::config::parse_interval;
use crate::platform::ShutdownSignals;
use crate::record::{FORMAT, Recording, RecordingHeader, Redactor, Settings, Written};
use crate::session::{self, Session, SessionConfig};
use crate::source::scrape::ScrapeTarget;
use crate::units::Span;

/// The longest time of the last poll after a signal.
const LAST_POLL: Duration = Duration::from_millis(500);
/// The time between two checks whether the recording has reached its limit.
const CHECK: Duration = Duration::from_millis(500);

/// The arguments of `record`.
#[derive(Debug, Clone, Args)]
pub(super) struct RecordArgs {
    /// The recording; it must not exist
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// What to watch; none is this box
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,

    /// End after so long [default: at a signal]
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_interval)]
    span: Option<Duration>,

    /// End when the file has so many bytes: 500MB, 2GB
    #[arg(long, value_name = "SIZE", default_value = "1GB", value_parser = bytes)]
    limit: u64,

    /// Replace the names of nodes, targets, GPUs, units, models, tenants and processes by hashes, and leave out the texts of
    /// errors
    #[arg(long)]
    redact: bool,
}

/// Watches and records until the time is over, the file is full or a signal asks for the end.
pub(super) fn run(global: &Global, args: &RecordArgs) -> Result<(), Failure> {
    let plan = SourcePlan::new(global, &args.targets)?;
    plan.tell_doubles();
    let clock = Clock::System;
    let header = RecordingHeader {
        recording: FORMAT.to_owned(),
        began: clock.now(),
        local: plan.node.clone(),
        interval: Span::from(plan.interval()),
        window: session::window(plan.interval()),
        targets: plan.targets.iter().map(ScrapeTarget::info).collect(),
        redacted: false,
    };
    let redactor = args.redact.then(Redactor::default);
    let settings = Settings { path: args.file.clone(), limit: args.limit, redactor };
    let recording = Recording::create(settings, header)?;
    let progress = recording.progress();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let mut shutdown = ShutdownSignals::new()?;
        let keeping = ledger::settings(&plan.settings, ledger::choice(global, &plan.settings).only_named(), &clock);
        let config = SessionConfig { recording: Some(recording), ..plan.session(&clock, keeping) };
        let session = Session::start(config, runtime.handle());
        eprintln!("margintop: recording to {}; Ctrl-C ends it", args.file.display());
        let time_is_over = async {
            match args.span {
                Some(span) => tokio::time::sleep(span).await,
                None => std::future::pending().await,
            }
        };
        let ended_itself = async {
            while progress.written().is_none() {
                tokio::time::sleep(CHECK).await;
            }
        };
        tokio::select! {
            () = time_is_over => {}
            () = ended_itself => {}
            () = shutdown.received() => {}
        }
        session.finish(LAST_POLL).await;
        Ok::<_, Failure>(())
    })?;
    // A call of the driver that never returns must not hold the process.
    runtime.shutdown_background();
    tell(args, progress.written(), progress.missed())
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

/// Reads `500MB`, `2 GiB`, `65536`.
fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("\"{text}\" is no size: write 500MB, 2GB or a number of bytes");
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" | "k" => 1_000,
        "mb" | "m" => 1_000_000,
        "gb" | "g" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, expected) in [("65536", 65_536), ("500MB", 500_000_000), ("2 GiB", 2 << 30), ("1g", 1_000_000_000)] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "0", "MB", "1TB", "-1", "1.5GB", "99999999999999999999", "18446744073709551615GB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
