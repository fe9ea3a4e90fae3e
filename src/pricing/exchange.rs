//! Dated rates between currencies.
//!
//! A ledger keeps one currency and a provider's list is never converted: its lists in two currencies are two products.
//! Amounts that are shown for comparison, and amounts of the user in another currency, are
//! converted once, at a rate whose date is shown.

use crate::units::{EnergyPrice, HourlyRate, Money, Price, Timestamp};

/// A rate of exchange from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fx {
    /// The source currency: `CNY`.
    pub from: String,
    /// The target currency: `USD`.
    pub to: String,
    /// Billionths of `to` for one `from`; above zero.
    pub nanos: i64,
    /// The beginning of the day of the rate, in the ledger's zone.
    pub since: Timestamp,
    /// That day as it was written: `2026-11-01`.
    pub dated: String,
}

/// All dated rates that are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange(Vec<Fx>);

/// One rate, ready to convert with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversion<'a> {
    numerator: i64,
    denominator: i64,
    /// The day of the rate: `2026-11-01`.
    pub dated: &'a str,
}

impl Exchange {
    /// These rates.
    pub fn new(mut rates: Vec<Fx>) -> Self {
        rates.sort_by_key(|fx| fx.since);
        Self(rates)
    }

    /// The conversion at an instant: by the newest rate that has begun; `None` if none has. A rate holds from its day on, in both
    /// directions.
    pub fn conversion(&self, from: &str, to: &str, at: Timestamp) -> Option<Conversion<'_>> {
        self.series(from, to).into_iter().take_while(|(since, _)| *since <= at).last().map(|(_, conversion)| conversion)
    }

    /// The conversion of amounts of a day, `2026-11-01`, in whatever zone: by the rate of that day or the last one before.
    pub fn of_day(&self, from: &str, to: &str, day: &str) -> Option<Conversion<'_>> {
        let series = self.series(from, to).into_iter().map(|(_, conversion)| conversion);
        series.filter(|conversion| conversion.dated <= day).max_by_key(|conversion| conversion.dated)
    }

    /// Every rate between two currencies, each with the instant from which it holds, oldest first.
    pub fn series(&self, from: &str, to: &str) -> Vec<(Timestamp, Conversion<'_>)> {
        const ONE: i64 = 1_000_000_000;
        let between = |fx: &&Fx| (fx.from == from && fx.to == to) || (fx.from == to && fx.to == from);
        let rate = |fx: &'_ Fx| if fx.from == from { (fx.nanos, ONE) } else { (ONE, fx.nanos) };
        let fit = self.0.iter().filter(between);
        fit.map(|fx| {
            let (numerator, denominator) = rate(fx);
            (fx.since, Conversion { numerator, denominator, dated: &fx.dated })
        })
        .collect()
    }
}

impl Conversion<'_> {
    /// An amount, rounded half to even to a grain.
    pub fn money(self, amount: Money) -> Option<Money> {
        amount.converted(self.numerator, self.denominator)
    }

    /// A rate, exactly.
    pub fn rate(self, rate: HourlyRate) -> Option<HourlyRate> {
        rate.times(self.numerator, self.denominator)
    }

    /// A price, rounded half to even at its nine decimals.
    pub fn price(self, price: Price) -> Option<Price> {
        price.times(self.numerator, self.denominator)
    }

    /// A price of energy, rounded half to even at its six decimals.
    pub fn energy(self, price: EnergyPrice) -> Option<EnergyPrice> {
        price.times(self.numerator, self.denominator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_of_the_day_serves_both_ways() {
        let fx = |nanos, day: i64| Fx {
            from: "USD".to_owned(),
            to: "CNY".to_owned(),
            nanos,
            since: Timestamp::from_millis(day),
            dated: format!("day {day}"),
        };
        let exchange = Exchange::new(vec![fx(7_200_000_000, 20), fx(7_100_000_000, 10)]);
        let dated = |at| exchange.conversion("CNY", "USD", Timestamp::from_millis(at)).map(|c| c.dated);
        assert_eq!((dated(5), dated(10), dated(19), dated(20)), (None, Some("day 10"), Some("day 10"), Some("day 20")));
        let amount = |units: i64| Money::from_micros(units * 1_000_000);
        let late = |from, to| exchange.conversion(from, to, Timestamp::from_millis(30));
        assert_eq!(late("CNY", "USD").and_then(|c| c.money(amount(36))), Some(amount(5)));
        assert_eq!(late("USD", "CNY").and_then(|c| c.money(amount(5))), Some(amount(36)));
        assert_eq!(late("EUR", "USD"), None);
    }
}
