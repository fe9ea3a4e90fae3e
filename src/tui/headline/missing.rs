//! Why the revenue or the cost an hour is not known, and what to do.

use crate::reading::{EngineRole, Health};
use crate::snapshot::{EngineRow, QUARANTINED, Snapshot};
use crate::tui::format;
use crate::tui::frame_input::short_target;

/// A reason, as the end of `unknown, as …`, and what to do where something can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) why: String,
    pub(super) action: Option<&'static str>,
}

impl Missing {
    fn of(why: impl Into<String>) -> Self {
        Self { why: why.into(), action: None }
    }
}

/// Why the revenue an hour is not known; `None` if only more pages are needed.
pub(super) fn revenue(snapshot: &Snapshot) -> Option<Missing> {
    if is_unpriced(snapshot) {
        return Some(Missing { why: "no model has a price".to_owned(), action: Some("Write a [[price]].") });
    }
    if snapshot.coverage.engines_known == 0 {
        return Some(Missing::of("no engine is found"));
    }
    if snapshot.coverage.engines_live == 0 {
        return Some(Missing::of("no engine answers"));
    }
    let rows = || snapshot.engines.iter().map(AsRef::as_ref).filter(|row: &&EngineRow| earns(row));
    let lacks = [
        ("prompt", EngineRole::Decode, (|row| row.prompt_total.is_none()) as fn(&EngineRow) -> bool),
        ("output", EngineRole::Prefill, |row| row.output_total.is_none()),
    ];
    for (what, without, is_unknown) in lacks {
        if let Some(who) = together(rows().filter(|row| row.role != without && is_unknown(row))) {
            return Some(Missing::of(format!("{} no count of {what} tokens", has(&who))));
        }
    }
    let waits = |row: &&EngineRow| row.note.as_ref().is_some_and(|note| note.as_str() == QUARANTINED);
    if let Some(who) = together(rows().filter(waits)) {
        return Some(Missing::of(format!("{} a counter that moved without a known cause", has(&who))));
    }
    if snapshot.money.per_hour_preliminary {
        return None;
    }
    let has_no_rate = |row: &&EngineRow| row.prompt_per_second.is_none() && row.output_per_second.is_none();
    let who = together(rows().filter(has_no_rate));
    Some(who.map_or_else(
        || Missing::of("too few engines have a known rate"),
        |who| Missing::of(format!("{} no known rate of tokens yet", has(&who))),
    ))
}

/// Why the cost an hour is not known; `None` if only more readings are needed.
pub(super) fn cost(snapshot: &Snapshot) -> Option<Missing> {
    if snapshot.money.unrated_gpus > 0 {
        return Some(Missing { why: "no GPU has a rate".to_owned(), action: Some("Write a [[lease]].") });
    }
    if snapshot.gpus.count == 0 {
        return Some(Missing::of("no GPU is found"));
    }
    if snapshot.gpus.reporting == 0 {
        return Some(Missing::of("no GPU reports"));
    }
    (!snapshot.money.per_hour_preliminary).then(|| Missing::of("the GPUs have no known cost yet"))
}

/// Whether models are known and none of them has a price.
fn is_unpriced(snapshot: &Snapshot) -> bool {
    let models = &snapshot.models;
    !models.is_empty() && models.iter().all(|row| row.money.list.is_none())
}

/// Whether a row's tokens are billed by themselves.
fn earns(row: &EngineRow) -> bool {
    row.state == Health::Live && row.role != EngineRole::Proxy && !row.in_engine_row
}

/// Engines by name: the first, and how many more.
struct Who {
    first: String,
    others: usize,
}

fn together<'a>(mut rows: impl Iterator<Item = &'a EngineRow>) -> Option<Who> {
    let first = rows.next()?;
    let name = format::shorten(&format!("{} {}", first.kind, short_target(first)), 40);
    Some(Who { first: name, others: rows.count() })
}

/// `vllm :8000 has`; `vllm :8000 and 3 more engines have`.
fn has(who: &Who) -> String {
    match who.others {
        0 => format!("{} has", who.first),
        1 => format!("{} and one more engine have", who.first),
        others => format!("{} and {others} more engines have", who.first),
    }
}
