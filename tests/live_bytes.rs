//! What a hub holds does not grow: live bytes after each scripted hour, by an allocator that counts.
//!
//! `LIVE_HOURS=12 cargo test --release --test live_bytes` runs longer.
#![allow(clippy::unwrap_used, missing_docs, unsafe_code, reason = "an allocator is counted by wrapping it")]

#[path = "support/hub.rs"]
mod hub;
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, Ordering};

use hub::{HOUR, INTERVAL};
use margintop::alert::AlertWatch;
use margintop::fleet::SavedState;
use margintop::units::Span;

/// Counts what is allocated and not freed.
struct Counting;

static LIVE: AtomicI64 = AtomicI64::new(0);

fn count(bytes: usize, sign: i64) {
    LIVE.fetch_add(sign * i64::try_from(bytes).unwrap_or(0), Ordering::Relaxed);
}

// SAFETY: every call is handed to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const NODES: i64 = 8;

/// Live bytes at the end of each of so many hours.
fn hours(hours: i64) -> Vec<i64> {
    let mut fleet = hub::fleet(NODES);
    fleet.restore(SavedState::default(), Span::from_secs(24 * 3600));
    let mut watch = AlertWatch::default();
    let mut live = Vec::new();
    for step in 1..=hours * HOUR / INTERVAL {
        let millis = step * INTERVAL;
        for event in hub::round(NODES, millis) {
            fleet.apply(event);
        }
        if step % 4 == 0 {
            drop(fleet.take_changes());
        }
        if step % 40 == 0 {
            watch.judge(&mut fleet.snapshot());
        }
        if millis % HOUR == 0 {
            live.push(LIVE.load(Ordering::Relaxed));
        }
    }
    live
}

#[test]
fn a_hub_holds_no_more_after_the_second_hour() {
    let run = std::env::var("LIVE_HOURS").ok().and_then(|hours| hours.parse().ok()).unwrap_or(4);
    let live = hours(run);
    let second = live[1];
    for (hour, bytes) in (1..).zip(&live).skip(2) {
        assert!(bytes - second <= second / 100, "hour {hour}: {bytes} of {second} bytes: {live:?}");
    }
}
