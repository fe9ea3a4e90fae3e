//! The snapshot of an earlier instant from the recent past: the present nodes, units, models and engines, with the
//! figures of that instant. A figure that was not recorded is unknown, never a present one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::figures_of::number;
use super::recorded_rates;
use crate::history::{EventKind, History, HistoryEvent, Measure, Query, Subject};
use crate::reading::{Activity, Health, Label};
use crate::snapshot::{
    Alert, Coverage, EngineRow, GpuRow, GpuTotals, ListBasis, ModelRow, MoneyView, NodeRow, NonModelProfit, Quantiles,
    RequestRates, Requests, Rule, ScrapeRow, Severity, SloStatus, Snapshot, TokenTotals, UnitRow, Vitals, gpu_subject,
};
use crate::statement::{RowKind, Statement};
use crate::units::{Money, Ratio, Span, Timestamp, quotient};

/// The span of the record: a day, and the extra hour that a local day may have.
const KEPT: Span = Span::from_secs(25 * 3_600);

/// Reads figures of one instant.
struct Then<'a> {
    history: &'a History,
    at: Timestamp,
    now: Timestamp,
    /// The states of silent and lost subjects at the instant, by the subject of the alert.
    silent: HashMap<String, Health>,
}

/// The first instant with recorded figures, looking back from `now`: the end of the first minute of the fleet's record.
pub(super) fn began(history: &History, now: Timestamp) -> Option<Timestamp> {
    let count = (KEPT.millis() / Span::MINUTE.millis()) as usize;
    let until = over(now, Span::MINUTE) + Span::MINUTE;
    let first = |measure| {
        let query = Query { subject: Subject::Fleet, measure, until, step: Span::MINUTE, points: count };
        let place = history.series(&query).points.iter().position(Option::is_some)?;
        Some(until - Span::from_millis(Span::MINUTE.millis() * i64::try_from(count - place - 1).unwrap_or(0)))
    };
    [Measure::Load, Measure::Output, Measure::Cost, Measure::Revenue].into_iter().filter_map(first).min()
}

/// The snapshot of `at`, with the subjects of `now`. All figures are of the minute that ended last: the rows of a table are
/// recorded by the minute, and its total must be of the same time.
pub(super) fn snapshot(history: &History, now: &Snapshot, at: Timestamp) -> Snapshot {
    let alerts = alerts(history, at);
    let silent = silent(&alerts);
    let then = Then { history, at, now: now.at, silent };
    let fleet = |measure| then.value(&Subject::Fleet, measure);
    let money = then.money(&now.money);
    let mut models: Vec<ModelRow> = now.models.iter().map(|row| then.model(row)).collect();
    let mut nodes: Vec<NodeRow> = now.nodes.iter().map(|row| then.node(row)).collect();
    let tokens = TokenTotals {
        prompt_per_second: fleet(Measure::Prompt),
        cached_per_second: fleet(Measure::PromptCached),
        output_per_second: fleet(Measure::Output),
        ..TokenTotals::default()
    };
    recorded_rates::of_models(&mut models, &money, &tokens);
    recorded_rates::of_nodes(&mut nodes, &money, &tokens);
    let nodes: Vec<Arc<NodeRow>> = nodes.into_iter().map(Arc::new).collect();
    let alone = alone_on_their_node(now);
    let engine = |row: &Arc<EngineRow>| then.engine(row, alone.contains(row.node.as_str()) && !row.in_engine_row);
    let mut engines: Vec<EngineRow> = now.engines.iter().map(engine).collect();
    recorded_rates::of_engines(&mut engines, &tokens);
    let engines: Vec<Arc<EngineRow>> = engines.into_iter().map(Arc::new).collect();
    let gpus = || nodes.iter().filter(|row| row.state != Health::Never).flat_map(|row| &row.gpus);
    Snapshot {
        at,
        resuming: false,
        window_seconds: Some(Span::MINUTE.as_secs_f64()),
        gpus: GpuTotals {
            count: gpus().count(),
            reporting: gpus().filter(|gpu| gpu.state == Health::Live).count(),
            utilization: ratio(fleet(Measure::Load)).or_else(|| mean_load(&nodes)),
            ..GpuTotals::default()
        },
        coverage: coverage(&nodes, &engines),
        tokens,
        cache_hit_rate: ratio(fleet(Measure::HitRate)),
        requests: Requests {
            running: sum_of(&engines, |row| row.running).or_else(|| count(fleet(Measure::Running))),
            waiting: sum_of(&engines, |row| row.waiting).or_else(|| count(fleet(Measure::Waiting))),
        },
        money: then.completed(money, now, &models),
        nodes,
        engines,
        models,
        units: now.units.iter().map(|row| then.unit(row)).collect(),
        slo: now.slo.map(|slo| SloStatus { within: None, goodput_per_second: None, ..slo }),
        alerts,
        source_errors: Vec::new(),
        notices: Vec::new(),
        absence: None,
        vitals: Vitals::default(),
        ..now.clone()
    }
}

