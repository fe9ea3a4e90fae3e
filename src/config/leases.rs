//! Leases: rates of rented GPUs, and costs of own hardware over its life.

use super::error::Findings;
use super::file::LeaseTable;
use super::prices::MoneyTerms;
use crate::pricing::{Conversion, Lease, Leased, RentWhen, Rounding, parse_instant};
use crate::reading::{NodeName, UnitName};
use crate::units::{HourlyRate, Timestamp, parse_scaled};

/// A year of a node's life: 365 days.
const YEAR_HOURS: i64 = 8760;
/// The GPUs assumed for a node whose number is unknown.
const USUAL_GPUS: u32 = 8;
/// All leases, in the order of the file: one for each table, or one for each exchange rate that it is converted at.
pub(super) fn leases(tables: &[LeaseTable], money: MoneyTerms<'_>, findings: &mut Findings<'_>) -> Vec<Vec<Lease>> {
    let mut all = Vec::new();
    for (nth, table) in tables.iter().enumerate() {
        let lease = lease(table).and_then(|lease| match money.conversions(table.currency.as_deref())? {
            None => Ok(vec![lease]),
            Some(conversions) => converted(&lease, &conversions, money.currency),
        });
        match lease {
            Ok(lease) => all.push(lease),
            Err(why) => findings.table("lease", nth, why),
        }
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

/// A lease as written, in its own currency.
fn lease(table: &LeaseTable) -> Result<Lease, String> {
    let leased = match (&table.gpu, &table.node, &table.unit) {
        (Some(gpu), None, None) => Leased::Gpu(gpu.clone()),
        (None, Some(node), None) => Leased::Node(NodeName::new(node)),
        (None, None, Some(unit)) => Leased::Unit(UnitName::new(unit)),
        _ => return Err("a lease is for one of gpu, node or unit: write exactly one of them".to_owned()),
    };
    named(&leased)?;
    let (from, until) = (parse_instant(table.from.as_deref())?, parse_instant(table.until.as_deref())?);
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        return Err(format!("the lease ends at {until}, before it begins at {from}"));
    }
    if table.gpus == Some(0) {
        return Err("a lease of 0 GPUs: write how many it pays for, or leave gpus out".to_owned());
    }
    if table.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
        return Err("an empty name: write name = \"contract 17\", or leave it out".to_owned());
    }
    let rent = rent(table)?;
    let lease = Lease {
        name: table.name.as_ref().map(|name| name.trim().to_owned()),
        gpus: rent.gpus,
        node_rate: rent.node_rate,
        from,
        until,
        when: table.when.into(),
        rounding: table.rounding.into(),
        power: table.power,
        ..Lease::of(leased, rent.rate)
    };
    if let (true, RentWhen::Serving, Some(gpus)) = (lease.is_schedule(), lease.when, lease.gpus) {
        return Err(format!(
            "when = \"serving\" is for GPUs that are seen, and {gpus} GPUs of a node or unit are paid seen or not: leave one \
             of them out"
        ));
    }
    Ok(lease)
}

/// The subject of a lease, and its amount.
struct Rent {
    rate: HourlyRate,
    node_rate: Option<HourlyRate>,
    gpus: Option<u32>,
}

