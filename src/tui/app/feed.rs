//! Whether snapshots arrive.

use super::{App, Effect};
use crate::units::Span;

/// Whether snapshots arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Feed {
    /// They do.
    #[default]
    Arrives,
    /// None came for so long.
    Quiet(Span),
    /// None will come: a recording or a simulated day was played to its end.
    Ended,
}

impl App {
    /// Notes that no snapshot came for so long.
    pub(super) fn note_quiet(&mut self, span: Span) {
        if self.feed != Feed::Ended {
            self.feed = Feed::Quiet(span);
        }
    }

    /// Notes that no snapshot will come.
    pub(super) fn end_feed(&mut self) -> Effect {
        self.feed = Feed::Ended;
        self.say("the end: nothing more is played, and this is the last state");
        Effect::Redraw
    }
}
