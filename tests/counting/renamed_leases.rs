//! Leases by the name of a node whose name changes: rent stays with the node, and its cost an hour is one lease's at each moment.

use crate::rate_truth;
use crate::restart::{restart, saved};
use crate::support;

use margintop::dialect::{self, Hint};
use margintop::fleet::{Fleet, FleetConfig, SavedState, TargetInfo};
use margintop::ledger::CostKind;
use margintop::pricing::{Book, Lease, Leased};
use margintop::reading::{Event, NodeName, PageReading, TargetId};
use margintop::snapshot::Rule;
use margintop::units::Span;
use rate_truth::{amount, second};
use support::answered;

const RENAMED: i64 = 12;
const DAY: i64 = 86_400;

/// A page of two GPUs of a machine, by its name.
fn page(machine: u32, name: &str) -> PageReading {
    let series = |index: u32| {
        format!(
            "DCGM_FI_DEV_GPU_UTIL{{gpu=\"{index}\",UUID=\"GPU-{machine:04}000{index}-1111-2222-3333-444444444444\",\
             modelName=\"NVIDIA H200\",Hostname=\"{name}\"}} 50\n"
        )
    };
    let text: String = (0..2).map(series).collect();
    dialect::read(text.as_bytes(), &Hint::default()).unwrap()
}

fn url(machine: u32) -> String {
    format!("http://10.0.0.{machine}:9400")
}

fn config(leases: &[(&str, &str, Option<u32>)], pace: Option<Span>) -> FleetConfig {
    let target = |machine: u32| TargetInfo {
        target: TargetId::new(&url(machine)),
        host: Some(NodeName::new(&format!("10.0.0.{machine}"))),
        node: None,
        unit: None,
        role: None,
        tenant: None,
    };
    let lease = |(node, rate, gpus): &(&str, &str, Option<u32>)| Lease {
        gpus: *gpus,
        ..Lease::of(Leased::Node(NodeName::new(node)), rate.parse().unwrap())
    };
    let targets = [5, 6].into_iter().map(target).collect();
    FleetConfig { targets, leases: leases.iter().map(lease).collect(), pace, ..FleetConfig::local("box") }
}

fn poll(fleet: &mut Fleet, nth: i64, pages: &[(u32, &str)]) {
    for (machine, name) in pages {
        fleet.apply(answered(&url(*machine), second(nth), page(*machine, name)));
    }
    fleet.apply(Event::Tick(second(nth) + Span::from_millis(300)));
}

fn name_of(nth: i64) -> &'static str {
    if nth < RENAMED { "h1" } else { "h2" }
}

/// GPU time in thousandths of a second, by lease and node.
fn allocated(fleet: &Fleet) -> Vec<(Option<String>, String, i64)> {
    let accounts = fleet.ledger().cost_accounts();
    let of_gpus = fleet.ledger().today().gpu_times().filter(|(id, _)| accounts[id.index()].kind == CostKind::Gpus);
    let line = |(id, time): (margintop::ledger::CostAccountId, margintop::ledger::AllocatedTime)| {
        let account = &accounts[id.index()];
        let node = account.node.as_ref().map_or_else(String::new, ToString::to_string);
        (account.lease.as_ref().map(ToString::to_string), node, time.allocated.millis())
    };
    of_gpus.map(line).collect()
}

/// Class: the cost an hour is the sum of two leases for some polls after a node's name changed, or falls to an assumed rate.
#[test]
fn the_cost_an_hour_of_a_renamed_node_is_that_of_one_lease() {
    for (what, leases, [before, after]) in [
        ("by the former name", &[("h1", "3600", None)][..], [7200.0, 7200.0]),
        ("by the later name", &[("h2", "3600", None)], [9.0, 7200.0]),
        ("by both", &[("h1", "3600", None), ("h2", "1800", None)], [7200.0, 3600.0]),
        ("a number of GPUs", &[("h1", "3600", Some(2))], [7200.0, 7200.0]),
        ("a number by both", &[("h1", "3600", Some(2)), ("h2", "1800", None)], [7200.0, 7200.0 + 3600.0]),
        ("by none", &[("h3", "3600", None)], [9.0, 9.0]),
    ] {
        for pace in [Some(Span::from_secs(1)), None] {
            let mut fleet = Fleet::new(config(leases, pace), Book::built_in().unwrap(), second(0));
            for nth in 0..60 {
                poll(&mut fleet, nth, &[(5, name_of(nth))]);
                let Some(cost) = fleet.snapshot().money.cost_per_hour else { continue };
                let truth = if nth < RENAMED { before } else { after };
                assert!((amount(cost) - truth).abs() < 0.01, "{what}, {pace:?}, poll {nth}: {cost:?} of {truth}");
            }
            let money = fleet.snapshot().money;
            let assumed = money.rates.iter().filter(|rate| rate.assumed).count();
            assert_eq!(assumed == 0, before > 100.0, "{what}: {:?}", money.rates);
        }
    }
}

