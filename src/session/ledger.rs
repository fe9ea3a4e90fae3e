//! A collector's ledger: opened beside it while a session goes on, or before it where something is printed.

use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::collector::{Collector, Message};
use crate::snapshot::LedgerBasis;
use crate::store::{LedgerEvent, Settings, Store};
use crate::units::Span;

/// How long a run that was told to keep a ledger waits for it.
const PATIENCE: Duration = Duration::from_millis(2_700);

/// Opens a ledger whose first news comes alone, and whose later news go to the collector.
pub(super) fn open(settings: Settings, inbox: mpsc::Sender<Message>) -> (Store, oneshot::Receiver<LedgerEvent>) {
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
#[derive(Debug)]
pub(super) struct KeptLedger {
    /// The collector.
    pub(super) collector: Collector,
    /// The ledger, to ask it for the past.
    pub(super) store: Store,
    /// How it stands.
    pub(super) basis: LedgerBasis,
    /// What the store says from now on.
    pub(super) news: Receiver<LedgerEvent>,
}

/// Gives a collector the ledger that a run was told to keep. Where it cannot be its keeper, the run goes on without, and the
/// basis says why.
/// Later news are for the collector too.
pub(super) fn keep(collector: Collector, settings: Settings, absence: Span) -> KeptLedger {
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
