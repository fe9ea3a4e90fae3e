//! What one second of 2,048 engines costs: posting it, merging it while a disk is full, and writing it to a file.
//!
//! Every figure is CPU time of the whole process for one second of the fleet, so that the ledger's own thread counts and
//! waiting for a disk does not. The budget of posting and writing together is 50 ms.
#![allow(clippy::unwrap_used, clippy::cast_possible_wrap, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use margintop::clock::{Clock, ScriptedClock};
use margintop::fleet::{Checkpoint, Fleet, FleetConfig};
use margintop::ledger::Grain;
use margintop::pricing::Book;
use margintop::reading::{EngineRole, Event, PromptCount};
use margintop::store::{LedgerEvent, Store};
use margintop::units::{Span, Timestamp, Tokens};
use rusqlite::{Connection, params};
use rustix::time::{ClockId, clock_gettime};
use support::{answered, counters, gpus, instant, ledger_settings, member, open_store, page};

const ENGINES: u64 = 2_048;
const SECOND: Span = Span::from_secs(1);

/// 2,048 nodes of one engine, each of which grows at every poll, and of eight GPUs where they are wanted.
struct Night {
    clock: ScriptedClock,
    fleet: Fleet,
    gpus: bool,
    nth: u64,
}

impl Night {
    /// Its first poll, at which everything is a baseline and gets its name, is handed on.
    fn begin(gpus: bool) -> (Self, Checkpoint) {
        let clock = ScriptedClock::at(instant("2026-03-10T10:00:00Z"));
        let members = (0..ENGINES).map(|n| member(&target(n), &node(n), Some(EngineRole::Unified))).collect();
        let config = FleetConfig { targets: members, ..FleetConfig::local("hub") };
        let mut fleet = Fleet::new(config, Book::built_in().unwrap(), clock.now());
        fleet.restore(margintop::fleet::SavedState::default(), SECOND);
        let mut night = Self { clock, fleet, gpus, nth: 0 };
        let first = night.second();
        (night, first)
    }

    /// What arrives in the next second.
    fn events(&mut self) -> Vec<Event> {
        self.nth += 1;
        self.clock.advance(SECOND);
        let now = self.clock.now();
        let mut events = Vec::with_capacity(3 * ENGINES as usize);
        for n in 0..ENGINES {
            let made = self.nth * (100 + n % 7);
            let mut page = page("deepseek-r1", counters(made * 40, made * 22, made), None);
            page.engines[0].tokens.prompt = PromptCount::Whole(Tokens::new(made * 40));
            events.push(answered(&target(n), now, page));
            if self.gpus {
                events.push(gpus(&node(n), "NVIDIA H800", 8, now));
            }
        }
        events.push(Event::Tick(now));
        events
    }

    fn post(&mut self, events: Vec<Event>) -> Checkpoint {
        for event in events {
            self.fleet.apply(event);
        }
        self.fleet.take_changes().unwrap()
    }

    fn second(&mut self) -> Checkpoint {
        let events = self.events();
        self.post(events)
    }
}

fn target(n: u64) -> String {
    format!("http://gpu-{n:04}.example:8000")
}

fn node(n: u64) -> String {
    format!("gpu-{n:04}")
}

fn open(path: &Path, clock: &ScriptedClock) -> Store {
    let (store, news) = open_store(ledger_settings(Some(path), Clock::Scripted(clock.clone())));
    assert!(matches!(news.recv().unwrap(), LedgerEvent::Opened { .. }));
    store
}

/// Waits until everything that was handed over is written: questions are answered in their order.
fn settle(store: &Store) {
    let (tell, done) = channel();
    let answer = Box::new(move |_: Result<_, _>| tell.send(()).unwrap());
    store.past(Timestamp::default(), Timestamp::default(), Grain::Day, answer);
    done.recv().unwrap();
}

/// The CPU time that the process has used.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The CPU time of something.
fn cost<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let before = used();
    let done = work();
    (used().saturating_sub(before), done)
}

fn seconds(c: &mut Criterion) {
    for (name, gpus) in [("second of 2,048 engines", false), ("second of 2,048 engines and 16,384 GPUs", true)] {
        let mut group = c.benchmark_group(name);
        group.sample_size(10).sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(6));
        let (mut night, _) = Night::begin(gpus);
        group.bench_function("posting", |b| {
            b.iter_custom(|times| {
                let second = |_| {
                    let events = night.events();
                    cost(|| night.post(events)).0
                };
                (0..times).map(second).sum()
            });
        });
        let (mut night, _) = Night::begin(gpus);
        group.bench_function("merging", |b| {
            b.iter_custom(|times| {
                let mut pending = night.second();
                let second = |_| {
                    let later = night.second();
                    cost(|| pending.merge(later)).0
                };
                (0..times).map(second).sum()
            });
        });
        group.bench_function("writing", |b| {
            let home = tempfile::tempdir().unwrap();
            let (mut night, first) = Night::begin(gpus);
            let store = open(&home.path().join("ledger.db"), &night.clock);
            store.commit(first);
            b.iter_custom(|times| {
                let handovers: Vec<Checkpoint> = (0..times).map(|_| night.second()).collect();
                let write = || {
                    for handover in handovers {
                        store.commit(handover);
                    }
                    settle(&store);
                };
                cost(write).0
            });
            store.close(Duration::from_secs(5));
        });
        group.finish();
    }
}

/// As many rows by `SQLite` alone, in a transaction each second: three sums and two last values for each engine.
fn plain(c: &mut Criterion) {
    let home = tempfile::tempdir().unwrap();
    let open = Connection::open(home.path().join("plain.db")).unwrap();
    let tables = "PRAGMA journal_mode = wal; PRAGMA synchronous = normal;
        CREATE TABLE sums (bucket INTEGER, id INTEGER, miss INTEGER, hit INTEGER, output INTEGER,
                           PRIMARY KEY (bucket, id)) WITHOUT ROWID;
        CREATE TABLE lasts (id TEXT PRIMARY KEY, at INTEGER, a INTEGER, b INTEGER, c INTEGER) WITHOUT ROWID;";
    open.execute_batch(tables).unwrap();
    let mut group = c.benchmark_group("second of 2,048 engines");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(6));
    let names: Vec<String> = (0..2 * ENGINES).map(target).collect();
    group.bench_function("as many rows by SQLite alone", |b| {
        b.iter_custom(|times| cost(|| (0..times as i64).for_each(|second| plain_second(&open, &names, second))).0);
    });
    group.finish();
}

fn plain_second(open: &Connection, names: &[String], second: i64) {
    let transaction = open.unchecked_transaction().unwrap();
    let mut add = transaction
        .prepare_cached(
            "INSERT INTO sums VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET miss = miss + excluded.miss,
             hit = hit + excluded.hit, output = output + excluded.output",
        )
        .unwrap();
    for bucket in [second / 60, -1 - second / 900, -1_000_000] {
        for id in 0..ENGINES as i64 {
            add.execute(params![bucket, id, 400, 220, 100]).unwrap();
        }
    }
    let mut last = transaction.prepare_cached("INSERT OR REPLACE INTO lasts VALUES (?, ?, ?, ?, ?)").unwrap();
    for name in names {
        last.execute(params![name, second, second * 400, second * 220, second * 100]).unwrap();
    }
    drop((add, last));
    transaction.commit().unwrap();
}

criterion_group!(benches, seconds, plain);
criterion_main!(benches);
