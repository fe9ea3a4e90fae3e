//! The bound on all rows of an instance together: its ranks share the GPUs of one node.
//!
//! Each row is compared with what all GPUs of the node produce. Rows that grow on one page must not produce more than that
//! together either. If they do, the growth of those that grew by more than their equal share is disputed.

use super::engine::Engine;
use crate::counters::{Bounds, Delta, Outcome, Plausibility, RowKey, Step, plausibility};
use crate::reading::{EngineReading, InstanceId};
use crate::units::{Moment, Span};

/// What one row produced of a class of tokens.
#[derive(Debug, Clone, Copy)]
struct RowProduction {
    nth: usize,
    tokens: u64,
    within: Span,
}

/// Disputes growth of rows that exceeds the bound of their instance. If the node's GPUs are not known, only ranks of one
/// model share a bound: other rows may be a fleet's, summed by model.
pub(super) fn judge(
    engine: &mut Engine,
    id: Option<&InstanceId>,
    rows: &[&EngineReading],
    outcome: &mut Outcome,
    (bounds, are_known, at): (Bounds, bool, Moment),
) {
    let Bounds::Gpus(per_gpu, gpus) = bounds else { return };
    if outcome.steps.iter().filter(|step| step.grown.is_some()).count() < 2 {
        return;
    }
    let mut above = Vec::new();
    for group in groups(rows, are_known) {
        // A rank has a GPU at least, wherever it is.
        let mut ranks: Vec<_> = group.iter().filter_map(|nth| rows[*nth].rank.as_ref()).collect();
        ranks.sort();
        ranks.dedup();
        let gpus = gpus.max(u32::try_from(ranks.len()).unwrap_or(u32::MAX));
        for class in 0..3 {
            above.extend(beyond(&outcome.steps, &group, class, (per_gpu, gpus)));
        }
    }
    for (nth, bound) in above {
        let Some(step) = outcome.steps.get_mut(nth).filter(|step| step.grown.is_some()) else { continue };
        let instance = engine.instances.iter_mut().find(|instance| instance.id.as_ref() == id);
        let counters =
            instance.and_then(|instance| instance.processes.get_mut(outcome.process)?.row_mut(&RowKey::of(rows[nth])));
        if let Some(counters) = counters {
            counters.dispute_step(step, bound, at);
        }
    }
}

/// The rows that share a bound.
fn groups(rows: &[&EngineReading], are_known: bool) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (nth, row) in rows.iter().enumerate() {
        let is_of =
            |group: &&mut Vec<usize>| are_known || group.first().is_some_and(|first| rows[*first].model == row.model);
        match groups.iter_mut().find(is_of) {
            Some(group) => group.push(nth),
            None => groups.push(vec![nth]),
        }
    }
    groups
}

/// The rows of a group that grew by more than their share of what its GPUs produce, if all of them exceed that; with the
/// bound as text.
fn beyond(steps: &[Step], group: &[usize], class: usize, (per_gpu, gpus): (Plausibility, u32)) -> Vec<(usize, String)> {
    let part = |nth: &usize| {
        let step = steps.get(*nth)?;
        let tokens = tokens(&step.grown?.all, class);
        (tokens > 0).then_some(RowProduction { nth: *nth, tokens, within: step.basis.as_ref()?.within[class] })
    };
    let parts: Vec<RowProduction> = group.iter().filter_map(part).collect();
    let may_be_hits = parts.iter().any(|part| {
        let step = &steps[part.nth];
        step.grown.is_some_and(|grown| !grown.all.hits_known)
            && step.basis.as_ref().is_some_and(|basis| basis.shows_hits)
    });
    let (rate, name) = match class {
        0 if may_be_hits => (per_gpu.cached_per_gpu, "prompt tokens"),
        0 => (per_gpu.computed_per_gpu, "prompt tokens"),
        1 => (per_gpu.cached_per_gpu, "cached prompt tokens"),
        _ => (per_gpu.output_per_gpu, "output tokens"),
    };
    let sum = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.tokens));
    let Some(within) = parts.iter().map(|part| part.within).max().filter(|_| parts.len() > 1) else {
        return Vec::new();
    };
    if sum <= plausibility::most(rate, gpus, within) {
        return Vec::new();
    }
    let rows = parts.len() as u64;
    let share = |part: &&RowProduction| part.tokens > plausibility::most(rate, gpus, part.within) / rows;
    let seconds = within.max(Span::from_secs(1)).as_secs_f64();
    let bound = format!(
        "{sum} {name} of {rows} rows in {seconds:.1} s; {gpus} GPUs produce at most {rate} a second each, all rows together"
    );
    parts.iter().filter(share).map(|part| (part.nth, bound.clone())).collect()
}

fn tokens(delta: &Delta, class: usize) -> u64 {
    [delta.miss, delta.hit, delta.output][class].count()
}
