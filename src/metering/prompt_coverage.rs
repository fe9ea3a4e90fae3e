//! Whether the watched prefill and decode engines of a model serve the same prompts.
//!
//! With prefill and decode apart, a prompt is on the page of a prefill engine and on that of a decode engine, and counts on
//! the first; the output counts on the second. If one side has clearly more prompts than the other, engines of the other
//! side are not watched, or the two are no pair: some tokens are counted nowhere.

use std::collections::BTreeMap;

use crate::reading::{EngineRole, TargetId};
use crate::units::{Moment, Span, Timestamp};

/// How long growth is compared before it is forgotten.
const COMPARED: Span = Span::from_secs(600);
/// One side may be ahead by this part of the other's prompts, and by the largest growth of so many pages of each target.
const PART: u64 = 4;
const PAGES: u64 = 4;

/// The prompts of each model that has prefill and decode engines.
#[derive(Debug, Default)]
pub(super) struct PromptCoverage(BTreeMap<String, Sides>);

/// The two sides of a model.
#[derive(Debug)]
struct Sides {
    since: Moment,
    prefill: SidePrompts,
    decode: SidePrompts,
    /// The role that lacks engines, and the day for which a lost window was counted.
    lacking: Option<(EngineRole, Timestamp)>,
}

/// The prompts of one side since a moment.
#[derive(Debug, Default)]
struct SidePrompts {
    grown: u64,
    /// The largest growth on one page.
    most: u64,
    /// When each target last answered.
    answered: BTreeMap<TargetId, Moment>,
}

impl SidePrompts {
    fn note(&mut self, target: &TargetId, grown: u64, at: Moment) {
        self.grown = self.grown.saturating_add(grown);
        self.most = self.most.max(grown);
        self.answered.insert(target.clone(), at);
    }

    fn has_answered(&self, at: Moment, within: Span) -> bool {
        !self.answered.is_empty() && self.answered.values().all(|answered| at.since(*answered) <= within)
    }

    /// Whether this side has clearly more prompts than the other.
    fn exceeds(&self, other: &Self) -> bool {
        let targets = u64::try_from(self.answered.len()).unwrap_or(u64::MAX);
        let slack = self.most.saturating_mul(PAGES).saturating_mul(targets);
        self.grown > other.grown.saturating_add(other.grown / PART).saturating_add(slack)
    }
}

impl Sides {
    fn at(since: Moment) -> Self {
        Self { since, prefill: SidePrompts::default(), decode: SidePrompts::default(), lacking: None }
    }

    /// The role of which engines seem to lack, if that is clear.
    fn judge(&self, at: Moment, within: Span) -> Option<EngineRole> {
        if !self.prefill.has_answered(at, within) || !self.decode.has_answered(at, within) {
            return None;
        }
        if self.decode.exceeds(&self.prefill) {
            return Some(EngineRole::Prefill);
        }
        self.prefill.exceeds(&self.decode).then_some(EngineRole::Decode)
    }
}

impl PromptCoverage {
    /// The role of which engines seem to lack for a model.
    pub(super) fn lacking(&self, model: &str) -> Option<EngineRole> {
        self.0.get(model)?.lacking.map(|(role, _)| role)
    }

    /// Takes the prompts by which a target of a side grew. Returns whether a lost window is to be counted.
    pub(super) fn note(
        &mut self,
        model: String,
        page: (&TargetId, EngineRole, u64),
        now: (Moment, Span, Timestamp),
    ) -> bool {
        let ((target, role, grown), (at, within, day)) = (page, now);
        let sides = self.0.entry(model).or_insert_with(|| Sides::at(at));
        if at.since(sides.since) > COMPARED {
            sides.lacking = sides.judge(at, within).and(sides.lacking);
            *sides = Sides { lacking: sides.lacking, ..Sides::at(at) };
        }
        let side = if role == EngineRole::Prefill { &mut sides.prefill } else { &mut sides.decode };
        side.note(target, grown, at);
        let Some(lacking) = sides.judge(at, within) else { return false };
        sides.lacking.replace((lacking, day)).is_none_or(|(_, known)| known != day)
    }
}
