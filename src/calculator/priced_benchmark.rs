//! A benchmark's result in money: the cost of a million tokens at the measured speed, and their revenue.

use serde::Serialize;

use super::benchmark_result::{BenchRun, BenchmarkResult};
use super::rate::Rate;
use crate::pricing::{PriceAnswer, Provenance};
use crate::reading::Label;
use crate::units::{Money, Ratio, Share, Timestamp, Tokens, gross_margin, profit_on_cost};

/// The decimals of a printed amount.
const PLACES: u32 = 6;
/// A million tokens.
const MILLION: i64 = 1_000_000;

/// A benchmark in money.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct PricedBenchmark {
    pub(crate) format: &'static str,
    pub(crate) currency: Label,
    pub(crate) at: Timestamp,
    pub(crate) gpus: u32,
    pub(crate) rate: Option<Rate>,
    pub(crate) model: Option<Label>,
    /// The list of the revenue; `None` is unpriced.
    pub(crate) list: Option<Label>,
    pub(crate) tier: Option<Label>,
    pub(crate) provenance: Option<Provenance>,
    pub(crate) list_begins: Option<Timestamp>,
    /// When the list that still prices the model ended.
    pub(crate) list_ended: Option<Timestamp>,
    /// The paid share in the revenue; `None` at list price.
    pub(crate) paid: Option<Share>,
    pub(crate) runs: Vec<PricedRun>,
}

/// One load in money; unknown figures are absent. Prompt tokens are misses: benchmarks do not report hits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct PricedRun {
    pub(crate) name: Option<Label>,
    pub(crate) seconds: f64,
    pub(crate) prompt_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) output_per_second: f64,
    pub(crate) tokens_per_second_per_user: Option<f64>,
    pub(crate) concurrency: Option<f64>,
    pub(crate) cost: Option<Money>,
    pub(crate) cost_per_million: Option<Money>,
    pub(crate) cost_per_million_output: Option<Money>,
    pub(crate) revenue: Option<Money>,
    pub(crate) revenue_per_million: Option<Money>,
    pub(crate) profit: Option<Money>,
    pub(crate) profit_on_cost: Option<Ratio>,
    pub(crate) gross_margin: Option<Ratio>,
}

impl PricedBenchmark {
    /// The loads of a result on so many GPUs at a rate, priced by an answer of the book in `currency`, if there is one.
    pub(crate) fn new(
        result: &BenchmarkResult,
        (gpus, rate): (u32, Option<Rate>),
        (model, answer): (Option<&str>, Option<&PriceAnswer<'_>>),
        (currency, at): (&str, Timestamp),
    ) -> Self {
        Self {
            format: result.format,
            currency: Label::new(currency),
            at,
            gpus,
            model: model.map(Label::new),
            list: answer.map(|answer| Label::new(&answer.quote.list.name)),
            tier: answer.map(|answer| Label::new(answer.quote.tier)),
            provenance: answer.map(|answer| answer.provenance),
            list_begins: answer.and_then(|answer| answer.begins),
            list_ended: answer.and_then(|answer| answer.list_ended(at)),
            paid: answer.and_then(|answer| answer.paid),
            runs: result.runs.iter().map(|run| priced(run, gpus, rate.as_ref(), answer)).collect(),
            rate,
        }
    }
}

fn priced(run: &BenchRun, gpus: u32, rate: Option<&Rate>, answer: Option<&PriceAnswer<'_>>) -> PricedRun {
    let cost = rate.and_then(|rate| Some(rate.per_gpu_hour.of_nanohours(nanohours(run.seconds, gpus)?)));
    let revenue = answer.map(|answer| {
        let (share, prices) = (answer.paid.unwrap_or(Share::ALL), answer.quote.prices);
        prices.miss.of_share(Tokens::new(run.prompt), share) + prices.output.of_share(Tokens::new(run.output), share)
    });
    let per_million = |amount: Option<Money>, tokens: u64| {
        amount?.scaled(MILLION, i64::try_from(tokens).ok()?).map(|amount| amount.round_to(PLACES))
    };
    let all = run.prompt.saturating_add(run.output);
    let rounded = |amount: Option<Money>| amount.map(|amount| amount.round_to(PLACES));
    let both = revenue.zip(cost);
    PricedRun {
        name: run.name.clone(),
        seconds: run.seconds,
        prompt_tokens: run.prompt,
        output_tokens: run.output,
        output_per_second: run.output as f64 / run.seconds,
        tokens_per_second_per_user: run.per_user(),
        concurrency: run.concurrency,
        cost: rounded(cost),
        cost_per_million: per_million(cost, all),
        cost_per_million_output: per_million(cost, run.output),
        revenue: rounded(revenue),
        revenue_per_million: per_million(revenue, all),
        profit: rounded(revenue).zip(rounded(cost)).map(|(revenue, cost)| revenue - cost),
        profit_on_cost: both.and_then(|(revenue, cost)| profit_on_cost(revenue, cost)),
        gross_margin: both.and_then(|(revenue, cost)| gross_margin(revenue, cost)),
    }
}

/// The GPU time of a run in billionths of an hour; `None` if the duration is invalid.
#[allow(clippy::cast_possible_truncation, reason = "checked")]
fn nanohours(seconds: f64, gpus: u32) -> Option<i64> {
    const MOST: f64 = 1e18;
    let nanos = seconds / 3600.0 * f64::from(gpus) * 1e9;
    (0.0..MOST).contains(&nanos).then(|| nanos.round() as i64)
}
