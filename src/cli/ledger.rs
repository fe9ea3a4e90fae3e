//! Which ledger a run keeps, and how it is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::Failure;
use super::global::Global;
use super::sources::SourcePlan;
use crate::clock::Clock;
use crate::config::Settings;
use crate::session::{self, Collector, KeptLedger};
use crate::snapshot::{LedgerBasis, WriterStatus};
use crate::store::{self, Reader, Store};
use crate::tui;
use crate::units::Span;

/// How long the first frame waits for a ledger's zone.
const AT_ONCE: Duration = Duration::from_millis(500);

/// What the user says of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choice {
    /// In memory.
    Nowhere,
    /// In this file.
    File(PathBuf),
    /// Nothing was said.
    Unsaid,
}

/// The flag, else the configuration.
pub(super) fn choice(global: &Global, settings: &Settings) -> Choice {
    match global.ledger.as_deref().or(settings.ledger.as_deref()) {
        None => Choice::Unsaid,
        Some("none") => Choice::Nowhere,
        Some(path) => Choice::File(PathBuf::from(path)),
    }
}

impl Choice {
    /// The file of a run that keeps the user's own ledger.
    pub(super) fn or_own(self) -> Option<PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::Nowhere => None,
            Self::Unsaid => store::default_path(|name| std::env::var(name).ok()),
        }
    }

    /// The file of a run that keeps none unless it is told to.
    pub(super) fn only_named(self) -> Option<PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::Nowhere | Self::Unsaid => None,
        }
    }
}

/// How a plan's ledger is kept in a file, or in memory.
pub(super) fn settings(plan: &SourcePlan, path: Option<PathBuf>, clock: &Clock) -> store::Settings {
    store::Settings {
        path,
        currency: plan.settings.currency.clone(),
        zone: plan.settings.zone.clone(),
        one_day: false,
        book: (plan.settings.book.revision(), plan.settings.book.canonical()),
        clock: clock.clone(),
    }
}

/// The zone of a ledger's days: its own, if it is there already and says so at once.
pub(super) fn zone(path: Option<&Path>, plan: &SourcePlan) -> TimeZone {
    let (tell, told) = sync_channel(1);
    let ask = |path: PathBuf| {
        let read = move || tell.send(Reader::open(&path).ok().map(|reader| reader.header().zone));
        std::thread::Builder::new().name("zone".to_owned()).spawn(read).ok()
    };
    // A disk that does not answer blocks nothing here: the zone comes with the first message of the ledger.
    let asked = path.filter(|path| path.exists()).map(Path::to_owned).and_then(ask);
    let kept = asked.and_then(|_| told.recv_timeout(AT_ONCE).ok()).flatten();
    kept.unwrap_or_else(|| plan.settings.zone.clone())
}

/// Whom the screen asks for the past.
pub(super) fn past(store: &Store, plan: &SourcePlan, zone: TimeZone) -> tui::LedgerQueries {
    let book = Arc::new(plan.settings.book.clone());
    tui::past_of(store.clone(), book, zone, plan.settings.budget)
}

/// The longest absence that is bridged.
pub(super) fn absence(plan: &SourcePlan) -> Span {
    Span::from(plan.settings.absence)
}

/// Gives a run in a time of its own a ledger of its own: a new file, or memory. `what` says whose it is.
pub(super) fn keep_own(
    collector: Collector,
    plan: &SourcePlan,
    ledger: store::Settings,
    what: &str,
) -> Result<(Collector, Store), Failure> {
    if let Some(path) = ledger.path.as_ref().filter(|path| path.exists()) {
        let why = format!("{}: exists; a {what} wants a ledger of its own, so name a new file", path.display());
        return Err(Failure::Run(why));
    }
    let KeptLedger { collector, store, basis, news: _ } = session::keep(collector, ledger, absence(plan));
    unkept(&basis).map_or(Ok((collector, store)), |why| Err(Failure::Run(why)))
}

/// Why a ledger is not kept by this run.
pub(super) fn unkept(basis: &LedgerBasis) -> Option<String> {
    match (&basis.trouble, basis.writer) {
        (Some(why), _) => Some(why.to_string()),
        (None, WriterStatus::Other(pid)) => {
            let path = basis.path.as_ref().map_or("", |path| path.as_str());
            let who = pid.map_or_else(|| "another process".to_owned(), |pid| format!("pid {pid}"));
            Some(format!("{path}: kept by {who}; end it first, or name another file"))
        }
        (None, WriterStatus::Ours | WriterStatus::Memory) => None,
    }
}
