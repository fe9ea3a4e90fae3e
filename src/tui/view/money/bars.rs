//! The bars of the money view: the hours of today, or the days of a week or of the month.

use crate::statement::{By, Period, month_of};
use crate::tui::app::{MoneyRange, MoneyState};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::ledger_query::{Hour, MoneyPage};
use crate::units::{Money, Timestamp};

/// The most days that a month has.
const MOST_DAYS: usize = 31;

/// One hour or one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MoneyBar {
    pub begin: Timestamp,
    /// Exclusive.
    pub end: Timestamp,
    pub label: String,
    pub revenue: Option<Money>,
    pub cost: Option<Money>,
    pub profit: Option<Money>,
    /// Whether the true amounts may be higher.
    pub lower_bound: bool,
    /// Whether the ledger has not answered for it yet.
    pub is_asked: bool,
}

/// The bars shown now, from left to right.
pub(super) fn bars(input: &FrameInput<'_>, page: &MoneyPage) -> Vec<MoneyBar> {
    let zone = input.zone();
    let of_days = |begins: Vec<Timestamp>, label: &dyn Fn(Timestamp) -> String| {
        begins.into_iter().map(|begin| day(input, page, begin, label(begin))).collect()
    };
    match input.app.money.range {
        MoneyRange::Day => page.hours.iter().map(|hour| of_hour(input, hour)).collect(),
        MoneyRange::Week => {
            let today = Period::of(By::Day, zone, page.at).begin;
            let days = std::iter::once(today).chain(MoneyState::last_days(page.at, zone));
            let mut days: Vec<Timestamp> = days.collect();
            days.reverse();
            of_days(days, &|begin| format!("{} {}", format::weekday(begin, zone), format::day_of_month(begin, zone)))
        }
        MoneyRange::Month => {
            let (begin, end) = month_of(zone, page.at);
            let next = |day: &Timestamp| Some(Period::of(By::Day, zone, *day).end);
            let days = std::iter::successors(Some(begin), next).take_while(|day| *day < end).take(MOST_DAYS);
            of_days(days.collect(), &|begin| format::day_of_month(begin, zone))
        }
    }
}

fn of_hour(input: &FrameInput<'_>, hour: &Hour) -> MoneyBar {
    let clock = format::clock_minute(hour.begin, input.zone());
    MoneyBar {
        begin: hour.begin,
        end: Period::of(By::Hour, input.zone(), hour.begin).end,
        label: clock.get(..2).unwrap_or("--").to_owned(),
        revenue: hour.revenue,
        cost: hour.cost,
        profit: hour.profit,
        lower_bound: hour.lower_bound,
        is_asked: false,
    }
}

/// A day, as the sum of its hours.
fn day(input: &FrameInput<'_>, page: &MoneyPage, begin: Timestamp, label: String) -> MoneyBar {
    let period = Period::of(By::Day, input.zone(), begin);
    let is_today = (period.begin..period.end).contains(&page.at);
    let answered = if is_today { Some(&page.hours) } else { input.app.money.days.get(&begin) };
    let hours = answered.map_or(&[][..], Vec::as_slice);
    let sum = |of: fn(&Hour) -> Option<Money>| hours.iter().filter_map(of).reduce(|a, b| a + b);
    MoneyBar {
        begin,
        end: period.end,
        label,
        revenue: sum(|hour| hour.revenue),
        cost: sum(|hour| hour.cost),
        profit: sum(|hour| hour.profit),
        lower_bound: hours.iter().any(|hour| hour.lower_bound),
        is_asked: answered.is_none() && begin <= page.at,
    }
}
