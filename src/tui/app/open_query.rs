//! Which query of the past is open, and which was sent last. Views state what they need; only this decides what is sent.

use std::sync::Arc;

use super::money::is_old;
use crate::snapshot::Snapshot;
use crate::tui::ledger_query::{LedgerQuery, MoneyQuery, WhatIfQuery};
use crate::units::Timestamp;

/// The query that is open, and the last one of each kind, so that what stands is not asked again.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenQuery {
    open: Option<LedgerQuery>,
    /// The snapshot of the instant of the last query of money.
    over: Option<Arc<Snapshot>>,
    money: Option<MoneyQuery>,
    what_if: Option<WhatIfQuery>,
    at_lists: Option<Timestamp>,
    /// Whether the last answer of money was out of sight since: its amounts would be those of an earlier instant than
    /// those of the view before.
    was_hidden: bool,
}

impl OpenQuery {
    /// The query, unless it was asked; `is_exact`: of no other instant, however near.
    pub(super) fn money(&self, wanted: MoneyQuery, is_exact: bool) -> Option<LedgerQuery> {
        let stands = |asked: MoneyQuery| {
            let is_exact = is_exact || self.was_hidden;
            let holds = if is_exact { asked.at == wanted.at } else { !is_old(asked.at, wanted.at) };
            (asked.against, asked.by) == (wanted.against, wanted.by) && holds
        };
        (!self.money.is_some_and(stands)).then_some(LedgerQuery::Money(wanted))
    }

    pub(super) fn what_if(&self, wanted: WhatIfQuery) -> Option<LedgerQuery> {
        let stands = |asked: &WhatIfQuery| asked.changed == wanted.changed && !is_old(asked.at, wanted.at);
        (!self.what_if.as_ref().is_some_and(stands)).then_some(LedgerQuery::WhatIf(wanted))
    }

    pub(super) fn at_lists(&self, since: Timestamp, at: Timestamp) -> Option<LedgerQuery> {
        self.at_lists.is_none_or(|asked| is_old(asked, at)).then_some(LedgerQuery::AtLists(since, at))
    }

    /// Opens a query over a snapshot.
    pub(super) fn open(&mut self, query: LedgerQuery, over: &Arc<Snapshot>) -> LedgerQuery {
        match &query {
            LedgerQuery::Money(asked) => {
                (self.money, self.over, self.was_hidden) = (Some(*asked), Some(over.clone()), false);
            }
            LedgerQuery::WhatIf(asked) => self.what_if = Some(asked.clone()),
            LedgerQuery::AtLists(_, at) => self.at_lists = Some(*at),
            LedgerQuery::Day(_) => {}
        }
        self.open.insert(query).clone()
    }

    /// No view shows what was answered of money.
    pub(super) const fn hide_money(&mut self) {
        self.was_hidden = true;
    }

    pub(super) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Closes the open query.
    pub(super) const fn close(&mut self) -> Option<LedgerQuery> {
        self.open.take()
    }

    /// The snapshot that the answered query of money was over.
    pub(super) const fn take_over(&mut self) -> Option<Arc<Snapshot>> {
        self.over.take()
    }
}
