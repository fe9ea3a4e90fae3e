//! The reading of one engine rank on one page.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{EngineKind, InstanceId, Label, ModelName, NodeName, Rank, RankWork};
use crate::units::{Moment, Ratio, Timestamp, Tokens};

/// The part that an engine takes in serving a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineRole {
    /// Prefill and decode.
    Unified,
    /// Prefill only.
    Prefill,
    /// Decode only.
    Decode,
    /// A proxy in front of engines: its tokens are those of the engines.
    Proxy,
}

impl fmt::Display for EngineRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unified => "unified",
            Self::Prefill => "prefill",
            Self::Decode => "decode",
            Self::Proxy => "proxy",
        })
    }
}

/// The reading of one rank on one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineReading {
    /// The engine.
    pub kind: EngineKind,
    /// The model that it serves.
    pub model: Option<ModelName>,
    /// Whether the page has a placeholder in place of the model's name.
    pub placeholder: bool,
    /// The process that the row belongs to; `None` on a page of one process.
    pub instance: Option<InstanceId>,
    /// The host in the labels of its instance, if an aggregated page says where the process runs.
    #[serde(default)]
    pub host: Option<NodeName>,
    /// The rank; `None` for what the page does not split by rank.
    pub rank: Option<Rank>,
    /// The role, if the page has it.
    pub role: Option<EngineRole>,
    /// Lifetime token counters after the engine's own double-count rules; revenue is computed from them.
    pub tokens: TokenCounters,
    /// Whether the prompt counter and the output counter are unknown because the page's values were refused.
    pub refused: [bool; 2],
    /// The series that each of `tokens` is the sum of, so that an evicted series is distinguished from a falling counter.
    pub series: CounterSeries,
    /// Counters that move while requests run, if `tokens` moves only at their end; rates are computed from them.
    pub live: Option<LiveTokens>,
    /// Running requests.
    pub running: Option<u64>,
    /// Waiting requests.
    pub waiting: Option<u64>,
    /// Used share of the KV cache, 0 to 1.
    pub kv_usage: Option<Ratio>,
    /// Latency histograms, lifetime.
    pub latency: Latency,
    /// Requests preempted because memory ran out, lifetime.
    pub preemptions: Option<u64>,
    /// Speculative decoding, lifetime.
    pub speculation: Option<Speculation>,
    /// Prompt tokens whose KV came from outside the engine, lifetime: from another engine's prefill, or an external
    /// cache. They are part of the cached ones.
    pub transferred: Option<Tokens>,
    /// How long its ranks and experts waited for each other, lifetime.
    pub work: RankWork,
    /// Requests that ended, lifetime.
    pub finished: Finished,
    /// `LoRA` adapters that the page names: their tokens have no label and are part of the base model's.
    pub adapters: Vec<Label>,
    /// A hash of the page's address, the same for every spelling of it. It identifies processes without a start time
    /// that have two addresses.
    pub page: Option<u64>,
    /// What the server's model list says of its process, if each row of a server is a process of its own.
    pub listed: Option<Listed>,
    /// When the newest of its samples was taken, if the page has their times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled: Option<Timestamp>,
    /// Whether it repeats tokens of other rows of its page.
    #[serde(default, skip_serializing_if = "Repeats::is_no")]
    pub repeats: Repeats,
}

/// Whether a row repeats tokens of other rows of its page, by its labels, its tokens and its start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Repeats {
    /// It has tokens of its own.
    #[default]
    No,
    /// Its labels are those of a sum over others, and neither it nor they have tokens yet.
    Undecided,
    /// It is the sum of others.
    Sum,
    /// Another row shows the same process under other labels.
    Copy,
}

impl Repeats {
    /// Whether it has tokens of its own.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub const fn is_no(&self) -> bool {
        matches!(self, Self::No)
    }
}

/// What a server that starts a process for each model (llama.cpp's router) lists of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Listed {
    /// When the process was last listed as not running, if that was since the row's last page and while it was watched.
    pub not_running: Option<Moment>,
}

impl EngineReading {
    /// A row without any value.
    pub fn new(kind: EngineKind, model: Option<ModelName>, rank: Option<Rank>) -> Self {
        Self {
            kind,
            model,
            placeholder: false,
            instance: None,
            host: None,
            rank,
            role: None,
            tokens: TokenCounters::default(),
            refused: [false; 2],
            series: CounterSeries::default(),
            live: None,
            running: None,
            waiting: None,
            kv_usage: None,
            latency: Latency::default(),
            preemptions: None,
            speculation: None,
            transferred: None,
            work: RankWork::default(),
            finished: Finished::default(),
            adapters: Vec::new(),
            page: None,
            listed: None,
            sampled: None,
            repeats: Repeats::No,
        }
    }
}

/// The meaning of an engine's prompt counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PromptCount {
    /// There is none, or its value is not a count.
    #[default]
    Unknown,
    /// Whole prompts, including cached tokens.
    Whole(Tokens),
    /// Computed tokens only; the cached part is not reported (llama.cpp before late 2026).
    ComputedOnly(Tokens),
}

/// Lifetime token counters of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TokenCounters {
    /// Prompt tokens.
    pub prompt: PromptCount,
    /// The part of the prompt that came from a cache.
    pub cached: Option<Tokens>,
    /// Output tokens.
    pub output: Option<Tokens>,
}

