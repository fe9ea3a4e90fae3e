//! The ledger queries that the open view needs, and what is done with their results.

use super::{App, MoneyRange, WatchedFleet};
use crate::reading::Label;
use crate::tui::ledger_query::{LedgerQuery, LedgerResult};
use crate::tui::recorded;
use crate::tui::view::{PastPart, has_calendar};
use crate::units::Timestamp;

impl App {
    /// The query that is due, if any; never more than one is open. The caller must give its result.
    pub fn next_query(&mut self) -> Option<LedgerQuery> {
        if !self.shows(PastPart::Page) && self.then.is_none() {
            self.open_query.hide_money();
        }
        if self.open_query.is_open() || !self.has_past || self.shown.at == Timestamp::default() {
            return None;
        }
        let due = self.what_if_due().or_else(|| self.money_due()).or_else(|| self.day_due());
        let due = due.or_else(|| self.at_lists_due())?;
        Some(self.open_query.open(due, &self.shown))
    }

    fn shows(&self, part: PastPart) -> bool {
        self.view().view().past_parts().contains(&part)
    }

    fn what_if_due(&self) -> Option<LedgerQuery> {
        if self.what_if.open { self.open_query.what_if(self.what_if.wanted(self.shown.at)) } else { None }
    }

    /// Of an earlier instant the ledger knows the sums, in every view; the record has means of minutes.
    fn money_due(&self) -> Option<LedgerQuery> {
        let is_past = self.then.is_some();
        if !self.shows(PastPart::Page) && !is_past {
            return None;
        }
        self.open_query.money(self.money.wanted(self.shown.at, self.compared().1), is_past)
    }

    /// Days of the calendar and of the bars are asked for where they are shown, one after another.
    fn day_due(&self) -> Option<LedgerQuery> {
        if !self.shows(PastPart::Days) || self.what_if.open {
            return None;
        }
        if self.money.range == MoneyRange::Day && !has_calendar(self.hits.size) {
            return None;
        }
        self.money.missing_day(self.shown.at, &self.zone).map(LedgerQuery::Day)
    }

    /// What the published day's tokens would be worth at other lists, where that is shown.
    fn at_lists_due(&self) -> Option<LedgerQuery> {
        let at = self.shown.at;
        let is_shown = matches!(self.fleet, WatchedFleet::PublishedDay { .. }) && self.shows(PastPart::AtLists);
        let since = self.shown.money.since.filter(|since| is_shown && *since < at)?;
        self.open_query.at_lists(since, at)
    }

    pub(super) fn answered(&mut self, result: LedgerResult) {
        self.open_query.close();
        match result {
            LedgerResult::Money(answer) => {
                if let Ok(page) = &answer {
                    let now = self.newest().money.clone();
                    let asked = self.open_query.take_over();
                    self.money.snapshot = asked.map(|asked| recorded::with_sums_of(&asked, &page.models, &now));
                }
                self.money.answered(answer);
                self.take_sums();
            }
            LedgerResult::WhatIf(answer) => self.what_if.answered(answer),
            LedgerResult::Day(begin, hours) => self.money.day_answered(begin, hours),
            LedgerResult::AtLists(lists) => self.at_lists.answered(lists),
        }
    }

    pub(super) fn unanswered(&mut self) {
        let why = Label::new("the ledger does not answer; it is asked again");
        match self.open_query.close() {
            Some(LedgerQuery::Money(_)) => self.money.answered(Err(why)),
            Some(LedgerQuery::WhatIf(_)) => self.what_if.answered(Err(why)),
            Some(LedgerQuery::Day(begin)) => self.money.day_answered(begin, Err(why)),
            Some(LedgerQuery::AtLists(..)) => self.at_lists.answered(Err(why)),
            None => {}
        }
    }
}
