//! Opens a collector's ledger: in the background of a session, or before the first poll of commands that print.

use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::collector::{Collector, Message};
use crate::snapshot::LedgerBasis;
use crate::store::{LedgerEvent, Settings, Store};
use crate::units::Span;

/// The longest wait for a ledger that was named.
const PATIENCE: Duration = Duration::from_millis(2_700);

/// Opens a ledger in the background. Its first event goes to the returned receiver, later ones to the collector.
pub(super) fn open(settings: Settings, inbox: mpsc::Sender<Message>) -> (Store, oneshot::Receiver<LedgerEvent>) {
    let (first, opening) = oneshot::channel();
    let mut first = Some(first);
    let store = Store::open(settings, move |event| {
        let late = match first.take() {
            Some(first) => first.send(event).err(),
            None => Some(event),
        };
        if let Some(event) = late {
            // The receiver is dropped only when the program ends.
            let _ = inbox.blocking_send(Message::Ledger(event));
        }
    });
    (store, opening)
}

/// A collector and the ledger that it was given.
#[derive(Debug)]
pub(super) struct OpenLedger {
    /// The collector.
    pub(super) collector: Collector,
    /// The ledger, for queries of the past.
    pub(super) store: Store,
    /// Which process writes the ledger, or why it is not written.
    pub(super) basis: LedgerBasis,
    /// Later events of the store.
    pub(super) events: Receiver<LedgerEvent>,
}

/// Opens the configured ledger and waits for it. If this process cannot write it, money is kept in memory and the basis
/// says why. Later events of the ledger are to be passed to the collector.
pub(super) fn keep(collector: Collector, settings: Settings, absence: Span) -> OpenLedger {
    let (sender, events) = sync_channel(64);
    let store = Store::open(settings, move |event| drop(sender.try_send(event)));
    let mut collector = collector.with_ledger(store.clone(), absence);
    loop {
        let event = events.recv_timeout(PATIENCE).unwrap_or_else(|_| LedgerEvent::Status(store.silent()));
        let basis = if let LedgerEvent::Status(basis) = &event { Some(basis.clone()) } else { None };
        collector.on_ledger_event(event);
        if let Some(basis) = basis {
            return OpenLedger { collector, store, basis, events };
        }
    }
}
