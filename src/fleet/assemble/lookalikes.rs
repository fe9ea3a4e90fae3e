//! Alerts on targets, instances and proxies that probably count the same tokens, and are all posted.

use std::collections::{BTreeMap, BTreeSet};

use super::Fleet;
use crate::natural_order::Natural;
use crate::reading::{InstanceId, TargetId};

/// The targets of the alerts, and their texts.
pub(super) fn texts(fleet: &Fleet) -> impl Iterator<Item = (&str, String)> {
    let mut at_two: BTreeMap<&str, BTreeSet<Natural<&str>>> = BTreeMap::new();
    let mut on_one: BTreeMap<&str, BTreeSet<[Natural<&str>; 2]>> = BTreeMap::new();
    for [(one, first), (other, second)] in fleet.metering.lookalikes(fleet.now()) {
        if one == other {
            let mut names = [first, second].map(|id| Natural(id.map_or("without a name", InstanceId::as_str)));
            names.sort_unstable();
            on_one.entry(one.as_str()).or_default().insert(names);
        } else {
            at_two.entry(one.as_str()).or_default().insert(Natural(other.as_str()));
            at_two.entry(other.as_str()).or_default().insert(Natural(one.as_str()));
        }
    }
    let at_two = at_two.into_iter().filter_map(|(target, others)| Some((target, addresses(&others)?)));
    let on_one = on_one.into_iter().filter_map(|(target, pairs)| Some((target, instances(&pairs)?)));
    let chained = fleet.metering.chained().map(|[(target, model), other]| (target.as_str(), proxies(model, other)));
    at_two.chain(on_one).chain(chained)
}

fn addresses(others: &BTreeSet<Natural<&str>>) -> Option<String> {
    let Natural(first) = others.first()?;
    let more = match others.len() - 1 {
        0 => String::new(),
        more => format!(" and of {more} more"),
    };
    Some(format!(
        "its engine is probably the same as that of {first}{more}, and posted twice: the values agree, but not all pages show process_start_time_seconds; name one of the addresses only, or let the exporter show it"
    ))
}

fn instances(pairs: &BTreeSet<[Natural<&str>; 2]>) -> Option<String> {
    let [Natural(one), Natural(other)] = pairs.first()?;
    let more = match pairs.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more pairs)"),
    };
    Some(format!(
        "its instances {one} and {other}{more} are probably one engine under two sets of labels, and posted twice: their values agree and no start time tells them apart; let one job scrape each engine, or select one job with match[]"
    ))
}

fn proxies(model: &str, (other, same): (&TargetId, &str)) -> String {
    format!(
        "\"{model}\" grows as \"{same}\" of {other} does: one of the two proxies probably passes requests on to the other, and both are counted; watch only one of them, or the engines"
    )
}
