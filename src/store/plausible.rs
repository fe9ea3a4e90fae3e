//! Whether hardware could have made the tokens that a ledger holds: the bounds that a delta is judged by, once more over
//! what is stored.

use std::collections::HashMap;

use rusqlite::Connection;

use super::disputes::{self, DisputeState};
use super::names::{all, has_table};
use super::verify::MOST;
use crate::counters::Plausibility;
use crate::counters::plausibility::{UNKNOWN_GPUS, most};
use crate::fleet::BOUND;
use crate::ledger::Classes;
use crate::units::{Span, Timestamp, Tokens};

/// The grains, and the longest that a bucket of each is.
const GRAINS: [(&str, Span); 3] =
    [("minute", Span::from_secs(60)), ("quarter", Span::from_secs(900)), ("day", Span::from_secs(25 * 3600))];

/// Buckets and nodes whose tokens exceed what the node's GPUs can make. Tokens that a person accepted are not judged, and
/// a proxy has no bound: it stands before any number of GPUs.
pub(super) fn faults(connection: &Connection, bounds: Plausibility) -> rusqlite::Result<Vec<String>> {
    let (gpus, judged) = (gpus(connection)?, judged(connection)?);
    let accepted = accepted(connection)?;
    let began = super::restore::instant(connection, "began")?;
    let mut faults = Vec::new();
    for (grain, span) in GRAINS {
        let mut told = 0;
        let mut moved: HashMap<String, [Timestamp; 3]> = HashMap::new();
        for (bucket, node, made) in made(connection, grain)? {
            let count = gpus.get(&node).copied().unwrap_or(UNKNOWN_GPUS);
            let count = judged.get(&node).copied().unwrap_or(0).max(count);
            let accepted =
                accepted.iter().filter(|(minute, of, _)| *of == node && bucket <= *minute && *minute < bucket + span);
            let mut waived = Classes::default();
            accepted.for_each(|(.., tokens)| waived += *tokens);
            let judged = made.less(waived);
            let times = moved.entry(node.clone()).or_insert([began.unwrap_or(bucket); 3]);
            // After buckets without growth the tokens may be of all the time since.
            let within = |last: Timestamp| if bucket - last > span { bucket + span - last } else { span };
            let what = beyond(judged, count, times.map(within), bounds);
            for (time, tokens) in times.iter_mut().zip([made.output, made.miss, made.hit]) {
                if tokens > Tokens::ZERO {
                    *time = bucket;
                }
            }
            let Some(what) = what else { continue };
            told += 1;
            if told <= MOST {
                faults.push(format!("{grain}_tokens: {bucket} on {node}: {what}, more than {count} GPUs can make"));
            }
        }
        if told > MOST {
            faults.push(format!("{grain}_tokens: and {} more that GPUs cannot have made", told - MOST));
        }
    }
    Ok(faults)
}

/// What of a bucket exceeds its bound. `times` is how long output, misses and hits may have been produced before they were
/// posted: since each last grew, as when they were counted.
fn beyond(made: Classes, gpus: u32, times: [Span; 3], bounds: Plausibility) -> Option<String> {
    // Without hits, prompts may be cached ones that the engine does not count.
    let prompt = if made.hit == Tokens::ZERO { bounds.cached_per_gpu } else { bounds.computed_per_gpu };
    let judged = [
        (made.output, bounds.output_per_gpu, "output"),
        (made.miss, prompt, "computed prompt"),
        (made.hit, bounds.cached_per_gpu, "cached prompt"),
    ];
    let above =
        |((tokens, per_gpu, _), span): &((Tokens, u64, &str), Span)| tokens.count() > most(*per_gpu, gpus, *span);
    let found = judged.into_iter().zip(times).find(above);
    found.map(|((tokens, _, what), _)| format!("{} {what} tokens", tokens.count()))
}

/// Tokens by bucket and node, in the order of time.
fn made(connection: &Connection, grain: &str) -> rusqlite::Result<Vec<(Timestamp, String, Classes)>> {
    let question = format!(
        "SELECT k.bucket, a.node, sum(k.miss), sum(k.hit), sum(k.output)
         FROM {grain}_tokens k JOIN revenue_accounts a ON a.id = k.account WHERE a.role <> 'proxy'
         GROUP BY k.bucket, a.node ORDER BY k.bucket"
    );
    let count = |count: i64| Tokens::new(u64::try_from(count).unwrap_or_default());
    all(connection, &question, |row| {
        let tokens = Classes { miss: count(row.get(2)?), hit: count(row.get(3)?), output: count(row.get(4)?) };
        Ok((Timestamp::from_millis(row.get(0)?), row.get(1)?, tokens))
    })
}

/// The most GPUs that each node was ever paid for at once, as far as is kept.
fn gpus(connection: &Connection) -> rusqlite::Result<HashMap<String, u32>> {
    let mut questions = Vec::new();
    if has_table(connection, "rented")? {
        questions.push("SELECT node, sum(gpus) FROM rented GROUP BY node".to_owned());
    }
    for (grain, span) in &GRAINS[..2] {
        let span = span.millis();
        questions.push(format!(
            "SELECT node, max(gpus) FROM (
                 SELECT l.node AS node, (sum(r.allocated_ms) + {span} - 1) / {span} AS gpus
                 FROM {grain}_gpu_time r JOIN cost_accounts l ON l.id = r.cost_account
                 WHERE l.kind = 'gpus' AND l.node IS NOT NULL GROUP BY r.bucket, l.node)
             GROUP BY node"
        ));
    }
    let mut most: HashMap<String, u32> = HashMap::new();
    for question in questions {
        for (node, gpus) in all(connection, &question, |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))? {
            let gpus = u32::try_from(gpus).unwrap_or_default();
            let known = most.entry(node).or_default();
            *known = gpus.max(*known);
        }
    }
    // A node whose rent is known by nobody may have any number.
    most.retain(|_, gpus| *gpus > 0);
    Ok(most)
}

/// The most GPUs that the bounds of each node's engine rows assumed together: each row is judged by all GPUs of its node.
fn judged(connection: &Connection) -> rusqlite::Result<HashMap<String, u32>> {
    if !has_table(connection, "saved_nodes")? {
        return Ok(HashMap::new());
    }
    let question = format!("SELECT node, state FROM saved_nodes WHERE substr(node, 1, {}) = '{BOUND}'", BOUND.len());
    let rows = all(connection, &question, |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let gpus = |state: &str| state.parse::<u64>().map_or(0, |gpus| u32::try_from(gpus).unwrap_or(u32::MAX));
    Ok(rows.iter().filter_map(|(key, state)| Some((key.strip_prefix(BOUND)?.to_owned(), gpus(state)))).collect())
}

/// Entries that a person accepted: when, on which node, and how many.
fn accepted(connection: &Connection) -> rusqlite::Result<Vec<(Timestamp, String, Classes)>> {
    let nodes = all(connection, "SELECT node FROM revenue_accounts ORDER BY id", |row| row.get::<_, String>(0))?;
    let rows = disputes::rows(connection)?.into_iter().filter(|row| row.state == DisputeState::Accepted);
    let entries = rows.flat_map(|row| row.dispute.entries);
    Ok(entries
        .filter_map(|entry| Some((entry.minute, nodes.get(entry.account.index())?.clone(), entry.tokens)))
        .collect())
}
