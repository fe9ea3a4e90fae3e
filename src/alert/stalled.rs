//! The rule for engines that answer, have requests running, and produce no token.

use std::collections::HashMap;
use std::sync::Arc;

use super::finding::Finding;
use crate::dialect;
use crate::reading::{EngineKind, Health, Label, ModelName, Rank, TargetId};
use crate::snapshot::{AMBIGUOUS, EngineRow, QUARANTINED, Rule, SAME_START, Severity, Snapshot, engine_subject};
use crate::units::{Ratio, Span, Timestamp, Tokens};

/// The longest time that an engine may have requests running without a token.
const PATIENCE: Span = Span::from_secs(60);
/// The same for engines that count tokens only when a request ends, if nothing else was seen to move.
const PATIENCE_AT_END: Span = Span::from_secs(600);

/// The longest time since an answer that is counted, in seconds: a year.
const LONGEST_AGE: f64 = 3.2e7;

/// The key of a row of a target.
type TargetRow = (TargetId, Option<Rank>, Option<ModelName>);
/// The values that move when a row, or all rows of its target, produce tokens.
type TokenMovement = (Option<Tokens>, Option<Tokens>, Option<Ratio>);

/// The state of a row that has requests running.
#[derive(Debug, Clone, Copy)]
struct RowWork {
    progress: TokenMovement,
    /// When the progress last changed.
    changed: Timestamp,
    /// When a token was last seen to be produced, or when requests began to run.
    moved: Timestamp,
    /// Whether its rates move while its counters do not: it has live counters.
    is_live: bool,
    /// The last snapshot in which it had requests running.
    seen: Timestamp,
}

/// The state of all rows that have requests running.
#[derive(Debug, Default)]
pub(super) struct Stalls {
    rows: HashMap<TargetRow, RowWork>,
}

impl Stalls {
    /// Reads the next snapshot. After this machine slept, all states begin again.
    pub(super) fn findings(&mut self, snapshot: &Snapshot) -> Vec<Finding> {
        if snapshot.resuming {
            self.rows.clear();
        }
        let mut found = Vec::new();
        // The rows of a target are adjacent.
        let targets = snapshot.engines.chunk_by(|a, b| a.target == b.target);
        for (row, siblings) in targets.flat_map(|rows| rows.iter().map(move |row| (row, rows))) {
            let is_at_work = |running: &u64| *running > 0 && row.state == Health::Live && !has_unknown_counters(row);
            let Some(running) = row.running.filter(is_at_work) else {
                continue;
            };
            let key = (row.target.clone(), row.rank.clone(), row.model.clone());
            let work = RowWork { seen: snapshot.at, ..follow(self.rows.get(&key).copied(), row, (snapshot, siblings)) };
            let silent = answered(row, snapshot) - work.moved;
            let counts_live = work.is_live || siblings.iter().any(|row| row.has_live_counters);
            let patience = if counts_at_end(row.kind) && !counts_live { PATIENCE_AT_END } else { PATIENCE };
            if silent >= patience && knows_tokens(row, siblings) {
                found.push(finding(row, running, silent));
            }
            self.rows.insert(key, work);
        }
        self.rows.retain(|_, work| work.seen == snapshot.at);
        found
    }
}

/// When a row's engine answered last. Since then nothing is known of its tokens: that it was not polled, or does not answer, is
/// no stall.
fn answered(row: &EngineRow, snapshot: &Snapshot) -> Timestamp {
    let age = row.age_seconds.unwrap_or_default().clamp(0.0, LONGEST_AGE);
    snapshot.at - Span::from_millis((age * 1_000.0) as i64)
}

fn follow(before: Option<RowWork>, row: &EngineRow, (snapshot, siblings): (&Snapshot, &[Arc<EngineRow>])) -> RowWork {
    let (now, progress) = (answered(row, snapshot), progress(row, siblings));
    let Some(before) = before else {
        return RowWork { progress, changed: now, moved: now, is_live: has_only_rates(row), seen: now };
    };
    if before.progress != progress || now < before.moved {
        return RowWork { progress, changed: now, moved: now, ..before };
    }
    // The rates include the last change for one more window.
    let window = snapshot.window_seconds.unwrap_or_default() + 1.0;
    let is_fresh = (now - before.changed).as_secs_f64() > window;
    let tells = counts_at_end(row.kind) || !has_totals(row);
    if is_fresh && tells && rates(row, siblings).any(|rate| rate > 0.0) {
        return RowWork { moved: now, is_live: true, ..before };
    }
    before
}

/// The counters of the row, or those of its target if it has none. An engine that counts tokens when a request ends
/// shows in its KV cache that it works on one.
fn progress(row: &EngineRow, siblings: &[Arc<EngineRow>]) -> TokenMovement {
    let kv = row.kv_usage.filter(|_| counts_at_end(row.kind));
    if has_totals(row) {
        return (row.prompt_total, row.output_total, kv);
    }
    let sum = |count: fn(&EngineRow) -> Option<Tokens>| {
        let counts = siblings.iter().filter_map(|row| count(row));
        counts.reduce(|a, b| Tokens::new(a.count().saturating_add(b.count())))
    };
    (sum(|row| row.prompt_total), sum(|row| row.output_total), kv)
}

/// The rates of the row, or those of its target if it has none.
fn rates<'a>(row: &'a EngineRow, siblings: &'a [Arc<EngineRow>]) -> impl Iterator<Item = f64> + 'a {
    let own = row.prompt_per_second.is_some() || row.output_per_second.is_some();
    let rows = siblings.iter().map(AsRef::as_ref).filter(move |other: &&EngineRow| !own || std::ptr::eq(*other, row));
    rows.flat_map(|row| [row.prompt_per_second, row.output_per_second]).flatten()
}

/// Whether a counter of the row cannot be read, or moved without an explanation, so that produced tokens may be missed.
fn has_unknown_counters(row: &EngineRow) -> bool {
    let is_quarantined = |note: &Label| [QUARANTINED, AMBIGUOUS, SAME_START].contains(&note.as_str());
    row.note.as_ref().is_some_and(is_quarantined)
        || row.scrape.refusals.values > 0
        || row.prompt_total.is_some() && row.output_total.is_none()
}

/// Whether a counter or a rate of the row, or of its target if it has none, tells of tokens: without one it is not known that it
/// makes none.
fn knows_tokens(row: &EngineRow, siblings: &[Arc<EngineRow>]) -> bool {
    let (prompt, output, _) = progress(row, siblings);
    prompt.is_some() || output.is_some() || rates(row, siblings).next().is_some()
}

const fn has_totals(row: &EngineRow) -> bool {
    row.prompt_total.is_some() || row.output_total.is_some()
}

fn has_only_rates(row: &EngineRow) -> bool {
    row.output_per_second.is_some() && !has_totals(row)
}

/// Whether an engine's counters move only when a request ends.
fn counts_at_end(kind: EngineKind) -> bool {
    dialect::policy(kind).counts_at_end
}

fn finding(row: &EngineRow, running: u64, silent: Span) -> Finding {
    let requests = if running == 1 { "1 request" } else { &format!("{running} requests") };
    let text = format!(
        "{requests} running and no token for {} s, though it answers: see its log; if it hangs, restart it",
        silent.millis() / 1000
    );
    let (rule, severity) = (Rule::EngineStalled, Severity::Critical);
    Finding { rule, severity, subject: engine_subject(&row.target, row.rank.as_ref()), text }
}
