//! The messages between the ledger's thread and the rest of the program.

use std::path::PathBuf;
use std::sync::mpsc::Sender;

use jiff::tz::TimeZone;

use super::StoreError;
use super::past::SpanQuery;
use crate::clock::Clock;
use crate::fleet::{Checkpoint, Marks, SavedState};
use crate::history::HistoryEvent;
use crate::ledger::{Decision, Past, SavedLedger};
use crate::reading::{NodeName, TargetId};
use crate::snapshot::LedgerBasis;
use crate::units::Timestamp;

/// The settings of a ledger.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The file; `None` keeps the ledger in memory.
    pub path: Option<PathBuf>,
    /// The currency.
    pub currency: String,
    /// The time zone of its days, if the ledger is new.
    pub zone: TimeZone,
    /// Whether all of it counts as one day, as for a simulated day.
    pub one_day: bool,
    /// The revision of the price book, and its text.
    pub book: (u64, String),
    /// The clock.
    pub clock: Clock,
}

/// A message of the ledger's writer to the collector.
#[derive(Debug)]
pub enum LedgerEvent {
    /// The ledger is open for writing: counting continues from the saved state.
    Opened {
        /// The saved state.
        saved: Box<SavedState>,
        /// The time zone of its days.
        zone: TimeZone,
        /// Whether it is a file, so that a later process continues from its saved state.
        is_file: bool,
    },
    /// Another process writes the ledger; this is its content.
    ReadOnly {
        /// The stored ledger.
        kept: Box<SavedLedger>,
        /// When its first poll was.
        began: Option<Timestamp>,
        /// The time zone of its days.
        zone: TimeZone,
        /// What the process that writes it says of the total.
        marks: Marks,
        /// Up to when leases by schedule are posted, and which leases were ended by hand.
        schedules: Vec<(String, Timestamp)>,
    },
    /// The status of the ledger.
    Status(LedgerBasis),
    /// Leases were ended by hand.
    LeaseEnds(Vec<(i64, NodeName, Timestamp)>),
    /// Targets were reset by hand.
    TargetResets(Vec<(i64, TargetId)>),
    /// Disputes were decided by hand.
    Decisions(Vec<Decision>),
}

/// Receives the result of a query of the past.
pub type AnswerTo = Box<dyn FnOnce(Result<Past, StoreError>) + Send>;

/// Receives the latest events.
pub type EventsAnswer = Box<dyn FnOnce(Vec<HistoryEvent>) + Send>;

/// A request to the ledger's thread.
pub(super) enum LedgerRequest {
    /// Writes a checkpoint.
    Commit(Box<Checkpoint>),
    /// Queries the past.
    Past { query: SpanQuery, answer: AnswerTo },
    /// Writes new and changed events.
    KeepEvents(Vec<HistoryEvent>),
    /// Queries the latest events.
    Events { count: usize, answer: EventsAnswer },
    /// Drops the sender when earlier requests are done.
    Settle(Sender<()>),
    /// Ends the thread, and drops the sender then.
    Close(Sender<()>),
}
