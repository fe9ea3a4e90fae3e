//! The marks of the present: in a snapshot, and saved with the postings.

use super::{Fleet, PresentFleet, RowView};
use crate::fleet::marks::Marks;
use crate::metering::Engine;

impl Fleet {
    /// The marks of the present. Those of a ledger that another process writes are that process's, which alone knows what it
    /// posted; rates are of this one's pages, too.
    pub(in crate::fleet) fn marks(&self) -> Marks {
        let own = self.own_marks();
        if !self.ledger.is_closed() {
            return own;
        }
        let shown = self.commits.shown;
        Marks { growth_uncertain: shown.growth_uncertain || own.growth_uncertain, ..shown }
    }

    fn own_marks(&self) -> Marks {
        let (now, engines) = (self.now(), || self.metering.engines.values());
        Marks {
            on_trial: engines().any(|engine| engine.is_on_trial(now)) || self.metering.may_count_twice(now),
            may_be_earlier: engines().any(|engine| engine.may_count_earlier(now)),
            // Which rows are billed is only asked where one lacks a value.
            lacks_counter: engines().any(Engine::lacks_values) && leaves_out_billed(self),
            holds_back: engines().any(Engine::holds_back),
            growth_uncertain: engines().any(|engine| engine.is_growth_uncertain(now)),
            seen_twice: self.metering.lookalikes(now).next().is_some(),
        }
    }
}

/// Whether the last page of a row that counts has no value of a counter that is billed.
fn leaves_out_billed(fleet: &Fleet) -> bool {
    PresentFleet::of(fleet).counted_rows().any(RowView::leaves_out_billed)
}
