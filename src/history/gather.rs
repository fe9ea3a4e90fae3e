//! Gathers the figures of every subject from a snapshot.

use std::collections::HashMap;
use std::hash::Hash;

use super::lines::mean;
use super::query::Measure;
use crate::reading::{EngineRole, ModelName, NodeName, Rank, TargetId, UnitName};
use crate::snapshot::{EngineRow, Quantiles, Snapshot};
use crate::units::Ratio;

/// The present figures of a subject.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PlaceFigures {
    output: Option<f64>,
    prompt: Option<f64>,
    hit_rate: Option<f64>,
    load: Option<f64>,
    power: Option<f64>,
    kv: Option<f64>,
    waiting: Option<f64>,
    running: Option<f64>,
    ttft: GatheredLatency,
    itl: GatheredLatency,
    /// Revenue and cost per hour.
    money: [Option<f64>; 2],
}

/// A median and a p99, in seconds.
#[derive(Debug, Clone, Copy, Default)]
struct GatheredLatency {
    median: Option<f64>,
    tail: Option<f64>,
}

/// The sum and number of medians, and the largest p99.
#[derive(Debug, Clone, Copy, Default)]
struct MedianLatencies {
    medians: Option<(f64, f64)>,
    tail: Option<f64>,
}

/// The sums over rows of engines.
#[derive(Debug, Clone, Copy, Default)]
struct MergedSum {
    output: Option<f64>,
    prompt: Option<f64>,
    /// Prompt tokens with known hits, and those hits.
    hits: Option<(f64, f64)>,
    kv: Option<(f64, f64)>,
    waiting: Option<f64>,
    running: Option<f64>,
    ttft: MedianLatencies,
    itl: MedianLatencies,
}

/// An engine, and its ranks if its page has them.
#[derive(Debug)]
pub(super) struct EngineFigures<'a> {
    pub(super) target: &'a TargetId,
    pub(super) figures: PlaceFigures,
    pub(super) ranks: Vec<(&'a Rank, PlaceFigures)>,
}

/// The figures of all subjects.
#[derive(Debug)]
pub(super) struct SubjectFigures<'a> {
    pub(super) units: Vec<(&'a UnitName, PlaceFigures)>,
    pub(super) nodes: Vec<(&'a NodeName, PlaceFigures)>,
    pub(super) models: Vec<(&'a ModelName, PlaceFigures)>,
    pub(super) engines: Vec<EngineFigures<'a>>,
}

impl PlaceFigures {
    pub(super) const fn value(&self, measure: Measure) -> Option<f64> {
        match measure {
            Measure::Output => self.output,
            Measure::Prompt => self.prompt,
            Measure::HitRate => self.hit_rate,
            Measure::Load => self.load,
            Measure::Power => self.power,
            Measure::Kv => self.kv,
            Measure::Waiting => self.waiting,
            Measure::Running => self.running,
            Measure::TtftMedian => self.ttft.median,
            Measure::TtftTail => self.ttft.tail,
            Measure::ItlMedian => self.itl.median,
            Measure::ItlTail => self.itl.tail,
            Measure::Revenue => self.money[0],
            Measure::Cost => self.money[1],
            _ => None,
        }
    }
}

impl<'a> SubjectFigures<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let by_node = sums(snapshot, |row| Some(&row.node));
        let by_model = sums(snapshot, |row| row.model.as_ref());
        let by_unit = sums(snapshot, |row| row.unit.as_ref());
        let ratio = |ratio: Option<Ratio>| ratio.map(Ratio::get);
        let units = snapshot.units.iter().map(|row| {
            let of_engines = by_unit.get(&row.unit).copied().unwrap_or_default().figures();
            let figures = PlaceFigures {
                output: row.output_per_second,
                prompt: row.prompt_per_second,
                load: ratio(row.utilization),
                kv: ratio(row.kv_usage).or(of_engines.kv),
                waiting: row.waiting.map(|waiting| waiting as f64),
                money: [row.revenue_per_hour, row.cost_per_hour].map(|money| money.map(super::money::units)),
                ..of_engines
            };
            (&row.unit, figures)
        });
        let nodes = snapshot.nodes.iter().map(|row| {
            let of_engines = by_node.get(&row.name).copied().unwrap_or_default().figures();
            let figures = PlaceFigures {
                output: row.output_per_second,
                prompt: row.prompt_per_second,
                hit_rate: ratio(row.cache_hit_rate),
                load: mean(row.gpus.iter().filter_map(|gpu| gpu.utilization).map(Ratio::get)),
                power: sum(row.gpus.iter().filter_map(|gpu| gpu.power_watts)),
                money: [row.revenue_per_hour, row.cost_per_hour].map(|money| money.map(super::money::units)),
                ..of_engines
            };
            (&row.name, figures)
        });
        let models = snapshot.models.iter().map(|row| {
            let of_engines = by_model.get(&row.model).copied().unwrap_or_default().figures();
            let figures = PlaceFigures {
                output: row.output_per_second,
                prompt: row.prompt_per_second,
                hit_rate: ratio(row.cache_hit_rate),
                money: [row.money.revenue_per_hour, row.money.cost_per_hour]
                    .map(|money| money.map(super::money::units)),
                ..of_engines
            };
            (&row.model, figures)
        });
        Self { units: units.collect(), nodes: nodes.collect(), models: models.collect(), engines: engines(snapshot) }
    }
}

