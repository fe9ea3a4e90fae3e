//! When the samples of a page were taken: a page that answers may still show samples of an engine that is no longer reached.

use crate::reading::{EngineReading, InstanceId, ModelName, PageReading, Rank};
use crate::units::{Moment, Span, Timestamp};

/// How often samples are taken where the pages so far do not show it: Prometheus' interval if none is configured.
const UNKNOWN_STEP: Span = Span::from_secs(60);
/// The longest interval between samples: Prometheus shows none that is older.
const LONGEST_STEP: Span = Span::from_secs(300);
/// How many samples may be missing.
const MISSING: i64 = 3;

/// The times of the samples of a target's pages.
#[derive(Debug, Default)]
pub(crate) struct SampleTimes {
    rows: Vec<SampledRow>,
    /// How far the server's clock is ahead of this machine's, as the last page said.
    ahead: Span,
}

/// A row with the time of its newest sample.
#[derive(Debug)]
struct SampledRow {
    model: Option<ModelName>,
    instance: Option<InstanceId>,
    rank: Option<Rank>,
    sampled: Timestamp,
    /// How long after the one before.
    step: Option<Span>,
}

impl SampledRow {
    fn is_of(&self, reading: &EngineReading) -> bool {
        self.rank == reading.rank && self.instance == reading.instance && self.model == reading.model
    }
}

impl SampleTimes {
    /// Takes the times of a page that came at `at`.
    pub(super) fn note(&mut self, page: &PageReading, at: Moment) {
        self.ahead = page.date.map_or(Span::ZERO, |date| date - at.wall);
        if self.rows.is_empty() && page.engines.iter().all(|row| row.sampled.is_none()) {
            return;
        }
        let before = std::mem::take(&mut self.rows);
        for reading in &page.engines {
            let Some(sampled) = reading.sampled else { continue };
            let near = before.get(self.rows.len()).filter(|row| row.is_of(reading));
            let known = near.or_else(|| before.iter().find(|row| row.is_of(reading)));
            let step = known.and_then(|known| match sampled - known.sampled {
                step if step > Span::ZERO => Some(step.min(LONGEST_STEP)),
                _ => known.step,
            });
            let (model, instance, rank) = (reading.model.clone(), reading.instance.clone(), reading.rank.clone());
            self.rows.push(SampledRow { model, instance, rank, sampled, step });
        }
    }

    /// How old a sample was on a page that came at `seen`.
    pub(crate) fn age(&self, sampled: Timestamp, seen: Moment) -> Span {
        (seen.wall + self.ahead - sampled).max(Span::ZERO)
    }

    /// How old samples may be.
    pub(crate) fn patience(&self, stale_after: Span) -> Span {
        let steps = self.rows.iter().map(|row| row.step.unwrap_or(UNKNOWN_STEP));
        let longest = steps.max().unwrap_or(UNKNOWN_STEP);
        Span::from_millis(longest.millis() * MISSING).max(stale_after)
    }
}
