//! What the same traffic would have earned and cost if one thing were otherwise.

use std::collections::HashMap;

use super::Totals;
use super::reprice::at_list;
use super::row::gpu_time;
use super::totals::node_millis;
use crate::ledger::{CostKind, Past, RevenueAccountId};
use crate::pricing::PriceList;
use crate::units::{HourlyRate, Money, Share, Tokens};

/// What is otherwise; `None` stays as it was.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Change<'a> {
    /// Every token at this list, whatever the date and the model.
    pub list: Option<&'a PriceList>,
    /// This share of the tokens is paid.
    pub paid: Option<Share>,
    /// This share of each prompt is read from a cache.
    pub hit_rate: Option<Share>,
    /// Every GPU whose rate is known costs this.
    pub gpu_rate: Option<HourlyRate>,
    /// So many nodes are held all the time, each at what a node costs on average.
    pub nodes: Option<u32>,
}

/// The past as it was and as it would have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WhatIf {
    /// As it was.
    pub before: Totals,
    /// As it would have been.
    pub after: Totals,
    /// What the changed traffic needs to pay its cost.
    pub break_even: BreakEven,
}

/// What it takes for revenue to equal cost. `None` where nothing does, or the cost is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BreakEven {
    /// The share of the load that pays the cost, in parts per million; above a million it does not pay yet.
    pub load_ppm: Option<i64>,
    /// The hit rate at which revenue equals cost, in parts per million.
    pub hit_rate_ppm: Option<i64>,
    /// What a GPU may cost an hour.
    pub gpu_rate: Option<Money>,
}

/// What would have been; `None` where a number of nodes is asked for and none is known by name.
pub fn what_if(past: &Past, change: &Change<'_>) -> Option<WhatIf> {
    let changed = changed(past, change)?;
    let after = Totals::of(&changed);
    Some(WhatIf { before: Totals::of(past), after, break_even: break_even(&changed, &after) })
}

/// The past as it would have been, to be folded like any other; `None` as for [`what_if`].
pub fn changed(past: &Past, change: &Change<'_>) -> Option<Past> {
    let mut changed = change.list.map_or_else(|| past.clone(), |list| at_list(past, list));
    if let Some(paid) = change.paid {
        for tariff in &mut changed.tariffs {
            tariff.paid = Some(paid);
        }
    }
    if let Some(share) = change.hit_rate {
        changed = with_hit_rate(&changed, share);
    }
    if let Some(rate) = change.gpu_rate {
        let gpus = changed.cost_accounts.iter_mut().filter(|cost_account| cost_account.kind != CostKind::Overhead);
        for cost_account in gpus.filter(|cost_account| cost_account.rate.is_some()) {
            cost_account.rate = Some(rate);
        }
    }
    match change.nodes {
        Some(nodes) => with_nodes(changed, nodes),
        None => Some(changed),
    }
}

/// What it takes to break even; `totals` are those of the past, or of what is asked beyond it.
pub fn break_even(past: &Past, totals: &Totals) -> BreakEven {
    let Some(cost) = totals.cost else { return BreakEven::default() };
    let revenue = totals.covered_revenue();
    let hours = totals.gpu_time.millis();
    let lasting = revenue - totals.fixed_cost;
    BreakEven {
        load_ppm: ppm(cost, revenue),
        hit_rate_ppm: hit_rate(past, cost),
        gpu_rate: lasting.scaled(3_600_000, hours).filter(|_| revenue > Money::ZERO),
    }
}

/// The hit rate at which revenue equals cost. Revenue falls evenly from no hits to nothing but hits.
fn hit_rate(past: &Past, cost: Money) -> Option<i64> {
    let revenue = |share| Totals::of(&with_hit_rate(past, share)).covered_revenue();
    let (none, all) = (revenue("0".parse().ok()?), revenue(Share::ALL));
    let inside = all <= cost && cost <= none;
    ppm(none - cost, none - all).filter(|_| inside)
}

/// A quotient in parts per million, rounded down; `None` unless the whole is positive.
fn ppm(part: Money, whole: Money) -> Option<i64> {
    if whole <= Money::ZERO {
        return None;
    }
    // A part as large as its product with a million leaves the range is divided by less of the whole.
    let exact = part.grains().checked_mul(1_000_000).map(|product| product.div_euclid(whole.grains()));
    let quotient = exact.or_else(|| part.grains().checked_div(whole.grains() / 1_000_000));
    quotient.and_then(|ppm| i64::try_from(ppm).ok())
}

/// The past with another hit rate: each account's whole prompts stay what they are.
fn with_hit_rate(past: &Past, share: Share) -> Past {
    let mut running: HashMap<RevenueAccountId, (u128, u64)> = HashMap::new();
    let mut changed = past.clone();
    for cell in &mut changed.tokens {
        let prompt = cell.tokens.miss + cell.tokens.hit;
        let (prompts, hits) = running.entry(cell.account).or_default();
        *prompts += u128::from(prompt.count());
        let upto = (*prompts * u128::from(share.ppm()) / 1_000_000) as u64;
        let hit = Tokens::new(upto - *hits);
        *hits = upto;
        (cell.tokens.miss, cell.tokens.hit) = (prompt.saturating_sub(hit), hit);
    }
    changed
}

/// The past with so many nodes held all the time: all that is held grows or shrinks alike.
fn with_nodes(mut past: Past, nodes: u32) -> Option<Past> {
    let held = i128::from(node_millis(&past));
    let wanted = i128::from(nodes) * i128::from((past.until - past.since).millis());
    if held == 0 {
        return None;
    }
    let gpus: Vec<_> = past.cost_accounts.iter().map(|cost_account| cost_account.kind != CostKind::Overhead).collect();
    let mut sums = [(0_i128, 0_i128); 3];
    for cell in past.rents.iter_mut().filter(|cell| gpus[cell.cost_account.index()]) {
        let amounts = [cell.held.millis(), cell.idle.millis(), cell.energy];
        let mut scaled = [0; 3];
        for ((amount, (before, after)), scaled) in amounts.into_iter().zip(&mut sums).zip(&mut scaled) {
            *before += i128::from(amount);
            let upto = *before * wanted / held;
            *scaled = i64::try_from(upto - *after).ok()?;
            *after = upto;
        }
        (cell.held, cell.idle, cell.energy) = (gpu_time(scaled[0]), gpu_time(scaled[1]), scaled[2]);
    }
    Some(past)
}
