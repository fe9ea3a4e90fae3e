//! The engines of a node under margintop's own names: the same ones for every engine, with its program in a label.
//!
//! `dialect::engines::margintop` reads these names, and gives back the readings that they were written from. A value that an engine's
//! page does not have has no line. A counter whose value was refused is `NaN`, which is refused again where it is read.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::engine_status::EngineStatus;
use crate::exposition::{Emitter, FamilyKind};
use crate::reading::{
    EngineReading, Histogram, InstanceId, Latency, PageReading, PromptCount, SeriesValue, TokenCounters,
};
use crate::units::{Ratio, Timestamp, Tokens};

/// The labels of one row.
type RowLabels = Vec<(&'static str, String)>;
/// A latency of one row, if the page has it.
type LatencyOf = fn(&Latency) -> Option<&Histogram>;
/// A figure of one row, if it is known.
type RowFigure = fn(&EngineReading) -> Option<f64>;

/// Lifetime counters and gauges with one line a row.
const FIGURES: [(&str, FamilyKind, &str, RowFigure); 25] = [
    ("live_computed_prompt_tokens_total", COUNTER, "Prompt tokens computed, counted while requests run.", |row| {
        tokens(row.live?.computed)
    }),
    ("live_cached_tokens_total", COUNTER, "Prompt tokens taken from a cache, counted while requests run.", |row| {
        tokens(row.live?.cached)
    }),
    ("live_output_tokens_total", COUNTER, "Output tokens, counted while requests run.", |row| tokens(row.live?.output)),
    ("transferred_tokens_total", COUNTER, "Prompt tokens whose KV came from outside the engine.", |row| {
        tokens(row.transferred)
    }),
    ("preemptions_total", COUNTER, "Requests preempted because memory ran out.", |row| count(row.preemptions)),
    ("draft_rounds_total", COUNTER, "Rounds of speculative decoding.", |row| count(row.speculation?.drafts)),
    ("draft_tokens_total", COUNTER, "Tokens drafted.", |row| count(row.speculation?.drafted)),
    ("accepted_draft_tokens_total", COUNTER, "Accepted draft tokens.", |row| count(row.speculation?.accepted)),
    ("requests_total", COUNTER, "Requests that ended.", |row| count(row.finished.requests)),
    ("requests_stopped_total", COUNTER, "Requests that ended at a stop token.", |row| count(row.finished.stopped)),
    ("requests_at_length_limit_total", COUNTER, "Requests that ended at their length limit.", |row| {
        count(row.finished.length)
    }),
    ("requests_aborted_total", COUNTER, "Requests aborted by their client.", |row| count(row.finished.aborted)),
    ("requests_failed_total", COUNTER, "Requests that ended by an error.", |row| count(row.finished.failed)),
    ("finished_prompt_tokens_total", COUNTER, "Prompt tokens of finished requests.", |row| tokens(row.finished.prompt)),
    ("finished_output_tokens_total", COUNTER, "Output tokens of finished requests.", |row| tokens(row.finished.output)),
    ("requests_asking_for_answers_total", COUNTER, "Finished requests with a number of answers.", |row| {
        count(row.finished.asked)
    }),
    ("answers_total", COUNTER, "Answers of those requests.", |row| count(row.finished.answers)),
    ("requests_running", GAUGE, "Running requests.", |row| count(row.running)),
    ("requests_waiting", GAUGE, "Waiting requests.", |row| count(row.waiting)),
    ("kv_usage_ratio", GAUGE, "Used share of the KV cache.", |row| row.kv_usage.map(Ratio::get)),
    ("rank_work_total", COUNTER, "Work of this rank in steps that ranks take together.", |row| {
        Some(row.work.steps?[0])
    }),
    ("rank_work_missing_total", COUNTER, "How much less that was than the work of the busiest rank.", |row| {
        Some(row.work.steps?[1])
    }),
    ("expert_balancedness_sum", COUNTER, "Mean over maximum of the tokens of each GPU's experts, summed.", |row| {
        Some(row.work.experts?[0])
    }),
    ("expert_balancedness_count", COUNTER, "The number of those samples.", |row| Some(row.work.experts?[1])),
    ("tokens_unknown", GAUGE, "Whether the engine's own token counters are unknown (1).", |row| {
        row.tokens.is_empty().then_some(1.0)
    }),
];
/// The latency histograms. Their sums are unknown: an engine's own page has them.
const LATENCIES: [(&str, &str, LatencyOf); 4] = [
    ("ttft_seconds", "From arrival to the first token.", |latency| latency.ttft.as_ref()),
    ("itl_seconds", "Between two tokens of a request.", |latency| latency.itl.as_ref()),
    ("e2e_seconds", "From arrival to the last token.", |latency| latency.e2e.as_ref()),
    ("queue_seconds", "In the queue.", |latency| latency.queue.as_ref()),
];
const COUNTER: FamilyKind = FamilyKind::Counter;
const GAUGE: FamilyKind = FamilyKind::Gauge;

fn tokens(tokens: Option<Tokens>) -> Option<f64> {
    count(tokens.map(Tokens::count))
}

fn count(count: Option<u64>) -> Option<f64> {
    // A count of a page is below 2^53.
    count.map(|count| count as f64)
}

/// Writes what is known of a node's engines to a page.
pub(super) fn write_engines(page: &mut Emitter, engines: &[&EngineStatus]) {
    let rows: Vec<(RowLabels, &EngineReading)> = engines.iter().flat_map(|engine| rows(engine)).collect();
    write_tokens(page, &rows);
    for (name, kind, help, figure) in FIGURES {
        let name = format!("margintop_engine_{name}");
        let known = rows.iter().filter_map(|(labels, row)| Some((labels, figure(row)?)));
        write_family(page, &name, kind, help, known.map(|(labels, value)| (borrowed(labels), value)));
    }
    for (name, help, of) in LATENCIES {
        write_histogram(page, &format!("margintop_{name}"), help, of, &rows);
    }
    write_processes(page, engines);
    write_scrapes(page, engines);
}

/// The rows of an engine's last page, with their labels.
fn rows(engine: &EngineStatus) -> impl Iterator<Item = (RowLabels, &EngineReading)> {
    let readings = engine.page.as_deref().map(|page| page.engines.as_slice()).unwrap_or_default();
    readings.iter().map(|row| (row_labels(&engine.address, row), row))
}

fn row_labels(address: &str, row: &EngineReading) -> RowLabels {
    let (process, version) = split_version(row.instance.as_ref());
    let model = row.model.as_ref().map(|model| model.as_str().to_owned());
    // A placeholder is no name: another one says the same.
    let model = model.or_else(|| row.placeholder.then(|| "none".to_owned()));
    let mut labels = vec![("engine", row.kind.to_string()), ("engine_address", address.to_owned())];
    let others = [
        ("engine_process", process),
        ("model", model),
        ("model_version", version),
        ("rank", row.rank.as_ref().map(ToString::to_string)),
        ("role", row.role.map(|role| role.to_string())),
    ];
    labels.extend(others.into_iter().filter_map(|(name, value)| Some((name, value?))));
    labels
}

/// The process and the model's version that an instance names. Blanks are between the parts of its name, which is one label here.
fn split_version(instance: Option<&InstanceId>) -> (Option<String>, Option<String>) {
    let Some(name) = instance.map(InstanceId::as_str) else { return (None, None) };
    if let Some(version) = name.strip_prefix(InstanceId::VERSION) {
        return (None, Some(version.to_owned()));
    }
    let within = format!(" {}", InstanceId::VERSION);
    match name.split_once(&within) {
        Some((process, version)) => (Some(process.replace(' ', "/")), Some(version.to_owned())),
        None => (Some(name.replace(' ', "/")), None),
    }
}

fn borrowed(labels: &RowLabels) -> Vec<(&str, &str)> {
    labels.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Writes the head and the lines of a family, unless it has no line.
fn write_family<'l>(
    page: &mut Emitter,
    name: &str,
    kind: FamilyKind,
    help: &str,
    lines: impl Iterator<Item = (Vec<(&'l str, &'l str)>, f64)>,
) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        page.family(name, kind, help);
    }
    for (labels, value) in lines {
        page.sample(name, &labels, value);
    }
}

