//! What a line can mean: the words in which a dialect speaks.

use crate::exposition::{LabelText, SeriesLabels};
use crate::reading::{EngineRole, Rank};

/// How rows of an engine are treated after they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Whether decode engines count the prompts that prefill engines computed, which are attributed to those.
    pub attributes_prompts: bool,
    /// Whether the figures of a row tell prefill from decode.
    pub infers_role: bool,
    /// Whether its token counters move only when a request ends.
    pub counts_at_end: bool,
    /// Why its page may have no row, and what to know about that.
    pub empty_page_hint: Option<&'static str>,
}

impl Policy {
    /// Nothing particular.
    pub(super) const PLAIN: Self =
        Self { attributes_prompts: false, infers_role: false, counts_at_end: false, empty_page_hint: None };
    /// Token counters that move when a request ends.
    pub(super) const AT_END: Self = Self { counts_at_end: true, ..Self::PLAIN };
}

/// Whose start a page's `process_start_time_seconds` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartOf {
    /// Of the process whose labels it carries, which holds the counters.
    Instance,
    /// Of the program that made the page, which holds the counters of all its rows: a router.
    Page,
    /// Of neither: the page is of an agent that passes others' counters on.
    Neither,
}

/// The part of a row's tokens that counts, so that a token that stands on several pages counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedPart {
    /// Its prompt tokens, cached ones included.
    pub prompt: bool,
    /// Its output tokens.
    pub output: bool,
}

impl CountedPart {
    /// Prompts and output.
    pub const ALL: Self = Self { prompt: true, output: true };
    /// Neither.
    pub const NONE: Self = Self { prompt: false, output: false };

    /// The usual: with prefill and decode apart, prompts are taken from the one and output from the other.
    pub(super) const fn by_role(role: EngineRole) -> Self {
        match role {
            EngineRole::Unified | EngineRole::Proxy => Self::ALL,
            EngineRole::Prefill => Self { prompt: true, output: false },
            EngineRole::Decode => Self { prompt: false, output: true },
        }
    }
}

/// What a wanted series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SeriesField {
    /// It only grows.
    Count(Count),
    /// It is as it is now.
    Gauge(RowGauge),
    /// A bucket of a histogram.
    Bucket(Delay),
    /// When a counter began, in Unix seconds.
    Created,
    /// The KV cache's block size, told by a label.
    BlockSize,
    /// `LoRA` adapters at work, told by labels.
    Adapters,
    /// Only a router has it.
    Router,
}

/// Counters of a row. The series of one counter add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    Prompt,
    Cached,
    Output,
    Preemptions,
    Drafts,
    Drafted,
    Accepted,
    Transferred,
    Requests,
    Stopped,
    Length,
    Aborted,
    Failed,
    FinishedPrompt,
    FinishedOutput,
    Asked,
    Answers,
    /// The next ones are raw material of a dialect's `settle` alone.
    Queries,
    Hits,
    OldQueries,
    OldHits,
    ExternalHits,
    LiveComputed,
    LiveCached,
    LiveOutput,
    EffectiveComputed,
    EffectiveCached,
    PromptSeen,
    CachedSeen,
    RoutedPrompt,
    RoutedOutput,
}

/// Gauges of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowGauge {
    Running,
    Waiting,
    Kv,
    /// The next ones are raw material of a dialect's `settle` alone.
    WaitingMore,
    KvExact,
    /// The next ones are lifetime sums for a share alone: of fractions, or beyond what counts reach.
    StepTokens,
    StepTokensMissing,
    StepPairs,
    StepPairsMissing,
    ExpertsSum,
    ExpertsCount,
}

/// Histograms of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delay {
    Ttft,
    Itl,
    E2e,
    Queue,
    /// The same samples as `Itl` under an older name; never added to it.
    ItlOld,
}

pub(super) const COUNTS: usize = Count::RoutedOutput as usize + 1;
pub(super) const GAUGES: usize = RowGauge::ExpertsCount as usize + 1;
pub(super) const DELAYS: usize = Delay::ItlOld as usize + 1;

impl RowGauge {
    /// The values that say something.
    pub(super) const fn range(self) -> std::ops::RangeInclusive<f64> {
        if self.is_share() { 0.0..=1.0 } else { 0.0..=f64::MAX }
    }

    /// Whether it is a share, of which several processes have a mean; else it counts things, of which they have a sum.
    pub(super) const fn is_share(self) -> bool {
        matches!(self, Self::Kv | Self::KvExact)
    }
}

/// The row that a series belongs to, within its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct RowPlace<'p> {
    /// The rank.
    pub(super) rank: Option<LabelText<'p>>,
    /// The model's name.
    pub(super) model: Option<LabelText<'p>>,
    /// The model's version, where a server can load several and each has counters of its own.
    pub(super) version: Option<LabelText<'p>>,
    /// Which of several copies of the row it is; the lowest stands.
    pub(super) copy: u32,
}

impl RowPlace<'_> {
    /// The rank as readings say it.
    pub(super) fn rank(self) -> Option<Rank> {
        self.rank.filter(|rank| !rank.raw().is_empty()).map(|rank| Rank::new(&rank.text()))
    }
}

/// Where one series belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeriesPlace<'p> {
    /// What it is; a label may say more than the name did.
    pub(super) field: SeriesField,
    /// The row.
    pub(super) place: RowPlace<'p>,
    /// The bucket's upper bound.
    pub(super) bound: f64,
    /// The role that a label tells.
    pub(super) role: Option<EngineRole>,
    /// Labels that mean nothing to the dialect, a bit each by their first letter: one may name a process.
    pub(super) others: u64,
}

impl<'p> SeriesPlace<'p> {
    /// A series of the row that the labels `model` and `rank` name.
    pub(super) fn keyed(field: SeriesField, labels: SeriesLabels<'p>, model: &str, rank: &str) -> Self {
        let mut entry = Self::whole(field);
        for (key, value) in labels {
            if key == b"le" {
                entry.bound = value.number().unwrap_or(f64::NAN);
            } else if key == model.as_bytes() {
                entry.place.model = Some(value);
            } else if key == rank.as_bytes() {
                entry.place.rank = Some(value);
            } else {
                entry.note(key);
            }
        }
        entry
    }

    /// Notes a label that means nothing to the dialect.
    #[inline]
    pub(super) fn note(&mut self, key: &[u8]) {
        self.others |= letter_bit(key);
    }

    /// A series of the page's only row.
    pub(super) const fn whole(field: SeriesField) -> Self {
        let place = RowPlace { model: None, version: None, rank: None, copy: 0 };
        Self { field, place, bound: f64::NAN, role: None, others: 0 }
    }
}

/// A bit for the first letter of a label's key.
#[inline]
pub(super) const fn letter_bit(key: &[u8]) -> u64 {
    if key.is_empty() { 0 } else { 1 << (key[0] & 63) }
}

/// What is told once for a process.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ProcessFacts {
    /// Tokens in a block of the KV cache.
    pub(super) block: Option<u64>,
    /// The role that labels tell.
    pub(super) role: Option<EngineRole>,
    /// Whether any row has a rank.
    pub(super) ranked: bool,
    /// Whether any row counts output as it comes.
    pub(super) live: bool,
    /// Whether it is a router, or a server that a router speaks of.
    pub(super) router: bool,
    /// Whether it has names that only a router has.
    pub(super) has_router_names: bool,
    /// Whether it is a server behind the router that made the page.
    pub(super) is_behind_router: bool,
}
