//! The hub's page for Prometheus: money, tokens, coverage and alerts; and the names of `OpenCost` for the cost of inference.
//!
//! Amounts are decimals, rounded once. Those of today begin at local midnight and are the rows of `report --since today`: rows of
//! one key add up to the fleet's. A label `model=""` and the like does not occur: what has no key is in rows in parentheses.

use std::collections::HashMap;
use std::fmt::Display;

use super::today::TodayMoney;
use crate::exposition::{Emitter, FamilyKind};
use crate::platform::own_usage;
use crate::reading::{EngineRole, Health, ModelName, NodeName};
use crate::snapshot::{EngineRow, ModelRow, Snapshot};
use crate::statement::{Statement, StatementRow};
use crate::units::{Money, Ratio, Tokens, quotient};

const GAUGE: FamilyKind = FamilyKind::Gauge;
const ALERT: &str = "margintop_alert";

/// An amount of a row of a statement, or of a model's row, if it is known.
type StatementAmount = fn(&StatementRow) -> Option<Money>;
type ModelAmount = fn(&ModelRow) -> Option<Money>;
type TokensOfModel = fn(&ModelRow) -> Option<Tokens>;

/// The page of a snapshot, with today's money if the ledger has answered.
pub(super) fn page(now: &Snapshot, today: Option<&TodayMoney>) -> String {
    let mut page = Emitter::new();
    fleet(&mut page, now);
    for statement in today.iter().flat_map(|today| &today.by) {
        of_today(&mut page, statement, now.money.currency.as_str());
    }
    rates(&mut page, now);
    tokens(&mut page, now);
    open_cost(&mut page, now);
    states(&mut page, now);
    own(&mut page);
    page.finish()
}

/// Writes a family of one line, unless its value is unknown.
fn single(page: &mut Emitter, name: &str, help: &str, labels: &[(&str, &str)], value: Option<impl Display>) {
    if let Some(value) = value {
        page.family(name, GAUGE, help).sample(name, labels, value);
    }
}

/// Writes a family with a line for each key whose value is known.
fn family<'k, V: Display>(
    page: &mut Emitter,
    (name, help): (&str, &str),
    (label, more): (&str, &[(&str, &str)]),
    lines: impl Iterator<Item = (&'k str, Option<V>)>,
) {
    let mut begun = false;
    for (key, value) in lines {
        let Some(value) = value else { continue };
        if !std::mem::replace(&mut begun, true) {
            page.family(name, GAUGE, help);
        }
        let labels: Vec<(&str, &str)> = std::iter::once((label, key)).chain(more.iter().copied()).collect();
        page.sample(name, &labels, value);
    }
}

/// The fleet's money since midnight and an hour, with what limits it.
fn fleet(page: &mut Emitter, now: &Snapshot) {
    let money = &now.money;
    let currency = [("currency", money.currency.as_str())];
    let amounts: [(&str, &str, Option<Money>); 8] = [
        ("margintop_revenue_today", "Revenue since local midnight, or since the first poll.", money.revenue),
        ("margintop_cost_today", "Cost of that time.", money.cost),
        ("margintop_profit_today", "Revenue with a known cost less cost.", money.profit),
        ("margintop_idle_cost_today", "The part of the cost that is for idle GPUs.", money.idle_cost),
        ("margintop_uncosted_revenue_today", "Revenue whose cost is unknown.", Some(money.uncosted_revenue)),
        ("margintop_revenue_per_hour", "Revenue an hour, of the last minute.", money.revenue_per_hour),
        ("margintop_cost_per_hour", "Cost an hour.", money.cost_per_hour),
        ("margintop_profit_per_hour", "Profit an hour, of the last minute.", money.profit_per_hour),
    ];
    for (name, help, amount) in amounts {
        single(page, name, help, &currency, amount);
    }
    single(page, "margintop_profit_on_cost_ratio", "Profit of its cost.", &[], money.profit_on_cost.map(Ratio::get));
    single(page, "margintop_gross_margin_ratio", "Profit of its revenue.", &[], money.gross_margin.map(Ratio::get));
    let is = |flag: bool| Some(u8::from(flag));
    let flags = [
        ("margintop_revenue_is_lower_bound", "Whether the true revenue may be higher (1).", is(money.lower_bound)),
        ("margintop_revenue_is_upper_bound", "Whether the true revenue may be lower (1).", is(money.upper_bound)),
        ("margintop_revenue_is_theoretical", "Whether revenue is at list prices (1).", is(money.theoretical)),
    ];
    for (name, help, flag) in flags {
        single(page, name, help, &[], flag);
    }
    single(page, "margintop_unpriced_tokens_today", "Tokens without a price.", &[], Some(money.unpriced_tokens));
    single(
        page,
        "margintop_disputed_tokens_today",
        "Tokens that wait for a decision.",
        &[],
        Some(money.disputed_tokens),
    );
    let unwritten = is(money.ledger.write_error.is_some());
    single(page, "margintop_ledger_write_failed", "Whether the ledger cannot be written (1).", &[], unwritten);
}

