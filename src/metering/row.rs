//! The metering state of one row of a target's page: whether its tokens count, its revenue today, and its rates.

use std::sync::Arc;

use super::last_growth::LastGrowth;
use super::leakage::Leakage;
use super::left_to_engines::LeftToEngines;
use super::prompt_weight::PromptWeight;
use super::proxy_guard::ProxyGuard;
use super::rates::{Rates, grown_live};
use super::slo::LastLatencies;
use super::step_pace::StepPace;
use crate::counters::{ProcessId, RowKey, SampleCounts, Step, steady_growth};
use crate::ledger::{Classes, Entry, Ledger, PostingSource, RevenueAccount, RevenueAccountId, TokenChange};
use crate::reading::{EngineReading, EngineRole, Finished, Histogram, InstanceId, Latency, PromptCount, RankWork};
use crate::units::{Moment, Ratio, Span, Timestamp, Tokens};

/// Running sums of a row: prompt, its cached part, output.
pub(crate) const PROMPT: usize = 0;
pub(crate) const CACHED: usize = 1;
pub(crate) const OUTPUT: usize = 2;
/// The number of entries whose misses can still be turned into hits.
const CORRECTABLE: usize = 32;
/// How long the gauges of a process are shown without a new sample.
const SAMPLED: Span = Span::from_secs(60);
/// How long a row that left its target's page is shown.
const SHOWN: Span = Span::from_secs(600);

/// The state of one row.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) key: RowKey,
    /// Its number as a posting source; 0 before its first posting.
    pub(super) number: u64,
    /// The number of its instance as an address.
    pub(super) address: u64,
    /// Whether it is on its target's pages.
    pub(crate) grows: bool,
    /// Whether its last page was quarantined for it.
    pub(crate) quarantined: bool,
    pub(crate) instance: Option<InstanceId>,
    /// Its role on its last page, if known.
    pub(super) role: Option<EngineRole>,
    /// The last reading.
    pub(crate) reading: EngineReading,
    /// When it was last on a page, and when its tokens last grew.
    pub(crate) seen: Moment,
    pub(super) growth: LastGrowth,
    pub(crate) account: Option<(RevenueAccount, RevenueAccountId)>,
    /// The account of its former name, or of the row that it replaced, until it has its own.
    pub(super) former: Option<RevenueAccountId>,
    /// Whether it may continue under other labels; then the fleet's lifetime totals count those.
    pub(crate) may_be_renamed: bool,
    /// Its leakage today.
    pub(crate) leakage: Leakage,
    /// What was posted for it today, separate from other rows of its account.
    pub(crate) earned: Leakage,
    /// The weight of its prompts, if they are counted on decode pages.
    pub(super) prompts: PromptWeight,
    /// For a proxy's row: whether an engine may count its tokens.
    pub(crate) guard: Option<Box<ProxyGuard>>,
    /// For a proxy's row: whether its model is or was left to the engines that serve it.
    pub(super) left: Option<LeftToEngines>,
    /// Growth for rates: from live counters if the engine has them, otherwise from the billed ones.
    pub(crate) window: Rates,
    /// When its counters moved, for those that stand still between two steps.
    pub(super) steps: StepPace,
    pub(super) sums: [Option<u64>; 3],
    /// Whether pages of the process had values of prompt and output tokens.
    pub(super) had: [bool; 2],
    pub(super) latencies: Latencies,
    /// Samples of each latency since the row was first seen, except those of a fall or of another process.
    pub(crate) samples: Arc<Latency>,
    /// The process of the last page, if its next page continues its histograms.
    pub(super) drawn: Option<ProcessId>,
    /// The state for latency objectives, if there are any.
    pub(super) last_latencies: LastLatencies,
    pub(super) correctable: Vec<Entry>,
    /// The last gauges of each process, in the order of the processes.
    pub(super) gauges: Vec<SampledGauges>,
}

/// The gauges of a process's last page. Most rows have one process, for which a map would keep room for eleven.
#[derive(Debug)]
pub(super) struct SampledGauges {
    process: ProcessId,
    at: Moment,
    gauges: Gauges,
}

