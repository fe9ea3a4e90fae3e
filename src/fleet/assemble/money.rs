//! The money view: the day's sheet at its tariffs, with everything that qualifies it.

use super::prices::{is_priced, price, tables};
use std::collections::{BTreeMap, BTreeSet};

use super::pace::{beside, idle_paces, nodes_without_energy, pace, paces_by, unrated_gpus, unrated_nodes};
use super::{Fleet, PresentFleet, RowView};
use crate::ledger::{Classes, CostAccount, CostKind, RevenueAccount};
use crate::natural_order::natural_cmp;
use crate::pricing::{ClassPrices, ModelPrice, PriceList};
use crate::reading::{EngineRole, Label, ModelName, NodeName};
use crate::snapshot::{ListBasis, ModelRow, MoneyView, RateBasis, ValueAtList};
use crate::statement::{Totals, break_even_load, rounded_revenues};
use crate::units::{GpuTime, Money, Ratio, Span, Tokens, gross_margin, profit_on_cost};

/// One node's money.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NodeMoney {
    pub(super) revenue: Option<Money>,
    pub(super) cost: Option<Money>,
    pub(super) revenue_per_hour: Option<Money>,
    pub(super) cost_per_hour: Option<Money>,
    pub(super) idle_per_hour: Option<Money>,
}

/// The money of the fleet, beside `models` and the cost an hour of those of them without a price.
pub(super) fn view(
    present: &PresentFleet<'_>,
    models: &[ModelRow],
    unpriced_models: Money,
    are_rates_partial: bool,
) -> MoneyView {
    let fleet = present.fleet;
    let day = day(fleet);
    let priced = any_priced(present);
    let uncertainty = fleet.ledger.uncertainty();
    let revenue = day.known_revenue().filter(|_| priced);
    let covered = day.covered_revenue();
    let uncosted_engines = uncosted_engines(fleet);
    let known_cost = revenue.and(day.cost);
    // Profit and margins are those of the printed amounts, as in a report.
    let (earned, owed) = (covered.round_to(6), known_cost.map(|cost| cost.round_to(6)));
    let profit = owed.map(|owed| earned - owed);
    let (lacks, is_partial) = RowView::lacks_pace(fleet, present.counted_rows().filter(|view| view.price.is_some()));
    let pace = pace(fleet, priced, lacks);
    let profit_per_hour = pace.covered.zip(pace.cost).map(|(revenue, cost)| revenue - cost);
    let (disputed, disputed_tokens) = fleet.ledger.disputed();
    let marks = fleet.marks();
    let low = marks.holds_back || marks.lacks_counter || is_partial || are_rates_partial;
    let total = day.tokens.total();
    let unpriced = day.unpriced.total();
    let per_million = |tokens: Tokens| day.cost?.scaled(1_000_000, i64::try_from(tokens.count()).ok()?);
    MoneyView {
        currency: fleet.config.currency.clone(),
        since: fleet.since(),
        revenue,
        cost: day.cost,
        profit,
        revenue_per_hour: pace.revenue,
        cost_per_hour: pace.cost,
        profit_per_hour,
        profit_beside_models: beside(profit_per_hour, pace.overhead, models, unpriced_models),
        per_hour_preliminary: fleet.pace.is_young(),
        profit_on_cost: owed.and_then(|owed| profit_on_cost(earned, owed)),
        gross_margin: owed.and_then(|owed| gross_margin(earned, owed)),
        theoretical: theoretical(present),
        unpriced_tokens: unpriced.count(),
        uncosted_revenue: day.rounded(6).uncosted_revenue,
        uncosted_engines,
        lower_bound: unpriced > Tokens::ZERO || uncertainty.lost_windows > 0 || disputed_tokens > Tokens::ZERO || low,
        upper_bound: uncertainty.excess > Money::ZERO || marks.on_trial || marks.growth_uncertain || marks.seen_twice,
        on_trial: marks.on_trial,
        growth_uncertain: marks.growth_uncertain,
        uncertainty: uncertainty.timing + uncertainty.excess,
        disputed,
        disputed_tokens: disputed_tokens.count(),
        idle_cost: day.cost.map(|_| day.idle_cost),
        cost_per_million: per_million(total),
        cost_per_million_output: per_million(day.tokens.output),
        break_even_load: break_even_load(&day).and_then(|ppm| Ratio::of(ppm as f64, 1e6)),
        break_even_price: break_even_price(fleet, &day),
        compare: compare(present, day.unpriced),
        priced_share: Ratio::of((total.count() - unpriced.count()) as f64, total.count() as f64),
        lost_windows: u64::try_from(uncertainty.lost_windows).unwrap_or_default(),
        bill: fleet.config.bill,
        leakage: super::leakage::view(present, day.tokens.output.count()),
        rates: rate_bases(fleet),
        unrated_gpus: unrated_gpus(fleet).count(),
        lists: list_bases(present),
        ledger: fleet.commits.basis.clone(),
    }
}

