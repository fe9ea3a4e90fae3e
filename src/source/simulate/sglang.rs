//! SGLang's page with the names and labels of 0.5.23: token counters for the engine, live counters for each rank, and no
//! start time, since it always runs its client library in multiprocess mode.

use std::sync::LazyLock;

use super::latency::{DelayBuckets, RequestsBySpeed};
use super::page::MadePage;
use super::served::ServedRequests;
use crate::wire::Bytes;

static TTFT: LazyLock<DelayBuckets> = LazyLock::new(|| DelayBuckets::new(&LATENCY[..18], 0.45, 3.5));
static E2E: LazyLock<DelayBuckets> = LazyLock::new(|| DelayBuckets::new(&LATENCY, 29.0, 88.0));
static ITL: LazyLock<DelayBuckets> = LazyLock::new(|| {
    let bounds = [
        0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.06, 0.08, 0.1, 0.2, 0.4, 0.6, 0.8,
        1.0, 2.0, 4.0, 6.0, 8.0,
    ];
    DelayBuckets::new(&bounds, 0.036, 0.11)
});
const LATENCY: [f64; 22] = [
    0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 20.0, 40.0, 60.0, 80.0, 100.0, 200.0, 400.0, 600.0, 1200.0,
    1800.0, 2400.0,
];
/// Tokens of a rank in a step.
const STEP: u64 = 64;
/// The ratio of mean to maximum tokens of the GPUs' experts.
const BALANCEDNESS: f64 = 0.84;
/// The capacity of one rank's cache, in tokens.
const CAPACITY: u64 = 1_048_576;

/// An engine's preformatted labels.
#[derive(Debug)]
pub(super) struct Sglang {
    /// `engine_type="unified",model_name="…"`.
    engine: String,
    streaming: String,
    whole: String,
    device: String,
    host: String,
    ranks: Vec<String>,
}

impl Sglang {
    /// An engine with this many data-parallel ranks.
    pub(super) fn new(model: &str, ranks: u32) -> Self {
        let engine = format!("engine_type=\"unified\",model_name=\"{model}\"");
        let with = |label: &str, value: &str| format!("{engine},{label}=\"{value}\"");
        let rank = |dp| format!("dp_rank=\"{dp}\",{engine},moe_ep_rank=\"{dp}\",pp_rank=\"0\",tp_rank=\"{dp}\"");
        Self {
            streaming: with("is_streaming", "true"),
            whole: with("is_streaming", "false"),
            device: with("cache_source", "device"),
            host: with("cache_source", "host"),
            ranks: (0..ranks).map(rank).collect(),
            engine,
        }
    }

    /// The page. `served` has an entry for each rank.
    pub(super) fn page(&self, served: &[ServedRequests]) -> Bytes {
        let mut page = MadePage::with_capacity(16_384 + self.ranks.len() * 4_000);
        self.tokens(&mut page, served);
        self.scheduler(&mut page, served);
        self.latencies(&mut page, served);
        page.finish()
    }

    /// Three quarters of the requests stream.
    fn split(&self, total: u64) -> [(&str, u64); 2] {
        let streaming = total / 4 * 3 + (total % 4).saturating_sub(1);
        [(&self.streaming, streaming), (&self.whole, total - streaming)]
    }

    fn tokens(&self, page: &mut MadePage, served: &[ServedRequests]) {
        let sum = |value: fn(&ServedRequests) -> u64| served.iter().map(value).sum::<u64>();
        let hit = sum(|s| s.hit);
        page.counter("sglang:prompt_tokens_total", self.split(sum(ServedRequests::prompt)));
        page.counter("sglang:generation_tokens_total", self.split(sum(ServedRequests::output)));
        page.counter(
            "sglang:cached_tokens_total",
            [(self.device.as_str(), hit - hit / 5), (self.host.as_str(), hit / 5)],
        );
        page.counter("sglang:num_requests_total", self.split(sum(|s| s.requests.quick + s.requests.slow)));
        page.counter("sglang:num_aborted_requests_total", [(self.engine.as_str(), sum(|s| s.finished().abort))]);
    }

    fn scheduler(&self, page: &mut MadePage, served: &[ServedRequests]) {
        let ranks = || self.ranks.iter().map(String::as_str).zip(served);
        page.family("sglang:realtime_tokens_total", "counter");
        for (labels, s) in ranks() {
            let modes = [
                ("mode=\"prefill_compute\"", s.computed),
                ("mode=\"prefill_cache\"", s.hit),
                ("mode=\"decode\"", s.gaps.quick + s.gaps.slow),
            ];
            for (mode, value) in modes {
                page.count("sglang:realtime_tokens_total", labels, mode, value);
            }
        }
        page.gauge("sglang:num_running_reqs", ranks().map(|(labels, s)| (labels, s.running as f64)));
        page.gauge("sglang:num_queue_reqs", ranks().map(|(labels, s)| (labels, s.waiting as f64)));
        page.gauge("sglang:token_usage", ranks().map(|(labels, s)| (labels, (s.kv * 100.0).round() / 100.0)));
        page.gauge("sglang:full_token_usage", ranks().map(|(labels, s)| (labels, s.kv)));
        page.gauge("sglang:max_total_num_tokens", ranks().map(|(labels, _)| (labels, CAPACITY as f64)));
        page.counter("sglang:num_retracted_requests_total", ranks().map(|(labels, s)| (labels, s.preemptions)));
        if served.len() > 1 {
            self.work(page, served);
        }
    }

    /// How much less work each rank has than the busiest one, and the balance of the experts, which the first rank reports.
    fn work(&self, page: &mut MadePage, served: &[ServedRequests]) {
        let tokens = |s: &ServedRequests| s.computed + s.gaps.quick + s.gaps.slow;
        let most = served.iter().map(tokens).max().unwrap_or(0);
        page.family("sglang:dp_attention_tokens_total", "counter");
        for (labels, s) in self.ranks.iter().zip(served) {
            let own = tokens(s);
            page.count("sglang:dp_attention_tokens_total", labels, "kind=\"scheduled\"", own);
            page.count("sglang:dp_attention_tokens_total", labels, "kind=\"imbalance\"", most - own);
        }
        let Some(first) = self.ranks.first() else { return };
        let steps = most / STEP;
        page.family("sglang:eplb_balancedness", "summary");
        page.count("sglang:eplb_balancedness_count", first, "forward_mode=\"decode\"", steps);
        let sum = steps as f64 * BALANCEDNESS;
        page.number("sglang:eplb_balancedness_sum", first, "forward_mode=\"decode\"", format_args!("{sum:?}"));
    }

    fn latencies(&self, page: &mut MadePage, served: &[ServedRequests]) {
        let sum = |value: fn(&ServedRequests) -> RequestsBySpeed| {
            served.iter().map(value).fold(RequestsBySpeed::default(), |a, b| RequestsBySpeed {
                quick: a.quick + b.quick,
                slow: a.slow + b.slow,
            })
        };
        let requests = sum(|s| s.requests);
        page.family("sglang:time_to_first_token_seconds", "histogram");
        page.histogram("sglang:time_to_first_token_seconds", &self.streaming, &TTFT, requests);
        page.family("sglang:inter_token_latency_seconds", "histogram");
        page.histogram("sglang:inter_token_latency_seconds", &self.engine, &ITL, sum(|s| s.gaps));
        page.family("sglang:e2e_request_latency_seconds", "histogram");
        page.histogram("sglang:e2e_request_latency_seconds", &self.streaming, &E2E, requests);
    }
}
