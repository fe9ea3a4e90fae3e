//! Computes each line; `None` if it does not apply.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::reason::{Reason, ReasonLine};
use super::rent::{has_one_kind, part, rent_of};
use crate::balance::{Waiting, balances};
use crate::reading::{EngineRole, Health, Label, NodeName, Throttle};
use crate::snapshot::{EngineRow, GpuRow, NodeRow, Snapshot, UnitRow};
use crate::units::{Money, Ratio};

/// The resolution of a share: a thousandth of a percent.
const PARTS: i64 = 100_000;

/// The cost of answering GPUs on nodes whose last minute had no billable token. GPUs that do not answer are on another
/// line.
pub(super) fn idle(snapshot: &Snapshot) -> Option<ReasonLine> {
    let today = snapshot.money.idle_cost.filter(|cost| *cost > Money::ZERO);
    let nodes: Vec<(&str, usize, Option<Money>)> =
        snapshot.nodes.iter().filter_map(|node| idle_node(snapshot, node)).collect();
    let gpus = nodes.iter().map(|(_, gpus, _)| gpus).sum();
    let what = match nodes.as_slice() {
        [] if snapshot.nodes.iter().any(|node| is_unjudged(node)) => "unknown at present".to_owned(),
        [] => "none at present".to_owned(),
        [(node, ..)] => format!("{node}, {}", count(gpus, "GPU")),
        [(first, ..), ..] => format!("{first} first, {} on {} nodes", count(gpus, "GPU"), nodes.len()),
    };
    let known = nodes.iter().filter_map(|(.., cost)| *cost).reduce(|a, b| a + b);
    // Where no node is idle, the amount is known: nothing.
    let is_none = nodes.is_empty() && !snapshot.nodes.iter().any(|node| is_unjudged(node));
    let per_hour = if is_none { Some(Money::ZERO) } else { known };
    (today.is_some() || !nodes.is_empty()).then_some(ReasonLine { reason: Reason::Idle, what, per_hour, today })
}

/// An idle node: its name, the number of its GPUs that answer, and their cost per hour; `None` if that is unknown.
fn idle_node<'a>(snapshot: &Snapshot, node: &'a NodeRow) -> Option<(&'a str, usize, Option<Money>)> {
    let answering = node.gpus.iter().filter(|gpu| !is_silent(gpu)).count();
    let idle = node.idle_per_hour.filter(|idle| *idle > Money::ZERO && answering > 0)?;
    let cost = if answering == node.gpus.len() || has_one_kind(node) {
        part(idle, answering, node.gpus.len())
    } else {
        rent_of(snapshot, node, |gpu| !is_silent(gpu)).map(|rent| rent.min(idle))
    };
    cost.is_none_or(|cost| cost > Money::ZERO).then(|| (node.name.as_str(), answering, cost))
}

/// Whether it is not known if a node that costs is idle, as of an earlier instant.
fn is_unjudged(node: &NodeRow) -> bool {
    !node.gpus.is_empty() && node.cost_per_hour.is_some_and(|cost| cost > Money::ZERO) && node.idle_per_hour.is_none()
}

pub(super) fn imbalance(snapshot: &Snapshot) -> Option<ReasonLine> {
    let groups = balances(snapshot);
    let known = groups.iter().filter_map(|group| group.waiting_per_hour).filter(|cost| *cost > Money::ZERO);
    let per_hour: Money = known.sum();
    let dearest = groups.iter().max_by_key(|group| group.waiting_per_hour)?;
    let worst = dearest.balances.iter().find(|balance| !balance.ranks.is_empty())?;
    let waiting = groups.iter().filter(|group| group.waiting_per_hour.is_some_and(|cost| cost > Money::ZERO));
    // The amount is of all of them.
    let first = if waiting.count() > 1 { " first" } else { "" };
    let name = dearest.group.name();
    let what = match dearest.waiting {
        Waiting::Counted(share) => format!("{name}{first}, waits {:.1} % of the time", share * 100.0),
        Waiting::Estimated(_) => {
            format!("{name}{first}, {:.2}x, {} over the mean", worst.over_mean.get(), worst.balancer.name())
        }
    };
    let line = ReasonLine { reason: Reason::Imbalance, what, per_hour: Some(per_hour), today: None };
    (!per_hour.is_zero()).then_some(line)
}