/// The price of a million tokens of any class at which they pay the cost and the overhead of what they earn.
fn break_even_price(fleet: &Fleet, day: &Totals) -> Option<Money> {
    let owed = day.cost? - day.revenue_overhead;
    let tokens = i64::try_from(day.tokens.total().count()).ok()?;
    let of_revenue = fleet.config.overhead.of_revenue.map_or(0, |share| i64::from(share.ppm()));
    let price = owed.scaled(1_000_000, tokens)?.scaled(1_000_000, 1_000_000 - of_revenue)?;
    Some(price).filter(|price| *price >= Money::ZERO)
}

/// The money of each node; what it earned as `report --by node` rounds it.
pub(super) fn by_node(present: &PresentFleet<'_>) -> BTreeMap<NodeName, NodeMoney> {
    let fleet = present.fleet;
    let mut nodes: BTreeMap<NodeName, NodeMoney> = BTreeMap::new();
    for view in present.counted_rows() {
        if view.price.is_some() {
            let money = nodes.entry(view.node.clone()).or_default();
            money.revenue.get_or_insert_default();
            if fleet.pace.window().is_some() {
                money.revenue_per_hour.get_or_insert_default();
            }
        }
    }
    let (today, node) = (fleet.ledger.today(), |account: &RevenueAccount| Some(account.node.clone()));
    let pays = |account: &CostAccount| account.node.clone();
    let key = |account: &RevenueAccount| Some(Label::new(account.node.as_str()));
    let earned = Totals::by(tables(fleet), today.tokens(), std::iter::empty(), key, |_| None);
    let earned = rounded_revenues(earned, super::sums::MICROS);
    for (node, totals) in Totals::by(tables(fleet), today.tokens(), today.gpu_times(), node, pays) {
        let revenue = earned.get(&Label::new(node.as_str())).copied().unwrap_or_default();
        let money = nodes.entry(node).or_default();
        if totals.tokens != totals.unpriced {
            *money.revenue.get_or_insert_default() += revenue;
        }
        // Overhead by share of revenue is the fleet's.
        money.cost = totals.cost.map(|cost| cost - totals.revenue_overhead);
    }
    if fleet.pace.window().is_some() {
        let (unrated, without_energy) = (unrated_nodes(fleet), nodes_without_energy(fleet));
        for (node, sums) in paces_by(fleet, node, pays) {
            let money = nodes.entry(node.clone()).or_default();
            money.revenue_per_hour = sums.earned.or(money.revenue_per_hour);
            let is_known = !unrated.contains(&node)
                && fleet.inventory.node(&node).is_none_or(|node| !super::pace::is_awaited(fleet, node));
            let is_whole = !without_energy.contains(&node);
            money.cost_per_hour = sums.owed.filter(|cost| is_whole && (*cost > Money::ZERO || is_known));
        }
        for (node, idle) in idle_paces(fleet) {
            *nodes.entry(node).or_default().idle_per_hour.get_or_insert_default() += idle;
        }
    }
    let priced = || present.counted_rows().filter(|view| view.price.is_some());
    let mut by_node: BTreeMap<&NodeName, Vec<&RowView<'_>>> = BTreeMap::new();
    priced().for_each(|view| by_node.entry(&view.node).or_default().push(view));
    for (node, views) in by_node {
        if RowView::lacks_pace(fleet, views.into_iter()).0 {
            nodes.entry(node.clone()).or_default().revenue_per_hour = None;
        }
    }
    nodes
}

