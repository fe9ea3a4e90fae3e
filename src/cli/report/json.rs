//! A report as one JSON object, the contract margintop-report/1. Unknown is null.

use serde::Serialize;

use super::data::ReportData;
use super::json_changes::{BreakEvenJson, BridgeJson, CompareJson, WhatIfJson, hours};
use super::present::LeakageText;
use crate::pricing::Bill;
use crate::reading::{Label, ModelName, NodeName};
use crate::statement::{
    Basis, ListUse, MonthToDate, PriceDifference, RateOrigin, RowKind, StatementRow, Unconverted, rounded_hours,
};
use crate::units::{HourlyRate, Money, Ratio, Timestamp, Tokens, gross_margin, profit_on_cost};

/// What is printed, on one line.
pub(super) fn render(data: &ReportData) -> Result<String, serde_json::Error> {
    let statement = &data.statement;
    let hours = rounded_hours(statement.rows.iter().map(|row| row.gpu_time), 6);
    let total = RowJson::new(&statement.total, hours.last().copied().unwrap_or_default(), data);
    let report = Report {
        schema: "margintop-report/1",
        since: statement.since,
        until: statement.until,
        watched_seconds: data.watched.millis() / 1000,
        by: statement.by.name(),
        currency: &data.currency,
        repriced: data.repriced,
        rows: statement.rows.iter().zip(&hours).map(|(row, hours)| RowJson::new(row, *hours, data)).collect(),
        total,
        uncosted_revenue: statement.uncosted_revenue,
        disputed: data.disputed.worth.round_to(6),
        disputed_tokens: data.disputed.tokens.count(),
        disputed_kwh: data.disputed.energy as f64 / 3.6e9,
        quarantined_targets: data.present.quarantined_targets,
        bill: match data.present.bill {
            Bill::All => "all",
            Bill::Finished => "finished",
        },
        leakage: data.present.leakage.map(LeakageJson::new),
        uncertainty: statement.uncertainty,
        lost_windows: statement.lost_windows,
        lower_bound: statement.total.lower_bound,
        upper_bound: statement.upper_bound,
        on_trial: data.present.marks.on_trial,
        theoretical: statement.theoretical,
        lists: statement.lists.iter().map(ListJson::new).collect(),
        price_differences: data.price_differences.iter().map(DifferenceJson::new).collect(),
        unconverted: data.unconverted.iter().map(|(statement, _)| UnconvertedJson::new(statement)).collect(),
        unpriced: data.unpriced.iter().map(|(model, tokens)| UnpricedJson::new(model.as_ref(), *tokens)).collect(),
        month_to_date: MonthJson::new(&data.month),
        break_even: BreakEvenJson::new(&data.break_even),
        what_if: data.what_if.as_ref().map(|(asked, statement)| WhatIfJson::new(asked, statement)),
        compare: data.compare.as_ref().map(|lists| lists.iter().map(CompareJson::new).collect()),
        bridge: data.bridge.as_ref().map(BridgeJson::new),
        unwatched: data.unwatched.iter().map(|(since, until)| SpanJson { since: *since, until: *until }).collect(),
        markers: data.markers.iter().map(|marker| MarkerJson { at: marker.at, text: &marker.text }).collect(),
    };
    serde_json::to_string(&report).map(|line| line + "\n")
}

#[derive(Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "a contract, not a state")]
struct Report<'a> {
    schema: &'static str,
    since: Timestamp,
    until: Timestamp,
    /// Seconds of it that were watched; where it is 0, nothing is known and all amounts are null.
    watched_seconds: i64,
    by: &'static str,
    currency: &'a str,
    repriced: bool,
    rows: Vec<RowJson<'a>>,
    total: RowJson<'a>,
    uncosted_revenue: Money,
    /// Disputed amounts, which await a decision, at the prices in force when they were seen.
    disputed: Money,
    disputed_tokens: u64,
    disputed_kwh: f64,
    /// Targets with a quarantined counter at the end of the ledger: their tokens are not posted yet.
    quarantined_targets: usize,
    bill: &'static str,
    leakage: Option<LeakageJson>,
    uncertainty: Money,
    lost_windows: u64,
    lower_bound: bool,
    upper_bound: bool,
    /// Whether posted tokens may be taken back.
    on_trial: bool,
    theoretical: bool,
    lists: Vec<ListJson<'a>>,
    /// Amounts that are posted at other prices than the book has today.
    price_differences: Vec<DifferenceJson<'a>>,
    unconverted: Vec<UnconvertedJson<'a>>,
    unpriced: Vec<UnpricedJson<'a>>,
    month_to_date: MonthJson,
    break_even: BreakEvenJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    what_if: Option<WhatIfJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compare: Option<Vec<CompareJson<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bridge: Option<BridgeJson<'a>>,
    unwatched: Vec<SpanJson>,
    markers: Vec<MarkerJson<'a>>,
}

