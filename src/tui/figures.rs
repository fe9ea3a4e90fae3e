//! What each figure on the screen is: the one table that the panel under `i` and `docs/FIGURES.md` are written from.

use std::fmt::Write as _;

use super::view::ViewId;
use crate::burn::Reason;

/// A figure.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// As the screen calls it.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// How it is found. An estimate begins with `≈`.
    pub formula: &'static str,
    /// From where.
    pub source: &'static str,
    /// The views that show it.
    pub views: &'static [ViewId],
}

use ViewId::{Alerts, Balance, Engines, Models, Money, Node, Nodes, Overview};

/// The views with a row or a line of money.
const ROWS: &[ViewId] = &[Overview, Nodes, Node, Models, Engines];
const RATES: &[ViewId] = &[Overview, Nodes, Node, Models, Engines];

macro_rules! figure {
    ($name:literal, $unit:literal, $formula:expr, $source:literal, $views:expr) => {
        Figure { name: $name, unit: $unit, formula: $formula, source: $source, views: $views }
    };
}

/// All of them, in the order in which they are shown.
pub const FIGURES: &[Figure] = &[
    figure!(
        "revenue",
        "currency",
        "growth of prompt, hit and output tokens x the price in force at the instant they were made",
        "engines' counters; price book",
        &[Overview, Money, Models, Node, Engines]
    ),
    figure!(
        "cost",
        "currency",
        "allocated GPU time x the rate of its lease, for every known GPU, busy or not; with power and overhead where set",
        "drivers and exporters; leases or assumed rates",
        &[Overview, Money, Node]
    ),
    figure!(
        "profit",
        "currency",
        "revenue of engines with a known cost − cost, since midnight or the first poll",
        "the ledger, exact to the token",
        &[Overview, Money]
    ),
    figure!(
        "profit/h, rev/h, cost/h",
        "currency an hour",
        "what was posted in the last minute / the time that it covers",
        "the ledger's postings",
        ROWS
    ),
    figure!(
        "profit on cost",
        "%",
        "profit / cost; 545 % on DeepSeek's published day",
        "the ledger",
        &[Overview, Money, Models]
    ),
    figure!("gross margin", "%", "profit / revenue; 84.5 % on the same day", "the ledger", &[Overview, Money]),
    figure!(
        "break-even",
        "% of this load",
        "cost / revenue: the share of today's traffic at which both are equal",
        "the ledger",
        &[Overview, Money]
    ),
    figure!(
        "output, prompt (tok/s)",
        "tokens a second",
        "growth of the counter / time, over the last 10 s (two intervals where these are longer)",
        "engines' counters",
        RATES
    ),
    figure!(
        "hit rate",
        "% of prompt tokens",
        "prompt tokens from a cache / all prompt tokens of the window; n/a where the engine does not count them",
        "engines' counters",
        RATES
    ),
    figure!(
        "GPU load",
        "% of time",
        "mean over GPUs of the share of time in which a kernel ran; cells of the map: mean of 10 s",
        "driver or exporter",
        &[Overview, Nodes, Node, Balance]
    ),
    figure!(
        "KV",
        "% of the cache",
        "used / all blocks; of several engines the mean",
        "engines' gauges",
        &[Nodes, Node, Engines, Balance]
    ),
    figure!(
        "run, wait",
        "requests",
        "in work, and in the queue, now",
        "engines' gauges",
        &[Nodes, Node, Engines, Balance]
    ),
    figure!(
        "in/s, out/s",
        "tokens a second",
        "prompt tokens that it takes, output tokens that it makes; nothing for a role that has none: prefill makes no output, decode takes its prompts over",
        "engines' counters",
        &[Nodes, Models, Engines]
    ),
    figure!(
        "ttft, itl p99",
        "time",
        "99th percentile of the histogram's growth over the window, whose length stands in the heading: to the first token, between tokens",
        "engines' histograms",
        &[Nodes, Node, Engines]
    ),
    figure!(
        "TTFT, ITL over time",
        "time",
        "from the median to p99 by the minute; of several ranks the mean of their medians and the largest p99",
        "engines' histograms, recorded",
        &[Overview, Models]
    ),
    figure!(
        "latency over the span",
        "time",
        "quantiles of all samples of the chosen span: the growth of the buckets of all engines together, by the minute up to an hour, by the quarter hour beyond; of units and engines the last hour",
        "engines' histograms, recorded",
        &[Overview, Models, Engines]
    ),
    figure!(
        "requests over the span",
        "requests",
        "ended, by how they ended, and preempted: rates of the window, summed up over the chosen span",
        "engines' counters of requests, recorded",
        &[Models, Engines]
    ),
    figure!(
        "requests that ended",
        "requests, or % of them",
        "complete: the model ended its answer; cut at max length: the limit of tokens was reached, the rest to 100 % where it finds no room; aborted: the client left; failed: with an error; preempted: put back in the queue for want of KV cache, each time",
        "engines' counters of requests, recorded",
        &[Overview, Models, Engines]
    ),
    figure!(
        "in SLO",
        "% of requests and tokens",
        "samples of the window within the objective of [slo] / all, of the objective where it is least; of several engines the least",
        "engines' histograms",
        &[Overview, Node, Engines]
    ),
    figure!(
        "goodput ≈",
        "output tokens a second",
        "≈ sum over engines of output a second x their share in SLO: no page says which request met which objective",
        "engines' counters and histograms",
        &[Engines]
    ),
    figure!(
        "against 15 min ago",
        "%, or points of a share",
        "the last whole minute (of a profit an hour, the rate beside it) − the minute a quarter hour before it, as a part of that; shares as a difference. A younger watch compares with its first whole minute",
        "the recorded past",
        &[Overview]
    ),
    figure!(
        "why it changed",
        "currency an hour",
        "profit of the last whole minute − that of the minute a quarter hour before it, split by cause: one thing at a time, in order; beside a profit (▲ ▼) stands that rate − the same earlier minute",
        "the ledger, both minutes",
        &[Overview, Money]
    ),
    figure!("burn: idle", "currency", Reason::Idle.formula(), "the ledger", &[Overview]),
    figure!("burn: imbalance ≈", "currency an hour", Reason::Imbalance.formula(), "ranks' figures; rates", &[Overview]),
    figure!(
        "burn: aborted ≈",
        "currency",
        Reason::Aborted.formula(),
        "engines' counters of finished requests",
        &[Overview]
    ),
    figure!("burn: below mean ≈", "currency an hour", Reason::BelowMean.formula(), "units' load; rates", &[Overview]),
    figure!("burn: silent", "currency an hour", Reason::Silent.formula(), "leases", &[Overview]),
    figure!("burn: unpriced", "currency an hour", Reason::Unpriced.formula(), "rates; price book", &[Overview, Models]),
    figure!(
        "burn: throttled ≈",
        "currency an hour",
        Reason::Throttled.formula(),
        "driver or exporter; rates",
        &[Overview, Money]
    ),
    figure!(
        "burn: preempted ≈",
        "currency an hour",
        Reason::Preempted.formula(),
        "engines' counters of requests; rates",
        &[Overview, Money]
    ),
    figure!(
        "max/mean",
        "ratio",
        "the largest load of any rank / the mean of all: prefill by prompt tokens, decode by KV and requests",
        "ranks' figures",
        &[Balance, Overview]
    ),
    figure!(
        "waiting ≈",
        "currency an hour",
        "≈ rent of the unit x (1 − mean/max): ranks that step together wait for the slowest; from above, never in the ledger. Where SGLang counts what ranks lack in each step, by that share",
        "ranks' figures; rates",
        &[Balance]
    ),
    figure!(
        "waiting today ≈",
        "currency",
        "≈ waiting an hour, summed up since the ledger's day or the watch began; never in the ledger",
        "ranks' figures; rates, recorded",
        &[Balance]
    ),
    figure!(
        "what a token earns ≈",
        "currency an hour",
        "≈ revenue an hour x the class's part of price x tokens a second; the rent is the model's share of the cost",
        "prices in force; engines' counters",
        &[Models]
    ),
    figure!(
        "tokens worth at a list ≈",
        "currency, or currency an hour",
        "≈ tokens without a price x the prices of `compare_to`; in no revenue and not in the ledger",
        "engines' counters; price book",
        &[Overview, Models]
    ),
    figure!(
        "cost per M output",
        "currency",
        "cost an hour / output tokens an hour x 10^6",
        "the ledger; engines' counters",
        &[Models]
    ),
    figure!(
        "experts",
        "max/mean",
        "1 / balancedness of the window; SGLang tells it with --enable-metrics --expert-balancedness-report-mode prometheus",
        "engines' counters (sglang:eplb_balancedness)",
        &[Balance]
    ),
    figure!(
        "tok/s per node, GPU, user",
        "tokens a second",
        "output of decode (prompt of prefill) / nodes, GPUs, requests in work; published: 14.8k out and 73.7k in a node",
        "engines' counters",
        &[Balance]
    ),
    figure!(
        "output tokens a $",
        "tokens",
        "output tokens an hour / cost an hour, in the ledger's currency",
        "engines' counters; rates",
        &[Balance]
    ),
    figure!(
        "joules per token",
        "J",
        "power of the reporting GPUs / output tokens a second",
        "driver or exporter",
        &[Balance]
    ),
    figure!(
        "month, budget",
        "currency",
        "what is owed since the month began, against the configured budget",
        "the ledger",
        &[Money]
    ),
    figure!(
        "cost/revenue %",
        "% of revenue",
        "cost of the hour / its revenue; below 100 the hour earns; without overhead by share of revenue it is break-even",
        "the ledger",
        &[Money]
    ),
    figure!(
        "needed nodes (capacity)",
        "nodes",
        "load of each hour / the best throughput of a node that was measured, within the [slo] where one is set",
        "the ledger",
        &[Money]
    ),
    figure!(
        "same tokens at",
        "currency",
        "today's tokens at another list, the cost as it is: what would have been earned",
        "the ledger; price book",
        &[Money, Models]
    ),
    figure!(
        "cost so far ≈",
        "currency",
        "≈ rent of the GPUs that have not worked since the alert began; of an engine that stopped, also what its node earned in the quarter hour before and does not now; never in the ledger",
        "leases; the log of events",
        &[Alerts]
    ),
];

