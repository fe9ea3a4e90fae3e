//! Notices from counting: hostnames that several nodes share, proxies whose models are probably an engine's, energy that
//! no GPU can have drawn, energy that is unknown although it is paid for, and rates in another currency.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::{Fleet, PresentFleet};
use crate::ledger::CostKind;
use crate::metering::TOGETHER;
use crate::pricing::{Commitment, GpuRate, Leased};
use crate::reading::{Label, TargetId};
use crate::snapshot::{Notice, Rule, Severity, gpu_subject};
use crate::units::GpuTime;

pub(super) fn all(present: &PresentFleet<'_>) -> Vec<Notice> {
    let fleet = present.fleet;
    let shared = fleet.inventory.shared_hostnames().map(|name| {
        let is_leased = fleet.config.leases.iter().any(|lease| lease.leased == Leased::Node(name.clone()));
        let lease = if is_leased { ", and a lease of that name is none of theirs" } else { "" };
        let text = format!(
            "several nodes report the hostname \"{name}\": they are named by their addresses{lease}; set node = \"…\" for each target, or give each exporter a host name of its own"
        );
        notice(Rule::HostnameShared, Severity::Warning, name.as_str(), &text)
    });
    let same = present.rows.iter().filter_map(|view| {
        let (model, same) = (view.row.reading.model.as_ref()?, view.row.guard.as_ref()?.same_as()?);
        if same.contains(TOGETHER) {
            let text = format!("\"{model}\" moves with the engines of {same} together: probably their requests, not posted twice; if so, do not watch this proxy, as its engines are");
            return Some(notice(Rule::ProbablySame, Severity::Warning, view.target.info.target.as_str(), &text));
        }
        let text = format!(
            "\"{model}\" moves with the engine of \"{same}\": probably the same, not posted twice; if so write [[alias]] model = \"{same}\" names = [\"{model}\"]"
        );
        Some(notice(Rule::ProbablySame, Severity::Warning, view.target.info.target.as_str(), &text))
    });
    let energy = fleet.ledger.disputes().iter().filter_map(|dispute| {
        let energy = dispute.energy.as_ref()?;
        let text = format!(
            "its energy counter grew by {:.3} kWh, more than the card can draw: not billed; `margintop ledger disputes` lists it",
            energy.total() as f64 / 3.6e9
        );
        Some(notice(Rule::Disputed, Severity::Warning, &gpu_subject(&energy.node, energy.index), &text))
    });
    let lookalikes = super::lookalikes::texts(fleet)
        .map(|(target, text)| notice(Rule::ProbablySame, Severity::Warning, target, &text));
    shared
        .chain(turns(fleet))
        .chain(same)
        .chain(lookalikes)
        .chain(unknown_names(present))
        .chain(energy)
        .chain(unknown_energy(fleet))
        .chain(foreign_rates(fleet))
        .collect()
}

/// Addresses at which several machines answer by turns, each with GPUs of its own.
fn turns(fleet: &Fleet) -> impl Iterator<Item = Notice> {
    fleet.inventory.taking_turns().flat_map(|(node, pages)| {
        let text = format!(
            "several machines answer at this address by turns, and all their GPUs are counted as those of \"{node}\": name the address of each machine's exporter as a target of its own"
        );
        let to_notice = move |page: &TargetId| notice(Rule::SharedAddress, Severity::Warning, page.as_str(), &text);
        pages.into_iter().map(to_notice).collect::<Vec<_>>()
    })
}

/// Proxies whose tokens are posted although an engine may count them under a name that is not known.
fn unknown_names(present: &PresentFleet<'_>) -> impl Iterator<Item = Notice> {
    let refused = present.fleet.inventory.targets.values().find_map(|target| {
        let why = target.list_refused.as_ref()?;
        Some((&target.info.target, why))
    });
    let uncertain = present.rows.iter().filter(|view| view.row.may_be_counted_twice());
    uncertain.filter_map(move |view| {
        let (model, (engine, why)) = (view.row.reading.model.as_ref()?, refused?);
        let text = format!(
            "\"{model}\" is counted here, and may be counted twice: the engine {engine} may serve it under this name, but its model list cannot be read: {why}; or write [[alias]]"
        );
        Some(notice(Rule::NamesUnknown, Severity::Warning, view.target.info.target.as_str(), &text))
    })
}

/// GPUs that no lease is for, and whose assumed rate is in another currency without a rate of exchange.
fn foreign_rates(fleet: &Fleet) -> impl Iterator<Item = Notice> {
    let (currency, now) = (&fleet.config.currency, fleet.now().wall);
    let mut foreign: BTreeMap<&str, &GpuRate> = BTreeMap::new();
    for (account, time) in fleet.ledger.today().gpu_times() {
        let account = &fleet.ledger.cost_accounts()[account.index()];
        let (name, is_unknown) = (account.gpu.as_str(), account.rate.is_none() && account.kind == CostKind::Gpus);
        let card = fleet.ledger.book().gpu_rates();
        if is_unknown && time.allocated > GpuTime::ZERO && card.rate_at(name, Commitment::OnDemand, now).is_none() {
            let said =
                card.in_own_currency(name, Commitment::OnDemand, now).filter(|said| said.currency != currency.as_str());
            foreign.extend(said.map(|said| (name, said)));
        }
    }
    let to_notice = |(gpu, said): (&str, &GpuRate)| {
        let GpuRate { rate, currency: theirs, gpu: words, .. } = said;
        let day = fleet.config.zone.clone().unwrap_or(TimeZone::UTC).to_datetime(now.instant()).date();
        let text = format!(
            "assumed at {rate} {theirs} an hour, and the ledger is in {currency}: its cost is unknown; write [[lease]] gpu = \"{words}\" rate = \"…\", or [[fx]] from = \"{theirs}\" to = \"{currency}\" rate = \"…\" at = \"{day}\""
        );
        notice(Rule::RateUnknown, Severity::Warning, gpu, &text)
    };
    foreign.into_iter().map(to_notice).collect::<Vec<_>>().into_iter()
}

/// GPUs whose power is paid for and whose energy has been unknown for long.
fn unknown_energy<'a>(fleet: &'a Fleet) -> impl Iterator<Item = Notice> + use<'a> {
    let node_gpus =
        |(name, node): (_, &'a crate::inventory::Node)| node.gpus.iter().map(move |(index, id)| (name, *index, id));
    let gpus = fleet.inventory.nodes.iter().flat_map(node_gpus);
    gpus.filter_map(|(node, index, id)| {
        let since = super::lookup::energy_unknown_since(fleet, id)?;
        let text = format!(
            "its energy is unknown since {since}: the cost of its power is missing until its exporter reports the energy counter again"
        );
        Some(notice(Rule::EnergyUnknown, Severity::Warning, &gpu_subject(node, index), &text))
    })
}

fn notice(rule: Rule, severity: Severity, subject: &str, text: &str) -> Notice {
    Notice { rule, severity, subject: Label::new(subject), text: Label::new(text) }
}
