//! The marks of the present: in a snapshot, and saved with the postings.

use super::{Fleet, PresentFleet, RowView};
use crate::fleet::marks::Marks;
use crate::metering::Engine;

impl Fleet {
    /// The marks of the present.
    pub(in crate::fleet) fn marks(&self) -> Marks {
        let (now, engines) = (self.now(), || self.metering.engines.values());
        Marks {
            on_trial: engines().any(|engine| engine.is_on_trial(now)) || self.metering.may_count_twice(now),
            may_be_earlier: engines().any(|engine| engine.may_count_earlier(now)),
            // Which rows are billed is only asked where one lacks a value.
            lacks_counter: engines().any(Engine::lacks_values) && leaves_out_billed(self),
        }
    }
}

/// Whether the last page of a row that counts has no value of a counter that is billed.
fn leaves_out_billed(fleet: &Fleet) -> bool {
    PresentFleet::of(fleet).counted_rows().any(RowView::leaves_out_billed)
}
