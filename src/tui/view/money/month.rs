//! The break-even figures of today, the month against its budget, and how many nodes the load needed.

use ratatui::layout::Rect;

use crate::snapshot::Bound;
use crate::statement::{Capacity, Lever, MonthToDate, TokenClass};
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::ledger_query::MoneyPage;
use crate::tui::theme::{Ink, Role};
use crate::tui::widgets::gauge::Gauge;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment, flow};
use crate::units::{Money, Ratio};

/// The cells of a label.
const LABEL: usize = 16;

/// The width in columns below which the month is shown in few rows.
const NARROW: u16 = 64;
/// The rows of that short form with its rule, and the columns that it needs.
const FEW: u16 = 4;
const LEAST_FEW: u16 = 54;

/// The rows of all known figures, with both rules.
pub(super) fn rows(input: &FrameInput<'_>, width: u16) -> u16 {
    let page = input.app.money.page.as_deref();
    if width < NARROW {
        return 3 + u16::from(page.is_some_and(|page| shares(page).is_some()));
    }
    let lines = page.map_or(1, |page| month_lines(input, page).len().max(1));
    u16::try_from(lines + 5).unwrap_or(u16::MAX)
}

/// Draws the month to date and the break-even figures.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: &MoneyPage) {
    let budget = page.month.and_then(|month| month.budget);
    let mut rule = TitledRule::new("Month to date");
    if let Some(budget) = budget {
        rule = rule.right([Segment::dim("budget "), Segment::text(input.money(Some(budget), 10))]);
    }
    rule.draw(canvas, area);
    let lines = month_lines(input, page);
    if area.height <= FEW && area.width >= LEAST_FEW && !lines.is_empty() {
        return in_few_rows(canvas, area, input, page);
    }
    if lines.is_empty() {
        canvas.writer(area, 1).put(Role::Dim, "nothing is known of it yet");
    }
    let mut row = 1;
    for (label, role, value) in lines {
        line(canvas, area, row, label, Segment::new(role, value));
        if label == "cost by its end" {
            let line = Rect { y: area.y + row, height: 1, ..area }.intersection(area);
            spent(canvas, line, LABEL as u16 + 15, page);
        }
        row += 1;
    }
    row = row.max(2);
    let below = Rect { y: area.y + row, height: area.height.saturating_sub(row), ..area }.intersection(area);
    if below.height < 2 {
        return;
    }
    TitledRule::new("Today breaks even at").draw(canvas, below);
    for (row, (label, value)) in (1..).zip(break_even(input, page)) {
        line(canvas, below, row, label, Segment::text(value));
    }
}

/// Draws the totals in one row, the end of the month, and today's revenue by token class.
fn in_few_rows(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: &MoneyPage) {
    let Some(month) = page.month else { return };
    let row = |row: u16| Rect { y: area.y + row, height: 1, ..area }.intersection(area);
    let lines = month_lines(input, page);
    let said = |label: &str| lines.iter().find(|(name, ..)| *name == label);
    let short = |money: Option<Money>| input.money(money, 9).trim().to_owned();
    let [of_revenue, of_profit] = bounds(&month);
    let dim = |label: &str| (Role::Dim, label.to_owned());
    let (role, sign, size) = match month.profit {
        Some(profit) if profit < Money::ZERO => (Role::Loss, "▼ −", Some(Money::ZERO - profit)),
        Some(profit) => (Role::Gain, "+", Some(profit)),
        None => (Role::Text, "", None),
    };
    let sums = [
        vec![dim("revenue "), (Role::Text, format!("{of_revenue}{}", short(month.revenue)))],
        vec![dim("cost "), (Role::Text, short(month.cost))],
        vec![dim("profit "), (role, format!("{of_profit}{sign}{}", short(size)))],
    ];
    flow(canvas, row(1), &sums, 3);
    let mut end = vec![
        dim("cost by its end "),
        (Role::Text, said("cost by its end").map_or_else(String::new, |(_, _, v)| v.clone())),
    ];
    if let Some((label, role, value)) = said("over budget by") {
        end = vec![dim(&format!("{label} ")), (*role, value.clone())];
    }
    let x = end.iter().map(|(_, text)| format::width(text)).sum::<usize>() as u16 + 2;
    flow(canvas, row(2), &[end], 2);
    spent(canvas, row(2), x, page);
    let Some(shares) = shares(page) else { return };
    let mut writer = canvas.writer(area, 3);
    writer.put(Role::Dim, "revenue by");
    for (class, share) in shares {
        let (role, name) = class_name(class);
        writer
            .put(role, "  ▪")
            .put(Role::Dim, &format!(" {name} "))
            .put(Role::Text, format::percent(Ratio::new(share)).trim());
    }
}