/// Replaces the sums of the record by those of a day until then. Their bounds are those of the statement, and those of the
/// present sums where these are of the same day.
pub(super) fn take_sums(money: &mut MoneyView, day: &Statement, now: &MoneyView) {
    let total = &day.total;
    let is_today = now.since.is_some_and(|since| since < day.until);
    money.lower_bound = total.lower_bound || is_today && now.lower_bound;
    money.upper_bound = day.upper_bound || is_today && now.upper_bound;
    (money.since, money.revenue) = (Some(day.since), total.revenue);
    (money.cost, money.profit) = (total.cost, total.profit);
    money.uncosted_revenue = day.uncosted_revenue;
    (money.profit_on_cost, money.gross_margin) = (total.profit_on_cost(), total.gross_margin());
    money.idle_cost = total.idle_cost;
    money.break_even_load = break_even(money);
}

/// A snapshot with the ledger's sums of its day, so that they are those of the rows beside it. Since when it is watched
/// stays.
pub(super) fn with_sums_of(asked: &Arc<Snapshot>, day: &Statement, now: &MoneyView) -> Arc<Snapshot> {
    if asked.money.profit.is_none() || day.total.profit.is_none() {
        return asked.clone();
    }
    let (since, break_even_load) = (asked.money.since, asked.money.break_even_load);
    let mut snapshot = Snapshot::clone(asked);
    take_sums(&mut snapshot.money, day, now);
    (snapshot.money.since, snapshot.money.break_even_load) = (since, break_even_load);
    Arc::new(snapshot)
}

/// The share of the load that pays the cost, if no overhead is a share of revenue.
fn break_even(money: &MoneyView) -> Option<Ratio> {
    let has_overhead = money.profit_beside_models.iter().any(|row| is_overhead(row) || row.name.as_str() == IDLE_TOO);
    let (profit, cost) = money.profit.zip(money.cost).filter(|_| !has_overhead)?;
    quotient(cost, profit + cost).filter(|ratio| ratio.get() >= 0.0)
}

/// The idle cost, if it can be separated from overhead.
const IDLE_TOO: &str = "(idle, overhead)";

fn is_overhead(row: &NonModelProfit) -> bool {
    row.name.as_str() == RowKind::Overhead.name()
}

