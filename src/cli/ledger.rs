//! Which ledger a run keeps, and how it is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::{mpsc, oneshot};

use super::Failure;
use super::args::Global;
use super::sources::{Plan, span};
use crate::clock::Clock;
use crate::collector::{Collector, Message};
use crate::config::Settings;
use crate::snapshot::{Keeper, LedgerBasis};
use crate::store::{self, News, Reader, Store};
use crate::tui;
use crate::units::Span;

/// How long a run that must have its ledger waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// The zone of a ledger's days: its own, if it is there already.
pub(super) fn zone(path: Option<&Path>, plan: &Plan) -> TimeZone {
    let kept = path.filter(|path| path.exists()).and_then(|path| Reader::open(path).ok());
    kept.map_or_else(|| plan.settings.zone.clone(), |reader| reader.header().zone)
}

/// Whom the screen asks for the past.
pub(super) fn past(store: &Store, plan: &Plan, zone: TimeZone) -> tui::AskPast {
    let book = Arc::new(plan.settings.book.clone());
    tui::past_of(store.clone(), book, zone, plan.settings.budget)
}

/// The longest absence that is bridged.
pub(super) fn absence(plan: &Plan) -> Span {
    span(plan.settings.absence)
}

/// Opens a ledger whose first news comes alone, and whose later news go to the collector.
pub(super) fn open(settings: store::Settings, inbox: mpsc::Sender<Message>) -> (Store, oneshot::Receiver<News>) {
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

/// Gives a collector the ledger that a run was told to keep. Such a run fails if it cannot be its keeper.
pub(super) fn keep(
    collector: Collector,
    settings: store::Settings,
    absence: Span,
) -> Result<(Collector, Store), Failure> {
    let (tell, news) = sync_channel(64);
    let store = Store::open(settings, move |news| drop(tell.try_send(news)));
    let mut collector = collector.keeping(store.clone(), absence);
    loop {
        let news = news.recv_timeout(PATIENCE).map_err(|_| Failure::Run("the ledger does not answer".to_owned()))?;
        match &news {
            News::Stands(LedgerBasis { trouble: Some(why), .. }) => return Err(Failure::Run(why.to_string())),
            News::Stands(LedgerBasis { keeper: Keeper::Other(pid), path, .. }) => {
                let path = path.as_ref().map_or("", |path| path.as_str());
                let who = pid.map_or_else(|| "another process".to_owned(), |pid| format!("pid {pid}"));
                return Err(Failure::Run(format!("{path}: kept by {who}; end it first, or name another file")));
            }
            News::Stands(_) => {
                collector.heed(news);
                return Ok((collector, store));
            }
            _ => collector.heed(news),
        }
    }
}
