//! A ledger that another process keeps, on another machine: it is asked for the past, and written by that process alone.

use std::io;
use std::sync::mpsc::channel;
use std::thread;

use super::handle::Store;
use super::messages::{AnswerTo, EventsAnswer, LedgerRequest};
use crate::ledger::{Detail, Grain};
use crate::reading::Label;
use crate::units::Timestamp;

/// A question to the process that keeps the ledger.
pub enum RemoteQuestion {
    /// The data of `[since, until)`.
    Past {
        /// Its beginning.
        since: Timestamp,
        /// Its end, exclusive.
        until: Timestamp,
        /// The finest cells.
        finest: Grain,
        /// Whether the bearers of the cost of busy GPUs are included.
        borne: bool,
        /// Receives the answer.
        answer: AnswerTo,
    },
    /// The latest events.
    Events {
        /// The most of them.
        count: usize,
        /// Receives the answer.
        answer: EventsAnswer,
    },
}

impl Store {
    /// A store whose questions are handed to `ask`, one by one. Nothing is written through it.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn remote(name: &str, mut ask: impl FnMut(RemoteQuestion) + Send + 'static) -> io::Result<Self> {
        let (requests, inbox) = channel();
        let run = move || {
            while let Ok(request) = inbox.recv() {
                match request {
                    LedgerRequest::Past { query, answer } => ask(RemoteQuestion::Past {
                        since: query.since,
                        until: query.until,
                        finest: query.finest,
                        borne: query.wanted.detail == Detail::Borne,
                        answer,
                    }),
                    LedgerRequest::Events { count, answer } => ask(RemoteQuestion::Events { count, answer }),
                    // Dropping the sender of an end ends the wait for it.
                    LedgerRequest::Commit(_)
                    | LedgerRequest::KeepEvents(_)
                    | LedgerRequest::Settle(_)
                    | LedgerRequest::Close(_) => {}
                }
            }
        };
        thread::Builder::new().name("hub's ledger".to_owned()).spawn(run)?;
        Ok(Self::of_requests(requests, Label::new(name)))
    }
}
