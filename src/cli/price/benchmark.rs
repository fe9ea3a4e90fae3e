//! Reads a benchmark's result, and prints it in money.

use std::path::Path;

use super::answer::{answer_at, model_price};
use super::args::PriceArgs;
use super::rate::rate;
use super::text;
use crate::calculator::{BENCHMARK_FORMATS, BenchmarkResult, PricedBenchmark};
use crate::cli::amounts::percent1;
use crate::cli::{Failure, input};
use crate::config::Settings;
use crate::reading::Label;
use crate::tui::format;
use crate::units::{Money, Timestamp};

/// The largest file that is read: guidellm stores every request.
const LARGEST: u64 = 512 << 20;

/// Prices a result by the book at an instant.
pub(super) fn price(
    settings: &Settings,
    args: &PriceArgs,
    file: &Path,
    at: Timestamp,
) -> Result<PricedBenchmark, Failure> {
    let said = |why: String| Failure::Usage(format!("--from {}: {why}", file.display()));
    let result = BenchmarkResult::read(&input::text(file, BENCHMARK_FORMATS, LARGEST)?).map_err(said)?;
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
    let basis = (settings.book.currency(), at);
    Ok(PricedBenchmark::new(&result, (gpus, rate), (model.as_deref(), answer.as_ref()), basis))
}

/// A row for each load, and the basis of the figures.
pub(super) fn render(priced: &PricedBenchmark) -> String {
    let currency = priced.currency.as_str();
    let mut out = vec![row(["load", "tok/s/user", "out tok/s", "cost/M", "cost/M out", "revenue/M", "profit on cost"])];
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
    out.push(
        "/M    a million tokens, prompt and output together; cost/M out: all cost per million output tokens".to_owned(),
    );
    let model = priced.model.as_ref().map_or("a model without a name", Label::as_str);
    out.push(match (&priced.list, &priced.tier, priced.provenance) {
        (Some(list), Some(tier), Some(provenance)) => {
            let dates = text::dates_of_list(priced.list_ended, priced.list_begins);
            let paid = priced
                .paid
                .map_or_else(|| "theoretical, at list price".to_owned(), |paid| format!("paid share {paid}"));
            format!("list  {list}, {provenance}, tier {tier} at {}{dates}, {paid}", priced.at)
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