/// A token counter of a row: its value, its series, and whether its value was refused.
struct TokenCounter<'r> {
    value: Option<Tokens>,
    series: &'r [SeriesValue],
    refused: bool,
}

type TokenCounterOf = for<'r> fn(&'r EngineReading) -> TokenCounter<'r>;

const TOKENS: [(&str, &str, TokenCounterOf); 4] = [
    ("margintop_prompt_tokens_total", "Prompt tokens, cached ones included.", |row| TokenCounter {
        value: row.tokens.whole_prompt(),
        series: &row.series.prompt,
        refused: row.refused[0],
    }),
    ("margintop_computed_prompt_tokens_total", "Prompt tokens of an engine that does not count cached ones.", |row| {
        TokenCounter { value: computed_only(&row.tokens), series: &[], refused: false }
    }),
    ("margintop_cached_tokens_total", "The part of the prompt tokens that came from a cache.", |row| TokenCounter {
        value: row.tokens.cached,
        series: &row.series.cached,
        refused: false,
    }),
    ("margintop_output_tokens_total", "Output tokens.", |row| TokenCounter {
        value: row.tokens.output,
        series: &row.series.output,
        refused: row.refused[1],
    }),
];

fn computed_only(counters: &TokenCounters) -> Option<Tokens> {
    match counters.prompt {
        PromptCount::ComputedOnly(computed) => Some(computed),
        PromptCount::Whole(_) | PromptCount::Unknown => None,
    }
}

