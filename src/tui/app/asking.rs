//! Questions to the past, and what becomes of their answers.
//!
//! Views say what they want; what of that is asked, which question is open and what was asked last is known here alone.

use std::sync::Arc;

use super::money::is_old;
use super::{App, WatchedFleet};
use crate::reading::Label;
use crate::snapshot::Snapshot;
use crate::tui::ledger_query::{LedgerAnswer, LedgerQuery, MoneyQuery, WhatIfQuery};
use crate::tui::view::{ViewId, has_calendar};
use crate::units::Timestamp;

/// The question that is open, and the last one of each kind, so that what stands is not asked again.
#[derive(Debug, Clone, Default)]
pub(super) struct Asking {
    open: Option<LedgerQuery>,
    /// The snapshot of the instant of the last question of money.
    over: Option<Arc<Snapshot>>,
    money: Option<MoneyQuery>,
    what_if: Option<WhatIfQuery>,
    at_lists: Option<Timestamp>,
}

impl Asking {
    /// The question, unless it was asked; `is_exact`: of no other instant, however near.
    fn money(&self, wanted: MoneyQuery, is_exact: bool) -> Option<LedgerQuery> {
        let stands = |asked: MoneyQuery| {
            let holds = if is_exact { asked.at == wanted.at } else { !is_old(asked.at, wanted.at) };
            (asked.against, asked.by) == (wanted.against, wanted.by) && holds
        };
        (!self.money.is_some_and(stands)).then_some(LedgerQuery::Money(wanted))
    }

    fn what_if(&self, wanted: WhatIfQuery) -> Option<LedgerQuery> {
        let stands = |asked: &WhatIfQuery| asked.changed == wanted.changed && !is_old(asked.at, wanted.at);
        (!self.what_if.as_ref().is_some_and(stands)).then_some(LedgerQuery::WhatIf(wanted))
    }

    fn at_lists(&self, since: Timestamp, at: Timestamp) -> Option<LedgerQuery> {
        self.at_lists.is_none_or(|asked| is_old(asked, at)).then_some(LedgerQuery::AtLists(since, at))
    }

    /// Opens a question over a snapshot.
    fn open(&mut self, question: LedgerQuery, over: &Arc<Snapshot>) -> LedgerQuery {
        match &question {
            LedgerQuery::Money(asked) => (self.money, self.over) = (Some(*asked), Some(over.clone())),
            LedgerQuery::WhatIf(asked) => self.what_if = Some(asked.clone()),
            LedgerQuery::AtLists(_, at) => self.at_lists = Some(*at),
            LedgerQuery::Day(_) => {}
        }
        self.open.insert(question).clone()
    }
}

impl App {
    /// The question that is due, if any: never more than one is under way. The caller must answer it.
    pub fn question(&mut self) -> Option<LedgerQuery> {
        if self.asking.open.is_some() || !self.has_past || self.shown.at == Timestamp::default() {
            return None;
        }
        let due = self.what_if_due().or_else(|| self.money_due()).or_else(|| self.day_due());
        let due = due.or_else(|| self.at_lists_due())?;
        Some(self.asking.open(due, &self.shown))
    }

    fn what_if_due(&self) -> Option<LedgerQuery> {
        if self.what_if.open { self.asking.what_if(self.what_if.wanted(self.shown.at)) } else { None }
    }

    /// Of an earlier instant the ledger knows the sums, in every view; the record has means of minutes.
    fn money_due(&self) -> Option<LedgerQuery> {
        let is_past = self.then.is_some();
        if self.view() != ViewId::Money && !is_past {
            return None;
        }
        self.asking.money(self.money.wanted(self.shown.at), is_past)
    }

    /// Days of the calendar are asked for where it is shown, one after another.
    fn day_due(&self) -> Option<LedgerQuery> {
        if self.view() != ViewId::Money || self.what_if.open || !has_calendar(self.hits.size) {
            return None;
        }
        self.money.missing_day(self.shown.at, &self.zone).map(LedgerQuery::Day)
    }

    /// What the published day's tokens would be worth at other lists, where that is shown.
    fn at_lists_due(&self) -> Option<LedgerQuery> {
        let at = self.shown.at;
        let is_shown = matches!(self.fleet, WatchedFleet::PublishedDay { .. }) && self.view() == ViewId::Overview;
        let since = self.shown.money.since.filter(|since| is_shown && *since < at)?;
        self.asking.at_lists(since, at)
    }

    pub(super) fn answered(&mut self, reply: LedgerAnswer) {
        self.asking.open = None;
        match reply {
            LedgerAnswer::Money(answer) => {
                if answer.is_ok() {
                    self.money.picture = self.asking.over.take();
                }
                self.money.answered(answer);
                self.take_sums();
            }
            LedgerAnswer::WhatIf(answer) => self.what_if.answered(answer),
            LedgerAnswer::Day(begin, hours) => self.money.day_answered(begin, hours),
            LedgerAnswer::AtLists(lists) => self.at_lists.answered(lists),
        }
    }

    pub(super) fn unanswered(&mut self) {
        let why = Label::new("the ledger does not answer; it is asked again");
        match self.asking.open.take() {
            Some(LedgerQuery::Money(_)) => self.money.answered(Err(why)),
            Some(LedgerQuery::WhatIf(_)) => self.what_if.answered(Err(why)),
            Some(LedgerQuery::Day(begin)) => self.money.day_answered(begin, Err(why)),
            Some(LedgerQuery::AtLists(..)) => self.at_lists.answered(Err(why)),
            None => {}
        }
    }
}
