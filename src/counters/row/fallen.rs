//! The state of a row whose counters fell.

use serde::{Deserialize, Serialize};

use super::COUNTERS;
use crate::counters::hits::HitClamp;
use crate::counters::quarantine_limits::QUARANTINE_PAGES;
use crate::counters::values::{fallen, growth};
use crate::reading::TokenCounters;
use crate::units::Moment;

/// A quarantined fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Quarantine {
    /// The first and the last values since the fall.
    pub(super) first: TokenCounters,
    pub(super) last: TokenCounters,
    /// When it began, and when the row's values were last accepted.
    pub(super) since: Moment,
    pub(super) believed: Moment,
    pub(super) pages: u8,
    /// The part of its values that may belong to rows or series whose labels it may have taken.
    #[serde(default)]
    pub(super) taken: [u64; COUNTERS],
}

/// A reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BeforeReset {
    /// The values before it, and when they were accepted.
    pub(super) before: TokenCounters,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) believed: Option<Moment>,
    pub(super) at: Moment,
    /// The first values after it.
    #[serde(default)]
    pub(super) low: TokenCounters,
    /// The hits that waited for their prompts before the reset, and the reverse.
    #[serde(default)]
    pub(super) hits: HitClamp,
    /// The part of those values that was disputed and never posted.
    #[serde(default)]
    pub(super) disputed: [u64; COUNTERS],
}

/// Values return by growth if the page of their return grew at most this many times as much as the pages before it.
const RETURN: u64 = 3;

impl Quarantine {
    /// Whether the values `before` the fall are reached again by growth, not by a jump: what fell was no dip but a part of
    /// the sum that left, and what the others produced until now is missing.
    pub(super) fn grew_back(&self, before: &TokenCounters, now: &TokenCounters) -> bool {
        let fell = fallen(&self.first, before);
        let (meanwhile, step) = (growth(&self.last, &self.first), growth(now, &self.last));
        let pages = u64::from(self.pages.saturating_sub(1));
        let by_growth =
            |i: usize| meanwhile[i] > 0 && step[i].saturating_mul(pages) <= meanwhile[i].saturating_mul(RETURN);
        self.pages > QUARANTINE_PAGES && fell.contains(&true) && (0..COUNTERS).all(|i| !fell[i] || by_growth(i))
    }

    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { first: _, last: _, since, believed, pages: _, taken: _ } = self;
        [since, believed].into_iter()
    }
}

impl BeforeReset {
    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { before: _, believed, at, low: _, hits: _, disputed: _ } = self;
        believed.iter_mut().chain([at])
    }
}