impl Then<'_> {
    fn value(&self, subject: &Subject, measure: Measure) -> Option<f64> {
        let until = over(self.at, Span::MINUTE);
        let query = Query { subject: subject.clone(), measure, until, step: Span::MINUTE, points: 1 };
        self.history.series(&query).points.first().copied().flatten()
    }

    /// The state of a subject: by an alert of that time, else live if it has a record then.
    fn health(&self, subject: &str, is_known: bool) -> Health {
        let unsaid = if is_known { Health::Live } else { Health::Never };
        self.silent.get(subject).copied().unwrap_or(unsaid)
    }

    /// Profit an hour outside of all models' rows: the cost of models without a price, and idle cost. The record does
    /// not separate overhead from idle cost.
    fn beside(&self, now: &MoneyView, models: &[ModelRow]) -> Vec<NonModelProfit> {
        let Some(profit) = self.value(&Subject::Fleet, Measure::Profit) else { return Vec::new() };
        let (mut earned, mut unpriced) = (0.0, 0.0);
        for money in models.iter().map(|row| &row.money) {
            match money.revenue_per_hour {
                Some(_) => earned += number(money.profit_per_hour).unwrap_or(0.0),
                None => unpriced += number(money.cost_per_hour).unwrap_or(0.0),
            }
        }
        let has_overhead = now.profit_beside_models.iter().any(is_overhead);
        let idle = if has_overhead { IDLE_TOO } else { RowKind::Idle.name() };
        // Models' revenue is recorded with fewer digits than the fleet's: such a small difference is not idle time.
        let rest = profit - earned + unpriced;
        let least = 0.005 * (earned.abs() + unpriced);
        let parts = [(RowKind::Unpriced.name(), -unpriced), (idle, if rest.abs() < least { 0.0 } else { rest })];
        let parts = parts.into_iter().filter(|(_, amount)| amount.abs() >= 0.01);
        let row =
            |(name, amount)| Some(NonModelProfit { name: Label::new(name), profit_per_hour: money(Some(amount))? });
        parts.filter_map(row).collect()
    }

    /// The money with what its models' rows say.
    fn completed(&self, mut money: MoneyView, now: &Snapshot, models: &[ModelRow]) -> MoneyView {
        money.profit_beside_models = self.beside(&now.money, models);
        money.unpriced_tokens = self.unpriced(now, models);
        // A present rate shows whether overhead is a share of revenue.
        money.break_even_load = break_even(&money).filter(|_| !now.money.profit_beside_models.iter().any(is_overhead));
        money
    }

    fn money(&self, now: &MoneyView) -> MoneyView {
        let fleet = |measure| money(self.value(&Subject::Fleet, measure));
        let since = now.since.filter(|since| *since < self.at);
        let sum = |measure| since.and_then(|since| self.sum(measure, since));
        let (revenue, cost) = (sum(Measure::Revenue), sum(Measure::Cost));
        let profit = revenue.zip(cost).map(|(revenue, cost)| revenue - cost);
        // What is missing of the revenue is missing of the profit; what is missing of the cost is too much in it.
        let has_gaps = since.is_some_and(|since| self.has_gaps(since));
        MoneyView {
            lower_bound: now.lower_bound || has_gaps,
            upper_bound: now.upper_bound || has_gaps,
            since,
            revenue,
            cost,
            profit,
            revenue_per_hour: fleet(Measure::Revenue),
            cost_per_hour: fleet(Measure::Cost),
            profit_per_hour: fleet(Measure::Profit),
            profit_beside_models: Vec::new(),
            profit_on_cost: profit.zip(cost).and_then(|(profit, cost)| quotient(profit, cost)),
            gross_margin: profit.zip(revenue).and_then(|(profit, revenue)| quotient(profit, revenue)),
            unpriced_tokens: 0,
            uncosted_revenue: Money::ZERO,
            uncosted_engines: 0,
            uncertainty: Money::ZERO,
            disputed: Money::ZERO,
            disputed_tokens: 0,
            idle_cost: None,
            cost_per_million: None,
            cost_per_million_output: None,
            break_even_load: None,
            break_even_price: None,
            compare: None,
            priced_share: None,
            lost_windows: 0,
            leakage: None,
            lists: self.lists(now),
            ..now.clone()
        }
    }

    /// The present price lists, except of models whose prices changed since.
    fn lists(&self, now: &MoneyView) -> Vec<ListBasis> {
        let events = self.history.events(self.at, self.now + Span::from_millis(1), None);
        let changed = |list: &&ListBasis| {
            let is_of = |event: &HistoryEvent| event.name.as_str() == list.model.as_str();
            !events.iter().any(|event| event.kind == EventKind::Price && is_of(event))
        };
        now.lists.iter().filter(changed).cloned().collect()
    }

    /// Approximate tokens of models without a price: their recorded rates, minute by minute.
    fn unpriced(&self, now: &Snapshot, models: &[ModelRow]) -> u64 {
        let Some(since) = now.money.since.filter(|since| *since < self.at && now.money.unpriced_tokens > 0) else {
            return 0;
        };
        let without = models.iter().filter(|row| row.money.list.is_none());
        let tokens = without.flat_map(|row| {
            let subject = Subject::Model(row.model.clone());
            [Measure::Output, Measure::Prompt].map(|measure| self.minutes(&subject, measure, since))
        });
        let made = tokens.flatten().sum::<f64>() * Span::MINUTE.as_secs_f64();
        (made.max(0.0) as u64).min(now.money.unpriced_tokens)
    }

    /// The money of the minutes since an instant; unknown minutes have none.
    fn sum(&self, measure: Measure, since: Timestamp) -> Option<Money> {
        money(Some(self.minutes(&Subject::Fleet, measure, since)? / 60.0))
    }

    /// The sum of a measure over the minutes since an instant; unknown ones have none.
    fn minutes(&self, subject: &Subject, measure: Measure, since: Timestamp) -> Option<f64> {
        let points = self.minute_values(subject, measure, since);
        let known = points.iter().flatten();
        known.clone().next()?;
        Some(known.sum::<f64>())
    }

    /// Whether no money of a part of the time since an instant is recorded. A ledger may have it by the quarter hour.
    fn has_gaps(&self, since: Timestamp) -> bool {
        const QUARTER: usize = 15;
        let known = |measure| self.minute_values(&Subject::Fleet, measure, since);
        let known: Vec<bool> = known(Measure::Revenue)
            .iter()
            .zip(known(Measure::Cost))
            .map(|(revenue, cost)| revenue.is_some() || cost.is_some())
            .collect();
        let first = known.iter().position(|is_known| *is_known).unwrap_or(known.len());
        let is_gap = |minutes: &[bool]| minutes.iter().all(|is_known| !is_known);
        // The first minute may have begun before it was watched.
        first > 1 || self.at - since > KEPT || known.windows(QUARTER).any(is_gap)
    }

    fn minute_values(&self, subject: &Subject, measure: Measure, since: Timestamp) -> Vec<Option<f64>> {
        let until = over(self.at, Span::MINUTE);
        let minutes =
            ((until - since.minute()).millis() / Span::MINUTE.millis()).clamp(0, KEPT.millis() / Span::MINUTE.millis());
        let query = Query { subject: subject.clone(), measure, until, step: Span::MINUTE, points: minutes as usize };
        self.history.series(&query).points
    }

    fn node(&self, row: &NodeRow) -> NodeRow {
        let subject = Subject::Node(row.name.clone());
        let of = |measure| self.value(&subject, measure);
        let load = ratio(of(Measure::Load));
        let gpus: Vec<GpuRow> = row.gpus.iter().map(|gpu| self.gpu(row, gpu, load)).collect();
        let is_known = load.is_some() || of(Measure::Output).is_some();
        NodeRow {
            state: self.health(row.name.as_str(), is_known),
            age_seconds: None,
            gpus,
            output_per_second: of(Measure::Output),
            prompt_per_second: of(Measure::Prompt),
            cache_hit_rate: ratio(of(Measure::HitRate)),
            revenue: None,
            cost: None,
            profit: None,
            revenue_per_hour: money(of(Measure::Revenue)),
            cost_per_hour: money(of(Measure::Cost)),
            idle_per_hour: None,
            profit_per_hour: money(of(Measure::Profit)),
            ..row.clone()
        }
    }

    /// A GPU's own load is recorded for a quarter hour; before that its node's mean is used.
    fn gpu(&self, node: &NodeRow, gpu: &GpuRow, mean: Option<Ratio>) -> GpuRow {
        let own = ratio(self.value(&Subject::Gpu(node.name.clone(), gpu.index), Measure::Load));
        let state = self.health(&gpu_subject(&node.name, gpu.index), own.or(mean).is_some());
        // A card that was lost then had no load: its node's mean is that of the other cards.
        let load = own.or(mean).filter(|_| state == Health::Live);
        GpuRow {
            state,
            reason: None,
            cost_missing: None,
            utilization: load,
            heat: load,
            memory_used_bytes: None,
            power_watts: None,
            energy_joules: None,
            temperature_celsius: None,
            sm_clock_mhz: None,
            memory_clock_mhz: None,
            fan: None,
            throttle: None,
            activity: Activity::default(),
            pcie: None,
            xid: None,
            processes: Vec::new(),
            ..gpu.clone()
        }
    }

    /// With `is_alone`, the node's record is its own.
    fn engine(&self, row: &EngineRow, is_alone: bool) -> EngineRow {
        let subject = Subject::Engine(row.target.clone(), row.rank.clone());
        let of = |measure| self.value(&subject, measure);
        let (output, kv) = (of(Measure::Output), of(Measure::Kv));
        EngineRow {
            state: self.health(row.target.as_str(), output.is_some() || kv.is_some()),
            age_seconds: None,
            prompt_total: None,
            cached_total: None,
            output_total: None,
            prompt_per_second: of(Measure::Prompt),
            output_per_second: output,
            cache_hit_rate: ratio(of(Measure::HitRate)),
            running: count(of(Measure::Running).or_else(|| {
                let node = Subject::Node(row.node.clone());
                self.value(&node, Measure::Running).filter(|_| is_alone)
            })),
            waiting: count(of(Measure::Waiting)),
            kv_usage: ratio(kv),
            ttft_seconds: Quantiles::default(),
            itl_seconds: Quantiles::default(),
            e2e_seconds: Quantiles::default(),
            within_slo: None,
            rank_wait_share: None,
            expert_balancedness: None,
            preemptions: None,
            requests_per_minute: RequestRates::default(),
            spec_acceptance: None,
            revenue: None,
            scrape: ScrapeRow::default(),
            note: None,
            ..row.clone()
        }
    }

    fn model(&self, row: &ModelRow) -> ModelRow {
        let subject = Subject::Model(row.model.clone());
        let of = |measure| self.value(&subject, measure);
        let mut model = row.clone();
        (model.prompt_total, model.cached_total, model.output_total) = (None, None, None);
        model.cache_hit_rate = ratio(of(Measure::HitRate));
        model.prompt_per_second = of(Measure::Prompt);
        model.output_per_second = of(Measure::Output);
        model.money.revenue = None;
        model.money.revenue_per_hour = money(of(Measure::Revenue));
        model.money.profit_per_hour = money(of(Measure::Profit));
        model.money.cost_per_hour = money(of(Measure::Cost));
        model
    }

    fn unit(&self, row: &UnitRow) -> UnitRow {
        let subject = Subject::Unit(row.unit.clone());
        let of = |measure| self.value(&subject, measure);
        UnitRow {
            utilization: ratio(of(Measure::Load)),
            kv_usage: ratio(of(Measure::Kv)),
            waiting: count(of(Measure::Waiting)),
            output_per_second: of(Measure::Output),
            prompt_per_second: of(Measure::Prompt),
            worst: None,
            revenue_per_hour: money(of(Measure::Revenue)),
            cost_per_hour: money(of(Measure::Cost)),
            ..row.clone()
        }
    }
}

