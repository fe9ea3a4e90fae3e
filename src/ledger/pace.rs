//! What is earned and owed an hour: running sums of a minute ago against those of now.

use std::collections::VecDeque;

use super::Ledger;
use crate::units::{Moment, Money, Span};

/// The ledger's running sums at one moment.
#[derive(Debug, Clone)]
pub struct Mark {
    at: Moment,
    earned: Vec<Money>,
    owed: Vec<Money>,
}

/// Marks of the last minute.
#[derive(Debug, Clone)]
pub struct Pace {
    span: Span,
    step: Span,
    marks: VecDeque<Mark>,
    now: Option<Mark>,
}

impl Pace {
    /// Paces over `span`, with a mark every `step`.
    pub const fn new(span: Span, step: Span) -> Self {
        Self { span, step, marks: VecDeque::new(), now: None }
    }

    /// Takes the sums of now. Of a gap the sums took the average of `span` alone, so marks from before it are as of then.
    pub fn mark(&mut self, ledger: &Ledger, at: Moment) {
        let slept = self.now.as_ref().is_some_and(|last| at.since(last.at) > self.span);
        for mark in self.marks.iter_mut().filter(|_| slept) {
            mark.at = at + (Span::ZERO - self.span);
        }
        let mark = Mark { at, earned: ledger.earned().to_vec(), owed: ledger.owed().to_vec() };
        if self.marks.back().is_none_or(|last| at.since(last.at) >= self.step) {
            self.marks.push_back(mark.clone());
        }
        while self.marks.get(1).is_some_and(|next| at.since(next.at) >= self.span) {
            self.marks.pop_front();
        }
        self.now = Some(mark);
    }

    /// The time that the pace is taken over, once there is any.
    pub fn window(&self) -> Option<Span> {
        let span = self.now.as_ref()?.at.since(self.marks.front()?.at);
        (span > Span::ZERO).then_some(span)
    }

    /// Whether it is taken over less than half of its span yet.
    pub fn is_young(&self) -> bool {
        self.window().is_none_or(|window| window.millis() * 2 < self.span.millis())
    }

    /// What an account earns an hour.
    pub fn earned_per_hour(&self, account: usize) -> Option<Money> {
        self.per_hour(|mark| mark.earned.get(account))
    }

    /// What a landlord is owed an hour.
    pub fn owed_per_hour(&self, landlord: usize) -> Option<Money> {
        self.per_hour(|mark| mark.owed.get(landlord))
    }

    fn per_hour(&self, sum: impl Fn(&Mark) -> Option<&Money>) -> Option<Money> {
        const HOUR: i64 = 3_600_000;
        let window = self.window()?;
        let now = sum(self.now.as_ref()?)?;
        let then = self.marks.front().and_then(sum).copied().unwrap_or_default();
        (*now - then).scaled(HOUR, window.millis())
    }
}
