//! The published DeepSeek-V3/R1 inference day: 2025-02-27 12:00 to 2025-02-28 12:00 in Beijing.
//!
//! Totals are exact at every instant. The fleet's counters are the cumulative floor of the published totals, distributed
//! over time by the published hourly income. Each unit has a whole number of the fleet's tokens, so that the units add up
//! to the fleet and no counter falls. The number of units at each time is inferred from the published node counts: a step
//! of 30 nodes is one decode unit of 18 and three prefill units of 4.

use std::sync::Arc;

use super::dcgm::{Exporter, H800, ShownGpu};
use super::fault::chance;
use super::latency::RequestsBySpeed;
use super::served::ServedRequests;
use super::site::{ServedPages, UnopenedSocket};
use super::traffic::{at_work, taken_over};
use super::vllm::Vllm;
use crate::reading::{EngineRole, NodeName, UnitName};
use crate::units::{Span, Timestamp, Tokens};
use crate::wire::Response;

/// 2025-02-27T12:00+08:00.
pub const DAY_BEGIN: Timestamp = Timestamp::from_millis(1_740_628_800_000);
/// 2025-02-28T12:00+08:00.
pub const DAY_END: Timestamp = Timestamp::from_millis(1_740_715_200_000);
/// Prompt tokens of the day, including cached ones.
pub const DAY_PROMPT: Tokens = Tokens::new(608_000_000_000);
/// Prompt tokens read from the cache on disk.
pub const DAY_CACHED: Tokens = Tokens::new(342_000_000_000);
/// Output tokens of the day.
pub const DAY_OUTPUT: Tokens = Tokens::new(168_000_000_000);

/// Requests of the day. They are not published; a thousand output tokens per request are assumed.
const REQUESTS: u64 = 168_000_000;
/// Running requests per GPU at full load, which are not published either. Output was 20 to 22 tokens per second and
/// request, which matches a decode unit's output with this many requests.
const DECODING: f64 = 102.0;
const PREFILLING: f64 = 2.0;
/// Theoretical income by hour, read from the published chart.
const INCOME: [u64; 24] = [
    27022, 28515, 30464, 30924, 30465, 27826, 26793, 29547, 30694, 30809, 31038, 29777, 21745, 17958, 13138, 7975,
    6369, 6369, 7976, 13713, 23121, 29432, 30465, 29892,
];
/// The number of prefill and decode units from a minute of the day on.
const STEPS: [(i64, usize, usize); 12] = [
    (0, 29, 9),
    (720, 23, 7),
    (795, 20, 6),
    (840, 17, 5),
    (885, 14, 4),
    (900, 11, 3),
    (930, 8, 2),
    (1110, 11, 3),
    (1140, 14, 4),
    (1170, 20, 6),
    (1200, 23, 7),
    (1230, 29, 9),
];
const MINUTE: i64 = Span::MINUTE.millis();
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const GPUS: u32 = 8;

/// GPUs of a node that a unit had allocated for a time: a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedLease {
    /// The unit.
    pub unit: UnitName,
    /// The node.
    pub node: NodeName,
    /// The number of its GPUs.
    pub gpus: u32,
    /// The start.
    pub from: Timestamp,
    /// The end.
    pub until: Timestamp,
}

/// A unit of the day.
struct DayUnit {
    role: EngineRole,
    /// Its number among the units of its role, from 0: the highest leave first and return last.
    number: usize,
    name: UnitName,
    nodes: Vec<NodeName>,
    engine: Vllm,
    exporter: Exporter,
}

/// The unit's engine's socket.
struct DayEngine(Arc<DayUnit>);
/// The socket of its nodes' exporters.
struct DayExporter(Arc<DayUnit>);

/// An amount that is distributed over the units of a role.
#[derive(Clone, Copy)]
struct Total(u64);

impl Total {
    /// The part of the total up to `ms` milliseconds into the day.
    fn until(self, ms: i64) -> u64 {
        let ms = ms.clamp(0, DAY);
        let hour = (ms / HOUR) as usize;
        let whole: u64 = INCOME.iter().take(hour).sum::<u64>() * HOUR as u64;
        let part = INCOME.get(hour).map_or(0, |income| income * (ms % HOUR) as u64);
        let all = INCOME.iter().sum::<u64>() * HOUR as u64;
        (u128::from(self.0) * u128::from(whole + part) / u128::from(all)) as u64
    }
}

/// Spans with a constant number of units: start, end, prefill units, decode units.
fn spans() -> impl Iterator<Item = (i64, i64, usize, usize)> {
    let ends = STEPS.iter().skip(1).map(|step| step.0 * MINUTE).chain([DAY]);
    STEPS.iter().zip(ends).map(|((begin, prefill, decode), end)| (begin * MINUTE, end, *prefill, *decode))
}

