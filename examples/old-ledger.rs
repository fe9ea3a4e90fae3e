//! Makes a ledger of 400 days and 278 nodes, of one engine and eight GPUs each, and times its opening.
//!
//! `cargo run --release --example old-ledger -- PATH`. The names are those that a fleet posts; the past is written by SQL
//! into the store's own tables: days, quarter hours and eight days of minutes, of which each adds up to the next.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use margintop::clock::{Clock, ScriptedClock};
use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::pricing::Book;
use margintop::reading::EngineRole;
use margintop::store::{LedgerEvent, Store};
use margintop::units::{Span, Timestamp};
use rusqlite::{Connection, params};
use support::{answered, counters, gpus, ledger_settings, member, open_store, page};

const NODES: u64 = 278;
const DAYS: i64 = 400;
const MINUTE: i64 = 60_000;
const QUARTER: i64 = 15 * MINUTE;
const DAY: i64 = 96 * QUARTER;

fn main() {
    let path = std::env::args().nth(1).unwrap();
    let path = Path::new(&path);
    // The last quarter hour that is over: the ledger's last poll is then.
    let now = Clock::System.now().wall.millis() / QUARTER * QUARTER;
    if !path.exists() {
        let began = Instant::now();
        names(path, now);
        fill(&mut Connection::open(path).unwrap(), now).unwrap();
        println!("made in {:.1} s", began.elapsed().as_secs_f64());
    }
    let began = Instant::now();
    let (store, days) = open(path, Clock::System);
    println!("{} MB opened in {:.3} s, {days} cells of the day", bytes(path) >> 20, began.elapsed().as_secs_f64());
    store.close(Duration::from_secs(60));
}

fn bytes(path: &Path) -> u64 {
    path.metadata().unwrap().len()
}

/// Opens it as a watch does, and waits for what it goes on from.
fn open(path: &Path, clock: Clock) -> (Store, usize) {
    let (store, news) = open_store(ledger_settings(Some(path), clock));
    let LedgerEvent::Opened { saved: memory, .. } = news.recv().unwrap() else { std::process::exit(1) };
    (store, memory.kept.tokens.len() + memory.kept.gpu_times.len())
}

/// Two polls at the whole fleet, so that everything has its name and its counters.
fn names(path: &Path, now: i64) {
    let clock = ScriptedClock::at(Timestamp::from_millis(now - 2_000));
    let (store, _) = open(path, Clock::Scripted(clock.clone()));
    let target = |n| format!("http://gpu-{n:04}.example:8000");
    let node = |n| format!("gpu-{n:04}");
    let members = (0..NODES).map(|n| member(&target(n), &node(n), Some(EngineRole::Unified))).collect();
    let mut fleet = Fleet::new(
        FleetConfig { targets: members, ..FleetConfig::local("hub") },
        Book::built_in().unwrap(),
        clock.now(),
    );
    fleet.restore(SavedState::default(), Span::ZERO);
    for nth in 1..=2 {
        clock.advance(Span::from_secs(1));
        for n in 0..NODES {
            let page = page("deepseek-r1", counters(nth * 40, nth * 22, nth), None);
            fleet.apply(answered(&target(n), clock.now(), page));
            fleet.apply(gpus(&node(n), "NVIDIA H800", 8, clock.now()));
        }
        store.commit(fleet.take_changes().unwrap());
    }
    store.close(Duration::from_secs(60));
}

/// The past of every account and cost account, up to `now`.
fn fill(connection: &mut Connection, now: i64) -> rusqlite::Result<()> {
    let today = now / DAY * DAY;
    let first = today - DAYS * DAY;
    let transaction = connection.transaction()?;
    for table in ["tokens", "gpu_time", "uncertainty"] {
        for grain in ["minute", "quarter", "day"] {
            transaction.execute(&format!("DELETE FROM {grain}_{table}"), [])?;
        }
    }
    cells(&transaction, "minute", now - 8 * DAY, now, MINUTE)?;
    cells(&transaction, "quarter", first, now, QUARTER)?;
    cells(&transaction, "day", first, now, DAY)?;
    transaction.execute(
        "INSERT OR IGNORE INTO days SELECT DISTINCT bucket, date(bucket / 1000, 'unixepoch') FROM day_gpu_time",
        [],
    )?;
    // Every latency was within its objective but for one minute a day.
    let minutes = "f0".repeat(95) + "e1";
    transaction.execute(
        "INSERT OR REPLACE INTO slo_minutes SELECT d.bucket, a.node, 'ttft_p99 2s', ?1
         FROM (SELECT DISTINCT bucket FROM day_gpu_time) d, (SELECT DISTINCT node FROM revenue_accounts) a",
        [&minutes],
    )?;
    transaction.execute("INSERT OR REPLACE INTO meta VALUES ('slo', 'ttft_p99 2s')", [])?;
    transaction.execute("UPDATE meta SET value = ?1 WHERE key IN ('began', 'watched_from')", [first.to_string()])?;
    transaction.commit()
}

/// Cells of `step` milliseconds that begin in `[from, to)`; the last one is as long as there is time.
fn cells(connection: &Connection, grain: &str, from: i64, to: i64, step: i64) -> rusqlite::Result<()> {
    let buckets = "WITH RECURSIVE buckets (bucket) AS (
        SELECT ?1 UNION ALL SELECT bucket + ?3 FROM buckets WHERE bucket + ?3 < ?2)";
    let minutes = "min(?3, ?2 - bucket) / 60000";
    let tokens = format!(
        "INSERT INTO {grain}_tokens {buckets} SELECT bucket, id, 0, {minutes} * (9000 + id), {minutes} * (11000 + id),
         {minutes} * (5000 + id) FROM buckets, revenue_accounts"
    );
    let gpu_times = format!(
        "INSERT INTO {grain}_gpu_time {buckets} SELECT bucket, id, {minutes} * 480000, {minutes} * id * 100, 0
         FROM buckets, cost_accounts"
    );
    connection.execute(&tokens, params![from, to, step])?;
    connection.execute(&gpu_times, params![from, to, step]).map(drop)
}
