//! The calculator's answer for people: one aligned table, both margins by name, and their basis.

use crate::calculator::{CalculatedPrice, ListComparison, PriceQuestion, Rate};
use crate::cli::amounts::percent1;
use crate::tui::format;
use crate::units::{Money, Timestamp};

/// All of it.
pub(super) fn render(answer: &CalculatedPrice, question: &PriceQuestion) -> String {
    let mut out: Vec<String> = table(answer, question);
    out.push(String::new());
    let load = if answer.break_even_load.is_some() { " of this load" } else { "" };
    out.push(format!("profit on cost  {:>10}", percent1(answer.profit_on_cost)));
    out.push(format!("gross margin    {:>10}", percent1(answer.gross_margin)));
    out.push(format!("break-even      {:>10}{load}", percent1(answer.break_even_load)));
    out.push(String::new());
    out.extend(basis(answer));
    if let Some(rows) = &answer.compare {
        out.push(String::new());
        out.extend(compared(rows));
    }
    out.push(String::new());
    out.join("\n")
}

/// The most decimals that are printed: a price times a number of tokens has no more.
const MOST_PLACES: u32 = 15;

/// Two decimals, or six if two would show zero, or as many as the printed amounts need to add up to their printed sum.
fn places(answer: &CalculatedPrice) -> u32 {
    let cents = |money: Money| money.rounded(2) != 0 || money.is_zero();
    let least = if cents(answer.revenue) && answer.cost.is_none_or(cents) { 2 } else { 6 };
    let adds_up = |places: &u32| {
        let parts: i128 = answer.classes.iter().map(|line| line.revenue.rounded(*places)).sum();
        parts == answer.whole.rounded(*places)
    };
    (least..=MOST_PLACES).find(adds_up).unwrap_or(least)
}

/// Classes, revenue, cost and profit.
fn table(answer: &CalculatedPrice, question: &PriceQuestion) -> Vec<String> {
    let (currency, places) = (answer.currency.as_str(), places(answer));
    let amount = |money: Option<Money>| format::amount(money, currency, places);
    let symbol = format::symbol(currency);
    let row = |name: &str, count: &str, price: &str, amount: &str| {
        format!("{name:<10}{count:>22}{price:>14}{amount:>20}").trim_end().to_owned()
    };
    let mut rows = vec![row("", "tokens", "per million", currency)];
    for line in &answer.classes {
        let count = format::grouped(line.tokens.count().into());
        rows.push(row(line.class.as_str(), &count, &format!("{symbol}{}", line.price), &amount(Some(line.revenue))));
    }
    let paid = match answer.paid {
        Some(paid) => format!("  paid share {paid}"),
        None => "  theoretical, at list price".to_owned(),
    };
    rows.push(row("revenue", "", "", &amount(Some(answer.whole))) + &paid);
    let hours = question.nanohours.map_or_else(
        || "GPU-hours unknown".to_owned(),
        |n| format!("{} GPU-hour{}", hours(n), if hours(n) == "1" { "" } else { "s" }),
    );
    let rate =
        answer.rate.as_ref().map_or_else(|| format::UNKNOWN.to_owned(), |r| format!("{symbol}{}", r.per_gpu_hour));
    rows.push(row("cost", &hours, &rate, &amount(answer.cost)));
    let profit = answer.cost.map(|cost| answer.whole.round_to(places) - cost.round_to(places));
    rows.push(row("profit", "", "", &amount(profit)));
    rows
}

/// Billionths of an hour, with the decimals that they need.
fn hours(nanos: i64) -> String {
    let (whole, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let fraction = format!("{rest:09}");
    let fraction = fraction.trim_end_matches('0');
    let whole = format::grouped(u128::from(whole.unsigned_abs()));
    if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") }
}

fn basis(answer: &CalculatedPrice) -> Vec<String> {
    let until = answer.until.map_or_else(String::new, |until| format!(", until {until}"));
    let dates = dates_of_list(answer.list_ended, answer.list_begins);
    let (list, tier, at) = (&answer.list, &answer.tier, answer.at);
    let mut lines = vec![format!("list  {list}, {}, tier {tier} at {at}{until}{dates}", answer.provenance)];
    lines.push(format!("rate  {}", rate(answer.rate.as_ref(), answer.currency.as_str())));
    if let Some(year) = answer.holidays_unknown {
        lines.push(format!(
            "note  the holidays of {year} are not known and are priced as working days; add them to [holidays] in a price file"
        ));
    }
    if answer.overhead {
        lines.push("note  the [overhead] of your configuration is not in this cost".to_owned());
    }
    lines
}

/// A note on a list that has ended and still prices a model, or that has not begun.
pub(super) fn dates_of_list(ended: Option<Timestamp>, begins: Option<Timestamp>) -> String {
    let ended = ended.map_or_else(String::new, |ended| format!(", list ended {}", &ended.to_string()[..10]));
    ended + &begins.map_or_else(String::new, |begins| format!("; it is not in force yet: it begins {begins}"))
}

pub(super) fn rate(rate: Option<&Rate>, currency: &str) -> String {
    let Some(rate) = rate else { return "unknown: write --gpu-rate, or set a [[lease]]".to_owned() };
    let figure = format!("{}{}/GPU-h", format::symbol(currency), rate.per_gpu_hour);
    let commitment = if rate.commitment.is_on_demand() { String::new() } else { format!(" {}", rate.commitment) };
    match (&rate.assumed, &rate.gpu) {
        (Some(dated), Some(gpu)) => {
            let by = rate.provenance;
            format!("{figure} for {gpu}{commitment} {by} {dated}; set a [[lease]], or write --gpu-rate")
        }
        (None, gpu) => {
            let gpu = gpu.as_ref().map_or_else(String::new, |gpu| format!(" for {gpu}"));
            let lease = rate.lease.as_ref().map_or_else(String::new, |lease| format!(", by your lease \"{lease}\""));
            format!("{figure}{gpu}{lease}")
        }
        (Some(dated), None) => format!("{figure} assumed {dated}"),
    }
}

fn compared(rows: &[ListComparison]) -> Vec<String> {
    let name = |row: &ListComparison| match row.tier.as_str() {
        "standard" => row.list.to_string(),
        tier => format!("{} ({tier})", row.list),
    };
    let wide = rows.iter().map(|row| format::width(&name(row))).max().unwrap_or(0).max(4);
    let line = |name: &str, cells: [&str; 4]| {
        let [revenue, times, on_cost, gross] = cells;
        format!("{}{revenue:>18}{times:>14}{on_cost:>16}{gross:>14}", format::pad_right(name, wide))
    };
    let mut out = vec![line("list", ["revenue", "x the first", "profit on cost", "gross margin"])];
    for row in rows {
        let places =
            if row.revenue.is_some_and(|revenue| revenue.rounded(2) == 0 && !revenue.is_zero()) { 6 } else { 2 };
        let revenue = format::amount(row.revenue, row.currency.as_str(), places);
        let times = row.times_first.map_or_else(|| format::UNKNOWN.to_owned(), |times| format!("{:.3}", times.get()));
        let at = row.converted.as_ref().map_or_else(String::new, |dated| format!("  at the rate of {dated}"));
        let from = row.list_begins.map_or_else(String::new, |begins| format!("  not in force before {begins}"));
        let (on_cost, gross) = (percent1(row.profit_on_cost), percent1(row.gross_margin));
        out.push(line(&name(row), [&revenue, &times, &on_cost, &gross]) + &at + &from);
    }
    out
}
