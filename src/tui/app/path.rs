//! The way in and out: Enter goes in, Esc comes out, one step each.

use crate::reading::Label;
use crate::tui::view::{Place, ViewId};

/// The most steps that are remembered.
const DEEPEST: usize = 16;

/// Where one is and how one came there; never empty.
#[derive(Debug, Clone)]
pub(super) struct Path {
    here: Place,
    before: Vec<Place>,
}

impl Path {
    pub(super) fn new() -> Self {
        Self { here: Place::of(ViewId::Overview), before: Vec::new() }
    }

    pub(super) fn here(&self) -> &Place {
        &self.here
    }

    /// Begins anew at a view of everything; Esc leads to the overview.
    pub(super) fn show(&mut self, view: ViewId) {
        self.before.clear();
        if view != ViewId::Overview {
            self.before.push(Place::of(ViewId::Overview));
        }
        self.here = Place::of(view);
    }

    /// One step in.
    pub(super) fn enter(&mut self, place: Place) {
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
