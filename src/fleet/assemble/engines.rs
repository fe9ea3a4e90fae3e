//! Engine rows: one for each target, instance and rank, and one for a target that has not answered yet.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::lookup::{engine_of, kind_of};
use super::{Fleet, PresentFleet, RowView};
use crate::counters::{SampleCounts, quantile};
use crate::dialect;
use crate::inventory::Target;
use crate::ledger::TokenChange;
use crate::metering::{CACHED, Counts, Ends, Engine, OUTPUT, PROMPT, Row};
use crate::natural_order::natural_cmp;
use crate::pricing::Bill;
use crate::reading::{
    EngineRole, Finished, Health, Histogram, InstanceId, Label, Latency, ModelName, PromptCount, Rank, RankWork,
    TargetId, TokenCounters,
};
use crate::snapshot::{EngineRow, Quantiles, RequestRates, ScrapeRow};
use crate::statement::RunningSum;
use crate::units::{Money, Ratio};

/// A row, and the samples of its latencies.
type RowAndSamples = (EngineRow, Arc<Latency>);

/// The rows, and the samples of the latencies of each.
pub(super) fn rows(present: &PresentFleet<'_>) -> (Vec<Arc<EngineRow>>, Vec<Arc<Latency>>) {
    let mut earned = RunningSum::new(super::sums::MICROS);
    let mut targets: Vec<_> = present.serving().collect();
    targets.sort_by(|a, b| natural_cmp(a.info.target.as_str(), b.info.target.as_str()));
    let rows = targets.into_iter().flat_map(|target| target_rows(present, target, &mut earned));
    rows.map(|(row, samples)| (Arc::new(row), samples)).unzip()
}

/// The rows of a target. What they earned is rounded as it is added to what those before them did.
fn target_rows(present: &PresentFleet<'_>, target: &Target, earned: &mut RunningSum) -> Vec<RowAndSamples> {
    let blank = blank(present.fleet, target);
    let views = present.rows_of(target);
    if views.is_empty() {
        return vec![(blank, Arc::default())];
    }
    let row = |view| (engine_row(present.fleet, view, &blank), Arc::clone(&view.row.samples));
    let mut rows: Vec<RowAndSamples> = views.iter().map(row).collect();
    rows.sort_by(|(a, _), (b, _)| natural_cmp(rank_text(a), rank_text(b)));
    // The ranks of a row follow it and add up to it.
    let mut of_ranks: Vec<(Option<InstanceId>, Option<ModelName>, RunningSum)> = Vec::new();
    for (row, _) in &mut rows {
        let Some(revenue) = row.revenue else { continue };
        let whole = of_ranks.iter_mut().find(|(instance, model, _)| (instance, model) == (&row.instance, &row.model));
        row.revenue = Some(if let Some((.., ranks)) = whole.filter(|_| row.in_engine_row) {
            ranks.add(revenue)
        } else {
            of_ranks.push((row.instance.clone(), row.model.clone(), earned.clone()));
            earned.add(revenue)
        });
    }
    rows
}

/// A row's rank; a row without one comes first.
fn rank_text(row: &EngineRow) -> &str {
    row.rank.as_ref().map_or("", Rank::as_str)
}

/// The rank that a row shows: with its instance if the page has several. The only rank of an instance shows the
/// instance alone.
fn shown_rank(view: &RowView<'_>) -> Option<Rank> {
    let RowView { engine, row, .. } = view;
    let several = engine.rows.iter().any(|other| other.instance != row.instance);
    match (row.instance.as_ref().filter(|_| several), &row.reading.rank) {
        (None, rank) => rank.clone(),
        (Some(instance), Some(rank)) if rank.as_str() != "0" => Some(Rank::new(&format!("{instance}/{rank}"))),
        (Some(instance), _) => Some(Rank::new(instance.as_str())),
    }
}