const fn class_name(class: TokenClass) -> (Role, &'static str) {
    match class {
        TokenClass::Output => (Role::Output, "output"),
        TokenClass::Computed => (Role::Prompt, "computed"),
        TokenClass::Cached => (Role::Hit, "cached"),
    }
}

/// The share of each token class in today's revenue with a known cost, in whole percent that add up to 100, the largest
/// first. A tenth on the price of a class is worth a tenth of its revenue.
fn shares(page: &MoneyPage) -> Option<Vec<(TokenClass, f64)>> {
    let of = |(lever, worth): &(Lever, Money)| match lever {
        Lever::Price(class) => Some((*class, number(Some(*worth))?)),
        _ => None,
    };
    let worths: Vec<(TokenClass, f64)> = page.levers.iter().filter_map(of).collect();
    whole_percents(worths)
}

/// Amounts as shares of their sum, the largest first; each is the difference of two rounded running sums.
fn whole_percents(mut worths: Vec<(TokenClass, f64)>) -> Option<Vec<(TokenClass, f64)>> {
    worths.sort_by(|a, b| b.1.total_cmp(&a.1));
    let all: f64 = Some(worths.iter().map(|(_, worth)| worth).sum()).filter(|all| *all > 0.0)?;
    let (mut sum, mut shown) = (0.0, 0.0);
    for (_, worth) in &mut worths {
        sum += *worth;
        let upto = (sum / all * 100.0).round();
        (*worth, shown) = ((upto - shown) / 100.0, upto);
    }
    Some(worths)
}

/// Draws the break-even figures beside the actual ones.
pub(super) fn even(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: &MoneyPage) {
    TitledRule::new("It would break even at").note([Segment::dim(" · today")]).draw(canvas, area);
    let hits = page.totals.hit_rate_ppm().and_then(|ppm| Ratio::of(f64::from(ppm), 1e6));
    let rate = page.totals.gpu_rate();
    let mean = if rate.is_some() && input.has_several_rates() { ", the mean" } else { "" };
    let now = [
        "now 100 %".to_owned(),
        format!("now {}", format::percent1(hits).trim()),
        format!("now {}{mean}", format::unit_price(rate, input.currency()).trim()),
    ];
    for (row, ((label, value), now)) in (1..).zip(break_even(input, page).into_iter().zip(now)) {
        line(canvas, area, row, label, Segment::text(value));
        if row < area.height {
            canvas.writer(area, row).to(area.x + LABEL as u16 + 16).put(Role::Dim, &now);
        }
    }
}

fn line(canvas: &mut Canvas<'_>, area: Rect, row: u16, label: &str, value: Segment<'_>) {
    if row >= area.height {
        return;
    }
    canvas.writer(area, row).name(Role::Dim, label, LABEL);
    let end = (LABEL as u16 + 13).min(area.width);
    canvas.clip(area).line_to(end, row, &[value]);
}

/// Draws the cost so far against the month's budget.
fn spent(canvas: &mut Canvas<'_>, area: Rect, x: u16, page: &MoneyPage) {
    let Some(month) = page.month else { return };
    let (Some(cost), Some(budget)) = (number(month.cost), number(month.budget).filter(|budget| *budget > 0.0)) else {
        return;
    };
    let room = Rect { x: area.x + x, width: area.width.saturating_sub(x).min(30), ..area };
    let over = month.over_budget().is_some_and(|over| over > Money::ZERO);
    let ink = if over { Role::Warning.into() } else { Ink::Mixed(Role::Cost, 80) };
    Gauge::of(Some((cost / budget).min(1.0)), ink).draw(canvas, room.intersection(area));
}

/// Each figure of the month with its label.
fn month_lines(input: &FrameInput<'_>, page: &MoneyPage) -> Vec<(&'static str, Role, String)> {
    let Some(month) = page.month else { return Vec::new() };
    let amount = |money: Option<Money>| input.money(money, 12).trim().to_owned();
    let by_end = match month.projected_cost {
        None if month.is_early() && month.cost.is_some() => "too early".to_owned(),
        None => format::UNKNOWN.to_owned(),
        projected => format!("≈ {}", input.money(projected, 10).trim()),
    };
    let profit = month.profit.map_or(Role::Text, |p| if p < Money::ZERO { Role::Loss } else { Role::Gain });
    let [of_revenue, of_profit] = bounds(&month);
    let mut lines = vec![
        ("revenue", Role::Text, format!("{of_revenue}{}", amount(month.revenue))),
        ("cost", Role::Text, amount(month.cost)),
        ("profit", profit, format!("{of_profit}{}", signed(input, month.profit))),
        ("cost by its end", Role::Text, by_end),
    ];
    match month.over_budget() {
        None => {}
        Some(over) if over > Money::ZERO => lines.push(("over budget by", Role::Warning, amount(Some(over)))),
        Some(under) => lines.push(("under budget by", Role::Text, amount(Some(-under)))),
    }
    lines
}

