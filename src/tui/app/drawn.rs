//! What of the open view is drawn: its frame, its rows, and what they can be sorted by.

use super::App;
use crate::tui::frame_input::FrameInput;
use crate::tui::view::{ListKey, SortOrder};

impl App {
    /// What the open view's rows can be sorted by.
    pub fn orders(&self) -> Vec<SortOrder> {
        self.view().view().orders(&self.input())
    }

    /// Whether nothing was found yet, and that is what is drawn.
    pub fn finds_nothing(&self) -> bool {
        self.input().finds_nothing()
    }

    /// The frame that is drawn of the shown snapshot.
    pub(super) fn input(&self) -> FrameInput<'_> {
        FrameInput { app: self, snap: &self.shown, size: self.hits.size }
    }

    /// The keys of the open view's rows.
    pub(super) fn rows(&self) -> Vec<ListKey> {
        self.view().view().rows(&self.input())
    }
}
