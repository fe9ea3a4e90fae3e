//! How fast a page becomes a reading, in bytes a second of one core, and what it takes to count its tokens.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use margintop::dialect::{self, Hint, PageLayouts, PageReader};
use margintop::exposition::{Limits, Rows};
use margintop::fleet::{Fleet, FleetConfig, TargetInfo};
use margintop::pricing::Book;
use margintop::reading::{Event, NodeName, PageReading, PromptCount, ScrapeCost, TargetId};
use margintop::units::{Moment, Span, Timestamp, Tokens};

fn pages(c: &mut Criterion) {
    let four_ranks = include_bytes!("../tests/fixtures/engines/vllm-dp4.prom").as_slice();
    let real = include_bytes!("../tests/fixtures/real/vllm-0.32.0-1-busy.prom").as_slice();
    let sglang = include_bytes!("../tests/fixtures/engines/sglang-dp4.prom").as_slice();
    let mut group = c.benchmark_group("page");
    for (name, page) in [("vllm, 4 ranks", four_ranks), ("vllm, real", real), ("sglang, 4 ranks", sglang)] {
        group.throughput(Throughput::Bytes(page.len() as u64));
        group.bench_function(name, |b| b.iter(|| dialect::read(black_box(page), &Hint::default()).unwrap()));
    }
    for (name, page) in [("vllm, 4 ranks, as the one before", four_ranks), ("vllm, real, as the one before", real)] {
        let (mut reader, layouts) = (PageReader::default(), PageLayouts::default());
        reader.read(page, &Hint::default(), &layouts).unwrap();
        assert!(reader.has_layout(), "{name}");
        group.throughput(Throughput::Bytes(page.len() as u64));
        group.bench_function(name, |b| b.iter(|| reader.read(black_box(page), &Hint::default(), &layouts).unwrap()));
    }
    group.throughput(Throughput::Bytes(four_ranks.len() as u64));
    group.bench_function("nothing wanted", |b| {
        b.iter(|| Rows::new(black_box(four_ranks), Limits::default(), |_, _| None::<()>).count());
    });
    group.bench_function("everything wanted", |b| {
        b.iter(|| Rows::new(black_box(four_ranks), Limits::default(), |_, _| Some(())).count());
    });
    group.finish();
}

const TARGET: &str = "http://engine:8000";

/// A page whose counters all moved, at the second after the last one.
fn next(page: &mut PageReading, at: &mut Moment) -> Event {
    *at = *at + Span::from_secs(1);
    for row in &mut page.engines {
        let more = Tokens::new(500);
        if let PromptCount::Whole(tokens) = &mut row.tokens.prompt {
            *tokens += more;
        }
        row.tokens.output = row.tokens.output.map(|tokens| tokens + more);
    }
    let cost = ScrapeCost { seconds: 0.001, bytes: 1000 };
    Event::Page { target: TargetId::new(TARGET), at: *at, cost, outcome: Ok(Box::new(page.clone())) }
}

/// Identity, plausibility, accounts and postings of a page: to be held against reading the same page.
fn counting(c: &mut Criterion) {
    let four_ranks = include_bytes!("../tests/fixtures/engines/vllm-dp4.prom").as_slice();
    let mut page = dialect::read(four_ranks, &Hint::default()).unwrap();
    let mut at = Moment { wall: Timestamp::from_millis(1_790_000_000_000), boot: Span::from_secs(5000) };
    let target = TargetInfo {
        target: TargetId::new(TARGET),
        host: None,
        node: Some(NodeName::new("n")),
        unit: None,
        role: None,
        tenant: None,
    };
    let config = FleetConfig { targets: vec![target], ..FleetConfig::local("n") };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), at);
    fleet.apply(next(&mut page, &mut at));
    let mut group = c.benchmark_group("counting");
    group.bench_function("vllm, 4 ranks", |b| {
        b.iter_batched(|| next(&mut page, &mut at), |event| fleet.apply(event), BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, pages, counting);
criterion_main!(benches);