/// The rate by GPU or by node: a node's rate is divided by the given number of GPUs, or by those that are seen.
fn rent(table: &LeaseTable) -> Result<Rent, String> {
    let Some(node_rate) = table.node_rate else {
        if table.nodes.is_some() {
            return Err("nodes is for rent by the node: write node_rate, or gpus".to_owned());
        }
        return Ok(Rent { rate: hourly(table)?, node_rate: None, gpus: table.gpus });
    };
    if table.rate.is_some() {
        return Err("rate is per GPU and hour, node_rate per node and hour: write one of them".to_owned());
    }
    if [&table.capex, &table.network, &table.salvage, &table.life].into_iter().any(Option::is_some) {
        return Err("a lease is rent or hardware of your own: write node_rate, or capex with life".to_owned());
    }
    if table.gpus_per_node == Some(0) || table.nodes == Some(0) {
        return Err("none of them is leased: write how many, or leave it out".to_owned());
    }
    let large = || "too many GPUs".to_owned();
    let (per_node, gpus) = match (&table.gpu, &table.node, table.nodes) {
        (Some(_), ..) => {
            return Err("a lease by gpu is per GPU: write rate, or node_rate for a node or unit".to_owned());
        }
        (None, Some(_), Some(_)) => return Err("a lease of one node: leave nodes out".to_owned()),
        (None, Some(_), None) => match (table.gpus, table.gpus_per_node) {
            (Some(gpus), Some(per_node)) if gpus != per_node => {
                return Err(format!("gpus = {gpus} and gpus_per_node = {per_node} of one node: write one of them"));
            }
            (gpus, per_node) => (gpus.or(per_node), gpus),
        },
        (None, None, Some(nodes)) => {
            let per_node = match (table.gpus, table.gpus_per_node) {
                (Some(gpus), None) if gpus % nodes == 0 => gpus / nodes,
                (Some(gpus), None) => {
                    return Err(format!("{gpus} GPUs on {nodes} nodes: write how many each has, gpus_per_node = 8"));
                }
                (None, per_node) => per_node.unwrap_or(USUAL_GPUS),
                (Some(_), Some(_)) => return Err("gpus or gpus_per_node: write one of them".to_owned()),
            };
            (Some(per_node), Some(per_node.checked_mul(nodes).ok_or_else(large)?))
        }
        (None, None, None) if table.gpus.is_some() => {
            return Err("gpus of a whole unit, and rent by the node: write how many nodes it has, nodes = 2".to_owned());
        }
        (None, None, None) => (table.gpus_per_node, None),
    };
    let rate = node_rate.shared_by(per_node.unwrap_or(USUAL_GPUS)).ok_or_else(large)?;
    // With a given number of GPUs the rate is per GPU; otherwise the GPUs that are seen share it.
    let node_rate = if gpus.is_some() { None } else { Some(node_rate) };
    Ok(Rent { rate, node_rate, gpus })
}

/// The rate an hour, or the price of a node divided by its lifetime and GPUs.
fn hourly(table: &LeaseTable) -> Result<HourlyRate, String> {
    let owned = [&table.network, &table.salvage, &table.life].into_iter().any(Option::is_some);
    match (table.rate, &table.capex) {
        (Some(rate), None) if !owned && table.gpus_per_node.is_none() => Ok(rate),
        (None, Some(capex)) => amortised(table, capex),
        (Some(_), _) => Err("a lease is rent or hardware of your own: write rate, or capex with life".to_owned()),
        (None, None) => {
            Err("a lease without a price: write rate = \"2.40\" per GPU and hour, node_rate = \"19.20\" per node and hour, \
                 or capex, life and gpus_per_node"
                .to_owned())
        }
    }
}

fn amortised(table: &LeaseTable, capex: &str) -> Result<HourlyRate, String> {
    let amount = |key: &str, text: Option<&str>| {
        text.map_or(Ok(0), |text| parse_scaled(text, 6)).map_err(|error| format!("{key}: {error}"))
    };
    let (capex, network) = (amount("capex", Some(capex))?, amount("network", table.network.as_deref())?);
    let salvage = amount("salvage", table.salvage.as_deref())?;
    let paid = capex.checked_add(network).ok_or("capex: too large")?;
    let lost = paid.checked_sub(salvage).filter(|lost| *lost >= 0);
    let lost = lost.ok_or("salvage: more than was paid: write what it will be worth at the end of its life")?;
    let life = parse_life(table.life.as_deref().ok_or("capex without a life: write life = \"4y\"")?)?;
    let gpus = table.gpus_per_node.filter(|gpus| *gpus > 0);
    let gpus = gpus.ok_or("capex is for a node: write how many GPUs it has, gpus_per_node = 8")?;
    let life = life.checked_mul(gpus.into()).ok_or("life: too long")?;
    HourlyRate::amortised(lost, life).ok_or_else(|| "capex: too large for so short a life".to_owned())
}

/// Milliseconds of `4y`, `1500d` or `30000h`.
fn parse_life(text: &str) -> Result<i64, String> {
    let refuse = || format!("life \"{text}\": write it like \"4y\", \"1500d\" or \"30000h\"");
    let unit = text.chars().last().ok_or_else(refuse)?;
    let hours = match unit {
        'y' => YEAR_HOURS,
        'd' => 24,
        'h' => 1,
        _ => return Err(refuse()),
    };
    // In thousandths, so that half a year can be written.
    let count = parse_scaled(&text[..text.len() - 1], 3).map_err(|_| refuse())?;
    count.checked_mul(hours * 3600).filter(|life| *life > 0).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_years_days_or_hours() {
        assert_eq!(parse_life("4y"), Ok(35_040 * 3_600_000));
        assert_eq!(parse_life("0.5d"), Ok(12 * 3_600_000));
        assert_eq!(parse_life("1h"), Ok(3_600_000));
        for text in ["", "y", "4", "4 years", "0y", "-1y", "99999999999999999y", "½y", "4é"] {
            assert!(parse_life(text).is_err(), "{text}");
        }
    }
}
