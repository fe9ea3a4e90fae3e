//! The arguments of `replay`.

use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;

use super::Failure;
use super::currency::other_zone;
use super::ledger::LedgerChoice;
use super::once_args::OnceArgs;
use super::speed::speed;
use super::when::When;
use crate::record::{RecordError, RecordingHeader, RecordingReader};
use crate::units::Timestamp;

/// The arguments of `replay`.
#[derive(Debug, Clone, Args)]
// A replay is printed once.
#[command(mut_arg("span", |arg| arg.hide(true)), mut_arg("every", |arg| arg.hide(true)))]
pub(super) struct ReplayArgs {
    /// The recording
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// Recorded seconds a second [default: 1]
    #[arg(long, help_heading = "Playback", value_name = "N", value_parser = speed)]
    pub(super) speed: Option<f64>,

    /// Begin at a time of the recording; with --json, --text or --card end there: 2026-11-24T15:00Z, 11:30, 15m (before its
    /// end), now (its end)
    #[arg(long, help_heading = "Playback", value_name = "T", value_parser = When::parse)]
    pub(super) at: Option<When>,

    /// Show it again from its start when it ends, until you leave
    #[arg(long = "loop", help_heading = "Playback", conflicts_with_all = ["json", "text", "card"])]
    pub(super) again: bool,

    #[command(flatten)]
    pub(super) once: OnceArgs,
}

impl ReplayArgs {
    /// The instant of `--at`. The present that it may be counted back from is the end of the recording, for which the file is
    /// read once more.
    ///
    /// # Errors
    /// The recording cannot be opened.
    pub(super) fn instant(&self, zone: &TimeZone) -> Result<Option<Timestamp>, RecordError> {
        let Some(at) = self.at else { return Ok(None) };
        let reader = RecordingReader::open(&self.file)?;
        let began = reader.header().began.wall;
        let end = if at.depends_on_present() { reader.read_latest_time() } else { None };
        Ok(Some(at.resolve(zone, end.unwrap_or(began))))
    }

    /// The warning about a speed that has no effect.
    pub(super) fn without_effect(&self) -> Option<String> {
        let speed = self.speed.filter(|_| self.once.any())?;
        Some(format!("--speed {speed} has no effect here: a recording that is printed is read without pauses"))
    }

    /// The file of the ledger, or `None` for memory. Fails on flags that a replay does not support, and on a file that exists.
    pub(super) fn ledger(&self, chosen: LedgerChoice, header: &RecordingHeader) -> Result<Option<PathBuf>, Failure> {
        if self.once.span.is_some() || self.once.every.is_some() {
            let why = "a replay is printed once, at its end or at --at: leave --for and --every away";
            return Err(Failure::Usage(why.to_owned()));
        }
        if self.again && matches!(chosen, LedgerChoice::File(_)) {
            let why = "a replay that is shown again and again has no ledger to keep: leave --loop or --ledger away";
            return Err(Failure::Usage(why.to_owned()));
        }
        if let LedgerChoice::File(path) = &chosen
            && let Some(why) = other_zone(path, header)
        {
            return Err(Failure::Run(why));
        }
        chosen.only_new("replay")
    }
}
