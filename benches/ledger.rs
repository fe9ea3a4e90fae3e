//! A second of the ledger for 2,048 engines that all made tokens: posting, handing on, and writing to a file.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::sync::mpsc::channel;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jiff::tz::TimeZone;
use margintop::clock::{Clock, ScriptedClock};
use margintop::fleet::{Fleet, Handover, Member, Memory, Site};
use margintop::ledger::Grain;
use margintop::pricing::Book;
use margintop::reading::{
    EngineKind, EngineReading, Event, ModelName, NodeName, PageReading, PromptCount, Rank, Refusals, ScrapeCost,
    TargetId, TokenCounters,
};
use margintop::store::{Settings, Store};
use margintop::units::{Span, Timestamp, Tokens};

/// Engines, each on a node of its own.
const ENGINES: u32 = 2048;

/// A fleet of engines in a time that moves a second a look.
struct Engines {
    clock: ScriptedClock,
    fleet: Fleet,
    looks: u64,
}

impl Engines {
    fn new() -> Self {
        let clock = ScriptedClock::at(Timestamp::from_millis(1_740_000_000_000));
        let member = |nth| Member {
            target: target(nth),
            host: None,
            node: Some(NodeName::new(&format!("gpu-{nth:04}"))),
            unit: None,
            role: None,
            tenant: None,
        };
        let site = Site { members: (0..ENGINES).map(member).collect(), ..Site::local("box") };
        let mut fleet = Fleet::new(site, Book::built_in().unwrap(), clock.now());
        fleet.recall(Memory::default(), Span::from_secs(86_400));
        let mut engines = Self { clock, fleet, looks: 0 };
        engines.look_on();
        let _ = engines.fleet.hand_on();
        engines
    }

    /// The pages of a second: every engine made tokens.
    fn pages(&mut self) -> Vec<Event> {
        self.looks += 1;
        self.clock.advance(Span::from_secs(1));
        let at = self.clock.now();
        let page = |nth: u32| {
            let made = self.looks * u64::from(1000 + nth);
            let mut engine =
                EngineReading::new(EngineKind::Vllm, Some(ModelName::new("deepseek-r1")), Some(Rank::new("0")));
            engine.tokens = TokenCounters {
                prompt: PromptCount::Whole(Tokens::new(made * 4)),
                cached: Some(Tokens::new(made * 2)),
                output: Some(Tokens::new(made)),
            };
            let page = PageReading {
                kind: EngineKind::Vllm,
                engines: vec![engine],
                gpus: Vec::new(),
                start: Some(Timestamp::from_millis(1_739_990_000_000)),
                date: None,
                complete: true,
                refusals: Refusals::default(),
            };
            let cost = ScrapeCost { seconds: 0.004, bytes: 81_000 };
            Event::Page { target: target(nth), at, cost, outcome: Ok(Box::new(page)) }
        };
        (0..ENGINES).map(page).collect()
    }

    fn look_on(&mut self) {
        for page in self.pages() {
            self.fleet.apply(page);
        }
    }
}

fn target(nth: u32) -> TargetId {
    TargetId::new(&format!("http://gpu-{nth:04}.internal:8000/metrics"))
}

/// A ledger in a file, and how to wait until it has written all that it was handed.
fn store(path: &std::path::Path, clock: &ScriptedClock) -> Store {
    let settings = Settings {
        path: Some(path.to_owned()),
        currency: "USD".to_owned(),
        zone: TimeZone::UTC,
        one_day: false,
        book: (1, String::new()),
        clock: Clock::Scripted(clock.clone()),
    };
    Store::open(settings, drop)
}

fn written(store: &Store) {
    let (tell, told) = channel();
    let now = Timestamp::default();
    store.past(
        now,
        now,
        Grain::Day,
        Box::new(move |_| {
            let _ = tell.send(());
        }),
    );
    told.recv_timeout(Duration::from_secs(60)).unwrap();
}

fn seconds(c: &mut Criterion) {
    let mut engines = Engines::new();
    c.bench_function("post a second of 2,048 engines", |b| {
        b.iter_batched(
            || (),
            |()| {
                for page in engines.pages() {
                    engines.fleet.apply(black_box(page));
                }
            },
            BatchSize::PerIteration,
        );
    });
    c.bench_function("hand on a second of 2,048 engines", |b| {
        b.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            for _ in 0..times {
                engines.look_on();
                let began = std::time::Instant::now();
                black_box(engines.fleet.hand_on());
                spent += began.elapsed();
            }
            spent
        });
    });
    let home = tempfile::tempdir().unwrap();
    let store = store(&home.path().join("ledger.db"), &engines.clock);
    c.bench_function("write a second of 2,048 engines", |b| {
        let mut fresh = Engines::new();
        let mut first = true;
        b.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            for _ in 0..times {
                fresh.look_on();
                let mut handover: Handover = fresh.fleet.hand_on().unwrap();
                if !std::mem::take(&mut first) {
                    handover.journal.accounts.clear();
                }
                let began = std::time::Instant::now();
                store.commit(handover);
                written(&store);
                spent += began.elapsed();
            }
            spent
        });
    });
}

criterion_group!(benches, seconds);
criterion_main!(benches);