/// The marks of the month's revenue and of its profit.
pub(super) fn bounds(month: &MonthToDate) -> [&'static str; 2] {
    // A loss has its sign: what is unpriced makes it smaller.
    let bound = Bound::of(month.lower_bound, month.upper_bound);
    [month.revenue, month.profit].map(|amount| amount.map_or("", |_| bound.mark()))
}

/// A profit with its sign.
fn signed(input: &FrameInput<'_>, profit: Option<Money>) -> String {
    let Some(profit) = profit else { return format::UNKNOWN.to_owned() };
    let (sign, size) = if profit < Money::ZERO { ("▼ −", Money::ZERO - profit) } else { ("+", profit) };
    format!("{sign}{}", input.money(Some(size), 12 - format::width(sign)).trim())
}

fn break_even(input: &FrameInput<'_>, page: &MoneyPage) -> [(&'static str, String); 3] {
    let ppm = |ppm: Option<i64>| Ratio::of(ppm.unwrap_or_default() as f64, 1e6).filter(|_| ppm.is_some());
    let percent = |value| format::percent1(ppm(value)).trim().to_owned();
    let even = &page.break_even;
    let price = format::unit_price(even.gpu_rate, input.currency());
    let price = if format::width(&price) > 12 { input.money(even.gpu_rate, 12) } else { price };
    [("this load", percent(even.load_ppm)), ("hit rate", percent(even.hit_rate_ppm)), ("a GPU-hour", price)]
}

/// Whether today's data is complete enough to say how many nodes the load needed.
pub(super) fn has_capacity(input: &FrameInput<'_>, page: &MoneyPage) -> bool {
    facts(input, &page.capacity).is_some()
}

/// Draws today's capacity: the nodes that the load needed, the cost of the rest, and the rent at which one more node pays.
pub(super) fn capacity(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: &MoneyPage) {
    let Some(facts) = facts(input, &page.capacity) else { return };
    let mut writer = canvas.writer(area, 0);
    writer.strong(Role::Text, "Capacity").put(Role::Dim, "  ");
    let mut used = 10;
    for (nth, fact) in facts.iter().enumerate() {
        used += format::width(fact) + if nth > 0 { 3 } else { 0 };
        // A fact that does not fit is left out.
        if used > usize::from(area.width) {
            return;
        }
        writer.put(Role::Dim, if nth > 0 { " · " } else { "" }).put(Role::Text, fact);
    }
}

fn facts(input: &FrameInput<'_>, capacity: &Capacity) -> Option<Vec<String>> {
    let (allocated, needed) = capacity.nodes_ppm().filter(|(allocated, _)| !capacity.is_early() && *allocated > 0)?;
    let nodes = |ppm: i64| format!("{:.1}", ppm as f64 / 1e6);
    let within = capacity.slo.as_ref().map_or_else(String::new, |(slo, _)| format!(" within {slo}"));
    let money = |amount: Money| input.money(Some(amount), 12).trim().to_owned();
    let mut facts =
        vec![format!("needed {} of {} nodes at the best measured{within}", nodes(needed), nodes(allocated))];
    facts.extend(capacity.spare_cost().map(|cost| format!("the rest cost {}", money(cost))));
    let rent = capacity.best_for_one_more().and_then(|pool| pool.break_even_rent(capacity.measured));
    facts.extend(rent.map(|rent| format!("one more earns ≤ {}/h", money(rent))));
    Some(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Class: shares of a whole that has parts of another kind do not add up to it.
    #[test]
    fn shares_of_revenue_add_up() {
        let of = |worths: [f64; 3]| {
            let classes = [TokenClass::Output, TokenClass::Computed, TokenClass::Cached];
            let shares = whole_percents(classes.into_iter().zip(worths).collect()).unwrap_or_default();
            shares.into_iter().map(|(_, share)| (share * 100.0).round()).collect::<Vec<_>>()
        };
        assert_eq!(of([66.4, 25.3, 8.3]), [66.0, 26.0, 8.0]);
        assert_eq!(of([1.0, 1.0, 1.0]), [33.0, 34.0, 33.0]);
        assert_eq!(of([0.0, 0.0, 0.0]), Vec::<f64>::new());
    }
}