/// The day's sums: today's postings are folded as any past is.
fn day(fleet: &Fleet) -> Totals {
    Totals::of_postings(tables(fleet), fleet.ledger.today().tokens(), fleet.ledger.today().gpu_times())
}

fn engines(fleet: &Fleet) -> impl Iterator<Item = &crate::inventory::Target> {
    let serves = |target: &&crate::inventory::Target| {
        let rows = super::lookup::engine_of(fleet, target).into_iter().flat_map(|engine| &engine.rows);
        rows.into_iter().any(|row| fleet.metering.role(&target.info, &row.reading) != EngineRole::Proxy)
    };
    fleet.inventory.targets.values().filter(serves)
}

fn uncosted_engines(fleet: &Fleet) -> usize {
    let uncosted = |target: &&crate::inventory::Target| {
        super::lookup::nodes_of(fleet, target)
            .into_iter()
            .any(|node| !fleet.knows_cost(node, fleet.inventory.unit_of(&target.info, node).as_ref()))
    };
    engines(fleet).filter(uncosted).count()
}

/// The price of a model for everyone, else for a tenant of its rows.
pub(super) fn price_of_model<'a>(present: &PresentFleet<'a>, model: &ModelName) -> Option<ModelPrice<'a>> {
    let mut rows = present.counted_rows().filter(|view| view.row.reading.model.as_ref() == Some(model));
    price(present.fleet, Some(model), None).or_else(|| rows.find_map(|view| view.price.as_deref().cloned()))
}

fn any_priced(present: &PresentFleet<'_>) -> bool {
    let fleet = present.fleet;
    present.counted_rows().any(|view| view.price.is_some())
        || fleet.ledger.today().tokens().any(|(_, tariff, tokens)| tariff.is_some() && !tokens.is_zero())
        || fleet
            .ledger
            .accounts()
            .iter()
            .any(|account| is_priced(fleet, account.model.as_ref(), account.tenant.as_ref()))
}

/// Whether any model has no paid share: a part of the revenue, or all, is then at list price.
fn theoretical(present: &PresentFleet<'_>) -> bool {
    let mut shares = present.counted_rows().filter_map(|view| view.price.as_ref()).map(|price| price.paid.is_none());
    let first = shares.next();
    first.is_none_or(|first| first || shares.any(|is_list_price| is_list_price))
}

/// The value of the unpriced tokens at the list that the configuration compares with.
fn compare(present: &PresentFleet<'_>, unpriced: Classes) -> Option<ValueAtList> {
    let fleet = present.fleet;
    let list = compared_list(fleet)?;
    let any_unpriced = present.counted_rows().any(|view| view.row.reading.model.is_some() && view.price.is_none());
    if !any_unpriced {
        return None;
    }
    let prices = list.quote(fleet.now().wall).prices;
    let amount = prices.of(unpriced.miss, unpriced.hit, unpriced.output);
    Some(ValueAtList { list: Label::new(&list.name), amount, per_hour: unpriced_pace(present, &prices, None) })
}

fn compared_list(fleet: &Fleet) -> Option<&PriceList> {
    fleet.ledger.book().list(fleet.config.compare_to.as_deref()?)
}

/// The value an hour of a model's tokens at that list.
pub(super) fn compared_pace(present: &PresentFleet<'_>, model: &ModelName) -> Option<Money> {
    let prices = compared_list(present.fleet)?.quote(present.fleet.now().wall).prices;
    unpriced_pace(present, &prices, Some(model))
}

