//! The changes that affect profit most: each thing that an operator can change, changed a little while all else stays.

use super::Totals;
use super::what_if::{Levels, WhatIfChange, what_if};
use crate::ledger::{Classes, Past};
use crate::pricing::PriceList;
use crate::units::{HourlyRate, Money, NodeCount, Share};

/// A change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lever {
    /// 10 % more traffic on the same nodes.
    Load,
    /// 10 % more of the prompt tokens from a cache, at equal traffic: the present and the changed hit rate, in parts
    /// per million.
    HitRate(u32, u32),
    /// Prices of one token class 10 % higher.
    Price(TokenClass),
    /// The price of a GPU-hour 10 % higher.
    GpuRate,
    /// One more node, at the average cost of a node.
    Node,
}

/// A token class with a price of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum TokenClass {
    Computed,
    Cached,
    Output,
}

/// The parts of the revenue that each token class has.
fn by_class(past: &Past, earned: Money) -> Vec<(TokenClass, Money)> {
    let value = |of: fn(Classes) -> Classes| -> Money {
        let costed = past.tokens.iter().filter(|cell| past.accounts[cell.account.index()].costed);
        costed.filter_map(|cell| Some(past.tariff(cell.tariff?).value(of(cell.tokens)))).sum()
    };
    let values = [
        (TokenClass::Output, value(|tokens| Classes { output: tokens.output, ..Classes::default() })),
        (TokenClass::Computed, value(|tokens| Classes { miss: tokens.miss, ..Classes::default() })),
        (TokenClass::Cached, value(|tokens| Classes { hit: tokens.hit, ..Classes::default() })),
    ];
    // Millionths while their sum fits, and cents of more: cents alone are too coarse for the shares of a few of them.
    let all: Money = values.iter().map(|(_, value)| *value).sum();
    let places = if i64::try_from(all.rounded(6)).is_ok() { 6 } else { 2 };
    let parts = |amount: Money| i64::try_from(amount.rounded(places)).ok();
    let whole = values.iter().filter_map(|(_, value)| parts(*value)).fold(0, i64::saturating_add);
    let share = |(class, value): (TokenClass, Money)| Some((class, earned.scaled(parts(value)?, whole)?));
    values.into_iter().filter(|(_, value)| !value.is_zero()).filter_map(share).collect()
}

/// Each lever with the profit that it adds to the past, the largest first; empty if the profit is unknown.
pub fn levers(past: &Past) -> Vec<(Lever, Money)> {
    let now = Totals::of(past);
    let levels = Levels::of(past);
    if now.profit().is_none() {
        return Vec::new();
    }
    let profit = |change: &WhatIfChange<&PriceList>| what_if(past, change)?.after.profit();
    let added = |change: &WhatIfChange<&PriceList>| Some(profit(change)? - now.profit()?);
    let mut moves = Vec::new();
    moves.extend(now.earned().scaled(1, 10).map(|more| (Lever::Load, more)));
    let classes = by_class(past, now.earned()).into_iter();
    moves.extend(classes.filter_map(|(class, earned)| Some((Lever::Price(class), earned.scaled(1, 10)?))));
    if let Some(from) = levels.hit_rate_ppm.filter(|ppm| *ppm > 0) {
        let to = from.saturating_add(from / 10).min(Share::ALL.ppm());
        let change = WhatIfChange { hit_rate: Share::from_ppm(to), ..WhatIfChange::default() };
        moves.extend(added(&change).filter(|_| to > from).map(|more| (Lever::HitRate(from, to), more)));
    }
    let dearer = levels.gpu_rate.and_then(|rate| rate.scaled(11, 10)).map(|rate| rate.rounded(6));
    if let Some(rate) = dearer.and_then(|micros| HourlyRate::of_parts(i64::try_from(micros).ok()?, 1)) {
        let change = WhatIfChange { gpu_rate: Some(rate), ..WhatIfChange::default() };
        moves.extend(added(&change).map(|more| (Lever::GpuRate, more)));
    }
    let allocated = levels.nodes_milli.and_then(|milli| u32::try_from((milli + 500) / 1_000).ok());
    if let Some(allocated) = allocated.filter(|allocated| *allocated > 0) {
        let nodes = |nodes| profit(&WhatIfChange { nodes: NodeCount::whole(nodes), ..WhatIfChange::default() });
        let more = nodes(allocated + 1).zip(nodes(allocated)).map(|(more, as_it_is)| more - as_it_is);
        moves.extend(more.map(|more| (Lever::Node, more)));
    }
    moves.sort_by_key(|(_, more)| std::cmp::Reverse(more.grains().unsigned_abs()));
    moves
}
