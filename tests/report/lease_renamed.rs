//! What the program says of a lease by a former name of its node.

use crate::program;
use crate::support;

use std::path::Path;
use std::time::Duration;

use margintop::clock::{Clock, ScriptedClock};
use margintop::dialect::{self, Hint};
use margintop::fleet::{Fleet, FleetConfig, SavedState, TargetInfo};
use margintop::pricing::{Book, Lease, Leased};
use margintop::reading::{Event, NodeName, PageReading};
use margintop::store::LedgerEvent;
use margintop::units::{Moment, Span};
use program::Program;
use support::{answered, at, instant, ledger_settings, member, open_store};

const EXPORTER: &str = "http://10.0.0.5:9400";

fn after(seconds: i64) -> Moment {
    at(instant("2025-02-20T10:00:00Z") + Span::from_secs(seconds))
}

fn page(name: &str) -> PageReading {
    let series = |index: u32| {
        format!(
            "DCGM_FI_DEV_GPU_UTIL{{gpu=\"{index}\",UUID=\"GPU-0000000{index}-1111-2222-3333-444444444444\",\
             modelName=\"NVIDIA H200\",Hostname=\"{name}\"}} 50\n"
        )
    };
    let text: String = (0..2).map(series).collect();
    dialect::read(text.as_bytes(), &Hint::default()).unwrap()
}

/// A ledger of ten minutes in which a node is called `h1` and then `h2`.
fn keep(path: &Path, leased: &str, gpus: Option<u32>) {
    let clock = ScriptedClock::at(after(0).wall);
    let (store, news) = open_store(ledger_settings(Some(path), Clock::Scripted(clock)));
    let LedgerEvent::Opened { .. } = news.recv().unwrap() else { panic!("it is not ours") };
    let lease = Lease { gpus, ..Lease::of(Leased::Node(NodeName::new(leased)), "3600".parse().unwrap()) };
    let exporter =
        TargetInfo { node: None, host: Some(NodeName::new("10.0.0.5")), ..member(EXPORTER, "10.0.0.5", None) };
    let config = FleetConfig { targets: vec![exporter], leases: vec![lease], ..FleetConfig::local("box") };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), after(0));
    fleet.restore(SavedState::default(), Span::ZERO);
    for second in (0..=600).step_by(10) {
        fleet.apply(answered(EXPORTER, after(second), page(if second < 300 { "h1" } else { "h2" })));
        fleet.apply(Event::Tick(after(second)));
    }
    store.commit(fleet.take_changes().unwrap());
    store.close(Duration::from_secs(5));
}

/// Class: a lease that pays, and that `config check` calls one of a node that is not known.
#[test]
fn a_lease_by_a_former_name_is_said_to_pay_and_what_to_write() {
    for gpus in [None, Some(2)] {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ledger.db");
        keep(&path, "h1", gpus);
        let number = gpus.map_or_else(String::new, |gpus| format!("gpus = {gpus}\n"));
        let text = |node: &str| format!("[[lease]]\nnode = \"{node}\"\nrate = \"3600\"\n{number}");
        let run = |arguments: &[&str], node: &str| {
            let ran = Program::new(arguments).env("MARGINTOP_LEDGER", &path).config(&text(node)).run();
            assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
            ran.out
        };
        let check = run(&["config", "check"], "h1");
        let says =
            "lease 1: node h2: 2 GPUs x 3600.00 = 7200.00 USD an hour; the node was called h1: write node = \"h2\"";
        assert!(check.contains(says) && !check.contains("no lease"), "{check}");
        let written = run(&["config", "check"], "h2");
        assert!(written.contains("lease 1: node h2: 2 GPUs x 3600.00") && !written.contains("called"), "{written}");
        let list: serde_json::Value = serde_json::from_str(&run(&["lease", "list", "--json"], "h1")).unwrap();
        let leases = list["leases"].as_array().unwrap();
        assert_eq!(leases.len(), 1, "{leases:?}");
        let keys = ["node", "gpus", "from", "until", "cost"].map(|key| leases[0][key].clone());
        let dates: [serde_json::Value; 2] = ["2025-02-20T10:00:00Z".into(), serde_json::Value::Null];
        let [from, until] = dates;
        assert_eq!(keys, ["h2".into(), 2.into(), from, until, "1200.00".into()], "{leases:?}");
        let lease = leases[0]["lease"].as_str().unwrap().to_owned();
        let ended = run(&["lease", "end", &lease, "--at", "2025-02-20T10:05:00Z"], "h1");
        assert!(ended.contains("the lease of h2 ends"), "{ended}");
    }
}
