//! Engine rows: one a target and rank, and one for a target that has not answered yet.

use super::{Fleet, Row, Target, kind_of, row_counts, shows_prompt};
use crate::counters::quantile;
use crate::fleet::row::{CACHED, OUTPUT, PROMPT};
use crate::ledger::AccountId;
use crate::pricing::Bill;
use crate::reading::{Finished, Health, Histogram, Label, Latency, PromptCount, Rank, Role, TokenCounters};
use crate::snapshot::{EngineRow, Quantiles, ScrapeRow};
use crate::units::{Money, Ratio};

pub(super) fn rows(fleet: &Fleet) -> Vec<EngineRow> {
    let targets = super::engines(fleet);
    targets.flat_map(|target| target_rows(fleet, target)).collect()
}

fn target_rows(fleet: &Fleet, target: &Target) -> Vec<EngineRow> {
    if target.rows.is_empty() {
        return vec![blank(fleet, target)];
    }
    let mut rows: Vec<_> = target.rows.iter().map(|row| engine_row(fleet, target, row)).collect();
    rows.sort_by(|a, b| natural(a.rank.as_ref()).cmp(&natural(b.rank.as_ref())));
    rows
}

/// Ranks in the order of their numbers; what is not split by rank comes first.
fn natural(rank: Option<&Rank>) -> (u64, &str) {
    rank.map(Rank::as_str).map_or((0, ""), |rank| (rank.parse::<u64>().map_or(u64::MAX, |n| n.saturating_add(1)), rank))
}

/// A target of which no page has been read.
fn blank(fleet: &Fleet, target: &Target) -> EngineRow {
    let node = fleet.node_of(&target.member);
    EngineRow {
        target: target.member.target.clone(),
        unit: fleet.unit_of(&target.member, &node),
        node,
        kind: kind_of(target),
        model: None,
        role: target.member.role.unwrap_or(Role::Unified),
        role_inferred: false,
        rank: None,
        state: target.health(fleet),
        age_seconds: age(fleet, target),
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
        preemptions: None,
        spec_acceptance: None,
        revenue: None,
        scrape: scrape(target),
        shared_address: target.process.is_shared(),
        note: trouble(target),
    }
}

fn engine_row(fleet: &Fleet, target: &Target, row: &Row) -> EngineRow {
    let reading = &row.reading;
    let live = target.health(fleet) == Health::Live;
    let counters = row.meter.last();
    let drawn = live && target.draws(row);
    let hit_rate = || Ratio::of(row.window.growth(CACHED)? as f64, row.window.growth(PROMPT)? as f64);
    let quantiles = |which: fn(&Latency) -> Option<&Histogram>| {
        if live { quantiles(row.latency(which)) } else { Quantiles::default() }
    };
    EngineRow {
        kind: reading.kind,
        model: reading.model.clone(),
        role: target.role(reading, &fleet.pairs),
        role_inferred: target.infers_role(reading, &fleet.pairs),
        rank: reading.rank.clone(),
        prompt_total: shows_prompt(counters.prompt),
        cached_total: counters.cached,
        output_total: counters.output,
        prompt_per_second: row.window.per_second(PROMPT).filter(|_| drawn),
        output_per_second: row.window.per_second(OUTPUT).filter(|_| drawn),
        cache_hit_rate: hit_rate().filter(|_| drawn),
        running: reading.running.filter(|_| live),
        waiting: reading.waiting.filter(|_| live),
        kv_usage: reading.kv_usage.filter(|_| live),
        ttft_seconds: quantiles(|latency| latency.ttft.as_ref()),
        itl_seconds: quantiles(|latency| latency.itl.as_ref()),
        e2e_seconds: quantiles(|latency| latency.e2e.as_ref()),
        preemptions: reading.preemptions,
        spec_acceptance: reading.speculation.and_then(|speculation| speculation.acceptance()),
        revenue: revenue(fleet, target, row),
        note: trouble(target).or_else(|| remarks(fleet, target, row)),
        ..blank(fleet, target)
    }
}

/// What the row's account earned today; unknown where prices are, or where several engines share the address.
fn revenue(fleet: &Fleet, target: &Target, row: &Row) -> Option<Money> {
    if target.process.is_shared() || target.likeness.double_of().is_some() {
        return None;
    }
    let model = row.reading.model.as_ref()?;
    fleet.ledger.book().price_of(model.as_str())?;
    let Some((_, account)) = &row.account else { return Some(Money::ZERO) };
    let entries = fleet.ledger.today().tokens().filter(|(id, ..)| id == account);
    // Several rows of one node, model and role share an account: their money cannot be told apart.
    let counted = super::all_rows(fleet).filter(|(other, _)| other.likeness.double_of().is_none());
    let sharers = counted.filter(|(_, other)| shares(other, *account)).count();
    (sharers == 1)
        .then(|| entries.filter_map(|(_, tariff, tokens)| Some(fleet.ledger.tariff(tariff?).value(tokens))).sum())
}