/// The gauges of one process's row.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gauges {
    running: Option<u64>,
    waiting: Option<u64>,
    kv_usage: Option<Ratio>,
}

/// Latency histograms and rank work at the start of the window: the older of two marks, which are renewed alternately.
#[derive(Debug, Default)]
pub(super) struct Latencies {
    older: Option<LatencyMark>,
    newer: Option<LatencyMark>,
}

#[derive(Debug)]
struct LatencyMark {
    at: Moment,
    latency: Latency,
    work: RankWork,
    ends: Ends,
}

/// How requests ended, over the engine's lifetime.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) finished: Finished,
    pub(crate) preemptions: Option<u64>,
}

impl Ends {
    const fn of(reading: &EngineReading) -> Self {
        Self { finished: reading.finished, preemptions: reading.preemptions }
    }
}

impl Row {
    pub(super) fn new(reading: EngineReading, at: Moment, window: Span) -> Self {
        Self {
            key: RowKey::of(&reading),
            number: 0,
            address: 0,
            grows: true,
            quarantined: false,
            instance: reading.instance.clone(),
            role: None,
            reading,
            seen: at,
            growth: LastGrowth::default(),
            account: None,
            former: None,
            may_be_renamed: false,
            leakage: Leakage::default(),
            earned: Leakage::default(),
            prompts: PromptWeight::default(),
            guard: None,
            left: None,
            window: Rates::new(window),
            steps: StepPace::default(),
            sums: [None; 3],
            had: [false; 2],
            latencies: Latencies::default(),
            samples: Arc::default(),
            drawn: None,
            last_latencies: LastLatencies::default(),
            correctable: Vec::new(),
            gauges: Vec::new(),
        }
    }

    /// Whether its tokens are posted. A proxy's are not while an engine serves its model, and are withheld while its model may
    /// be an engine's under another name.
    pub(crate) fn posts(&self) -> bool {
        !self.left.is_some_and(LeftToEngines::is_served) && self.guard.as_deref().is_none_or(ProxyGuard::posts)
    }

    /// Whether it is a proxy's with tokens that are counted nowhere and may be its own.
    pub(super) fn holds_proxied(&self) -> bool {
        self.guard.as_deref().is_some_and(ProxyGuard::holds) || self.left.is_some_and(LeftToEngines::has_lost)
    }

    /// Whether a proxy's tokens are posted although an engine may count them under an unknown name.
    pub(crate) fn may_be_counted_twice(&self) -> bool {
        self.guard.as_deref().is_some_and(ProxyGuard::is_uncertain)
    }

    /// Renames the row.
    pub(super) fn rename(&mut self, key: RowKey) {
        self.former = self.account.take().map(|(_, id)| id).or(self.former);
        self.key = key;
    }

    /// Whether it is known to be an engine's row.
    pub(super) fn serves(&self) -> bool {
        self.role.is_some_and(|role| role != EngineRole::Proxy)
    }

    /// Whether it left its target's page so long ago that it should be dropped.
    pub(super) fn is_outdated(&self, at: Moment) -> bool {
        at.since(self.seen) >= SHOWN
    }

    /// Forgets the entries whose misses could become hits.
    pub(super) fn forget_correctable(&mut self) {
        self.correctable.clear();
    }

    /// Forgets an entry that was reversed.
    pub(super) fn drop_correctable(&mut self, entry: &Entry) {
        super::entries::subtract(&mut self.correctable, std::slice::from_ref(entry));
        self.correctable.retain(|kept| kept.tokens.miss > Tokens::ZERO);
    }

    /// Whether an entry belongs to its current account.
    pub(super) fn is_paid_by(&self, entry: &Entry) -> bool {
        self.account.as_ref().is_some_and(|(_, account)| *account == entry.account)
    }

    /// Whether a reading is of this row.
    pub(super) fn is_of(&self, reading: &EngineReading) -> bool {
        self.instance == reading.instance && self.key.is_of(reading)
    }

    /// A process of the row as a posting source.
    pub(super) const fn source(&self, process: ProcessId) -> PostingSource {
        PostingSource { row: self.number, process: process.0, address: self.address }
    }

