//! Numbers in names are sorted as numbers wherever names are listed: `127.0.1.2` before `127.0.1.10`.

use crate::page;
use crate::program;
use crate::server;

use serde_json::Value;

use page::{Counted, vllm};
use program::{Program, once};
use server::{Reply, Server};

const HOSTS: [&str; 3] = ["127.0.1.2", "127.0.1.10", "127.0.1.100"];

/// A fleet with numbered hosts that serve these models, all with the same work.
fn fleet(models: [&'static str; 3]) -> Vec<Server> {
    let serve = |(nth, host): (usize, &&'static str)| {
        let model = models[nth];
        Server::at(host, move |poll| {
            Reply::page(&vllm(model, 60.0, Counted::new(1000, 400, 300).times(poll as u64 + 1)))
        })
    };
    HOSTS.iter().enumerate().map(serve).collect()
}

/// The targets in reverse order.
fn targets(fleet: &[Server]) -> Vec<String> {
    fleet.iter().rev().map(Server::metrics).chain(["nvml:off".to_owned()]).collect()
}

fn names(json: &Value, list: &str, key: &str) -> Vec<String> {
    json[list].as_array().unwrap().iter().map(|row| row[key].as_str().unwrap().to_owned()).collect()
}

/// The places of words in a text, which must all be there.
fn places(text: &str, words: &[&str]) -> Vec<usize> {
    let place = |word: &&str| text.find(word).unwrap_or_else(|| panic!("no {word}: {text}"));
    words.iter().map(place).collect()
}

#[test]
fn every_list_of_a_snapshot_is_in_natural_order() {
    let fleet = fleet(["model-2", "model-10", "model-100"]);
    let json = once(targets(&fleet)).run().good();
    let hosts = |names: Vec<String>| -> Vec<String> {
        names.iter().map(|name| name.trim_start_matches("http://").split(':').next().unwrap().to_owned()).collect()
    };
    assert_eq!(hosts(names(&json, "engines", "target")), HOSTS);
    assert_eq!(hosts(names(&json, "nodes", "name")), HOSTS);
    assert_eq!(names(&json, "models", "model"), ["model-2", "model-10", "model-100"]);
    let text =
        Program::new(["once", "--for", "0", "--ledger", "none"].map(str::to_owned).into_iter().chain(targets(&fleet)));
    let text = text.run().out;
    let engines = ["engine http://127.0.1.2:", "engine http://127.0.1.10:", "engine http://127.0.1.100:"];
    for words in [engines, ["node 127.0.1.2 ", "node 127.0.1.10 ", "node 127.0.1.100 "]] {
        assert!(places(&text, &words).is_sorted(), "{text}");
    }
}

#[test]
fn every_report_is_in_natural_order() {
    let (fleet, folder) = (fleet(["deepseek-r1"; 3]), tempfile::tempdir().unwrap());
    let ledger = folder.path().join("ledger.db").to_str().unwrap().to_owned();
    let ran = once(targets(&fleet)).arg("--ledger").arg(&ledger).run();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let report = Program::new(["report", "--by", "node", "--json", "--ledger", &ledger]).run().good();
    assert_eq!(names(&report, "rows", "key")[..3], HOSTS, "{report}");
    let text = Program::new(["report", "--by", "node", "--ledger", &ledger]).run().out;
    assert!(places(&text, &["127.0.1.2 ", "127.0.1.10 ", "127.0.1.100 "]).is_sorted(), "{text}");
}
