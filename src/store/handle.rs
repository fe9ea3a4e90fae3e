//! The handle of the ledger's thread: requests to it, and the events that it sends. No call blocks but [`Store::settle`] and [`Store::close`].

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::StoreError;
use super::past::PastQuery;
use super::writer::{LedgerRequest, LedgerWriter};
use crate::clock::Clock;
use crate::fleet::{Checkpoint, SavedState};
use crate::history::HistoryEvent;
use crate::ledger::{Decision, Detail, Grain, Past, SavedLedger};
use crate::reading::{Label, NodeName, TargetId};
use crate::snapshot::{LedgerBasis, WriterStatus};
use crate::units::Timestamp;

/// How a ledger is kept.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its file; `None` keeps it in memory.
    pub path: Option<PathBuf>,
    /// Its currency.
    pub currency: String,
    /// The zone of its days, if it is new.
    pub zone: TimeZone,
    /// Whether all of it is one day, as a simulated one is.
    pub one_day: bool,
    /// The revision of the price book, and its text.
    pub book: (u64, String),
    /// Where the time comes from.
    pub clock: Clock,
}

/// A message of the ledger's writer to the collector.
#[derive(Debug)]
pub enum LedgerEvent {
    /// The ledger is open and this process keeps it: counting continues from here.
    Opened {
        /// The saved state.
        saved: Box<SavedState>,
        /// The zone of its days.
        zone: TimeZone,
    },
    /// It is somebody else's: this is what it says.
    ReadOnly {
        /// What is kept.
        kept: Box<SavedLedger>,
        /// Its first look.
        began: Option<Timestamp>,
        /// The zone of its days.
        zone: TimeZone,
    },
    /// How it stands.
    Status(LedgerBasis),
    /// Leases were ended by hand.
    LeaseEnds(Vec<(i64, NodeName, Timestamp)>),
    /// Targets were reset by hand.
    TargetResets(Vec<(i64, TargetId)>),
    /// Disputes were decided by hand.
    Decisions(Vec<Decision>),
}

/// Who answers a question of the past.
pub type Answer = Box<dyn FnOnce(Result<Past, StoreError>) + Send>;

/// Who is told the latest events.
pub type EventsAnswer = Box<dyn FnOnce(Vec<HistoryEvent>) + Send>;

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
    pub fn past(&self, since: Timestamp, until: Timestamp, finest: Grain, answer: Answer) {
        self.ask(PastQuery { since, until, finest, wanted: Detail::Accounts.into() }, answer);
    }

    /// The same with who bears the cost of GPUs at work, as [`Reader::borne_past`](super::Reader::borne_past) tells it.
    pub fn borne_past(&self, since: Timestamp, until: Timestamp, finest: Grain, answer: Answer) {
        self.ask(PastQuery { since, until, finest, wanted: Detail::Borne.into() }, answer);
    }

    fn ask(&self, query: PastQuery, answer: Answer) {
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