    /// The account that its sources post to; `None` if there are several.
    pub(super) fn only_account(&self) -> Option<RevenueAccountId> {
        let id = self.account.as_ref().map(|(_, id)| *id);
        id.filter(|_| !crate::dialect::policy(self.reading.kind).attributes_prompts)
    }

    /// The number of its current account, which receives what a source produced since `from`.
    pub(super) fn number(
        &mut self,
        source: PostingSource,
        account: RevenueAccount,
        from: Timestamp,
        ledger: &mut Ledger,
    ) -> RevenueAccountId {
        let id = match &self.account {
            Some((known, id)) if *known == account => *id,
            known => {
                let id = ledger.account(&account);
                if let Some(before) = known.as_ref().map(|(_, id)| *id).or(self.former) {
                    ledger.change_account(source, [before, id], from);
                }
                id
            }
        };
        (self.account, self.former) = (Some((account, id)), None);
        id
    }

    /// The row's tokens since it was first seen, for shares of revenue.
    pub(crate) fn produced(&self) -> u64 {
        self.sums[PROMPT].unwrap_or(0).saturating_add(self.sums[OUTPUT].unwrap_or(0))
    }

    /// Running requests, summed over the processes that answer.
    pub(crate) fn running(&self, now: Moment) -> Option<u64> {
        self.sampled(now).filter_map(|gauges| gauges.running).reduce(u64::saturating_add)
    }

    /// Waiting requests, summed over the processes that answer.
    pub(crate) fn waiting(&self, now: Moment) -> Option<u64> {
        self.sampled(now).filter_map(|gauges| gauges.waiting).reduce(u64::saturating_add)
    }

    /// The KV cache usage: the mean over the processes that answer.
    pub(crate) fn kv_usage(&self, now: Moment) -> Option<Ratio> {
        let shares = self.sampled(now).filter_map(|gauges| gauges.kv_usage);
        let (count, sum) = shares.fold((0_u32, 0.0), |(count, sum), share| (count + 1, sum + share.get()));
        Ratio::of(sum, f64::from(count))
    }

    fn sampled(&self, now: Moment) -> impl Iterator<Item = &Gauges> {
        let recent = move |at: Moment| self.gauges.len() == 1 || now.since(at) < SAMPLED;
        self.gauges.iter().filter(move |sampled| recent(sampled.at)).map(|sampled| &sampled.gauges)
    }

    /// Keeps an entry whose misses may become hits.
    pub(super) fn keep_correctable(&mut self, entry: Entry) {
        if entry.tokens.miss == Tokens::ZERO {
            return;
        }
        let misses = entry.part(Classes { miss: entry.tokens.miss, ..Classes::default() });
        super::entries::remember(&mut self.correctable, misses);
        if self.correctable.len() > CORRECTABLE {
            self.correctable.remove(0);
        }
    }

    /// Removes the uncertainty of `settled` earlier prompt tokens whose hits are now known, the latest first. Returns the
    /// entries before and after.
    pub(super) fn settle(&mut self, settled: Tokens, ledger: &mut Ledger) -> Vec<[Entry; 2]> {
        let (mut left, mut moved) = (settled, Vec::new());
        for line in self.correctable.iter_mut().rev() {
            let part = line.unsure.min(left);
            if part == Tokens::ZERO {
                continue;
            }
            left = left.saturating_sub(part);
            let after = Entry { tokens: Classes { miss: part, ..Classes::default() }, unsure: Tokens::ZERO, ..*line };
            let before = Entry { unsure: part, ..after };
            ledger.settle_excess(&before);
            line.unsure = line.unsure.saturating_sub(part);
            self.guard.iter_mut().for_each(|guard| guard.correct(before, after));
            moved.push([before, after]);
        }
        moved
    }

