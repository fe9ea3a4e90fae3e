//! `margintop ledger`, `margintop lease` and `margintop mark`: what a person does with a ledger by hand.

use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use super::args::{Global, LeaseAction, LedgerAction};
use super::ledger::choice;
use super::sources::settings;
use super::{Failure, disputes};
use crate::clock::Clock;
use crate::counters::Plausibility;
use crate::pricing::parse_instant;
use crate::reading::NodeName;
use crate::store::{self, HeldRow, Reader, StoreError};
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
        LedgerAction::Export { file: None } => Ok(Reader::open(&path)?.export(&mut std::io::stdout().lock())?),
        LedgerAction::Export { file: Some(file) } => {
            let mut out = std::io::BufWriter::new(std::fs::File::create_new(file).map_err(|error| at(file, &error))?);
            Reader::open(&path)?.export(&mut out)?;
            Ok(out.flush()?)
        }
        LedgerAction::Import { file } => {
            let text = BufReader::new(std::fs::File::open(file).map_err(|error| at(file, &error))?);
            let rows =
                store::import(&path, text).map_err(|error| Failure::Run(format!("{}: {error}", file.display())))?;
            println!("{}: {rows} rows read", path.display());
            Ok(())
        }
    }
}

fn at(file: &Path, error: &std::io::Error) -> Failure {
    Failure::Run(format!("{}: {error}", file.display()))
}

fn verify(path: &Path, bounds: Plausibility) -> Result<(), Failure> {
    let faults = Reader::open(path)?.verify_within(bounds)?;
    if faults.is_empty() {
        println!("{}: whole", path.display());
        return Ok(());
    }
    Err(Failure::Run(faults.iter().map(|fault| format!("{}: {fault}", path.display())).collect::<Vec<_>>().join("\n")))
}

/// `margintop mark TEXT`.
pub(super) fn mark(global: &Global, text: &str, moment: Option<&str>) -> Result<(), Failure> {
    let at = instant(moment)?;
    store::mark(&path(global)?, at, text)?;
    println!("marked {at}");
    Ok(())
}

/// `margintop lease list|end`.
pub(super) fn lease(global: &Global, action: &LeaseAction) -> Result<(), Failure> {
    let path = path(global)?;
    let rows = Reader::open(&path)?.held()?;
    match action {
        LeaseAction::List => list(&rows),
        LeaseAction::End { node, at } => {
            let at = instant(at.as_deref())?;
            let known = |row: &&HeldRow| row.node == *node || row.node.contains(&format!("x {node} at "));
            if !rows.iter().any(|row| known(&row)) {
                let nodes: Vec<&str> = rows.iter().map(|row| row.node.as_str()).collect();
                let known = match nodes.as_slice() {
                    [] => "the ledger has no leases".to_owned(),
                    nodes => format!("the ledger has leases of {}", nodes.join(", ")),
                };
                return Err(Failure::Usage(format!("no lease of node {node}; {known}")));
            }
            if at > Clock::System.now().wall {
                return Err(Failure::Usage(format!("--at {at}: that is not over yet; set `until` in its [[lease]]")));
            }
            store::end_lease(&path, &NodeName::new(node), at)?;
            println!(
                "the lease of {node} ends at {at}; rent posted after it is taken back by whoever keeps the ledger"
            );
            Ok(())
        }
    }
}

fn instant(text: Option<&str>) -> Result<Timestamp, Failure> {
    Ok(parse_instant(text).map_err(Failure::Usage)?.unwrap_or_else(|| Clock::System.now().wall))
}

fn list(rows: &[HeldRow]) -> Result<(), Failure> {
    let head = ["NODE", "UNIT", "GPUS", "LEASE", "SINCE", "POSTED UNTIL"].map(str::to_owned);
    let instant = |at: Option<Timestamp>, none: &str| at.map_or_else(|| none.to_owned(), |at| at.to_string());
    let gpus = |row: &HeldRow| match (row.gpus, row.gpu.as_deref()) {
        (Some(gpus), Some(name)) => format!("{gpus} x {name}"),
        (Some(gpus), None) => gpus.to_string(),
        _ => "–".to_owned(),
    };
    let line = |row: &HeldRow| {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
        let until = instant(row.until, "ended by hand");
        [row.node.clone(), text(&row.unit), gpus(row), text(&row.lease), instant(row.since, "–"), until]
    };
    let lines: Vec<_> = std::iter::once(head).chain(rows.iter().map(line)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    let mut out = std::io::stdout().lock();
    for line in &lines {
        let padded: Vec<String> = line.iter().zip(&widths).map(|(text, width)| format!("{text:<width$}")).collect();
        // Names in a ledger came from outside.
        let harmless: String = padded.join("  ").chars().filter(|c| !c.is_control()).collect();
        // Whoever reads may have closed the pipe: then there is nobody to tell.
        match writeln!(out, "{}", harmless.trim_end()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
    Ok(())
}