/// Today's money by one key.
fn of_today(page: &mut Emitter, statement: &Statement, currency: &str) {
    let key = statement.by.name();
    let amounts: [(&str, &str, StatementAmount); 3] = [
        ("revenue", "Revenue since local midnight", |row| row.revenue),
        ("cost", "Cost since local midnight", |row| row.cost),
        ("profit", "Revenue with a known cost less cost, since local midnight,", |row| row.profit),
    ];
    for (what, help, amount) in amounts {
        let name = format!("margintop_{key}_{what}_today");
        let help = format!("{help} by {key}; rows in parentheses have no {key}.");
        let lines = statement.rows.iter().map(|row| (row.key.as_str(), amount(row)));
        family(page, (&name, &help), (key, &[("currency", currency)]), lines);
    }
}

/// Money an hour by model, node and unit.
fn rates(page: &mut Emitter, now: &Snapshot) {
    let currency = [("currency", now.money.currency.as_str())];
    let models: [(&str, &str, ModelAmount); 3] = [
        ("margintop_model_revenue_per_hour", "Revenue an hour by model.", |row| row.money.revenue_per_hour),
        ("margintop_model_cost_per_hour", "Cost of busy GPUs an hour by model.", |row| row.money.cost_per_hour),
        ("margintop_model_profit_per_hour", "Profit an hour by model.", |row| row.money.profit_per_hour),
    ];
    for (name, help, amount) in models {
        let lines = now.models.iter().map(|row| (row.model.as_str(), amount(row)));
        family(page, (name, help), ("model", &currency), lines);
    }
    let nodes = now.nodes.iter().map(|row| (row.name.as_str(), row.profit_per_hour));
    family(page, ("margintop_node_profit_per_hour", "Profit an hour by node."), ("node", &currency), nodes);
    let units = now.units.iter().map(|row| {
        (row.unit.as_str(), row.revenue_per_hour.zip(row.cost_per_hour).map(|(revenue, cost)| revenue - cost))
    });
    family(page, ("margintop_unit_profit_per_hour", "Revenue less cost an hour by unit."), ("unit", &currency), units);
}

/// Lifetime tokens by model, the hit rate, and the load of GPUs.
fn tokens(page: &mut Emitter, now: &Snapshot) {
    let models: [(&str, &str, TokensOfModel); 3] = [
        ("margintop_model_prompt_tokens", "Prompt tokens of the engines' own counters by model.", |row| {
            row.prompt_total
        }),
        ("margintop_model_cached_tokens", "Their part from a cache.", |row| row.cached_total),
        ("margintop_model_output_tokens", "Output tokens by model.", |row| row.output_total),
    ];
    for (name, help, tokens) in models {
        let lines = now.models.iter().map(|row| (row.model.as_str(), tokens(row).map(Tokens::count)));
        family(page, (name, help), ("model", &[]), lines);
    }
    let hit_rates = now.models.iter().map(|row| (row.model.as_str(), row.cache_hit_rate.map(Ratio::get)));
    family(page, ("margintop_model_cache_hit_ratio", "Cached share of the prompt tokens."), ("model", &[]), hit_rates);
    let figures: [(&str, &str, Option<f64>); 5] = [
        ("margintop_output_tokens_per_second", "Output tokens a second.", now.tokens.output_per_second),
        ("margintop_prompt_tokens_per_second", "Prompt tokens a second.", now.tokens.prompt_per_second),
        ("margintop_cache_hit_ratio", "Cached share of the prompt tokens.", now.cache_hit_rate.map(Ratio::get)),
        ("margintop_gpu_utilization_ratio", "Mean utilization of the GPUs.", now.gpus.utilization.map(Ratio::get)),
        ("margintop_gpu_power_watts", "Power draw of the GPUs.", now.gpus.power_watts),
    ];
    for (name, help, value) in figures {
        single(page, name, help, &[], value);
    }
}

/// The names of `OpenCost` for the cost of inference (1.121, `docs/inference-cost-tracking.md`), so that boards that join them
/// work. The basis is allocation: what a model's GPUs cost, busy or not is in `margintop_idle_cost_today`. The cost is divided
/// between prompt and generation where prefill and decode run on nodes of their own; nothing else shows it.
fn open_cost(page: &mut Emitter, now: &Snapshot) {
    const COST: &str = "llm_total_hourly_cost";
    const PER_MILLION: &str = "llm_cost_per_million_tokens";
    const SAVINGS: &str = "llm_cache_savings_fraction";
    let basis = [("cost_basis", "allocation")];
    let costs = now.models.iter().map(|row| (row.model.as_str(), row.money.cost_per_hour));
    family(page, (COST, "Cost an hour of a model's GPUs."), ("model_name", &basis), costs);
    let mut engines = EnginesByNode::new();
    for engine in now.engines.iter().filter(|engine| engine.role != EngineRole::Proxy) {
        engines.entry(&engine.node).or_default().push(engine);
    }
    let mut begun = false;
    for row in &now.models {
        for (phase, cost) in costs_per_million(row, now, &engines) {
            if !std::mem::replace(&mut begun, true) {
                page.family(PER_MILLION, GAUGE, "Cost of a million tokens; an empty phase is of all tokens.");
            }
            let method = if phase.is_empty() { "" } else { "disaggregated" };
            let labels = [
                ("model_name", row.model.as_str()),
                ("cost_basis", "allocation"),
                ("phase", phase),
                ("allocation_method", method),
            ];
            page.sample(PER_MILLION, &labels, cost);
        }
    }
    let savings = now.models.iter().map(|row| (row.model.as_str(), row.cache_hit_rate.map(Ratio::get)));
    family(page, (SAVINGS, "Cached share of the prompt tokens."), ("model_name", &[]), savings);
}