fn write_tokens(page: &mut Emitter, rows: &[(RowLabels, &EngineReading)]) {
    for (name, help, counter) in TOKENS {
        let mut begun = false;
        for (labels, row) in rows {
            for (series, value) in lines_of(&counter(row)) {
                if !std::mem::replace(&mut begun, true) {
                    page.family(name, COUNTER, help);
                }
                let mut labels = borrowed(labels);
                labels.extend(series.as_deref().map(|series| ("series", series)));
                page.sample(name, &labels, value);
            }
        }
    }
}

/// The lines of a token counter: one for each series, or one in all.
fn lines_of(counter: &TokenCounter<'_>) -> Vec<(Option<String>, f64)> {
    match counter.value {
        Some(_) if !counter.series.is_empty() => {
            let line = |one: &SeriesValue| (Some(format!("{:016x}", one.series)), one.value.count() as f64);
            counter.series.iter().map(line).collect()
        }
        Some(total) => vec![(None, total.count() as f64)],
        None if counter.refused => vec![(None, f64::NAN)],
        None => Vec::new(),
    }
}

fn write_histogram(page: &mut Emitter, name: &str, help: &str, of: LatencyOf, rows: &[(RowLabels, &EngineReading)]) {
    let known: Vec<_> = rows.iter().filter_map(|(labels, row)| Some((labels, of(&row.latency)?))).collect();
    if known.is_empty() {
        return;
    }
    page.family(name, FamilyKind::Histogram, help);
    let (bucket, total) = (format!("{name}_bucket"), format!("{name}_count"));
    let mut bound = String::new();
    for (labels, histogram) in known {
        for (upper, count) in histogram.bounds.iter().zip(histogram.counts.iter()) {
            bound.clear();
            // Writing to a String cannot fail.
            let _ = if upper.is_finite() { write!(bound, "{upper}") } else { write!(bound, "+Inf") };
            let mut labels = borrowed(labels);
            labels.push(("le", &bound));
            page.sample(&bucket, &labels, count);
        }
        page.sample(&total, &borrowed(labels), histogram.counts.last().copied().unwrap_or_default());
    }
}