/// A target of which no page has been read.
fn blank(fleet: &Fleet, target: &Target) -> EngineRow {
    let node = fleet.inventory.node_of(&target.info);
    let engine = engine_of(fleet, target);
    EngineRow {
        target: target.info.target.clone(),
        unit: fleet.inventory.unit_of(&target.info, node),
        node: node.clone(),
        kind: kind_of(target),
        model: None,
        role: target.info.role.unwrap_or(EngineRole::Unified),
        role_inferred: false,
        instance: None,
        rank: None,
        in_engine_row: false,
        has_live_counters: false,
        state: fleet.inventory.health_of(target),
        age_seconds: target.answered.map(|at| fleet.now().since(at).as_secs_f64().max(0.0)),
        prompt_total: None,
        cached_total: None,
        output_total: None,
        prompt_per_second: None,
        output_per_second: None,
        cache_hit_rate: None,
        running: None,
        waiting: None,
        kv_usage: None,
        ttft_seconds: Quantiles::default(),
        itl_seconds: Quantiles::default(),
        e2e_seconds: Quantiles::default(),
        within_slo: None,
        rank_wait_share: None,
        expert_balancedness: None,
        preemptions: None,
        requests_per_minute: RequestRates::default(),
        spec_acceptance: None,
        revenue: None,
        scrape: scrape(fleet, target, engine),
        processes: engine.map_or(0, |engine| engine.processes_in_turn(fleet.now())),
        note: failure(fleet, target),
    }
}

fn engine_row(fleet: &Fleet, view: &RowView<'_>, blank: &EngineRow) -> EngineRow {
    let RowView { target, row, .. } = view;
    let reading = &row.reading;
    let live = view.health == Health::Live;
    let counters = view.counters;
    let drawn = Drawn::of(fleet, view, live);
    let quantiles = |which: fn(&Latency) -> Option<&Histogram>| {
        if live { quantiles(row.latency(which)) } else { Quantiles::default() }
    };
    EngineRow {
        target: blank.target.clone(),
        node: view.node.clone(),
        unit: view.unit.clone(),
        kind: reading.kind,
        model: reading.model.clone(),
        role: view.role,
        role_inferred: fleet.metering.infers_role(&target.info, reading),
        instance: row.instance.clone(),
        rank: shown_rank(view),
        in_engine_row: whole_of(view.engine, row).is_some(),
        has_live_counters: reading.live.is_some(),
        state: view.health,
        age_seconds: Some(view.age(fleet).as_secs_f64()),
        prompt_total: counters.whole_prompt(),
        cached_total: counters.cached,
        output_total: counters.output,
        prompt_per_second: drawn.prompt,
        output_per_second: drawn.output,
        cache_hit_rate: drawn.hit_rate,
        running: drawn.running,
        waiting: drawn.waiting,
        kv_usage: drawn.kv_usage,
        ttft_seconds: quantiles(|latency| latency.ttft.as_ref()),
        itl_seconds: quantiles(|latency| latency.itl.as_ref()),
        e2e_seconds: quantiles(|latency| latency.e2e.as_ref()),
        within_slo: super::slo::within(fleet, row).filter(|_| live),
        rank_wait_share: row.rank_work(RankWork::waited).filter(|_| live),
        expert_balancedness: row.rank_work(RankWork::balancedness).filter(|_| live),
        preemptions: reading.preemptions,
        requests_per_minute: if live { request_rates(row) } else { RequestRates::default() },
        spec_acceptance: reading.speculation.and_then(|speculation| speculation.acceptance()),
        revenue: revenue(fleet, view),
        scrape: blank.scrape.clone(),
        processes: view.engine.processes_of(view.row.instance.as_ref(), fleet.now()),
        note: blank.note.clone().or_else(|| remarks(fleet, view)),
    }
}

fn request_rates(row: &Row) -> RequestRates {
    let of = |which: fn(&Ends) -> Option<u64>| row.per_minute(which);
    RequestRates {
        ended: of(|ends| ends.finished.requests),
        stopped: of(|ends| ends.finished.stopped),
        length: of(|ends| ends.finished.length),
        aborted: of(|ends| ends.finished.aborted),
        failed: of(|ends| ends.finished.failed),
        preempted: of(|ends| ends.preemptions),
    }
}

/// The present rates and gauges of a row.
#[derive(Debug, Default)]
struct Drawn {
    prompt: Option<f64>,
    output: Option<f64>,
    hit_rate: Option<Ratio>,
    running: Option<u64>,
    waiting: Option<u64>,
    kv_usage: Option<Ratio>,
}