impl PromptCount {
    /// The counted tokens, whether or not they include cached ones.
    pub const fn counted(self) -> Option<Tokens> {
        match self {
            Self::Whole(tokens) | Self::ComputedOnly(tokens) => Some(tokens),
            Self::Unknown => None,
        }
    }
}

impl TokenCounters {
    /// Whole prompt tokens, including cached ones, if the page counts them.
    pub const fn whole_prompt(&self) -> Option<Tokens> {
        match self.prompt {
            PromptCount::Whole(tokens) => Some(tokens),
            PromptCount::ComputedOnly(_) | PromptCount::Unknown => None,
        }
    }

    /// The counters as numbers, in the order prompt, cached, output.
    pub fn numbers(&self) -> [Option<u64>; 3] {
        [self.prompt.counted(), self.cached, self.output].map(|tokens| tokens.map(Tokens::count))
    }

    /// Whether any counter is above zero.
    pub fn any(&self) -> bool {
        self.numbers().into_iter().flatten().any(|tokens| tokens > 0)
    }

    /// Whether the row counts no tokens at all.
    pub const fn is_empty(&self) -> bool {
        matches!(self.prompt, PromptCount::Unknown) && self.cached.is_none() && self.output.is_none()
    }
}

/// One series of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeriesValue {
    /// A hash of its labels, independent of their order and the same in every process.
    pub series: u64,
    /// Its value.
    pub value: Tokens,
}

/// The series of a row's counters, in order of their hashes. A list is empty if the counter is not a plain sum of
/// series: computed from others, or unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CounterSeries {
    /// The prompt counter.
    pub prompt: Vec<SeriesValue>,
    /// The cached counter.
    pub cached: Vec<SeriesValue>,
    /// The output counter.
    pub output: Vec<SeriesValue>,
}

/// Counters that move with every batch and step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LiveTokens {
    /// Prompt tokens computed.
    pub computed: Option<Tokens>,
    /// Prompt tokens taken from a cache.
    pub cached: Option<Tokens>,
    /// Tokens emitted.
    pub output: Option<Tokens>,
}

/// Requests that ended, by reason, and the tokens of the finished ones. Lifetime counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Finished {
    /// All of them, including aborted ones if the engine counts those.
    pub requests: Option<u64>,
    /// Ended at a stop token or word.
    pub stopped: Option<u64>,
    /// Ended at their length limit.
    pub length: Option<u64>,
    /// Aborted by the client.
    pub aborted: Option<u64>,
    /// Ended by an error.
    pub failed: Option<u64>,
    /// Prompt tokens of finished requests, which are billed with `bill = "finished"`.
    pub prompt: Option<Tokens>,
    /// Output tokens of finished requests.
    pub output: Option<Tokens>,
    /// Finished requests that reported their number of answers.
    pub asked: Option<u64>,
    /// The number of answers of those; if it exceeds `asked`, prompts were counted once per answer (vLLM's `n`).
    pub answers: Option<u64>,
}

/// Bounds in JSON: the last one, which is infinite, is not written.
mod finite_bounds {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bounds: &Arc<[f64]>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(bounds.iter().filter(|bound| bound.is_finite()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[f64]>, D::Error> {
        let mut bounds = Vec::<f64>::deserialize(deserializer)?;
        bounds.push(f64::INFINITY);
        Ok(bounds.into())
    }
}

/// A cumulative histogram: `counts[i]` samples were at most `bounds[i]`; the last bound is infinite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Upper bounds in seconds, ascending, the last one infinite.
    #[serde(with = "finite_bounds")]
    pub bounds: Arc<[f64]>,
    /// Samples at or below each bound, lifetime. Shared, as the reading of a page is kept in several places.
    pub counts: Arc<[u64]>,
}

impl Histogram {
    /// Whether another one has the same bounds. Those of the pages of one process are usually one allocation.
    pub fn has_bounds_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.bounds, &other.bounds) || self.bounds == other.bounds
    }
}

/// Latencies in seconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Latency {
    /// Arrival to first token.
    pub ttft: Option<Histogram>,
    /// Time between tokens (or between output events: see the dialect).
    pub itl: Option<Histogram>,
    /// Arrival to last token.
    pub e2e: Option<Histogram>,
    /// Time in the queue.
    pub queue: Option<Histogram>,
}

impl Latency {
    /// All of them, in a fixed order.
    pub const fn all(&self) -> [Option<&Histogram>; 4] {
        [self.ttft.as_ref(), self.itl.as_ref(), self.e2e.as_ref(), self.queue.as_ref()]
    }
}

/// Counters of speculative decoding. Draft tokens are never billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Speculation {
    /// Rounds of drafting.
    pub drafts: Option<u64>,
    /// Tokens drafted.
    pub drafted: Option<u64>,
    /// Accepted draft tokens.
    pub accepted: Option<u64>,
}

impl Speculation {
    /// The accepted share of the draft tokens.
    pub fn acceptance(&self) -> Option<Ratio> {
        Ratio::of(self.accepted? as f64, self.drafted? as f64)
    }

    /// Tokens emitted per round: the accepted ones and the one that the model adds.
    pub fn mean_length(&self) -> Option<Ratio> {
        Ratio::of(self.accepted? as f64, self.drafts? as f64).and_then(|r| Ratio::new(1.0 + r.get()))
    }
}
