//! Duplicates: an engine at two targets is counted once, at the target that was added first.
//!
//! Two targets are one engine if their pages have the same node, kind, start time, ranks and models, no counter on
//! either page was ever below its value on the other target's previous page, and all counters agreed three times, each
//! time after they had grown. Replicas that one script starts in the same instant drift apart before that. One process
//! reports one start time, so start times are compared exactly; engines without one are never taken for duplicates. A
//! duplicate is counted while the first target is lost. If both continue, what was posted for it is taken back.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::{Context, Engine, Metering, Row};
use crate::inventory::Target;
use crate::ledger::Entry;
use crate::reading::{PromptCount, TargetId, TokenCounters};
use crate::units::{Moment, Span, Timestamp, Tokens};

/// How often two targets must agree on new values.
const PROOFS: u8 = 3;
/// How far the start time of one process may move.
const JITTER: Span = Span::from_secs(2);

/// The comparison of a target with one that was added before it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct DuplicateCheck {
    first: Option<TargetId>,
    start: Option<Timestamp>,
    /// How often both agreed on new values, and the tokens of the last time.
    proofs: u8,
    proven: Tokens,
    differs: bool,
    /// What was posted since; it is taken back if they are duplicates.
    posted: Vec<Entry>,
}

impl DuplicateCheck {
    /// The target that this one is a duplicate of, if that is proven.
    pub(crate) fn of(&self) -> Option<&TargetId> {
        self.first.as_ref().filter(|_| !self.differs && self.proofs >= PROOFS)
    }

    /// Keeps an entry that may have to be taken back.
    pub(super) fn note(&mut self, entry: Entry) {
        if self.first.is_some() && !self.differs {
            super::revenue::remember(&mut self.posted, entry);
        }
    }

    /// Whether no comparison has begun.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Drops the entries, which were posted to another ledger.
    pub(super) fn forget_posted(&mut self) {
        self.posted.clear();
    }

    /// Applies a comparison; returns a change of the verdict.
    fn judge(&mut self, compared: Comparison) -> Option<Verdict> {
        let was = self.of().is_some();
        match compared.order {
            None => self.differs = true,
            // A page that was requested before the other one came may be older than it.
            Some(Ordering::Less) => self.differs |= compared.in_order,
            Some(Ordering::Equal) if compared.tokens > self.proven => {
                (self.proofs, self.proven) = (self.proofs.saturating_add(1), compared.tokens);
            }
            Some(Ordering::Equal | Ordering::Greater) => {}
        }
        if self.differs {
            self.posted.clear();
        }
        match (was, self.of().is_some()) {
            (false, true) => Some(Verdict::One),
            (true, false) => Some(Verdict::Two),
            _ => None,
        }
    }

    /// The first target is lost: this one is counted until it is proven a duplicate again.
    fn part(&mut self) -> Option<Verdict> {
        let was = self.of().is_some();
        (self.proofs, self.proven) = (0, Tokens::ZERO);
        was.then_some(Verdict::Two)
    }
}

/// A change of the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    One,
    Two,
}

/// A page compared with the previous page of another target.
#[derive(Debug, Clone, Copy)]
struct Comparison {
    order: Option<Ordering>,
    tokens: Tokens,
    /// Whether it was requested after the other page had come.
    in_order: bool,
}

impl Comparison {
    /// Compares two pages; `None` if the other page is not the earlier one.
    fn of(now: &Engine, then: &Engine, target: &Target, at: Moment) -> Option<Self> {
        let lead = at.since(then.last_page?);
        let took = Span::from_millis((target.cost?.seconds * 1000.0).ceil() as i64);
        let tokens = now.rows.iter().flat_map(|row| parts(now.counters(row, at))).sum();
        (lead >= Span::ZERO).then(|| Self { order: order(now, then, at), tokens, in_order: lead >= took })
    }
}

impl Comparison {
    /// The comparison for processes with these start times. Two processes differ if the older one continues after the
    /// younger one began. `None` if the other target's page may be from before a restart.
    fn of_starts(self, now: Timestamp, then: Timestamp) -> Option<Self> {
        match now.cmp(&then) {
            Ordering::Equal => Some(self),
            Ordering::Less => (self.in_order && then - now > JITTER).then_some(Self { order: None, ..self }),
            Ordering::Greater => None,
        }
    }
}

/// Targets by the start times of their processes.
#[derive(Debug, Default)]
pub(super) struct ByStartTime(HashMap<Timestamp, BTreeSet<TargetId>>);

impl ByStartTime {
    fn insert(&mut self, start: Timestamp, target: &TargetId) {
        let names = self.0.entry(start).or_default();
        if !names.contains(target) {
            names.insert(target.clone());
        }
    }

    fn remove(&mut self, start: Timestamp, target: &TargetId) {
        if let Some(names) = self.0.get_mut(&start) {
            names.remove(target);
            if names.is_empty() {
                self.0.remove(&start);
            }
        }
    }
}

impl Metering {
    /// Finds the first target of the same engine, if one has the same start time. A duplicate that restarted keeps its
    /// first target, whose next page may come later.
    pub(super) fn find_like(&mut self, context: &Context<'_>, engine: &mut Engine) {
        let (start, id) = (engine.start(), &context.info.target);
        if let (Some(old), true) = (engine.duplicate.start, engine.duplicate.start != start) {
            self.by_start_time.remove(old, id);
        }
        let Some(start) = start else { return };
        self.by_start_time.insert(start, id);
        let first = engine.duplicate.first.as_ref().filter(|first| self.is_known(context, first));
        if engine.duplicate.start != Some(start) || engine.duplicate.first.as_ref() != first {
            let first = engine.duplicate.of().filter(|of| Some(*of) == first).cloned();
            engine.duplicate = DuplicateCheck { first, start: Some(start), ..DuplicateCheck::default() };
        }
        if engine.duplicate.first.is_none() {
            let others = self.by_start_time.0.get(&start).into_iter().flatten();
            let others = others.filter(|name| self.may_be(context, name, start));
            let named = |name: &&TargetId| context.inventory.target(name).map(|target| target.named);
            engine.duplicate.first = others.min_by_key(named).cloned();
        }
    }

