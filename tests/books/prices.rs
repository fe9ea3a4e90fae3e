//! The price of a token by model, tenant and instant, from the configuration (`rules.md`, section 6; `economics.md`, 3.4).

use super::terms::{Config, List, Pinned, Prices};

const DAY: i64 = 1440;
/// DeepSeek's list for R1 of 26 February 2025, with its window from 16:30 to 0:30 UTC.
const R1: (Prices, Prices) = ([550_000_000, 140_000_000, 2_190_000_000], [135_000_000, 35_000_000, 550_000_000]);

/// What a token costs: prices, and the share that is paid in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    pub prices: Prices,
    pub paid: i64,
}

/// The price in force, or `None` where nobody says one.
pub fn price(config: &Config, model: &str, tenant: Option<&str>, at: i64) -> Option<Price> {
    let choice = config.prices.iter().find(|price| price.is_for(model, tenant));
    let prices = match choice.and_then(|choice| choice.prices.map(|prices| (choice, prices))) {
        Some((choice, prices)) if choice.euros => in_dollars(config, prices, at),
        Some((_, prices)) => prices,
        None if model == "house-2" => config.lists.iter().find(|list| list.holds(at))?.at(at),
        None if model == "deepseek-r1" => {
            if in_window(at, 990, 30) {
                R1.1
            } else {
                R1.0
            }
        }
        None => return None,
    };
    let paid = choice.and_then(|choice| choice.paid).map_or(1_000_000, |hundredths| hundredths * 10_000);
    Some(Price { prices, paid })
}

/// The rate of exchange of a day holds from its beginning on.
pub fn euro(config: &Config, at: i64) -> i64 {
    config.euro.iter().rev().find(|(since, _)| *since <= at).unwrap().1
}

fn in_dollars(config: &Config, prices: Prices, at: i64) -> Prices {
    prices.map(|price| price * euro(config, at) / 100)
}

impl Pinned {
    fn is_for(&self, model: &str, tenant: Option<&str>) -> bool {
        let fits = self.model.strip_suffix('*').map_or(self.model == model, |start| model.starts_with(start));
        fits && (self.tenant.is_none() || self.tenant == tenant)
    }
}

impl List {
    fn holds(&self, at: i64) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    fn at(&self, at: i64) -> Prices {
        let local = at + self.zone.offset(at) * 60_000;
        match self.window {
            Some((from, until, prices)) if in_window(local, from, until) => prices,
            _ => self.standard,
        }
    }
}

/// Whether the minute of the day is in `[from, until)`, which may cross midnight.
fn in_window(at: i64, from: i64, until: i64) -> bool {
    let minute = (at / 60_000) % DAY;
    if from <= until { from <= minute && minute < until } else { minute >= from || minute < until }
}
