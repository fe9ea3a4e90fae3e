//! Engines on a page that collects others' are on the nodes on which their GPUs are.
//!
//! Class: revenue without a cost, or beside another node's cost, since the page's own address was taken for that of its
//! engines.

use crate::restart::{restart, saved};
use crate::support;

use std::fmt::Write as _;

use margintop::dialect::{self, Hint};
use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::inventory::TargetInfo;
use margintop::pricing::{Book, Lease, Leased, RentWhen};
use margintop::reading::{NodeName, PageReading};
use margintop::snapshot::Rule;
use margintop::units::{Moment, Money, Span};
use support::{answered, at, moment, target};

const FEDERATED: &str = "http://10.0.9.9:9090/federate";
const STEP: i64 = 5;

fn after(seconds: i64) -> Moment {
    at(moment("2026-03-10T10:00:00Z").wall + Span::from_secs(seconds))
}

fn read(text: &str) -> PageReading {
    dialect::read(text.as_bytes(), &Hint::default()).unwrap()
}

/// Series of an engine with this `instance`.
fn engine(instance: &str, made: i64) -> String {
    format!(
        "vllm:prompt_tokens_total{{model_name=\"deepseek-r1\",job=\"v\",instance=\"{instance}\"}} {made}\n\
         vllm:generation_tokens_total{{model_name=\"deepseek-r1\",job=\"v\",instance=\"{instance}\"}} {made}\n\
         process_start_time_seconds{{job=\"v\",instance=\"{instance}\"}} 1700000000\n"
    )
}

/// Series of a GPU with this label of the host and this `instance`.
fn gpu(hostname: Option<&str>, instance: Option<&str>, uuid: &str) -> String {
    let mut labels = format!("gpu=\"0\",UUID=\"GPU-{uuid}\",modelName=\"NVIDIA H800\"");
    if let Some(name) = hostname {
        write!(labels, ",Hostname=\"{name}\"").unwrap();
    }
    if let Some(instance) = instance {
        write!(labels, ",instance=\"{instance}\",job=\"dcgm\"").unwrap();
    }
    format!("DCGM_FI_DEV_GPU_UTIL{{{labels}}} 50\n")
}

fn fleet_of(targets: Vec<TargetInfo>) -> Fleet {
    let config = FleetConfig { targets, ..FleetConfig::local("laptop") };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), after(0));
    fleet.restore(SavedState::default(), Span::from_secs(86_400));
    fleet
}

