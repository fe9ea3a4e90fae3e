//! Doubles: one engine under two names counts once, under the one that was named first.
//!
//! Two names are one engine if their pages are of the same node, kind, start, ranks and models, no counter on either page
//! was ever below what the other said before, and three times, after they had grown, all of them stood at the same values
//! on both. Replicas that one script started in the same instant drift apart before that. A process says one start, so
//! starts are compared exactly; engines that say none are never taken for one another. A double is counted itself while
//! the other name is lost, and what it posted is taken back if both go on.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use super::Fleet;
use super::earning::remember;
use super::targets::Target;
use crate::ledger::Entry;
use crate::reading::{Health, NodeName, PromptCount, TargetId, TokenCounters};
use crate::units::{Moment, Span, Timestamp, Tokens};

/// How often two names must have said the same new values.
const PROOFS: u8 = 3;

/// What a target has in common with one that was named before it.
#[derive(Debug, Default)]
pub(super) struct Likeness {
    like: Option<TargetId>,
    start: Option<Timestamp>,
    /// How often both said the same new values; and the tokens of the last time.
    proofs: u8,
    proven: Tokens,
    differs: bool,
    /// What was posted since: taken back if they are one.
    posted: Vec<Entry>,
}

impl Likeness {
    /// The target that this one is, if that counts for both.
    pub(super) fn double_of(&self) -> Option<&TargetId> {
        self.like.as_ref().filter(|_| !self.differs && self.proofs >= PROOFS)
    }

    /// Keeps what may have to be taken back.
    pub(super) fn note(&mut self, entry: Entry) {
        if self.like.is_some() && !self.differs {
            remember(&mut self.posted, entry);
        }
    }

    /// Takes a look in; what it changes.
    fn judge(&mut self, look: Look) -> Option<Verdict> {
        let was = self.double_of().is_some();
        match look.stands {
            None => self.differs = true,
            // A page that was asked for before the other came may be older than it.
            Some(Ordering::Less) => self.differs |= look.in_order,
            Some(Ordering::Equal) if look.tokens > self.proven => {
                (self.proofs, self.proven) = (self.proofs.saturating_add(1), look.tokens);
            }
            Some(Ordering::Equal | Ordering::Greater) => {}
        }
        match (was, self.double_of().is_some()) {
            (false, true) => Some(Verdict::One),
            (true, false) => Some(Verdict::Two),
            _ => None,
        }
    }

    /// The first name is lost: until it is proven again, this one counts itself.
    fn part(&mut self) -> Option<Verdict> {
        let was = self.double_of().is_some();
        (self.proofs, self.proven) = (0, Tokens::ZERO);
        was.then_some(Verdict::Two)
    }
}

/// What a look changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    One,
    Two,
}

/// One page beside what another name said before it.
#[derive(Debug, Clone, Copy)]
struct Look {
    stands: Option<Ordering>,
    tokens: Tokens,
    /// It was asked for when the other had come.
    in_order: bool,
}

impl Look {
    /// `None` if the other page is not the earlier one.
    fn of(now: &Target, then: &Target, at: Moment) -> Option<Self> {
        let lead = at.since(then.answered?);
        let took = Span::from_millis((now.cost?.seconds * 1000.0).ceil() as i64);
        let tokens = now.rows.iter().flat_map(|row| parts(row.meter.last())).sum();
        (lead >= Span::ZERO).then(|| Self { stands: stands(now, then), tokens, in_order: lead >= took })
    }
}

/// Names of the processes that began at each instant.
pub(super) type Births = HashMap<Timestamp, BTreeSet<TargetId>>;

