//! Short answers to keys, and the end of the snapshots. The loop takes each answer back after four seconds; here is no clock.

use super::{App, ShortAnswer, SnapshotFeed};
use crate::units::Span;

impl App {
    /// What is said now.
    pub const fn said(&self) -> Option<&ShortAnswer> {
        self.said.as_ref()
    }

    /// The same with nothing said: for what is copied.
    pub(in crate::tui) fn unsaid(&self) -> Self {
        Self { said: None, ..self.clone() }
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.tell(text.into(), false);
    }

    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.tell(text.into(), true);
    }

    pub(super) fn tell(&mut self, text: String, is_failure: bool) {
        self.answers += 1;
        self.said = Some(ShortAnswer { text, is_failure, number: self.answers });
    }

    /// Takes back what was said, unless something else was said since.
    pub(super) fn unsay(&mut self, number: u64) -> super::Effect {
        if self.said.as_ref().is_some_and(|said| said.number == number) {
            self.said = None;
            return super::Effect::Redraw;
        }
        super::Effect::None
    }

    /// Notes that no snapshot came for so long.
    pub(super) fn note_quiet(&mut self, span: Span) {
        if self.feed != SnapshotFeed::Ended {
            self.feed = SnapshotFeed::Quiet(span);
        }
    }

    /// Notes that no snapshot will come.
    pub(super) fn end_feed(&mut self) -> super::Effect {
        self.feed = SnapshotFeed::Ended;
        self.say("the end: nothing more is played, and this is the last state");
        super::Effect::Redraw
    }
}
