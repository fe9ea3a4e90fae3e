//! A report for people: a title, a table, and what is to be said beside it.

use super::data::ReportData;
use super::notes;
use super::text_table::Grid;
use super::when::local;
use crate::statement::{AtList, Bridge, By, Cause, Compared, Mover, Row, Totals, rounded_hours};
use crate::tui::human;
use crate::units::{Money, Ratio, Span, Timestamp, Tokens, gross_margin, profit_on_cost};

/// All of it.
pub(super) fn render(data: &ReportData) -> String {
    let told = match (&data.bridge, &data.compare) {
        (Some(bridge), _) => self::bridge(bridge, data),
        (None, Some(lists)) => compared(lists, data),
        (None, None) => statement(data),
    };
    let beside = notes::render(data);
    if beside.is_empty() { told } else { format!("{told}\n{beside}") }
}

/// The title: of which span, and what.
fn title(data: &ReportData, what: &str) -> String {
    let (since, until) = (local(data.statement.since, &data.zone), local(data.statement.until, &data.zone));
    format!("{since} to {until}  {what}\n\n")
}

fn statement(data: &ReportData) -> String {
    let (by, currency) = (data.statement.by, &data.currency);
    let asked = data.what_if.as_ref().map(|(asked, _)| format!(", if {asked}")).unwrap_or_default();
    let book = if data.repriced { ", by today's book" } else { "" };
    let mut out = title(data, &format!("by {by}, in {currency}{book}{asked}"));
    if data.watched <= Span::ZERO {
        return out;
    }
    out.push_str(&if by == By::Lease { leases(data) } else { rows(data) });
    if let Some((_, told)) = &data.what_if {
        out.push('\n');
        out.push_str(&before_and_after(&told.before, &told.after, data));
    }
    out
}

fn rows(data: &ReportData) -> String {
    let (told, places) = (&data.statement, data.places());
    let hours = rounded_hours(told.rows.iter().map(|row| row.gpu_time), 2);
    let mut grid = Grid::new([
        told.by.name(),
        "prompt tok",
        "hit",
        "output tok",
        "GPU-hours",
        &format!("revenue {}", data.currency),
        &format!("cost {}", data.currency),
        &format!("profit {}", data.currency),
        "profit on cost",
        "gross margin",
    ]);
    let cells = |row: &Row, hours: i128| {
        let covered = row.covered();
        let ratio = |of: fn(Money, Money) -> Option<Ratio>| percent(covered.and_then(|(r, c)| of(r, c)));
        vec![
            row.key.to_string(),
            count(row.prompt()),
            percent(hit_rate(row)),
            count(row.tokens.map(|tokens| tokens.output)),
            hundredths(hours),
            amount(row.revenue, places),
            amount(row.cost, places),
            amount(row.profit, places),
            ratio(profit_on_cost),
            ratio(gross_margin),
        ]
    };
    for (row, hours) in told.rows.iter().zip(&hours) {
        grid.row(cells(row, *hours));
    }
    grid.total(cells(&told.total, hours.last().copied().unwrap_or_default()));
    grid.render()
}

fn leases(data: &ReportData) -> String {
    let (told, places) = (&data.statement, data.places());
    let hours = rounded_hours(told.rows.iter().map(|row| row.gpu_time), 2);
    let (cost, idle) = (format!("cost {}", data.currency), format!("of it idle {}", data.currency));
    let mut grid = Grid::new(["lease", "node", "from", "until", "GPU-hours", &cost, &idle]);
    let at = |at: Option<Timestamp>| at.map_or_else(String::new, |at| local(at, &data.zone));
    let cells = |row: &Row, hours: i128| {
        vec![
            row.key.to_string(),
            row.node.as_ref().map_or_else(String::new, ToString::to_string),
            at(row.start),
            at(row.end),
            hundredths(hours),
            amount(row.cost, places),
            amount(row.idle_cost, places),
        ]
    };
    for (row, hours) in told.rows.iter().zip(&hours) {
        grid.row(cells(row, *hours));
    }
    grid.total(cells(&told.total, hours.last().copied().unwrap_or_default()));
    grid.render()
}

fn compared(lists: &[AtList], data: &ReportData) -> String {
    let (revenue, profit) = (format!("revenue {}", data.currency), format!("profit {}", data.currency));
    let mut grid = Grid::new(["list", &revenue, &profit]);
    for at in lists {
        let places = data.places();
        grid.row(vec![at.list.to_string(), amount(Some(at.revenue), places), amount(at.profit, places)]);
    }
    format!("{}{}", title(data, "the same tokens at every list"), grid.render())
}

fn before_and_after(before: &Totals, after: &Totals, data: &ReportData) -> String {
    let places = data.places();
    let (revenue, cost) = (format!("revenue {}", data.currency), format!("cost {}", data.currency));
    let profit = format!("profit {}", data.currency);
    let mut grid = Grid::new(["what if", &revenue, &cost, &profit, "profit on cost", "gross margin"]);
    for (name, totals) in [("as it was", before), ("as it would be", after)] {
        let ratio = |of: fn(Money, Money) -> Option<Ratio>| {
            let known = totals.known_revenue().and(totals.cost);
            percent(known.and_then(|cost| of(totals.covered_revenue(), cost)))
        };
        grid.row(vec![
            name.to_owned(),
            amount(totals.known_revenue(), places),
            amount(totals.cost, places),
            amount(totals.profit(), places),
            ratio(profit_on_cost),
            ratio(gross_margin),
        ]);
    }
    let change = |amounts: fn(&Totals) -> Option<Money>| {
        let difference = amounts(after).zip(amounts(before)).map(|(after, before)| after - before);
        signed(difference, places)
    };
    grid.total(vec![
        "change".to_owned(),
        change(Totals::known_revenue),
        change(|totals| totals.cost),
        change(Totals::profit),
    ]);
    grid.render()
}