/// Class: rent that stays with a renamed node until the watch is started again.
#[test]
fn a_lease_follows_a_renamed_node_over_restarts() {
    for gpus in [None, Some(2)] {
        for absence in [30, 3 * DAY] {
            let leases = [("h1", "3600", gpus)];
            let mut fleet = Fleet::new(config(&leases, None), Book::built_in().unwrap(), second(0));
            fleet.restore(SavedState::default(), Span::ZERO);
            for nth in 0..=30 {
                poll(&mut fleet, nth, &[(5, name_of(nth))]);
            }
            assert_eq!(allocated(&fleet).len(), 1, "{gpus:?}: {:?}", allocated(&fleet));
            let state = saved(&mut fleet);
            let began = 30 + absence;
            let mut next = restart(&fleet, config(&leases, None), state, second(began));
            for nth in began..=began + 20 {
                poll(&mut next, nth, &[(5, "h2")]);
            }
            let rows = allocated(&next);
            assert!(
                rows.iter()
                    .all(|(lease, node, _)| lease.as_deref().is_some_and(|l| l.contains("h1 at")) && node == "h2"),
                "{rows:?}"
            );
            let cost = next.snapshot().money.cost_per_hour.map(amount);
            assert_eq!(cost, Some(7200.0), "{gpus:?}, {absence}: {rows:?}");
        }
    }
}

/// Class: a lease that follows a node for ever, though another one has the name that is written.
#[test]
fn a_node_of_the_written_name_has_the_lease() {
    let mut fleet = Fleet::new(config(&[("h1", "3600", None)], None), Book::built_in().unwrap(), second(0));
    for nth in 0..60 {
        let pages: &[(u32, &str)] = if nth < 30 { &[(5, name_of(nth))] } else { &[(5, "h2"), (6, "h1")] };
        poll(&mut fleet, nth, pages);
        let Some(cost) = fleet.snapshot().money.cost_per_hour else { continue };
        // Two GPUs at the lease's rate, then two more at the assumed rate.
        let truth = if nth < 31 { 7200.0 } else { 7209.0 };
        assert!((amount(cost) - truth).abs() < 0.01 || nth == 30, "poll {nth}: {cost:?} of {truth}");
    }
    let of_h2: i64 =
        allocated(&fleet).iter().filter(|(lease, node, _)| lease.is_some() && node == "h2").map(|(.., ms)| ms).sum();
    assert!((58_000..=62_000).contains(&of_h2), "{:?}", allocated(&fleet));
}

/// Class: a lease by a hostname that several nodes report goes to the one that happened to answer first.
#[test]
fn a_lease_by_a_hostname_that_nodes_share_is_of_none_of_them() {
    let lease = [("localhost", "3600", None)];
    for order in [[5, 6], [6, 5]] {
        let mut fleet = Fleet::new(config(&lease, None), Book::built_in().unwrap(), second(0));
        for nth in 0..20 {
            poll(&mut fleet, nth, &order.map(|machine| (machine, "localhost")));
        }
        let nodes: Vec<_> = fleet.snapshot().nodes.iter().map(|node| node.name.to_string()).collect();
        assert_eq!(nodes, ["10.0.0.5", "10.0.0.6"]);
        let by_lease: Vec<_> = allocated(&fleet).into_iter().filter(|(lease, ..)| lease.is_some()).collect();
        assert!(by_lease.iter().all(|(.., time)| *time <= 1000), "{order:?}: {by_lease:?}");
        let snapshot = fleet.snapshot();
        let notice = snapshot.notices.iter().find(|notice| notice.rule == Rule::HostnameShared).unwrap();
        assert!(notice.text.as_str().contains("a lease of that name is none of theirs"), "{notice:?}");
    }
}
