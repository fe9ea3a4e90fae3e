//! The client of the ledger's queries, and their answers.

use std::fmt;
use std::sync::Arc;

use super::page::{Hour, MoneyPage, WhatIfPage};
use super::question::LedgerQuery;
use crate::reading::Label;
use crate::statement::RevenueAtList;
use crate::units::Timestamp;

/// An answer, or the reason why there is none and what to do.
#[derive(Debug, Clone)]
pub enum LedgerAnswer {
    /// To [`LedgerQuery::Money`].
    Money(Result<Arc<MoneyPage>, Label>),
    /// To [`LedgerQuery::WhatIf`].
    WhatIf(Result<Arc<WhatIfPage>, Label>),
    /// To [`LedgerQuery::Day`]: the day, and its hours.
    Day(Timestamp, Result<Vec<Hour>, Label>),
    /// To [`LedgerQuery::AtLists`]: the lists, the best first.
    AtLists(Result<Vec<RevenueAtList>, Label>),
}

/// The receiver of an answer.
pub type OnAnswer = Box<dyn FnOnce(LedgerAnswer) + Send>;

/// The client of queries. It answers on a thread of its own, and never blocks the screen.
#[derive(Clone)]
pub struct LedgerQueries(Arc<dyn Fn(LedgerQuery, OnAnswer) + Send + Sync>);

impl LedgerQueries {
    /// A client that takes a query and answers it later.
    pub fn new(ask: impl Fn(LedgerQuery, OnAnswer) + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    /// Sends a query; returns at once.
    pub fn ask(&self, question: LedgerQuery, reply: OnAnswer) {
        (self.0)(question, reply);
    }

    /// Sends a query and waits for the answer; `None` if there is none. Not for an interactive screen.
    pub fn answer_of(&self, question: LedgerQuery) -> Option<LedgerAnswer> {
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        self.ask(question, Box::new(move |answer| drop(reply.send(answer))));
        answer.recv().ok()
    }
}

impl fmt::Debug for LedgerQueries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LedgerQueries")
    }
}