/// The part of unit `number` of an `amount` that is distributed over units by their weights.
fn dealt(amount: u64, weights: &[u64], number: usize) -> u64 {
    let Some(weight) = weights.get(number) else { return 0 };
    let round: u64 = weights.iter().sum();
    let before: u64 = weights.iter().take(number).sum();
    amount / round * weight + (amount % round).saturating_sub(before).min(*weight)
}

/// The weights of the units, which differ.
fn weights(role: EngineRole, count: usize) -> Vec<u64> {
    (0..count as u64).map(|number| 94 + chance(&[role as u64, number], 13)).collect()
}

fn half(total: u64) -> RequestsBySpeed {
    let slow = total / 20;
    RequestsBySpeed { quick: total - slow, slow }
}

impl DayUnit {
    /// The number of units of this one's role in a span.
    fn serving(&self, prefill: usize, decode: usize) -> usize {
        if self.role == EngineRole::Prefill { prefill } else { decode }
    }

    /// Spans in which it serves, with adjoining ones merged.
    fn serving_spans(&self) -> Vec<(i64, i64)> {
        let mut serving_spans: Vec<(i64, i64)> = Vec::new();
        for (begin, end, prefill, decode) in spans() {
            if self.number < self.serving(prefill, decode) {
                match serving_spans.last_mut() {
                    Some(last) if last.1 == begin => last.1 = end,
                    _ => serving_spans.push((begin, end)),
                }
            }
        }
        serving_spans
    }

    /// Whether it answers, including the last instant of a span, so that nothing is lost at the end.
    fn is_there(&self, ms: i64) -> bool {
        let ms = ms.clamp(0, DAY);
        self.serving_spans().iter().any(|(begin, end)| (*begin..=*end).contains(&ms))
    }

    /// Running requests at full load.
    fn batch(&self) -> f64 {
        let each = if self.role == EngineRole::Prefill { PREFILLING } else { DECODING };
        each * self.nodes.len() as f64 * f64::from(GPUS)
    }

    /// Its part of a total up to `ms` milliseconds into the day.
    fn part(&self, total: Total, ms: i64) -> u64 {
        let begun = spans().take_while(|(begin, ..)| *begin < ms);
        begun
            .map(|(begin, end, prefill, decode)| {
                let amount = total.until(end.min(ms)) - total.until(begin);
                dealt(amount, &weights(self.role, self.serving(prefill, decode)), self.number)
            })
            .sum()
    }

    fn served(&self, ms: i64) -> ServedRequests {
        let part = |total: u64| self.part(Total(total), ms);
        let requests = half(part(REQUESTS));
        let hit = part(DAY_CACHED.count());
        let computed = part(DAY_PROMPT.count() - DAY_CACHED.count());
        let counted = ServedRequests { computed, hit, requests, ..at_work(load(ms), self.batch()) };
        if self.role == EngineRole::Prefill {
            return ServedRequests { output: requests, ..counted };
        }
        let output = half(part(DAY_OUTPUT.count()));
        let gaps =
            RequestsBySpeed { quick: output.quick - output.quick / 1000, slow: output.slow - output.slow / 1000 };
        taken_over(ServedRequests { output, gaps, drafting: true, ..counted })
    }

    /// The values of each of its GPUs.
    fn shown(&self, ms: i64) -> Vec<Option<ShownGpu>> {
        let (rest, limit) = H800.power;
        // The unit's time in seconds, and its integral weighted by load, from which energy is computed.
        let (time, work) = self.serving_spans().iter().fold((0.0, 0.0), |(time, work), (begin, end)| {
            let until = ms.clamp(*begin, *end);
            (time + Span::from_millis(until - begin).as_secs_f64(), work + load_between(*begin, until))
        });
        let joules = rest * time + (limit - rest) * 0.95 * work;
        let load = load(ms);
        let gpus = (0..self.nodes.len() as u64 * u64::from(GPUS)).map(|gpu| {
            let like = 0.97 + chance(&[self.role as u64, self.number as u64, gpu], 60) as f64 / 1000.0;
            let shown = H800.at(load * like, joules * like);
            Some(ShownGpu { power: (rest + (limit - rest) * 0.95 * load) * like, ..shown })
        });
        gpus.collect()
    }
}

