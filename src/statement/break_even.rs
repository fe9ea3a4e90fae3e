//! The load, hit rate and rent at which revenue equals cost. Overhead by share of revenue moves with the revenue.

use super::Totals;
use super::costed::Costed;
use crate::ledger::{Classes, Past};
use crate::units::{Money, Tokens};

/// The values at which revenue equals cost. `None` if there is no such value, or the cost is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BreakEven {
    /// The share of the load that pays the cost, in parts per million; above a million it does not pay yet.
    pub load_ppm: Option<i64>,
    /// The hit rate at which revenue equals cost, in parts per million.
    pub hit_rate_ppm: Option<i64>,
    /// The highest rate of a GPU per hour.
    pub gpu_rate: Option<Money>,
}

/// Computes the break-even values. `totals` are those of the past, or of the same past with another hit rate: the hit rate
/// that is found is one to ask for instead of that.
pub fn break_even(past: &Past, totals: &Totals) -> BreakEven {
    let Some(cost) = totals.cost else { return BreakEven::default() };
    // What is left of revenue when its own overhead is paid, and what it has to pay.
    let (earned, owed) = (totals.earned(), cost - totals.revenue_overhead);
    let rent = earned - (owed - totals.rent);
    BreakEven {
        load_ppm: break_even_load(totals),
        hit_rate_ppm: hit_rate(past, owed),
        gpu_rate: rent
            .scaled(3_600_000, totals.rented_time.millis())
            .filter(|rate| *rate >= Money::ZERO && earned > Money::ZERO),
    }
}

/// The share of the load that pays the cost, in parts per million, of exact amounts; `None` where no load does, or the cost
/// is unknown.
pub fn break_even_load(totals: &Totals) -> Option<i64> {
    let (revenue, cost) = totals.unrounded.unwrap_or((totals.covered_revenue(), totals.cost));
    let overhead = totals.revenue_overhead;
    ratio(cost? - overhead, revenue - overhead, 1_000_000).filter(|ppm| *ppm >= 0)
}

/// The revenue of tokens with a known cost less overhead, at a hit rate of 0, at the present one, and at 1.
fn earned(past: &Past) -> [Money; 3] {
    let costed = Costed::of(past);
    let mut earned = [Money::ZERO; 3];
    for cell in past.tokens.iter().filter(|cell| costed.knows(cell.account)) {
        let Some(tariff) = cell.tariff.map(|tariff| past.tariff(tariff)) else { continue };
        let Classes { miss, hit, output } = cell.tokens;
        let (none, all) = ((miss + hit, Tokens::ZERO), (Tokens::ZERO, miss + hit));
        for (sum, (miss, hit)) in earned.iter_mut().zip([none, (miss, hit), all]) {
            let value = tariff.value(Classes { miss, hit, output });
            *sum += value - tariff.overhead_of(value);
        }
    }
    earned
}

/// The hit rate at which what is earned equals what is owed. It moves evenly from no hits to the hits that there are, and
/// from those to nothing but hits.
fn hit_rate(past: &Past, owed: Money) -> Option<i64> {
    const FINE: i64 = 1_000_000_000;
    let totals = past.tokens.iter().fold((0_u128, 0_u128), |(hits, prompts), cell| {
        let hit = u128::from(cell.tokens.hit.count());
        (hits + hit, prompts + hit + u128::from(cell.tokens.miss.count()))
    });
    let now = i64::try_from((totals.0 * u128::from(FINE.unsigned_abs())).checked_div(totals.1)?).ok()?;
    let [none, as_is, all] = earned(past);
    let between = |from: Money, to: Money, (low, high): (i64, i64)| {
        let inside = from.min(to) <= owed && owed <= from.max(to) && from != to && low < high;
        let (missing, whole) = if from > to { (from - owed, from - to) } else { (owed - from, to - from) };
        let way = ratio(missing, whole, FINE).filter(|_| inside)?;
        let rate = i128::from(low) + i128::from(way) * i128::from(high - low) / i128::from(FINE);
        i64::try_from((rate + 500) / 1_000).ok()
    };
    between(none, as_is, (0, now)).or_else(|| between(as_is, all, (now, FINE)))
}

/// A quotient as a count of `1 / scale`, rounded down; `None` unless the whole is positive.
fn ratio(part: Money, whole: Money, scale: i64) -> Option<i64> {
    if whole <= Money::ZERO {
        return None;
    }
    let scale = i128::from(scale);
    // A part as large as its product with the scale leaves the range is divided by less of the whole.
    let exact = part.grains().checked_mul(scale).map(|product| product.div_euclid(whole.grains()));
    let quotient = exact.or_else(|| part.grains().checked_div(whole.grains() / scale));
    quotient.and_then(|count| i64::try_from(count).ok())
}
