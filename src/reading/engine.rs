//! What one page says of one engine rank.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{EngineKind, InstanceId, Label, ModelName, Rank, RankWork};
use crate::units::{Moment, Ratio, Tokens};

/// The part that an engine plays in serving a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineRole {
    /// Prompt and answer.
    Unified,
    /// Prompts only.
    Prefill,
    /// Answers only.
    Decode,
    /// In front of engines: its tokens are theirs.
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

/// One rank's part of one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineReading {
    /// The engine.
    pub kind: EngineKind,
    /// The model that it serves.
    pub model: Option<ModelName>,
    /// Whether the page has a placeholder where the model's name belongs.
    pub placeholder: bool,
    /// The process on the page that the row belongs to; `None` where the page is of one process.
    pub instance: Option<InstanceId>,
    /// The rank; `None` for what the page does not split by rank.
    pub rank: Option<Rank>,
    /// The role, where the page says it.
    pub role: Option<EngineRole>,
    /// Lifetime token counters, after the engine's own double-count rules: what money is made of.
    pub tokens: TokenCounters,
    /// Whether the page has values of the prompt counter and of the output counter that were refused, so that it is unknown.
    pub refused: [bool; 2],
    /// The series that each of `tokens` is the sum of, so that one that is evicted is told from a fall.
    pub series: CounterSeries,
    /// Counters that move while requests run, where `tokens` moves only at their end: what rates are drawn from.
    pub live: Option<LiveTokens>,
    /// Requests being worked on.
    pub running: Option<u64>,
    /// Requests in the queue.
    pub waiting: Option<u64>,
    /// Used share of the KV cache, 0 to 1.
    pub kv_usage: Option<Ratio>,
    /// Latency histograms, lifetime.
    pub latency: Latency,
    /// Requests pushed out of the batch because memory ran out, lifetime.
    pub preemptions: Option<u64>,
    /// Speculative decoding, lifetime.
    pub speculation: Option<Speculation>,
    /// Prompt tokens whose KV came from outside the engine, lifetime: another engine's prefill, or an external cache.
    /// They are among the cached ones.
    pub transferred: Option<Tokens>,
    /// What its ranks and experts waited for each other, lifetime.
    pub work: RankWork,
    /// Requests that ended, lifetime.
    pub finished: Finished,
    /// `LoRA` adapters that the page names: their tokens carry no label and are among the base model's.
    pub adapters: Vec<Label>,
    /// A hash of the page that it is from, the same for every spelling of its address: what two addresses of a process that
    /// says no start time are known by.
    pub page: Option<u64>,
    /// What its server's list says of its process, where each row of a server is a process of its own.
    pub listed: Option<Listed>,
}

/// What a server that starts a process for each model (llama.cpp's router) lists of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Listed {
    /// When the process was last listed as not running, if that was since the row's last page and while it was watched.
    pub not_running: Option<Moment>,
}

impl EngineReading {
    /// A row on which nothing is known yet.
    pub fn new(kind: EngineKind, model: Option<ModelName>, rank: Option<Rank>) -> Self {
        Self {
            kind,
            model,
            placeholder: false,
            instance: None,
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
        }
    }
}

/// What an engine's prompt counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PromptCount {
    /// It has none, or it is not a count.
    #[default]
    Unknown,
    /// Whole prompts, cached tokens included.
    Whole(Tokens),
    /// Only what was computed; the cached part is not told (llama.cpp before late 2026).
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

impl TokenCounters {
    /// Whole prompt tokens, cached included, where the page counts them.
    pub const fn whole_prompt(&self) -> Option<Tokens> {
        match self.prompt {
            PromptCount::Whole(tokens) => Some(tokens),
            _ => None,
        }
    }

    /// Whether any counter is above zero.
    pub fn any(&self) -> bool {
        let prompt = match self.prompt {
            PromptCount::Whole(tokens) | PromptCount::ComputedOnly(tokens) => Some(tokens),
            PromptCount::Unknown => None,
        };
        [prompt, self.cached, self.output].into_iter().flatten().any(|tokens| tokens > Tokens::ZERO)
    }

    /// Whether the row counts no tokens at all.
    pub const fn is_empty(&self) -> bool {
        matches!(self.prompt, PromptCount::Unknown) && self.cached.is_none() && self.output.is_none()
    }
}

/// One series of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeriesValue {
    /// A hash of its labels, in whatever order the page writes them; the same in every process.
    pub series: u64,
    /// Its value.
    pub value: Tokens,
}

/// The series behind a row's counters, in order of their hashes. A list is empty where the counter is not a plain sum of
/// series: computed from others, or unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CounterSeries {
    /// Of the prompt counter.
    pub prompt: Vec<SeriesValue>,
    /// Of the cached counter.
    pub cached: Vec<SeriesValue>,
    /// Of the output counter.
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

/// Requests that ended, by how they ended, and what the finished ones held. Lifetime counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Finished {
    /// All of them, aborted ones included where the engine counts those.
    pub requests: Option<u64>,
    /// By themselves: a stop token or word.
    pub stopped: Option<u64>,
    /// At their length limit.
    pub length: Option<u64>,
    /// Cut by the client.
    pub aborted: Option<u64>,
    /// By an error.
    pub failed: Option<u64>,
    /// Prompt tokens of finished requests: what a bill for finished work reads.
    pub prompt: Option<Tokens>,
    /// Output tokens of finished requests.
    pub output: Option<Tokens>,
    /// Finished requests that said how many answers they want.
    pub asked: Option<u64>,
    /// The answers that those wanted; above `asked`, prompts were counted once an answer (vLLM's `n`).
    pub answers: Option<u64>,
}

/// Bounds as JSON has them: the last one, which is infinite, is not written.
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
    /// Samples at or below each bound, lifetime. Shared: the reading of a page is kept in several places.
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
    /// Between tokens (or output events: see the dialect).
    pub itl: Option<Histogram>,
    /// Arrival to last token.
    pub e2e: Option<Histogram>,
    /// In the queue.
    pub queue: Option<Histogram>,
}

impl Latency {
    /// All of them, in one order.
    pub const fn all(&self) -> [Option<&Histogram>; 4] {
        [self.ttft.as_ref(), self.itl.as_ref(), self.e2e.as_ref(), self.queue.as_ref()]
    }
}

/// Speculative decoding counters. Drafts are never billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Speculation {
    /// Rounds of drafting.
    pub drafts: Option<u64>,
    /// Tokens drafted.
    pub drafted: Option<u64>,
    /// Drafted tokens that were kept.
    pub accepted: Option<u64>,
}

impl Speculation {
    /// Kept share of the drafted tokens.
    pub fn acceptance(&self) -> Option<Ratio> {
        Ratio::of(self.accepted? as f64, self.drafted? as f64)
    }

    /// Tokens emitted a round: the kept ones and the one that the model adds.
    pub fn mean_length(&self) -> Option<Ratio> {
        Ratio::of(self.accepted? as f64, self.drafts? as f64).and_then(|r| Ratio::new(1.0 + r.get()))
    }
}
