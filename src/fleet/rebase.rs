//! Moves a saved state to the clock of another boot.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::checkpoint::{SavedItem, SavedState};
use super::commits::{GPUS, TIME};
use crate::inventory::SavedNode;
use crate::metering::{SavedAllocation, SavedTarget};
use crate::units::{Moment, Span};

impl SavedState {
    /// Moves all moments to the present boot's clock. Those of another boot are placed by wall time.
    #[must_use]
    pub fn onto(mut self, now: Moment, same_boot: bool) -> Self {
        if same_boot {
            return self;
        }
        let rebase = |moment: &mut Moment| moment.boot = now.boot - (now.wall - moment.wall).max(Span::ZERO);
        let Self {
            last,
            targets,
            nodes,
            kept: _,
            began: _,
            watched_from: _,
            schedules: _,
            lease_ends: _,
            target_resets: _,
            newly_accepted: _,
        } = &mut self;
        rebase(last);
        for item in targets {
            rewrite::<SavedTarget>(item, |saved| saved.moments_mut().for_each(rebase));
        }
        for item in nodes {
            if item.key.starts_with(GPUS) {
                rewrite::<SavedNode>(item, |saved| saved.moments_mut().for_each(rebase));
            } else if item.key.starts_with(TIME) {
                rewrite::<SavedAllocation>(item, |saved| saved.moments_mut().for_each(rebase));
            }
        }
        self
    }
}

fn rewrite<T: Serialize + DeserializeOwned>(item: &mut SavedItem, change: impl FnOnce(&mut T)) {
    let Ok(mut value) = serde_json::from_str(&item.state) else { return };
    change(&mut value);
    if let Ok(state) = serde_json::to_string(&value) {
        item.state = state;
    }
}
