//! The way in and out: Enter goes in, Esc comes out, one step each.

use crate::reading::Label;
use crate::tui::view::{ViewId, ViewPlace};

/// The most steps that are remembered.
const DEEPEST: usize = 16;

/// Where one is and how one came there; never empty.
#[derive(Debug, Clone)]
pub(super) struct Path {
    here: ViewPlace,
    before: Vec<ViewPlace>,
}

impl Path {
    pub(super) fn new() -> Self {
        Self { here: ViewPlace::of(ViewId::FIRST), before: Vec::new() }
    }

    pub(super) fn here(&self) -> &ViewPlace {
        &self.here
    }

    /// Begins anew at a view of everything; Esc leads to the overview.
    pub(super) fn show(&mut self, view: ViewId) {
        self.before.clear();
        if view != ViewId::FIRST {
            self.before.push(ViewPlace::of(ViewId::FIRST));
        }
        self.here = ViewPlace::of(view);
    }

    /// One step in.
    pub(super) fn enter(&mut self, place: ViewPlace) {
        if place == self.here {
            return;
        }
        self.before.push(std::mem::replace(&mut self.here, place));
        if self.before.len() > DEEPEST {
            self.before.remove(0);
        }
    }

    /// The same view of something else.
    pub(super) fn turn_to(&mut self, subject: Label) {
        self.here.subject = Some(subject);
    }

    /// One step out, if there is one.
    pub(super) fn back(&mut self) {
        if let Some(place) = self.before.pop() {
            self.here = place;
        }
    }
}