    /// Turns misses of earlier entries into hits, the latest first. Returns how many tokens could not be corrected, and the
    /// entries before and after.
    pub(super) fn correct(
        &mut self,
        (source, since): (PostingSource, (Timestamp, Timestamp)),
        corrected: Tokens,
        ledger: &mut Ledger,
    ) -> (Tokens, Vec<[Entry; 2]>) {
        let (mut left, mut moved) = (corrected, Vec::new());
        while left > Tokens::ZERO {
            let Some(mut line) = self.correctable.pop() else { break };
            let part = line.tokens.miss.min(left);
            let (misses, hits) =
                (Classes { miss: part, ..Classes::default() }, Classes { hit: part, ..Classes::default() });
            // Hits among the remaining misses may still be unknown.
            let unsure = line.unsure.saturating_sub(line.tokens.miss.saturating_sub(part));
            let before = Entry { tokens: misses, unsure, ..line };
            let after = Entry { tokens: hits, unsure: Tokens::ZERO, ..line };
            ledger.reverse(&[before]);
            ledger.repost(&[after]);
            let less = ledger.worth_of(&[before]) - ledger.worth_of(&[after]);
            ledger.lower_rate(source, before.account, less, since);
            self.guard.iter_mut().for_each(|guard| guard.correct(before, after));
            moved.push([before, after]);
            let mut change = TokenChange::added(hits);
            change += TokenChange::taken_back(misses);
            self.earned.add(ledger.day_began(), line.tariff, change);
            left = left.saturating_sub(part);
            line = line.without(&before);
            if line.tokens.miss > Tokens::ZERO {
                self.correctable.push(line);
            }
        }
        (left, moved)
    }

    /// Whether its postings to an account have a rate.
    pub(crate) fn has_rate(&self, ledger: &Ledger, account: RevenueAccountId) -> bool {
        self.window.all(|process| ledger.has_rate(self.source(process), account))
    }

    /// Whether its pages have the counter of a sum.
    pub(crate) fn reports(&self, i: usize) -> bool {
        let tokens = &self.reading.tokens;
        let of_live = self.reading.live.map(|live| [live.computed, live.cached, live.output][i].is_some());
        let of_billed = [tokens.prompt != PromptCount::Unknown, tokens.cached.is_some(), tokens.output.is_some()];
        of_live.unwrap_or(of_billed[i])
    }

    /// Whether its last page lacks a value of prompt or output tokens that earlier pages of the process had, or that none
    /// had although the other one grew.
    pub(crate) fn lacks(&self) -> [bool; 2] {
        let has = billed(&self.reading);
        let grew = [self.sums[PROMPT], self.sums[OUTPUT]].map(|sum| sum.is_some_and(|sum| sum > 0));
        let lacks = |i: usize| !has[i] && (self.had[i] || !grew[i] && grew[1 - i]);
        [lacks(0), lacks(1)]
    }

    /// Applies a page of one process to the rates and gauges.
    pub(super) fn draw(&mut self, reading: EngineReading, at: Moment, process: ProcessId, step: &Step, span: Span) {
        let gauges = Gauges { running: reading.running, waiting: reading.waiting, kv_usage: reading.kv_usage };
        self.quarantined = step.quarantined;
        self.note_gauges(SampledGauges { process, at, gauges });
        let (grown, known) = match reading.live {
            Some(live) => grown_live(live, self.window.live(process)),
            None => grown_step(&reading, step),
        };
        self.sums.iter_mut().zip(grown).for_each(|(sum, grown)| add(sum, grown));
        if !self.steps.awaits() || grown.iter().any(|grown| grown.is_some_and(|grown| grown > 0)) {
            self.window.push((process, at), grown, known, reading.live);
        }
        self.latencies.renew(at, &reading, span);
        if self.drawn.replace(process) == Some(process) {
            self.add_samples(&reading.latency);
        } else {
            self.had = [false; 2];
        }
        self.had.iter_mut().zip(billed(&reading)).for_each(|(had, has)| *had |= has);
        (self.seen, self.may_be_renamed) = (at, false);
        self.reading = reading;
    }

    /// Restarts the latency samples, after a change of process.
    pub(super) fn begin_samples(&mut self) {
        (self.latencies, self.drawn) = (Latencies::default(), None);
    }

    fn note_gauges(&mut self, now: SampledGauges) {
        self.gauges.retain(|sampled| now.at.since(sampled.at) < SAMPLED);
        match self.gauges.binary_search_by_key(&now.process, |sampled| sampled.process) {
            Ok(place) => self.gauges[place] = now,
            Err(place) => {
                self.gauges.reserve_exact(1);
                self.gauges.insert(place, now);
            }
        }
    }

