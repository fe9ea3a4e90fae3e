//! What a second of 278 nodes costs beside reading their pages: 278 engines of four ranks and 2,224 GPUs are counted,
//! the present is assembled, and what changed is taken for the ledger.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../tests/support/hub.rs"]
mod hub;
#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use margintop::fleet::Fleet;
use margintop::history::History;
use margintop::reading::{Event, Rank};
use margintop::session::Collector;
use margintop::units::Span;

const NODES: i64 = 278;
/// Engines that were started in the same hundredth of a second share a start time, as those of one script do.
const STARTS: i64 = 72;

/// A second of the fleet: its engines have four ranks each.
fn second(nth: i64) -> Vec<Event> {
    let mut events = hub::round(NODES, nth * 1000);
    for (n, event) in events.iter_mut().enumerate() {
        let Event::Page { outcome: Ok(page), .. } = event else { continue };
        let Some(engine) = page.engines.first().cloned() else { continue };
        page.start = page.start.map(|start| start - Span::from_secs(i64::try_from(n).unwrap() % STARTS));
        page.engines.clear();
        for rank in ["0", "1", "2", "3"] {
            let mut engine = engine.clone();
            engine.rank = Some(Rank::new(rank));
            page.engines.push(engine);
        }
    }
    events
}

fn watched() -> Fleet {
    let mut fleet = hub::fleet(NODES);
    for nth in 1..120 {
        for event in second(nth) {
            fleet.apply(event);
        }
    }
    fleet
}

fn seconds(c: &mut Criterion) {
    let mut fleet = watched();
    let mut nth = 120;
    c.bench_function("count a second of 278 engines and 2,224 GPUs", |b| {
        b.iter_batched(
            || {
                nth += 1;
                second(nth)
            },
            |events| {
                for event in events {
                    fleet.apply(event);
                }
            },
            criterion::BatchSize::PerIteration,
        );
    });
    c.bench_function("assemble the present of 278 nodes", |b| b.iter(|| black_box(fleet.snapshot())));
    let mut collector = Collector::new(watched());
    c.bench_function("publish it", |b| b.iter(|| black_box(collector.snapshot())));
    let history = History::default();
    let mut snapshot = (*collector.snapshot()).clone();
    c.bench_function("record it", |b| {
        b.iter(|| {
            snapshot.at = snapshot.at + Span::from_secs(5);
            black_box(history.record(&snapshot, Span::from_secs(1)))
        });
    });
    let (ledger, now) = (fleet.ledger(), fleet.now().wall);
    let since = now - Span::from_secs(3_600);
    c.bench_function("read its money of the present", |b| b.iter(|| history.read_ledger(ledger, since, now)));
}

criterion_group!(benches, seconds);
criterion_main!(benches);
