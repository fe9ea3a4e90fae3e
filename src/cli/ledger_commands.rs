//! `margintop ledger`, `margintop lease` and `margintop mark`: manual work on a ledger.

use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::disputes::DisputeArgs;
use super::global::Global;
use super::ledger::{LedgerChoice, choice};
use super::out::{self, Stdout};
use super::settings::settings;
use super::when::{When, local};
use super::{Failure, disputes, lease_end, lease_list};
use crate::clock::Clock;
use crate::config::Settings;
use crate::counters::Plausibility;
use crate::store::{self, ImportError, Reader};
use crate::units::{Span, Timestamp};

#[derive(Debug, Clone, Subcommand)]
#[allow(clippy::doc_markdown, reason = "these comments are what --help prints")]
pub(super) enum LedgerAction {
    /// Check that it is intact, that minutes, hours and days agree, and that its tokens are physically possible
    Verify,
    /// Write it as JSON lines
    Export {
        /// The file [default: the standard output]
        file: Option<PathBuf>,
    },
    /// Read an export into a new ledger
    Import {
        /// The export
        file: PathBuf,
    },
    /// List disputed tokens: growth of counters that their process cannot have produced
    Disputes(DisputeArgs),
    /// Forget the process behind a target, so that its next page is a baseline
    ResetTarget {
        /// The target as it was named: http://gpu-01:8000
        #[arg(value_name = "URL")]
        url: String,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum LeaseAction {
    /// Show each lease: node, GPUs, rate, from, until, GPU-hours and cost
    List {
        /// As JSON
        #[arg(long, help_heading = "Display")]
        json: bool,
    },
    /// End the leases of a node, or a lease by its name
    End {
        /// The node, or the lease as `lease list` names it
        #[arg(value_name = "NODE|LEASE")]
        lease: String,
        /// When: 15m (ago), yesterday, 2026-11-28T12:00, 2026-11-28T12:00:00Z [default: now]
        #[arg(long, help_heading = "Money", value_name = "T", value_parser = When::parse)]
        at: Option<When>,
    },
}

/// The named ledger, or the user's own.
pub(super) fn path(global: &Global) -> Result<PathBuf, Failure> {
    let choice = choice(global, &settings(global)?);
    let why = match choice {
        LedgerChoice::Nowhere => "a ledger in memory is gone with its process: name a file with --ledger PATH",
        LedgerChoice::File(_) | LedgerChoice::Unsaid => {
            "no home folder in which a ledger could be: name its file with --ledger PATH, or set HOME"
        }
    };
    choice.or_own().ok_or_else(|| Failure::Usage(why.to_owned()))
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
            let mut out = std::io::BufWriter::new(
                std::fs::File::create_new(file).map_err(|error| Failure::of_file(file, &error))?,
            );
            Reader::open(&path)?.export(&mut out)?;
            Ok(out.flush()?)
        }
        LedgerAction::Import { file } => {
            let text = BufReader::new(std::fs::File::open(file).map_err(|error| Failure::of_file(file, &error))?);
            let rows = store::import(&path, text).map_err(|error| {
                let place = if matches!(error, ImportError::Line(..)) { file } else { &path };
                Failure::Run(format!("{}: {error}", place.display()))
            })?;
            out::line(&format!("{}: {rows} rows read", path.display()))
        }
    }
}

fn verify(path: &Path, bounds: Plausibility) -> Result<(), Failure> {
    let faults = Reader::open(path)?.verify_within(bounds)?;
    if faults.is_empty() {
        return out::line(&format!("{}: no faults found", path.display()));
    }
    Err(Failure::Run(faults.iter().map(|fault| format!("{}: {fault}", path.display())).collect::<Vec<_>>().join("\n")))
}

/// `margintop mark TEXT`.
pub(super) fn mark(global: &Global, text: &str, moment: Option<When>) -> Result<(), Failure> {
    if text.chars().all(|c| c.is_whitespace() || c.is_control()) {
        return Err(Failure::Usage("a mark without a text: write what happened, like \"deploy 1.4\"".to_owned()));
    }
    let path = path(global)?;
    let settings = settings(global)?;
    let at = instant(&settings, &path, moment);
    if at > Clock::System.now().wall {
        let at = local(at, &settings.zone);
        let why = "is in the future: mark what has happened, at a time until now";
        return Err(Failure::Usage(format!("--at {at} {why}")));
    }
    let began = Reader::open(&path).ok().and_then(|reader| reader.header().began);
    if let Some(began) = began.filter(|began| at < *began - Span::DAY) {
        let [at, began] = [at, began].map(|at| local(at, &settings.zone));
        return Err(Failure::Usage(format!(
            "--at {at}: the ledger begins at {began}, and no report or chart shows a mark so long before"
        )));
    }
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
            lease_end::end(&path, &reader, &settings, lease, instant(&settings, &path, *at))
        }
    }
}

/// The instant of `--at`, in the ledger's zone; the present without it.
fn instant(settings: &Settings, ledger: &Path, when: Option<When>) -> Timestamp {
    let present = Clock::System.now().wall;
    let Some(when) = when else { return present };
    let kept = Reader::open(ledger).ok().map(|reader| reader.header().zone.clone());
    when.resolve(&kept.unwrap_or_else(|| settings.zone.clone()), present)
}
