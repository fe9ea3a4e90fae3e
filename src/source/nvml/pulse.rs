//! The heartbeat of a thread that calls the driver.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// The heartbeat of one thread.
#[derive(Debug)]
pub(super) struct Pulse {
    pub(super) calls: AtomicU64,
    /// The GPU of the current call; `u32::MAX` before the first one.
    pub(super) gpu: AtomicU32,
    pub(super) written_off: AtomicBool,
}

impl Pulse {
    pub(super) const fn new() -> Self {
        Self { calls: AtomicU64::new(0), gpu: AtomicU32::new(u32::MAX), written_off: AtomicBool::new(false) }
    }

    /// Records that a call begins.
    pub(super) fn beat(&self, gpu: u32) {
        self.gpu.store(gpu, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Release);
    }

    pub(super) fn is_written_off(&self) -> bool {
        self.written_off.load(Ordering::Acquire)
    }
}