/// The alerts of that time, the gravest first.
fn alerts(history: &History, at: Timestamp) -> Vec<Alert> {
    let events = history.events(at, at + Span::from_millis(1), None);
    let mut alerts: Vec<Alert> = events.iter().filter_map(|event| alert(event, at)).collect();
    alerts.sort_by_key(|alert| std::cmp::Reverse(alert.severity));
    alerts
}

/// The alert of an event, if it lasted then.
fn alert(event: &HistoryEvent, at: Timestamp) -> Option<Alert> {
    let EventKind::Alert(rule, severity) = event.kind else { return None };
    let lasted = event.at <= at && event.until.is_none_or(|until| until > at);
    lasted.then(|| Alert { rule, severity, subject: event.name.clone(), since: event.at, text: event.text.clone() })
}

/// The silent and lost subjects of these alerts.
fn silent(alerts: &[Alert]) -> HashMap<String, Health> {
    let is_silence = |rule| matches!(rule, Rule::GpuLost | Rule::NodeSilent | Rule::EngineSilent);
    let health = |severity| if severity == Severity::Critical { Health::Lost } else { Health::Stale };
    let silent = alerts.iter().filter(|alert| is_silence(alert.rule));
    silent.map(|alert| (alert.subject.to_string(), health(alert.severity))).collect()
}