    /// Forgets the gauges of processes that were replaced.
    pub(super) fn forget_gauges(&mut self) {
        self.gauges.clear();
    }

    /// Restarts the rates, after a reset or a long gap.
    pub(super) fn begin_drawing(&mut self) {
        self.latencies = Latencies::default();
        self.window.clear();
    }

    /// Forgets the processes.
    pub(super) fn forget_processes(&mut self) {
        self.gauges.clear();
        self.window.forget();
    }

    /// Adds what a page's histograms grew by since the last page.
    fn add_samples(&mut self, now: &Latency) {
        let (now, before) = (now.all(), self.reading.latency.all());
        let grown: [_; 4] = std::array::from_fn(|nth| steady_growth(now[nth]?, before[nth]?));
        if grown.iter().flatten().next().is_none() {
            return;
        }
        let Latency { ttft, itl, e2e, queue } = Arc::make_mut(&mut self.samples);
        for (sum, grown) in [ttft, itl, e2e, queue].into_iter().zip(grown) {
            if let Some(grown) = grown {
                grown.add_to(sum);
            }
        }
    }

    /// The growth of a latency histogram over the window.
    pub(crate) fn latency(&self, which: fn(&Latency) -> Option<&Histogram>) -> Option<SampleCounts<'_>> {
        let then = &self.latencies.older.as_ref()?.latency;
        Some(SampleCounts::between(which(&self.reading.latency)?, which(then)?))
    }

    /// A figure of the ranks' work over the window.
    pub(crate) fn rank_work(&self, which: fn(RankWork, RankWork) -> Option<Ratio>) -> Option<Ratio> {
        which(self.reading.work, self.latencies.older.as_ref()?.work)
    }

    /// The growth per minute of a count of ended requests over the window; after a restart it counts from zero.
    pub(crate) fn per_minute(&self, which: fn(&Ends) -> Option<u64>) -> Option<f64> {
        let then = self.latencies.older.as_ref()?;
        let minutes = self.seen.since(then.at).as_secs_f64() / 60.0;
        let (now, before) = (which(&Ends::of(&self.reading))?, which(&then.ends)?);
        (minutes > 0.0).then(|| now.checked_sub(before).unwrap_or(now) as f64 / minutes)
    }
}

/// The growth of a page's counters, and which parts are known.
fn grown_step(reading: &EngineReading, step: &Step) -> ([Option<u64>; 3], [bool; 3]) {
    if step.quarantined {
        return ([None; 3], [false; 3]);
    }
    let delta = step.grown.map(|grown| grown.all).unwrap_or_default();
    let has_prompt = reading.tokens.prompt != PromptCount::Unknown;
    let grown = [
        has_prompt.then(|| (delta.miss + delta.hit).count()),
        reading.tokens.cached.map(|_| delta.hit.count()),
        reading.tokens.output.map(|_| delta.output.count()),
    ];
    (grown, step.present)
}

/// Whether a reading has values of prompt and output tokens.
pub(super) fn billed(reading: &EngineReading) -> [bool; 2] {
    [reading.tokens.prompt != PromptCount::Unknown, reading.tokens.output.is_some()]
}

fn add(sum: &mut Option<u64>, grown: Option<u64>) {
    if let Some(grown) = grown {
        *sum = Some(sum.unwrap_or(0).saturating_add(grown));
    }
}

impl Latencies {
    fn renew(&mut self, at: Moment, reading: &EngineReading, span: Span) {
        let due = |slot: &Option<LatencyMark>| slot.as_ref().is_none_or(|mark| at.since(mark.at) >= span);
        let mark = || LatencyMark { at, latency: reading.latency.clone(), work: reading.work, ends: Ends::of(reading) };
        if self.older.is_none() {
            self.older = Some(mark());
        } else if due(&self.newer) && due(&self.older) {
            if let Some(newer) = self.newer.take() {
                self.older = Some(newer);
            }
            self.newer = Some(mark());
        }
    }
}
