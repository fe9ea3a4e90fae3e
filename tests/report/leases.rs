//! Rent by the node: never ambiguous, exact whatever the number of GPUs, and said in words by `config check`.
//!
//! The class of fault: a price of a machine that is taken for a GPU's, or the other way round.

use crate::ledger_watch;
use crate::program;
use crate::support;

use ledger_watch::{LedgerWatch, began, file};
use margintop::config::load;
use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::ledger::CostKind;
use margintop::pricing::{Book, Lease};
use margintop::reading::Event;
use margintop::units::{Moment, Money, Span};
use program::Program;
use support::{at, gpus, moment};

fn read(text: &str) -> Result<Vec<Lease>, String> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("margintop.toml");
    std::fs::write(&path, text).unwrap();
    load(Some(&path)).map(|settings| settings.leases).map_err(|printed| printed[0].why.clone())
}

/// What the GPUs of a node, and leases by schedule, cost in an hour.
fn an_hour(text: &str, seen: u32) -> Money {
    let start = moment("2025-02-20T10:00:00Z");
    let later = |seconds: i64| -> Moment { at(start.wall + Span::from_secs(seconds)) };
    let site = FleetConfig { leases: read(text).unwrap(), ..FleetConfig::local("x") };
    let mut fleet = Fleet::new(site, Book::built_in().unwrap(), start);
    fleet.restore(SavedState::default(), Span::from_secs(86_400));
    for minute in 0..=60 {
        if seen > 0 {
            fleet.apply(gpus("x", "NVIDIA H100", seen, later(minute * 60)));
        }
        fleet.apply(Event::Tick(later(minute * 60)));
    }
    let ledger = fleet.ledger();
    let owed = |(id, allocated): (margintop::ledger::CostAccountId, _)| {
        let cost_account = &ledger.cost_accounts()[id.index()];
        cost_account.cost_of(allocated).filter(|_| cost_account.kind == CostKind::Gpus)
    };
    ledger.today().gpu_times().filter_map(owed).sum()
}

/// Class: a price for a machine that is taken for the price of each of its GPUs.
#[test]
fn a_node_costs_what_it_costs_whatever_its_gpus() {
    let node = "[[lease]]\nnode = \"x\"\nnode_rate = \"98.32\"\n";
    let dollars = Money::from_micros(98_320_000);
    for seen in [1, 3, 7, 8, 16, 72] {
        let owed = an_hour(node, seen);
        let off = (owed.grains() - dollars.grains()).abs();
        assert!(off <= 120, "{seen}: {owed} is off by {off} grains of 1e-22, one a minute and bucket at most");
    }
    assert_eq!(an_hour(node, 8), dollars);
    assert_eq!(an_hour(&(node.to_owned() + "gpus = 8\n"), 0), dollars, "seen or not");
    assert_eq!(an_hour(&(node.to_owned() + "gpus = 8\n"), 8), dollars, "and once");
    let leases = read(&(node.to_owned() + "gpus = 8\n")).unwrap();
    assert_eq!(leases[0].rate.exact(), "12.29");
    let seven = read(&(node.to_owned() + "gpus = 7\n")).unwrap();
    assert_eq!(seven[0].rate.exact(), "98.32/7h", "a rational number, and no decimal");
}

/// Class: hardware of one's own costs less where a GPU has never worked.
#[test]
fn an_owned_node_costs_its_price_whatever_gpus_are_seen() {
    let price = "capex = \"300000\"\nlife = \"30000h\"\ngpus_per_node = 8\n";
    let dollars = Money::from_micros(10_000_000);
    for (subject, seen) in [("node = \"x\"", 8), ("node = \"x\"", 7), ("node = \"x\"", 1)] {
        let owed = an_hour(&format!("[[lease]]\n{subject}\n{price}"), seen);
        assert!((owed.grains() - dollars.grains()).abs() <= 120, "{subject}, {seen} GPUs: {owed}");
    }
    let four = read(&format!("[[lease]]\nnode = \"x\"\n{price}gpus = 4\n")).unwrap();
    assert_eq!((four[0].rate_for(8).exact(), four[0].gpus), ("1.25".to_owned(), Some(4)));
    let by_name = an_hour(&format!("[[lease]]\ngpu = \"H100\"\n{price}"), 4);
    assert_eq!(by_name, Money::from_micros(5_000_000), "GPUs that are owned by name are a share each");
}

#[test]
fn a_unit_costs_so_much_for_each_of_its_nodes() {
    let unit = |more: &str| format!("[[lease]]\nunit = \"d\"\nnode_rate = \"98.32\"\n{more}");
    let two = Money::from_micros(196_640_000);
    for more in ["nodes = 2\n", "nodes = 2\ngpus_per_node = 8\n", "nodes = 2\ngpus = 16\n", "nodes = 2\ngpus = 8\n"] {
        assert_eq!(an_hour(&unit(more), 0), two, "{more}");
    }
    let seen = read(&unit("")).unwrap();
    assert_eq!((seen[0].gpus, seen[0].rate_for(4).exact()), (None, "24.58".to_owned()));
}

