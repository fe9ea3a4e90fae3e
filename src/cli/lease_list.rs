//! `margintop lease list`: the subject, the beginning, the end and the cost of each lease.

use super::{Failure, out};
use crate::lease_history::{self, LeaseLine};
use crate::pricing::Lease;
use crate::store::Reader;
use crate::units::{GpuTime, Pue};

/// Prints the leases of a ledger, as a table or as JSON.
pub(super) fn list(reader: &Reader, leases: &[Lease], json: bool) -> Result<(), Failure> {
    let lines = lease_history::lines(reader, leases)?;
    let currency = reader.header().currency;
    let text = if json { of_json(&lines, &currency) } else { table(&lines, &currency) };
    out::print(&text)
}

/// Hours with four decimals, rounded half up.
fn hours(time: GpuTime) -> String {
    let parts = (i128::from(time.millis()) * 10_000 + 1_800_000).div_euclid(3_600_000);
    format!("{}.{:04}", parts.div_euclid(10_000), parts.rem_euclid(10_000))
}

/// Kilowatt-hours with three decimals, rounded half up.
fn kilowatt_hours(millijoules: i64) -> String {
    let thousandths = (i128::from(millijoules) + 1_800_000).div_euclid(3_600_000);
    let minus = if thousandths < 0 { "-" } else { "" };
    format!("{minus}{}.{:03}", thousandths.abs() / 1_000, thousandths.abs() % 1_000)
}

/// The place of the column of what the provider's rounding adds, which is left out without any.
const ROUNDING: usize = 9;

fn table(lines: &[LeaseLine], currency: &str) -> String {
    let cost = format!("COST {currency}");
    let head =
        ["NODE", "UNIT", "GPUS", "LEASE", "RATE/GPU-H", "FROM", "UNTIL", "GPU-HOURS", "POWER", "ROUNDING", &cost];
    let head = head.map(str::to_owned);
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
            line.power.map_or_else(
                || "in the rate".to_owned(),
                |(price, energy)| {
                    let pue = if price.pue == Pue::IDEAL { String::new() } else { format!(" x {}", price.pue) };
                    format!("{} kWh at {}{pue}", kilowatt_hours(energy), price.kwh)
                },
            ),
            line.rounding.map_or_else(none, |cost| cost.to_string()),
            line.cost.map_or_else(none, |cost| cost.to_string()),
        ]
    };
    let rows: Vec<_> = std::iter::once(head).chain(lines.iter().map(cells)).collect();
    let is_shown = |column: usize| column != ROUNDING || lines.iter().any(|line| line.rounding.is_some());
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate().filter(|(column, _)| is_shown(*column));
        let padded: Vec<String> = cells.map(|(_, (text, width))| format!("{text:<width$}")).collect();
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
            "gpu_hours": hours(line.time),
            "power": line.power.map(|(price, energy)| serde_json::json!({
                "kwh": kilowatt_hours(energy), "kwh_price": price.kwh.to_string(), "pue": price.pue.to_string(),
                "cost": price.of(energy.into()).round_to(6).to_string(),
            })),
            "rounding": line.rounding.map(|cost| cost.to_string()),
            "cost": line.cost.map(|cost| cost.to_string()),
        })
    };
    let leases: Vec<_> = lines.iter().map(line).collect();
    format!("{:#}\n", serde_json::json!({"schema": "margintop-leases/1", "currency": currency, "leases": leases}))
}
