//! Models, sorted by revenue.

use std::collections::{BTreeMap, HashMap};

use super::engines::has_earned;
use super::{Fleet, Flow, add_tokens, all_rows, counted_rows, live_rows, shown_prompt};
use crate::reading::{Label, ModelName, NodeName};
use crate::snapshot::{ModelMoney, ModelRow};
use crate::units::{Money, Tokens};

#[derive(Debug, Default)]
struct Sums {
    prompt: Option<Tokens>,
    cached: Option<Tokens>,
    output: Option<Tokens>,
    flow: Flow,
    /// Whether tokens of any of its rows are posted, or were posted today.
    posts: bool,
}

pub(super) fn rows(fleet: &Fleet) -> Vec<ModelRow> {
    let mut sums: BTreeMap<&ModelName, Sums> = BTreeMap::new();
    for view in all_rows(fleet) {
        let Some(model) = &view.row.reading.model else { continue };
        let (counts, counters) = (view.counts(fleet), view.counters(fleet));
        let sum = sums.entry(model).or_default();
        sum.posts |= !view.is_uncounted_proxy(fleet) || has_earned(fleet, view.row);
        if counts.prompts {
            add_tokens(&mut sum.prompt, shown_prompt(counters.prompt));
            add_tokens(&mut sum.cached, counters.cached);
        }
        if counts.outputs {
            add_tokens(&mut sum.output, counters.output);
        }
    }
    for view in live_rows(fleet) {
        if let Some(sum) = view.row.reading.model.as_ref().and_then(|model| sums.get_mut(model)) {
            sum.flow.add(fleet, view);
        }
    }
    let (costs, earned) = (cost_shares(fleet), earned(fleet));
    let mut rows = Vec::with_capacity(sums.len());
    for (model, sum) in sums {
        rows.push(model_row(fleet, model, &sum, earned.get(model).copied().unwrap_or_default(), costs.get(model)));
    }
    rows.sort_by(|a, b| {
        (b.money.revenue_per_hour, b.money.revenue, b.output_total).cmp(&(
            a.money.revenue_per_hour,
            a.money.revenue,
            a.output_total,
        ))
    });
    rows
}

fn model_row(fleet: &Fleet, model: &ModelName, sum: &Sums, earned: Earned, cost_per_hour: Option<&Money>) -> ModelRow {
    ModelRow {
        model: model.clone(),
        prompt_total: sum.prompt,
        cached_total: sum.cached,
        output_total: sum.output,
        cache_hit_rate: sum.flow.hit_rate(),
        prompt_per_second: sum.flow.prompt,
        output_per_second: sum.flow.output,
        money: if sum.posts { money(fleet, model, earned, cost_per_hour) } else { ModelMoney::default() },
    }
}

/// What a model's accounts earned today, and earn an hour.
#[derive(Debug, Clone, Copy, Default)]
struct Earned {
    today: Money,
    per_hour: Money,
}

fn earned(fleet: &Fleet) -> HashMap<&ModelName, Earned> {
    let accounts = fleet.ledger.accounts();
    let mut earned: HashMap<&ModelName, Earned> = HashMap::new();
    for (account, tariff, tokens) in fleet.ledger.today().tokens() {
        if let (Some(model), Some(tariff)) = (&accounts[account.index()].model, tariff) {
            earned.entry(model).or_default().today += fleet.ledger.tariff(tariff).value(tokens);
        }
    }
    for (account, known) in accounts.iter().enumerate() {
        if let (Some(model), Some(per_hour)) = (&known.model, fleet.pace.earned_per_hour(account)) {
            earned.entry(model).or_default().per_hour += per_hour;
        }
    }
    earned
}

fn money(fleet: &Fleet, model: &ModelName, earned: Earned, cost_per_hour: Option<&Money>) -> ModelMoney {
    let Some(price) = fleet.ledger.book().price_of(model.as_str()) else { return ModelMoney::default() };
    let per_hour = fleet.pace.window().map(|_| earned.per_hour);
    ModelMoney {
        revenue: Some(earned.today),
        revenue_per_hour: per_hour,
        profit_per_hour: per_hour.zip(cost_per_hour.copied()).map(|(revenue, cost)| revenue - cost),
        list: Some(Label::new(&price.list_at(fleet.now().wall).name)),
    }
}

/// The cost per hour of each model's nodes. The cost of a node with several models is divided by their present tokens,
/// or evenly if there are none.
fn cost_shares(fleet: &Fleet) -> HashMap<ModelName, Money> {
    let mut weights: BTreeMap<NodeName, BTreeMap<ModelName, u64>> = BTreeMap::new();
    for view in counted_rows(fleet).filter(|view| !view.is_duplicate(fleet)) {
        let Some(model) = &view.row.reading.model else { continue };
        let grown = [super::PROMPT, super::OUTPUT].into_iter().filter_map(|i| view.row.window.growth(i)).sum::<u64>();
        *weights.entry(fleet.inventory.node_of(&view.target.info)).or_default().entry(model.clone()).or_default() +=
            grown;
    }
    let money = super::money::by_node(fleet);
    let mut shares: HashMap<ModelName, Money> = HashMap::new();
    for (node, models) in weights {
        let Some(cost) = money.get(&node).and_then(|money| money.cost_per_hour) else { continue };
        let total: u64 = models.values().sum();
        let count = models.len() as u64;
        for (model, grown) in models {
            let (part, whole) = if total > 0 { (grown, total) } else { (1, count) };
            let share = cost.scaled(i64::try_from(part).unwrap_or(i64::MAX), i64::try_from(whole).unwrap_or(i64::MAX));
            *shares.entry(model).or_default() += share.unwrap_or_default();
        }
    }
    shares
}
