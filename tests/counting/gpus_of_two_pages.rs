//! One card that two exporters of different makers print: it counts once, and is paid once.
//!
//! The class of fault: cards are joined by a text that one of the two prints otherwise or not at all.

use crate::support;

use margintop::dialect::{self, Hint};
use margintop::fleet::{Fleet, FleetConfig};
use margintop::pricing::{Book, Lease, Leased};
use margintop::reading::{Event, NodeName};
use margintop::snapshot::Snapshot;
use margintop::units::{Moment, Span};
use support::{answered, at, moment, target};

const UUID: &str = "GPU-11111111-aaaa-bbbb-cccc-00000000000";

fn after(seconds: i64) -> Moment {
    at(moment("2026-05-10T10:00:00Z").wall + Span::from_secs(seconds))
}

fn dcgm(index: u32) -> String {
    let labels = format!("gpu=\"{index}\",UUID=\"{UUID}{index}\",modelName=\"NVIDIA H800\",Hostname=\"n\"");
    format!("DCGM_FI_DEV_GPU_UTIL{{{labels}}} 40\n")
}

fn all_smi(index: u32, name: &str, uuid: &str) -> String {
    let labels = format!("gpu=\"{name}\", instance=\"n\", gpu_uuid=\"{uuid}\", gpu_index=\"{index}\"");
    format!("all_smi_gpu_utilization{{{labels}}} 40\nall_smi_gpu_info{{{labels}, type=\"GPU\"}} 1\n")
}

fn amd(index: u32) -> String {
    let labels = format!("card_model=\"MI300X\",gpu_id=\"{index}\",hostname=\"n\",serial_number=\"692{index}\"");
    format!("gpu_gfx_activity{{{labels}}} 40\ngpu_package_power{{{labels}}} 500\n")
}

/// What is known after two targets of one host answered for an hour, both orders of which are tried.
fn hour(pages: [&str; 2], swap: bool) -> Snapshot {
    let urls = ["http://10.0.0.5:5000", "http://10.0.0.5:9090"];
    let targets = urls.map(|url| target(url, None)).to_vec();
    let leases = vec![Lease::of(Leased::Node(NodeName::new("n")), "2".parse().unwrap())];
    let config = FleetConfig { targets, leases, ..FleetConfig::local("hub") };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), after(0));
    for second in (0..=3600).step_by(2) {
        for nth in if swap { [1, 0] } else { [0, 1] } {
            let page = dialect::read(pages[nth].as_bytes(), &Hint::default()).unwrap();
            fleet.apply(answered(urls[nth], after(second), page));
        }
        fleet.apply(Event::Tick(after(second)));
    }
    fleet.snapshot()
}

/// Two cards at 2.00 an hour, each named by the other page too.
fn check(pages: [&str; 2]) {
    for swap in [false, true] {
        let snapshot = hour(pages, swap);
        let nodes: Vec<_> = snapshot.nodes.iter().map(|node| (node.name.to_string(), node.gpus.len())).collect();
        assert_eq!(nodes, [("n".to_owned(), 2)], "swapped: {swap}");
        assert!(snapshot.nodes[0].gpus.iter().all(|gpu| gpu.also_reported_by.len() == 1), "swapped: {swap}");
        let paid = snapshot.money.cost.map(|cost| cost.to_string());
        assert_eq!(paid.as_deref(), Some("4.00"), "two cards for an hour, swapped: {swap}: {:?}", snapshot.money.rates);
    }
}

#[test]
fn a_card_of_dcgm_exporter_and_all_smi_counts_once() {
    let smi = |index: u32| all_smi(index, "NVIDIA H800", &format!("{UUID}{index}"));
    check([&(dcgm(0) + &dcgm(1)), &(smi(0) + &smi(1))]);
}

#[test]
fn a_card_of_amds_exporter_and_all_smi_counts_once() {
    let smi = |index: u32| all_smi(index, "AMD Instinct MI300X", &format!("GPU-0000:0{index}:00.0"));
    check([&(amd(0) + &amd(1)), &(smi(0) + &smi(1))]);
}
