//! The memory of a hub and its ledger after each scripted hour: 64 nodes, polls 250 ms apart.
//!
//! `cargo run --release --example hub-hours -- HOURS [LEDGER]`; without a ledger's file it is kept in memory.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "../tests/support/hub.rs"]
mod hub;
#[path = "../tests/support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use hub::{HOUR, INTERVAL};
use margintop::clock::{Clock, ScriptedClock};
use margintop::ledger::Grain;
use margintop::session::{Collector, Message};
use margintop::store::{LedgerEvent, Store};
use margintop::units::Span;

const NODES: i64 = 64;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let hours: i64 = arguments.next().unwrap().parse().unwrap();
    let clock = ScriptedClock::at(hub::at(0).wall);
    let path = arguments.next().map(PathBuf::from);
    let settings = support::ledger_settings(path.as_deref(), Clock::Scripted(clock.clone()));
    let (store, news) = support::open_store(settings);
    let mut collector = Collector::new(hub::fleet(NODES)).with_ledger(store.clone(), Span::from_secs(86_400));
    collector.on_ledger_event(news.recv().unwrap());
    let began = Instant::now();
    println!("hour  resident kB  anonymous kB  seconds so far");
    for step in 1..=hours * HOUR / INTERVAL {
        let millis = step * INTERVAL;
        clock.advance(Span::from_millis(INTERVAL));
        if collector.take(Message::Events(hub::round(NODES, millis))) && step % 40 == 0 {
            drop(collector.snapshot());
        }
        if step % 4 == 0 {
            // The writer has written it all before it answers.
            settle(&store, &news);
        }
        if millis % (HOUR / 2) == 0 {
            let hour = millis as f64 / HOUR as f64;
            println!(
                "{hour:<4}  {:>11}  {:>12}  {:.0}",
                kilobytes("VmRSS"),
                kilobytes("RssAnon"),
                began.elapsed().as_secs_f64()
            );
        }
    }
    store.close(Duration::from_secs(10));
}

fn settle(store: &Store, news: &std::sync::mpsc::Receiver<LedgerEvent>) {
    let (tell, done) = channel();
    let now = hub::at(0).wall;
    store.past(
        now,
        now,
        Grain::Minute,
        Box::new(move |past| {
            let _ = tell.send(past.is_ok());
        }),
    );
    let _ = done.recv();
    news.try_iter().for_each(drop);
}

fn kilobytes(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}
