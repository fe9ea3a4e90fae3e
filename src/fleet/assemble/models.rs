//! Models, sorted by revenue.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::engines::has_earned;
use super::flow::Flow;
use super::sums::add_tokens;
use super::{Fleet, PresentFleet};
use crate::ledger::{CostKind, RevenueAccount};
use crate::natural_order::natural_cmp;
use crate::pricing::ModelPrice;
use crate::reading::{Label, ModelName, NodeName, TokenCounters, UnitName};
use crate::snapshot::{ModelMoney, ModelRow, PriceStep};
use crate::statement::{Totals, rounded_revenues, shared_cost};
use crate::units::{Money, Timestamp, Tokens};

/// Changes of price that are reported.
const STEPS: usize = 2;

#[derive(Debug, Default)]
struct Sums {
    prompt: Option<Tokens>,
    cached: Option<Tokens>,
    output: Option<Tokens>,
    flow: Flow,
    /// Whether tokens of any of its rows are posted, or were posted today.
    posts: bool,
}

/// The rows, and the cost an hour of models without a price, which is in none of them.
pub(super) fn rows(present: &PresentFleet<'_>) -> (Vec<ModelRow>, Money) {
    let fleet = present.fleet;
    let mut sums: BTreeMap<&ModelName, Sums> = BTreeMap::new();
    for view in &present.rows {
        let Some(model) = &view.row.reading.model else { continue };
        let counts = view.counts;
        let counters = if view.row.may_be_renamed { TokenCounters::default() } else { view.counters };
        let sum = sums.entry(model).or_default();
        sum.posts |= !view.is_uncounted_proxy() || has_earned(fleet, view.row);
        if counts.prompts {
            add_tokens(&mut sum.prompt, counters.whole_prompt());
            add_tokens(&mut sum.cached, counters.cached);
        }
        if counts.outputs {
            add_tokens(&mut sum.output, counters.output);
        }
    }
    // What was made under a name that no page has any more was made: renamed, or of an engine that is gone.
    let made: BTreeSet<&ModelName> = made_today(fleet).filter(|model| !sums.contains_key(model)).collect();
    for model in &made {
        sums.entry(model).or_default().posts = true;
    }
    for view in present.live_rows() {
        if let Some(sum) = view.row.reading.model.as_ref().and_then(|model| sums.get_mut(model)) {
            sum.flow.add(view.counted());
        }
    }
    let earned = earned(fleet);
    let mut costs = cost_shares(present);
    costs.extend(made.into_iter().map(|model| (model.clone(), Money::ZERO)));
    let mut rows = Vec::with_capacity(sums.len());
    let awaits = super::pace::awaits_any(fleet);
    for (model, sum) in sums {
        let cost = costs.get(model).filter(|_| !awaits);
        rows.push(model_row(present, model, &sum, earned.get(model).copied().unwrap_or_default(), cost));
    }
    rows.sort_by(|a, b| {
        (b.money.revenue_per_hour, b.money.revenue, b.output_total)
            .cmp(&(a.money.revenue_per_hour, a.money.revenue, a.output_total))
            .then_with(|| natural_cmp(a.model.as_str(), b.model.as_str()))
    });
    let is_shown =
        |model: &ModelName| rows.iter().any(|row| row.model == *model && row.money.profit_per_hour.is_some());
    let unpriced = costs.iter().filter(|(model, _)| !is_shown(model)).map(|(_, cost)| *cost).sum();
    (rows, unpriced)
}

/// The models of which tokens were posted today.
fn made_today(fleet: &Fleet) -> impl Iterator<Item = &ModelName> {
    let ledger = &fleet.ledger;
    let made = ledger.today().tokens().filter(|(.., tokens)| !tokens.is_zero());
    made.filter_map(|(account, ..)| ledger.accounts()[account.index()].model.as_ref())
}

fn model_row(
    present: &PresentFleet<'_>,
    model: &ModelName,
    sum: &Sums,
    earned: ModelEarnings,
    cost_per_hour: Option<&Money>,
) -> ModelRow {
    ModelRow {
        model: model.clone(),
        prompt_total: sum.prompt,
        cached_total: sum.cached,
        output_total: sum.output,
        cache_hit_rate: sum.flow.hit_rate(),
        prompt_per_second: sum.flow.prompt.get(),
        output_per_second: sum.flow.output.get(),
        money: if sum.posts { money(present, model, earned, cost_per_hour) } else { ModelMoney::default() },
    }
}

/// What a model's accounts earned today, as `report --by model` rounds it, and earn an hour.
#[derive(Debug, Clone, Copy, Default)]
struct ModelEarnings {
    today: Money,
    per_hour: Money,
    /// The part of it whose cost is known.
    covered_per_hour: Money,
}

