//! `margintop ledger disputes` and `margintop ledger reset-target`: lists and decides disputes, and makes the next page
//! of a target a baseline.

use std::path::Path;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Failure, out};
use crate::clock::Clock;
use crate::ledger::{Classes, Dispute, DisputeId, DisputedEnergy};
use crate::reading::{InstanceId, ModelName, PromptCount, Rank, TargetId, TokenCounters};
use crate::store::{self, DisputeRow, DisputeState, Reader};
use crate::suggestion::meant;
use crate::units::{Timestamp, Tokens};

/// Lists disputed tokens, or decides a dispute.
#[derive(Debug, Clone, Args)]
pub(super) struct DisputeArgs {
    #[command(subcommand)]
    pub(super) decide: Option<Decide>,

    /// Those too that were accepted or rejected
    #[arg(long, help_heading = "Display")]
    pub(super) all: bool,

    /// Print a JSON array
    #[arg(long, help_heading = "Display")]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Decide {
    /// Post the tokens of a dispute, at the prices in force when they were made
    Accept {
        /// Its number
        #[arg(value_name = "ID", value_parser = dispute_id)]
        id: u64,
    },
    /// Discard the tokens of a dispute
    Reject {
        /// Its number
        #[arg(value_name = "ID", value_parser = dispute_id)]
        id: u64,
    },
}

/// Reads the number of a dispute.
fn dispute_id(text: &str) -> Result<u64, String> {
    let why = || format!("\"{text}\" is not a number: write one that `margintop ledger disputes` lists");
    text.parse().map_err(|_| why())
}

/// Lists disputes, or decides one.
///
/// # Errors
/// [`Failure::Usage`] if a decision has a flag of the list, or if its dispute is not open.
pub(super) fn run(path: &Path, args: &DisputeArgs) -> Result<(), Failure> {
    let flag = if args.all { Some("--all") } else { args.json.then_some("--json") };
    if let (Some(decide), Some(flag)) = (args.decide, flag) {
        let (word, id) = match decide {
            Decide::Accept { id } => ("accept", id),
            Decide::Reject { id } => ("reject", id),
        };
        return Err(Failure::Usage(format!(
            "{flag} is for the list of disputes: write `margintop ledger disputes {word} {id}` without it"
        )));
    }
    match args.decide {
        None if args.json => print(&json(&listed(path, args.all)?)?),
        None => print(&table(&listed(path, args.all)?)),
        Some(Decide::Accept { id }) => decide(path, DisputeId(id), true),
        Some(Decide::Reject { id }) => decide(path, DisputeId(id), false),
    }
}

/// Forgets the process behind a target, so that its next page is a baseline.
pub(super) fn reset_target(path: &Path, url: &str) -> Result<(), Failure> {
    // The id of a target is its full address.
    let parsed: Option<TargetId> = url.parse::<crate::source::PolledTarget>().ok().map(|target| target.id);
    let target = parsed.unwrap_or_else(|| TargetId::new(url));
    match store::reset_target(path, &target, Clock::System.now().wall)? {
        Ok(()) => print(&format!(
            "{target} is reset: its next page is a baseline, and what it counted since the last one is not posted"
        )),
        Err(known) if known.is_empty() => {
            Err(Failure::Usage(format!("{target}: the ledger knows no target: nothing was ever watched for it")))
        }
        Err(known) => {
            let near = meant(target.as_str(), known.iter().map(String::as_str));
            let near = if near.is_empty() { ".".to_owned() } else { near };
            let known = known.join("\n  ");
            Err(Failure::Usage(format!("no target \"{target}\" in this ledger{near} It knows:\n  {known}")))
        }
    }
}

fn listed(path: &Path, all: bool) -> Result<Vec<DisputeRow>, Failure> {
    let mut rows = Reader::open(path)?.disputes()?;
    rows.retain(|row| all || row.state == DisputeState::Open);
    Ok(rows)
}

