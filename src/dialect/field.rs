//! The meanings that a dialect can give to a series.

use crate::exposition::{LabelText, SeriesLabels};
use crate::reading::{EngineKind, EngineRole, Rank};
use crate::units::Timestamp;

/// How the rows of an engine are treated after they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Whether decode engines count prompts that prefill engines computed; these are attributed to the prefill engines.
    pub attributes_prompts: bool,
    /// Whether the role, prefill or decode, can be inferred from a row's figures.
    pub infers_role: bool,
    /// Whether its token counters move only when a request ends.
    pub counts_at_end: bool,
    /// Why its page may have no row, as a remark for the user.
    pub empty_page_hint: Option<&'static str>,
}

impl Policy {
    /// No special treatment.
    pub(super) const PLAIN: Self =
        Self { attributes_prompts: false, infers_role: false, counts_at_end: false, empty_page_hint: None };
    /// Token counters that move when a request ends.
    pub(super) const AT_END: Self = Self { counts_at_end: true, ..Self::PLAIN };
}

/// The process that `process_start_time_seconds` refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartOf {
    /// The process with the same labels, which holds the counters.
    Instance,
    /// The program that made the page and holds the counters of all its rows: a router.
    Page,
    /// Neither: the page is made by an agent that passes other programs' counters on.
    Neither,
}

/// The part of a row's tokens that counts, so that a token on several pages counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedPart {
    /// Whether its prompt tokens count, including cached ones.
    pub prompt: bool,
    /// Whether its output tokens count.
    pub output: bool,
}

impl CountedPart {
    /// Prompts and output.
    pub const ALL: Self = Self { prompt: true, output: true };
    /// Neither.
    pub const NONE: Self = Self { prompt: false, output: false };

    /// The default: with separate prefill and decode, prompts count on prefill and output on decode.
    pub(super) const fn by_role(role: EngineRole) -> Self {
        match role {
            EngineRole::Unified | EngineRole::Proxy => Self::ALL,
            EngineRole::Prefill => Self { prompt: true, output: false },
            EngineRole::Decode => Self { prompt: false, output: true },
        }
    }
}

/// The meaning of a wanted series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SeriesField {
    /// A counter.
    Count(Count),
    /// A gauge.
    Gauge(RowGauge),
    /// A bucket of a histogram.
    Bucket(Delay),
    /// When a counter began, in Unix seconds.
    Created,
    /// The block size of the KV cache, in a label.
    BlockSize,
    /// The active `LoRA` adapters, in labels.
    Adapters,
    /// A series that only a router has.
    Router,
    /// When the agent that passes the process's counters on read them, in Unix seconds.
    SampledAt,
}

/// Counters of a row. The series of one counter are added up.
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
    /// The following ones are used by a dialect's `settle` only.
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
    /// The following ones are used by a dialect's `settle` only.
    WaitingMore,
    KvExact,
    /// The following ones are lifetime sums from which a share is computed: of fractions, or beyond the range of
    /// counts.
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
    /// The same samples as `Itl` under an older name; they are never added to it.
    ItlOld,
}

pub(super) const COUNTS: usize = Count::RoutedOutput as usize + 1;
pub(super) const GAUGES: usize = RowGauge::ExpertsCount as usize + 1;
pub(super) const DELAYS: usize = Delay::ItlOld as usize + 1;

impl RowGauge {
    /// The plausible values.
    pub(super) const fn range(self) -> std::ops::RangeInclusive<f64> {
        if self.is_share() { 0.0..=1.0 } else { 0.0..=f64::MAX }
    }

    /// Whether it is a share, which is averaged over processes; otherwise it is a count, which is added up.
    pub(super) const fn is_share(self) -> bool {
        matches!(self, Self::Kv | Self::KvExact)
    }
}

/// The row of a series within its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct RowPlace<'p> {
    /// The rank.
    pub(super) rank: Option<LabelText<'p>>,
    /// The model's name.
    pub(super) model: Option<LabelText<'p>>,
    /// The program, if the page passes on those of several.
    pub(super) program: Option<LabelText<'p>>,
    /// The model's version, if a server can load several with separate counters.
    pub(super) version: Option<LabelText<'p>>,
    /// The number of the copy of the row; the lowest one is used.
    pub(super) copy: u32,
}

impl RowPlace<'_> {
    /// The program as it appears in readings, if the page names it.
    pub(super) fn program(self) -> Option<EngineKind> {
        self.program.map(|name| EngineKind::reported(&name.text()).unwrap_or(EngineKind::UNKNOWN))
    }

    /// The rank as it appears in readings.
    pub(super) fn rank(self) -> Option<Rank> {
        self.rank.filter(|rank| !rank.raw().is_empty()).map(|rank| Rank::new(&rank.text()))
    }
}

/// The place of one series.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeriesPlace<'p> {
    /// The meaning, which a label may refine.
    pub(super) field: SeriesField,
    /// The row.
    pub(super) place: RowPlace<'p>,
    /// The bucket's upper bound.
    pub(super) bound: f64,
    /// The role, if a label has it.
    pub(super) role: Option<EngineRole>,
    /// Labels unknown to the dialect, as a bit for each first letter: one may identify a process.
    pub(super) others: u64,
}

impl<'p> SeriesPlace<'p> {
    /// A series of the row with the values of the labels `model` and `rank`. An engine that says `model_name` itself may run in
    /// a server that prints its own names for a model instead, such as Triton.
    pub(super) fn keyed(field: SeriesField, labels: SeriesLabels<'p>, model: &str, rank: &str) -> Self {
        let mut entry = Self::whole(field);
        let may_be_within = model == "model_name";
        for (key, value) in labels {
            if key == b"le" {
                entry.bound = value.number().unwrap_or(f64::NAN);
            } else if key == model.as_bytes() {
                entry.place.model = Some(value);
            } else if key == rank.as_bytes() {
                entry.place.rank = Some(value);
            } else if may_be_within && key == b"model" && entry.place.model.is_none() {
                entry.place.model = Some(value);
            } else if may_be_within && key == b"version" {
                entry.place.version = Some(value);
            } else {
                entry.note(key);
            }
        }
        entry
    }

    /// Notes a label that is unknown to the dialect.
    #[inline]
    pub(super) fn note(&mut self, key: &[u8]) {
        self.others |= letter_bit(key);
    }

    /// A series of the page's only row.
    pub(super) const fn whole(field: SeriesField) -> Self {
        let place = RowPlace { program: None, model: None, version: None, rank: None, copy: 0 };
        Self { field, place, bound: f64::NAN, role: None, others: 0 }
    }
}

/// The bit of the first letter of a label's key.
#[inline]
pub(super) const fn letter_bit(key: &[u8]) -> u64 {
    if key.is_empty() { 0 } else { 1 << (key[0] & 63) }
}

/// Facts of a process that are reported once.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is another thing that a page may say")]
pub(super) struct ProcessFacts {
    /// Tokens in a block of the KV cache.
    pub(super) block: Option<u64>,
    /// The role, if labels have it.
    pub(super) role: Option<EngineRole>,
    /// When its counters were read by the agent that passes them on.
    pub(super) sampled: Option<Timestamp>,
    /// Whether any row has a rank.
    pub(super) ranked: bool,
    /// Whether any row counts output while requests run.
    pub(super) live: bool,
    /// Whether it is a router, or a server reported by a router.
    pub(super) router: bool,
    /// Whether it has names that only a router has.
    pub(super) has_router_names: bool,
    /// Whether it is a server behind the router that made the page.
    pub(super) is_behind_router: bool,
}
