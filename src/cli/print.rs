//! Prints snapshots to stdout.

use std::io::Write;

use jiff::tz::TimeZone;

use super::once_args::OutputForm;
use super::out::{Stdout, shown, with_hyphens};
use super::{Failure, card, text};
use crate::snapshot::Snapshot;

/// Prints a snapshot; the times of a card are in `zone`. Ends the program if the reader of stdout has closed it.
pub(super) fn snapshot(snapshot: &Snapshot, form: OutputForm, zone: &TimeZone) -> Result<(), Failure> {
    let mut out = Stdout::default();
    let printed = match form {
        OutputForm::Json => serde_json::to_string(snapshot)?,
        OutputForm::Text => shown(&with_hyphens(&text::render(snapshot))).into_owned(),
        OutputForm::Card => shown(&with_hyphens(&card::render(snapshot, zone))).into_owned(),
    };
    writeln!(out, "{}", printed.trim_end())?;
    out.flush()?;
    if out.is_closed() {
        std::process::exit(0);
    }
    Ok(())
}
