//! What a lease costs: a rate by GPU or by node, or hardware of one's own over its life.

use super::faults::TableFaults;
use super::file::LeaseTable;
use crate::units::{HourlyRate, parse_scaled};

/// A year of a node's life: 365 days.
const YEAR_HOURS: i64 = 8760;
/// The GPUs assumed for a node whose number is unknown.
const USUAL_GPUS: u32 = 8;

/// The amount of a lease, and how many GPUs it pays for.
pub(super) struct Rent {
    pub(super) rate: HourlyRate,
    pub(super) node_rate: Option<HourlyRate>,
    pub(super) gpus: Option<u32>,
    /// How many nodes of a unit it pays for, if it is paid by the node.
    pub(super) nodes: Option<u32>,
}

/// The rate by GPU or by node: a node's rate is divided by the given number of GPUs, or by those that are seen.
pub(super) fn rent(table: &LeaseTable, faults: &mut TableFaults) -> Option<Rent> {
    let Some(node_rate) = table.node_rate else {
        let why = "nodes is for rent by the node: write node_rate, or gpus";
        faults.refuse(table.nodes.is_some(), &["nodes"], why);
        let (rate, node_rate) = hourly(table, faults)?;
        let node_rate = node_rate.filter(|_| table.gpus.is_none() && (table.node.is_some() || table.unit.is_some()));
        return Some(Rent { rate, node_rate, gpus: table.gpus, nodes: None });
    };
    refuse_beside_node_rate(table, faults);
    let (per_node, gpus) = faults.check(&["gpus", "gpus_per_node"], gpus(table))?;
    let rate = node_rate.shared_by(per_node.unwrap_or(USUAL_GPUS)).ok_or_else(too_many);
    let rate = faults.check(&["gpus_per_node", "gpus"], rate)?;
    // With a given number of GPUs the rate is per GPU; otherwise the GPUs that are seen share it.
    let node_rate = if gpus.is_some() { None } else { Some(node_rate) };
    Some(Rent { rate, node_rate, gpus, nodes: table.nodes.filter(|nodes| *nodes > 0 && table.unit.is_some()) })
}

/// Refuses keys that contradict a rate by the node.
fn refuse_beside_node_rate(table: &LeaseTable, faults: &mut TableFaults) {
    let both = "rate is per GPU and hour, node_rate per node and hour: write one of them";
    faults.refuse(table.rate.is_some(), &["rate", "node_rate"], both);
    let owned = [&table.capex, &table.network, &table.salvage, &table.life].into_iter().any(Option::is_some);
    let rent_or_own = "a lease is rent or hardware of your own: write node_rate, or capex with life";
    faults.refuse(owned, &["capex", "network", "salvage", "life"], rent_or_own);
    let none = "nodes: none of them is leased: write how many, or leave it out";
    faults.refuse(table.nodes == Some(0), &["nodes"], none);
    let none = "gpus_per_node: none of them is leased: write how many, or leave it out";
    faults.refuse(table.gpus_per_node == Some(0), &["gpus_per_node"], none);
    let by_gpu = "a lease by gpu is per GPU: write rate, or node_rate for a node or unit";
    faults.refuse(table.gpu.is_some() && table.node.is_none() && table.unit.is_none(), &["node_rate", "gpu"], by_gpu);
    let one_node = "a lease of one node: leave nodes out";
    faults.refuse(table.node.is_some() && table.nodes.is_some(), &["nodes", "node"], one_node);
}

fn too_many() -> String {
    "too many GPUs".to_owned()
}

