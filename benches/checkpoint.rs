//! What a checkpoint of 278 engines with four rows each costs: `take_changes` alone, after all of them answered, after
//! one did, and after none did.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Duration;

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::pricing::Book;
use margintop::reading::{EngineRole, Event};
use margintop::units::{Moment, Span};
use rustix::time::{ClockId, clock_gettime};
use support::{answered, counters, gpus, member, moment, page, page_of_rank};

const ENGINES: usize = 278;
const ROWS: u64 = 4;
const SECOND: Span = Span::from_secs(1);

struct World {
    fleet: Fleet,
    now: Moment,
    produced: u64,
}

impl World {
    fn begin() -> Self {
        let now = moment("2026-03-10T10:00:00Z");
        let targets = (0..ENGINES).map(|n| member(&target(n), &node(n), Some(EngineRole::Unified))).collect();
        let config = FleetConfig { targets, ..FleetConfig::local("hub") };
        let mut fleet = Fleet::new(config, Book::built_in().unwrap(), now);
        fleet.restore(SavedState::default(), SECOND);
        let mut world = Self { fleet, now, produced: 0 };
        for _ in 0..3 {
            world.second(ENGINES);
            drop(world.fleet.take_changes());
        }
        world
    }

    /// One second in which `answering` of the nodes report their GPUs and engines.
    fn second(&mut self, answering: usize) {
        self.now = self.now + SECOND;
        self.produced += 100;
        let boot = self.now.wall - Span::from_millis(self.now.boot.millis());
        for n in 0..answering {
            let start = boot + Span::from_secs(60 * i64::try_from(n).unwrap());
            self.fleet.apply(gpus(&node(n), "NVIDIA H800", 8, self.now));
            let tokens = |rank: u64| {
                let made = self.produced * (rank + 1);
                counters(made * 40, made * 22, made)
            };
            let mut page = page("deepseek-r1", tokens(0), Some(start));
            page.engines = (0..ROWS).map(|rank| page_of_rank("deepseek-r1", &rank.to_string(), tokens(rank))).collect();
            self.fleet.apply(answered(&target(n), self.now, page));
        }
        self.fleet.apply(Event::Tick(self.now));
    }
}

fn target(n: usize) -> String {
    format!("http://gpu-{n:03}.example:8000")
}

fn node(n: usize) -> String {
    format!("gpu-{n:03}")
}

/// The CPU time that the process has used.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

fn checkpoints(c: &mut Criterion) {
    let mut group = c.benchmark_group("checkpoint of 278 engines with 4 rows");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(4));
    for (name, answering) in [("all answered", ENGINES), ("one answered", 1), ("none answered", 0)] {
        let mut world = World::begin();
        group.bench_function(name, |b| {
            b.iter_custom(|times| {
                let checkpoint = |_| {
                    world.second(answering);
                    let before = used();
                    let taken = world.fleet.take_changes();
                    let cost = used().saturating_sub(before);
                    drop(taken);
                    cost
                };
                (0..times).map(checkpoint).sum()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, checkpoints);
criterion_main!(benches);
