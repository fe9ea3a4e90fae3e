//! `margintop ledger`, `margintop lease` and `margintop mark`: what a person does with a ledger by hand.

use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use super::args::{Global, LeaseAction, LedgerAction};
use super::ledger::choice;
use super::out::{self, Stdout};
use super::sources::settings;
use super::when::When;
use super::{Failure, disputes, lease_end, lease_list};
use crate::clock::Clock;
use crate::config::Settings;
use crate::counters::Plausibility;
use crate::store::{self, Reader, StoreError};
use crate::units::Timestamp;

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Run(error.to_string())
    }
}

/// The ledger that is named, or the user's own.
pub(super) fn path(global: &Global) -> Result<PathBuf, Failure> {
    choice(global, &settings(global)?).or_own().ok_or_else(|| {
        Failure::Usage("a ledger in memory is gone with its process: name its file with --ledger PATH".to_owned())
    })
}

/// `margintop ledger verify|export|import|disputes|reset-target`.
pub(super) fn ledger(global: &Global, action: &LedgerAction) -> Result<(), Failure> {
    let path = path(global)?;
    match action {
        LedgerAction::Verify => verify(&path, settings(global)?.plausibility),
        LedgerAction::Disputes(args) => disputes::run(&path, args),
        LedgerAction::ResetTarget { url } => disputes::reset_target(&path, url),
        LedgerAction::Export { file: None } => Ok(Reader::open(&path)?.export(&mut Stdout::default())?),
        LedgerAction::Export { file: Some(file) } => {
            let mut out = std::io::BufWriter::new(std::fs::File::create_new(file).map_err(|error| at(file, &error))?);
            Reader::open(&path)?.export(&mut out)?;
            Ok(out.flush()?)
        }
        LedgerAction::Import { file } => {
            let text = BufReader::new(std::fs::File::open(file).map_err(|error| at(file, &error))?);
            let rows =
                store::import(&path, text).map_err(|error| Failure::Run(format!("{}: {error}", file.display())))?;
            out::line(&format!("{}: {rows} rows read", path.display()))
        }
    }
}

fn at(file: &Path, error: &std::io::Error) -> Failure {
    Failure::Run(format!("{}: {error}", file.display()))
}

fn verify(path: &Path, bounds: Plausibility) -> Result<(), Failure> {
    let faults = Reader::open(path)?.verify_within(bounds)?;
    if faults.is_empty() {
        return out::line(&format!("{}: whole", path.display()));
    }
    Err(Failure::Run(faults.iter().map(|fault| format!("{}: {fault}", path.display())).collect::<Vec<_>>().join("\n")))
}

/// `margintop mark TEXT`.
pub(super) fn mark(global: &Global, text: &str, moment: Option<&str>) -> Result<(), Failure> {
    let path = path(global)?;
    let at = instant(&settings(global)?, &path, moment)?;
    store::mark(&path, at, text)?;
    out::line(&format!("marked {at}"))
}

/// `margintop lease list|end`.
pub(super) fn lease(global: &Global, action: &LeaseAction) -> Result<(), Failure> {
    let path = path(global)?;
    let reader = Reader::open(&path)?;
    match action {
        LeaseAction::List { json } => lease_list::list(&reader, &settings(global)?.leases, *json),
        LeaseAction::End { lease, at } => {
            let settings = settings(global)?;
            lease_end::end(&path, &reader, &settings, lease, instant(&settings, &path, at.as_deref())?)
        }
    }
}

/// The instant that `--at` says, in the ledger's zone; else the present.
fn instant(settings: &Settings, ledger: &Path, text: Option<&str>) -> Result<Timestamp, Failure> {
    let kept = text.and_then(|_| Reader::open(ledger).ok()).map(|reader| reader.header().zone.clone());
    let zone = kept.unwrap_or_else(|| settings.zone.clone());
    When::of_flag("--at", text, &zone, Clock::System.now().wall)
}
