//! Questions to the past, and what becomes of their answers.

use super::App;
use crate::reading::Label;
use crate::tui::inquiry::{Question, Reply};
use crate::tui::view::ViewId;
use crate::units::Timestamp;

impl App {
    /// The question that is due, if any: never more than one is under way. The caller must answer it.
    pub fn question(&mut self) -> Option<Question> {
        let at = self.shown.at;
        if self.waiting.is_some() || !self.has_past || at == Timestamp::default() {
            return None;
        }
        let form = if self.what_if.open { self.what_if.due(at) } else { None };
        // Of an earlier instant the ledger knows the sums; the record has means of minutes.
        let is_money = self.view() == ViewId::Money || self.then.is_some();
        let view =
            || if is_money { self.money.due(&self.shown, self.then.is_some()).map(Question::Money) } else { None };
        self.waiting = form.map(Question::WhatIf).or_else(view);
        self.waiting.clone()
    }

    pub(super) fn answered(&mut self, reply: Reply) {
        self.waiting = None;
        match reply {
            Reply::Money(answer) => {
                self.money.answered(answer);
                self.take_sums();
            }
            Reply::WhatIf(answer) => self.what_if.answered(answer),
        }
    }

    pub(super) fn unanswered(&mut self) {
        let why = Label::new("the ledger does not answer; it is asked again");
        match self.waiting.take() {
            Some(Question::Money(_)) => self.money.answered(Err(why)),
            Some(Question::WhatIf(_)) => self.what_if.answered(Err(why)),
            None => {}
        }
    }
}
