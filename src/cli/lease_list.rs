//! `margintop lease list`: the subject, the beginning, the end and the cost of each lease.

use std::collections::BTreeMap;

use super::lease_records::LeaseRecords;
use super::lease_spans::Paid;
use super::{Failure, out};
use crate::ledger::{CostAccount, CostKind};
use crate::pricing::{Lease, follow_renames};
use crate::reading::Label;
use crate::statement::lease_name;
use crate::store::Reader;
use crate::units::{GpuTime, HourlyRate, Money, Timestamp};

/// A lease, or an assumed rate, of GPUs of one node or unit at one rate.
#[derive(Debug)]
struct LeaseLine {
    node: Option<String>,
    unit: Option<String>,
    gpus: Option<u32>,
    gpu: String,
    lease: Option<String>,
    rate: Option<HourlyRate>,
    from: Option<Timestamp>,
    /// Its end; `None` while it runs.
    until: Option<Timestamp>,
    time: GpuTime,
    /// Its cost, including the provider's rounding and metered power; `None` without a rate.
    cost: Option<Money>,
}

/// A lease's beginning and end by its name; no end while it runs.
pub(super) type LeaseDates = BTreeMap<Label, (Timestamp, Option<Timestamp>)>;

/// Prints the leases of a ledger, as a table or as JSON.
pub(super) fn list(reader: &Reader, leases: &[Lease], json: bool) -> Result<(), Failure> {
    let leases = present(reader, leases)?;
    let lines = LeaseRecords::of(reader, &leases)?.lines();
    let currency = reader.header().currency;
    let text = if json { of_json(&lines, &currency) } else { table(&lines, &currency) };
    out::print(&text)
}

/// The beginning and end of each lease, by its name in a report; without an end while it runs.
pub(super) fn dates(reader: &Reader, leases: &[Lease]) -> Result<LeaseDates, Failure> {
    let leases = present(reader, leases)?;
    let known = LeaseRecords::of(reader, &leases)?;
    let mut dates = LeaseDates::new();
    for Paid { row, from, until, .. } in known.spans(&known.rows()) {
        let (Some(name), Some(from)) = (lease_name(&row.account), from) else { continue };
        let (first, last) = dates.entry(name).or_insert((from, until));
        (*first, *last) = ((*first).min(from), last.zip(until).map(|(a, b)| a.max(b)));
    }
    Ok(dates)
}

/// The configuration's leases, each with the present name of its node.
pub(super) fn present(reader: &Reader, leases: &[Lease]) -> Result<Vec<Lease>, Failure> {
    let mut leases = leases.to_vec();
    follow_renames(&mut leases, &reader.former_names()?);
    Ok(leases)
}

impl LeaseRecords<'_> {
    fn lines(&self) -> Vec<LeaseLine> {
        let rows = self.rows();
        let spans = self.spans(&rows);
        let is_of = |one: &CostAccount, other: &CostAccount| {
            (&one.lease, &one.node, one.rate) == (&other.lease, &other.node, other.rate)
        };
        let line = |(nth, paid): (usize, &Paid<'_>)| {
            let account = &paid.row.account;
            // A lease is rounded as a whole: the last of its spans has it.
            let is_last = !spans[nth + 1..].iter().any(|later| is_of(&later.row.account, account));
            let rounding = self
                .times
                .iter()
                .filter(|other| is_last && other.account.kind == CostKind::Rounding && is_of(&other.account, account));
            Self::line(paid, rounding.filter_map(|other| other.account.cost_of(other.time)).sum())
        };
        spans.iter().enumerate().map(line).collect()
    }

    fn line(paid: &Paid<'_>, rounding: Money) -> LeaseLine {
        let account = &paid.row.account;
        LeaseLine {
            node: account.node.as_ref().map(ToString::to_string),
            unit: account.unit.as_ref().map(ToString::to_string),
            gpus: paid.gpus,
            gpu: account.gpu.to_string(),
            lease: account.lease.as_ref().map(ToString::to_string),
            rate: account.rate,
            from: paid.from,
            until: paid.until,
            time: paid.time.held,
            cost: account.cost_of(paid.time).map(|cost| cost + rounding),
        }
    }
}

/// Hours with four decimals, rounded half up.
fn hours(time: GpuTime) -> String {
    let parts = (i128::from(time.millis()) * 10_000 + 1_800_000).div_euclid(3_600_000);
    format!("{}.{:04}", parts.div_euclid(10_000), parts.rem_euclid(10_000))
}

fn table(lines: &[LeaseLine], currency: &str) -> String {
    let cost = format!("COST {currency}");
    let head = ["NODE", "UNIT", "GPUS", "LEASE", "RATE", "FROM", "UNTIL", "HOURS", &cost].map(str::to_owned);
    let none = || "–".to_owned();
    let text = |text: &Option<String>| text.clone().unwrap_or_else(none);
    let cells = |line: &LeaseLine| {
        let gpus = line.gpus.map_or_else(|| line.gpu.clone(), |gpus| format!("{gpus} x {}", line.gpu));
        let what = match line.rate {
            Some(_) => "assumed",
            None => "no rate known",
        };
        [
            text(&line.node),
            text(&line.unit),
            gpus,
            line.lease.clone().unwrap_or_else(|| what.to_owned()),
            line.rate.map_or_else(none, |rate| rate.to_string()),
            line.from.map_or_else(none, |at| at.to_string()),
            line.until.map_or_else(|| "open".to_owned(), |at| at.to_string()),
            hours(line.time),
            line.cost.map_or_else(none, |cost| cost.to_string()),
        ]
    };
    let rows: Vec<_> = std::iter::once(head).chain(lines.iter().map(cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..9).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let padded: Vec<String> = row.iter().zip(&widths).map(|(text, width)| format!("{text:<width$}")).collect();
        // Names in a ledger come from outside and may have control characters.
        let harmless: String = padded.join("  ").chars().filter(|c| !c.is_control()).collect();
        out.push_str(harmless.trim_end());
        out.push('\n');
    }
    out
}

fn of_json(lines: &[LeaseLine], currency: &str) -> String {
    let line = |line: &LeaseLine| {
        serde_json::json!({
            "node": line.node, "unit": line.unit, "gpus": line.gpus, "gpu": line.gpu, "lease": line.lease,
            "rate": line.rate.map(|rate| rate.to_string()),
            "from": line.from.map(|at| at.to_string()), "until": line.until.map(|at| at.to_string()),
            "gpu_hours": hours(line.time), "cost": line.cost.map(|cost| cost.to_string()),
        })
    };
    let leases: Vec<_> = lines.iter().map(line).collect();
    format!("{:#}\n", serde_json::json!({"schema": "margintop-leases/1", "currency": currency, "leases": leases}))
}
