//! Leases: rates of rented GPUs, and costs of own hardware over its life.

use jiff::tz::TimeZone;

use super::error::Findings;
use super::faults::TableFaults;
use super::file::LeaseTable;
use super::lease_rent::rent;
use super::prices::MoneyTerms;
use crate::pricing::{Conversion, Lease, Leased, RentWhen, Rounding, parse_instant};
use crate::reading::{NodeName, UnitName};
use crate::units::Timestamp;

/// All leases, in the order of the file: one for each table, one for each exchange rate that it is converted at, or none
/// where the table has mistakes.
pub(super) fn leases(tables: &[LeaseTable], money: MoneyTerms<'_>, findings: &mut Findings<'_>) -> Vec<Vec<Lease>> {
    let mut all = Vec::new();
    for (nth, table) in tables.iter().enumerate() {
        let mut faults = TableFaults::default();
        let conversions = faults.check(&["currency"], money.conversions(table.currency.as_deref()));
        let lease = lease(table, money.zone, &mut faults).zip(conversions).filter(|_| faults.is_empty());
        let parts = lease.and_then(|(lease, conversions)| match conversions {
            None => Some(vec![lease]),
            Some(conversions) => faults.check(&["currency", "until"], converted(&lease, &conversions, money.currency)),
        });
        all.push(parts.unwrap_or_default());
        findings.faults("lease", nth, faults);
    }
    all
}

/// A lease in the ledger's currency, split where another exchange rate begins.
fn converted(lease: &Lease, rates: &[(Timestamp, Conversion<'_>)], currency: &str) -> Result<Vec<Lease>, String> {
    let mut parts = Vec::new();
    for (nth, (since, conversion)) in rates.iter().enumerate() {
        let next = rates.get(nth + 1).map(|(next, _)| *next);
        let from = lease.from.map_or(*since, |from| from.max(*since));
        let until = lease.until.into_iter().chain(next).min();
        if until.is_none_or(|until| from < until) {
            parts.push(Lease { from: Some(from), until, ..at_rate(lease, *conversion, currency)? });
        }
    }
    match (parts.len(), rates.first()) {
        (0, Some((since, _))) => Err(format!(
            "it ends before the first rate of exchange to {currency}, of {since}: add the [[fx]] that held for it"
        )),
        (2.., _) if lease.rounding != Rounding::Exact => Err(format!(
            "{} rates of exchange to {currency} hold within it, and rounding is of a whole lease: write rounding = \
             \"exact\", the rate in {currency}, or one lease for each rate of exchange",
            parts.len()
        )),
        _ => Ok(parts),
    }
}

fn at_rate(lease: &Lease, conversion: Conversion<'_>, currency: &str) -> Result<Lease, String> {
    let large = || format!("too large in {currency}");
    let mut own = lease.clone();
    own.rate = conversion.rate(own.rate).ok_or_else(large)?;
    own.node_rate = own.node_rate.map(|rate| conversion.rate(rate).ok_or_else(large)).transpose()?;
    if let Some(power) = &mut own.power {
        power.kwh = conversion.energy(power.kwh).ok_or_else(large)?;
    }
    Ok(own)
}

/// Refuses a name that no GPU, node or unit can have: such a lease would never pay.
fn named(leased: &Leased) -> Result<(), String> {
    let (kind, name) = match leased {
        Leased::Gpu(words) => {
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '*';
            let why = format!("gpu = \"{words}\" names no GPU: write a word of its name, as H100, or \"*\" for all");
            return if words.contains(is_word) { Ok(()) } else { Err(why) };
        }
        Leased::Node(node) => ("node", node.as_str()),
        Leased::Unit(unit) => ("unit", unit.as_str()),
    };
    match name.trim() {
        "" => Err(format!("an empty name: write which {kind} it is")),
        name if name.contains(['*', '?']) => Err(format!(
            "{kind} = \"{name}\" is one {kind} by its name: write a [[lease]] for each, or gpu = \"*\" for all GPUs"
        )),
        _ => Ok(()),
    }
}

/// The GPUs that a lease is for. `None`, and a mistake, if they are not named.
fn leased(table: &LeaseTable, faults: &mut TableFaults) -> Option<Leased> {
    let leased = match (&table.gpu, &table.node, &table.unit) {
        (Some(gpu), None, None) => Leased::Gpu(gpu.clone()),
        (None, Some(node), None) => Leased::Node(NodeName::new(node)),
        (None, None, Some(unit)) => Leased::Unit(UnitName::new(unit)),
        _ => {
            let why = "a lease is for one of gpu, node or unit: write exactly one of them";
            faults.add(&["gpu", "node", "unit"], why);
            return None;
        }
    };
    faults.check(&["gpu", "node", "unit"], named(&leased)).map(|()| leased)
}

/// The beginning of a day such as `2025-09-05`; `None` if the text is none.
fn start_of_day(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let day: jiff::civil::Date = text.trim().parse().ok().filter(|_| text.trim().len() == "2025-09-05".len())?;
    let start = zone.to_ambiguous_timestamp(day.to_datetime(jiff::civil::Time::midnight())).compatible().ok()?;
    Some(Timestamp::from_millis(start.as_millisecond()))
}

/// A lease as written, in its own currency.
fn lease(table: &LeaseTable, zone: &TimeZone, faults: &mut TableFaults) -> Option<Lease> {
    let leased = leased(table, faults);
    let instant = |key: &str, text: Option<&str>| match text.and_then(|text| start_of_day(text, zone)) {
        Some(start) => Ok(Some(start)),
        None => parse_instant(text).map_err(|why| format!("{key}: {why}, or a day like \"2025-09-05\"")),
    };
    let from = faults.check(&["from"], instant("from", table.from.as_deref())).flatten();
    let until = faults.check(&["until"], instant("until", table.until.as_deref())).flatten();
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        faults.add(&["until", "from"], format!("until: the lease ends at {until}, before it begins at {from}"));
    }
    let no_gpus = "gpus: a lease of 0 GPUs: write how many it pays for, or leave gpus out";
    faults.refuse(table.gpus == Some(0), &["gpus"], no_gpus);
    let no_name = "name: an empty name: write name = \"contract 17\", or leave it out";
    faults.refuse(table.name.as_ref().is_some_and(|name| name.trim().is_empty()), &["name"], no_name);
    let (leased, rent) = (leased, rent(table, faults)?);
    let lease = Lease {
        name: table.name.as_ref().map(|name| name.trim().to_owned()),
        gpus: rent.gpus,
        nodes: rent.nodes,
        node_rate: rent.node_rate,
        from,
        until,
        when: table.when,
        rounding: table.rounding.into(),
        power: table.power,
        ..Lease::of(leased?, rent.rate)
    };
    if let (true, RentWhen::Serving, Some(gpus)) = (lease.is_schedule(), lease.when, lease.gpus) {
        let why = "is for GPUs that are seen, and";
        faults.add(
            &["when", "gpus"],
            format!(
                "when = \"serving\" {why} {gpus} GPUs of a node or unit are paid seen or not: leave one of them out"
            ),
        );
    }
    Some(lease)
}
