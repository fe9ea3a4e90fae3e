//! A fleet that is polled once a second, and what its rates are beside what is made.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use margintop::fleet::{Fleet, FleetConfig};
use margintop::pricing::{Book, Pinned};
use margintop::reading::{EngineReading, Event, InstanceId, ModelName, PageReading, ScrapeCost, ScrapeError, TargetId};
use margintop::snapshot::Snapshot;
use margintop::units::{Moment, Money, Span, Timestamp};

use crate::support::{answered_dated, at, counters, instant, member, page, page_of_rank};

/// What two prompt tokens and an output token come to: misses at 0.55 and output at 2.19 a million.
pub const WORTH: f64 = 2.0 * 0.55e-6 + 2.19e-6;

/// The moment of a poll.
pub fn second(nth: i64) -> Moment {
    at(instant("2026-03-10T10:00:00Z") + Span::from_millis(nth * 1000))
}

/// A start time so many seconds before the first poll.
#[allow(clippy::unnecessary_wraps, reason = "a page says its start or does not")]
pub fn started(before: i64) -> Option<Timestamp> {
    Some(second(-before).wall)
}

/// Fleets as `once --every 1s` and as the dashboard watches them.
pub fn both(targets: &[&str]) -> [Fleet; 2] {
    [Some(Span::from_secs(1)), None].map(|pace| watched(targets, pace))
}

/// A fleet of these engines, each on a node of its own.
pub fn watched(targets: &[&str], pace: Option<Span>) -> Fleet {
    let mut book = Book::built_in().unwrap();
    book.pin(vec![Pinned::list("*", "deepseek-r1-standard")]).unwrap();
    let window = pace.unwrap_or(FleetConfig::local("box").window);
    let targets = targets.iter().map(|name| member(name, &format!("node of {name}"), None)).collect();
    Fleet::new(FleetConfig { targets, pace, window, ..FleetConfig::local("box") }, book, second(0))
}

/// A page of rows by rank, model and output; each has twice as many prompt tokens, none of them cached.
pub fn rows(rows: &[(&str, &str, u64)], start: Option<Timestamp>) -> PageReading {
    let row = |(rank, model, output): &(&str, &str, u64)| page_of_rank(model, rank, counters(2 * output, 0, *output));
    PageReading { engines: rows.iter().map(row).collect(), ..page("m", counters(0, 0, 0), start) }
}

/// A page of instances by name, start time and output.
pub fn instances(parts: &[(&str, Option<Timestamp>, u64)]) -> PageReading {
    let engine = |(name, _, output): &(&str, Option<Timestamp>, u64)| EngineReading {
        instance: Some(InstanceId::new(name)),
        model: Some(ModelName::new("m")),
        ..page_of_rank("m", "0", counters(2 * output, 0, *output))
    };
    let starts = parts.iter().filter_map(|(name, start, _)| Some((InstanceId::new(name), (*start)?)));
    PageReading {
        engines: parts.iter().map(engine).collect(),
        instance_starts: starts.collect(),
        ..page("m", counters(0, 0, 0), None)
    }
}

/// Shows a page and polls.
pub fn poll(fleet: &mut Fleet, target: &str, nth: i64, page: PageReading) -> Snapshot {
    fleet.apply(answered_dated(target, second(nth), page));
    fleet.apply(Event::Tick(second(nth) + Span::from_millis(20)));
    fleet.snapshot()
}

/// A page that could not be had.
pub fn refused(target: &str, nth: i64) -> Event {
    let (at, cost, outcome) = (second(nth), ScrapeCost::default(), Err(ScrapeError::Refused));
    Event::Page { target: TargetId::new(target), at, cost, outcome }
}

/// Money as a float.
pub fn amount(money: Money) -> f64 {
    money.grains() as f64 / Money::GRAINS_PER_UNIT as f64
}

/// What is wrong with the rates of a snapshot of a fleet that makes so many output tokens a second, if anything is: each of
/// them is right within a share, or unknown, or marked by the bound that is true.
pub fn wrong(snapshot: &Snapshot, output: f64, share: f64) -> Option<String> {
    let money = &snapshot.money;
    let rates = [
        ("tokens", snapshot.tokens.output_per_second.map(|rate| rate / output)),
        ("money", money.revenue_per_hour.map(|rate| amount(rate) / 3600.0 / WORTH / output)),
    ];
    let is_right =
        |rate: f64| (rate - 1.0).abs() <= share || rate > 1.0 && money.upper_bound || rate < 1.0 && money.lower_bound;
    let wrong: Vec<_> = rates.iter().filter(|(_, rate)| rate.is_some_and(|rate| !is_right(rate))).collect();
    let bounds = (money.lower_bound, money.upper_bound);
    (!wrong.is_empty()).then(|| format!("{wrong:?} of the truth; lower and upper bound {bounds:?}"))
}

/// What is wrong with what is posted, in output tokens of `WORTH`, beside what was made by then and by the poll before.
pub fn misposted(snapshot: &Snapshot, before: u64, made: u64) -> Option<String> {
    let money = &snapshot.money;
    let posted = amount(money.revenue.unwrap_or_default()) / WORTH;
    let bounds = (money.lower_bound, money.upper_bound);
    let is_above = posted > made as f64 + 0.5 && !money.upper_bound;
    let is_below = posted < before as f64 - 0.5 && !money.lower_bound;
    (is_above || is_below)
        .then(|| format!("{posted:.0} posted of {before} to {made}; lower and upper bound {bounds:?}"))
}

/// Whether one of two rates that say the same is known and the other is not.
pub fn contradicts(snapshot: &Snapshot) -> bool {
    snapshot.tokens.output_per_second.is_some() != snapshot.money.revenue_per_hour.is_some()
}

/// Whether both rates are known.
pub fn known(snapshot: &Snapshot) -> bool {
    snapshot.tokens.output_per_second.is_some() && snapshot.money.revenue_per_hour.is_some()
}
