//! Whether hardware could have produced the tokens in a ledger: applies the bounds on deltas to the stored cells.

use std::collections::HashMap;

use rusqlite::Connection;

use super::disputes::{self, DisputeState};
use super::names::{all, has_table};
use super::verify_scan::{CellRow, FirstFaults};
use super::versions;
use crate::counters::Plausibility;
use crate::counters::plausibility::{UNKNOWN_GPUS, most};
use crate::fleet::BOUND;
use crate::ledger::Classes;
use crate::units::{Span, Timestamp, Tokens};

/// The longest duration of a bucket of a grain.
fn span_of(grain: &str) -> Span {
    Span::from_secs(match grain {
        "minute" => 60,
        "quarter" => 900,
        _ => 25 * 3600,
    })
}

/// The nodes of the accounts, numbered by name.
pub(super) struct NodeNumbers {
    names: Vec<String>,
    /// The node of each revenue account; proxies have none.
    of_accounts: HashMap<i64, usize>,
    /// The node of each cost account of GPUs.
    of_cost_accounts: HashMap<i64, usize>,
}

impl NodeNumbers {
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let pairs =
            |question: &str| all(connection, question, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)));
        let accounts = pairs("SELECT id, node FROM revenue_accounts WHERE role <> 'proxy'")?;
        let gpus = pairs("SELECT id, node FROM cost_accounts WHERE kind = 'gpus' AND node IS NOT NULL")?;
        let mut names: Vec<String> = accounts.iter().chain(&gpus).map(|(_, node)| node.clone()).collect();
        names.sort();
        names.dedup();
        let numbered = |pairs: Vec<(i64, String)>| {
            pairs.into_iter().filter_map(|(id, node)| Some((id, names.binary_search(&node).ok()?))).collect()
        };
        let (of_accounts, of_cost_accounts) = (numbered(accounts), numbered(gpus));
        Ok(Self { names, of_accounts, of_cost_accounts })
    }
}

/// Finds buckets and nodes whose tokens exceed what the node's GPUs can produce. Tokens that a person accepted are
/// excluded, and a proxy has no bound, since it can be in front of any number of GPUs.
pub(super) struct PlausibilityScan<'a> {
    grain: &'static str,
    span: Span,
    nodes: &'a NodeNumbers,
    gpus: Vec<u32>,
    bounds: Plausibility,
    accepted: Vec<(Timestamp, String, Classes)>,
    began: Option<Timestamp>,
    bucket: i64,
    /// The tokens of each node in the bucket; `None` without a row.
    made: Vec<Option<Classes>>,
    /// When each node's output, misses and hits last grew.
    moved: Vec<Option<[Timestamp; 3]>>,
    faults: FirstFaults,
}

impl<'a> PlausibilityScan<'a> {
    pub(super) fn new(
        connection: &Connection,
        grain: &'static str,
        nodes: &'a NodeNumbers,
        counts: &HashMap<usize, u32>,
        bounds: Plausibility,
    ) -> rusqlite::Result<Self> {
        let judged = judged(connection)?;
        let most = |(number, node): (usize, &String)| {
            let known = counts.get(&number).copied().unwrap_or(UNKNOWN_GPUS);
            judged.get(node).copied().unwrap_or(0).max(known)
        };
        Ok(Self {
            grain,
            span: span_of(grain),
            nodes,
            gpus: nodes.names.iter().enumerate().map(most).collect(),
            bounds,
            accepted: accepted(connection)?,
            began: super::meta::instant(connection, "began")?,
            bucket: i64::MIN,
            made: vec![None; nodes.names.len()],
            moved: vec![None; nodes.names.len()],
            faults: FirstFaults::default(),
        })
    }

    /// Adds the next row, in order of time.
    pub(super) fn add(&mut self, row: &CellRow) {
        if row.bucket != self.bucket {
            self.close();
            self.bucket = row.bucket;
        }
        if let Some(node) = self.nodes.of_accounts.get(&row.keys.0) {
            let [miss, hit, output] = row.amounts.map(|count| Tokens::new(u64::try_from(count).unwrap_or_default()));
            *self.made[*node].get_or_insert_default() += Classes { miss, hit, output };
        }
    }

    /// The exceeded bounds, as text.
    pub(super) fn finish(mut self) -> Vec<String> {
        self.close();
        self.faults.finish(|more| format!("{}_tokens: and {more} more that GPUs cannot have made", self.grain))
    }

