//! Questions to the past, and what becomes of their answers.

use super::{App, WatchedFleet};
use crate::reading::Label;
use crate::tui::ledger_query::{LedgerAnswer, LedgerQuery};
use crate::tui::view::{ViewId, has_calendar};
use crate::units::Timestamp;

impl App {
    /// The question that is due, if any: never more than one is under way. The caller must answer it.
    pub fn question(&mut self) -> Option<LedgerQuery> {
        let at = self.shown.at;
        if self.waiting.is_some() || !self.has_past || at == Timestamp::default() {
            return None;
        }
        let form = if self.what_if.open { self.what_if.due(at) } else { None };
        // Of an earlier instant the ledger knows the sums; the record has means of minutes.
        let is_past = self.then.is_some();
        let is_money = self.view() == ViewId::Money;
        let money = if is_money || is_past { self.money.due(&self.shown, is_past) } else { None };
        let view = || money.map(LedgerQuery::Money);
        // Days of the calendar are asked for where it is shown, one after another.
        let has_calendar = is_money && !self.what_if.open && has_calendar(self.hits.size);
        let day = || if has_calendar { self.money.day_due(at, &self.zone).map(LedgerQuery::Day) } else { None };
        self.waiting = form.map(LedgerQuery::WhatIf).or_else(view).or_else(day);
        if self.waiting.is_none() {
            self.waiting = self.at_lists_due(at);
        }
        self.waiting.clone()
    }

    /// What the published day's tokens would be worth at other lists, where that is shown.
    fn at_lists_due(&mut self, at: Timestamp) -> Option<LedgerQuery> {
        let is_shown = matches!(self.fleet, WatchedFleet::PublishedDay { .. }) && self.view() == ViewId::Overview;
        let since = self.shown.money.since.filter(|since| is_shown && *since < at && self.at_lists.is_due(at))?;
        self.at_lists.ask(at);
        Some(LedgerQuery::AtLists(since, at))
    }

    pub(super) fn answered(&mut self, reply: LedgerAnswer) {
        self.waiting = None;
        match reply {
            LedgerAnswer::Money(answer) => {
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
        match self.waiting.take() {
            Some(LedgerQuery::Money(_)) => self.money.answered(Err(why)),
            Some(LedgerQuery::WhatIf(_)) => self.what_if.answered(Err(why)),
            Some(LedgerQuery::Day(begin)) => self.money.day_answered(begin, Err(why)),
            Some(LedgerQuery::AtLists(..)) => self.at_lists.answered(Err(why)),
            None => {}
        }
    }
}