/// Those that a view shows.
pub fn of(view: ViewId) -> impl Iterator<Item = &'static Figure> {
    FIGURES.iter().filter(move |figure| figure.views.contains(&view))
}

/// `docs/FIGURES.md`.
pub fn markdown() -> String {
    let mut text = String::from(
        "# What the figures are\n\nKey `i` shows this for the open view. `≈` marks an estimate: it is never in the ledger. `≥` is at least, `–` is\n\
         unknown and not 0. [COUNTING.md](COUNTING.md) says how tokens and GPU time are counted.\n\n\
         | figure | unit | how it is found | from | views |\n|---|---|---|---|---|\n",
    );
    for figure in FIGURES {
        let views: Vec<&str> = figure.views.iter().map(|view| view.view().title()).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            figure.name,
            figure.unit,
            figure.formula,
            figure.source,
            views.join(", ")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_of_the_tabs_explains_its_figures() {
        for view in ViewId::tabs() {
            assert!(of(view).count() > 0, "{view:?}");
        }
    }

    #[test]
    fn an_estimate_is_marked_and_says_so() {
        for figure in FIGURES.iter().filter(|figure| figure.name.contains('≈')) {
            let says = figure.formula.starts_with('≈') || figure.formula.contains("estimate");
            assert!(says, "{}", figure.name);
        }
    }

    /// `MARGINTOP_BLESS=1` writes the page anew.
    #[test]
    fn the_page_is_the_table() -> std::io::Result<()> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/FIGURES.md");
        if std::env::var_os("MARGINTOP_BLESS").is_some() {
            return std::fs::write(path, markdown());
        }
        assert_eq!(std::fs::read_to_string(path)?, markdown(), "MARGINTOP_BLESS=1 writes it");
        Ok(())
    }
}
