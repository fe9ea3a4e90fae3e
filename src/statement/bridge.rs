//! The bridge: why the profit changed between two spans. Watched time is compared with watched time.
//!
//! It is a row of profits an hour, the first of before and the last of after, each with one thing more as it is now. The
//! parts are their differences, so that they add up to the change whatever the spans hold.

use super::By;
use super::movers::{Mover, movers};
use super::totals::Totals;
use super::volume::{ModelVolume, Volumes, volumes};
use super::watched::{Compared, common};
use crate::ledger::Past;
use crate::units::{Money, Span, Timestamp};

/// A cause of the change, in the order of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// More or fewer tokens, with everything else unchanged.
    Traffic,
    /// Other models, and another ratio of output to prompts.
    Mix,
    /// A higher or lower hit rate.
    HitRate,
    /// Other prices: a list, a tier, a paid share.
    Price,
    /// Tokens whose model lost its price, or got one.
    Unpriced,
    /// The cost of busy GPUs, and overhead per hour.
    Gpus,
    /// The cost of idle GPUs.
    Idle,
}

impl Cause {
    /// All of them, in order.
    pub const ALL: [Self; 7] =
        [Self::Traffic, Self::Mix, Self::HitRate, Self::Price, Self::Unpriced, Self::Gpus, Self::Idle];

    /// Its word: `hit_rate`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Traffic => "traffic",
            Self::Mix => "mix",
            Self::HitRate => "hit_rate",
            Self::Price => "price",
            Self::Unpriced => "unpriced",
            Self::Gpus => "gpus",
            Self::Idle => "idle",
        }
    }
}

/// Why the profit an hour changed. All amounts are an hour's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// The earlier span.
    pub before_span: (Timestamp, Timestamp),
    /// The later span.
    pub after_span: (Timestamp, Timestamp),
    /// The watched time of both. All amounts are of the minutes that were watched in both.
    pub compared: Compared,
    /// Profit of the earlier span; of revenue with a known cost, as everything here.
    pub before: Money,
    /// Profit of the later span.
    pub after: Money,
    /// The change by each cause. Their sum is `after` less `before`.
    pub parts: [(Cause, Money); 7],
    /// Whether a cost is known in both spans; else the profits are none.
    pub cost_known: bool,
    /// Whether tokens of the earlier and of the later span have no price: that profit is a lower bound.
    pub unpriced: [bool; 2],
    /// The models that moved most, at most five.
    pub models: Vec<Mover>,
    /// The units that moved most; none where no account is in one.
    pub units: Vec<Mover>,
    /// The nodes that moved most.
    pub nodes: Vec<Mover>,
}

impl Bridge {
    /// The bridge from one span to another.
    pub fn between(before: &Past, after: &Past) -> Self {
        let spans = [before, after].map(|past| (past.since, past.until));
        let (compared, before, after) = common(before, after);
        let (before, after) = (&*before, &*after);
        let (then, now) = (Totals::of(before), Totals::of(after));
        let an_hour = |past: &Past, amount: Money| {
            amount.scaled(3_600_000, (past.until - past.since).millis()).unwrap_or_default()
        };
        // Overhead by share of revenue is a part of what changes the revenue.
        let busy = |totals: &Totals| totals.cost.unwrap_or_default() - totals.idle_cost - totals.revenue_overhead;
        let (busy_then, busy_now) = (an_hour(before, busy(&then)), an_hour(after, busy(&now)));
        let (idle_then, idle_now) = (an_hour(before, then.idle_cost), an_hour(after, now.idle_cost));
        let (sold_then, sold_now) = (volumes(before), volumes(after));
        // Summed as the steps are: an overhead on a paid share may be rounded, and two ways to sum it differ by that.
        let mut revenues = vec![an_hour(before, sold_then.values().map(ModelVolume::revenue).sum())];
        revenues.extend(steps(&sold_then, &sold_now).map(|revenue| an_hour(after, revenue)));
        let last = revenues.last().copied().unwrap_or_default();
        let profits = revenues.iter().map(|revenue| *revenue - busy_then - idle_then);
        let profits: Vec<_> = profits.chain([last - busy_now - idle_then, last - busy_now - idle_now]).collect();
        let any_unit = before.accounts.iter().chain(&after.accounts).any(|account| account.unit.is_some());
        let mut parts = Cause::ALL.map(|cause| (cause, Money::ZERO));
        for (part, pair) in parts.iter_mut().zip(profits.windows(2)) {
            part.1 = pair[1] - pair[0];
        }
        Self {
            before_span: spans[0],
            after_span: spans[1],
            compared,
            before: profits.first().copied().unwrap_or_default(),
            after: profits.last().copied().unwrap_or_default(),
            parts,
            cost_known: then.cost.is_some() && now.cost.is_some() && compared.both > Span::ZERO,
            unpriced: [then, now].map(|totals| !totals.unpriced.is_zero()),
            models: movers(before, after, By::Model),
            units: if any_unit { movers(before, after, By::Unit) } else { Vec::new() },
            nodes: movers(before, after, By::Node),
        }
    }

    /// How much the profit an hour changed.
    pub fn change(&self) -> Money {
        self.after - self.before
    }

    /// The same with amounts of so many decimals: each part is the difference of two rounded profits, so that the
    /// parts add up to the change as it is shown.
    #[must_use]
    pub fn rounded(mut self, places: u32) -> Self {
        let mut exact = self.before;
        self.before = self.before.round_to(places);
        self.after = self.after.round_to(places);
        let mut shown = self.before;
        for (_, part) in &mut self.parts {
            exact += *part;
            let upto = exact.round_to(places);
            *part = upto - shown;
            shown = upto;
        }
        for movers in [&mut self.models, &mut self.units, &mut self.nodes] {
            for mover in &mut *movers {
                (mover.before, mover.after) = (mover.before.round_to(places), mover.after.round_to(places));
            }
            movers.retain(|mover| !mover.change().is_zero());
        }
        self
    }
}

/// Revenue of the later span with traffic, mix, hit rate, prices and what has one as they are now, one after another.
fn steps(then: &Volumes<'_>, now: &Volumes<'_>) -> impl Iterator<Item = Money> + use<> {
    let actual: Money = now.values().map(ModelVolume::revenue).sum();
    let tokens = |volumes: &Volumes<'_>| volumes.values().map(|volume| volume.tokens().total().count()).sum::<u64>();
    let before: Money = then.values().map(ModelVolume::revenue).sum();
    let traffic = i64::try_from(tokens(now)).ok().zip(i64::try_from(tokens(then)).ok());
    let Some(traffic) = traffic.and_then(|(now, then)| before.scaled(now, then)) else {
        // There was no traffic before to compare with: all of it is new.
        return [actual; 5].into_iter();
    };
    let each = |known: fn(&ModelVolume, &ModelVolume) -> Money| {
        let of_model = |(model, volume): (_, &ModelVolume)| match then.get(model) {
            Some(before) if before.is_priced() => known(before, volume),
            // A model that had tokens and no price is reported as unpriced.
            Some(before) if !before.tokens().is_zero() => Money::ZERO,
            _ => volume.revenue(),
        };
        now.iter().map(of_model).sum::<Money>()
    };
    let mix = each(|before, now| before.worth(now, now.with_hits_of(before)));
    let hits = each(|before, now| before.worth(now, now.priced_like(before)));
    let prices = each(|before, now| now.revenue() + before.worth(now, now.lost_price(before)));
    [traffic, mix, hits, prices, actual].into_iter()
}
