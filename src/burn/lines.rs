//! Each line by itself; `None` where there is nothing to say.

use std::collections::BTreeMap;

use super::{Line, Reason};
use crate::balance::{Waiting, balances};
use crate::reading::{Health, Label, Role, Throttle};
use crate::snapshot::{GpuRow, NodeRow, Snapshot, UnitRow};
use crate::units::{Money, Ratio};

/// Parts of a share: a thousandth of a percent.
const PARTS: i64 = 100_000;

pub(super) fn idle(snapshot: &Snapshot) -> Option<Line> {
    let money = &snapshot.money;
    let beside = money.beside_models.iter().find(|row| row.name.as_str() == "(idle)");
    let per_hour = beside.map(|row| Money::ZERO - row.profit_per_hour).filter(|cost| *cost > Money::ZERO);
    let today = money.idle_cost.filter(|cost| *cost > Money::ZERO);
    per_hour.or(today)?;
    let idle = |node: &&NodeRow| node.state == Health::Live && node.output_per_second.unwrap_or(0.0) == 0.0;
    let nodes: Vec<&NodeRow> = snapshot.nodes.iter().map(AsRef::as_ref).filter(idle).collect();
    let gpus: usize = nodes.iter().map(|node| node.gpus.len()).sum();
    let what = match nodes.first().filter(|_| per_hour.is_some()) {
        None => "none at present".to_owned(),
        Some(first) if nodes.len() == 1 => format!("{}, {}", first.name, count(gpus, "GPU")),
        Some(first) => format!("{} first, {} on {} nodes", first.name, count(gpus, "GPU"), nodes.len()),
    };
    Some(Line { reason: Reason::Idle, what, per_hour, today })
}

pub(super) fn imbalance(snapshot: &Snapshot) -> Option<Line> {
    let groups = balances(snapshot);
    let known = groups.iter().filter_map(|group| group.waiting_per_hour).filter(|cost| *cost > Money::ZERO);
    let per_hour: Money = known.sum();
    let dearest = groups.iter().max_by_key(|group| group.waiting_per_hour)?;
    let worst = dearest.balances.iter().find(|balance| !balance.ranks.is_empty())?;
    let name = dearest.group.name();
    let what = match dearest.waiting {
        Waiting::Counted(share) => format!("{name} first, its ranks wait {:.1} % of the time", share * 100.0),
        Waiting::Estimated(_) => {
            format!("{name} first, {:.2} x the mean {}", worst.over_mean.get(), worst.balancer.name())
        }
    };
    let line = Line { reason: Reason::Imbalance, what, per_hour: Some(per_hour), today: None };
    (!per_hour.is_zero()).then_some(line)
}

pub(super) fn aborted(snapshot: &Snapshot) -> Option<Line> {
    let leakage = snapshot.money.leakage.as_ref()?;
    let tokens = leakage.prompt_tokens.max(0).saturating_add(leakage.output_tokens.max(0));
    let today = leakage.amount.filter(|amount| *amount > Money::ZERO);
    let all = snapshot.tokens.output_total.map(|tokens| tokens.count() as f64);
    let share = all.and_then(|all| Ratio::of(leakage.output_tokens.max(0) as f64, all));
    let what = match share {
        Some(share) => format!("{:.1} % of the output", share.get() * 100.0),
        None => format!("{tokens} tokens"),
    };
    (tokens > 0).then_some(Line { reason: Reason::Aborted, what, per_hour: None, today })
}

/// Units with less than half the mean load of their role, where at least two of the role report one.
pub(super) fn below_mean(snapshot: &Snapshot) -> Option<Line> {
    let mut by_role: BTreeMap<Role, Vec<(&UnitRow, f64)>> = BTreeMap::new();
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
    Some(Line { reason: Reason::BelowMean, what, per_hour, today: None })
}

pub(super) fn silent(snapshot: &Snapshot) -> Option<Line> {
    let gpus = select(snapshot, |gpu| matches!(gpu.state, Health::Stale | Health::Lost));
    let (first, number) = (gpus.first()?, gpus.len());
    let per_hour = match snapshot.money.rates.as_slice() {
        [rate] => Money::from_micros(rate.rate.micros()).scaled(i64::try_from(number).ok()?, 1),
        _ => None,
    };
    let what = format!("{first}, {}, the rent runs on", count(number, "GPU"));
    Some(Line { reason: Reason::Silent, what, per_hour, today: None })
}

pub(super) fn unpriced(snapshot: &Snapshot) -> Option<Line> {
    let money = &snapshot.money;
    if money.unpriced_tokens == 0 {
        return None;
    }
    let model = snapshot.models.iter().find(|row| row.money.list.is_none()).map(|row| row.model.to_string());
    let worth = money.compare.as_ref();
    let list = worth.map_or_else(String::new, |worth| format!(", at {}", worth.list));
    let what = format!("{}{list}", model.unwrap_or_else(|| format!("{} tokens", money.unpriced_tokens)));
    let (per_hour, today) = (worth.and_then(|worth| worth.per_hour), worth.map(|worth| worth.amount));
    Some(Line { reason: Reason::Unpriced, what, per_hour, today })
}

pub(super) fn throttled(snapshot: &Snapshot) -> Option<Line> {
    let gpus = select(snapshot, |gpu| gpu.throttle.is_some_and(Throttle::any));
    let first = gpus.first()?;
    let what = format!("{first}, {} held down by heat or power", count(gpus.len(), "GPU"));
    Some(Line { reason: Reason::Throttled, what, per_hour: None, today: None })
}

/// The nodes of the GPUs that are so, one name a GPU.
fn select(snapshot: &Snapshot, is_so: impl Fn(&GpuRow) -> bool) -> Vec<Label> {
    let on_node = |node: &NodeRow| {
        node.gpus.iter().filter(|gpu| is_so(gpu)).map(|_| Label::new(node.name.as_str())).collect::<Vec<_>>()
    };
    snapshot.nodes.iter().flat_map(|node| on_node(node)).collect()
}

fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}
