//! A report as comma-separated values, RFC 4180: rows and their total, a bridge's parts, or lists side by side. In each row
//! revenue less uncosted revenue less cost is profit.
//!
//! Names come from outside, and spreadsheets evaluate formulas: a cell that could be a formula is quoted.

use super::data::ReportData;
use crate::statement::{By, RowKind, StatementRow, rounded_hours};
use crate::units::{Money, Ratio, Span, Timestamp, gross_margin, profit_on_cost};

const COLUMNS: [&str; 23] = [
    "key",
    "start",
    "end",
    "prompt_tokens",
    "cached_tokens",
    "output_tokens",
    "gpu_hours",
    "revenue",
    "cost",
    "profit",
    "profit_on_cost",
    "gross_margin",
    "idle_cost",
    "uncosted_revenue",
    "currency",
    "lease",
    "node",
    "whole_cost",
    "unpriced_tokens",
    "lower_bound",
    "upper_bound",
    "lists",
    "rates",
];

/// All lines.
pub(super) fn render(data: &ReportData) -> String {
    let mut out = String::new();
    if let Some(bridge) = &data.bridge {
        line(&mut out, &["cause".to_owned(), "profit_per_hour".to_owned()]);
        // If no minute was watched in both spans, nothing is known of either.
        let known = |money: Money| amount(Some(money).filter(|_| bridge.compared.both > Span::ZERO));
        line(&mut out, &["before".to_owned(), known(bridge.before)]);
        for (cause, part) in &bridge.parts {
            line(&mut out, &[cause.name().to_owned(), known(*part)]);
        }
        line(&mut out, &["after".to_owned(), known(bridge.after)]);
    } else if let Some(lists) = &data.compare {
        line(&mut out, &["list", "revenue", "profit", "uncertainty"].map(str::to_owned));
        for at in lists {
            line(
                &mut out,
                &[at.list.to_string(), at.revenue.to_string(), amount(at.profit()), at.uncertainty.to_string()],
            );
        }
    } else {
        rows(&mut out, data);
    }
    out
}

fn rows(out: &mut String, data: &ReportData) {
    let statement = &data.statement;
    let hours = rounded_hours(statement.rows.iter().map(|row| row.gpu_time), 6);
    line(out, &COLUMNS.map(str::to_owned));
    for (row, micros) in statement.rows.iter().zip(&hours) {
        line(out, &cells(row, *micros, data));
    }
    line(out, &cells(&statement.total, hours.last().copied().unwrap_or_default(), data));
}

fn cells(row: &StatementRow, micros: i128, data: &ReportData) -> [String; 23] {
    let covered = row.covered();
    let ratio = |of: fn(Money, Money) -> Option<Ratio>| {
        let ratio = covered.and_then(|(revenue, cost)| of(revenue, cost));
        ratio.map_or_else(String::new, |ratio| format!("{:.6}", ratio.get()))
    };
    let count = |tokens: Option<crate::units::Tokens>| tokens.map_or_else(String::new, |t| t.count().to_string());
    let key_of = |by: By| (data.statement.by == by && row.kind == RowKind::Key).then(|| row.key.to_string());
    let node = row.node.as_ref().map(ToString::to_string).or_else(|| key_of(By::Node));
    let at = |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    [
        row.key.to_string(),
        at(row.start),
        at(row.end),
        count(row.prompt()),
        count(row.tokens.map(|tokens| tokens.hit)),
        count(row.tokens.map(|tokens| tokens.output)),
        format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000),
        amount(row.revenue),
        amount(row.cost),
        amount(row.profit),
        ratio(profit_on_cost),
        ratio(gross_margin),
        amount(row.idle_cost),
        amount(row.revenue.map(|_| row.uncosted_revenue)),
        data.currency.clone(),
        key_of(By::Lease).unwrap_or_default(),
        node.unwrap_or_default(),
        amount(row.whole_cost),
        count(row.unpriced_tokens),
        row.lower_bound.to_string(),
        // The rows with postings that may be taken back are unknown.
        if row.kind == RowKind::Total { data.statement.upper_bound.to_string() } else { String::new() },
        joined(row.origins.lists.iter().map(|(list, tier)| format!("{list} {tier}"))),
        joined(row.origins.rates.iter().map(|origin| data.rate_text(origin))),
    ]
}

/// Several values in one cell.
fn joined(all: impl Iterator<Item = String>) -> String {
    all.collect::<Vec<_>>().join("; ")
}

/// An amount; an empty cell is unknown.
fn amount(money: Option<Money>) -> String {
    money.map_or_else(String::new, |money| money.to_string())
}

/// Writes a line.
pub(super) fn line(out: &mut String, cells: &[String]) {
    let cells: Vec<_> = cells.iter().map(|cell| quoted(cell)).collect();
    out.push_str(&cells.join(","));
    out.push_str("\r\n");
}

fn quoted(cell: &str) -> String {
    let number = || cell.bytes().skip(1).all(|b| b.is_ascii_digit() || b == b'.') && cell.len() > 1;
    let formula = cell.starts_with(['=', '+', '-', '@']) && !(cell.starts_with('-') && number());
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_formula_and_a_loss_is_a_number() {
        assert_eq!(quoted("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(quoted("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(quoted("-1+1"), "'-1+1");
        assert_eq!(quoted("-12.50"), "-12.50");
        assert_eq!(quoted("-"), "'-");
        assert_eq!(quoted("+A1"), "'+A1");
        assert_eq!(quoted("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(quoted("=a,b"), "\"'=a,b\"");
        assert_eq!(quoted("(idle)"), "(idle)");
    }
}
