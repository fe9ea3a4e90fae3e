//! A benchmark's result in money: the cost of a million tokens at the measured speed, and their revenue.

use std::path::Path;

use serde::Serialize;

use super::answer::{answer_at, model_price};
use super::args::PriceArgs;
use super::bench::{self, BenchRun};
use super::rate::{Rate, rate};
use super::text;
use crate::cli::amounts::percent1;
use crate::cli::{Failure, input};
use crate::config::Settings;
use crate::pricing::{PriceAnswer, Provenance};
use crate::reading::Label;
use crate::tui::format;
use crate::units::{Money, Ratio, Share, Timestamp, Tokens, gross_margin, profit_on_cost};

/// The largest file that is read: guidellm stores every request.
const LARGEST: u64 = 512 << 20;
/// The decimals of a printed amount.
const PLACES: u32 = 6;
/// A million tokens.
const MILLION: i64 = 1_000_000;

/// A benchmark in money.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Priced {
    format: &'static str,
    currency: Label,
    at: Timestamp,
    gpus: u32,
    rate: Option<Rate>,
    model: Option<Label>,
    /// The list of the revenue; `None` is unpriced.
    list: Option<Label>,
    tier: Option<Label>,
    provenance: Option<Provenance>,
    list_begins: Option<Timestamp>,
    /// When the list that still prices the model ended.
    list_ended: Option<Timestamp>,
    runs: Vec<PricedRun>,
}

/// One load in money; unknown figures are absent. Prompt tokens are misses: benchmarks do not report hits.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct PricedRun {
    name: Option<Label>,
    seconds: f64,
    prompt_tokens: u64,
    output_tokens: u64,
    output_per_second: f64,
    tokens_per_second_per_user: Option<f64>,
    concurrency: Option<f64>,
    cost: Option<Money>,
    cost_per_million: Option<Money>,
    cost_per_million_output: Option<Money>,
    revenue: Option<Money>,
    revenue_per_million: Option<Money>,
    profit: Option<Money>,
    profit_on_cost: Option<Ratio>,
    gross_margin: Option<Ratio>,
}

/// Prices a result by the book at an instant.
pub(super) fn price(settings: &Settings, args: &PriceArgs, file: &Path, at: Timestamp) -> Result<Priced, Failure> {
    let said = |why: String| Failure::Usage(format!("--from {}: {why}", file.display()));
    let result = bench::read(&input::text(file, bench::FORMATS, LARGEST)?).map_err(said)?;
    let gpus = args
        .gpus
        .or(result.gpus)
        .ok_or_else(|| said("it does not say on how many GPUs it ran: write --gpus 8".to_owned()))?;
    let gpu = args.gpu.as_deref().or(result.gpu.as_deref());
    let rate = rate(settings, args, gpu, at)?;
    let model = args.model.clone().or_else(|| result.runs.iter().find_map(|run| run.model.clone()));
    let price = match model_price(settings, args, model.as_deref()) {
        Ok(price) => Some(price),
        // The model of a file may be unpriced; a named one may not.
        Err(_) if args.model.is_none() && args.list.is_none() => None,
        Err(failure) => return Err(failure),
    };
    let answer = price.map(|price| answer_at(settings, &price, model.as_deref(), at)).transpose()?;
    Ok(Priced {
        format: result.format,
        currency: Label::new(settings.book.currency()),
        at,
        gpus,
        model: model.as_deref().map(Label::new),
        list: answer.map(|answer| Label::new(&answer.quote.list.name)),
        tier: answer.map(|answer| Label::new(answer.quote.tier)),
        provenance: answer.map(|answer| answer.provenance),
        list_begins: answer.and_then(|answer| answer.begins),
        list_ended: answer.and_then(|answer| answer.list_ended(at)),
        runs: result.runs.iter().map(|run| priced(run, gpus, rate.as_ref(), answer.as_ref())).collect(),
        rate,
    })
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

/// A row for each load, and the basis of the figures.
pub(super) fn render(priced: &Priced) -> String {
    let currency = priced.currency.as_str();
    let mut out = vec![row(["load", "tok/s/user", "out tok/s", "cost/M", "cost/M out", "worth/M", "profit on cost"])];
    for run in &priced.runs {
        let speed = |rate: Option<f64>| rate.map_or_else(|| format::UNKNOWN.to_owned(), |rate| format!("{rate:.1}"));
        let amount = |amount: Option<Money>| format::amount(amount, currency, 4);
        let name = run.name.as_ref().map_or_else(|| format::UNKNOWN.to_owned(), ToString::to_string);
        out.push(row([
            &name,
            &speed(run.tokens_per_second_per_user),
            &speed(Some(run.output_per_second)),
            &amount(run.cost_per_million),
            &amount(run.cost_per_million_output),
            &amount(run.revenue_per_million),
            &percent1(run.profit_on_cost),
        ]));
    }
    out.push(String::new());
    out.push(format!("file  {}, {} GPUs, all prompt tokens priced as misses", priced.format, priced.gpus));
    let model = priced.model.as_ref().map_or("a model without a name", Label::as_str);
    out.push(match (&priced.list, &priced.tier, priced.provenance) {
        (Some(list), Some(tier), Some(provenance)) => {
            let dates = text::dates_of_list(priced.list_ended, priced.list_begins);
            format!("list  {list}, {provenance}, tier {tier} at {}{dates}", priced.at)
        }
        _ => format!("list  none prices {model}: name one with --list to see what the tokens are worth"),
    });
    out.push(format!("rate  {}", text::rate(priced.rate.as_ref(), currency)));
    out.push(String::new());
    out.join("\n")
}

fn row([name, speed, rate, cost, cost_out, worth, margin]: [&str; 7]) -> String {
    let name = format::pad_right(name, 16);
    format!("{name}{speed:>12}{rate:>12}{cost:>12}{cost_out:>12}{worth:>12}{margin:>16}")
}
