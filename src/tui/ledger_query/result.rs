//! The results of ledger queries, and how queries are sent.

use std::fmt;
use std::sync::Arc;

use super::page::{Hour, MoneyPage, WhatIfPage};
use super::query::LedgerQuery;
use crate::reading::Label;
use crate::statement::RevenueAtList;
use crate::units::Timestamp;

/// A result, or the reason why there is none and what to do.
#[derive(Debug, Clone)]
pub enum LedgerResult {
    /// To [`LedgerQuery::Money`].
    Money(Result<Arc<MoneyPage>, Label>),
    /// To [`LedgerQuery::WhatIf`].
    WhatIf(Result<Arc<WhatIfPage>, Label>),
    /// To [`LedgerQuery::Day`]: the day, and its hours.
    Day(Timestamp, Result<Vec<Hour>, Label>),
    /// To [`LedgerQuery::AtLists`]: the lists, the best first.
    AtLists(Result<Vec<RevenueAtList>, Label>),
}

/// The receiver of a result.
pub type OnResult = Box<dyn FnOnce(LedgerResult) + Send>;

/// Sends queries. Their results come on a thread of its own, and never block the screen.
#[derive(Clone)]
pub struct LedgerQueries(Arc<dyn Fn(LedgerQuery, OnResult) + Send + Sync>);

impl LedgerQueries {
    /// `ask` takes a query and gives its result later.
    pub fn new(ask: impl Fn(LedgerQuery, OnResult) + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    /// Sends a query; returns at once.
    pub fn ask(&self, query: LedgerQuery, on_result: OnResult) {
        (self.0)(query, on_result);
    }

    /// Sends a query and waits for its result; `None` if there is none. Not for an interactive screen.
    pub fn result_of(&self, query: LedgerQuery) -> Option<LedgerResult> {
        let (sender, result) = std::sync::mpsc::sync_channel(1);
        self.ask(query, Box::new(move |result| drop(sender.send(result))));
        result.recv().ok()
    }
}

impl fmt::Debug for LedgerQueries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LedgerQueries")
    }
}
