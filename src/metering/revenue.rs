//! Revenue: what of a row's growth counts, which of it is billed, and to which account it is posted.

use super::leakage::beyond;
use super::proxy_guard::{Held, ProxyGuard};
use super::{Context, Engine, Metering};
use crate::counters::{Delta, Growth};
use crate::dialect;
use crate::ledger::{Account, Classes, Entry, Posting, Timing, TokenChange};
use crate::pricing::Bill;
use crate::reading::{EngineKind, EngineReading, Role};
use crate::units::{Moment, Span, Timestamp, Tokens};

/// The instants that a page's growth lies between, how sure they are, and when the process that answered before and the one
/// that answers now started, where they say it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interval {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) timing: Timing,
    pub(super) starts: [Option<Timestamp>; 2],
}

impl Interval {
    /// The same from an earlier moment on, up to `at`.
    pub(super) fn since(self, from: Moment, at: Moment) -> Self {
        Self { from: self.from.min(at.wall - at.since(from)), ..self }
    }
}

/// Which of a row's tokens count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) prompts: bool,
    pub(crate) outputs: bool,
}

impl Counts {
    /// None of them.
    pub(crate) const NOTHING: Self = Self { prompts: false, outputs: false };
    /// What counts of a delta.
    fn of(self, delta: Delta) -> Classes {
        let kept = |tokens, counts| if counts { tokens } else { Tokens::ZERO };
        Classes {
            miss: kept(delta.miss, self.prompts),
            hit: kept(delta.hit, self.prompts),
            output: kept(delta.output, self.outputs),
        }
    }
}

/// The part of a row's growth that counts: with prefill and decode apart each token is on two pages, and the dialect says
/// which of them counts it; a proxy's tokens are those of the engines that serve its model.
pub(crate) fn counts(kind: EngineKind, role: Role, is_served: bool) -> Counts {
    let dialect::Counts { prompt, output } = dialect::attribution(kind, role);
    let own = !(role == Role::Proxy && is_served);
    Counts { prompts: prompt && own, outputs: output && own }
}

impl Metering {
    /// Posts what is billed of a row's growth, and notes what leaked beside it; the lines that were written.
    pub(super) fn earn(
        &mut self,
        context: &mut Context<'_>,
        engine: &mut Engine,
        place: usize,
        reading: &EngineReading,
        grown: &Growth,
        interval: Interval,
    ) -> Vec<Entry> {
        let role = self.role(context.info, reading);
        if role == Role::Prefill {
            engine.rows[place].prompts.note(grown.all.miss + grown.all.hit);
        }
        if engine.duplicate.of().is_none() {
            self.note_produced(reading, role, grown.all);
        }
        let counts = self.row_counts(engine, reading, role);
        let finished = grown.finished.map(|finished| counts.of(finished));
        let all = counts.of(grown.all);
        let tokens = finished.filter(|_| context.config.bill == Bill::Finished).unwrap_or(all);
        let leaked = finished.map(|finished| beyond(all, finished)).unwrap_or_default();
        let Interval { from, to, .. } = interval;
        let held = |tokens| Held { from, to, tokens, hits_known: grown.all.hits_known };
        if role == Role::Proxy && counts == Counts::NOTHING {
            let own = super::counts(reading.kind, role, false).of(grown.all);
            self.hand_over(context, &mut engine.rows[place], reading, held(own));
        }
        let due = engine.rows[place].guard.as_ref().is_some_and(ProxyGuard::has_due);
        // A posting of no tokens says that the account is watched: its rate covers the time.
        if counts == Counts::NOTHING && leaked == TokenChange::default() && !due {
            return Vec::new();
        }
        let (held, timing) = match self.guard(&mut engine.rows[place], role, held(tokens)) {
            Some(released) if released.from == interval.from => (released, interval.timing),
            Some(released) => (released, Timing::Estimated),
            None => return Vec::new(),
        };
        let account = account_of(context, reading, role);
        let id = engine.rows[place].number(account.clone(), context.ledger);
        let Held { from, to, tokens, hits_known } = held;
        let posting = Posting { account: id, from, to, tokens, hits_known, timing };
        let entries = if reading.kind == EngineKind::Sglang && role == Role::Decode && !posting.tokens.is_zero() {
            self.post_apart(context, &account, &posting)
        } else {
            post(context, &posting)
        };
        note_posted(context, engine, place, &entries);
        if leaked != TokenChange::default() && !context.ledger.is_closed() {
            let tariff = context.ledger.tariff_at(id, from.max(to - Span::from_millis(1)));
            engine.rows[place].leakage.add(context.ledger.day_began(), tariff, leaked);
        }
        entries
    }

