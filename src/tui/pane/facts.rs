//! What stands behind the profit, each figure with its name, the most important first.

use crate::tui::format;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::TextSpan;
use crate::units::{Money, Ratio};

/// A figure with its name.
pub(in crate::tui) struct NamedFigure {
    pub(in crate::tui) label: &'static str,
    pub(in crate::tui) role: Role,
    pub(in crate::tui) value: String,
    /// The cells that its value keeps in a line, so that what follows stands still.
    kept: usize,
}

impl NamedFigure {
    fn new(label: &'static str, value: String, kept: usize) -> Self {
        Self { label, role: Role::Text, value, kept }
    }

    /// The fact in a line.
    pub(in crate::tui) fn spans(&self) -> Vec<TextSpan> {
        let value = (self.role, format::pad_right(&self.value, self.kept));
        if self.label == PER_HOUR { vec![value] } else { vec![(Role::Dim, format!("{} ", self.label)), value] }
    }
}

/// Needs no name in a line, where it stands beside the profit.
const PER_HOUR: &str = "profit per hour";

/// All facts that are known of this snapshot, in the order in which a line of them is read.
pub(in crate::tui) fn facts(scene: &Scene<'_>) -> Vec<NamedFigure> {
    let money = &scene.snap.money;
    let mut facts = Vec::new();
    facts.extend(per_hour(scene));
    if money.revenue.is_none() {
        facts.extend(without_price(scene));
        return facts;
    }
    facts.extend(margins(scene).into_iter().flatten());
    facts.push(revenue(scene, if money.theoretical { "theoretical revenue" } else { "revenue" }));
    if money.cost.is_some() {
        facts.push(cost(scene));
        facts.push(idle(scene));
    }
    facts.extend(scene.rates().snap.money.break_even_load.map(break_even));
    facts.extend(uncosted(scene));
    facts.extend(unit_costs(scene));
    facts
}

/// The same for two columns: what was made on the left, of what on the right. The heading says that it is theoretical.
pub(in crate::tui) fn facts_in_pairs(scene: &Scene<'_>) -> Vec<NamedFigure> {
    let money = &scene.snap.money;
    if money.revenue.is_none() {
        return facts(scene);
    }
    let [on_cost, gross] = margins(scene).map_or([None, None], |[a, b]| [Some(a), Some(b)]);
    let cost = money.cost.is_some().then(|| cost(scene));
    let idle = money.cost.is_some().then(|| idle(scene));
    let revenue = Some(revenue(scene, "revenue"));
    let load = scene.rates().snap.money.break_even_load.map(break_even);
    let first = [per_hour(scene), revenue, on_cost, cost, gross, idle, load].into_iter().flatten();
    first.chain(unit_costs(scene)).chain(uncosted(scene)).collect()
}

fn margins(scene: &Scene<'_>) -> Option<[NamedFigure; 2]> {
    let money = &scene.snap.money;
    money.profit?;
    let on_cost = NamedFigure::new("profit on cost", format::percent(money.profit_on_cost).trim().to_owned(), 4);
    Some([on_cost, NamedFigure::new("gross margin", format::percent1(money.gross_margin).trim().to_owned(), 6)])
}

fn revenue(scene: &Scene<'_>, label: &'static str) -> NamedFigure {
    let money = &scene.snap.money;
    NamedFigure::new(label, format!("{}{}", scene.snap.total_bound().mark(), scene.money(money.revenue, 10)), 9)
}

fn cost(scene: &Scene<'_>) -> NamedFigure {
    NamedFigure::new("cost", scene.money(scene.snap.money.cost, 10), 9)
}

fn uncosted(scene: &Scene<'_>) -> Option<NamedFigure> {
    let money = &scene.snap.money;
    let plural = if money.uncosted_engines == 1 { "" } else { "s" };
    let amount = scene.money(Some(money.uncosted_revenue), 10);
    let text = format!("{amount} of {} engine{plural}", money.uncosted_engines);
    (money.uncosted_engines > 0).then(|| NamedFigure::new("uncosted", text, 0))
}

fn per_hour(scene: &Scene<'_>) -> Option<NamedFigure> {
    let rate = scene.rates().snap.money.profit_per_hour?;
    let (role, sign) = match rate.rounded(2).signum() {
        0 => (Role::Text, " "),
        1 => (Role::Gain, "+"),
        _ => (Role::Loss, "−"),
    };
    let bound = scene.snap.rate_bound().mark();
    let amount = format!("{bound}{sign} {}{} /h", format::symbol(scene.currency()), format::digits_within(rate, 7));
    Some(NamedFigure { label: PER_HOUR, role, value: amount, kept: 10 })
}

fn break_even(load: Ratio) -> NamedFigure {
    let text = if load.get() > 100.0 { "> 100x".to_owned() } else { format::percent(Some(load)).trim().to_owned() };
    NamedFigure::new("breaks even at", format!("{text} of load"), 0)
}

fn idle(scene: &Scene<'_>) -> NamedFigure {
    let money = &scene.snap.money;
    let share = match (money.idle_cost, money.cost) {
        (Some(idle), Some(cost)) => Ratio::of(idle.rounded(6) as f64, cost.rounded(6) as f64),
        _ => None,
    };
    let share = share.map_or_else(String::new, |s| format!(" ({})", format::percent(Some(s)).trim()));
    NamedFigure::new("idle", format!("{}{share}", scene.money(money.idle_cost, 7)), 11)
}

/// What there is to say about money where nothing has a price.
fn without_price(scene: &Scene<'_>) -> Vec<NamedFigure> {
    let money = &scene.snap.money;
    let mut facts = Vec::new();
    if money.cost.is_some() {
        facts.push(cost(scene));
    }
    if let Some(rate) = scene.rates().snap.money.cost_per_hour {
        facts.push(NamedFigure::new("rent", format!("{} /h", scene.money(Some(rate), 10)), 9));
    }
    if let Some(worth) = &money.compare {
        let list = format::shorten(worth.list.as_str(), 24);
        facts.push(NamedFigure::new("tokens worth", format!("≈ {} at {list}", scene.money(Some(worth.amount), 10)), 0));
    }
    facts.extend(unit_costs(scene));
    if money.break_even_price.is_some() {
        let price = format::unit_price(money.break_even_price, scene.currency());
        facts.push(NamedFigure::new("breaks even at", format!("{price} per M"), 0));
    }
    if money.cost.is_some() {
        facts.push(idle(scene));
    }
    facts
}

fn unit_costs(scene: &Scene<'_>) -> Vec<NamedFigure> {
    let money = &scene.snap.money;
    let price = |amount: Option<Money>| format::unit_price(amount, scene.currency());
    let mut facts = Vec::new();
    if money.cost_per_million_output.is_some() {
        facts.push(NamedFigure::new("cost per M out", price(money.cost_per_million_output), 6));
    }
    if money.cost_per_million.is_some() {
        facts.push(NamedFigure::new("cost per M all", price(money.cost_per_million), 6));
    }
    facts
}
