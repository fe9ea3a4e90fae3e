//! The figures of rows by their names in filters. Shares are in percent, money is per hour.

use super::app::FigureValue;
use crate::snapshot::{EngineRow, GpuRow, ModelRow};
use crate::units::{Money, Ratio};

/// The names of an engine's figures.
pub const ENGINE: [&str; 8] = ["kv", "hit", "in", "out", "run", "wait", "ttft", "itl"];
/// The names of a model's figures.
pub const MODEL: [&str; 6] = ["hit", "in", "out", "rev", "cost", "profit"];
/// The names of the figures of a group of nodes.
pub const GROUP: [&str; 5] = ["util", "load", "kv", "wait", "profit"];

/// A share in percent.
pub fn percent(share: Option<Ratio>) -> Option<f64> {
    share.map(|share| share.get() * 100.0)
}

/// The figures of a GPU's row: `util`, `mem`, `temp`, `power`.
pub fn of_gpu(row: &GpuRow, key: &str) -> FigureValue {
    let memory = row.memory_used_bytes.zip(row.memory_total_bytes);
    let memory = memory.and_then(|(used, all)| Ratio::of(used.get() as f64, all.get() as f64));
    Some(match key {
        "util" | "load" => percent(row.utilization),
        "mem" => percent(memory),
        "temp" => row.temperature_celsius.map(|celsius| f64::from(celsius.get())),
        "power" => row.power_watts,
        _ => return None,
    })
}

/// The figures of an engine's row: `kv`, `hit`, `in`, `out`, `run`, `wait`, `ttft` and `itl` in seconds.
pub fn of_engine(row: &EngineRow, key: &str) -> FigureValue {
    Some(match key {
        "kv" => percent(row.kv_usage),
        "hit" => percent(row.cache_hit_rate),
        "in" => row.prompt_per_second,
        "out" => row.output_per_second,
        "run" => row.running.map(|count| count as f64),
        "wait" => row.waiting.map(|count| count as f64),
        "ttft" => row.ttft_seconds.p99,
        "itl" => row.itl_seconds.p99,
        _ => return None,
    })
}

/// The figures of a model's row: `hit`, `in`, `out`, `rev`, `cost`, `profit`.
pub fn of_model(row: &ModelRow, key: &str) -> FigureValue {
    Some(match key {
        "hit" => percent(row.cache_hit_rate),
        "in" => row.prompt_per_second,
        "out" => row.output_per_second,
        "rev" => number(row.money.revenue_per_hour),
        "cost" => number(row.money.cost_per_hour),
        "profit" => number(row.money.profit_per_hour),
        _ => return None,
    })
}

/// The figures that nodes and units share: `util`, `kv`, `wait`, `profit`.
pub fn of_group(
    load: Option<Ratio>,
    kv: Option<Ratio>,
    waiting: Option<u64>,
    profit: Option<Money>,
    key: &str,
) -> FigureValue {
    Some(match key {
        "util" | "load" => percent(load),
        "kv" => percent(kv),
        "wait" => waiting.map(|count| count as f64),
        "profit" => number(profit),
        _ => return None,
    })
}

/// An amount as a plain number, for the height of a bar and for sorting.
pub fn number(money: Option<Money>) -> Option<f64> {
    money.map(|money| money.rounded(6) as f64 / 1e6)
}