/// The number of GPUs that share the rate of a node, and the number that the lease pays for.
fn gpus(table: &LeaseTable) -> Result<(Option<u32>, Option<u32>), String> {
    // A number of 0 is reported by itself.
    let [gpus, gpus_per_node, nodes] =
        [table.gpus, table.gpus_per_node, table.nodes].map(|number| number.filter(|n| *n > 0));
    match (&table.node, nodes) {
        (Some(_), _) => match (gpus, gpus_per_node) {
            (Some(gpus), Some(per_node)) if gpus != per_node => {
                Err(format!("gpus = {gpus} and gpus_per_node = {per_node} of one node: write one of them"))
            }
            (gpus, per_node) => Ok((gpus.or(per_node), gpus)),
        },
        (None, Some(nodes)) => {
            let per_node = match (gpus, gpus_per_node) {
                (Some(gpus), None) if gpus % nodes == 0 => gpus / nodes,
                (Some(gpus), None) => {
                    return Err(format!("{gpus} GPUs on {nodes} nodes: write how many each has, gpus_per_node = 8"));
                }
                (None, per_node) => per_node.unwrap_or(USUAL_GPUS),
                (Some(_), Some(_)) => return Err("gpus or gpus_per_node: write one of them".to_owned()),
            };
            Ok((Some(per_node), Some(per_node.checked_mul(nodes).ok_or_else(too_many)?)))
        }
        (None, None) if gpus.is_some() && table.nodes.is_none() && table.gpu.is_none() => {
            Err("gpus of a whole unit, and rent by the node: write how many nodes it has, nodes = 2".to_owned())
        }
        (None, None) => Ok((gpus_per_node, None)),
    }
}

/// The rate per GPU, and for hardware of one's own the rate per node: its price divided by its lifetime. The GPUs that are
/// seen share it, since a node costs the same with a GPU that never worked.
fn hourly(table: &LeaseTable, faults: &mut TableFaults) -> Option<(HourlyRate, Option<HourlyRate>)> {
    let owned = [&table.network, &table.salvage, &table.life].into_iter().any(Option::is_some);
    match (table.rate, &table.capex) {
        (Some(rate), None) if !owned && table.gpus_per_node.is_none() => Some((rate, None)),
        (None, Some(capex)) => amortised(table, capex, faults),
        (Some(_), _) => {
            let why = "a lease is rent or hardware of your own: write rate, or capex with life";
            faults.add(&["capex", "network", "salvage", "life", "gpus_per_node", "rate"], why);
            None
        }
        (None, None) => {
            let why = "a lease without a price: write rate = \"2.40\" per GPU and hour, node_rate = \"19.20\" per node and \
                       hour, or capex, life and gpus_per_node";
            faults.add(&["rate", "node_rate", "capex"], why);
            None
        }
    }
}

fn amortised(table: &LeaseTable, capex: &str, faults: &mut TableFaults) -> Option<(HourlyRate, Option<HourlyRate>)> {
    let amount = |key: &str, text: Option<&str>| {
        text.map_or(Ok(0), |text| parse_scaled(text, 6)).map_err(|error| format!("{key}: {error}"))
    };
    let gpus = table.gpus_per_node.filter(|gpus| *gpus > 0);
    let gpus = gpus.ok_or_else(|| "capex is for a node: write how many GPUs it has, gpus_per_node = 8".to_owned());
    let gpus = faults.check(&["gpus_per_node", "capex"], gpus);
    let capex = faults.check(&["capex"], amount("capex", Some(capex)));
    let network = faults.check(&["network"], amount("network", table.network.as_deref()));
    let salvage = faults.check(&["salvage"], amount("salvage", table.salvage.as_deref()));
    let life = table.life.as_deref().ok_or_else(|| "capex without a life: write life = \"4y\"".to_owned());
    let life = faults.check(&["life", "capex"], life.and_then(parse_life));
    let paid = capex?.checked_add(network?).ok_or_else(|| "capex: too large".to_owned());
    let paid = faults.check(&["capex", "network"], paid)?;
    let lost = paid.checked_sub(salvage?).filter(|lost| *lost >= 0);
    let lost = lost
        .ok_or_else(|| "salvage: more than was paid: write what it will be worth at the end of its life".to_owned());
    let lost = faults.check(&["salvage"], lost);
    let (life, gpus) = (life?, gpus?);
    let lost = lost?;
    let shared = life.checked_mul(gpus.into()).ok_or_else(|| "life: too long".to_owned());
    let shared = faults.check(&["life"], shared)?;
    let rates = HourlyRate::amortised(lost, shared).zip(HourlyRate::amortised(lost, life));
    let rates = rates.ok_or_else(|| "capex: too large for so short a life".to_owned());
    faults.check(&["capex", "life"], rates).map(|(rate, node_rate)| (rate, Some(node_rate)))
}

/// Milliseconds of `4y`, `1500d` or `30000h`.
fn parse_life(text: &str) -> Result<i64, String> {
    let refuse = || format!("life: \"{text}\" is not a time: write it like \"4y\", \"1500d\" or \"30000h\"");
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
