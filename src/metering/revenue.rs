//! Revenue: which part of a row's growth counts, which part is billed, and which account it is posted to.

use super::counts::{Counts, counts};
use super::gpu_cost::rate_edges;
use super::interval::Interval;
use super::leakage::beyond;
use super::left_to_engines::LeftToEngines;
use super::proxy_guard::{ProxyGuard, WaitingTokens};
use super::{Context, Engine, Metering};
use crate::counters::{Delta, Growth, ProcessId};
use crate::dialect;
use crate::ledger::{Classes, Entry, Posting, RevenueAccount, Timing, TokenChange};
use crate::pricing::Bill;
use crate::reading::{EngineReading, EngineRole};
use crate::units::{Span, Timestamp, Tokens};

impl Metering {
    /// Posts the billed part of a row's growth and records leakage. Returns the entries.
    pub(super) fn earn(
        &mut self,
        context: &mut Context<'_>,
        engine: &mut Engine,
        (place, process): (usize, ProcessId),
        reading: &EngineReading,
        grown: &Growth,
        interval: Interval,
    ) -> Vec<Entry> {
        let role = self.role(context.info, reading);
        if role == EngineRole::Prefill {
            engine.rows[place].prompts.note(grown.all.miss + grown.all.hit);
        }
        if !self.is_counted_elsewhere(context, engine, reading) {
            self.note_produced(reading, role, grown.all);
        }
        let counts = self.row_counts(context, engine, reading, role);
        let is_apart = role == EngineRole::Prefill || role == EngineRole::Decode;
        if is_apart && !(counts.prompts && counts.outputs) && !self.is_counted_elsewhere(context, engine, reading) {
            self.note_uncounted(context, engine, reading, counts, grown.all);
        }
        let finished = grown.finished.map(|finished| counts.of(finished));
        let all = counts.of(grown.all);
        let tokens = finished.filter(|_| context.config.bill == Bill::Finished).unwrap_or(all);
        let leaked = finished.map(|finished| beyond(all, finished)).unwrap_or_default();
        let Interval { from, to, .. } = interval;
        let waiting = |tokens| WaitingTokens { from, to, tokens, hits_known: grown.all.hits_known };
        let own = super::counts(reading.kind, role, false).of(grown.all);
        if self.moves_over(context, (engine, place), reading, (role, counts), [waiting(own), waiting(all)]) {
            return Vec::new();
        }
        let due = engine.rows[place].guard.as_deref().is_some_and(ProxyGuard::has_due);
        // A posting of no tokens records that the account was observed, so that its rate covers the time.
        if counts == Counts::NOTHING && leaked == TokenChange::default() && !due {
            return Vec::new();
        }
        let (waiting, timing) = match self.guard(&mut engine.rows[place], role, waiting(tokens)) {
            Some(released) if released.from == interval.from => (released, interval.timing),
            Some(released) => (released, Timing::Estimated),
            None => return Vec::new(),
        };
        if engine.rows[place].left.take().is_some_and(LeftToEngines::lacks) {
            context.ledger.lose_window(context.at.wall);
        }
        if waiting.tokens.is_zero() && engine.rows[place].account.is_none() && engine.lacks_rows(context.at) {
            // Names that rotate need no account without tokens.
            return Vec::new();
        }
        let account = account_of(context, reading, role);
        let source = engine.number(place, process, &mut self.sources);
        let id = engine.rows[place].number(source, account.clone(), waiting.from, context.ledger);
        let WaitingTokens { from, to, tokens, hits_known } = waiting;
        let posting = Posting { account: id, from, to, tokens, hits_known, timing, source };
        let attributes = dialect::policy(reading.kind).attributes_prompts;
        let entries = if attributes && role == EngineRole::Decode && !posting.tokens.is_zero() {
            self.post_apart(context, &account, &posting)
        } else {
            post_late(context, &posting, interval.late)
        };
        interval.still_since.iter().for_each(|since| context.ledger.note_price_uncertainty(&posting, *since));
        if interval.began {
            let accounts = entries.iter().map(|entry| entry.account).chain([id]);
            accounts.for_each(|account| context.ledger.note_beginning(source, account, (from, to)));
        }
        self.note_posted(context, engine, place, &entries);
        if leaked != TokenChange::default() && !context.ledger.is_closed() {
            let tariff = context.ledger.tariff_at(id, from.max(to - Span::from_millis(1)));
            engine.rows[place].leakage.add(context.ledger.day_began(), tariff, leaked);
        }
        entries
    }