pub(super) fn aborted(snapshot: &Snapshot) -> Option<ReasonLine> {
    let leakage = snapshot.money.leakage.as_ref()?;
    let tokens = leakage.prompt_tokens.max(0).saturating_add(leakage.output_tokens.max(0));
    let today = leakage.amount.filter(|amount| *amount > Money::ZERO);
    // Both are of the day: the engines' own counters began with their processes.
    let share = Ratio::of(leakage.output_tokens.max(0) as f64, leakage.of_output as f64);
    let what = match share {
        Some(share) => format!("{:.1} % of the output", share.get() * 100.0),
        None => format!("{tokens} tokens"),
    };
    // The share of the day's output, at the present rate of output.
    let an_hour = snapshot.tokens.output_per_second.filter(|rate| rate.is_finite()).map(|rate| (rate * 3_600.0) as i64);
    let of = i64::try_from(leakage.of_output).ok();
    let per_hour = today.zip(an_hour.zip(of)).and_then(|(today, (tokens, of))| today.scaled(tokens, of));
    (tokens > 0).then_some(ReasonLine { reason: Reason::Aborted, what, per_hour, today })
}

/// Units with less than half the mean load of their role, where at least two of the role report one.
pub(super) fn below_mean(snapshot: &Snapshot) -> Option<ReasonLine> {
    let mut by_role: BTreeMap<EngineRole, Vec<(&UnitRow, f64)>> = BTreeMap::new();
    for unit in &snapshot.units {
        if let (Some(role), Some(load)) = (unit.role, unit.utilization) {
            by_role.entry(role).or_default().push((unit, load.get()));
        }
    }
    let mut low: Vec<(Money, &UnitRow)> = Vec::new();
    for units in by_role.values().filter(|units| units.len() > 1) {
        let mean = units.iter().map(|(_, load)| load).sum::<f64>() / units.len() as f64;
        for (unit, load) in units.iter().filter(|(_, load)| *load * 2.0 < mean) {
            let share = ((1.0 - load / mean) * PARTS as f64).round() as i64;
            let cost = unit.cost_per_hour.and_then(|cost| cost.scaled(share, PARTS));
            low.extend(cost.filter(|cost| *cost > Money::ZERO).map(|cost| (cost, *unit)));
        }
    }
    let (_, dearest) = low.iter().max_by_key(|(cost, _)| *cost)?;
    let more = if low.len() > 1 { format!(", and {} more", low.len() - 1) } else { String::new() };
    let what = format!("{} far below its role's load{more}", dearest.unit);
    let per_hour = Some(low.iter().map(|(cost, _)| *cost).sum());
    Some(ReasonLine { reason: Reason::BelowMean, what, per_hour, today: None })
}

pub(super) fn silent(snapshot: &Snapshot) -> Option<ReasonLine> {
    let gpus = select(snapshot, is_silent);
    let (first, number) = (gpus.first()?, gpus.len());
    let costs = snapshot.nodes.iter().filter_map(|node| match node.gpus.iter().filter(|gpu| is_silent(gpu)).count() {
        0 => None,
        _ => Some(rent_of(snapshot, node, is_silent)),
    });
    let of_nodes: Option<Money> = costs.reduce(|a, b| Some(a? + b?)).flatten();
    let per_hour = of_nodes.or(match snapshot.money.rates.as_slice() {
        [rate] => Money::from_micros(rate.rate.micros()).scaled(i64::try_from(number).ok()?, 1),
        _ => None,
    });
    let several = if gpus.iter().any(|node| node != first) { " first" } else { "" };
    let what = format!("{first}{several}, {}, the rent runs on", count(number, "GPU"));
    Some(ReasonLine { reason: Reason::Silent, what, per_hour, today: None })
}

/// The rent of models without a price: what their tokens would be worth is no cost. GPUs that do not answer are on another
/// line.
pub(super) fn unpriced(snapshot: &Snapshot) -> Option<ReasonLine> {
    let money = &snapshot.money;
    if money.unpriced_tokens == 0 {
        return None;
    }
    let rows: Vec<_> = snapshot.models.iter().filter(|row| row.money.list.is_none()).collect();
    let what = match rows.as_slice() {
        [] => format!("{} tokens", money.unpriced_tokens),
        [row] => format!("{}, its rent", row.model),
        [first, others @ ..] => format!("{} and {} more, their rent", first.model, others.len()),
    };
    let per_hour = rows.iter().filter_map(|row| row.money.cost_per_hour).reduce(|a, b| a + b);
    let is_unpriced = |engine: &EngineRow| rows.iter().any(|row| Some(&row.model) == engine.model.as_ref());
    let per_hour = match answering_rent(snapshot, is_unpriced) {
        Some(answering) => per_hour.map(|cost| cost.min(answering)),
        None => per_hour,
    };
    Some(ReasonLine { reason: Reason::Unpriced, what, per_hour, today: None })
}

/// The rent of answering GPUs on the nodes of some engines that are not idle, which is on another line; `None` if no node is known, or its rent is not.
fn answering_rent(snapshot: &Snapshot, is_meant: impl Fn(&EngineRow) -> bool) -> Option<Money> {
    let names: HashSet<&NodeName> =
        snapshot.engines.iter().filter(|engine| is_meant(engine)).map(|engine| &engine.node).collect();
    let nodes = snapshot.nodes.iter().filter(|node| names.contains(&node.name));
    let rent = |node: &Arc<NodeRow>| match idle_node(snapshot, node) {
        Some(_) => Some(Money::ZERO),
        None => rent_of(snapshot, node, |gpu| !is_silent(gpu)),
    };
    nodes.map(rent).reduce(|a, b| Some(a? + b?)).flatten()
}