/// The engines of each node.
type EnginesByNode<'n> = HashMap<&'n NodeName, Vec<&'n EngineRow>>;

/// The cost of a million tokens of a model: of all, of prompts and of generation, as far as they are known.
fn costs_per_million(row: &ModelRow, now: &Snapshot, engines: &EnginesByNode<'_>) -> Vec<(&'static str, f64)> {
    let an_hour = |rate: Option<f64>| rate.map(|rate| rate * 3600.0 / 1e6).filter(|millions| *millions > 0.0);
    let (prompt, output) = (an_hour(row.prompt_per_second), an_hour(row.output_per_second));
    let cost = row.money.cost_per_hour.and_then(units_of);
    let mut costs = Vec::new();
    if let (Some(cost), Some(prompt), Some(output)) = (cost, prompt, output) {
        costs.push(("", cost / (prompt + output)));
    }
    let of = |role| cost_of_role(&row.model, now, engines, role);
    if let (Some(prefill), Some(decode)) = (of(EngineRole::Prefill), of(EngineRole::Decode)) {
        costs.extend(prompt.map(|millions| ("prompt", prefill / millions)));
        costs.extend(output.map(|millions| ("generation", decode / millions)));
    }
    costs
}

/// The cost an hour of the nodes on which a model runs in one role only; `None` if there is none, or one also runs something else.
fn cost_of_role(model: &ModelName, now: &Snapshot, engines: &EnginesByNode<'_>, role: EngineRole) -> Option<f64> {
    let mut sum = None;
    for node in &now.nodes {
        let Some(here) = engines.get(&node.name) else { continue };
        let is_it = |engine: &&&EngineRow| engine.model.as_ref() == Some(model) && engine.role == role;
        let of_role = here.iter().filter(is_it).count();
        if of_role == 0 {
            continue;
        }
        if of_role != here.len() {
            return None;
        }
        sum = Some(sum.unwrap_or(0.0) + units_of(node.cost_per_hour?)?);
    }
    sum
}

/// An amount in units of its currency, for figures that are not money: a cost of a number of tokens.
fn units_of(amount: Money) -> Option<f64> {
    quotient(amount, Money::from_micros(1_000_000)).map(Ratio::get)
}

/// What answers, and which alerts there are.
fn states(page: &mut Emitter, now: &Snapshot) {
    let coverage = now.coverage;
    let counts = [
        ("margintop_nodes_live", "Nodes whose GPUs answer.", coverage.nodes_live),
        ("margintop_nodes_known", "Known nodes.", coverage.nodes_known),
        ("margintop_engines_live", "Targets with engines that answer.", coverage.engines_live),
        ("margintop_engines_known", "Known targets with engines.", coverage.engines_known),
        ("margintop_gpus", "Known GPUs.", now.gpus.count),
        ("margintop_gpus_reporting", "GPUs that answer.", now.gpus.reporting),
    ];
    for (name, help, count) in counts {
        single(page, name, help, &[], Some(count));
    }
    let mut last = None;
    let targets = now.engines.iter().filter(|row| last.replace(&row.target) != Some(&row.target));
    let up = targets.map(|row| (row.target.as_str(), Some(u8::from(row.state == Health::Live))));
    family(page, ("margintop_target_up", "Whether a target answers."), ("target", &[]), up);
    if !now.alerts.is_empty() {
        page.family(ALERT, GAUGE, "An alert that holds (1).");
    }
    for alert in &now.alerts {
        let rule = serde_json::to_value(alert.rule).ok();
        let rule = rule.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        let severity = alert.severity.to_string();
        let labels = [("rule", rule), ("severity", severity.as_str()), ("subject", alert.subject.as_str())];
        page.sample(ALERT, &labels, 1);
    }
    single(page, "margintop_snapshot_timestamp_seconds", "The time of these figures.", &[], {
        Some(now.at.millis() as f64 / 1000.0)
    });
}

/// The hub's own version and cost.
fn own(page: &mut Emitter) {
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    single(page, "margintop_build_info", "The version of the hub.", &version, Some(1));
    let Some(usage) = own_usage() else { return };
    page.family("process_cpu_seconds_total", FamilyKind::Counter, "CPU time of the hub.");
    page.sample("process_cpu_seconds_total", &[], usage.cpu_seconds);
    single(page, "process_resident_memory_bytes", "Memory of the hub.", &[], Some(usage.resident_bytes));
    single(page, "process_start_time_seconds", "When the hub started.", &[], usage.start_seconds);
}
