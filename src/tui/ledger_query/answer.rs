//! Whom the screen asks of the past, and what it is told.

use std::fmt;
use std::sync::Arc;

use super::page::{Hour, MoneyPage, WhatIfPage};
use super::question::LedgerQuery;
use crate::reading::Label;
use crate::statement::AtList;
use crate::units::Timestamp;

/// An answer, or why there is none and what to do.
#[derive(Debug, Clone)]
pub enum LedgerAnswer {
    /// To [`LedgerQuery::Money`].
    Money(Result<Arc<MoneyPage>, Label>),
    /// To [`LedgerQuery::WhatIf`].
    WhatIf(Result<Arc<WhatIfPage>, Label>),
    /// To [`LedgerQuery::Day`]: which one, and its hours.
    Day(Timestamp, Result<Vec<Hour>, Label>),
    /// To [`LedgerQuery::AtLists`]: the lists, the best first.
    AtLists(Result<Vec<AtList>, Label>),
}

/// Who is told the answer.
pub type OnAnswer = Box<dyn FnOnce(LedgerAnswer) + Send>;

/// Whom the screen asks. It answers from a thread of its own, and the screen never waits for it.
#[derive(Clone)]
pub struct LedgerQueries(Arc<dyn Fn(LedgerQuery, OnAnswer) + Send + Sync>);

impl LedgerQueries {
    /// The one that takes a question and answers it later.
    pub fn new(ask: impl Fn(LedgerQuery, OnAnswer) + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    /// Puts a question; returns at once.
    pub fn ask(&self, question: LedgerQuery, reply: OnAnswer) {
        (self.0)(question, reply);
    }

    /// Puts a question and waits for the answer; `None` where there is none. Never for a screen that someone uses.
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
