//! A report as a journal of plain-text accounting: a transaction a day, for hledger or for Beancount.
//!
//! Accounts are `income:tokens:MODEL`, `expenses:gpus:NODE`, `expenses:rounding:NODE` and `expenses:overhead`; revenue
//! is receivable and cost is payable. Amounts are those of the report, rounded once.

mod names;

use std::collections::BTreeSet;
use std::fmt::Write;

use super::data::ReportData;
use super::query::Format;
use crate::cli::when::local;
use crate::ledger::{CostAccount, CostKind};
use crate::statement::{DayEntry, EntryKind};
use crate::units::{Money, Timestamp};

/// The amount of one account in a transaction.
type JournalPosting = (String, Money);

/// All of it.
pub(super) fn render(data: &ReportData) -> String {
    let days = days(data);
    let mut out = head(data, &days);
    for (date, postings) in &days {
        // Writing to a string cannot fail.
        let what = if is_beancount(data) { "\"margintop\" \"tokens and GPUs\"" } else { "tokens and GPUs" };
        let _ = writeln!(out, "\n{date} * {what}");
        for (account, amount) in postings {
            let amount = fixed(*amount, data.places());
            let _ = writeln!(out, "    {account:<56}  {amount:>18} {}", currency(data));
        }
    }
    out
}

fn is_beancount(data: &ReportData) -> bool {
    data.format == Format::Beancount
}

/// The lines before the transactions: a title, the currency and the accounts.
fn head(data: &ReportData, days: &[(String, Vec<JournalPosting>)]) -> String {
    let statement = &data.statement;
    let (since, until) = (local(statement.since, &data.zone), local(statement.until, &data.zone));
    let mut out = format!("; margintop report, {since} to {until}\n");
    let unpriced = statement.rows.iter().any(|row| row.kind.name() == "(unpriced)" && !row.is_empty());
    for (left_out, what) in [
        (unpriced, "tokens without a price are in no amount"),
        (!statement.uncosted_revenue.is_zero(), "some of the revenue has no known cost"),
        (statement.total.cost.is_none(), "no cost is known"),
        (statement.total.lower_bound, "revenue is a lower bound"),
    ] {
        if left_out {
            let _ = writeln!(out, "; {what}");
        }
    }
    let accounts: BTreeSet<_> = days.iter().flat_map(|(_, postings)| postings).map(|(account, _)| account).collect();
    let first = days.first().map_or("1970-01-01", |(date, _)| date);
    if is_beancount(data) {
        let options = format!("option \"title\" \"margintop\"\noption \"operating_currency\" \"{}\"\n", currency(data));
        let _ = writeln!(out, "\n{options}");
        for account in accounts {
            let _ = writeln!(out, "{first} open {account} {}", currency(data));
        }
    } else {
        let example = fixed(Money::from_micros(1_000_000_000), data.places());
        let _ = writeln!(out, "\ncommodity {example} {}\n", currency(data));
        for account in accounts {
            let _ = writeln!(out, "account {account}");
        }
    }
    out
}

/// The transactions: a date, and postings whose sum is zero.
fn days(data: &ReportData) -> Vec<(String, Vec<JournalPosting>)> {
    let names = names::AccountNames::of(data.entries.iter().flat_map(|entry| paths(entry, data)), is_beancount(data));
    let mut days: Vec<(Timestamp, String, Vec<JournalPosting>)> = Vec::new();
    for entry in data.entries.iter().filter(|entry| !entry.amount.is_zero()) {
        if days.last().is_none_or(|(begin, ..)| *begin != entry.day.begin) {
            days.push((entry.day.begin, entry.day.key.to_string(), Vec::new()));
        }
        if let Some((.., postings)) = days.last_mut() {
            let [account, against] = paths(entry, data).map(|path| names.name(&path));
            // A credit and its debit; those of one account are one.
            let amount = if matches!(entry.kind, EntryKind::Revenue(_)) { -entry.amount } else { entry.amount };
            for (account, amount) in [(account, amount), (against, -amount)] {
                match postings.iter_mut().find(|(known, _)| *known == account) {
                    Some((_, sum)) => *sum += amount,
                    None => postings.push((account, amount)),
                }
            }
        }
    }
    let of = |(_, date, mut postings): (Timestamp, String, Vec<JournalPosting>)| {
        postings.retain(|(_, amount)| !amount.is_zero());
        (!postings.is_empty()).then_some((date, postings))
    };
    days.into_iter().filter_map(of).collect()
}

/// The account of an entry and the one that it is receivable or payable in, by their parts.
fn paths<'a>(entry: &'a DayEntry, data: &'a ReportData) -> [Vec<&'a str>; 2] {
    match &entry.kind {
        EntryKind::Revenue(model) => {
            let model = model.as_ref().map_or("unnamed", |model| model.as_str());
            [vec!["income", "tokens", model], vec!["assets", "receivable", "tokens"]]
        }
        EntryKind::RevenueOverhead => overhead(),
        EntryKind::Cost(id) => match data.cost_accounts.get(id.index()) {
            Some(account) if account.kind != CostKind::Overhead => {
                let what = if account.kind == CostKind::Gpus { "gpus" } else { "rounding" };
                [vec!["expenses", what, place(account)], vec!["liabilities", "payable", "gpus"]]
            }
            _ => overhead(),
        },
    }
}

fn overhead() -> [Vec<&'static str>; 2] {
    [vec!["expenses", "overhead"], vec!["liabilities", "payable", "overhead"]]
}

/// The node that is paid for, otherwise the unit.
fn place(account: &CostAccount) -> &str {
    let unit = || account.unit.as_ref().map_or("unnamed", |unit| unit.as_str());
    account.node.as_ref().map_or_else(unit, |node| node.as_str())
}

/// The currency as a commodity.
fn currency(data: &ReportData) -> String {
    data.currency.to_ascii_uppercase()
}

/// An amount with all of its decimals and nothing between its digits.
fn fixed(amount: Money, places: u32) -> String {
    let count = amount.rounded(places);
    let unit = 10_u128.pow(places);
    let (sign, count) = (if count < 0 { "-" } else { "" }, count.unsigned_abs());
    format!("{sign}{}.{:0width$}", count / unit, count % unit, width = places as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_all_their_decimals() {
        assert_eq!(fixed(Money::from_micros(-1_500_000), 2), "-1.50");
        assert_eq!(fixed(Money::from_micros(1_234_567_890_000), 2), "1234567.89");
        assert_eq!(fixed(Money::from_micros(1), 6), "0.000001");
    }
}
