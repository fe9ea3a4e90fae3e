//! How fast a page becomes a reading, in bytes a second of one core.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use margintop::dialect::{self, Hint};
use margintop::exposition::{Limits, Rows};

fn pages(c: &mut Criterion) {
    let four_ranks = include_bytes!("../tests/fixtures/engines/vllm-dp4.prom").as_slice();
    let real = include_bytes!("../tests/fixtures/real/vllm-0.32.0-1-busy.prom").as_slice();
    let sglang = include_bytes!("../tests/fixtures/engines/sglang-dp4.prom").as_slice();
    let mut group = c.benchmark_group("page");
    for (name, page) in [("vllm, 4 ranks", four_ranks), ("vllm, real", real), ("sglang, 4 ranks", sglang)] {
        group.throughput(Throughput::Bytes(page.len() as u64));
        group.bench_function(name, |b| b.iter(|| dialect::read(black_box(page), &Hint::default()).unwrap()));
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

criterion_group!(benches, pages);
criterion_main!(benches);