/// The load of each unit from 0 to 1: the hour's income per serving node.
fn load(ms: i64) -> f64 {
    /// Income per node and hour at full load, in dollars.
    const FULL: f64 = 124.0;
    let ms = ms.clamp(0, DAY - 1);
    let income = INCOME.get((ms / HOUR) as usize).copied().unwrap_or_default() as f64;
    let nodes = spans().find(|(begin, end, ..)| (*begin..*end).contains(&ms));
    nodes.map_or(0.0, |(_, _, prefill, decode)| income / (prefill * 4 + decode * 18) as f64 / FULL)
}

/// The integral of [`load`] in seconds. It is constant between quarter hours.
fn load_between(begin: i64, until: i64) -> f64 {
    const QUARTER: i64 = 15 * MINUTE;
    let starts = (0..DAY / QUARTER).map(|quarter| quarter * QUARTER);
    starts
        .map(|start| {
            let lasted = until.min(start + QUARTER) - begin.max(start);
            load(start) * Span::from_millis(lasted.max(0)).as_secs_f64()
        })
        .sum()
}

fn units() -> Vec<DayUnit> {
    let (_, prefill, decode) = STEPS[0];
    let prefill = (0..prefill).map(|number| (EngineRole::Prefill, number, format!("prefill-{:02}", number + 1), 4));
    let decode = (0..decode).map(|number| (EngineRole::Decode, number, format!("decode-{}", number + 1), 18));
    let mut first = 0;
    let unit = |(role, number, name, size): (EngineRole, usize, String, usize)| {
        let nodes: Vec<_> = (first + 1..=first + size).map(|n| NodeName::new(&format!("gpu-{n:04}"))).collect();
        first += size;
        let gpus = nodes.iter().flat_map(|node| (0..GPUS).map(|gpu| (gpu, node.as_str())));
        let exporter = Exporter::new(H800, gpus);
        DayUnit { role, number, name: UnitName::new(&name), engine: Vllm::new("deepseek-r1", 1), exporter, nodes }
    };
    prefill.chain(decode).map(unit).collect()
}

/// Two sockets for each unit: its engine and its exporter.
pub(super) fn members() -> Vec<UnopenedSocket> {
    let mut place = 0;
    let mut members = Vec::new();
    for unit in units() {
        let unit = Arc::new(unit);
        let member = |port, role, site: Arc<dyn ServedPages>| UnopenedSocket {
            place,
            port,
            nodes: unit.nodes.clone(),
            unit: Some(unit.name.clone()),
            role,
            site,
        };
        members.push(member(8000, Some(unit.role), Arc::new(DayEngine(Arc::clone(&unit)))));
        members.push(member(9400, None, Arc::new(DayExporter(Arc::clone(&unit)))));
        place += unit.nodes.len() as u32;
    }
    members
}

