//! The handle of the ledger's thread: requests to the thread, and its events. Only [`Store::settle`] and [`Store::close`]
//! block.

use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use super::messages::{AnswerTo, EventsAnswer, LedgerEvent, LedgerRequest, Settings};
use super::past::SpanQuery;
use super::writer::LedgerWriter;
use crate::fleet::Checkpoint;
use crate::history::HistoryEvent;
use crate::ledger::{Detail, Grain};
use crate::reading::Label;
use crate::snapshot::{LedgerBasis, WriterStatus};
use crate::units::Timestamp;

/// A handle of an open ledger.
#[derive(Debug, Clone)]
pub struct Store {
    requests: Sender<LedgerRequest>,
    path: Option<Label>,
}

impl Store {
    /// Opens a ledger on its own thread. `tell` receives its events; the first one is the state to continue from.
    pub fn open(settings: Settings, tell: impl FnMut(LedgerEvent) + Send + 'static) -> Self {
        let (requests, inbox) = channel();
        let path = settings.path.as_ref().map(|path| Label::new(&path.display().to_string()));
        // Without a thread there is no ledger on disk; the collector continues without its events.
        let _ = thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || LedgerWriter::new(settings, Box::new(tell)).run(&inbox));
        Self { requests, path }
    }

    /// A handle of a thread that answers these requests.
    pub(super) fn of_requests(requests: Sender<LedgerRequest>, path: Label) -> Self {
        Self { requests, path: Some(path) }
    }

    /// The status of a ledger whose disk has not responded.
    pub fn silent(&self) -> LedgerBasis {
        let path = self.path.clone();
        let name = path.as_ref().map_or("the ledger", Label::as_str);
        let write_error = format!("{name}: its disk does not answer: name a file on a local disk with --ledger");
        LedgerBasis {
            path,
            writer: WriterStatus::Memory,
            write_error: Some(Label::new(&write_error)),
            first_run: false,
        }
    }

    /// Passes on changes to write. Never blocks: changes that cannot be written are kept and written later.
    pub fn commit(&self, checkpoint: Checkpoint) {
        let _ = self.requests.send(LedgerRequest::Commit(Box::new(checkpoint)));
    }

    /// Queries the data of `[since, until)`.
    pub fn past(&self, since: Timestamp, until: Timestamp, finest: Grain, answer: AnswerTo) {
        self.ask(SpanQuery { since, until, finest, wanted: Detail::Accounts.into() }, answer);
    }

    /// As [`Store::past`], with the bearers of the cost of busy GPUs; see
    /// [`Reader::borne_past`](super::Reader::borne_past).
    pub fn borne_past(&self, since: Timestamp, until: Timestamp, finest: Grain, answer: AnswerTo) {
        self.ask(SpanQuery { since, until, finest, wanted: Detail::Borne.into() }, answer);
    }

    fn ask(&self, query: SpanQuery, answer: AnswerTo) {
        let _ = self.requests.send(LedgerRequest::Past { query, answer });
    }

    /// Passes on events that are new or have changed.
    pub fn keep_events(&self, events: Vec<HistoryEvent>) {
        let _ = self.requests.send(LedgerRequest::KeepEvents(events));
    }

    /// Queries the latest events, the oldest first; empty if they are unreadable.
    pub fn events(&self, count: usize, answer: EventsAnswer) {
        let _ = self.requests.send(LedgerRequest::Events { count, answer });
    }

    /// Waits until everything passed on is written or has failed, for at most `patience`.
    pub fn settle(&self, patience: Duration) {
        let (done, settled) = channel();
        if self.requests.send(LedgerRequest::Settle(done)).is_ok() {
            let _ = settled.recv_timeout(patience);
        }
    }

    /// Writes what is left and closes the file; waits for at most `patience`.
    pub fn close(&self, patience: Duration) {
        let (done, closed) = channel();
        if self.requests.send(LedgerRequest::Close(done)).is_ok() {
            let _ = closed.recv_timeout(patience);
        }
    }
}
