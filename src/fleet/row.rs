//! One target and rank: its last reading, its meter, and what it grew by.

use super::leakage::FinishedMemory;
use super::spreading::Prompted;
use crate::counters::{Delta, Meter, Window, growth};
use crate::ledger::{Account, AccountId, Ledger};
use crate::reading::{EngineReading, Histogram, Latency, LiveTokens, ModelName, PromptCount, Rank, TokenCounters};
use crate::units::{Moment, Span, Tokens};

/// Running sums of a row, restart-aware: prompt, its cached part, output.
pub(super) const PROMPT: usize = 0;
pub(super) const CACHED: usize = 1;
pub(super) const OUTPUT: usize = 2;

/// The state of one row.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) reading: EngineReading,
    pub(super) meter: Meter,
    /// Its finished requests, where the engine counts them apart.
    pub(super) finished: FinishedMemory,
    /// What its prompts weigh, where others count them too.
    pub(super) prompted: Prompted,
    pub(super) account: Option<(Account, AccountId)>,
    /// Growth for drawing: from the live counters where the engine has them, else from the billing ones.
    pub(super) window: Window<3>,
    sums: [Option<u64>; 3],
    live: LiveTokens,
    latencies: Latencies,
}

/// Latency histograms of the window's beginning: the older of two that are renewed in turn.
#[derive(Debug, Default)]
struct Latencies {
    older: Option<(Moment, Latency)>,
    newer: Option<(Moment, Latency)>,
}

impl Row {
    pub(super) fn new(reading: EngineReading, window: Span) -> Self {
        Self {
            reading,
            meter: Meter::default(),
            finished: FinishedMemory::default(),
            prompted: Prompted::default(),
            account: None,
            window: Window::new(window),
            sums: [None; 3],
            live: LiveTokens::default(),
            latencies: Latencies::default(),
        }
    }

    /// Whether this is the row of a rank and model.
    pub(super) fn is(&self, rank: Option<&Rank>, model: Option<&ModelName>) -> bool {
        self.reading.rank.as_ref() == rank && self.reading.model.as_ref() == model
    }

    /// The number of the account that it earns for now.
    pub(super) fn number(&mut self, account: Account, ledger: &mut Ledger) -> AccountId {
        let id = match &self.account {
            Some((known, id)) if *known == account => *id,
            _ => ledger.account(&account),
        };
        self.account = Some((account, id));
        id
    }

    /// Takes a look's growth in, for drawing.
    pub(super) fn advance(&mut self, reading: EngineReading, at: Moment, delta: Option<Delta>, span: Span) {
        match reading.live {
            Some(live) => self.add_live(live),
            None => self.add_delta(&reading.tokens, delta),
        }
        self.window.push(at, self.sums);
        self.latencies.renew(at, &reading.latency, span);
        self.reading = reading;
    }

    /// Begins the drawing anew: what was before is another process, or a baseline.
    pub(super) fn forget(&mut self) {
        self.latencies = Latencies::default();
    }

    /// The growth of a latency histogram over the window.
    pub(super) fn latency(&self, which: impl Fn(&Latency) -> Option<&Histogram>) -> Option<Histogram> {
        let then = &self.latencies.older.as_ref()?.1;
        Some(growth(which(&self.reading.latency)?, which(then)?))
    }

    fn add_live(&mut self, now: LiveTokens) {
        let grown = |now: Option<Tokens>, then: Option<Tokens>| {
            let (now, then) = (now?.count(), then.unwrap_or_default().count());
            Some(if now < then { now } else { now - then })
        };
        let computed = grown(now.computed, self.live.computed);
        let cached = grown(now.cached, self.live.cached);
        add(&mut self.sums[PROMPT], computed.or(cached).map(|_| computed.unwrap_or(0) + cached.unwrap_or(0)));
        add(&mut self.sums[CACHED], cached);
        add(&mut self.sums[OUTPUT], grown(now.output, self.live.output));
        self.live = now;
    }

    fn add_delta(&mut self, tokens: &TokenCounters, delta: Option<Delta>) {
        let delta = delta.unwrap_or_default();
        let has_prompt = tokens.prompt != PromptCount::Unknown;
        add(&mut self.sums[PROMPT], has_prompt.then(|| (delta.miss + delta.hit).count()));
        add(&mut self.sums[CACHED], tokens.cached.map(|_| delta.hit.count()));
        add(&mut self.sums[OUTPUT], tokens.output.map(|_| delta.output.count()));
    }
}

fn add(sum: &mut Option<u64>, grown: Option<u64>) {
    if let Some(grown) = grown {
        *sum = Some(sum.unwrap_or(0) + grown);
    }
}

impl Latencies {
    fn renew(&mut self, at: Moment, latency: &Latency, span: Span) {
        let due = |slot: &Option<(Moment, Latency)>| slot.as_ref().is_none_or(|(since, _)| at.since(*since) >= span);
        if self.older.is_none() {
            self.older = Some((at, latency.clone()));
        } else if due(&self.newer.as_ref().or(self.older.as_ref()).cloned()) {
            if let Some(newer) = self.newer.take() {
                self.older = Some(newer);
            }
            self.newer = Some((at, latency.clone()));
        }
    }
}