/// Every node's leases of the day, 5,442 node-hours in total.
pub(super) fn holdings() -> Vec<SimulatedLease> {
    let at = |ms| DAY_BEGIN + Span::from_millis(ms);
    let of_unit = |unit: DayUnit| {
        let serving_spans = unit.serving_spans();
        let holding = move |node: NodeName, (begin, end): (i64, i64)| SimulatedLease {
            unit: unit.name.clone(),
            node,
            gpus: GPUS,
            from: at(begin),
            until: at(end),
        };
        let nodes = unit.nodes.into_iter();
        nodes
            .flat_map(|node| serving_spans.iter().map(|span| holding(node.clone(), *span)).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    units().into_iter().flat_map(of_unit).collect()
}

fn into_day(now: Timestamp) -> i64 {
    (now - DAY_BEGIN).millis()
}

fn away() -> Response {
    Response::status(503, "these nodes were handed to research and training for the night\n")
}

impl ServedPages for DayEngine {
    fn page(&self, now: Timestamp) -> Response {
        let ms = into_day(now);
        if !self.0.is_there(ms) {
            return away();
        }
        // Units of a role have equal values, and would be taken for one process if they had started together.
        let place = 2 * i64::try_from(self.0.number).unwrap_or_default() + i64::from(self.0.role == EngineRole::Decode);
        let start = DAY_BEGIN - Span::from_secs(3600 + place);
        Response::exposition(self.0.engine.page(start, &[self.0.served(ms)]))
    }

    fn model(&self) -> Option<(&str, &str)> {
        Some(("deepseek-r1", "vllm"))
    }
}

impl ServedPages for DayExporter {
    fn page(&self, now: Timestamp) -> Response {
        let ms = into_day(now);
        if !self.0.is_there(ms) {
            return away();
        }
        Response::exposition(self.0.exporter.small_page(&self.0.shown(ms)))
    }

    fn model(&self) -> Option<(&str, &str)> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(ms: i64, role: EngineRole, value: impl Fn(&ServedRequests) -> u64) -> u64 {
        units().iter().filter(|unit| unit.role == role).map(|unit| value(&unit.served(ms))).sum()
    }

    #[test]
    fn the_day_ends_with_the_published_totals() {
        assert_eq!(sum(DAY, EngineRole::Prefill, ServedRequests::prompt), DAY_PROMPT.count());
        assert_eq!(sum(DAY, EngineRole::Prefill, |s| s.hit), DAY_CACHED.count());
        assert_eq!(sum(DAY, EngineRole::Decode, ServedRequests::output), DAY_OUTPUT.count());
        assert_eq!(sum(DAY, EngineRole::Decode, ServedRequests::prompt), DAY_PROMPT.count());
        assert_eq!(
            sum(DAY + HOUR, EngineRole::Prefill, ServedRequests::prompt),
            DAY_PROMPT.count(),
            "it stays at its end"
        );
        assert_eq!(
            sum(0, EngineRole::Prefill, ServedRequests::prompt)
                + sum(-HOUR, EngineRole::Decode, ServedRequests::output),
            0
        );
    }

    #[test]
    fn parts_are_exact_at_any_instant() {
        for ms in [1, 59_999, 12 * HOUR + 1, 13 * HOUR + 15 * MINUTE, 19 * HOUR - 7, DAY - 1] {
            assert_eq!(
                sum(ms, EngineRole::Decode, ServedRequests::output),
                Total(DAY_OUTPUT.count()).until(ms),
                "{ms}"
            );
            assert_eq!(sum(ms, EngineRole::Prefill, |s| s.hit), Total(DAY_CACHED.count()).until(ms), "{ms}");
        }
    }

    #[test]
    fn no_counter_falls() {
        for unit in units().iter().step_by(7) {
            let mut last = ServedRequests::default();
            for ms in (0..=DAY).step_by(97_000) {
                let now = unit.served(ms);
                assert!(now.prompt() >= last.prompt() && now.hit >= last.hit && now.transferred >= last.transferred);
                assert!(now.output() >= last.output() && now.gaps.quick >= last.gaps.quick);
                assert!(now.hit <= now.prompt());
                last = now;
            }
        }
    }

    #[test]
    fn dealing_is_fair_and_never_takes_back() {
        let weights = [3, 5, 1];
        for amount in 0..40 {
            let hands: Vec<u64> = (0..3).map(|number| dealt(amount, &weights, number)).collect();
            assert_eq!(hands.iter().sum::<u64>(), amount);
            assert!((0..3).all(|number| dealt(amount + 1, &weights, number) >= hands[number]));
        }
    }

    #[test]
    fn the_staircase_is_5442_node_hours() {
        let holdings = holdings();
        let node_ms: i64 = holdings.iter().map(|holding| (holding.until - holding.from).millis()).sum();
        assert_eq!(node_ms, 5442 * HOUR);
        let at = |ms: i64| {
            let now = DAY_BEGIN + Span::from_millis(ms);
            holdings.iter().filter(|holding| holding.from <= now && now < holding.until).count()
        };
        assert_eq!(
            [at(0), at(720 * MINUTE), at(1000 * MINUTE), at(1200 * MINUTE), at(DAY - 1)],
            [278, 218, 68, 218, 278]
        );
    }

    #[test]
    fn an_answer_comes_at_the_published_pace() {
        for hour in [2, 9, 16, 22] {
            let (from, until) = (hour * HOUR, hour * HOUR + 60_000);
            let of = |ms, value: fn(&ServedRequests) -> u64| sum(ms, EngineRole::Decode, value) as f64;
            let serving = |unit: &&DayUnit| unit.role == EngineRole::Decode && unit.is_there(from);
            let running: u64 = units().iter().filter(serving).map(|unit| unit.served(from).running).sum();
            let each = (of(until, ServedRequests::output) - of(from, ServedRequests::output)) / 60.0 / running as f64;
            assert!((19.0..24.0).contains(&each), "hour {hour}: {each} tokens a second");
        }
    }

    #[test]
    fn energy_is_the_integral_of_power() {
        let unit = &units()[0];
        let at = |ms| unit.shown(ms).into_iter().flatten().next().unwrap_or_default();
        let (before, after) = (at(3 * HOUR), at(3 * HOUR + 60_000));
        let watts = (after.energy - before.energy) as f64 / 1000.0 / 60.0;
        assert!((watts - after.power).abs() < 1.0, "{watts} against {}", after.power);
    }

    #[test]
    fn loads_fit_the_machines() {
        for minute in 0..1440 {
            let load = load(minute * MINUTE);
            assert!((0.55..0.96).contains(&load), "{minute}: {load}");
        }
    }
}