/// Tokens of the ledger's last day beyond finished requests, whichever of the two is billed.
#[derive(Serialize)]
struct LeakageJson {
    prompt_tokens: i64,
    output_tokens: i64,
    amount: Money,
}

impl LeakageJson {
    fn new(leakage: LeakageText) -> Self {
        let LeakageText { prompt_tokens, output_tokens, amount } = leakage;
        Self { prompt_tokens, output_tokens, amount: amount.round_to(6) }
    }
}

#[derive(Serialize)]
struct RowJson<'a> {
    key: &'a Label,
    /// Whether the key is a name, and not that of a row like `(idle)` or the total.
    is_key: bool,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    node: Option<&'a NodeName>,
    prompt_tokens: Option<u64>,
    cached_tokens: Option<u64>,
    output_tokens: Option<u64>,
    gpu_hours: f64,
    revenue: Option<Money>,
    /// The part of the revenue that is in no profit, because its cost is unknown.
    uncosted_revenue: Money,
    cost: Option<Money>,
    profit: Option<Money>,
    profit_on_cost: Option<Ratio>,
    gross_margin: Option<Ratio>,
    idle_cost: Option<Money>,
    /// By node and by unit: all that its own GPUs cost, idle time and work without a price included.
    whole_cost: Option<Money>,
    /// By node and by unit: its own tokens without a price.
    unpriced_tokens: Option<u64>,
    lower_bound: bool,
    /// The lists that priced its tokens.
    lists: Vec<PriceOriginJson<'a>>,
    /// The rates that its cost was paid at.
    rates: Vec<RateOriginJson<'a>>,
}

/// Where prices come from.
#[derive(Serialize)]
struct PriceOriginJson<'a> {
    list: &'a Label,
    tier: &'a Label,
}

/// Where a rate comes from: a lease, or else a dated assumption.
#[derive(Serialize)]
struct RateOriginJson<'a> {
    gpu: &'a Label,
    #[serde(serialize_with = "HourlyRate::serialize_decimal")]
    rate: HourlyRate,
    lease: Option<&'a Label>,
    /// The date of the assumption; null where today's book does not have the rate.
    assumed: Option<&'a str>,
}

impl<'a> RowJson<'a> {
    fn new(row: &'a StatementRow, micros: i128, data: &'a ReportData) -> Self {
        let covered = row.covered();
        Self {
            key: &row.key,
            is_key: row.kind == RowKind::Key,
            start: row.start,
            end: row.end,
            node: row.node.as_ref(),
            prompt_tokens: row.prompt().map(crate::units::Tokens::count),
            cached_tokens: row.tokens.map(|tokens| tokens.hit.count()),
            output_tokens: row.tokens.map(|tokens| tokens.output.count()),
            gpu_hours: hours(micros),
            revenue: row.revenue,
            uncosted_revenue: row.uncosted_revenue,
            cost: row.cost,
            profit: row.profit,
            profit_on_cost: covered.and_then(|(revenue, cost)| profit_on_cost(revenue, cost)),
            gross_margin: covered.and_then(|(revenue, cost)| gross_margin(revenue, cost)),
            idle_cost: row.idle_cost,
            whole_cost: row.whole_cost,
            unpriced_tokens: row.unpriced_tokens.map(crate::units::Tokens::count),
            lower_bound: row.lower_bound,
            lists: row.origins.lists.iter().map(|(list, tier)| PriceOriginJson { list, tier }).collect(),
            rates: row.origins.rates.iter().map(|origin| RateOriginJson::new(origin, data)).collect(),
        }
    }
}