fn earned(fleet: &Fleet) -> HashMap<&ModelName, ModelEarnings> {
    let ledger = &fleet.ledger;
    let tables = super::prices::tables(fleet);
    let key = |model: Option<&ModelName>| Label::new(model.map_or("(no model)", ModelName::as_str));
    let model = |account: &RevenueAccount| Some(key(account.model.as_ref()));
    let totals = Totals::by(tables, ledger.today().tokens(), std::iter::empty(), model, |_| None);
    let today = rounded_revenues(totals, super::sums::MICROS);
    let mut earned: HashMap<&ModelName, ModelEarnings> = HashMap::new();
    for (id, account) in ledger.accounts().iter().enumerate() {
        let Some(model) = &account.model else { continue };
        let earned = earned.entry(model).or_default();
        earned.today = today.get(&key(Some(model))).copied().unwrap_or_default();
        let per_hour = fleet.pace.earned_per_hour(id).unwrap_or_default();
        earned.per_hour += per_hour;
        if account.costed {
            earned.covered_per_hour += per_hour;
        }
    }
    earned
}

fn money(
    present: &PresentFleet<'_>,
    model: &ModelName,
    earned: ModelEarnings,
    cost_per_hour: Option<&Money>,
) -> ModelMoney {
    let fleet = present.fleet;
    let cost = cost_per_hour.copied();
    let Some(price) = super::money::price_of_model(present, model) else {
        let compare_per_hour = super::money::compared_pace(present, model);
        // What was posted at an earlier price was earned, also if the model has no price now.
        let revenue = (!earned.today.is_zero()).then_some(earned.today);
        return ModelMoney { revenue, cost_per_hour: cost, compare_per_hour, ..ModelMoney::default() };
    };
    let known = fleet.pace.window().is_some();
    let is_of = |view: &&super::RowView<'_>| view.row.reading.model.as_ref() == Some(model);
    let earns = known && !super::RowView::lacks_pace(fleet, present.counted_rows().filter(is_of)).0;
    ModelMoney {
        revenue: Some(earned.today),
        revenue_per_hour: earns.then_some(earned.per_hour),
        profit_per_hour: cost_per_hour.filter(|_| earns).map(|cost| earned.covered_per_hour - *cost),
        list: price.list_at(fleet.now().wall).map(|list| Label::new(&list.name)),
        cost_per_hour: cost.filter(|_| known),
        compare_per_hour: None,
        prices: price_steps(&price, fleet.now().wall),
    }
}

/// The prices in force and the next ones.
fn price_steps(price: &ModelPrice<'_>, now: Timestamp) -> Vec<PriceStep> {
    let changes = std::iter::successors(price.next_change(now), |at| price.next_change(*at)).take(STEPS).map(Some);
    let step = |from: Option<Timestamp>| {
        let quote = price.quote(from.unwrap_or(now))?;
        let (list, tier) = (Label::new(&quote.list.name), Label::new(quote.tier));
        Some(PriceStep { from, list, tier, prices: quote.prices })
    };
    std::iter::once(None).chain(changes).filter_map(step).collect()
}

/// The cost per hour of each model: what is owed for GPUs, shared as `report --by model` does by present tokens. What
/// idles is in it, overhead is not. Rows of a node on which nothing grows share alike.
fn cost_shares(present: &PresentFleet<'_>) -> HashMap<ModelName, Money> {
    let fleet = present.fleet;
    let mut workers = workers(present);
    let mut grown: HashMap<NodeName, u64> = HashMap::new();
    for (account, weight) in &workers {
        *grown.entry(account.node.clone()).or_default() += weight;
    }
    for (account, weight) in &mut workers {
        if grown.get(&account.node).is_none_or(|grown| *grown == 0) {
            *weight = 1;
        }
    }
    let owed = fleet.ledger.cost_accounts().iter().enumerate();
    let owed = owed.filter(|(_, account)| account.kind == CostKind::Gpus && account.rate.is_some());
    let owed: Vec<_> = owed.filter_map(|(id, account)| Some((account, fleet.pace.owed_per_hour(id)?))).collect();
    let mut shares: HashMap<ModelName, Money> = HashMap::new();
    for ((account, _), cost) in workers.iter().zip(shared_cost(&workers, &owed)) {
        if let (Some(model), Some(cost)) = (&account.model, cost) {
            *shares.entry(model.clone()).or_default() += cost;
        }
    }
    shares
}

/// The accounts of the counted rows, and how many tokens each has grown by.
fn workers(present: &PresentFleet<'_>) -> Vec<(RevenueAccount, u64)> {
    // The rows of a target follow each other, and are on one node.
    let mut last: Option<(NodeName, Option<UnitName>, bool)> = None;
    let mut is_costed = |node: &NodeName, unit: Option<&UnitName>| match &last {
        Some((of, its, costed)) if of == node && its.as_ref() == unit => *costed,
        _ => last.insert((node.clone(), unit.cloned(), present.fleet.knows_cost(node, unit))).2,
    };
    let worker = |view: &super::RowView<'_>| {
        let grown = [super::PROMPT, super::OUTPUT].into_iter().filter_map(|i| view.row.window.growth(i)).sum();
        let account = RevenueAccount {
            costed: is_costed(&view.node, view.unit.as_ref()),
            node: view.node.clone(),
            unit: view.unit.clone(),
            model: Some(view.row.reading.model.clone()?),
            role: view.role,
            tenant: view.target.info.tenant.clone(),
        };
        Some((account, grown))
    };
    let mut workers = Vec::with_capacity(present.rows.len());
    workers.extend(present.counted_rows().filter(|view| !view.is_duplicate).filter_map(worker));
    workers
}