fn decide(path: &Path, id: DisputeId, accepted: bool) -> Result<(), Failure> {
    let now = Clock::System.now().wall;
    match store::decide(path, id, accepted, now)? {
        None => {
            let open: Vec<String> = listed(path, false)?.iter().map(|row| row.dispute.id.0.to_string()).collect();
            let open = if open.is_empty() { "none is open".to_owned() } else { format!("open: {}", open.join(", ")) };
            Err(Failure::Usage(format!("no dispute {} in this ledger; {open}", id.0)))
        }
        Some(row) if row.state != DisputeState::Open => {
            let (state, at) = (row.state.name(), row.decided_at.unwrap_or_default());
            Err(Failure::Usage(format!("dispute {} was {state} on {at}: a decision is made once", id.0)))
        }
        Some(row) => {
            let (what, unpriced) = match &row.dispute.energy {
                None => (format!("{} tokens", row.dispute.tokens().count()), "which have no price"),
                Some(energy) => (format!("{} kWh", kwh(energy.total())), "which has no price"),
            };
            let worth = row.value.map_or_else(|| unpriced.to_owned(), |value| format!("worth {value}"));
            let (decided, done) = if accepted { ("accepted", "posted") } else { ("rejected", "discarded") };
            print(&format!("dispute {} is {decided}: {what} {done}, {worth}", id.0))
        }
    }
}

/// A dispute as `--json` prints it.
#[derive(Serialize)]
struct ListedDispute<'a> {
    id: u64,
    at: Timestamp,
    target: &'a str,
    instance: Option<&'a str>,
    rank: Option<&'a str>,
    model: Option<&'a str>,
    miss_tokens: Tokens,
    hit_tokens: Tokens,
    output_tokens: Tokens,
    /// The disputed energy; `None` for a dispute of tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    energy: Option<ListedEnergy<'a>>,
    value: Option<String>,
    evidence: &'a crate::ledger::Evidence,
    elapsed_seconds: f64,
    state: &'a str,
    decided_at: Option<Timestamp>,
}

/// Disputed energy, as `--json` prints it.
#[derive(Serialize)]
struct ListedEnergy<'a> {
    node: &'a str,
    gpu: u32,
    uuid: &'a str,
    millijoules: u64,
    before_millijoules: u64,
    after_millijoules: u64,
}

impl<'a> ListedEnergy<'a> {
    fn of(energy: &'a DisputedEnergy) -> Self {
        Self {
            node: energy.node.as_str(),
            gpu: energy.index,
            uuid: energy.gpu.as_str(),
            millijoules: energy.total(),
            before_millijoules: energy.before,
            after_millijoules: energy.after,
        }
    }
}

/// Millijoules in kilowatt-hours.
fn kwh(millijoules: u64) -> String {
    format!("{:.6}", millijoules as f64 / 3.6e9)
}

fn classes(dispute: &Dispute) -> Classes {
    let mut sum = Classes::default();
    dispute.entries.iter().for_each(|entry| sum += entry.tokens);
    sum
}

fn json(rows: &[DisputeRow]) -> Result<String, Failure> {
    let listed: Vec<ListedDispute<'_>> = rows
        .iter()
        .map(|row| {
            let Dispute { id, target, instance, rank, model, evidence, .. } = &row.dispute;
            let Classes { miss, hit, output } = classes(&row.dispute);
            ListedDispute {
                id: id.0,
                at: row.at,
                target: target.as_str(),
                instance: instance.as_ref().map(InstanceId::as_str),
                rank: rank.as_ref().map(Rank::as_str),
                model: model.as_ref().map(ModelName::as_str),
                miss_tokens: miss,
                hit_tokens: hit,
                output_tokens: output,
                energy: row.dispute.energy.as_ref().map(ListedEnergy::of),
                value: row.value.map(|value| value.to_string()),
                evidence,
                elapsed_seconds: (evidence.to - evidence.from).as_secs_f64(),
                state: row.state.name(),
                decided_at: row.decided_at,
            }
        })
        .collect();
    Ok(serde_json::to_string(&listed)?)
}