/// How much of two spans is compared, where it is not all of them.
fn watched_in_both(compared: &Compared) -> Option<String> {
    let Compared { whole, before, after, both } = *compared;
    if compared.is_whole() {
        return None;
    }
    let [whole, before, after] = [whole, before, after].map(minutes);
    if both <= Span::ZERO {
        return Some(format!(
            "nothing is compared: no minute was watched in both ({before} of {whole} before, {after} after)"
        ));
    }
    let both = minutes(both);
    Some(format!("compared over the {both} of the {whole} that were watched in both ({before} before, {after} after)"))
}

/// A span in hours and minutes: `3 h 20 m`.
fn minutes(span: Span) -> String {
    let minutes = span.millis() / 60_000;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} m"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} m"),
    }
}

fn bridge(bridge: &Bridge, data: &ReportData) -> String {
    let places = data.places();
    let span = |(since, until)| format!("{} to {}", local(since, &data.zone), local(until, &data.zone));
    let mut grid = Grid::new(["why", &format!("profit {} an hour", data.currency)]);
    grid.row(vec!["before".to_owned(), amount(Some(bridge.before), places)]);
    for (cause, part) in &bridge.parts {
        grid.row(vec![format!("  {}", words(*cause)), signed(Some(*part), places)]);
    }
    grid.total(vec!["after".to_owned(), amount(Some(bridge.after), places)]);
    let watched = watched_in_both(&bridge.compared).map_or_else(String::new, |line| line + "\n");
    let spans = format!("before  {}\nafter   {}\n{watched}\n", span(bridge.before_span), span(bridge.after_span));
    if bridge.compared.both <= Span::ZERO {
        return spans;
    }
    let mut out = spans + &grid.render();
    for (name, movers) in [("models", &bridge.models), ("units", &bridge.units), ("nodes", &bridge.nodes)] {
        if !movers.is_empty() {
            out.push('\n');
            out.push_str(&moved(name, movers, places));
        }
    }
    if !bridge.cost_known {
        out.push_str("\nno rate is known in one of the spans: without a cost there is no profit\n");
    }
    out
}

fn moved(name: &str, movers: &[Mover], places: u32) -> String {
    let mut grid = Grid::new([name, "before", "after", "change an hour"]);
    for mover in movers {
        grid.row(vec![
            mover.key.to_string(),
            amount(Some(mover.before), places),
            amount(Some(mover.after), places),
            signed(Some(mover.change()), places),
        ]);
    }
    grid.render()
}

const fn words(cause: Cause) -> &'static str {
    match cause {
        Cause::Traffic => "traffic",
        Cause::Mix => "mix of models, prompts and output",
        Cause::HitRate => "hit rate",
        Cause::Price => "price or tier",
        Cause::Unpriced => "unpriced",
        Cause::Gpus => "GPUs held",
        Cause::Idle => "idle GPUs",
    }
}

/// An amount without its currency: `-1,234.50`, `–` if unknown.
pub(super) fn amount(money: Option<Money>, places: u32) -> String {
    money.map_or_else(
        || human::UNKNOWN.to_owned(),
        |money| {
            let minus = if money.rounded(places) < 0 { "-" } else { "" };
            format!("{minus}{}", human::digits(money, places))
        },
    )
}

/// An amount with its sign.
fn signed(money: Option<Money>, places: u32) -> String {
    let plus = money.is_some_and(|money| money.rounded(places) > 0);
    format!("{}{}", if plus { "+" } else { "" }, amount(money, places))
}

/// A ratio in percent; unknown is a dash.
pub(super) fn percent(ratio: Option<Ratio>) -> String {
    human::percent1(ratio).trim().to_owned()
}

fn hit_rate(row: &Row) -> Option<Ratio> {
    let (hit, prompt) = (row.tokens?.hit, row.prompt()?);
    Ratio::of(hit.count() as f64, prompt.count() as f64)
}

fn count(tokens: Option<Tokens>) -> String {
    human::scaled(tokens.map(|tokens| tokens.count() as f64)).trim().to_owned()
}

/// A count of hundredths: `43,536.00`.
fn hundredths(hours: i128) -> String {
    let hours = hours.unsigned_abs();
    format!("{}.{:02}", human::grouped(hours / 100), hours % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_much_is_compared_is_said_where_it_is_not_all() {
        let told = |hours: [i64; 4]| {
            let [whole, before, after, both] = hours.map(|minutes| Span::from_secs(minutes * 60));
            watched_in_both(&Compared { whole, before, after, both })
        };
        assert_eq!(told([60; 4]), None);
        let part = "compared over the 3 h 20 m of the 24 h that were watched in both (4 h before, 23 h 59 m after)";
        assert_eq!(told([1_440, 240, 1_439, 200]).as_deref(), Some(part));
        let none = "nothing is compared: no minute was watched in both (30 m of 1 h before, 0 m after)";
        assert_eq!(told([60, 30, 0, 0]).as_deref(), Some(none));
    }
}