impl Drawn {
    /// For a row without a rank beside rows with ranks, these are the engine's totals.
    fn of(fleet: &Fleet, view: &RowView<'_>, live: bool) -> Self {
        if !live {
            return Self::default();
        }
        let (engine, now) = (view.engine, fleet.now());
        let ranks = ranks_of(engine, view.row);
        let parts = || std::iter::once(view.row).chain(ranks.iter().copied());
        let drawn = || parts().filter(|row| engine.draws(row));
        let rate = |i| drawn().filter_map(|row| row.window.per_second(i)).reduce(|a, b| a + b);
        let growth = |i| drawn().filter_map(|row| row.window.growth(i)).reduce(u64::saturating_add);
        let both = || drawn().filter(|row| row.window.growth(CACHED).is_some());
        let hits = both().filter_map(|row| row.window.growth(CACHED)).reduce(u64::saturating_add);
        let prompts = both().filter_map(|row| row.window.growth(PROMPT)).reduce(u64::saturating_add);
        let hit_rate = hits.zip(prompts.or(growth(PROMPT)));
        Self {
            prompt: rate(PROMPT),
            output: rate(OUTPUT),
            hit_rate: hit_rate.and_then(|(hits, prompts)| Ratio::of(hits as f64, prompts as f64)),
            running: super::sums::sum(parts().filter_map(|row| row.running(now))),
            waiting: super::sums::sum(parts().filter_map(|row| row.waiting(now))),
            kv_usage: super::sums::mean(parts().filter_map(|row| row.kv_usage(now))),
        }
    }
}

/// The ranks that a row without a rank is the whole of.
fn ranks_of<'a>(engine: &'a Engine, whole: &Row) -> Vec<&'a Row> {
    if whole.reading.rank.is_some() {
        return Vec::new();
    }
    let same = |row: &&Row| {
        row.reading.rank.is_some()
            && row.instance == whole.instance
            && row.reading.model == whole.reading.model
            && row.reading.tokens.is_empty()
    };
    engine.rows.iter().filter(same).collect()
}

/// The row without a rank that a rank's row is a part of.
fn whole_of<'a>(engine: &'a Engine, part: &Row) -> Option<&'a Row> {
    let is_whole = |row: &&Row| {
        row.reading.rank.is_none() && row.instance == part.instance && row.reading.model == part.reading.model
    };
    let is_part = part.reading.rank.is_some() && part.reading.tokens.is_empty();
    engine.rows.iter().find(is_whole).filter(|_| is_part)
}

/// A row's revenue today. It is unknown without a price, and for a duplicate or a proxy's row that is not counted, unless
/// tokens of it were posted before. Ranks whose tokens are counted for the engine as a whole share its
/// revenue by their own tokens, so that they add up to it. A ledger that another process writes does not say what a row
/// earned, only its account.
fn revenue(fleet: &Fleet, view: &RowView<'_>) -> Option<Money> {
    let is_uncounted = view.is_duplicate || view.is_uncounted_proxy();
    if fleet.ledger.is_closed() || is_uncounted && !has_earned(fleet, view.row) {
        return None;
    }
    view.row.reading.model.as_ref()?;
    view.price.as_ref()?;
    let Some(whole) = whole_of(view.engine, view.row) else { return Some(earned(fleet, view.row)) };
    let ranks = ranks_of(view.engine, whole);
    let total: u64 = ranks.iter().map(|row| row.produced()).fold(0, u64::saturating_add);
    let before = ranks.iter().take_while(|row| !std::ptr::eq(**row, view.row)).map(|row| row.produced());
    let before: u64 = before.fold(0, u64::saturating_add);
    let earned = earned(fleet, whole);
    let upto = |produced: u64| {
        let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        earned.scaled(signed(produced), signed(total))
    };
    Some(upto(before.saturating_add(view.row.produced()))? - upto(before)?)
}

pub(super) fn has_earned(fleet: &Fleet, row: &Row) -> bool {
    row.earned.of_day(fleet.ledger.day_began()).any(|(_, change)| change != TokenChange::default())
}

fn earned(fleet: &Fleet, row: &Row) -> Money {
    let lines = row.earned.of_day(fleet.ledger.day_began());
    lines.filter_map(|(tariff, change)| Some(fleet.ledger.tariff(tariff?).value_of_change(change))).sum()
}

fn quantiles(samples: Option<SampleCounts<'_>>) -> Quantiles {
    let Some(samples) = samples else { return Quantiles::default() };
    let p99 = quantile(samples, 0.99);
    Quantiles {
        p50: quantile(samples, 0.5),
        p99,
        is_beyond: p99.zip(samples.top()).is_some_and(|(p99, top)| p99 >= top),
    }
}

fn scrape(fleet: &Fleet, target: &Target, engine: Option<&Engine>) -> ScrapeRow {
    ScrapeRow {
        state: fleet.inventory.health_of(target),
        error: target.failure.as_ref().map(|failure| Label::new(&failure.to_string())),
        seconds: target.cost.map(|cost| cost.seconds),
        bytes: target.cost.map(|cost| cost.bytes),
        restarts: engine.map_or(0, Engine::restarts),
        failures: target.failures,
        refusals: target.refusals.clone(),
    }
}