fn table(rows: &[DisputeRow]) -> String {
    if rows.is_empty() {
        return "no dispute is open".to_owned();
    }
    let listed: String = rows.iter().map(entry).collect();
    listed + "`margintop ledger disputes accept ID` posts what it is about, `reject ID` discards it"
}

/// A dispute in four or five lines.
fn entry(row: &DisputeRow) -> String {
    let Dispute { id, target, instance, rank, model, evidence, .. } = &row.dispute;
    let whose = [
        model.as_ref().map(ToString::to_string),
        instance.as_ref().map(|instance| format!("instance {instance}")),
        rank.as_ref().map(|rank| format!("rank {rank}")),
    ];
    let gpu =
        row.dispute.energy.as_ref().map(|energy| format!("{} GPU {} ({})", energy.node, energy.index, energy.gpu));
    let whose: Vec<String> = [Some(target.to_string()), gpu].into_iter().chain(whose).flatten().collect();
    let value = row.value.map_or_else(|| "no price".to_owned(), |value| value.to_string());
    let state = match (row.state, row.decided_at) {
        (DisputeState::Open, _) | (_, None) => row.state.name().to_owned(),
        (state, Some(at)) => format!("{} on {at}", state.name()),
    };
    let elapsed = format!("{:.1} s from {}", (evidence.to - evidence.from).as_secs_f64(), evidence.from);
    let mut lines = vec![format!("{}  {}  {}  {state}", id.0, row.at, whose.join(", "))];
    lines.extend(match &row.dispute.energy {
        None => about_tokens(&row.dispute, &value, &elapsed),
        Some(energy) => about_energy(energy, &value, &elapsed),
    });
    lines.push(evidence.bound.clone());
    lines.join("\n    ") + "\n"
}

fn about_tokens(dispute: &Dispute, value: &str, elapsed: &str) -> Vec<String> {
    let (Classes { miss, hit, output }, evidence) = (classes(dispute), &dispute.evidence);
    let started = |at: Option<Timestamp>| at.map_or_else(|| "unknown".to_owned(), |at| at.to_string());
    let (before, after) = (started(evidence.start_before), started(evidence.start_after));
    vec![
        format!("tokens: {} computed, {} cached, {} output; value {value}", miss.count(), hit.count(), output.count()),
        format!("counters: {} -> {}", counters(evidence.before), counters(evidence.after)),
        format!("process started: {before} -> {after}; {elapsed}"),
    ]
}

fn about_energy(energy: &DisputedEnergy, value: &str, elapsed: &str) -> Vec<String> {
    let joules = |millijoules: u64| format!("{}.{:03} J", millijoules / 1000, millijoules % 1000);
    vec![
        format!("energy: {} kWh; value {value}", kwh(energy.total())),
        format!("counter: {} -> {}; {elapsed}", joules(energy.before), joules(energy.after)),
    ]
}

/// `prompt 5000, cached 2000, output 900`.
fn counters(counters: TokenCounters) -> String {
    let prompt = match counters.prompt {
        PromptCount::Whole(tokens) => format!("prompt {}", tokens.count()),
        PromptCount::ComputedOnly(tokens) => format!("computed {}", tokens.count()),
        PromptCount::Unknown => "prompt unknown".to_owned(),
    };
    let part = |name: &str, tokens: Option<Tokens>| match tokens {
        Some(tokens) => format!(", {name} {}", tokens.count()),
        None => format!(", {name} unknown"),
    };
    format!("{prompt}{}{}", part("cached", counters.cached), part("output", counters.output))
}

fn print(text: &str) -> Result<(), Failure> {
    // Names in a ledger come from outside and may have control characters.
    let harmless: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    out::line(&harmless)
}