    /// Restores the start time of a target, which may be the first target of others.
    pub(super) fn restore_start(&mut self, id: &TargetId, engine: &mut Engine) {
        if let Some(start) = engine.start() {
            self.by_start_time.insert(start, id);
        }
    }

    /// Compares a page that was just metered with the previous pages of the engine's other targets.
    pub(super) fn compare(&mut self, context: &mut Context<'_>, engine: &mut Engine) {
        let (Some(start), at) = (engine.start(), context.at) else { return };
        let Some(target) = context.inventory.target(&context.info.target) else { return };
        if let Some(first) = engine.duplicate.first.as_ref().and_then(|first| self.engines.get(first)) {
            let lost = self.is_silent(context, first);
            let compared = Comparison::of(engine, first, target, at).and_then(|it| it.of_starts(start, first.start()?));
            let verdict = if lost {
                engine.duplicate.part()
            } else {
                compared.and_then(|compared| engine.duplicate.judge(compared))
            };
            settle(context, verdict, engine);
        }
        let names: Vec<TargetId> = match self.by_start_time.0.get(&start) {
            Some(names) if names.len() > 1 => names.iter().cloned().collect(),
            _ => return,
        };
        for name in names {
            let Some(mut second) = self.engines.remove(&name) else { continue };
            let ours = second.duplicate.first.as_ref() == Some(&context.info.target);
            if ours && second.start() == Some(start) {
                let compared = Comparison::of(engine, &second, target, at);
                let verdict = compared.and_then(|compared| second.duplicate.judge(compared));
                settle(context, verdict, &mut second);
            }
            self.engines.insert(name, second);
        }
    }

    /// Whether a target is still watched and has been read.
    fn is_known(&self, context: &Context<'_>, name: &TargetId) -> bool {
        context.inventory.target(name).is_some() && self.engines.contains_key(name)
    }

    /// Whether a target is lost, and this watch has waited long enough to say so.
    fn is_silent(&self, context: &Context<'_>, engine: &Engine) -> bool {
        let silent = engine.last_page.map_or(Span::ZERO, |last| context.at.since(last));
        silent.min(context.at.wall - self.began) >= context.config.lost_after()
    }

    /// Whether a target may be an earlier address of the context's engine.
    fn may_be(&self, context: &Context<'_>, first: &TargetId, start: Timestamp) -> bool {
        let (Some(engine), Some(target)) = (self.engines.get(first), context.inventory.target(first)) else {
            return false;
        };
        let Some(second) = context.inventory.target(&context.info.target) else { return false };
        engine.start() == Some(start)
            && target.kind.is_none_or(|kind| Some(kind) == second.kind)
            && target.named < second.named
            && engine.duplicate.first.as_ref() != Some(&context.info.target)
            && engine.processes_in_turn(context.at) <= 1
            && context.inventory.node_of(&target.info) == *context.node
    }
}

/// Takes back what was posted for a proven duplicate. Counts a lost window if it turned out to be none.
fn settle(context: &mut Context<'_>, verdict: Option<Verdict>, duplicate: &mut Engine) {
    match verdict {
        Some(Verdict::One) => {
            context.ledger.reverse(&std::mem::take(&mut duplicate.duplicate.posted));
            duplicate.instances.iter_mut().for_each(|instance| instance.trial.clear());
            for row in &mut duplicate.rows {
                row.earned = super::Leakage::default();
                row.forget_correctable();
            }
        }
        Some(Verdict::Two) => context.ledger.lose_window(context.at.wall),
        None => {}
    }
}

/// Compares the counters of a page with those of an earlier page of another target; `None` if they have no row in
/// common. A row that only this page has counts as grown, one that only the other page has as fallen.
fn order(now: &Engine, then: &Engine, at: Moment) -> Option<Ordering> {
    let mut grew = false;
    let mut shared = now.rows.is_empty() || then.rows.is_empty();
    for row in &now.rows {
        let other = then.rows.iter().find(|other| is_same(row, other));
        shared |= other.is_some();
        let before = other.map_or([Tokens::ZERO; 3], |other| parts(then.counters(other, at)));
        for (now, then) in parts(now.counters(row, at)).into_iter().zip(before) {
            match now.cmp(&then) {
                Ordering::Less => return Some(Ordering::Less),
                order => grew |= order == Ordering::Greater,
            }
        }
    }
    let on_page = then.rows.iter().filter(|other| Some(other.seen) == then.last_page);
    let gone = on_page.filter(|other| !now.rows.iter().any(|row| is_same(row, other))).count();
    match (shared, gone > 0) {
        (false, _) => None,
        (true, true) => Some(Ordering::Less),
        (true, false) if grew => Some(Ordering::Greater),
        (true, false) => Some(Ordering::Equal),
    }
}

fn is_same(row: &Row, other: &Row) -> bool {
    other.key == row.key && other.instance == row.instance
}

/// Prompt, cached and output tokens; zero for those that are not on the page yet.
fn parts(counters: TokenCounters) -> [Tokens; 3] {
    let prompt = match counters.prompt {
        PromptCount::Whole(tokens) | PromptCount::ComputedOnly(tokens) => tokens,
        PromptCount::Unknown => Tokens::ZERO,
    };
    [prompt, counters.cached.unwrap_or_default(), counters.output.unwrap_or_default()]
}
