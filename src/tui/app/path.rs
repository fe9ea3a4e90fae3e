//! The way in and out: Enter goes in, Esc comes out, one step each.

use crate::reading::Label;
use crate::tui::view::{ViewId, ViewPlace};
use crate::units::Timestamp;

/// The most steps that are remembered.
const DEEPEST: usize = 16;

/// Where one is and how one came there; never empty.
#[derive(Debug, Clone)]
pub(super) struct Path {
    here: ViewPlace,
    before: Vec<PathStep>,
}

/// A place that a step led away from.
#[derive(Debug, Clone)]
struct PathStep {
    place: ViewPlace,
    /// Where it was in time, if the step led to another instant.
    then: Option<TimeBefore>,
}

/// An instant that a step led away from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeBefore {
    Now,
    Then(Timestamp),
}

impl PathStep {
    const fn from(place: ViewPlace) -> Self {
        Self { place, then: None }
    }
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
            self.before.push(PathStep::from(ViewPlace::of(ViewId::FIRST)));
        }
        self.here = ViewPlace::of(view);
    }

    /// One step in.
    pub(super) fn enter(&mut self, place: ViewPlace) {
        if place == self.here {
            return;
        }
        self.before.push(PathStep::from(std::mem::replace(&mut self.here, place)));
        if self.before.len() > DEEPEST {
            self.before.remove(0);
        }
    }

    /// Remembers where the last step began in time: it leads to another instant.
    pub(super) fn remember(&mut self, then: Option<Timestamp>) {
        if let Some(step) = self.before.last_mut() {
            step.then = Some(then.map_or(TimeBefore::Now, TimeBefore::Then));
        }
    }

    /// The same view of something else.
    pub(super) fn turn_to(&mut self, subject: Label) {
        self.here.subject = Some(subject);
    }

    /// One step out, if there is one. Returns where it leads in time, if to another instant.
    pub(super) fn back(&mut self) -> Option<TimeBefore> {
        let PathStep { place, then } = self.before.pop()?;
        self.here = place;
        then
    }
}