/// The rent of throttled GPUs, times the relative distance of their clock from the highest one of their kind.
pub(super) fn throttled(snapshot: &Snapshot) -> Option<ReasonLine> {
    let gpus = select(snapshot, is_throttled);
    let first = gpus.first()?;
    let full = full_clocks(snapshot);
    let costs = snapshot.nodes.iter().flat_map(|node| {
        let full = &full;
        node.gpus.iter().filter(|gpu| is_throttled(gpu)).map(move |gpu| {
            let (clock, full) = (gpu.sm_clock_mhz?, *full.get(gpu.name.as_ref()?)?);
            let lacks = i64::from(full.checked_sub(clock.get()).filter(|lacks| *lacks > 0)?);
            rent_of(snapshot, node, |other| other.uuid == gpu.uuid)?.scaled(lacks, i64::from(full))
        })
    });
    let known: Vec<Money> = costs.flatten().collect();
    let per_hour = (!known.is_empty()).then(|| known.iter().copied().sum());
    let what = format!("{first}, {} throttled by heat or power", count(gpus.len(), "GPU"));
    Some(ReasonLine { reason: Reason::Throttled, what, per_hour, today: None })
}

/// The highest clock of each kind of GPU among those that are not throttled.
fn full_clocks(snapshot: &Snapshot) -> BTreeMap<&Label, u32> {
    let mut full = BTreeMap::new();
    let gpus = snapshot.nodes.iter().flat_map(|node| &node.gpus);
    for gpu in gpus.filter(|gpu| gpu.state == Health::Live && !is_throttled(gpu)) {
        if let (Some(name), Some(clock)) = (&gpu.name, gpu.sm_clock_mhz) {
            let highest = full.entry(name).or_insert(0);
            *highest = clock.get().max(*highest);
        }
    }
    full
}

/// The rent of engines, times the share of their requests whose work is repeated.
pub(super) fn preempted(snapshot: &Snapshot) -> Option<ReasonLine> {
    let mut again = 0.0;
    let mut costs: Vec<(Money, &EngineRow)> = Vec::new();
    let own = || snapshot.engines.iter().filter(|row| !row.in_engine_row);
    let mut rows: HashMap<&NodeName, usize> = HashMap::new();
    own().for_each(|row| *rows.entry(&row.node).or_default() += 1);
    let rents: HashMap<&NodeName, Option<Money>> =
        snapshot.nodes.iter().map(|node| (&node.name, node.cost_per_hour)).collect();
    for row in own() {
        let Some(preempted) = row.requests_per_minute.preempted.filter(|rate| *rate > 0.0) else { continue };
        again += preempted;
        let cost = || {
            let ended = row.requests_per_minute.ended?;
            let share = (preempted / (preempted + ended) * PARTS as f64).round() as i64;
            let rent = rents.get(&row.node).copied().flatten()?;
            part(rent, 1, *rows.get(&row.node)?)?.scaled(share, PARTS)
        };
        costs.extend(cost().map(|cost| (cost, &**row)));
    }
    if again <= 0.0 {
        return None;
    }
    let dearest = costs.iter().max_by_key(|(cost, _)| *cost);
    let first = dearest.map_or_else(String::new, |(_, row)| format!("{} first, ", row.node));
    let what = match again {
        again if again < 0.95 => format!("{first}less than one request a minute redone"),
        again if again < 1.5 => format!("{first}1 request a minute redone"),
        again => format!("{first}{again:.0} requests a minute redone"),
    };
    let per_hour = (!costs.is_empty()).then(|| costs.iter().map(|(cost, _)| *cost).sum());
    Some(ReasonLine { reason: Reason::Preempted, what, per_hour, today: None })
}

fn is_silent(gpu: &GpuRow) -> bool {
    matches!(gpu.state, Health::Stale | Health::Lost)
}

fn is_throttled(gpu: &GpuRow) -> bool {
    gpu.throttle.is_some_and(Throttle::any)
}

/// The nodes of GPUs that fulfil a condition, one name for each GPU.
fn select(snapshot: &Snapshot, is_so: impl Fn(&GpuRow) -> bool) -> Vec<Label> {
    let on_node = |node: &NodeRow| {
        node.gpus.iter().filter(|gpu| is_so(gpu)).map(|_| Label::new(node.name.as_str())).collect::<Vec<_>>()
    };
    snapshot.nodes.iter().flat_map(|node| on_node(node)).collect()
}

fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}