/// The nodes of one engine row, without its ranks.
fn alone_on_their_node(now: &Snapshot) -> HashSet<&str> {
    let mut rows: HashMap<&str, usize> = HashMap::new();
    for row in now.engines.iter().filter(|row| !row.in_engine_row) {
        *rows.entry(row.node.as_str()).or_default() += 1;
    }
    rows.into_iter().filter(|(node, rows)| *rows == 1 && !node.is_empty()).map(|(node, _)| node).collect()
}

/// The coverage of that time.
fn coverage(nodes: &[Arc<NodeRow>], engines: &[Arc<EngineRow>]) -> Coverage {
    let mut targets: HashMap<&str, bool> = HashMap::new();
    for row in engines.iter().filter(|row| row.state != Health::Never) {
        *targets.entry(row.target.as_str()).or_default() |= row.state == Health::Live;
    }
    let known = || nodes.iter().filter(|row| row.state != Health::Never);
    Coverage {
        nodes_live: known().filter(|row| row.state == Health::Live).count(),
        nodes_known: known().count(),
        engines_live: targets.values().filter(|live| **live).count(),
        engines_known: targets.len(),
    }
}

/// The sum over engines, ranks in their engine's row apart; `None` unless all live ones have a record.
fn sum_of(engines: &[Arc<EngineRow>], of: fn(&EngineRow) -> Option<u64>) -> Option<u64> {
    let live = engines.iter().filter(|row| !row.in_engine_row && row.state == Health::Live);
    let known: Vec<u64> = live.map(|row| of(row)).collect::<Option<_>>()?;
    (!known.is_empty()).then(|| known.iter().sum())
}

/// The mean load of all GPUs with a record.
fn mean_load(nodes: &[Arc<NodeRow>]) -> Option<Ratio> {
    let loads = nodes.iter().flat_map(|row| &row.gpus).filter_map(|gpu| gpu.utilization).map(Ratio::get);
    let loads: Vec<f64> = loads.collect();
    Ratio::of(loads.iter().sum(), loads.len() as f64)
}

fn count(value: Option<f64>) -> Option<u64> {
    value.map(|value| value.max(0.0).round() as u64)
}

fn ratio(value: Option<f64>) -> Option<Ratio> {
    Ratio::new(value?)
}

fn money(value: Option<f64>) -> Option<Money> {
    let micros = value? * 1e6;
    (micros.abs() < 9e18).then(|| Money::from_micros(micros.round() as i64))
}

/// The end of the last step that is over at an instant: figures of an instant are of the time before it, as those of the
/// present are.
fn over(at: Timestamp, step: Span) -> Timestamp {
    let step = step.millis();
    Timestamp::from_millis(at.millis().div_euclid(step).saturating_mul(step))
}
