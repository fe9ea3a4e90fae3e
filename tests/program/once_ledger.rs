//! `once --every` with a ledger: printed amounts are in the ledger, however the process ends.
#![cfg(target_os = "linux")]

use crate::ledger;
use crate::page;
use crate::program;

use std::io::{BufRead, BufReader};

use ledger::{Engine, Ledger};
use page::Counted;
use program::micros;
use serde_json::Value;

const CONFIG: &str = "[[lease]]\nnode = \"spare\"\ngpus = 2\nrate = \"3600\"\n\
                      [[price]]\nmodel = \"*\"\nhit = \"1\"\nmiss = \"2\"\noutput = \"3\"\n";

#[test]
fn a_line_that_was_printed_is_in_the_ledger() {
    for kill in [true, false] {
        let (ledger, engine) = (Ledger::new(), Engine::new("house"));
        let target = engine.server.metrics();
        let flags = ["once", "--json", "--every", "300ms", "--interval", "100ms", &target, "nvml:off"];
        let mut watch =
            ledger.program(&flags).arg("--ledger").arg(ledger.path.to_str().unwrap()).config(CONFIG).start();
        let mut lines = BufReader::new(watch.child.stdout.take().unwrap()).lines();
        let mut last = Value::Null;
        for _ in 0..8 {
            last = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
            engine.work(Counted::new(3_000, 1_000, 500));
        }
        if kill {
            watch.child.kill().unwrap();
            watch.child.wait().unwrap();
        } else {
            assert!(watch.terminate().is_some());
        }
        let kept = ledger.program(&["report", "--json"]).config(CONFIG).run().good();
        for amount in ["revenue", "cost"] {
            let (printed, kept) = (micros(&last["money"][amount]), micros(&kept["total"][amount]));
            assert!(0 < printed && printed <= kept, "kill {kill}: {amount} {printed} was printed, {kept} is kept");
        }
        ledger.verify();
    }
}
