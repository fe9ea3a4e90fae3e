//! A price list: tiers, the windows that choose between them, and the dates of the list.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::window::{instants, local};
use super::{Provenance, TierWindow};
use crate::units::{Money, Price, Tokens};
use crate::units::{Span, Timestamp};

/// Prices per million tokens of each class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClassPrices {
    /// Prompt tokens read from a cache.
    pub hit: Price,
    /// Computed prompt tokens.
    pub miss: Price,
    /// Output tokens, including reasoning.
    pub output: Price,
}

impl ClassPrices {
    /// The value of these tokens if all of them are paid.
    pub fn of(&self, miss: Tokens, hit: Tokens, output: Tokens) -> Money {
        self.miss.of(miss) + self.hit.of(hit) + self.output.of(output)
    }
}

/// A price list in one currency.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceList {
    /// The name: `deepseek-r1-2025`.
    pub name: String,
    /// The currency of its prices: `USD`.
    pub currency: String,
    /// When it came into force; `None` is unbounded.
    pub from: Option<Timestamp>,
    /// When it ended; `None` if it has not.
    pub until: Option<Timestamp>,
    /// The time zone of its windows.
    pub zone: TimeZone,
    /// The tier outside every window.
    pub default_tier: String,
    /// The windows; the first that applies wins.
    pub windows: Vec<TierWindow>,
    /// The name of its holiday calendar.
    pub calendar: Option<String>,
    /// The days on which windows with `except_holidays` do not apply.
    pub holidays: Vec<Date>,
    /// The prices by tier, including the default tier and every window's.
    pub tiers: BTreeMap<String, ClassPrices>,
    /// The prices by tier of classes that engines do not count: cache writes, requests.
    pub extra: BTreeMap<String, BTreeMap<String, Price>>,
    /// Where the prices were read.
    pub source: String,
    /// Where the list comes from.
    pub provenance: Provenance,
    /// The list that it continues with the same prices, converted at a later exchange rate.
    pub follows: Option<String>,
    /// The currency that its prices were converted from; `None` if they were not.
    pub converted_from: Option<String>,
}

/// The prices at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quote<'a> {
    /// The list.
    pub list: &'a PriceList,
    /// The tier.
    pub tier: &'a str,
    /// The prices.
    pub prices: ClassPrices,
}

impl Quote<'_> {
    /// Whether every class has the same price in both quotes.
    pub fn costs_the_same(&self, other: &Quote<'_>) -> bool {
        self.prices == other.prices && self.list.extra.get(self.tier) == other.list.extra.get(other.tier)
    }

    /// The price of a further class, such as `write_5m`.
    pub fn class(&self, name: &str) -> Option<Price> {
        self.list.extra.get(self.tier)?.get(name).copied()
    }
}

impl PriceList {
    /// How far ahead the next change of tier is searched. If there is none, the search has to be repeated after that time:
    /// a window that excludes holidays may stay closed for longer.
    pub const AHEAD: Span = Span::from_secs(9 * 86_400);

    /// The year of an instant, if a window excludes holidays and the calendar has none of that year. Its holidays are then
    /// priced as working days, which is reported.
    pub fn unknown_holidays(&self, at: Timestamp) -> Option<i16> {
        if !self.windows.iter().any(|window| window.except_holidays) {
            return None;
        }
        let year = local(&self.zone, at)?.0.year();
        self.holidays.iter().all(|day| day.year() != year).then_some(year)
    }

    /// Whether its prices are known at an instant. Converted prices are known from the date of the exchange rate on; other
    /// lists also apply before their start.
    pub fn is_known(&self, at: Timestamp) -> bool {
        self.converted_from.is_none() || self.from.is_none_or(|from| from <= at)
    }

    /// Whether it continues the named list.
    pub(super) fn follows(&self, name: &str) -> bool {
        self.follows.as_deref() == Some(name)
    }

