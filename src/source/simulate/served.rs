//! What one rank of an engine has done since its process started: the figures that every engine's page is made of.

use super::latency::Lots;

/// Counters and gauges of a rank. No counter falls while the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct ServedRequests {
    /// Prompt tokens computed here.
    pub(super) computed: u64,
    /// Prompt tokens from the local cache.
    pub(super) hit: u64,
    /// Prompt tokens from another node: a prefill node's work, on a decode node's page.
    pub(super) transferred: u64,
    /// Output tokens, of quick and of slow requests.
    pub(super) output: Lots,
    /// Pauses between tokens of one answer.
    pub(super) gaps: Lots,
    /// Finished requests.
    pub(super) requests: Lots,
    /// Preempted because memory ran out.
    pub(super) preemptions: u64,
    /// In the batch.
    pub(super) running: u64,
    /// In the queue.
    pub(super) waiting: u64,
    /// Used share of the KV cache.
    pub(super) kv: f64,
    /// Whether drafts are made and checked.
    pub(super) drafting: bool,
}

/// How requests ended.
pub(super) struct FinishedRequests {
    pub(super) stop: u64,
    pub(super) length: u64,
    pub(super) abort: u64,
}

impl ServedRequests {
    /// Whole prompts.
    pub(super) fn prompt(&self) -> u64 {
        self.computed + self.hit + self.transferred
    }

    /// All output.
    pub(super) fn output(&self) -> u64 {
        self.output.quick + self.output.slow
    }

    /// Every eighth request runs into its length; every fiftieth slow one is given up.
    pub(super) fn finished(&self) -> FinishedRequests {
        let Lots { quick, slow } = self.requests;
        let (length, abort) = (quick / 8, slow / 50);
        FinishedRequests { stop: quick - length + slow - abort, length, abort }
    }

    /// Rounds of drafting one token: each emits one token, and 0.85 more.
    pub(super) fn drafts(&self) -> u64 {
        if self.drafting { self.output() * 100 / 185 } else { 0 }
    }

    /// Drafts that were kept.
    pub(super) fn accepted(&self) -> u64 {
        self.drafts() * 85 / 100
    }
}
