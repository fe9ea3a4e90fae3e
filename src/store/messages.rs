//! What the ledger's thread and the rest of the program tell each other.

use std::path::PathBuf;
use std::sync::mpsc::Sender;

use jiff::tz::TimeZone;

use super::StoreError;
use super::past::SpanQuery;
use crate::clock::Clock;
use crate::fleet::{Checkpoint, SavedState};
use crate::history::HistoryEvent;
use crate::ledger::{Decision, Past, SavedLedger};
use crate::reading::{NodeName, TargetId};
use crate::snapshot::LedgerBasis;
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
        /// Whether it is in a file, so that a later process continues from what is saved in it.
        is_file: bool,
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
pub type AnswerTo = Box<dyn FnOnce(Result<Past, StoreError>) + Send>;

/// Who is told the latest events.
pub type EventsAnswer = Box<dyn FnOnce(Vec<HistoryEvent>) + Send>;

/// What is asked of it.
pub(super) enum LedgerRequest {
    /// To write.
    Commit(Box<Checkpoint>),
    /// A question.
    Past { query: SpanQuery, answer: AnswerTo },
    /// To write events, the new and the changed.
    KeepEvents(Vec<HistoryEvent>),
    /// A question of the latest events.
    Events { count: usize, answer: EventsAnswer },
    /// To drop the sender: what was asked for before is done.
    Settle(Sender<()>),
    /// To end, and to drop the sender then.
    Close(Sender<()>),
}
