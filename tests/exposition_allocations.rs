//! Reading a page's lines allocates nothing; what a page means costs a few allocations a row, however long the page is.
#![allow(unsafe_code, clippy::unwrap_used, missing_docs)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use margintop::dialect::{self, Hint};
use margintop::exposition::{Limits, Rows};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// Counts what each thread allocates.
struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATIONS.with(Cell::get);
    let result = work();
    (result, ALLOCATIONS.with(Cell::get) - before)
}

const PAGE: &[u8] = include_bytes!("fixtures/engines/vllm-dp4.prom");

#[test]
fn lines_and_labels_allocate_nothing() {
    let (sum, count) = allocations(|| {
        let rows = Rows::new(PAGE, Limits::default(), |_, _| Some(()));
        rows.map(|row| row.value + row.labels.into_iter().filter_map(|(_, text)| text.number()).sum::<f64>())
            .sum::<f64>()
    });
    assert!(sum > 0.0);
    assert_eq!(count, 0);
}

#[test]
fn a_reading_allocates_by_its_rows_and_not_by_its_lines() {
    let (reading, count) = allocations(|| dialect::read(PAGE, &Hint::default()).unwrap());
    assert_eq!(reading.engines.len(), 4);
    // A row's rank, and cells and counts of four histograms; the rest once a page.
    assert!(count <= 60, "{count} allocations");
}
