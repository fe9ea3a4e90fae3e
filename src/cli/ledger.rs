//! Which ledger a run keeps, and how it is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::{mpsc, oneshot};

use super::global::Global;
use super::sources::{Plan, span};
use crate::clock::Clock;
use crate::collector::{Collector, Message};
use crate::config::Settings;
use crate::snapshot::{LedgerBasis, WriterStatus};
use crate::store::{self, LedgerEvent, Reader, Store};
use crate::tui;
use crate::units::Span;

/// How long a run that was told to keep a ledger waits for it.
const PATIENCE: Duration = Duration::from_millis(2_700);

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
pub(super) fn settings(plan: &Plan, path: Option<PathBuf>, clock: &Clock) -> store::Settings {
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
pub(super) fn zone(path: Option<&Path>, plan: &Plan) -> TimeZone {
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
pub(super) fn past(store: &Store, plan: &Plan, zone: TimeZone) -> tui::LedgerQueries {
    let book = Arc::new(plan.settings.book.clone());
    tui::past_of(store.clone(), book, zone, plan.settings.budget)
}

/// The longest absence that is bridged.
pub(super) fn absence(plan: &Plan) -> Span {
    span(plan.settings.absence)
}

/// Opens a ledger whose first news comes alone, and whose later news go to the collector.
pub(super) fn open(settings: store::Settings, inbox: mpsc::Sender<Message>) -> (Store, oneshot::Receiver<LedgerEvent>) {
    let (first, opening) = oneshot::channel();
    let mut first = Some(first);
    let store = Store::open(settings, move |news| {
        let late = match first.take() {
            Some(first) => first.send(news).err(),
            None => Some(news),
        };
        if let Some(news) = late {
            // The collector is gone only when the program ends.
            let _ = inbox.blocking_send(Message::Ledger(news));
        }
    });
    (store, opening)
}

/// A collector and the ledger that it was given.
pub(super) struct KeptLedger {
    pub(super) collector: Collector,
    pub(super) store: Store,
    pub(super) basis: LedgerBasis,
    /// What the store says from now on.
    pub(super) news: Receiver<LedgerEvent>,
}

/// Gives a collector the ledger that a run was told to keep. Where it cannot be its keeper, the run goes on without, and
/// [`unkept`] says why.
/// Later news are for the collector too.
pub(super) fn keep(collector: Collector, settings: store::Settings, absence: Span) -> KeptLedger {
    let (tell, news) = sync_channel(64);
    let store = Store::open(settings, move |news| drop(tell.try_send(news)));
    let mut collector = collector.keeping(store.clone(), absence);
    loop {
        let told = news.recv_timeout(PATIENCE).unwrap_or_else(|_| LedgerEvent::Status(store.silent()));
        let basis = if let LedgerEvent::Status(basis) = &told { Some(basis.clone()) } else { None };
        collector.on_ledger_event(told);
        if let Some(basis) = basis {
            return KeptLedger { collector, store, basis, news };
        }
    }
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