#[test]
fn what_is_ambiguous_is_refused_with_what_to_write() {
    let refused = |rest: &str, words: &str| {
        let printed = read(&format!("[[lease]]\n{rest}\n")).err().unwrap_or_default();
        assert!(printed.contains(words), "{words} in {printed}");
    };
    let node = "node = \"x\"\nnode_rate = \"98.32\"\n";
    refused(
        &format!("{node}rate = \"12.29\""),
        "rate is per GPU and hour, node_rate per node and hour: write one of them",
    );
    refused(&format!("{node}capex = \"3\""), "write node_rate, or capex with life");
    refused(&format!("{node}nodes = 2"), "a lease of one node: leave nodes out");
    refused(&format!("{node}gpus = 8\ngpus_per_node = 4"), "write one of them");
    refused("gpu = \"H100\"\nnode_rate = \"98.32\"", "a lease by gpu is per GPU: write rate");
    refused("unit = \"d\"\nnode_rate = \"98.32\"\ngpus = 16", "write how many nodes it has, nodes = 2");
    refused("unit = \"d\"\nnode_rate = \"98.32\"\ngpus = 15\nnodes = 2", "gpus_per_node = 8");
    refused("unit = \"d\"\nnode_rate = \"98.32\"\nnodes = 0", "none of them is leased");
    refused("unit = \"d\"\nrate = \"2\"\nnodes = 2", "nodes is for rent by the node");
    refused("node = \"x\"\nnode_rate = \"-1\"", "negative");
}

#[test]
fn a_node_rate_in_another_currency_is_converted_once() {
    let fx = "[[fx]]\nfrom = \"EUR\"\nto = \"USD\"\nrate = \"1.1\"\nat = \"2026-11-01\"\n";
    let lease = "[[lease]]\nnode = \"x\"\nnode_rate = \"80\"\ncurrency = \"EUR\"\n";
    let leases = read(&format!("{fx}{lease}")).unwrap();
    assert_eq!(
        (leases[0].rate_for(8).exact(), leases[0].rate_for(1).exact()),
        ("11.00".to_owned(), "88.00".to_owned())
    );
}

#[test]
fn config_check_says_what_each_lease_comes_to() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.gpus(&["a", "b", "c", "d"]);
    watch.advance(5);
    watch.leave();
    let check = |text: &str| Program::new(["config", "check"]).config(text).env("MARGINTOP_LEDGER", &path).run();
    let printed = |text: &str, line: &str| {
        let ran = check(text);
        assert!(ran.code == Some(0) && ran.out.lines().any(|said| said == line), "{line} in {ran:?}");
        // The driver's library of this test is missing, which is said too.
        ran.err.lines().filter(|line| !line.contains("nvml_lib")).collect::<String>()
    };
    let eight = "lease 1: node x: 8 GPUs x 12.29 = 98.32 USD an hour";
    assert_eq!(printed("[[lease]]\nnode = \"x\"\nnode_rate = \"98.32\"\ngpus = 8\n", eight), "");
    // The ledger knows how many GPUs there are.
    let four = "lease 1: node gpu-01: 4 GPUs x 24.58 = 98.32 USD an hour";
    printed("[[lease]]\nnode = \"gpu-01\"\nnode_rate = \"98.32\"\n", four);
    printed("[[lease]]\ngpu = \"H800\"\nrate = \"2\"\n", "lease 1: node gpu-01: 4 GPUs x 2.00 = 8.00 USD an hour");
    printed(
        "[[target]]\nurl = \"x:1\"\nnode = \"gpu-01\"\nunit = \"d\"\n[[lease]]\nunit = \"d\"\nnode_rate = \"98.32\"\n",
        four,
    );
    let second = "[[lease]]\ngpu = \"H800\"\nrate = \"2\"\n[[lease]]\nnode = \"gpu-01\"\nrate = \"3\"\n";
    printed(second, "lease 2: node gpu-01: 3.00 USD an hour for each GPU; other leases pay for all that it is for");
    printed(
        "[[lease]]\nnode = \"y\"\nnode_rate = \"98.32\"\n",
        "lease 1: node y: 98.32 USD an hour for each node, whatever its GPUs; no such node is known yet",
    );
    // A machine's price that is written as a GPU's.
    let text = "[[lease]]\nnode = \"x\"\nrate = \"98.32\"\ngpus = 8\n";
    let warned = printed(text, "lease 1: node x: 8 GPUs x 98.32 = 786.56 USD an hour");
    assert!(warned.contains("margintop.toml:1: rate = \"98.32\" is per GPU and hour, 8 times here"), "{warned}");
    assert!(warned.contains("write node_rate = \"98.32\""), "{warned}");
    assert_eq!(
        printed(
            "[[lease]]\nnode = \"x\"\nrate = \"20\"\ngpus = 8\n",
            "lease 1: node x: 8 GPUs x 20.00 = 160.00 USD an hour"
        ),
        ""
    );
}