impl Fleet {
    /// Finds the first name that a target's engine may have, if any was started in the same instant. A double that was
    /// started anew keeps its first name: that one may see it later.
    pub(super) fn find_like(&mut self, target: &mut Target, node: &NodeName) {
        let (Some(start), id) = (target.process.start(), &target.member.target) else { return };
        let likeness = &mut target.likeness;
        if likeness.start != Some(start) {
            if let Some(names) = likeness.start.and_then(|old| self.births.get_mut(&old)) {
                names.remove(id);
            }
            self.births.entry(start).or_default().insert(id.clone());
            let like = likeness.double_of().cloned();
            *likeness = Likeness { like, start: Some(start), ..Likeness::default() };
        }
        if likeness.like.is_none() {
            let others = self.births.get(&start).into_iter().flatten().filter_map(|name| self.targets.get(name));
            let first = others.filter(|other| self.may_be(other, target, start, node)).min_by_key(|other| other.named);
            target.likeness.like = first.map(|first| first.member.target.clone());
        }
    }

    /// Compares a page that was just measured with what the engine's other names said before it.
    pub(super) fn compare(&mut self, target: &mut Target, at: Moment) {
        let Some(start) = target.process.start() else { return };
        let first = target.likeness.like.as_ref().and_then(|like| self.targets.get(like));
        if let Some(first) = first.filter(|first| first.process.start() == Some(start)) {
            let lost = first.health(self) == Health::Lost;
            let look = Look::of(target, first, at);
            let verdict = if lost { target.likeness.part() } else { look.and_then(|look| target.likeness.judge(look)) };
            self.heed(verdict, target, at);
        }
        let names: Vec<TargetId> = match self.births.get(&start) {
            Some(names) if names.len() > 1 => names.iter().cloned().collect(),
            _ => return,
        };
        for name in names {
            let Some(mut second) = self.targets.remove(&name) else { continue };
            let ours = second.likeness.like.as_ref() == Some(&target.member.target);
            if ours && second.process.start() == Some(start) {
                let verdict = Look::of(target, &second, at).and_then(|look| second.likeness.judge(look));
                self.heed(verdict, &mut second, at);
            }
            self.targets.insert(name, second);
        }
    }

    /// Takes back what was posted for an engine that counts under another name; or says what may be missing of one that
    /// did and does not any more.
    fn heed(&mut self, verdict: Option<Verdict>, double: &mut Target, at: Moment) {
        match verdict {
            Some(Verdict::One) => {
                self.ledger.reverse(&std::mem::take(&mut double.likeness.posted));
                double.since_restart.clear();
            }
            Some(Verdict::Two) => self.ledger.lose_window(at.wall),
            None => {}
        }
    }

    /// Whether a target may be an earlier name of another's engine.
    fn may_be(&self, first: &Target, second: &Target, start: Timestamp, node: &NodeName) -> bool {
        first.process.start() == Some(start)
            && first.kind == second.kind
            && first.named < second.named
            && !first.process.is_shared()
            && self.node_of(&first.member) == *node
    }
}

/// How the counters of one page stand to those of another before it; `None` if they are not of the same rows.
fn stands(now: &Target, then: &Target) -> Option<Ordering> {
    if now.rows.len() != then.rows.len() {
        return None;
    }
    let mut grew = false;
    for row in &now.rows {
        let other = then.rows.iter().find(|other| other.is(row.reading.rank.as_ref(), row.reading.model.as_ref()))?;
        for (now, then) in parts(row.meter.last()).into_iter().zip(parts(other.meter.last())) {
            match now.cmp(&then) {
                Ordering::Less => return Some(Ordering::Less),
                order => grew |= order == Ordering::Greater,
            }
        }
    }
    Some(if grew { Ordering::Greater } else { Ordering::Equal })
}

/// Prompt, cached and output tokens; what a page does not say yet is none.
fn parts(counters: TokenCounters) -> [Tokens; 3] {
    let prompt = match counters.prompt {
        PromptCount::Whole(tokens) | PromptCount::ComputedOnly(tokens) => tokens,
        PromptCount::Unknown => Tokens::ZERO,
    };
    [prompt, counters.cached.unwrap_or_default(), counters.output.unwrap_or_default()]
}
