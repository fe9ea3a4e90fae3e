//! The handle of the ledger's thread: requests to it, and the events that it sends. No call blocks but [`Store::settle`] and [`Store::close`].

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

/// A ledger that is being kept.
#[derive(Debug, Clone)]
pub struct Store {
    requests: Sender<LedgerRequest>,
    path: Option<Label>,
}

impl Store {
    /// Opens a ledger on a thread of its own. `tell` is told how it stands: the first news is what to go on from.
    pub fn open(settings: Settings, tell: impl FnMut(LedgerEvent) + Send + 'static) -> Self {
        let (requests, inbox) = channel();
        let path = settings.path.as_ref().map(|path| Label::new(&path.display().to_string()));
        // Without a thread there is no ledger on disk; the collector goes on without its news.
        let _ = thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || LedgerWriter::new(settings, Box::new(tell)).run(&inbox));
        Self { requests, path }
    }

    /// How a ledger stands whose disk has not answered.
    pub fn silent(&self) -> LedgerBasis {
        let path = self.path.clone();
        let name = path.as_ref().map_or("the ledger", Label::as_str);
        let trouble = format!("{name}: its disk does not answer: name a file on a local disk with --ledger");
        LedgerBasis { path, writer: WriterStatus::Memory, trouble: Some(Label::new(&trouble)), first_run: false }
    }

    /// Hands over what changed. Never blocks: what cannot be written is kept and written later.
    pub fn commit(&self, checkpoint: Checkpoint) {
        let _ = self.requests.send(LedgerRequest::Commit(Box::new(checkpoint)));
    }

    /// Asks for what is known of `[since, until)`.
    pub fn past(&self, since: Timestamp, until: Timestamp, finest: Grain, answer: AnswerTo) {
        self.ask(SpanQuery { since, until, finest, wanted: Detail::Accounts.into() }, answer);
    }

    /// The same with who bears the cost of GPUs at work, as [`Reader::borne_past`](super::Reader::borne_past) tells it.
    pub fn borne_past(&self, since: Timestamp, until: Timestamp, finest: Grain, answer: AnswerTo) {
        self.ask(SpanQuery { since, until, finest, wanted: Detail::Borne.into() }, answer);
    }

    fn ask(&self, query: SpanQuery, answer: AnswerTo) {
        let _ = self.requests.send(LedgerRequest::Past { query, answer });
    }

    /// Hands over events that are new or have changed.
    pub fn keep_events(&self, events: Vec<HistoryEvent>) {
        let _ = self.requests.send(LedgerRequest::KeepEvents(events));
    }

    /// Asks for the latest events, oldest first; none where they cannot be read.
    pub fn events(&self, count: usize, answer: EventsAnswer) {
        let _ = self.requests.send(LedgerRequest::Events { count, answer });
    }

    /// Waits until all that was handed over is written, or could not be; no longer than `patience`.
    pub fn settle(&self, patience: Duration) {
        let (done, settled) = channel();
        if self.requests.send(LedgerRequest::Settle(done)).is_ok() {
            let _ = settled.recv_timeout(patience);
        }
    }

    /// Writes what is left and lets the file go; waits for it no longer than `patience`.
    pub fn close(&self, patience: Duration) {
        let (done, closed) = channel();
        if self.requests.send(LedgerRequest::Close(done)).is_ok() {
            let _ = closed.recv_timeout(patience);
        }
    }
}
