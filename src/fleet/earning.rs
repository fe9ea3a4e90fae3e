//! Earning: what of a row's growth counts, which of it is billed, and to whose account it is posted.

use super::Fleet;
use super::leakage::beyond;
use super::row::Row;
use super::targets::Target;
use crate::counters::{Delta, Meter, Turn};
use crate::ledger::{Account, Classes, Entry, Posting, Timing, TokenChange};
use crate::pricing::Bill;
use crate::reading::{EngineKind, EngineReading, NodeName, Role};
use crate::units::{Span, Timestamp, Tokens};

/// How long what a successor made can still be taken back; one that was watched so long is believed.
const PROBATION: Span = Span::from_secs(600);

/// The instants that a page's growth lies between, and how sure they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interval {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) timing: Timing,
}

/// A row's growth: of all its requests, and of the finished ones where the engine counts them apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Growth {
    pub(super) all: Delta,
    pub(super) finished: Option<Delta>,
}

/// The part of a row's growth that counts: with prefill and decode apart, each token is on two pages.
pub(super) fn counts(kind: EngineKind, role: Role, model_served: bool) -> (bool, bool) {
    match (kind, role) {
        (_, Role::Unified) | (EngineKind::Sglang, Role::Decode) => (true, true),
        (EngineKind::Sglang, Role::Prefill) => (false, false),
        (_, Role::Prefill) => (true, false),
        (_, Role::Decode) => (false, true),
        (_, Role::Proxy) => (!model_served, !model_served),
    }
}

/// What counts of a delta.
fn counted(delta: Delta, (prompts, outputs): (bool, bool)) -> Classes {
    let kept = |tokens, counts| if counts { tokens } else { Tokens::ZERO };
    Classes { miss: kept(delta.miss, prompts), hit: kept(delta.hit, prompts), output: kept(delta.output, outputs) }
}

/// What a row grew by in this turn, or `None` where the turn posts nothing.
pub(super) fn measure(
    row: &mut Row,
    reading: &EngineReading,
    turn: Turn,
    posts: bool,
    was_held: bool,
) -> Option<Growth> {
    let (tokens, finished) = (&reading.tokens, &reading.finished);
    let from_zero = match turn {
        // Counters that appear on a later page of a process count from zero.
        Turn::Same => row.meter == Meter::default(),
        Turn::First => posts,
        Turn::Restart { .. } => true,
        Turn::Held | Turn::Shared | Turn::StillShared => false,
    };
    match turn {
        _ if from_zero => {
            Some(Growth { all: row.meter.restart(*tokens), finished: row.finished.meter.restart(tokens, finished) })
        }
        Turn::Same => {
            Some(Growth { all: row.meter.grow(*tokens), finished: row.finished.meter.grow(tokens, finished) })
        }
        Turn::Held => {
            row.meter.hold(*tokens, !was_held);
            None
        }
        Turn::First | Turn::Restart { .. } | Turn::Shared | Turn::StillShared => {
            row.meter.baseline(*tokens);
            row.finished.meter.baseline(tokens, finished);
            None
        }
    }
}

impl Fleet {
    /// Posts what is billed of a row's growth, and notes what leaked beside it.
    pub(super) fn earn(
        &mut self,
        target: &mut Target,
        place: usize,
        reading: &EngineReading,
        growth: Growth,
        interval: Interval,
        node: &NodeName,
    ) {
        if target.likeness.double_of().is_some() {
            return;
        }
        let role = target.role(reading, &self.pairs);
        if role == Role::Prefill {
            target.rows[place].prompted.note(growth.all.miss + growth.all.hit);
        }
        let served = reading.model.as_ref().is_some_and(|model| self.served.contains(model.as_str()));
        let counts = counts(reading.kind, role, served);
        let finished = growth.finished.map(|finished| counted(finished, counts));
        let all = counted(growth.all, counts);
        let tokens = finished.filter(|_| self.site.bill == Bill::Finished).unwrap_or(all);
        let leaked = finished.map(|finished| beyond(all, finished)).unwrap_or_default();
        if tokens.is_zero() && leaked == TokenChange::default() {
            return;
        }
        let account = Account {
            node: node.clone(),
            unit: self.unit_of(&target.member, node),
            model: reading.model.clone(),
            role,
            tenant: target.member.tenant.clone(),
        };
        let id = target.rows[place].number(account.clone(), &mut self.ledger);
        let Interval { from, to, timing } = interval;
        let posting = Posting { account: id, from, to, tokens, hits_known: growth.all.hits_known, timing };
        if reading.kind == EngineKind::Sglang && role == Role::Decode {
            self.post_apart(target, &account, &posting);
        } else {
            self.post(target, &posting);
        }
        if leaked != TokenChange::default() && !self.ledger.is_closed() {
            let tariff = self.ledger.tariff_at(id, from.max(to - Span::from_millis(1)));
            target.rows[place].finished.leakage.add(self.ledger.day_began(), tariff, leaked);
        }
    }

    /// Posts a decode row's prompts to those who computed them, and the rest to itself.
    fn post_apart(&mut self, target: &mut Target, account: &Account, posting: &Posting) {
        let (output, mut own) = (posting.tokens.output, posting.tokens);
        for (account, tokens) in self.spread(account, Classes { output: Tokens::ZERO, ..posting.tokens }) {
            self.post(target, &Posting { account, tokens, ..*posting });
            own = Classes { output, ..Classes::default() };
        }
        self.post(target, &Posting { tokens: own, ..*posting });
    }

    /// Posts tokens of a target, and keeps what can still be taken back.
    fn post(&mut self, target: &mut Target, posting: &Posting) {
        let young = target.restarted.is_some_and(|since| self.now.since(since) < PROBATION);
        if !young {
            target.since_restart.clear();
        }
        let (kept, likeness) = (&mut target.since_restart, &mut target.likeness);
        self.ledger.post(posting, |entry| {
            likeness.note(entry);
            if young {
                remember(kept, entry);
            }
        });
    }
}

/// Keeps an entry, merged with the last of its kind.
pub(super) fn remember(kept: &mut Vec<Entry>, entry: Entry) {
    match kept.iter_mut().rev().find(|last| last.merges(&entry)) {
        Some(last) => last.merge(entry),
        None => kept.push(entry),
    }
}
