//! The counters and gauges of one rank since its process started, from which pages of all engines are written.

use super::latency::RequestsBySpeed;

/// Counters and gauges of a rank. No counter falls while the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct ServedRequests {
    /// Prompt tokens computed here.
    pub(super) computed: u64,
    /// Prompt tokens from the local cache.
    pub(super) hit: u64,
    /// Prompt tokens that another node computed: those of a prefill node on a decode node's page.
    pub(super) transferred: u64,
    /// Output tokens, of quick and of slow requests.
    pub(super) output: RequestsBySpeed,
    /// Intervals between tokens of one answer.
    pub(super) gaps: RequestsBySpeed,
    /// Finished requests.
    pub(super) requests: RequestsBySpeed,
    /// Requests preempted for lack of memory.
    pub(super) preemptions: u64,
    /// Requests in the batch.
    pub(super) running: u64,
    /// Requests in the queue.
    pub(super) waiting: u64,
    /// Used share of the KV cache.
    pub(super) kv: f64,
    /// Whether speculative decoding is on.
    pub(super) drafting: bool,
}

/// The outcomes of requests.
pub(super) struct FinishedRequests {
    pub(super) stop: u64,
    pub(super) length: u64,
    pub(super) abort: u64,
}

impl ServedRequests {
    /// All prompt tokens.
    pub(super) fn prompt(&self) -> u64 {
        self.computed + self.hit + self.transferred
    }

    /// All output tokens.
    pub(super) fn output(&self) -> u64 {
        self.output.quick + self.output.slow
    }

    /// One of eight requests ends at its maximum length; one of fifty slow ones is aborted.
    pub(super) fn finished(&self) -> FinishedRequests {
        let RequestsBySpeed { quick, slow } = self.requests;
        let (length, abort) = (quick / 8, slow / 50);
        FinishedRequests { stop: quick - length + slow - abort, length, abort }
    }

    /// Rounds of speculative decoding with one draft token: each emits one token and 0.85 accepted drafts.
    pub(super) fn drafts(&self) -> u64 {
        if self.drafting { self.output() * 100 / 185 } else { 0 }
    }

    /// Accepted drafts.
    pub(super) fn accepted(&self) -> u64 {
        self.drafts() * 85 / 100
    }
}