impl<'a> RateOriginJson<'a> {
    fn new(origin: &'a RateOrigin, data: &'a ReportData) -> Self {
        let RateOrigin { gpu, rate, lease } = origin;
        Self { gpu, rate: *rate, lease: lease.as_ref(), assumed: data.dated(origin) }
    }
}

#[derive(Serialize)]
struct SpanJson {
    since: Timestamp,
    until: Timestamp,
}

#[derive(Serialize)]
struct MarkerJson<'a> {
    at: Timestamp,
    text: &'a Label,
}

#[derive(Serialize)]
struct ListJson<'a> {
    list: &'a Label,
    tier: &'a Label,
    /// The paid share; null where none is set.
    paid: Option<f64>,
    /// Where the prices of the name changed: from and until when these held.
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    tokens: u64,
    revenue: Money,
}

impl<'a> ListJson<'a> {
    fn new(used: &'a ListUse) -> Self {
        let ListUse { list, tier, paid, from, until, tokens, revenue } = used;
        let paid = paid.map(|share| f64::from(share.ppm()) / 1e6);
        Self { list, tier, paid, from: *from, until: *until, tokens: tokens.count(), revenue: *revenue }
    }
}

#[derive(Serialize)]
struct BasisJson<'a> {
    list: &'a Label,
    tier: &'a Label,
    hit: String,
    miss: String,
    output: String,
    /// The paid share; null where none is set.
    paid: Option<f64>,
}

impl<'a> BasisJson<'a> {
    fn new(basis: &'a Basis) -> Self {
        let Basis { list, tier, prices, paid } = basis;
        let [hit, miss, output] = [prices.hit, prices.miss, prices.output].map(|price| price.to_string());
        Self { list, tier, hit, miss, output, paid: paid.map(|share| f64::from(share.ppm()) / 1e6) }
    }
}

#[derive(Serialize)]
struct DifferenceJson<'a> {
    model: Option<&'a str>,
    posted: Option<BasisJson<'a>>,
    today: Option<BasisJson<'a>>,
    since: Timestamp,
    until: Timestamp,
    tokens: u64,
    revenue: Money,
}

impl<'a> DifferenceJson<'a> {
    fn new(difference: &'a PriceDifference) -> Self {
        let basis = |basis: &'a Option<Basis>| basis.as_ref().map(BasisJson::new);
        Self {
            model: difference.model.as_ref().map(crate::reading::ModelName::as_str),
            posted: basis(&difference.posted),
            today: basis(&difference.today),
            since: difference.since,
            until: difference.until,
            tokens: difference.tokens.count(),
            revenue: difference.revenue,
        }
    }
}

/// Tokens of a model without a price.
#[derive(Serialize)]
struct UnpricedJson<'a> {
    model: Option<&'a str>,
    tokens: u64,
}

impl<'a> UnpricedJson<'a> {
    fn new(model: Option<&'a ModelName>, tokens: Tokens) -> Self {
        Self { model: model.map(ModelName::as_str), tokens: tokens.count() }
    }
}

/// Tokens whose price is in another currency, before the first rate of exchange.
#[derive(Serialize)]
struct UnconvertedJson<'a> {
    model: &'a str,
    currency: &'a str,
    since: Timestamp,
    tokens: u64,
}

impl<'a> UnconvertedJson<'a> {
    fn new(unconverted: &'a Unconverted) -> Self {
        let Unconverted { model, currency, since, tokens } = unconverted;
        Self { model: model.as_str(), currency, since: *since, tokens: tokens.count() }
    }
}

#[derive(Serialize)]
struct MonthJson {
    since: Timestamp,
    until: Timestamp,
    watched_seconds: i64,
    revenue: Option<Money>,
    uncosted_revenue: Money,
    cost: Option<Money>,
    profit: Option<Money>,
    lower_bound: bool,
    upper_bound: bool,
    projected_cost: Option<Money>,
    budget: Option<Money>,
}

impl MonthJson {
    const fn new(month: &MonthToDate) -> Self {
        let MonthToDate { since, until, watched, revenue, uncosted_revenue, cost, profit, .. } = *month;
        let MonthToDate { lower_bound, upper_bound, projected_cost, budget, .. } = *month;
        Self {
            since,
            until,
            watched_seconds: watched.millis() / 1000,
            revenue,
            uncosted_revenue,
            cost,
            profit,
            lower_bound,
            upper_bound,
            projected_cost,
            budget,
        }
    }
}
