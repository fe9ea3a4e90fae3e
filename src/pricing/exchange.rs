//! Dated exchange rates.
//!
//! A ledger has one currency and price lists are never converted: a provider's lists in two currencies are two products.
//! Amounts shown for comparison, and amounts that the user gives in another currency, are converted once, at a rate whose
//! date is shown.

use crate::units::{EnergyPrice, HourlyRate, Money, Price, Timestamp};

/// An exchange rate from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fx {
    /// The source currency: `CNY`.
    pub from: String,
    /// The target currency: `USD`.
    pub to: String,
    /// Billionths of `to` for one `from`; above zero.
    pub nanos: i64,
    /// The start of that day in the ledger's time zone.
    pub since: Timestamp,
    /// That day as configured: `2026-11-01`.
    pub dated: String,
}

/// All known exchange rates, sorted by day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange(Vec<Fx>);

/// An exchange rate in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversion<'a> {
    numerator: i64,
    denominator: i64,
    /// The day of the rate: `2026-11-01`.
    pub dated: &'a str,
}

impl Exchange {
    /// Creates the table, sorting the rates.
    pub fn new(mut rates: Vec<Fx>) -> Self {
        rates.sort_by_key(|fx| fx.since);
        Self(rates)
    }

    /// The conversion at an instant, in either direction, by the newest rate that has begun; `None` if none has.
    pub fn conversion(&self, from: &str, to: &str, at: Timestamp) -> Option<Conversion<'_>> {
        self.series(from, to).into_iter().take_while(|(since, _)| *since <= at).last().map(|(_, conversion)| conversion)
    }

    /// The conversion on a day such as `2026-11-01`, whatever the zone: by the rate of that day or the last one before it.
    pub fn of_day(&self, from: &str, to: &str, day: &str) -> Option<Conversion<'_>> {
        let series = self.series(from, to).into_iter().map(|(_, conversion)| conversion);
        series.filter(|conversion| conversion.dated <= day).max_by_key(|conversion| conversion.dated)
    }

    /// Every rate between two currencies with the instant it starts at, the oldest first.
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
    /// Converts an amount, rounded half to even to a grain; `None` if it overflows.
    pub fn money(self, amount: Money) -> Option<Money> {
        amount.converted(self.numerator, self.denominator)
    }

    /// Converts an hourly rate exactly; `None` if it overflows.
    pub fn rate(self, rate: HourlyRate) -> Option<HourlyRate> {
        rate.times(self.numerator, self.denominator)
    }

    /// Converts a price, rounded half to even to nine decimals; `None` if it overflows.
    pub fn price(self, price: Price) -> Option<Price> {
        price.times(self.numerator, self.denominator)
    }

    /// Converts a price of energy, rounded half to even to six decimals; `None` if it overflows.
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
