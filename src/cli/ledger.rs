//! The ledger of a run: which one it is, and how it is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::global::Global;
use super::{Failure, to_stderr};
use crate::clock::Clock;
use crate::config::Settings;
use crate::snapshot::{LedgerBasis, WriterStatus};
use crate::store::{self, Reader, Store};
use crate::tui;

/// The longest time that the first frame waits for a ledger's zone.
const AT_ONCE: Duration = Duration::from_millis(500);

/// The choice of a ledger by flag or configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LedgerChoice {
    /// In memory.
    Nowhere,
    /// In this file.
    File(PathBuf),
    /// None was chosen.
    Unsaid,
}

/// The flag, else the configuration.
pub(super) fn choice(global: &Global, settings: &Settings) -> LedgerChoice {
    choice_of(global, settings.ledger.as_deref())
}

/// The flag alone, for a run with a time of its own: the configured ledger is of another time. Prints a warning where the
/// configuration names one.
pub(super) fn flag_choice(global: &Global, settings: &Settings, what: &str) -> LedgerChoice {
    if global.ledger.is_none()
        && let Some(path) = settings.ledger.as_deref().filter(|path| *path != "none")
    {
        to_stderr(&format!(
            "ledger = \"{path}\" of the configuration has no effect on a {what}: --ledger names a file of its own"
        ));
    }
    choice_of(global, None)
}

/// As [`choice`], with the configured value alone.
pub(super) fn choice_of(global: &Global, configured: Option<&str>) -> LedgerChoice {
    match global.ledger.as_deref().or(configured) {
        None => LedgerChoice::Unsaid,
        Some("none") => LedgerChoice::Nowhere,
        Some(path) => LedgerChoice::File(PathBuf::from(path)),
    }
}

impl LedgerChoice {
    /// The file of a run that writes the user's own ledger unless another is named.
    pub(super) fn or_own(self) -> Option<PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::Nowhere => None,
            Self::Unsaid => store::default_path(|name| std::env::var(name).ok()),
        }
    }

    /// The file of a run that writes only a named ledger.
    pub(super) fn only_named(self) -> Option<PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::Nowhere | Self::Unsaid => None,
        }
    }

    /// The file of a replay or simulated day, which writes only a named ledger, and only a new one. `what` names the run.
    pub(super) fn only_new(self, what: &str) -> Result<Option<PathBuf>, Failure> {
        let path = self.only_named();
        if let Some(path) = path.as_ref().filter(|path| path.exists()) {
            let why = format!("{}: exists; a {what} needs a new ledger, so name another file", path.display());
            return Err(Failure::Run(why));
        }
        Ok(path)
    }
}

/// A ledger in a file, or in memory, with the configured prices and zone.
pub(super) fn settings(configured: &Settings, path: Option<PathBuf>, clock: &Clock) -> store::Settings {
    store::Settings {
        path,
        currency: configured.currency.clone(),
        zone: configured.zone.clone(),
        one_day: false,
        book: (configured.book.revision(), configured.book.canonical()),
        clock: clock.clone(),
    }
}

/// The zone of a ledger's days: its own if the file can be read at once, else the configured one.
pub(super) fn zone(path: Option<&Path>, configured: &Settings) -> TimeZone {
    let (send, zone) = sync_channel(1);
    let ask = |path: PathBuf| {
        let read = move || send.send(Reader::open(&path).ok().map(|reader| reader.header().zone));
        std::thread::Builder::new().name("zone".to_owned()).spawn(read).ok()
    };
    // A disk that hangs must not block the first frame: the zone comes later with the ledger's first status.
    let asked = path.filter(|path| path.exists()).map(Path::to_owned).and_then(ask);
    let kept = asked.and_then(|_| zone.recv_timeout(AT_ONCE).ok()).flatten();
    kept.unwrap_or_else(|| configured.zone.clone())
}

/// The queries of the screen for the past.
pub(super) fn past(store: &Store, configured: &Settings, zone: TimeZone) -> tui::LedgerQueries {
    let book = Arc::new(configured.book.clone());
    tui::past_of(store.clone(), book, zone, configured.budget)
}

/// The reason why a named ledger is neither written nor read. That another process writes it is printed as a warning: it is
/// read beside it.
pub(super) fn read_beside(basis: &LedgerBasis) -> Option<String> {
    let why = unkept(basis)?;
    if basis.write_error.is_some() {
        return Some(why);
    }
    let path = basis.path.as_ref().map_or("", |path| path.as_str());
    let who = match basis.writer {
        WriterStatus::Other(Some(pid)) => format!("pid {pid}"),
        _ => "another process".to_owned(),
    };
    to_stderr(&format!("{path}: kept by {who}; it is opened read-only"));
    None
}

/// Fails if a named ledger is not written by this run.
pub(super) fn kept(basis: &LedgerBasis) -> Result<(), Failure> {
    unkept(basis).map_or(Ok(()), |why| Err(Failure::Run(why)))
}

/// The reason why a ledger is not written by this run.
pub(super) fn unkept(basis: &LedgerBasis) -> Option<String> {
    match (&basis.write_error, basis.writer) {
        (Some(why), _) => Some(why.to_string()),
        (None, WriterStatus::Other(pid)) => {
            let path = basis.path.as_ref().map_or("", |path| path.as_str());
            let who = pid.map_or_else(|| "another process".to_owned(), |pid| format!("pid {pid}"));
            Some(format!("{path}: kept by {who}; end it first, or name another file"))
        }
        (None, WriterStatus::Ours | WriterStatus::Memory) => None,
    }
}