    /// Checks the completed bucket.
    fn close(&mut self) {
        let (bucket, span) = (Timestamp::from_millis(self.bucket), self.span);
        for number in 0..self.made.len() {
            let Some(made) = self.made[number].take() else { continue };
            let (node, count) = (&self.nodes.names[number], self.gpus[number]);
            let is_in = |minute: Timestamp| bucket <= minute && minute < bucket + span;
            let accepted = self.accepted.iter().filter(|(minute, of, _)| of == node && is_in(*minute));
            let mut waived = Classes::default();
            accepted.for_each(|(.., tokens)| waived += *tokens);
            let times = self.moved[number].get_or_insert([self.began.unwrap_or(bucket); 3]);
            // After buckets without growth, the tokens may be of the whole time since.
            let within = |last: Timestamp| if bucket - last > span { bucket + span - last } else { span };
            let what = beyond(made.less(waived), count, times.map(within), self.bounds);
            for (time, tokens) in times.iter_mut().zip([made.output, made.miss, made.hit]) {
                if tokens > Tokens::ZERO {
                    *time = bucket;
                }
            }
            let Some(what) = what else { continue };
            let grain = self.grain;
            self.faults.add(|| format!("{grain}_tokens: {bucket} on {node}: {what}, more than {count} GPUs can make"));
        }
    }
}

/// The tokens of a bucket that exceed a bound, as text. `times` is how long output, misses and hits may have been produced
/// before they were posted: since each last grew, as in metering.
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

/// The most GPUs that each node was ever paid for at once, as far as stored.
pub(super) struct GpuCounts<'a> {
    nodes: &'a NodeNumbers,
    /// The duration of a bucket, if it is short enough to derive the number of GPUs from; a day is too long.
    span: Option<i128>,
    bucket: i64,
    allocated: HashMap<usize, i128>,
    most: HashMap<usize, u32>,
}

impl<'a> GpuCounts<'a> {
    pub(super) fn of(connection: &Connection, nodes: &'a NodeNumbers) -> rusqlite::Result<Self> {
        let mut most = HashMap::new();
        if let Some(table) = versions::allocated_gpus(connection)? {
            let question = format!("SELECT node, sum(gpus) FROM {table} GROUP BY node");
            for (node, gpus) in all(connection, &question, |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?
            {
                if let Ok(number) = nodes.names.binary_search(&node) {
                    most.insert(number, u32::try_from(gpus).unwrap_or_default());
                }
            }
        }
        Ok(Self { nodes, span: None, bucket: i64::MIN, allocated: HashMap::new(), most })
    }

    /// Begins the rows of a grain.
    pub(super) fn begin(&mut self, grain: &str) {
        self.close();
        self.span = (grain != "day").then(|| span_of(grain).millis().into());
    }

    /// Adds the next row, in order of time.
    pub(super) fn add(&mut self, row: &CellRow) {
        if row.bucket != self.bucket {
            self.close();
            self.bucket = row.bucket;
        }
        if let (Some(node), Some(_)) = (self.nodes.of_cost_accounts.get(&row.keys.0), self.span) {
            *self.allocated.entry(*node).or_default() += row.amounts[0];
        }
    }

    fn close(&mut self) {
        let Some(span) = self.span else { return };
        for (node, allocated) in self.allocated.drain() {
            let gpus = u32::try_from((allocated + span - 1) / span).unwrap_or_default();
            let known = self.most.entry(node).or_default();
            *known = gpus.max(*known);
        }
    }

    /// The most GPUs by node number. A node without a known cost may have any number.
    pub(super) fn finish(mut self) -> HashMap<usize, u32> {
        self.close();
        self.most.retain(|_, gpus| *gpus > 0);
        self.most
    }
}

/// The most GPUs that the bounds of each node's engine rows assumed in total: each row is checked against all GPUs of its
/// node.
fn judged(connection: &Connection) -> rusqlite::Result<HashMap<String, u32>> {
    if !has_table(connection, "saved_nodes")? {
        return Ok(HashMap::new());
    }
    let question = format!("SELECT node, state FROM saved_nodes WHERE substr(node, 1, {}) = '{BOUND}'", BOUND.len());
    let rows = all(connection, &question, |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let gpus = |state: &str| state.parse::<u64>().map_or(0, |gpus| u32::try_from(gpus).unwrap_or(u32::MAX));
    Ok(rows.iter().filter_map(|(key, state)| Some((key.strip_prefix(BOUND)?.to_owned(), gpus(state)))).collect())
}

/// The entries that a person accepted: minute, node and tokens.
fn accepted(connection: &Connection) -> rusqlite::Result<Vec<(Timestamp, String, Classes)>> {
    let nodes = all(connection, "SELECT node FROM revenue_accounts ORDER BY id", |row| row.get::<_, String>(0))?;
    let rows = disputes::rows(connection)?.into_iter().filter(|row| row.state == DisputeState::Accepted);
    let entries = rows.flat_map(|row| row.dispute.entries);
    Ok(entries
        .filter_map(|entry| Some((entry.minute, nodes.get(entry.account.index())?.clone(), entry.tokens)))
        .collect())
}
