//! A report as text: a title, a table and notes.

use super::data::ReportData;
use super::notes;
use super::text_table::TextTable;
use crate::cli::amounts::{amount, percent, signed};
use crate::cli::when::{local, local_second};
use crate::statement::{By, RevenueAtList, RowKind, StatementRow, Totals, rounded_hours};
use crate::tui::format;
use crate::units::{Money, Ratio, Span, Timestamp, Tokens};

/// All of it.
pub(super) fn render(data: &ReportData) -> String {
    let lines = match (&data.bridge, &data.compare) {
        (Some(bridge), _) => super::table_bridge::render(bridge, data),
        (None, Some(lists)) => compared(lists, data),
        (None, None) => statement(data),
    };
    let beside = notes::render(data);
    if beside.is_empty() { lines } else { format!("{lines}\n{beside}") }
}

/// The title: the span and the kind of report.
fn title(data: &ReportData, what: &str) -> String {
    let (since, until) = (local(data.statement.since, &data.zone), local(data.statement.until, &data.zone));
    format!("{since} to {until}  {what}\n\n")
}

fn statement(data: &ReportData) -> String {
    let (by, currency) = (data.statement.by, &data.currency);
    let asked = data.what_if.as_ref().map(|(asked, _)| format!(", if {asked}")).unwrap_or_default();
    let book = if data.repriced { ", repriced at today's book" } else { "" };
    let mut out = title(data, &format!("by {by}, in {currency}{book}{asked}"));
    if data.watched <= Span::ZERO {
        return out;
    }
    out.push_str(&if by == By::Lease { leases(data) } else { rows(data) });
    if let Some((_, what_if)) = &data.what_if {
        out.push('\n');
        out.push_str(&before_and_after(&what_if.before, &what_if.after, data));
    }
    out
}

