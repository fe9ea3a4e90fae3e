//! The saved state of places that may show the same process.

use serde::{Deserialize, Serialize};

use super::super::Engine;
use super::super::agreement::Pair;
use super::{Duplicates, Known, Place, PostedSegment, ProcessMark};
use crate::counters::ProcessId;
use crate::reading::{InstanceId, TargetId};

/// The saved comparisons of a place with others, and its entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::metering) struct SavedPlace {
    instance: Option<InstanceId>,
    process: ProcessId,
    /// Its mark, if that is not the start time of its process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mark: Option<ProcessMark>,
    posted: Vec<PostedSegment>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    lost_window: bool,
    pairs: Vec<(Place, Pair)>,
}

impl Duplicates {
    /// The saved state of a target's places.
    pub(in crate::metering) fn saved(&self, target: &TargetId) -> Vec<SavedPlace> {
        let saved = |place: Place| {
            // The other fields start again with the next pages.
            let Known {
                mark,
                kind: _,
                directness: _,
                polled: _,
                appeared: _,
                has_ended: _,
                has_posted: _,
                observations: _,
                posted,
                lost_window,
                alone_until: _,
                logs: _,
            } = self.places.get(&place)?;
            let pairs: Vec<_> = self
                .alike(&place)
                .filter_map(|other| Some((other.clone(), self.pairs.get(&place, other)?.clone())))
                .collect();
            let is_needed = !pairs.is_empty() || !posted.is_empty();
            let Place { target: _, instance, process } = place;
            let mark = Some(*mark).filter(|mark| matches!(mark, ProcessMark::Page(_)));
            let (posted, lost_window) = (posted.clone(), *lost_window);
            is_needed.then_some(SavedPlace { instance, process, mark, posted, lost_window, pairs })
        };
        self.of_target(target).cloned().filter_map(saved).collect()
    }

    /// Restores the places of a target.
    pub(in crate::metering) fn restore(&mut self, target: &TargetId, engine: &Engine, saved: Vec<SavedPlace>) {
        for instance in &engine.instances {
            let kind = engine.rows.iter().find(|row| row.instance == instance.id).map(|row| row.reading.kind);
            for process in instance.processes.all() {
                let place = Place { target: target.clone(), instance: instance.id.clone(), process: process.id() };
                let is_it = |place: &&SavedPlace| place.instance == instance.id && place.process == process.id();
                let of_page = || saved.iter().find(is_it).and_then(|place| place.mark);
                let Some(mark) = ProcessMark::of(process, &[]).or_else(of_page) else { continue };
                let known = self.add(&place, mark, kind);
                (known.has_ended, known.has_posted) = (process.has_ended(), true);
                known.polled = Some((process.last_seen(), process.last_seen()));
            }
        }
        for SavedPlace { instance, process, mark: _, posted, lost_window, pairs } in saved {
            let place = Place { target: target.clone(), instance, process };
            let of_pairs = pairs.iter().flat_map(|(_, pair)| [pair.since, pair.decided]);
            let numbers = posted.iter().map(|segment| segment.number).chain(of_pairs);
            self.segment = numbers.fold(self.segment, u64::max);
            if let Some(known) = self.places.get_mut(&place) {
                (known.posted, known.lost_window) = (posted, lost_window);
            }
            for (other, pair) in pairs {
                // Both places save the comparison, at different times.
                let known = self.pairs.entry(&place, &other, || pair.clone());
                if known.decided < pair.decided {
                    *known = pair;
                }
            }
        }
    }
}