    /// The tier in force at an instant.
    pub fn tier_at(&self, at: Timestamp) -> &str {
        let Some((date, time)) = local(&self.zone, at) else { return &self.default_tier };
        self.windows
            .iter()
            .find(|window| window.holds(date, time, &self.holidays))
            .map_or(&self.default_tier, |window| &window.tier)
    }

    /// The prices at an instant, whether or not the list was in force then.
    pub fn quote(&self, at: Timestamp) -> Quote<'_> {
        let tier = self.tier_at(at);
        self.quote_tier(tier)
    }

    /// The prices of a tier at any time; `None` if there is no such tier.
    pub fn quote_of(&self, tier: &str) -> Option<Quote<'_>> {
        self.tiers.get_key_value(tier).map(|(tier, _)| self.quote_tier(tier))
    }

    /// The prices of a tier at any time.
    fn quote_tier<'a>(&'a self, tier: &'a str) -> Quote<'a> {
        Quote { list: self, tier, prices: self.tiers.get(tier).copied().unwrap_or_default() }
    }

    /// The prices of every tier, beginning with the default tier.
    pub fn quotes(&self) -> impl Iterator<Item = Quote<'_>> {
        let others = self.tiers.keys().filter(|tier| **tier != self.default_tier);
        std::iter::once(&self.default_tier).chain(others).map(|tier| self.quote_tier(tier))
    }

    /// Every instant between `after` and `before`, both exclusive, at which the tier changes, in order.
    pub fn edges(&self, after: Timestamp, before: Timestamp) -> Vec<Timestamp> {
        if self.windows.is_empty() || after >= before {
            return Vec::new();
        }
        let mut candidates = self.clock_times(after, before);
        candidates.extend(self.offset_changes(after, before));
        candidates.retain(|edge| *edge > after && *edge < before);
        candidates.sort_unstable();
        candidates.dedup();
        candidates.retain(|edge| self.tier_at(*edge) != self.tier_at(*edge - Span::from_millis(1)));
        candidates
    }

    /// Whether the list begins and changes tiers only at quarter hours.
    pub fn is_on_quarters(&self) -> bool {
        let quarter = |time: &Time| time.minute() % 15 == 0 && time.second() == 0;
        let begins = self.from.is_none_or(|from| from.millis() % 900_000 == 0);
        begins && self.windows.iter().flat_map(|w| &w.hours).all(|(start, end)| quarter(start) && quarter(end))
    }

    /// The next change of tier within `ahead` after `at`. The first day is searched first, as most changes are within a
    /// day.
    pub fn next_edge(&self, at: Timestamp, ahead: Span) -> Option<Timestamp> {
        let spans = [Span::DAY.min(ahead), Self::AHEAD.min(ahead), ahead];
        spans.into_iter().find_map(|span| self.edges(at, at + span).first().copied())
    }

    /// The instants at which windows open or close, or a day begins.
    fn clock_times(&self, after: Timestamp, before: Timestamp) -> Vec<Timestamp> {
        let (Some((first, _)), Some((last, _))) = (local(&self.zone, after), local(&self.zone, before)) else {
            return Vec::new();
        };
        let mut times: Vec<Time> =
            self.windows.iter().flat_map(|w| &w.hours).flat_map(|(start, end)| [*start, *end]).collect();
        if self.windows.iter().any(TierWindow::depends_on_date) {
            times.push(Time::midnight());
        }
        times.sort_unstable();
        times.dedup();
        let days = first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last);
        days.flat_map(|day| times.iter().flat_map(move |time| instants(&self.zone, day, *time)).collect::<Vec<_>>())
            .collect()
    }

    /// The instants at which the zone's UTC offset changes, since the tier may change with the local time.
    fn offset_changes(&self, after: Timestamp, before: Timestamp) -> Vec<Timestamp> {
        let Ok(start) = jiff::Timestamp::from_millisecond(after.millis()) else { return Vec::new() };
        self.zone
            .following(start)
            .map(|transition| Timestamp::from_millis(transition.timestamp().as_millisecond()))
            .take_while(|edge| *edge < before)
            .collect()
    }
}