/// Writes the start times of the engines' processes, and the adapters that they name.
fn write_processes(page: &mut Emitter, engines: &[&EngineStatus]) {
    let mut starts = Vec::new();
    for (engine, reading) in engines.iter().filter_map(|engine| Some((engine, engine.page.as_deref()?))) {
        for (instance, start, is_other) in starts_of(reading) {
            let (process, _) = split_version(instance);
            let mut labels = vec![("engine_address", engine.address.clone())];
            labels.extend(process.map(|process| ("engine_process", process)));
            labels.extend(is_other.then(|| ("other", "true".to_owned())));
            if starts.iter().all(|(known, _)| *known != labels) {
                starts.push((labels, start));
            }
        }
    }
    let lines = starts.iter().map(|(labels, start)| (borrowed(labels), seconds(*start)));
    let help = "When the process of an engine started; `other` is the latest of others with the same labels.";
    write_family(page, "margintop_process_start_time_seconds", GAUGE, help, lines);

    let mut adapters = BTreeSet::new();
    for engine in engines {
        for (labels, row) in rows(engine).filter(|(_, row)| !row.adapters.is_empty()) {
            let names: Vec<&str> = row.adapters.iter().map(crate::reading::Label::as_str).collect();
            let is_of_process = |(name, _): &&(&str, String)| matches!(*name, "engine_address" | "engine_process");
            let mut labels: RowLabels = labels.iter().filter(is_of_process).cloned().collect();
            labels.push(("running_lora_adapters", names.join(",")));
            adapters.insert((labels, engine.at));
        }
    }
    let lines = adapters.iter().map(|(labels, at)| (borrowed(labels), seconds(*at)));
    write_family(page, "margintop_engine_adapters_info", GAUGE, "Active LoRA adapters.", lines);
}

/// The start times of a page's processes, and whether each is of a further process with the same labels.
fn starts_of(page: &PageReading) -> impl Iterator<Item = (Option<&InstanceId>, Timestamp, bool)> {
    let own = page.start.map(|start| (None, start, false));
    let of_instances = page.instance_starts.iter().map(|(instance, start)| (Some(instance), *start, false));
    let others = page.other_starts.iter().map(|(instance, start)| (instance.as_ref(), *start, true));
    own.into_iter().chain(of_instances).chain(others)
}

/// Writes whether each engine answers, and what its scrapes cost.
fn write_scrapes(page: &mut Emitter, engines: &[&EngineStatus]) {
    type ScrapeFigure = fn(&EngineStatus) -> Option<f64>;
    let figures: [(&str, FamilyKind, &str, ScrapeFigure); 5] = [
        ("up", GAUGE, "Whether the engine's page was read.", |engine| Some(f64::from(u8::from(engine.page.is_some())))),
        ("scrape_timestamp_seconds", GAUGE, "When the engine's page was read.", |engine| {
            engine.page.as_ref().map(|_| seconds(engine.at))
        }),
        ("scrape_duration_seconds", GAUGE, "How long the engine took to send its page.", |engine| {
            Some(engine.cost.seconds)
        }),
        ("scrape_size_bytes", GAUGE, "The size of the engine's page.", |engine| Some(engine.cost.bytes as f64)),
        ("scrape_failures_total", COUNTER, "Scrapes of the engine that failed.", |engine| Some(engine.failures as f64)),
    ];
    for (name, kind, help, figure) in figures {
        let processes = engines.iter().flat_map(|engine| {
            let value = figure(engine);
            let of = if name == "scrape_timestamp_seconds" { process_labels(engine) } else { vec![address(engine)] };
            of.into_iter().filter_map(move |labels| Some((labels, value?)))
        });
        let lines: Vec<(RowLabels, f64)> = processes.collect();
        let lines = lines.iter().map(|(labels, value)| (borrowed(labels), *value));
        write_family(page, &format!("margintop_engine_{name}"), kind, help, lines);
    }
    let silent = engines.iter().filter_map(|engine| Some((engine, engine.error.as_ref()?.to_string())));
    let causes: Vec<RowLabels> =
        silent.map(|(engine, cause)| [address(engine), vec![("cause", cause)]].concat()).collect();
    let lines = causes.iter().map(|labels| (borrowed(labels), 1.0));
    write_family(page, "margintop_engine_error", GAUGE, "Why the engine's page could not be read.", lines);
}

fn address(engine: &EngineStatus) -> RowLabels {
    vec![("engine_address", engine.address.clone())]
}

/// The labels of each process of an engine's page.
fn process_labels(engine: &EngineStatus) -> Vec<RowLabels> {
    let is_of_process = |(name, _): &(&'static str, String)| matches!(*name, "engine_address" | "engine_process");
    let all = rows(engine).map(|(labels, _)| labels.into_iter().filter(is_of_process).collect());
    all.collect::<BTreeSet<RowLabels>>().into_iter().collect()
}

fn seconds(at: Timestamp) -> f64 {
    at.millis() as f64 / 1000.0
}
