//! vLLM's page with the names and labels of 0.33.

use std::sync::LazyLock;

use super::latency::{DelayBuckets, RequestsBySpeed};
use super::page::MadePage;
use super::served::ServedRequests;
use crate::units::Timestamp;
use crate::wire::Bytes;

static TTFT: LazyLock<DelayBuckets> = LazyLock::new(|| {
    let bounds = [
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0,
        160.0, 640.0, 2560.0,
    ];
    DelayBuckets::new(&bounds, 0.32, 3.2)
});
static ITL: LazyLock<DelayBuckets> = LazyLock::new(|| {
    let bounds =
        [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0];
    DelayBuckets::new(&bounds, 0.044, 0.12)
});
/// The median queue time of quick and of slow requests.
static QUEUE: LazyLock<DelayBuckets> = LazyLock::new(|| DelayBuckets::new(&WHOLE, 0.02, 1.4));
static E2E: LazyLock<DelayBuckets> = LazyLock::new(|| DelayBuckets::new(&WHOLE, 35.0, 96.0));
/// A prefill node ends a request with its first token.
static PREFILL_E2E: LazyLock<DelayBuckets> = LazyLock::new(|| DelayBuckets::new(&WHOLE, 0.33, 3.3));
const WHOLE: [f64; 21] = [
    0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0,
    1920.0, 7680.0,
];

/// An engine's preformatted labels.
#[derive(Debug)]
pub(super) struct Vllm {
    ranks: Vec<Rank>,
}

#[derive(Debug)]
struct Rank {
    /// `engine="0",model_name="…"`.
    labels: String,
    /// The same labels with a source or a reason.
    compute: String,
    hit: String,
    transfer: String,
    stop: String,
    length: String,
    abort: String,
    config: String,
}

impl Vllm {
    /// An engine with this many data-parallel ranks.
    pub(super) fn new(model: &str, ranks: u32) -> Self {
        let rank = |rank| {
            let labels = format!("engine=\"{rank}\",model_name=\"{model}\"");
            let with = |label: &str, value: &str| format!("{labels},{label}=\"{value}\"");
            Rank {
                compute: with("source", "local_compute"),
                hit: with("source", "local_cache_hit"),
                transfer: with("source", "external_kv_transfer"),
                stop: with("finished_reason", "stop"),
                length: with("finished_reason", "length"),
                abort: with("finished_reason", "abort"),
                config: format!("block_size=\"64\",enable_prefix_caching=\"True\",num_gpu_blocks=\"16384\",{labels}"),
                labels,
            }
        };
        Self { ranks: (0..ranks).map(rank).collect() }
    }

    /// The page. `served` has an entry for each rank.
    pub(super) fn page(&self, start: Timestamp, served: &[ServedRequests]) -> Bytes {
        let mut page = MadePage::with_capacity(2048 + self.ranks.len() * 14_000);
        page.family("process_start_time_seconds", "gauge");
        page.number("process_start_time_seconds", "", "", format_args!("{:.2}", start.millis() as f64 / 1000.0));
        self.counters(&mut page, served);
        self.gauges(&mut page, served);
        self.latencies(&mut page, served);
        page.finish()
    }

    fn rows<'a, T: 'a>(
        &'a self,
        served: &'a [ServedRequests],
        value: impl Fn(&ServedRequests) -> T + 'a,
    ) -> impl Iterator<Item = (&'a str, T)> + 'a {
        self.ranks.iter().zip(served).map(move |(rank, served)| (rank.labels.as_str(), value(served)))
    }

    fn counters(&self, page: &mut MadePage, served: &[ServedRequests]) {
        page.counter("vllm:prompt_tokens_total", self.rows(served, ServedRequests::prompt));
        let sources = self.ranks.iter().zip(served).flat_map(|(rank, s)| {
            [(rank.compute.as_str(), s.computed), (rank.hit.as_str(), s.hit), (rank.transfer.as_str(), s.transferred)]
        });
        page.counter("vllm:prompt_tokens_by_source_total", sources);
        page.counter("vllm:prompt_tokens_cached_total", self.rows(served, |s| s.hit + s.transferred));
        page.counter("vllm:generation_tokens_total", self.rows(served, ServedRequests::output));
        page.counter("vllm:prefix_cache_queries_total", self.rows(served, ServedRequests::prompt));
        page.counter("vllm:prefix_cache_hits_total", self.rows(served, |s| s.hit));
        page.counter("vllm:num_preemptions_total", self.rows(served, |s| s.preemptions));
        let reasons = self.ranks.iter().zip(served).flat_map(|(rank, s)| {
            let finished = s.finished();
            [
                (rank.stop.as_str(), finished.stop),
                (rank.length.as_str(), finished.length),
                (rank.abort.as_str(), finished.abort),
            ]
        });
        page.counter("vllm:request_success_total", reasons);
        if served.iter().any(|s| s.drafts() > 0) {
            page.counter("vllm:spec_decode_num_drafts_total", self.rows(served, ServedRequests::drafts));
            page.counter("vllm:spec_decode_num_draft_tokens_total", self.rows(served, ServedRequests::drafts));
            page.counter("vllm:spec_decode_num_accepted_tokens_total", self.rows(served, ServedRequests::accepted));
        }
    }

    fn gauges(&self, page: &mut MadePage, served: &[ServedRequests]) {
        page.gauge("vllm:num_requests_running", self.rows(served, |s| s.running as f64));
        page.gauge("vllm:num_requests_waiting", self.rows(served, |s| s.waiting as f64));
        page.gauge("vllm:kv_cache_usage_perc", self.rows(served, |s| s.kv));
        page.gauge("vllm:cache_config_info", self.ranks.iter().map(|rank| (rank.config.as_str(), 1.0)));
    }

    fn latencies(&self, page: &mut MadePage, served: &[ServedRequests]) {
        page.family("vllm:time_to_first_token_seconds", "histogram");
        for (labels, requests) in self.rows(served, |s| s.requests) {
            page.histogram("vllm:time_to_first_token_seconds", labels, &TTFT, requests);
        }
        page.family("vllm:inter_token_latency_seconds", "histogram");
        for (labels, gaps) in self.rows(served, |s| s.gaps) {
            page.histogram("vllm:inter_token_latency_seconds", labels, &ITL, gaps);
        }
        page.family("vllm:e2e_request_latency_seconds", "histogram");
        for (labels, (requests, gaps)) in self.rows(served, |s| (s.requests, s.gaps)) {
            let spread = if gaps == RequestsBySpeed::default() { &PREFILL_E2E } else { &E2E };
            page.histogram("vllm:e2e_request_latency_seconds", labels, spread, requests);
        }
        page.family("vllm:request_queue_time_seconds", "histogram");
        for (labels, requests) in self.rows(served, |s| s.requests) {
            page.histogram("vllm:request_queue_time_seconds", labels, &QUEUE, requests);
        }
        let finished = [
            ("vllm:request_prompt_tokens", ServedRequests::prompt as fn(&ServedRequests) -> u64),
            ("vllm:request_generation_tokens", ServedRequests::output),
        ];
        for (name, sum) in finished {
            page.family(name, "histogram");
            for (labels, (requests, sum)) in self.rows(served, |s| (s.requests.quick + s.requests.slow, sum(s))) {
                page.count(&format!("{name}_bucket"), labels, "le=\"+Inf\"", requests);
                page.count(&format!("{name}_count"), labels, "", requests);
                page.count(&format!("{name}_sum"), labels, "", sum);
            }
        }
    }
}