/// The sum of known values; `None` if none is known.
fn sum(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

/// Rows are sorted by target and rank.
fn engines(snapshot: &Snapshot) -> Vec<EngineFigures<'_>> {
    let engine = |rows: &[std::sync::Arc<EngineRow>]| -> MergedSum {
        rows.iter().fold(MergedSum::default(), |mut sum, row| {
            sum.add(row);
            sum
        })
    };
    // What is in the engine's own row is not added again.
    let whole = |rows: &[std::sync::Arc<EngineRow>]| {
        rows.iter().filter(|row| !row.in_engine_row).fold(MergedSum::default(), |mut sum, row| {
            sum.add(row);
            sum
        })
    };
    let engines = snapshot.engines.chunk_by(|a, b| a.target == b.target).filter_map(|rows| {
        let ranks = rows.chunk_by(|a, b| a.rank == b.rank);
        let ranks = ranks.filter_map(|rows| Some((rows.first()?.rank.as_ref()?, engine(rows).figures())));
        Some(EngineFigures { target: &rows.first()?.target, figures: whole(rows).figures(), ranks: ranks.collect() })
    });
    engines.collect()
}

fn sums<'a, K: Eq + Hash>(
    snapshot: &'a Snapshot,
    key: impl Fn(&'a EngineRow) -> Option<&'a K>,
) -> HashMap<&'a K, MergedSum> {
    let mut sums: HashMap<&K, MergedSum> = HashMap::new();
    for row in snapshot.engines.iter().filter(|row| !row.in_engine_row) {
        if let Some(key) = key(row) {
            sums.entry(key).or_default().add(row);
        }
    }
    sums
}

impl MergedSum {
    fn add(&mut self, row: &EngineRow) {
        let add = |sum: &mut Option<f64>, value: Option<f64>| {
            if let Some(value) = value {
                *sum.get_or_insert(0.0) += value;
            }
        };
        add(&mut self.output, row.output_per_second);
        add(&mut self.prompt, row.prompt_per_second);
        add(&mut self.waiting, row.waiting.map(|waiting| waiting as f64));
        add(&mut self.running, row.running.map(|running| running as f64));
        self.ttft.add(row.ttft_seconds);
        self.itl.add(row.itl_seconds);
        // Tokens that decode takes over from prefill are not cache hits.
        let rate = row.cache_hit_rate.filter(|_| row.role != EngineRole::Decode);
        if let (Some(prompt), Some(rate)) = (row.prompt_per_second, rate) {
            let (prompts, hits) = self.hits.get_or_insert_default();
            (*prompts, *hits) = (*prompts + prompt, *hits + prompt * rate.get());
        }
        if let Some(usage) = row.kv_usage {
            let (sum, count) = self.kv.get_or_insert_default();
            (*sum, *count) = (*sum + usage.get(), *count + 1.0);
        }
    }

    fn figures(self) -> PlaceFigures {
        PlaceFigures {
            output: self.output,
            prompt: self.prompt,
            hit_rate: self.hits.filter(|(prompts, _)| *prompts > 0.0).map(|(prompts, hits)| hits / prompts),
            load: None,
            power: None,
            kv: self.kv.map(|(sum, count)| sum / count),
            waiting: self.waiting,
            running: self.running,
            ttft: self.ttft.figures(),
            itl: self.itl.figures(),
            money: [None; 2],
        }
    }
}

impl MedianLatencies {
    fn add(&mut self, quantiles: Quantiles) {
        if let Some(median) = quantiles.p50 {
            let (sum, count) = self.medians.get_or_insert_default();
            (*sum, *count) = (*sum + median, *count + 1.0);
        }
        if let Some(tail) = quantiles.p99 {
            self.tail = Some(self.tail.map_or(tail, |most| most.max(tail)));
        }
    }

    fn figures(self) -> GatheredLatency {
        GatheredLatency { median: self.medians.map(|(sum, count)| sum / count), tail: self.tail }
    }
}