fn shares(row: &Row, account: AccountId) -> bool {
    row.account.as_ref().is_some_and(|(_, id)| *id == account)
}

fn quantiles(histogram: Option<Histogram>) -> Quantiles {
    let Some(histogram) = histogram else { return Quantiles::default() };
    Quantiles { p50: quantile(&histogram, 0.5), p99: quantile(&histogram, 0.99) }
}

fn age(fleet: &Fleet, target: &Target) -> Option<f64> {
    target.answered.map(|at| fleet.now.since(at).as_secs_f64().max(0.0))
}

fn scrape(target: &Target) -> ScrapeRow {
    ScrapeRow {
        seconds: target.cost.map(|cost| cost.seconds),
        bytes: target.cost.map(|cost| cost.bytes),
        restarts: target.restarts,
        failures: target.failures,
        refusals: target.refusals,
    }
}

/// What a target must say about itself before anything else, the gravest first.
fn trouble(target: &Target) -> Option<Label> {
    if target.process.is_shared() {
        return Some(Label::new("several engines behind this address: name them one by one"));
    }
    if let Some(trouble) = &target.trouble {
        return Some(Label::new(&trouble.to_string()));
    }
    let refused = target.refusals.values;
    if refused > 0 {
        return Some(Label::new(&format!("{refused} counters are no counts (NaN, negative or fractional): unknown")));
    }
    if target.rows.is_empty() && target.answered.is_some() {
        return Some(Label::new("its metrics are of no engine or GPU exporter that is known; check address and path"));
    }
    target.process.holds().then(|| Label::new("counters fell: held until it is clear whether it restarted"))
}

/// How a row that answers is counted, where that is not plain.
fn remarks(fleet: &Fleet, target: &Target, row: &Row) -> Option<Label> {
    let (prompts, outputs) = row_counts(fleet, target, row);
    let remarks = [
        other_names(fleet, target),
        hits(&row.reading.tokens, prompts),
        several_answers(&row.reading.finished).filter(|_| prompts),
        unbilled(fleet, row).filter(|_| prompts || outputs),
        adapters(&row.reading.adapters),
    ];
    let remarks: Vec<String> = remarks.into_iter().flatten().collect();
    (!remarks.is_empty()).then(|| Label::new(&remarks.join("; ")))
}

/// By what other names the engine is seen.
fn other_names(fleet: &Fleet, target: &Target) -> Option<String> {
    let ours = &target.member.target;
    if let Some(first) = target.likeness.double_of() {
        return Some(format!("also seen as {first}, and counted there"));
    }
    let others = fleet.targets.values().filter(|other| other.likeness.double_of() == Some(ours));
    let names: Vec<&str> = others.map(|other| other.member.target.as_str()).collect();
    (!names.is_empty()).then(|| format!("also seen as {}", names.join(", ")))
}

/// What is not known of the hits.
fn hits(tokens: &TokenCounters, counted: bool) -> Option<String> {
    match tokens.prompt {
        _ if tokens.cached.is_some() => None,
        PromptCount::ComputedOnly(_) => Some("hit n/a: it counts computed prompt tokens only".to_owned()),
        PromptCount::Whole(_) if counted => Some("hit n/a: priced as misses".to_owned()),
        PromptCount::Whole(_) | PromptCount::Unknown => None,
    }
}

/// vLLM counts a prompt once an answer: with `n` above 1 its prompt counter is above what the API's usage says.
fn several_answers(finished: &Finished) -> Option<String> {
    let answers = Ratio::of(finished.answers? as f64, finished.asked? as f64)?.get();
    (answers > 1.0).then(|| format!("n > 1: prompts are counted once an answer, {answers:.2} answers a request"))
}

/// Finished requests are to be billed, and the engine does not count them apart.
fn unbilled(fleet: &Fleet, row: &Row) -> Option<String> {
    let unsaid = fleet.site.bill == Bill::Finished && !row.finished.meter.counts();
    unsaid.then(|| "finished requests are not counted apart: all are billed".to_owned())
}

fn adapters(adapters: &[Label]) -> Option<String> {
    let names: Vec<&str> = adapters.iter().map(Label::as_str).collect();
    (!names.is_empty()).then(|| format!("LoRA adapters {} priced as the base model", names.join(", ")))
}
