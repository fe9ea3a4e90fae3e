//! What stands behind the profit, each figure with its name, the most important first.

use crate::tui::format;
use crate::tui::frame_input::FrameInput;
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
pub(in crate::tui) fn facts(input: &FrameInput<'_>) -> Vec<NamedFigure> {
    let money = &input.snap.money;
    let mut facts = Vec::new();
    facts.extend(per_hour(input));
    if money.revenue.is_none() {
        facts.extend(without_price(input));
        return facts;
    }
    facts.extend(margins(input).into_iter().flatten());
    facts.push(revenue(input, if money.theoretical { "theoretical revenue" } else { "revenue" }));
    if money.cost.is_some() {
        facts.push(cost(input));
        facts.push(idle(input));
    }
    facts.extend(input.settled_ratio(input.rates().snap.money.break_even_load).map(break_even));
    facts.extend(uncosted(input));
    facts.extend(unit_costs(input));
    facts
}

/// The same for two columns: what was made on the left, of what on the right. The heading says that it is theoretical.
pub(in crate::tui) fn facts_in_pairs(input: &FrameInput<'_>) -> Vec<NamedFigure> {
    let money = &input.snap.money;
    if money.revenue.is_none() {
        return facts(input);
    }
    let [on_cost, gross] = margins(input).map_or([None, None], |[a, b]| [Some(a), Some(b)]);
    let cost = money.cost.is_some().then(|| cost(input));
    let idle = money.cost.is_some().then(|| idle(input));
    let revenue = Some(revenue(input, "revenue"));
    let load = input.settled_ratio(input.rates().snap.money.break_even_load).map(break_even);
    let first = [per_hour(input), revenue, on_cost, cost, gross, idle, load].into_iter().flatten();
    first.chain(unit_costs(input)).chain(uncosted(input)).collect()
}

fn margins(input: &FrameInput<'_>) -> Option<[NamedFigure; 2]> {
    let money = &input.snap.money;
    money.profit?;
    let on_cost = NamedFigure::new(
        "profit on cost",
        format::percent(input.settled_ratio(money.profit_on_cost)).trim().to_owned(),
        4,
    );
    Some([
        on_cost,
        NamedFigure::new(
            "gross margin",
            format::percent1(input.settled_ratio(money.gross_margin)).trim().to_owned(),
            6,
        ),
    ])
}

fn revenue(input: &FrameInput<'_>, label: &'static str) -> NamedFigure {
    let money = &input.snap.money;
    NamedFigure::new(label, format!("{}{}", input.snap.total_bound().mark(), input.money(money.revenue, 10)), 9)
}

fn cost(input: &FrameInput<'_>) -> NamedFigure {
    NamedFigure::new("cost", input.money(input.snap.money.cost, 10), 9)
}

fn uncosted(input: &FrameInput<'_>) -> Option<NamedFigure> {
    let money = &input.snap.money;
    let plural = if money.uncosted_engines == 1 { "" } else { "s" };
    let amount = input.money(Some(money.uncosted_revenue), 10);
    let text = format!("{amount} of {} engine{plural}", money.uncosted_engines);
    (money.uncosted_engines > 0).then(|| NamedFigure::new("uncosted", text, 0))
}

fn per_hour(input: &FrameInput<'_>) -> Option<NamedFigure> {
    let rate = input.rates().snap.money.profit_per_hour?;
    let (role, sign) = match rate.rounded(2).signum() {
        0 => (Role::Text, " "),
        1 => (Role::Gain, "+"),
        _ => (Role::Loss, "−"),
    };
    let bound = input.snap.rate_bound().mark();
    let amount = format!("{bound}{sign} {}{} /h", format::symbol(input.currency()), format::digits_within(rate, 7));
    Some(NamedFigure { label: PER_HOUR, role, value: amount, kept: 10 })
}

fn break_even(load: Ratio) -> NamedFigure {
    let text = if load.get() > 100.0 { "> 100x".to_owned() } else { format::percent(Some(load)).trim().to_owned() };
    NamedFigure::new("breaks even at", format!("{text} of load"), 0)
}

fn idle(input: &FrameInput<'_>) -> NamedFigure {
    let money = &input.snap.money;
    let share = match (money.idle_cost, money.cost) {
        (Some(idle), Some(cost)) => Ratio::of(idle.rounded(6) as f64, cost.rounded(6) as f64),
        _ => None,
    };
    let share = share.map_or_else(String::new, |s| format!(" ({})", format::percent(Some(s)).trim()));
    NamedFigure::new("idle", format!("{}{share}", input.money(money.idle_cost, 7)), 11)
}

/// What there is to say about money where nothing has a price.
fn without_price(input: &FrameInput<'_>) -> Vec<NamedFigure> {
    let money = &input.snap.money;
    let mut facts = Vec::new();
    if money.cost.is_some() {
        facts.push(cost(input));
    }
    if let Some(rate) = input.rates().snap.money.cost_per_hour {
        facts.push(NamedFigure::new("rent", format!("{} /h", input.money(Some(rate), 10)), 9));
    }
    if let Some(worth) = &money.compare {
        let list = format::shorten(worth.list.as_str(), 24);
        facts.push(NamedFigure::new("tokens worth", format!("≈ {} at {list}", input.money(Some(worth.amount), 10)), 0));
    }
    facts.extend(unit_costs(input));
    if money.break_even_price.is_some() {
        let price = format::unit_price(money.break_even_price, input.currency());
        facts.push(NamedFigure::new("breaks even at", format!("{price} per M"), 0));
    }
    if money.cost.is_some() {
        facts.push(idle(input));
    }
    facts
}

fn unit_costs(input: &FrameInput<'_>) -> Vec<NamedFigure> {
    let money = &input.snap.money;
    let price = |amount: Option<Money>| format::unit_price(amount, input.currency());
    let mut facts = Vec::new();
    if money.cost_per_million_output.is_some() {
        facts.push(NamedFigure::new("cost per M out", price(money.cost_per_million_output), 6));
    }
    if money.cost_per_million.is_some() {
        facts.push(NamedFigure::new("cost per M all", price(money.cost_per_million), 6));
    }
    facts
}