/// Polls pages for a minute from a second on.
fn watch(fleet: &mut Fleet, from: i64, pages: &dyn Fn(i64) -> Vec<(&'static str, String)>) {
    for second in (from..=from + 60).step_by(STEP as usize) {
        for (url, text) in pages(second) {
            fleet.apply(answered(url, after(second), read(&text)));
        }
    }
}

/// The nodes of the engines, the engines without a cost, and the nodes that earned.
fn earning(fleet: &Fleet) -> (Vec<String>, usize, Vec<String>) {
    let snapshot = fleet.snapshot();
    let of_engines = snapshot.engines.iter().map(|row| row.node.to_string()).collect();
    let earned = fleet.ledger().today().tokens().filter(|(.., all)| all.output.count() > 0);
    let mut nodes: Vec<String> =
        earned.map(|(account, ..)| fleet.ledger().accounts()[account.index()].node.to_string()).collect();
    nodes.sort();
    nodes.dedup();
    (of_engines, snapshot.money.uncosted_engines, nodes)
}

fn names(names: [&str; 2]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

#[test]
fn engines_are_on_the_nodes_whose_gpus_have_their_host() {
    // By the address that both exporters have, by the name of the host, and with GPUs that no label names.
    let hosts: [[(&str, Option<&str>); 2]; 3] = [
        [("10.0.0.1", Some("n1")), ("10.0.0.2", Some("n2"))],
        [("n1", Some("n1")), ("n2", Some("n2"))],
        [("n1", None), ("n2", None)],
    ];
    for hosts in hosts {
        let mut fleet = fleet_of(vec![target(FEDERATED, None)]);
        let page = |second: i64| {
            let engines = hosts.map(|(host, _)| engine(&format!("{host}:8000"), 1000 * second));
            let gpus = hosts.map(|(host, name)| gpu(name, Some(&format!("{host}:9400")), host));
            vec![(FEDERATED, gpus.concat() + &engines.concat())]
        };
        watch(&mut fleet, 0, &page);
        assert_eq!(earning(&fleet), (names(["n1", "n2"]), 0, names(["n1", "n2"])), "{hosts:?}");
        let snapshot = fleet.snapshot();
        assert!(snapshot.nodes.iter().all(|node| node.gpus.len() == 1), "no node without GPUs: {:?}", snapshot.nodes);
        assert!(snapshot.nodes.iter().all(|node| node.profit.is_some()), "each has its profit");
    }
}

/// Class: a server that passes on another's page renames the labels of whatever it collected.
#[test]
fn exported_instances_of_engines_and_gpus_are_their_hosts() {
    for (of_engine, of_gpu) in [
        ("exported_instance", "exported_instance"),
        ("exported_instance", "instance"),
        ("instance", "exported_instance"),
    ] {
        let mut fleet = fleet_of(vec![target(FEDERATED, None)]);
        let renamed = |text: String, label: &str| match label {
            "instance" => text,
            _ => text.replace("instance=", "instance=\"10.0.8.8:9090\",exported_instance="),
        };
        let page = |second: i64| {
            let hosts = ["10.0.0.1", "10.0.0.2"];
            let engines = hosts.map(|host| renamed(engine(&format!("{host}:8000"), 1000 * second), of_engine));
            let gpus = [("n1", hosts[0]), ("n2", hosts[1])];
            let gpus = gpus.map(|(name, host)| renamed(gpu(Some(name), Some(&format!("{host}:9400")), name), of_gpu));
            vec![(FEDERATED, gpus.concat() + &engines.concat())]
        };
        watch(&mut fleet, 0, &page);
        assert_eq!(earning(&fleet), (names(["n1", "n2"]), 0, names(["n1", "n2"])), "{of_engine} {of_gpu}");
    }
}

#[test]
fn hosts_are_compared_without_case_and_domain() {
    for (of_engine, name) in
        [("GPU-01", "gpu-01"), ("gpu-01.cluster.local", "gpu-01"), ("gpu-01", "gpu-01.cluster.local")]
    {
        let mut fleet = fleet_of(vec![target(FEDERATED, None), target("http://10.0.0.1:9400", None)]);
        let page = |second: i64| {
            let both = [
                engine(&format!("{of_engine}:8000"), 1000 * second),
                engine(&format!("{of_engine}:8001"), 1000 * second),
            ];
            vec![("http://10.0.0.1:9400", gpu(Some(name), None, "n1")), (FEDERATED, both.concat())]
        };
        watch(&mut fleet, 0, &page);
        assert_eq!(earning(&fleet).0, names([name; 2]), "{of_engine}");
    }
}

/// Class: rows that do not add up to their total.
#[test]
fn nodes_add_up_where_gpus_come_later_than_their_engines() {
    let mut fleet = fleet_of(vec![target(FEDERATED, None)]);
    let page = |second: i64| {
        let engines = ["n1", "n2"].map(|host| engine(&format!("{host}:8000"), 1000 * second)).concat();
        let gpus = ["n1", "n2"].map(|host| gpu(Some(host), Some(&format!("{host}:9400")), host)).concat();
        vec![(FEDERATED, if second < 30 { engines } else { gpus + &engines })]
    };
    watch(&mut fleet, 0, &page);
    let snapshot = fleet.snapshot();
    let nodes: Money = snapshot.nodes.iter().filter_map(|node| node.revenue).sum();
    assert_eq!(Some(nodes.rounded(4)), snapshot.money.revenue.map(|revenue| revenue.rounded(4)));
    assert_eq!(earning(&fleet).2, ["10.0.9.9", "n1", "n2"]);
}

#[test]
fn gpus_may_be_read_from_their_own_exporters() {
    let own = ["http://10.0.0.1:9400", "http://10.0.0.2:9400"];
    let targets = [own[0], FEDERATED, own[1]].map(|url| target(url, None));
    let mut fleet = fleet_of(targets.to_vec());
    let page = |second: i64| {
        let engines = ["10.0.0.1:8000", "10.0.0.2:8000"].map(|instance| engine(instance, 1000 * second));
        let gpus = [("n1", own[0]), ("n2", own[1])].map(|(name, url)| (url, gpu(Some(name), None, name)));
        gpus.into_iter().chain([(FEDERATED, engines.concat())]).collect()
    };
    watch(&mut fleet, 0, &page);
    assert_eq!(earning(&fleet), (names(["n1", "n2"]), 0, names(["n1", "n2"])));
    // After a restart the engines' page comes first.
    let config = FleetConfig { targets: targets.to_vec(), ..FleetConfig::local("laptop") };
    let kept = saved(&mut fleet);
    let mut fleet = restart(&fleet, config, kept, after(70));
    let first = |second: i64| page(second).into_iter().rev().collect::<Vec<_>>();
    watch(&mut fleet, 75, &first);
    assert_eq!(earning(&fleet), (names(["n1", "n2"]), 0, names(["n1", "n2"])), "what came before a GPU page too");
}

#[test]
fn a_host_without_gpus_a_local_one_and_a_configured_node_leave_the_page_its_node() {
    let cases = [("10.0.0.7", None, "10.0.9.9"), ("localhost", None, "10.0.9.9"), ("n1", Some("rack"), "rack")];
    for (host, node, expected) in cases {
        let mut fleet = fleet_of(vec![target(FEDERATED, node), target("http://n1:9400", None)]);
        let page = |second: i64| {
            let both = [engine(&format!("{host}:8000"), 1000 * second), engine(&format!("{host}:8001"), 1000 * second)];
            vec![("http://n1:9400", gpu(Some("n1"), None, "n1")), (FEDERATED, both.concat())]
        };
        watch(&mut fleet, 0, &page);
        assert_eq!(earning(&fleet).0, names([expected; 2]), "{host}");
    }
}

/// Class: a lease that pays only while an engine answers on its node.
#[test]
fn a_serving_lease_pays_while_the_engine_of_its_node_is_on_the_page() {
    let leases = ["n1", "n2"].map(|name| {
        let node = Leased::Node(NodeName::new(name));
        Lease { when: RentWhen::Serving, ..Lease::of(node, "3600".parse().unwrap()) }
    });
    let config =
        FleetConfig { targets: vec![target(FEDERATED, None)], leases: leases.to_vec(), ..FleetConfig::local("laptop") };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), after(0));
    let page = |second: i64| {
        // The engine of the second node leaves after half of the time.
        let served: &[&str] = if second <= 30 { &["n1", "n2"] } else { &["n1"] };
        let engines: String = served.iter().map(|host| engine(&format!("{host}:8000"), 1000 * second)).collect();
        let gpus = ["n1", "n2"].map(|host| gpu(Some(host), Some(&format!("{host}:9400")), host));
        vec![(FEDERATED, gpus.concat() + &engines)]
    };
    watch(&mut fleet, 0, &page);
    let snapshot = fleet.snapshot();
    let cost = |name: &str| {
        let node = snapshot.nodes.iter().find(|node| node.name.as_str() == name).unwrap();
        node.cost.unwrap().rounded(2)
    };
    assert_eq!((cost("n1"), cost("n2")), (60 * 100, 30 * 100));
}

/// Class: hosts that call themselves alike are one node.
#[test]
fn hosts_of_one_page_that_share_a_name_are_nodes_of_their_own_and_said() {
    for name in ["localhost", "dcgm-exporter"] {
        let mut fleet = fleet_of(vec![target(FEDERATED, None)]);
        let page = |second: i64| {
            let gpus = ["127.0.0.2", "127.0.0.3"].map(|host| gpu(Some(name), Some(&format!("{host}:9400")), host));
            let engines = ["127.0.0.2", "127.0.0.3"].map(|host| engine(&format!("{host}:8000"), 1000 * second));
            vec![(FEDERATED, gpus.concat() + &engines.concat())]
        };
        watch(&mut fleet, 0, &page);
        let hosts = names(["127.0.0.2", "127.0.0.3"]);
        assert_eq!(earning(&fleet), (hosts.clone(), 0, hosts), "{name}");
        let alerts = fleet.snapshot().notices;
        let shared = alerts.iter().filter(|notice| notice.rule == Rule::HostnameShared).count();
        assert_eq!(shared, 1, "{name}: {alerts:?}");
    }
}