fn rows(data: &ReportData) -> String {
    let (statement, places) = (&data.statement, data.places());
    let hours = rounded_hours(statement.rows.iter().map(|row| row.gpu_time), 2);
    let currency = &data.currency;
    let beside = UnknownColumns::of(data);
    let mut table = TextTable::new(
        [
            Some(statement.by.name().to_owned()),
            Some("prompt tok".to_owned()),
            Some("hit".to_owned()),
            Some("output tok".to_owned()),
            Some("GPU-hours".to_owned()),
            Some(format!("revenue {currency}")),
            beside.uncosted.then(|| "of it uncosted".to_owned()),
            Some(format!("cost {currency}")),
            beside.idle.then(|| "of it idle".to_owned()),
            Some(format!("profit {currency}")),
            Some("profit on cost".to_owned()),
            Some("gross margin".to_owned()),
            beside.unpriced.then(|| "unpriced tok".to_owned()),
            statement.by.is_place().then(|| format!("whole cost {currency}")),
        ]
        .into_iter()
        .flatten(),
    );
    let cells = |row: &StatementRow, hours: i128| {
        let uncosted = row.revenue.map(|_| row.uncosted_revenue);
        [
            Some(row.key.to_string()),
            Some(count(row.prompt())),
            Some(percent(hit_rate(row))),
            Some(count(row.tokens.map(|tokens| tokens.output))),
            Some(hundredths(hours)),
            Some(amount(row.revenue, places)),
            beside.uncosted.then(|| amount(uncosted, places)),
            Some(amount(row.cost, places)),
            beside.idle.then(|| amount(row.idle_cost, places)),
            Some(amount(row.profit, places)),
            Some(percent(row.profit_on_cost())),
            Some(percent(row.gross_margin())),
            beside.unpriced.then(|| own(row, count(row.unpriced_tokens))),
            statement.by.is_place().then(|| own(row, amount(row.whole_cost, places))),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
    };
    for (row, hours) in statement.rows.iter().zip(&hours) {
        table.row(cells(row, *hours));
    }
    table.total(cells(&statement.total, hours.last().copied().unwrap_or_default()));
    table.render()
}

/// A value that only a key's own row has.
fn own(row: &StatementRow, cell: String) -> String {
    if row.kind == RowKind::Key { cell } else { String::new() }
}

/// Columns for parts of revenue and cost that the other columns need to add up, if there are any.
struct UnknownColumns {
    /// By node and by unit, its own tokens without a price.
    unpriced: bool,
    /// Revenue that is in no profit.
    uncosted: bool,
    /// Idle cost; by time it is in the rows and not in `(idle)`.
    idle: bool,
}

impl UnknownColumns {
    fn of(data: &ReportData) -> Self {
        let statement = &data.statement;
        let idles = |row: &StatementRow| row.idle_cost.is_some_and(|idle| !idle.is_zero());
        let unpriced = |row: &StatementRow| row.unpriced_tokens.is_some_and(|tokens| tokens > Tokens::ZERO);
        Self {
            unpriced: statement.rows.iter().any(unpriced),
            uncosted: !statement.uncosted_revenue.is_zero(),
            idle: statement.by.is_time() && statement.rows.iter().any(idles),
        }
    }
}

fn leases(data: &ReportData) -> String {
    let (statement, places) = (&data.statement, data.places());
    let hours = rounded_hours(statement.rows.iter().map(|row| row.gpu_time), 2);
    let (cost, idle) = (format!("cost {}", data.currency), format!("of it idle {}", data.currency));
    let mut table = TextTable::new(["lease", "node", "from", "until", "GPU-hours", &cost, &idle]);
    let at = |at: Option<Timestamp>| at.map_or_else(String::new, |at| local_second(at, &data.zone));
    let cells = |row: &StatementRow, hours: i128| {
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
    for (row, hours) in statement.rows.iter().zip(&hours) {
        table.row(cells(row, *hours));
    }
    table.total(cells(&statement.total, hours.last().copied().unwrap_or_default()));
    table.render()
}

fn compared(lists: &[RevenueAtList], data: &ReportData) -> String {
    let (revenue, profit) = (format!("revenue {}", data.currency), format!("profit {}", data.currency));
    let unsure = format!("± {}", data.currency);
    let is_unsure = lists.iter().any(|at| !at.uncertainty.is_zero());
    let mut table = TextTable::new(["list", &revenue, &profit].into_iter().chain(is_unsure.then_some(&*unsure)));
    for at in lists {
        let places = data.places();
        let mut row = vec![at.list.to_string(), amount(Some(at.revenue), places), amount(at.profit(), places)];
        row.extend(is_unsure.then(|| amount(Some(at.uncertainty), places)));
        table.row(row);
    }
    format!("{}{}", title(data, "the same tokens at every list"), table.render())
}

fn before_and_after(before: &Totals, after: &Totals, data: &ReportData) -> String {
    let places = data.places();
    let (revenue, cost) = (format!("revenue {}", data.currency), format!("cost {}", data.currency));
    let profit = format!("profit {}", data.currency);
    let uncosted = [before, after].iter().any(|totals| !totals.uncosted_revenue.is_zero());
    let words = ["", &revenue, "of it uncosted", &cost, &profit, "profit on cost", "gross margin"];
    let shown = |nth: usize| nth != 2 || uncosted;
    let mut table =
        TextTable::new(words.into_iter().enumerate().filter(|(nth, _)| shown(*nth)).map(|(_, word)| word.to_owned()));
    for (name, totals) in [("actual", before), ("what if", after)] {
        let cells = [
            name.to_owned(),
            amount(totals.known_revenue(), places),
            amount(totals.known_revenue().map(|_| totals.uncosted_revenue), places),
            amount(totals.cost, places),
            amount(totals.profit(), places),
            percent(totals.profit_on_cost()),
            percent(totals.gross_margin()),
        ];
        table.row(cells.into_iter().enumerate().filter(|(nth, _)| shown(*nth)).map(|(_, cell)| cell).collect());
    }
    let change = |amounts: fn(&Totals) -> Option<Money>| {
        let difference = amounts(after).zip(amounts(before)).map(|(after, before)| after - before);
        signed(difference, places)
    };
    let cells = [
        "vs actual".to_owned(),
        change(Totals::known_revenue),
        change(|totals| totals.known_revenue().map(|_| totals.uncosted_revenue)),
        change(|totals| totals.cost),
        change(Totals::profit),
    ];
    table.total(cells.into_iter().enumerate().filter(|(nth, _)| shown(*nth)).map(|(_, cell)| cell).collect());
    table.render()
}

fn hit_rate(row: &StatementRow) -> Option<Ratio> {
    let (hit, prompt) = (row.tokens?.hit, row.prompt()?);
    Ratio::of(hit.count() as f64, prompt.count() as f64)
}

fn count(tokens: Option<Tokens>) -> String {
    format::scaled_tight(tokens.map(|tokens| tokens.count() as f64)).trim().to_owned()
}

/// A count of hundredths: `43,536.00`.
fn hundredths(hours: i128) -> String {
    let hours = hours.unsigned_abs();
    format!("{}.{:02}", format::grouped(hours / 100), hours % 100)
}