/// The most serious problem of a target.
fn failure(fleet: &Fleet, target: &Target) -> Option<Label> {
    if let Some(failure) = &target.failure {
        return Some(Label::new(&failure.to_string()));
    }
    let engine = engine_of(fleet, target);
    let unread = target.answered.is_some() && engine.is_none_or(|engine| engine.rows.is_empty());
    if let Some(refused) = target.refusals.text().filter(|_| unread || target.refusals.values > 0) {
        return Some(Label::new(&refused));
    }
    if unread {
        let unknown = "its metrics are of no engine or GPU exporter that is known; check address and path";
        let hint = target.kind.and_then(|kind| dialect::policy(kind).empty_page_hint);
        return Some(Label::new(hint.unwrap_or(unknown)));
    }
    let engine = engine?;
    if engine.is_crowded(fleet.now()) {
        let text = "more processes answer at this address than the 64 that are kept: the total is a lower bound; name them one by one";
        return Some(Label::new(text));
    }
    if engine.lacks_rows(fleet.now()) {
        let text =
            "more models and ranks come and go at this address than the 1024 that are kept: the total is a lower bound";
        return Some(Label::new(text));
    }
    let gone: Vec<&str> =
        ["prompt", "output"].into_iter().zip(engine.gone()).filter_map(|(name, gone)| gone.then_some(name)).collect();
    if !gone.is_empty() {
        let text = format!("its page no longer counts {} tokens: the total is a lower bound", gone.join(" and "));
        return Some(Label::new(&text));
    }
    if engine.has_uncertain() {
        return Some(Label::new(crate::snapshot::SAME_START));
    }
    if engine.is_ambiguous() {
        return Some(Label::new(crate::snapshot::AMBIGUOUS));
    }
    engine.is_quarantined().then(|| Label::new(crate::snapshot::QUARANTINED))
}

/// The remark that a page's samples have times, and are old.
const OLD_SAMPLES: &str = "its samples are old: the server that shows them gets no new ones";

/// Remarks on how the tokens of a live row are counted.
fn remarks(fleet: &Fleet, view: &RowView<'_>) -> Option<Label> {
    let counts = view.counts;
    let reading = &view.row.reading;
    let remarks = [
        view.target.refusals.text(),
        view.target.odd_start.as_ref().map(ToString::to_string),
        view.has_old_samples(fleet).then(|| OLD_SAMPLES.to_owned()),
        in_turn(view.engine.processes_of(view.row.instance.as_ref(), fleet.now())),
        view.row.window.awaits().then(|| UNKNOWN_RATES.to_owned()),
        view.engine.has_repeated().then(|| REPEATED.to_owned()),
        other_names(fleet, view),
        proxied(view),
        uncounted_part(fleet, view),
        unknown_names(view),
        hits(&reading.tokens, counts.prompts),
        lacks(view),
        several_answers(&reading.finished).filter(|_| counts.prompts),
        unbilled(fleet, view).filter(|_| counts != Counts::NOTHING),
        adapters(&reading.adapters),
    ];
    let remarks: Vec<String> = remarks.into_iter().flatten().collect();
    (!remarks.is_empty()).then(|| Label::new(&remarks.join("; ")))
}

/// The remark that its page has no counter of tokens that are billed.
fn lacks(view: &RowView<'_>) -> Option<String> {
    let [prompt, output] = view.lacks();
    let what = match (prompt, output) {
        (true, true) => "prompt and output",
        (_, true) => "output",
        _ => "prompt",
    };
    (prompt || output).then(|| format!("its page shows no {what} tokens: the total is a lower bound"))
}

/// The remark that its page has rows that repeat others.
const REPEATED: &str =
    "its page has sums or copies of other rows, which are not counted: their tokens are those of the other rows";

/// Why a row has no rates.
const UNKNOWN_RATES: &str = "rates unknown: not all processes that may answer have two pages yet";

/// The remark that several processes answer at one address.
fn in_turn(processes: usize) -> Option<String> {
    (processes > 1).then(|| format!("{processes} processes answer at this address, sampled in turn"))
}

