//! Revenue and cost of the same traffic with some things changed. A change to the present value has no effect.

use std::fmt::Display;

use super::Totals;
use super::break_even::{BreakEven, break_even};
use super::hit_rate::with_hit_rate;
use super::nodes::{node_time, with_nodes};
use super::reprice::at_list;
use crate::ledger::{Classes, CostKind, NodeTime, Past};
use crate::pricing::PriceList;
use crate::units::{GpuTime, HourlyRate, LoadFactor, Money, NodeCount, Share, Span, Tokens};

/// The changes; `None` is unchanged. `L` is a price list, or the name of one where none was looked up yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WhatIfChange<L> {
    /// All tokens at this list, whatever their date and model. Postings at it stay as they are.
    pub list: Option<L>,
    /// The paid share.
    pub paid: Option<Share>,
    /// Tokens of every class times this factor; the cost of GPUs and power stays.
    pub load: Option<LoadFactor>,
    /// The share of prompt tokens that are read from a cache.
    pub hit_rate: Option<Share>,
    /// The rate of every GPU whose rate is known.
    pub gpu_rate: Option<HourlyRate>,
    /// The average number of nodes over the watched time, each at the average cost of a node.
    pub nodes: Option<NodeCount>,
}

impl<L> Default for WhatIfChange<L> {
    fn default() -> Self {
        Self { list: None, paid: None, load: None, hit_rate: None, gpu_rate: None, nodes: None }
    }
}

impl<L> WhatIfChange<L> {
    /// The same changes with another list.
    pub fn with_list<M>(self, list: Option<M>) -> WhatIfChange<M> {
        let Self { list: _, paid, load, hit_rate, gpu_rate, nodes } = self;
        WhatIfChange { list, paid, load, hit_rate, gpu_rate, nodes }
    }
}

impl<L: Display> WhatIfChange<L> {
    /// Each change as `report --what-if` takes it, like `paid=0.37`.
    pub fn arguments(&self) -> Vec<String> {
        let Self { list, paid, load, hit_rate, gpu_rate, nodes } = self;
        let all = [
            list.as_ref().map(|list| format!("list={list}")),
            paid.map(|share| format!("paid={share}")),
            load.map(|load| format!("load={load}")),
            hit_rate.map(|share| format!("hit_rate={share}")),
            gpu_rate.map(|rate| format!("gpu_rate={rate}")),
            nodes.map(|nodes| format!("nodes={nodes}")),
        ];
        all.into_iter().flatten().collect()
    }
}

/// The present values, at which a change has no effect. `None` is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Levels {
    /// The share of the value at list price that is paid, in parts per million.
    pub paid_ppm: Option<u32>,
    /// The share of all prompt tokens that are hits, in parts per million.
    pub hit_rate_ppm: Option<u32>,
    /// The average cost of a GPU-hour with a known rate, to six decimals.
    pub gpu_rate: Option<Money>,
    /// The average number of allocated nodes over the watched time, in thousandths.
    pub nodes_milli: Option<i64>,
}

/// The past before and after the changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WhatIf {
    /// Before.
    pub before: Totals,
    /// After.
    pub after: Totals,
    /// The values at which it breaks even, with the other changes made.
    pub break_even: BreakEven,
    /// The present values.
    pub levels: Levels,
}

impl Levels {
    /// The present values of a past.
    pub fn of(past: &Past) -> Self {
        let totals = Totals::of(past);
        let nodes = node_time(past);
        Self {
            paid_ppm: paid_ppm(past),
            hit_rate_ppm: totals.hit_rate_ppm(),
            gpu_rate: totals.gpu_rate().map(|rate| rate.round_to(6)),
            nodes_milli: nodes.and_then(NodeTime::milli),
        }
    }
}

/// The past before and after; `None` if a number of nodes is requested and no node is known by name.
pub fn what_if(past: &Past, change: &WhatIfChange<&PriceList>) -> Option<WhatIf> {
    let at_these_hits = changed(past, &WhatIfChange { hit_rate: None, ..*change })?;
    let after = match change.hit_rate {
        Some(share) => Totals::of(&with_hit_rate(at_these_hits.clone(), share)),
        None => Totals::of(&at_these_hits),
    };
    let break_even = break_even(&at_these_hits, &after);
    Some(WhatIf { before: Totals::of(past), after, break_even, levels: Levels::of(past) })
}

/// The changed past, to be folded like any other; `None` as for [`what_if`].
pub fn changed(past: &Past, change: &WhatIfChange<&PriceList>) -> Option<Past> {
    let mut changed = change.list.map_or_else(|| past.clone(), |list| at_list(past, list));
    if let Some(paid) = change.paid {
        changed = with_paid(changed, paid);
    }
    if let Some(load) = change.load {
        changed = with_load(changed, load);
    }
    if let Some(rate) = change.gpu_rate {
        changed = with_gpu_rate(changed, rate);
    }
    if let Some(nodes) = change.nodes {
        changed = with_nodes(changed, nodes)?;
    }
    Some(match change.hit_rate {
        Some(share) => with_hit_rate(changed, share),
        None => changed,
    })
}

/// The past with its tokens times a factor.
fn with_load(mut past: Past, load: LoadFactor) -> Past {
    for cell in &mut past.tokens {
        let of = |tokens: Tokens| Tokens::new(load.of(tokens.count()));
        let Classes { miss, hit, output } = cell.tokens;
        cell.tokens = Classes { miss: of(miss), hit: of(hit), output: of(output) };
    }
    past
}

/// The past with this paid share; if that is its share already, each tariff keeps its own.
fn with_paid(mut past: Past, paid: Share) -> Past {
    if paid_ppm(&past) != Some(paid.ppm()) {
        past.tariffs.iter_mut().for_each(|tariff| tariff.paid = Some(paid));
    }
    past
}

/// The share of the value at list price that is paid, in parts per million, rounded; `None` where nothing has a price.
fn paid_ppm(past: &Past) -> Option<u32> {
    let (mut paid, mut list) = (Money::ZERO, Money::ZERO);
    for cell in &past.tokens {
        let Some(tariff) = cell.tariff.map(|tariff| past.tariff(tariff)) else { continue };
        paid += tariff.value(cell.tokens);
        list += tariff.prices.of(cell.tokens.miss, cell.tokens.hit, cell.tokens.output);
    }
    let (paid, list) = (paid.grains(), list.grains());
    let share =
        |paid: i128, list: i128| (paid.checked_mul(2_000_000)?.checked_add(list)?).checked_div(list.checked_mul(2)?);
    // Amounts that overflow as products are compared after division.
    share(paid, list).or_else(|| share(paid / 1_000_000, list / 1_000_000)).and_then(|ppm| u32::try_from(ppm).ok())
}

/// The past with every known rate replaced by this one; if that is their average to six decimals already, each keeps
/// its own.
fn with_gpu_rate(mut past: Past, rate: HourlyRate) -> Past {
    let average = Totals::of(&past).gpu_rate().map(|average| average.round_to(6));
    if average != Some(rate.of(GpuTime::of(1, Span::HOUR)).round_to(6)) {
        let gpus = past.cost_accounts.iter_mut().filter(|account| account.kind != CostKind::Overhead);
        gpus.filter(|account| account.rate.is_some()).for_each(|account| account.rate = Some(rate));
    }
    past
}