/// Of all models, or of one.
fn unpriced_pace(present: &PresentFleet<'_>, prices: &ClassPrices, model: Option<&ModelName>) -> Option<Money> {
    const HOUR: i64 = Span::HOUR.millis();
    let mut total = None;
    let is_of = |view: &&super::RowView<'_>| model.is_none() || view.row.reading.model.as_ref() == model;
    let unpriced = present.live_rows().filter(|view| view.price.is_none() && view.engine.draws(view.row));
    for view in unpriced.filter(is_of) {
        let (counts, window) = (view.counts, &view.row.window);
        let grown = |i, counted: bool| Tokens::new(window.growth(i).filter(|_| counted).unwrap_or(0));
        let (prompt, hit) = (grown(super::PROMPT, counts.prompts), grown(super::CACHED, counts.prompts));
        let worth = prices.of(prompt.saturating_sub(hit), hit, grown(super::OUTPUT, counts.outputs));
        let Some(per_hour) = window.covers().and_then(|span| worth.scaled(HOUR, span.millis())) else { continue };
        *total.get_or_insert_with(Money::default) += per_hour;
    }
    total
}

/// The rates of the day, those that are paid at present first: a lease may have ended.
fn rate_bases(fleet: &Fleet) -> Vec<RateBasis> {
    let mut bases: Vec<(bool, RateBasis)> = Vec::new();
    for (cost_account, time) in fleet.ledger.today().gpu_times() {
        let owes = fleet.pace.owed_per_hour(cost_account.index()).is_none_or(|owed| owed > Money::ZERO);
        let cost_account = &fleet.ledger.cost_accounts()[cost_account.index()];
        let is_allocated = time.allocated > GpuTime::ZERO && cost_account.kind == CostKind::Gpus;
        let (Some(rate), true) = (cost_account.rate, is_allocated) else { continue };
        let runs = |label: &Label| {
            let mut leases = fleet.config.leases.iter().filter(|lease| lease.runs_at(fleet.now().wall));
            leases.any(|lease| Label::new(&lease.label()) == *label)
        };
        let is_paid = owes && cost_account.lease.as_ref().is_none_or(runs);
        let is_same = |basis: &RateBasis| basis.gpu == cost_account.gpu && basis.rate == rate;
        if let Some((paid, basis)) = bases.iter_mut().find(|(_, basis)| is_same(basis)) {
            *paid |= is_paid;
            basis.leases.extend(cost_account.lease.clone().filter(|lease| !basis.leases.contains(lease)));
            continue;
        }
        let leased = fleet.config.leases.iter().any(|lease| lease.names(rate));
        let card = fleet.ledger.book().gpu_rates();
        let assumed = card.observed(cost_account.gpu.as_str(), rate).filter(|_| !leased);
        let dated = assumed.map(|assumed| Label::new(&assumed.dated));
        let payers = cost_account.lease.clone().into_iter().collect();
        let new = RateBasis { gpu: cost_account.gpu.clone(), rate, assumed: assumed.is_some(), dated, leases: payers };
        bases.push((is_paid, new));
    }
    bases.sort_by(|(a_paid, a), (b_paid, b)| {
        b_paid.cmp(a_paid).then_with(|| natural_cmp(a.gpu.as_str(), b.gpu.as_str()))
    });
    for (_, basis) in &mut bases {
        basis.leases.sort_by(|a, b| natural_cmp(a.as_str(), b.as_str()));
    }
    bases.into_iter().map(|(_, basis)| basis).collect()
}

fn list_bases(present: &PresentFleet<'_>) -> Vec<ListBasis> {
    let models: BTreeSet<_> = present.counted_rows().filter_map(|view| view.row.reading.model.as_ref()).collect();
    let at = present.fleet.now().wall;
    let basis = |model: &ModelName| {
        let price = price_of_model(present, model)?;
        let quote = price.quote(at)?;
        let ended = price.ended(at).map(|ended| Label::new(&format!("list ended {}", &ended.to_string()[..10])));
        Some(ListBasis {
            model: model.clone(),
            list: Label::new(&quote.list.name),
            tier: Label::new(quote.tier),
            until: price.next_change(at),
            ended,
        })
    };
    models.into_iter().filter_map(basis).collect()
}