/// The remark that tokens of it count on engines of another role, of which none is watched.
fn uncounted_part(fleet: &Fleet, view: &RowView<'_>) -> Option<String> {
    let other = if view.role == EngineRole::Decode { EngineRole::Prefill } else { EngineRole::Decode };
    let what = match (view.counts.prompts, view.counts.outputs) {
        (true, _) => "its output is",
        (false, true) => "its prompts are",
        (false, false) => "its tokens are",
    };
    let lacks = fleet.metering.lacks_part(&view.target.info.target, &view.row.reading);
    let is_short = fleet.metering.lacking_role(&view.row.reading) == Some(other)
        && (view.role == EngineRole::Prefill || view.role == EngineRole::Decode);
    if is_short && !lacks {
        let part = if view.role == EngineRole::Decode { "some are" } else { "some output is" };
        return Some(format!(
            "its prompts are more than those of the watched {other} engines of its model: {part} counted nowhere: the total is a lower bound; watch the others, or give the engines their roles"
        ));
    }
    lacks.then(|| format!("{what} counted nowhere, as no {other} engine of its model is watched: the total is a lower bound; watch that, or give this one no role"))
}

/// The remark on a proxy's tokens that an engine counts or may count.
fn proxied(view: &RowView<'_>) -> Option<String> {
    let Some(guard) = view.row.guard.as_ref() else {
        let served = view.is_uncounted_proxy() && !view.is_duplicate;
        return served.then(|| "not counted: watched engines serve its model".to_owned());
    };
    if view.row.reading.tokens == TokenCounters::default() && guard.kept().is_zero() {
        return Some("its page counts no tokens: nothing of it is posted".to_owned());
    }
    if guard.is_undecided() {
        return Some("withheld for five minutes, to see whether a watched engine counts the same".to_owned());
    }
    let kept = guard.kept().total().count();
    match guard.same_as() {
        Some(model) => Some(format!("probably the same as {model}: {kept} tokens are withheld, not posted")),
        None => (kept > 0).then(|| format!("{kept} tokens are withheld as probably an engine's, not posted")),
    }
}

/// The remark that its server's model list can't be read.
fn unknown_names(view: &RowView<'_>) -> Option<String> {
    let why = view.target.list_refused.as_ref()?;
    let unknown = match view.row.reading.model {
        Some(_) => "its adapters and aliases are unknown",
        None => "its model's name is unknown",
    };
    Some(format!("{unknown}: the model list cannot be read: {why}"))
}

/// The remark that other targets show the row's processes as well: all are counted there, some of them are, or all are
/// counted here.
fn other_names(fleet: &Fleet, view: &RowView<'_>) -> Option<String> {
    let ours = &view.target.info.target;
    let counted = fleet.metering.counted_elsewhere(ours, view.row, fleet.now());
    let elsewhere: BTreeSet<&str> = counted.iter().flatten().map(|target| target.as_str()).collect();
    let names = elsewhere.into_iter().collect::<Vec<_>>().join(", ");
    let away = counted.iter().flatten().count();
    if away > 0 && away == counted.len() {
        return Some(format!("also seen as {names}, and counted there"));
    }
    if away > 0 {
        return Some(format!("{away} of {} processes also seen as {names}, and counted there", counted.len()));
    }
    let names: Vec<&str> = fleet.metering.also_seen_at(ours, view.row).into_iter().map(TargetId::as_str).collect();
    (!names.is_empty()).then(|| format!("also seen as {}", names.join(", ")))
}

/// The remark that hits are unknown.
fn hits(tokens: &TokenCounters, counted: bool) -> Option<String> {
    match tokens.prompt {
        _ if tokens.cached.is_some() => None,
        PromptCount::ComputedOnly(_) => Some("hit n/a: it counts computed prompt tokens only".to_owned()),
        PromptCount::Whole(_) if counted => Some("hit n/a: priced as misses".to_owned()),
        PromptCount::Whole(_) | PromptCount::Unknown => None,
    }
}

/// The remark that vLLM counts a prompt once for each answer: with `n` above 1 its prompt counter exceeds the usage
/// that the API reports.
fn several_answers(finished: &Finished) -> Option<String> {
    let answers = Ratio::of(finished.answers? as f64, finished.asked? as f64)?.get();
    (answers > 1.0).then(|| format!("n > 1: prompts are counted once an answer, {answers:.2} answers a request"))
}

/// The remark that finished requests are to be billed, but the engine does not count them apart.
fn unbilled(fleet: &Fleet, view: &RowView<'_>) -> Option<String> {
    let unsaid = fleet.config.bill == Bill::Finished && !view.engine.counts_finished(view.row);
    unsaid.then(|| "finished requests are not counted apart: all are billed".to_owned())
}

fn adapters(adapters: &[Label]) -> Option<String> {
    let names: Vec<&str> = adapters.iter().map(Label::as_str).collect();
    (!names.is_empty()).then(|| format!("LoRA adapters {} priced as the base model", names.join(", ")))
}