    /// What a delta would be in the ledger.
    pub(super) fn posting(
        &mut self,
        context: &mut Context<'_>,
        engine: &mut Engine,
        place: usize,
        reading: &EngineReading,
        delta: Delta,
        interval: Interval,
    ) -> Option<Posting> {
        let role = self.role(context.info, reading);
        let tokens = self.row_counts(engine, reading, role).of(delta);
        if tokens.is_zero() || engine.duplicate.of().is_some() {
            return None;
        }
        let account = account_of(context, reading, role);
        let id = engine.rows[place].number(account, context.ledger);
        let Interval { from, to, timing, .. } = interval;
        Some(Posting { account: id, from, to, tokens, hits_known: delta.hits_known, timing })
    }

    /// Notes what a watched engine produced, to compare proxies with, and what these count under a name of its model.
    fn note_produced(&mut self, reading: &EngineReading, role: Role, all: Delta) {
        let Some(model) = &reading.model else { return };
        let tokens = counts(reading.kind, role, false).of(all).total().count();
        let model = self.names.root_of(model);
        if role == Role::Proxy {
            self.produced.note_proxied(&model, tokens);
        } else {
            self.produced.note(model, tokens);
        }
    }

    /// What of a reading's growth counts; nothing of a proxy's whose model is served, or of an engine under a second name.
    pub(super) fn row_counts(&self, engine: &Engine, reading: &EngineReading, role: Role) -> Counts {
        if engine.duplicate.of().is_some() {
            return Counts::NOTHING;
        }
        let served = reading.model.as_ref().is_some_and(|model| self.names.is_served(model));
        counts(reading.kind, role, served)
    }

    /// Posts a decode row's prompts to those who computed them, and the rest to itself.
    fn post_apart(&mut self, context: &mut Context<'_>, account: &Account, posting: &Posting) -> Vec<Entry> {
        let (output, mut own, mut entries) = (posting.tokens.output, posting.tokens, Vec::new());
        let prompts = Classes { output: Tokens::ZERO, ..posting.tokens };
        for (account, tokens) in self.attribute_prompts(context, account, prompts) {
            entries.extend(post(context, &Posting { account, tokens, ..*posting }));
            own = Classes { output, ..Classes::default() };
        }
        entries.extend(post(context, &Posting { tokens: own, ..*posting }));
        entries
    }
}

fn account_of(context: &Context<'_>, reading: &EngineReading, role: Role) -> Account {
    Account {
        node: context.node.clone(),
        unit: context.inventory.unit_of(context.info, context.node),
        model: reading.model.clone(),
        role,
        tenant: context.info.tenant.clone(),
    }
}

/// Keeps what a row was posted: for its own revenue, for corrections, and to be taken back.
fn note_posted(context: &Context<'_>, engine: &mut Engine, place: usize, entries: &[Entry]) {
    let day = context.ledger.day_began();
    for entry in entries {
        engine.duplicate.note(*entry);
        let row = &mut engine.rows[place];
        if entry.minute >= day.minute() {
            row.earned.add(day, entry.tariff, TokenChange::added(entry.tokens));
        }
        row.keep_correctable(*entry);
    }
}

/// Posts tokens; the lines that were written.
fn post(context: &mut Context<'_>, posting: &Posting) -> Vec<Entry> {
    let mut entries = Vec::new();
    context.ledger.post(posting, |entry| entries.push(entry));
    entries
}

/// Keeps an entry, merged with the last of its kind.
pub(super) fn remember(kept: &mut Vec<Entry>, entry: Entry) {
    match kept.iter_mut().rev().find(|last| last.merges(&entry)) {
        Some(last) => last.merge(entry),
        None => kept.push(entry),
    }
}