    /// The posting that a delta would become.
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
        let tokens = self.row_counts(context, engine, reading, role).of(delta);
        if tokens.is_zero() {
            return None;
        }
        let account = account_of(context, reading, role);
        let source = engine.rows[place].source(ProcessId(0));
        let id = engine.rows[place].number(source, account, interval.from, context.ledger);
        let Interval { from, to, timing, .. } = interval;
        Some(Posting { account: id, from, to, tokens, hits_known: delta.hits_known, timing, source })
    }

    /// Records the tokens of an observed engine for comparison with proxies, and those of proxies under a known name.
    fn note_produced(&mut self, reading: &EngineReading, role: EngineRole, all: Delta) {
        let Some(model) = &reading.model else { return };
        let tokens = counts(reading.kind, role, false).of(all);
        let model = self.names.root_of(model);
        if role == EngineRole::Proxy {
            self.produced.note_proxied(&model, tokens.into());
        } else {
            self.produced.note(model, tokens.into());
        }
    }

    /// The tokens of a reading that count: none of a proxy whose model is served, or of a duplicate.
    pub(super) fn row_counts(
        &self,
        context: &Context<'_>,
        engine: &Engine,
        reading: &EngineReading,
        role: EngineRole,
    ) -> Counts {
        if self.is_counted_elsewhere(context, engine, reading) {
            return Counts::NOTHING;
        }
        let is_served = |model| self.names.is_served(model);
        let served = role == EngineRole::Proxy && reading.model.as_ref().is_some_and(is_served);
        counts(reading.kind, role, served)
    }

    /// Whether another target counts the process of a reading.
    pub(super) fn is_counted_elsewhere(&self, context: &Context<'_>, engine: &Engine, reading: &EngineReading) -> bool {
        self.counted_at(&context.info.target, engine, reading.instance.as_ref()).is_some()
    }

    /// Keeps a row's entries: for its own revenue, for corrections, and to be reversed.
    fn note_posted(&mut self, context: &mut Context<'_>, engine: &mut Engine, place: usize, entries: &[Entry]) {
        let day = context.ledger.day_began();
        let instance = engine.rows[place].instance.clone();
        if let Some(guard) = &mut engine.rows[place].guard {
            guard.note(entries);
            self.note_chained(context, &engine.rows[place].reading, entries);
        }
        for entry in entries {
            self.note_entry(context, engine, instance.as_ref(), *entry);
            let row = &mut engine.rows[place];
            if entry.minute >= day.minute() {
                row.earned.add(day, entry.tariff, TokenChange::added(entry.tokens));
            }
            row.keep_correctable(*entry);
        }
    }

    /// Posts a decode row's prompts to the prefill accounts that computed them, and the rest to its own account.
    fn post_apart(&mut self, context: &mut Context<'_>, account: &RevenueAccount, posting: &Posting) -> Vec<Entry> {
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

fn account_of(context: &Context<'_>, reading: &EngineReading, role: EngineRole) -> RevenueAccount {
    let node = context.node_of(reading);
    let unit = context.inventory.unit_of(context.info, node);
    RevenueAccount {
        node: node.clone(),
        model: reading.model.clone(),
        role,
        tenant: context.info.tenant.clone(),
        costed: context.is_costed(node, unit.as_ref()),
        unit,
    }
}

/// Posts tokens and returns the entries. The tokens are split where a lease begins or ends in the interval, or the node's
/// GPUs were first seen, so that each part has a cost or not by the leases and GPUs of its time.
fn post(context: &mut Context<'_>, posting: &Posting) -> Vec<Entry> {
    let mut entries = Vec::new();
    let node = &context.ledger.accounts()[posting.account.index()].node;
    let seen = context.gpus_seen_after(node, posting.from);
    if seen.is_none() && !context.has_new_terms(posting.from) {
        context.ledger.post(posting, |entry| entries.push(entry));
        return entries;
    }
    let account = context.ledger.accounts()[posting.account.index()].clone();
    let (mut from, mut before) = (posting.from, Classes::default());
    let mut edges = rate_edges(context.ledger, &context.config.leases, from, posting.to);
    edges.extend(seen.filter(|seen| *seen < posting.to));
    edges.sort_unstable();
    for to in edges.into_iter().chain([posting.to]) {
        let upto = posting.upto(to);
        let costed = context.knew_cost(&account.node, account.unit.as_ref(), from);
        let id = if costed == account.costed {
            posting.account
        } else {
            context.ledger.account(&RevenueAccount { costed, ..account.clone() })
        };
        // The uncertainty is that of the whole.
        let tokens = upto.less(before);
        let part = Posting { account: id, from, to, tokens, timing: Timing::Seen, ..*posting };
        context.ledger.post_part(&part, posting, |entry| entries.push(entry));
        (from, before) = (to, upto);
    }
    context.ledger.note_uncertainty(posting, &entries);
    entries
}

/// Posts tokens and returns the entries. Tokens of a counter that was missing on earlier pages are spread over all of that
/// time, for which the other tokens are posted already.
fn post_late(context: &mut Context<'_>, posting: &Posting, late: [Option<Timestamp>; 2]) -> Vec<Entry> {
    let tokens = posting.tokens;
    let parts = [Classes { output: Tokens::ZERO, ..tokens }, Classes { output: tokens.output, ..Classes::default() }];
    let is_late = |since: Option<Timestamp>| since.filter(|from| *from < posting.from);
    let late: Vec<_> = late.into_iter().zip(parts).filter_map(|(since, part)| Some((is_late(since)?, part))).collect();
    let rest = late.iter().fold(tokens, |rest, (_, part)| rest.less(*part));
    let mut entries = post(context, &Posting { tokens: rest, ..*posting });
    let node = context.ledger.accounts()[posting.account.index()].node.clone();
    for (from, tokens) in late.into_iter().filter(|(_, part)| !part.is_zero()) {
        let late = Posting { from, tokens, timing: Timing::Estimated, ..*posting };
        if context.has_new_terms(from) || context.gpus_seen_after(&node, from).is_some() {
            entries.extend(post(context, &late));
        } else {
            context.ledger.post_late(&late, |entry| entries.push(entry));
        }
    }
    entries
}
