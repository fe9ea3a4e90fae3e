//! What a line can mean: the words in which a dialect speaks.

use super::sums::Sums;
use crate::exposition::{LabelText, Labels};
use crate::reading::{EngineKind, EngineReading, Rank, Role};
use crate::units::Timestamp;

/// What an engine or exporter means by its page.
pub(super) struct Dialect {
    /// The program.
    pub(super) kind: EngineKind,
    /// What a series' name means; `None`: nothing that is wanted, and the line is not read.
    pub(super) field: fn(&str) -> Option<Field>,
    /// Where a series belongs, by its labels; `None`: it would count something twice.
    pub(super) entry: for<'p> fn(Field, Labels<'p>) -> Option<Entry<'p>>,
    /// The engine's own rules, after the plain meaning of each field was written into the reading.
    pub(super) settle: fn(&Sums, &PageFacts, &mut EngineReading),
}

/// What a wanted series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// It only grows.
    Count(Count),
    /// It is as it is now.
    Gauge(Gauge),
    /// A bucket of a histogram.
    Bucket(Delay),
    /// When the process started, in Unix seconds.
    Start,
    /// When a counter began, in Unix seconds.
    Created,
    /// The KV cache's block size, told by a label.
    BlockSize,
    /// `LoRA` adapters at work, told by labels.
    Adapters,
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
}

/// Gauges of a row. Of several series (a process each) the highest stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gauge {
    Running,
    Waiting,
    Kv,
    /// The next ones are raw material of a dialect's `settle` alone.
    WaitingMore,
    KvExact,
}

/// Histograms of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delay {
    Ttft,
    Itl,
    E2e,
    /// The same samples as `Itl` under an older name; never added to it.
    ItlOld,
}

pub(super) const COUNTS: usize = Count::CachedSeen as usize + 1;
pub(super) const GAUGES: usize = Gauge::KvExact as usize + 1;
pub(super) const DELAYS: usize = Delay::ItlOld as usize + 1;

/// The row that a series belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place<'p> {
    /// The rank.
    pub(super) rank: Option<LabelText<'p>>,
    /// The process that ranks are of, where a page holds several engines.
    pub(super) replica: Option<LabelText<'p>>,
    /// The model's name.
    pub(super) model: Option<LabelText<'p>>,
    /// Which of several copies of the row it is; the lowest stands.
    pub(super) copy: u32,
}

impl Place<'_> {
    /// What the row is called among the model's rows. A replica's first rank is called by the replica alone.
    pub(super) fn rank(self) -> Option<Rank> {
        Some(match (self.replica, self.rank) {
            (None, rank) => Rank::new(&rank?.text()),
            (Some(replica), Some(rank)) if !rank.is("0") => Rank::new(&format!("{}/{}", replica.text(), rank.text())),
            (Some(replica), _) => Rank::new(&replica.text()),
        })
    }
}

/// Where one series belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'p> {
    /// What it is; a label may say more than the name did.
    pub(super) field: Field,
    /// The row.
    pub(super) place: Place<'p>,
    /// The bucket's upper bound.
    pub(super) bound: f64,
    /// The role that a label tells.
    pub(super) role: Option<Role>,
}

impl<'p> Entry<'p> {
    /// A series of the row that the labels `model` and `rank` name.
    pub(super) fn keyed(field: Field, labels: Labels<'p>, model: &str, rank: &str) -> Self {
        let mut entry = Self::whole(field);
        for (key, value) in labels {
            if key == b"le" {
                entry.bound = value.number().unwrap_or(f64::NAN);
            } else if key == model.as_bytes() {
                entry.place.model = Some(value);
            } else if key == rank.as_bytes() {
                entry.place.rank = Some(value);
            }
        }
        entry
    }

    /// A series of the page's only row.
    pub(super) const fn whole(field: Field) -> Self {
        let place = Place { model: None, replica: None, rank: None, copy: 0 };
        Self { field, place, bound: f64::NAN, role: None }
    }
}

/// What is told once for a page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PageFacts {
    /// When the process started.
    pub(super) start: Option<Timestamp>,
    /// When the oldest of the token counters began.
    pub(super) created: Option<Timestamp>,
    /// Tokens in a block of the KV cache.
    pub(super) block: Option<u64>,
    /// The role that labels tell.
    pub(super) role: Option<Role>,
    /// Whether any row has a rank.
    pub(super) ranked: bool,
    /// Whether any row counts output as it comes.
    pub(super) live: bool,
}
